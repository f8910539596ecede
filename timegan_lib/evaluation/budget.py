"""At which stage of a model does a fault come in?

A generated sequence is what the recovery makes of codes that the supervisor has smoothed. Real sequences
that take the same way, a stage more each time, show which part a fault belongs to.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Protocol

import numpy as np
import pandas as pd

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.candidates import untrained
from timegan_lib.evaluation.inputs import aligned, take
from timegan_lib.evaluation.report import MOST
from timegan_lib.evaluation.scores.validity import validity

LEFT_OUT = ("onnd", "innd")  # of sequences beside their own originals they say nothing


class Staged(Protocol):
    """A model that can stop half way, as `TimeGAN` can."""

    def reconstruct(self, data: SequenceDataset) -> SequenceDataset: ...
    def supervised(self, data: SequenceDataset) -> SequenceDataset: ...
    def sample(self, n: int, seed: int = 0) -> SequenceDataset: ...


def error_budget(
    model: Staged,
    real: SequenceDataset,
    held_out: SequenceDataset | None = None,
    rules: str | Sequence[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """The scores that train no network, of each stage against the real data.

    Rows: held-out     what other real data get, where they are given
          reconstructed  real sequences through embedder and recovery
          supervised     real codes, one step ahead by the supervisor, through the recovery
          generated      samples
    Columns: those of `evaluate`; "error", the mean distance of a value from its own original, as a
    share of the range, and "error unseen", that for the held-out data; "broken", the share of
    sequences that break a rule, and "broken steps". A fault that reconstructed data have already is the
    autoencoder's; what only generated ones have is the generator's. At most 2,000 sequences are taken.
    Raises InputError. Taught in book/how-the-code-is-built.md.
    """
    real = take(real, MOST, seed)
    unseen = None if held_out is None else take(held_out, MOST, seed)
    stages = {} if unseen is None else {"held-out": unseen}
    stages["reconstructed"], stages["supervised"] = model.reconstruct(real), model.supervised(real)
    stages["generated"] = model.sample(len(real), seed=seed)
    rows = {}
    for name, found in stages.items():
        base, made = aligned(real, **{name.replace("-", "_"): found})
        row = {key: value for key, value in untrained(base, made).items() if key not in LEFT_OUT}
        way = {"reconstructed": model.reconstruct, "supervised": model.supervised}.get(name)
        row["error"] = nan if way is None else _error(base, made)
        row["error unseen"] = nan
        if way is not None and unseen is not None:
            row["error unseen"] = _error(*aligned(real, seen=unseen, made=way(unseen))[1:])
        if rules:
            broken = validity(made, rules)
            row["broken"] = float(broken["sequences"]["any rule"])
            row["broken steps"] = float(broken["steps"]["any rule"])
        rows[name] = row
    return pd.DataFrame(rows).T


def _error(real: SequenceDataset, made: SequenceDataset) -> float:
    """Mean absolute difference of the valid values, as a share of the range."""
    return float(np.abs(real.scaled - made.scaled)[real.mask].mean())
