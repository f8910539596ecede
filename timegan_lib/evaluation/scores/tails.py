"""Are rare, large changes as large as the real ones? Nothing here is trained.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair
from timegan_lib.evaluation.scores.fidelity import STILL

RARE = 0.01  # the share of changes at either end that are its tail


def tails(real: Sequences, synthetic: Sequences) -> pd.DataFrame:
    """One row a feature and side: the changes from one step to the next, in units of their real sd.

    kurtosis   mean of ((change - mean) / own sd)^4, less 3: 0 for normal ones, above 0 for heavy tails.
               One change in a thousand can decide it, so no score is made of it
    fall, rise mean of the lowest and of the highest 1 % (expected shortfall): -2.7 and 2.7 for normal ones

    Source: expected shortfall, Artzner et al. 1999. Raises InputError.
    """
    sides = pair(real, synthetic)
    unit = _changes(sides[0]).std(axis=0)
    unit = np.where(unit > STILL, unit, 1.0)
    rows = {}
    for which, side in zip(("real", "synthetic"), sides, strict=True):
        for name, changes in zip(side.names, (_changes(side) / unit).T, strict=True):
            rows[name, which] = [_kurtosis(changes), *_shortfalls(changes)]
    return pd.DataFrame(rows, index=["kurtosis", "fall", "rise"]).T


def tail_difference(real: Sequences, synthetic: Sequences) -> float:
    """Mean of |a - b| / max(|a|, |b|) over features and ends, a and b the `fall` or `rise` of a side.

    0 is right; 0.1 means that rare changes are 10 % too small or too large, 1 that one side has none.
    More than 1 (up to 2) only where they have opposite signs. Raises InputError.
    """
    table = tails(real, synthetic)[["fall", "rise"]]
    a, b = (table.xs(side, level=1).to_numpy() for side in ("real", "synthetic"))
    larger = np.maximum(np.abs(a), np.abs(b))
    return float((np.abs(a - b) / np.where(larger > STILL, larger, 1.0)).mean())


def _changes(data: SequenceDataset) -> np.ndarray:
    """(pairs, D): all changes from one valid step to the next; one of 0 where there is none."""
    changes = np.diff(data.scaler.scale(data.values), axis=1)[data.mask[:, 1:]]
    return changes if len(changes) else np.zeros((1, changes.shape[1]))


def _kurtosis(changes: np.ndarray) -> float:
    sd = changes.std()
    return float((((changes - changes.mean()) / sd) ** 4).mean() - 3) if sd > STILL else 0.0


def _shortfalls(changes: np.ndarray) -> tuple[float, float]:
    """The mean of the lowest and of the highest hundredth, at least one change each."""
    few = max(1, round(RARE * len(changes)))
    ordered = np.sort(changes)
    return float(ordered[:few].mean()), float(ordered[-few:].mean())
