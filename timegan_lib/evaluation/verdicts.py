"""From scores to words: what is right, what is wrong, and what the data can be used for.

A limit is never stricter than what real held-out data reach, since no generator can be asked to be more
like the training data than the source they came from. But a few held-out sequences may reach anything;
so they move a limit only so far, and where they are too few the answer is "cannot be told" (`limits`).

Several scores are looked at for one question and the worst decides, so each may be less often wrong than
the answer: the limits were set so that "poor" is said of innocent data in less than one of twenty cases
for each question. Two answers rest on a p-value, at 0.05 for both together (`counted_as_many`): that of the
judge and that on privacy.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from timegan_lib.evaluation.limits import (
    FAIR,
    FEWEST,
    GOOD,
    GROSS,
    OPEN,
    POOR,
    UNTOLD,
    Row,
    against_limits,
    counted_as_many,
    grade,
    worst,
)
from timegan_lib.evaluation.scores.forecasting import Forecasts
from timegan_lib.evaluation.scores.privacy import FEWEST as FEWEST_RUNS
from timegan_lib.evaluation.scores.privacy import Privacy

SURE = 0.05  # a p-value of the judge, or of membership, below it convicts
TOLD = 0.65, 0.8  # AUC of the judge: good to, fair to; of independent normals 0.55 and 1.2 sd apart
COPIES = 0.001  # share of copies that convicts, where held-out data are copies less often
PLANTED = 0.1, 0.5  # share of planted sequences that must be seen for good, for fair


@dataclass(frozen=True)
class Verdict:
    """An answer to one question: `grade`, and `because` with the numbers it rests on."""

    name: str
    question: str
    grade: str
    because: str


QUESTIONS = {
    "values": "Are single values spread as in the real data?",
    "dynamics": "Do they move from step to step as the real data do?",
    "together": "Do features move together as in the real data?",
    "statics": "Are static features and lengths right, and do sequences follow them?",
    "judge": "Can a trained judge tell them from real ones?",
    "training": "Does a model trained on them work on real data?",
    "diversity": "Are they varied?",
    "rules": "Do they obey the rules of the data?",
    "privacy": "Do they keep the training data to themselves?",
}


def verdicts(
    scores: pd.DataFrame,
    forecasts: Forecasts | None,
    floor: float,
    privacy: Privacy | None,
    sides: Sequence[int] | None = None,
    features: int = 2,
) -> list[Verdict]:
    """One for each question, from the tables of a report.

    sides: exchangeable stretches (`exchange.stretches`) of the training, the synthetic and, where there are
    any, the held-out data; None: enough of each. features: their number.
    """
    rows: dict[str, Row] = scores.to_dict("index")  # type: ignore[assignment]
    sure = counted_as_many({
        "judge": rows["synthetic"]["p-value"],
        "privacy": math.nan if privacy is None or privacy.parts < FEWEST_RUNS else privacy.p_value,
    })  # fmt: skip
    answers = {
        "values": _by_limits("values", rows, sides, features),
        "dynamics": _by_limits("dynamics", rows, sides, features),
        "together": _by_limits("together", rows, sides, features),
        "statics": _by_limits("statics", rows, sides, features),
        "judge": _told(rows, floor, sure["judge"]),
        "training": _useful(forecasts, sides),
        "diversity": _by_limits("diversity", rows, sides, features),
        "rules": _kept(rows),
        "privacy": _kept_secret(privacy, rows.get("held-out"), sure["privacy"]),
    }
    if not math.isfinite(rows["synthetic"]["statics"]):
        del answers["statics"]
    return [Verdict(name, QUESTIONS[name], *answer) for name, answer in answers.items()]


def _by_limits(
    question: str, rows: Mapping[str, Row], sides: Sequence[int] | None, features: int
) -> tuple[str, str]:
    """The worst grade of the scores of a question, and those that have it."""
    few = _too_few(sides)
    graded = against_limits(question, rows["synthetic"], rows.get("held-out"), sides, features)
    if not graded:
        return OPEN, "nothing to compare"
    found = worst([one.grade for one in graded])
    text = "; ".join(str(one) for one in graded if one.grade == found)
    if len(graded) > 1:
        text += f"; the worst of {len(graded)} scores decides"
    if few and found != GOOD:
        text += few
    elif found == UNTOLD:
        text += "; two sides of real data may differ as much, so it cannot be told"
    if question == "diversity" and rows["synthetic"]["spread"] < 0.5:
        text += "; they lie less than half as far apart as real ones: the generator has collapsed"
    return found, text


def _too_few(sides: Sequence[int] | None) -> str:
    """Why a limit was not moved and an answer not given; nothing where there is enough."""
    if sides is None or min(sides) >= FEWEST:
        return ""
    return (
        f"; {min(sides)} stretches of data that could be exchanged are too few ({FEWEST}) to tell fair from "
        f"poor, short of {GROSS} times the limit"
    )


def _told(rows: Mapping[str, Row], floor: float, sure: float) -> tuple[str, str]:
    """By the judge whose sides could have been exchanged. The paper's leaks, so it is only mentioned. sure: the
    p-value, counted as one of all."""
    found, noise = rows["synthetic"], rows["noise"]
    auc, high, p = (found[name] for name in ("told apart", "by chance", "p-value"))
    if not math.isfinite(auc):
        return (
            UNTOLD,
            "there are too few stretches of time to ask about other ones than were learned",
        )
    text = (
        f"AUC {auc:.2f} about stretches of time that it has not learned (good to {TOLD[0]}, fair to {TOLD[1]}; "
        f"p-value {_p(p, sure)}, chance reaches {high:.2f}, noise {noise['told apart']:.2f})"
    )
    said = grade(auc, *TOLD)
    if not (noise["told apart"] > TOLD[1] and noise["p-value"] < SURE):
        said, text = UNTOLD, f"{text}: a judge that hardly tells noise has judged nothing"
    elif said == GOOD and high > TOLD[1]:
        said, text = UNTOLD, f"{text}: chance alone reaches what would be poor"
    elif said != GOOD and sure >= SURE:
        said, text = UNTOLD, f"{text}: more than good, but chance reaches as much"
    score, spread = found["discriminative"], found["discriminative sd"]
    if math.isfinite(score):
        text += (
            f"; the paper's discriminative score, which leaks, is {score:.3f} (sd {spread:.3f}; guessing "
            f"{floor:.3f}, noise {noise['discriminative']:.3f})"
        )
    return said, text


def _useful(forecasts: Forecasts | None, sides: Sequence[int] | None) -> tuple[str, str]:
    if forecasts is None:
        return OPEN, "needs held-out data and trained forecasters"
    mae: dict[str, float] = forecasts.table["MAE"].to_dict()  # type: ignore[assignment]
    ratio = mae["TSTR"] / mae["TRTR"] if mae["TRTR"] else 1.0
    useless = mae["TRTR"] < mae["persistence"] <= mae["TSTR"]
    few = _too_few(sides)
    found = worst([grade(ratio, 1.1, 1.5, few=bool(few)), FAIR if useless else GOOD])
    low, high = forecasts.interval
    between = f", between {low:.2f} and {high:.2f} by the held-out stretches" * math.isfinite(low)
    return found, (
        f"one-step forecasts on held-out data err by {mae['TSTR']:.4f} after training on synthetic and "
        f"by {mae['TRTR']:.4f} after training on real data, {ratio:.2f} times as much{between} (good to "
        f"1.1, fair to 1.5); repeating the present value errs by {mae['persistence']:.4f}"
        + (", so what was learned from the synthetic data is of no use (fair at best)" * useless)
        + few * (found != GOOD)
    )


def _kept(rows: Mapping[str, Row]) -> tuple[str, str]:
    share, real = rows["synthetic"]["broken"], rows["copycat"]["broken"]
    if not math.isfinite(share):
        return OPEN, "no rule was given"
    return grade(share, real + 0.01, real + 0.1), (
        f"{share:.1%} of the synthetic sequences break a rule, {real:.1%} of the real ones among as many "
        "(good to one percent more, fair to ten)"
    )


def _kept_secret(privacy: Privacy | None, real: Row | None, sure: float) -> tuple[str, str]:
    """Convicted by copies or by a calibrated p-value; acquitted only where a leak would have been seen."""
    if privacy is None:
        return OPEN, "needs real data the generator was not trained on (held_out)"
    low, high = privacy.innocent_range
    usual = real["copies"] if real is not None and math.isfinite(real["copies"]) else 0.0
    text = (
        f"{privacy.copies:.1%} are copies of training sequences; nearness to them tells members of the "
        f"training data with AUC {privacy.membership_auc:.2f}, where innocent data get {low:.2f} to "
        f"{high:.2f} (p-value {_p(privacy.p_value, sure)}); an attacker names {privacy.tpr:.0%} of the members with "
        f"{privacy.fpr:.0%} of the others"
    )
    if privacy.copies > max(COPIES, 2 * usual):
        return POOR, text
    if privacy.parts < FEWEST_RUNS:
        return UNTOLD, f"{text}; {privacy.parts} held-out runs, {FEWEST_RUNS} are needed to tell"
    if privacy.leaks:
        if sure < SURE:
            return POOR, text
        return UNTOLD, f"{text}: rare, but not where more than one p-value is asked"
    if privacy.visible > PLANTED[1]:
        return (
            UNTOLD,
            f"{text}; not even {PLANTED[1]:.0%} of planted training sequences would be seen",
        )
    text += f"; {privacy.visible:.0%} of planted training sequences would be seen, not fewer"
    return GOOD if privacy.visible <= PLANTED[0] else FAIR, text


def _p(p_value: float, sure: float) -> str:
    more = f", {sure:.3f} since several are asked" if sure > p_value else ""
    return f"{p_value:.3f}{more}"


USES = {
    "demonstrate or test software": ["values", "statics", "rules"],
    "study how the series behaves": ["values", "dynamics", "together", "statics", "judge"],
    "train or enlarge the training data of a model": [
        "dynamics",
        "statics",
        "training",
        "diversity",
    ],
    "stand in for data that must stay private": ["privacy"],
}


def uses(found: list[Verdict], outside: float) -> pd.DataFrame:
    """What the data can be used for: `answer` (yes, with care, no, unknown) and `because`.

    The worst grade among the questions that a use depends on decides; where one of them cannot be told and
    none is poor, the answer is unknown. outside: the largest share of values that any feature has beyond
    the real range; with none, nothing can be learned on extremes.
    """
    grades = {verdict.name: verdict.grade for verdict in found}
    rows: dict[str, dict[str, str]] = {}
    for use, names in USES.items():
        needed = {name: grades[name] for name in names if name in grades}
        open_ = [name for name, grade in needed.items() if grade == OPEN and name != "rules"]
        weak = [f"{name} {said}" for name, said in needed.items() if said in (FAIR, POOR, UNTOLD)]
        if POOR in needed.values():
            answer = "no"
        elif open_ or UNTOLD in needed.values():
            answer = "unknown"
        else:
            answer = "with care" if FAIR in needed.values() else "yes"
        because = ", ".join([*weak, *(f"{name} not judged" for name in open_)])
        rows[use] = {"answer": answer, "because": because or "all it depends on is good"}
    private = rows["stand in for data that must stay private"]
    if private["answer"] != "no":
        private["because"] += "; no test of samples proves privacy, it can only disprove it"
    if private["answer"] == "yes":
        private["answer"] = "with care"
    rows["study extremes"] = {
        "answer": "unknown" if outside else "no",
        "because": f"up to {outside:.1%} of a feature's values lie outside the real range, and no real "
        "data tell whether they are right"
        if outside
        else "no value lies outside the range of the real data",
    }
    return pd.DataFrame(rows).T
