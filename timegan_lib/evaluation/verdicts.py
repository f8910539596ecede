"""From scores to words: what is right, what is wrong, and what the data can be used for.

Each verdict compares a score of the synthetic data with two limits. A limit is never stricter than
what real held-out data reach, since no generator can be asked to be more like the training data than
the source they came from. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from timegan_lib.evaluation.scores.forecasting import Forecasts
from timegan_lib.evaluation.scores.privacy import Privacy

Row = dict[str, float]  # of `Report.scores`
GOOD, FAIR, POOR, OPEN = "good", "fair", "poor", "not judged"


def grade(value: float, good: float, fair: float) -> str:
    """Of a number that is better the smaller it is."""
    return GOOD if value <= good else FAIR if value <= fair else POOR


def worst(grades: list[str]) -> str:
    return max(grades, key=[GOOD, FAIR, POOR].index)


@dataclass(frozen=True)
class Verdict:
    """An answer to one question: `grade`, and `because` with the numbers it rests on."""

    name: str
    question: str
    grade: str
    because: str


def verdicts(
    scores: pd.DataFrame, forecasts: Forecasts | None, floor: float, privacy: Privacy | None
) -> list[Verdict]:
    """One for each question, from the tables of a report."""
    rows: dict[str, Row] = scores.to_dict("index")  # type: ignore[assignment]
    found, real = rows["synthetic"], rows.get("held-out")

    def graded(columns: dict[str, tuple[float, float]], shown: str = "{:.2f}") -> tuple[str, str]:
        """The worst grade of several columns, each with its limits for good and fair."""
        grades, texts = [], []
        for column, (good, fair) in columns.items():
            value = found[column]
            if not math.isfinite(value):
                continue
            reached = real[column] if real is not None and math.isfinite(real[column]) else 0.0
            good, fair = max(good, reached), max(fair, 2 * reached)
            grades.append(grade(value, good, fair))
            beside = f", held-out data {shown.format(reached)}" if reached else ""
            texts.append(
                f"{column} {shown.format(value)} (good to {shown.format(good)}, fair to "
                f"{shown.format(fair)}{beside})"
            )
        if not grades:
            return OPEN, "nothing to compare"
        return worst(grades), "; ".join(texts)

    answers = [
        ("values", "Are single values spread as in the real data?", *graded({"values": (0.1, 0.25)})),
        ("dynamics", "Do they move from step to step as the real data do?",
         *graded({"changes": (0.1, 0.25), "memory": (0.05, 0.15), "memory of changes": (0.05, 0.15)})),
        ("together", "Do features move together as in the real data?",
         *graded({"together": (0.05, 0.15), "together in changes": (0.05, 0.15)})),
    ]  # fmt: skip
    if math.isfinite(found["statics"]):
        answers.append(
            ("statics", "Are static features and lengths right, and do sequences follow them?",
             *graded({"statics": (0.03, 0.1), "dependence": (0.1, 0.2)}))
        )  # fmt: skip
    answers.append(("judge", "Can a trained judge tell them from real ones?", *_told(rows, floor)))
    answers.append(
        ("training", "Does a model trained on them work on real data?", *_useful(forecasts))
    )
    answers.append(("diversity", "Are they varied?", *_varied(found)))
    answers.append(("rules", "Do they obey the rules of the data?", *_kept(rows)))
    answers.append(
        ("privacy", "Do they keep the training data to themselves?", *_kept_secret(privacy))
    )
    return [Verdict(*answer) for answer in answers]


def _told(rows: dict[str, Row], floor: float) -> tuple[str, str]:
    score, spread = (rows["synthetic"][name] for name in ("discriminative", "discriminative sd"))
    if not math.isfinite(score):
        return OPEN, "no network was trained to judge (repeats=0)"
    noise = rows["noise"]["discriminative"]
    return grade(score, 0.1, 0.25), (
        f"discriminative score {score:.3f} (sd {spread:.3f}; guessing {floor:.3f}, noise {noise:.3f}; "
        "good to 0.1, fair to 0.25, always told apart at 0.5)"
    )


def _useful(forecasts: Forecasts | None) -> tuple[str, str]:
    if forecasts is None:
        return OPEN, "needs held-out data and trained forecasters"
    mae: dict[str, float] = forecasts.table["MAE"].to_dict()  # type: ignore[assignment]
    ratio = mae["TSTR"] / mae["TRTR"] if mae["TRTR"] else 1.0
    useless = mae["TRTR"] < mae["persistence"] <= mae["TSTR"]
    return worst([grade(ratio, 1.1, 1.5), FAIR if useless else GOOD]), (
        f"one-step forecasts on held-out data err by {mae['TSTR']:.4f} after training on synthetic and "
        f"by {mae['TRTR']:.4f} after training on real data, {ratio:.2f} times as much (good to 1.1, fair "
        f"to 1.5); repeating the present value errs by {mae['persistence']:.4f}"
        + (", so what was learned from the synthetic data is of no use (fair at best)" * useless)
    )


def _varied(found: Row) -> tuple[str, str]:
    spread = found["spread"]
    grades = [GOOD if 0.85 <= spread <= 1.15 else FAIR if 0.5 <= spread <= 1.5 else POOR]
    text = f"they lie {spread:.2f} times as far apart as real ones (good 0.85 to 1.15, fair 0.5 to 1.5)"
    if math.isfinite(missed := found["missed"]):
        grades.append(grade(missed, 1.25, 2))
        text += (
            f"; from a real one the nearest synthetic one is {missed:.2f} times as far as the nearest "
            "held-out one (good to 1.25, fair to 2)"
        )
    if spread < 0.5:
        text += ": the generator has collapsed"
    return worst(grades), text


def _kept(rows: dict[str, Row]) -> tuple[str, str]:
    share, real = rows["synthetic"]["broken"], rows["copycat"]["broken"]
    if not math.isfinite(share):
        return OPEN, "no rule was given"
    return grade(share, real + 0.01, real + 0.1), (
        f"{share:.1%} of the synthetic sequences break a rule, {real:.1%} of the real ones among as many "
        "(good to one percent more, fair to ten)"
    )


def _kept_secret(privacy: Privacy | None) -> tuple[str, str]:
    if privacy is None:
        return OPEN, "needs real data the generator was not trained on (held_out)"
    low, high = privacy.membership_range
    leaks = privacy.membership_auc
    safe = GOOD if low <= 0.5 and high <= 0.6 else FAIR
    leaky = privacy.copies > 0.001 or low > 0.55
    wide = "; too few held-out data to rule out a leak" if low <= 0.5 and high > 0.6 else ""
    return POOR if leaky else safe, (
        f"{privacy.copies:.1%} are copies of training sequences; nearness to them tells members of the "
        f"training data with AUC {leaks:.2f} (95 % interval {low:.2f} to {high:.2f}, 0.5 is ideal); "
        f"{privacy.nearer_train:.0%} are nearer to training than to held-out data "
        f"({privacy.nearer_range[0]:.0%} to {privacy.nearer_range[1]:.0%} depending on which training data "
        f"are compared){wide}"
    )


USES = {
    "demonstrate or test software": ["values", "rules"],
    "study how the series behaves": ["values", "dynamics", "together", "judge"],
    "train or enlarge the training data of a model": ["dynamics", "training", "diversity"],
    "stand in for data that must stay private": ["privacy"],
}


def uses(found: list[Verdict], outside: float) -> pd.DataFrame:
    """What the data can be used for: `answer` (yes, with care, no, unknown) and `because`.

    The worst grade among the questions that a use depends on decides. outside: the largest share of
    values that any feature has beyond the real range; with none, nothing can be learned on extremes.
    """
    grades = {verdict.name: verdict.grade for verdict in found}
    rows: dict[str, dict[str, str]] = {}
    for use, names in USES.items():
        needed = {name: grades[name] for name in names if name in grades}
        judged = [grade for grade in needed.values() if grade != OPEN]
        missing = [name for name, grade in needed.items() if grade == OPEN and name != "rules"]
        weak = [f"{name} {grade}" for name, grade in needed.items() if grade in (FAIR, POOR)]
        if POOR in judged:
            answer = "no"
        elif missing:
            answer = "unknown"
        else:
            answer = "with care" if FAIR in judged else "yes"
        because = ", ".join([*weak, *(f"{name} not judged" for name in missing)])
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
