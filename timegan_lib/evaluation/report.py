"""Every score of a synthetic data set beside those of its companions, in one report.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan_lib import __version__
from timegan_lib.config import whole_number
from timegan_lib.evaluation.candidates import Case, brought, judged_all
from timegan_lib.evaluation.exchange import stretches
from timegan_lib.evaluation.findings import SCORES, Findings
from timegan_lib.evaluation.inputs import Sequences, aligned, take
from timegan_lib.evaluation.page import page, summary
from timegan_lib.evaluation.scores import fidelity
from timegan_lib.evaluation.scores.forecasting import Forecasts
from timegan_lib.evaluation.scores.privacy import Privacy
from timegan_lib.evaluation.scores.statics import has_statics, static_marginals
from timegan_lib.evaluation.scores.validity import validity
from timegan_lib.evaluation.settled import settled
from timegan_lib.evaluation.verdicts import Verdict, uses, verdicts
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
        lines = [f"{v.grade:<14} {v.question} {v.because}" for v in self.verdicts]
        lines += [
            "",
            *(f"{row.answer:<14} {use}: {row.because}" for use, row in self.uses.iterrows()),
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
    jobs: int | None = None,
    again: Sequence[Sequences] = (),
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
    jobs      judges and distances at the same time (None: as many as there are cores, or threads that
              TensorFlow was given). The numbers do not depend on it
    again     further samples of the same generator. The numbers are those of `synthetic`; an answer is the
              middle one of all samples, but for the networks, which learn from `synthetic` alone

    The companions: the held-out data, a copycat that returns training data, a block bootstrap, noise with
    the right marginals, and frozen sequences, for which no network is trained. Raises InputError. Taught in
    book/how-the-code-is-built.md.
    """
    repeats, seed = whole_number("repeats", repeats, 0), whole_number("seed", seed, 0)
    rules = [rules] if isinstance(rules, str) else rules
    case = brought(real, synthetic, held_out, rules, repeats, seed, MOST)
    found = judged_all(case, jobs, progress)
    train, fake, other = case.train, case.candidates["synthetic"], case.held_out
    scores = pd.DataFrame(found.rows).T.reindex(columns=list(SCORES)).astype(float)
    floor, private = found.rows["synthetic"].get("guessing", math.nan), found.privacy
    kept = pd.concat(
        {k: validity(v, rules) for k, v in (("real", train), ("synthetic", fake))}, axis=1
    )
    answers = [_answers(case, scores, found.forecasts, floor, private)]
    for sample in again:
        other_case, other_rows, secret = _again(case, sample, scores, jobs, progress)
        answers.append(_answers(other_case, other_rows, found.forecasts, floor, secret))
    said = settled(answers)
    features = fidelity.marginals(train, fake)
    return Report(
        real=train, synthetic=fake, held_out=other, scores=scores,
        against_held_out=None if other is None else pd.DataFrame(found.against).T,
        features=features, quantiles=fidelity.quantiles(train, fake),
        forecasts=found.forecasts, trivial=found.trivial, floor=floor, privacy=private, rules=kept,
        statics=static_marginals(train, fake) if has_statics(train) else None,
        verdicts=said, uses=uses(said, float(features["outside"].max())),
        settings={
            "real": len(train), "synthetic": len(fake), "held_out": None if other is None else len(other),
            "steps": train.values.shape[1], "features": list(train.names),
            "static_features": list(train.static_names), "repeats": repeats, "seed": seed,
            "rules": list(rules), "judged": judged, "samples": len(answers),
        },
    )  # fmt: skip


def _answers(
    case: Case,
    scores: pd.DataFrame,
    forecasts: Forecasts | None,
    floor: float,
    private: Privacy | None,
) -> list[Verdict]:
    brought_in = (case.everything, case.candidates["synthetic"], case.held_out)
    sides = [stretches(side) for side in brought_in if side is not None]
    return verdicts(scores, forecasts, floor, private, sides, len(case.train.names))


def _again(
    case: Case, sample: Sequences, scores: pd.DataFrame, jobs: int | None, progress: bool
) -> tuple[Case, pd.DataFrame, Privacy | None]:
    """Another sample in the place of the first; what networks said of that one stays."""
    _, fake = aligned(case.everything, synthetic=sample)
    fake = take(fake, MOST, case.seed)
    other = replace(case, candidates={"synthetic": fake}, repeats=0)
    found = judged_all(other, jobs, progress)
    rows = scores.copy()
    for column, value in found.rows["synthetic"].items():
        rows.loc["synthetic", column] = value
    return other, rows, found.privacy


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
