"""Every score of a synthetic data set beside those of its companions, in one report.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from timegan_lib import __version__
from timegan_lib.config import InputError, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.companions import block_bootstrap, copycat, marginal_noise
from timegan_lib.evaluation.exchange import stretches
from timegan_lib.evaluation.findings import SCORES, Findings
from timegan_lib.evaluation.inputs import Sequences, aligned, take
from timegan_lib.evaluation.page import page, summary
from timegan_lib.evaluation.scores import fidelity
from timegan_lib.evaluation.scores.classifier import classifier_auc
from timegan_lib.evaluation.scores.coverage import coverage
from timegan_lib.evaluation.scores.discriminative import discriminative_score
from timegan_lib.evaluation.scores.diversity import diversity
from timegan_lib.evaluation.scores.dynamics import (
    inside_memory_difference,
    inside_share_difference,
)
from timegan_lib.evaluation.scores.forecasting import forecast_error, forecast_scores
from timegan_lib.evaluation.scores.lead_lag import lead_lag_difference
from timegan_lib.evaluation.scores.predictive import predictive_score
from timegan_lib.evaluation.scores.privacy import Privacy, halves, privacy
from timegan_lib.evaluation.scores.statics import (
    dependence_difference,
    has_statics,
    static_marginals,
)
from timegan_lib.evaluation.scores.tails import tail_difference
from timegan_lib.evaluation.scores.two_sample import told_apart
from timegan_lib.evaluation.scores.validity import validity
from timegan_lib.evaluation.verdicts import uses, verdicts
from timegan_lib.files import write_text
from timegan_lib.training.resume import versions

MOST = 2000  # sequences of each side that are judged


class Report(Findings):
    """What `evaluate` found, to print, to save and to show in a notebook. Its tables: `Findings`."""

    def to_dict(self) -> dict[str, Any]:
        """Every number, as plain values for JSON."""
        tables = {
            name: None if table is None else _plain(table)
            for name, table in {
                "scores": self.scores,
                "against_held_out": self.against_held_out,
                "features": self.features,
                "quantiles": self.quantiles,
                "forecasts": None if self.forecasts is None else self.forecasts.table,
                "forecasts_by_feature": None
                if self.forecasts is None
                else self.forecasts.by_feature,
                "rules": self.rules,
                "statics": self.statics,
                "uses": self.uses,
            }.items()
        }
        return _clean({
            "settings": self.settings,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            **tables,
            "trivial": self.trivial,
            "floor": self.floor,
            "privacy": None if self.privacy is None else asdict(self.privacy),
            "meaning": SCORES,
        })  # fmt: skip

    def save(self, folder: str | Path) -> Path:
        """Write report.html, which needs no other file, and report.json into a folder.

        Both say what was judged, when, and with which versions.
        """
        folder = Path(folder)
        written = {
            "judged": self.settings["judged"],
            "date": datetime.datetime.now(datetime.UTC).isoformat(" ", "minutes"),
            "versions": versions(__version__),
        }
        text = json.dumps({"written": written} | self.to_dict(), indent=2)
        write_text(folder / "report.json", text + "\n")
        write_text(folder / "report.html", page(self, written))
        return folder / "report.html"

    def __str__(self) -> str:
        lines = [f"{v.grade:<10} {v.question} {v.because}" for v in self.verdicts]
        lines += [
            "",
            *(f"{row.answer:<10} {use}: {row.because}" for use, row in self.uses.iterrows()),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return summary(self)


def evaluate(
    real: Sequences,
    synthetic: Sequences,
    held_out: Sequences | None = None,
    rules: str | Sequence[str] = (),
    repeats: int = 3,
    seed: int = 0,
    progress: bool = True,
    judged: str = "",
) -> Report:
    """Judge synthetic sequences by everything in this package, beside their companions.

    Parameters
    ----------
    real      what the generator was trained on
    held_out  real data it was not trained on (`SequenceDataset.split`). Without them nothing can be
              said on privacy, and no score has a real ceiling beside it
    rules     what must hold at every step, such as "High >= Low" (see `validity`)
    repeats   of each score that trains a network; 0 leaves those scores out
    judged    what the synthetic data are, for the report: a file, or a run, its step and the seed of the
              samples. Two reports that differ are hard to tell apart without it
    seed      of the judges, of the companions and of which sequences are taken: at most 2,000 a side

    The companions: the held-out data, a copycat that returns training data, a block bootstrap, and
    noise with the right marginals. Raises InputError. Taught in book/how-the-code-is-built.md.
    """
    repeats, seed = whole_number("repeats", repeats, 0), whole_number("seed", seed, 0)
    rules = [rules] if isinstance(rules, str) else rules
    given = {} if held_out is None else {"held_out": held_out}
    everything, fake, *rest = aligned(real, synthetic=synthetic, **given)
    other = rest[0] if rest else None
    train, fake = take(everything, MOST, seed), take(fake, MOST, seed)
    n = min(len(fake), len(train))
    moves = train.values.shape[1] > 1  # a sequence of one step holds nothing to predict
    candidates = {"synthetic": fake}
    if other is not None:
        candidates["held-out"] = take(other, MOST, seed)
    candidates["copycat"] = copycat(train, n, seed)
    candidates["bootstrap"] = block_bootstrap(train, n, seed=seed)
    candidates["noise"] = marginal_noise(train, n, seed)

    rows: dict[str, dict[str, float]] = {}
    secrets: dict[str, Privacy] = {}
    trivial: dict[str, float] = {}
    bar = tqdm(total=len(candidates) + 1, desc="judging", disable=None if progress else True)
    for name, found in candidates.items():
        rows[name] = untrained(train, found) | unseen(train, found, seed)
        if other is not None and name != "held-out":
            rows[name]["missed"] = _missed(train, other, found)
        if other is not None and (said := _private(everything, other, found, name, seed)):
            secrets[name] = said
            rows[name] |= {
                "nearer train": said.nearer_train, "membership": said.membership_auc,
                "copies": said.copies,
            }  # fmt: skip
        if rules:
            rows[name]["broken"] = validity(found, rules)["sequences"]["any rule"]
        if repeats:
            told = discriminative_score(train, found, repeats, seed=seed, progress=False)
            low, high = told.interval
            rows[name] |= {
                "discriminative": told.mean, "discriminative sd": told.sd, "guessing": told.floor,
                "accuracy": told.accuracies.mean(), "accuracy low": low, "accuracy high": high,
                "judge AUC": told.aucs.mean(),
            }  # fmt: skip
        if repeats and moves:
            used = predictive_score(train, found, repeats, seed=seed, progress=False)
            rows[name] |= {"predictive": used.mean, "predictive sd": used.sd}
            trivial = {
                "median": used.median,
                "constant": used.constant,
                "persistence": used.persistence,
            }
        if repeats and moves and other is not None and name != "held-out":
            errors = forecast_error(found, other, repeats, seed=seed)
            rows[name] |= {"forecast": float(errors.mean()), "forecast sd": _sd(errors)}
        bar.update()
    forecasts = None
    if repeats and moves and other is not None:
        forecasts = forecast_scores(train, other, fake, repeats, seed=seed, progress=False)
    bar.update()
    bar.close()
    scores = pd.DataFrame(rows).T.reindex(columns=list(SCORES)).astype(float)
    against = None
    if other is not None:
        against = pd.DataFrame(
            {k: untrained(other, v) for k, v in candidates.items() if k != "held-out"}
        ).T
    floor, private = rows["synthetic"].get("guessing", math.nan), secrets.get("synthetic")
    kept = pd.concat(
        {k: validity(v, rules) for k, v in (("real", train), ("synthetic", fake))}, axis=1
    )
    sides = [stretches(side) for side in (everything, fake, *rest)]
    answers = verdicts(scores, forecasts, floor, private, sides, len(train.names))
    features = fidelity.marginals(train, fake)
    return Report(
        real=train, synthetic=fake, held_out=other, scores=scores, against_held_out=against,
        features=features, quantiles=fidelity.quantiles(train, fake),
        forecasts=forecasts, trivial=trivial, floor=floor, privacy=private, rules=kept,
        statics=static_marginals(train, fake) if has_statics(train) else None,
        verdicts=answers, uses=uses(answers, float(features["outside"].max())),
        settings={
            "real": len(train), "synthetic": len(fake), "held_out": None if other is None else len(other),
            "steps": train.values.shape[1], "features": list(train.names),
            "static_features": list(train.static_names), "repeats": repeats, "seed": seed,
            "rules": list(rules), "judged": judged,
        },
    )  # fmt: skip


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
    sides = [diversity(train, side, even).onnd for side in (found, held_out)]
    return sides[0] / sides[1] if sides[1] else math.nan


def _private(
    train: SequenceDataset, held_out: SequenceDataset, found: SequenceDataset, name: str, seed: int
) -> Privacy | None:
    """What a candidate gives away; the held-out data are judged against their other half."""
    if name == "held-out":
        found, held_out = halves(held_out)
        if min(len(found), len(held_out)) < 2:
            return None
    return privacy(train, held_out, found, seed)


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else math.nan


def _plain(table: pd.DataFrame) -> dict[str, Any]:
    """{row: {column: value}}, with names of several parts joined by a space."""

    def name(label: Any) -> str:
        return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)

    return {
        name(row): {
            name(column): value for column, value in zip(table.columns, values, strict=True)
        }
        for row, values in zip(table.index, table.to_numpy().tolist(), strict=True)
    }


def _clean(value: Any) -> Any:
    """JSON has no NaN: nothing stands there instead."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
