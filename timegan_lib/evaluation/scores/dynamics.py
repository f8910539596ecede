"""How do windows move, each around its own mean? Nothing here is trained.

`fidelity.autocorrelation` measures around one mean for all windows: where windows lie far apart, as those
of a price over years do, it is high for windows that stand still too. Here the level of a window counts
for nothing. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, as_dataset, pair
from timegan_lib.evaluation.scores.fidelity import LAGS, STILL


def inside_memory(data: Sequences, lags: int = LAGS, sizes: bool = False) -> np.ndarray:
    """(lags + 1, D): correlation of a feature with itself, 0 to `lags` steps earlier, inside windows.

    Without unit, in [-1, 1]; 0 everywhere for a feature that never moves inside a window. Slightly below
    0 for noise, since a mean of few steps is taken out: read it beside that of real data. sizes: of the
    sizes of the steps, |x_t - x_(t-1)|; above 0 where large steps follow large ones. Source: the sample
    autocorrelation of Box and Jenkins, its sums taken over all windows. Raises InputError.
    """
    data = as_dataset(data)
    lags, length = whole_number("lags", lags, 1), data.values.shape[1] - sizes
    if lags >= length:
        raise InputError(f"lags={lags} must be less than the {length} steps there are")
    own = _around_own_mean(data, sizes)
    variance = np.square(own).sum(axis=(0, 1))
    # r_k = sum of c_t c_(t-k) / sum of c_t^2, both over all windows and steps, c = x - mean of its window
    found = [(own[:, k:] * own[:, : length - k]).sum(axis=(0, 1)) for k in range(lags + 1)]
    return np.array(found) / np.where(variance > 0, variance, 1.0)


def inside_memory_difference(
    real: Sequences, synthetic: Sequences, lags: int | None = None, sizes: bool = False
) -> float:
    """Mean absolute difference of `inside_memory` over lags 1.. (12, or as many as fit) and features.

    In [0, 2]; 0 is right, and where there are too few steps to say anything. Raises InputError.
    """
    sides = pair(real, synthetic)
    most = min(int(side.lengths.max()) for side in sides) - 1 - sizes
    if most < 1:
        return 0.0
    lags = min(LAGS, most) if lags is None else lags
    a, b = (inside_memory(side, lags, sizes) for side in sides)
    return float(np.abs(a - b)[1:].mean())


def inside_share(data: Sequences) -> np.ndarray:
    """(D,): how much of the variance lies inside windows, the rest lies between their means.

    Without unit, in [0, 1]: 0 where windows stand still, 1 where all have the same mean. Source: the
    correlation ratio, 1 - eta^2, of R. A. Fisher's analysis of variance. Raises InputError.
    """
    data = as_dataset(data)
    rows = data.scaler.scale(data.values)[data.mask]
    inside = np.square(_around_own_mean(data)).sum(axis=(0, 1)) / len(rows)
    total = rows.var(axis=0)
    return inside / np.where(total > STILL**2, total, 1.0)


def inside_share_difference(real: Sequences, synthetic: Sequences) -> float:
    """Mean over features of |a - b| / max(a, b), a and b the `inside_share` of either side.

    In [0, 1]: 0 is right, 0.5 means half or twice as much, 1 that one side stands still. Relative, since
    the share of a price over years is a percent or two. Raises InputError.
    """
    a, b = (inside_share(side) for side in pair(real, synthetic))
    larger = np.maximum(a, b)
    return float((np.abs(a - b) / np.where(larger > 0, larger, 1.0)).mean())


def _around_own_mean(data: SequenceDataset, sizes: bool = False) -> np.ndarray:
    """(N, T, D) values, or sizes of steps (T - 1), less the mean of their window; 0 at padding."""
    values, mask = data.scaler.scale(data.values), data.mask
    if sizes:
        values, mask = np.abs(np.diff(values, axis=1)), mask[:, 1:]
    mask = mask[..., None]
    count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    own = np.where(mask, values - np.where(mask, values, 0.0).sum(1, keepdims=True) / count, 0.0)
    return np.where(np.abs(own) > STILL, own, 0.0)  # what is left of a constant is rounding
