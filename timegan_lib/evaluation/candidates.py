"""The synthetic data and what stands beside them, and all that each is asked.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.companions import block_bootstrap, copycat, frozen, marginal_noise
from timegan_lib.evaluation.inputs import Sequences, aligned, take
from timegan_lib.evaluation.scores import fidelity
from timegan_lib.evaluation.scores.classifier import classifier_auc
from timegan_lib.evaluation.scores.coverage import coverage
from timegan_lib.evaluation.scores.discriminative import Discriminative, discriminative_work
from timegan_lib.evaluation.scores.diversity import diversity, outgoing
from timegan_lib.evaluation.scores.dynamics import (
    inside_memory_difference,
    inside_share_difference,
)
from timegan_lib.evaluation.scores.forecasting import Forecasts, forecast_error_work, forecast_work
from timegan_lib.evaluation.scores.lead_lag import lead_lag_difference
from timegan_lib.evaluation.scores.predictive import Predictive, predictive_work
from timegan_lib.evaluation.scores.privacy import Privacy, halves, privacy
from timegan_lib.evaluation.scores.statics import (
    dependence_difference,
    has_statics,
    static_marginals,
)
from timegan_lib.evaluation.scores.tails import tail_difference
from timegan_lib.evaluation.scores.two_sample import told_apart
from timegan_lib.evaluation.scores.validity import validity
from timegan_lib.evaluation.work import Work, do_all, single

UNTRAINED = ("frozen",)  # candidates for which no network is trained: others see them well enough


@dataclass(frozen=True)
class Case:
    """What is judged and how. everything: all that was trained on; train: what of it the scores see."""

    everything: SequenceDataset
    train: SequenceDataset
    held_out: SequenceDataset | None
    candidates: dict[str, SequenceDataset]
    rules: Sequence[str]
    repeats: int
    seed: int

    @property
    def moves(self) -> bool:
        """A sequence of one step holds nothing to predict."""
        return self.train.values.shape[1] > 1

    def tested(self, name: str) -> bool:
        """Whether a forecaster can learn from this candidate and be asked about the held-out data."""
        return self.held_out is not None and self.moves and name != "held-out"


@dataclass(frozen=True)
class Judged:
    """rows: of `Findings.scores`, against: the same against the held-out data; the rest as there."""

    rows: dict[str, dict[str, float]]
    against: dict[str, dict[str, float]]
    privacy: Privacy | None
    trivial: dict[str, float]
    forecasts: Forecasts | None


def brought(
    real: Sequences, synthetic: Sequences, held_out: Sequences | None, rules: Sequence[str],
    repeats: int, seed: int, most: int,
) -> Case:  # fmt: skip
    """The synthetic data and their companions, at most `most` sequences of each. Raises InputError."""
    given = {} if held_out is None else {"held_out": held_out}
    everything, fake, *rest = aligned(real, synthetic=synthetic, **given)
    other = rest[0] if rest else None
    train, fake = take(everything, most, seed), take(fake, most, seed)
    n = min(len(fake), len(train))
    candidates = {"synthetic": fake}
    if other is not None:
        candidates["held-out"] = take(other, most, seed)
    candidates["copycat"] = copycat(train, n, seed)
    candidates["bootstrap"] = block_bootstrap(train, n, seed=seed)
    candidates["noise"] = marginal_noise(train, n, seed)
    candidates["frozen"] = frozen(train, n, seed)
    return Case(everything, train, other, candidates, rules, repeats, seed)


def judged_all(case: Case, jobs: int | None = None, progress: bool = True) -> Judged:
    """Every score of every candidate, `jobs` parts of the work at a time. Raises InputError."""
    works = {(name, work.name): work for name in case.candidates for work in works_of(case, name)}
    results = do_all([(name, work) for (name, _), work in works.items()], jobs, progress)
    found = dict(zip(works, results, strict=True))
    forecasts = found.get(("synthetic", "forecasting"))
    rows = {name: _row(found, name) for name in case.candidates}
    return Judged(
        rows=rows,
        against={name: row for (name, what), row in found.items() if what == "against held-out"},
        privacy=found.get(("synthetic", "privacy")),
        trivial=_trivial(found.get(("noise", "predictive"))),
        forecasts=forecasts,
    )


def works_of(case: Case, name: str) -> list[Work]:
    """All that a candidate is asked."""
    train, other, found, seed = case.train, case.held_out, case.candidates[name], case.seed
    works = [
        single("fidelity", partial(untrained, train, found)),
        single("movement", partial(unseen, train, found, seed)),
    ]
    if case.rules:
        works.append(single("rules", lambda: validity(found, case.rules)["sequences"]["any rule"]))
    if other is not None:
        works.append(
            single("privacy", partial(_private, case.everything, other, found, name, seed))
        )
        if name != "held-out":
            works += [
                single("what is missed", partial(_missed, train, other, found)),
                single("against held-out", partial(untrained, other, found)),
            ]
    return works + (_trained(case, name) if case.repeats and name not in UNTRAINED else [])


def _trained(case: Case, name: str) -> list[Work]:
    """The scores that train a network. What is forecast from the synthetic data is in `forecasts`."""
    train, other, found = case.train, case.held_out, case.candidates[name]
    options: dict[str, Any] = {"repeats": case.repeats, "seed": case.seed}
    works = [discriminative_work(train, found, **options)]
    if case.moves:
        works.append(predictive_work(train, found, **options))
    if other is not None and case.tested(name):
        both = name == "synthetic"
        works.append(
            forecast_work(train, other, found, **options)
            if both
            else forecast_error_work(found, other, **options)
        )
    return works


def _row(found: dict[tuple[str, str], Any], name: str) -> dict[str, float]:
    """One row of the table of scores, from the results of a candidate's works."""
    mine = {what: result for (whose, what), result in found.items() if whose == name}
    row = mine["fidelity"] | mine["movement"]
    if "what is missed" in mine:
        row["missed"] = mine["what is missed"]
    if mine.get("privacy"):
        said: Privacy = mine["privacy"]
        row |= {
            "nearer train": said.nearer_train, "membership": said.membership_auc, "copies": said.copies,
        }  # fmt: skip
    if "rules" in mine:
        row["broken"] = mine["rules"]
    if "discriminative" in mine:
        told: Discriminative = mine["discriminative"]
        low, high = told.interval
        row |= {
            "discriminative": told.mean, "discriminative sd": told.sd, "guessing": told.floor,
            "accuracy": told.accuracies.mean(), "accuracy low": low, "accuracy high": high,
            "judge AUC": told.aucs.mean(),
        }  # fmt: skip
    if "predictive" in mine:
        used: Predictive = mine["predictive"]
        row |= {"predictive": used.mean, "predictive sd": used.sd}
    if "forecasting" in mine:
        answer = mine["forecasting"]
        errors = answer.by_repeat["TSTR"] if isinstance(answer, Forecasts) else answer
        row |= {"forecast": float(errors.mean()), "forecast sd": _sd(errors)}
    return row


def _trivial(used: Predictive | None) -> dict[str, float]:
    """Errors of predictors that learn nothing; they are asked about the real data, whoever the candidate."""
    if used is None:
        return {}
    return {"median": used.median, "constant": used.constant, "persistence": used.persistence}


def untrained(real: SequenceDataset, found: SequenceDataset) -> dict[str, float]:
    """The scores for which no network is trained."""
    table, spread = fidelity.marginals(real, found), diversity(real, found)
    row = {
        "values": (table["distance"] / table["real std"].where(table["real std"] > 0, 1.0)).mean(),
        "changes": table["change distance"].mean(),
        "memory": fidelity.autocorrelation_difference(real, found),
        "memory of changes": fidelity.autocorrelation_difference(real, found, changes=True),
        "together": fidelity.correlation_difference(real, found),
        "together in changes": fidelity.correlation_difference(real, found, changes=True),
        "mmd": fidelity.mmd(real, found),
        "classifier": classifier_auc(real, found),
        "onnd": spread.onnd,
        "innd": spread.innd,
        "spread": spread.spread,
    }
    _, steps, features = real.values.shape
    absent = [] if features > 1 else ["together", "together in changes"]
    absent += [] if steps > 1 else ["changes", "memory", "together in changes"]
    absent += [] if steps > 2 else ["memory of changes"]
    row |= dict.fromkeys(absent, math.nan)  # nothing was compared
    if has_statics(real):
        distances = static_marginals(real, found)["distance"]
        row |= {"statics": distances.mean(), "worst static": distances.max()}
        row["dependence"] = dependence_difference(real, found)
    return row


def unseen(real: SequenceDataset, found: SequenceDataset, seed: int) -> dict[str, float]:
    """The scores of faults that `untrained` does not see, and of a judge that no window's neighbor helps."""
    covered = coverage(real, found)
    row = {
        "movement": inside_share_difference(real, found),
        "memory of sizes": inside_memory_difference(real, found, sizes=True),
        "order in time": lead_lag_difference(real, found),
        "rare changes": tail_difference(real, found),
        "precision": covered.precision,
        "recall": covered.recall,
    }
    if real.values.shape[1] < 3:  # nothing was compared
        row |= dict.fromkeys(list(row)[:4], math.nan)
    with contextlib.suppress(InputError):  # too few stretches of time to exchange
        told = told_apart(real, found, seed=seed)
        row |= {"told apart": told.score, "by chance": told.chance[1], "p-value": told.p_value}
    return row


def _missed(train: SequenceDataset, held_out: SequenceDataset, found: SequenceDataset) -> float:
    """How far real sequences are from the nearest of `found`, over how far from the nearest held-out
    one. With more of one than of the other, that one would be nearer for its number alone."""
    even = min(len(found), len(held_out))
    sides = [outgoing(train, side, even) for side in (found, held_out)]
    return sides[0] / sides[1] if sides[1] else math.nan


def _private(
    train: SequenceDataset, held_out: SequenceDataset, found: SequenceDataset, name: str, seed: int
) -> Privacy | None:
    """What a candidate gives away; the held-out data are judged against their other half. Nobody asks how
    unusual it is of a companion."""
    if name == "held-out":
        found, held_out = halves(held_out)
        if min(len(found), len(held_out)) < 2:
            return None
    return privacy(train, held_out, found, seed, attacks=name == "synthetic")


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else math.nan
