"""Are single values, steps and features distributed as in the real data? Nothing here is trained.

Everything is computed on data scaled to the real data's [0, 1], over valid steps.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.distances import squares
from timegan_lib.evaluation.inputs import Sequences, as_dataset, pair, take

BINS = 50
LAGS = 12
STILL = 1e-6  # a standard deviation below a millionth of the range is rounding


def marginals(real: Sequences, synthetic: Sequences) -> pd.DataFrame:
    """One row a feature: how its values, and its changes from one step to the next, are spread.

    distance         Wasserstein distance of the values, in units of the real range: 0.01 means that they
                     lie one percent of the range off on average
    histogram        half the summed difference of two histograms of 50 bins: 0 alike, 1 apart
    below, above     share of synthetic values under the real 1st and over the real 99th percentile
                     (0.01 each is right)
    outside          share of synthetic values outside the real range
    real change, synthetic change   mean absolute change
    change distance  Wasserstein distance of the changes, in units of their real standard deviation

    Raises InputError. Taught in book/first-synthetic-series.ipynb.
    """
    sides = pair(real, synthetic)
    rows = {}
    for k, name in enumerate(sides[0].names):
        a, b = (side.scaler.scale(side.values)[..., k][side.mask] for side in sides)
        steps_a, steps_b = (_changes(side)[:, k] for side in sides)
        own_a, own_b = (side.values[..., k][side.mask] for side in sides)
        low, high = np.quantile(own_a, [0.01, 0.99])
        slack = 1e-9 * max(1.0, float(np.abs(own_a).max()))
        rows[name] = {
            "real mean": a.mean(),
            "synthetic mean": b.mean(),
            "real std": a.std(),
            "synthetic std": b.std(),
            "distance": wasserstein_distance(a, b),
            "histogram": histogram_distance(a, b),
            "below": (own_b < low - slack).mean(),
            "above": (own_b > high + slack).mean(),
            "outside": ((own_b < own_a.min() - slack) | (own_b > own_a.max() + slack)).mean(),
            "real change": _mean_size(steps_a),
            "synthetic change": _mean_size(steps_b),
            "change distance": _change_distance(steps_a, steps_b),
        }
    return pd.DataFrame(rows).T.astype(float)


def quantiles(real: Sequences, synthetic: Sequences) -> pd.DataFrame:
    """The 1st, 5th, 25th, 50th, 75th, 95th and 99th percentile of every feature, in its own units."""
    sides, levels = pair(real, synthetic), [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    rows = {}
    for k, name in enumerate(sides[0].names):
        for which, side in zip(("real", "synthetic"), sides, strict=True):
            rows[name, which] = np.quantile(side.values[..., k][side.mask], levels)
    return pd.DataFrame(rows, index=[f"{level:.0%}" for level in levels]).T


def histogram_distance(a: np.ndarray, b: np.ndarray, bins: int = BINS) -> float:
    """Half the summed difference of the histograms of two samples over their common range."""
    edges = np.histogram_bin_edges(np.concatenate([a, b]), bins)
    heights = [np.histogram(values, edges)[0] / len(values) for values in (a, b)]
    return float(np.abs(heights[0] - heights[1]).sum() / 2)


def autocorrelation(data: Sequences, lags: int = LAGS, changes: bool = False) -> np.ndarray:
    """(lags + 1, D): correlation of each feature with itself, 0 to `lags` steps earlier.

    Over all pairs inside the sequences, around one mean for all. changes: of the steps from one value
    to the next instead of the values; windows of a slow series say little otherwise. A feature that
    never changes has 0 everywhere. Taught in book/why-time-is-hard.ipynb.
    """
    data = as_dataset(data)
    lags, length = whole_number("lags", lags, 1), data.values.shape[1] - changes
    if lags >= length:
        raise InputError(f"lags={lags} must be less than the {length} steps there are")
    values, mask = data.scaler.scale(data.values), data.mask
    if changes:
        values, mask = np.diff(values, axis=1), mask[:, 1:]
    centered = np.where(mask[..., None], values - values[mask].mean(axis=0), 0.0)
    variance = np.square(centered).sum(axis=(0, 1)) / mask.sum()
    found = []
    for lag in range(lags + 1):
        pairs = (mask[:, lag:] & mask[:, : length - lag]).sum()
        product = (centered[:, lag:] * centered[:, : length - lag]).sum(axis=(0, 1))
        found.append(product / max(1, pairs))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 1e-15, np.array(found) / variance, 0.0)


def autocorrelation_difference(
    real: Sequences, synthetic: Sequences, lags: int | None = None, changes: bool = False
) -> float:
    """Mean absolute difference of `autocorrelation` over lags 1.. (12, or as many as fit) and features."""
    sides = pair(real, synthetic)
    most = min(int(side.lengths.max()) for side in sides) - 1 - changes
    if most < 1:
        return 0.0
    lags = min(LAGS, most) if lags is None else lags
    a, b = (autocorrelation(side, lags, changes) for side in sides)
    return float(np.abs(a - b)[1:].mean())


def correlations(data: Sequences, changes: bool = False) -> np.ndarray:
    """(D, D) correlations between features at the same step, or of their changes."""
    data = as_dataset(data)
    rows = _changes(data) if changes else data.scaler.scale(data.values)[data.mask]
    if len(rows) < 2:
        return np.zeros((rows.shape[1], rows.shape[1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.nan_to_num(np.atleast_2d(np.corrcoef(rows, rowvar=False)))
    still = rows.std(axis=0) < STILL
    found[still], found[:, still] = 0.0, 0.0
    return found


def correlation_difference(real: Sequences, synthetic: Sequences, changes: bool = False) -> float:
    """Mean absolute difference of `correlations` over all pairs of features; 0 for a single one."""
    sides = pair(real, synthetic)
    a, b = (correlations(side, changes) for side in sides)
    pairs = np.triu_indices(len(a), 1)
    return float(np.abs(a - b)[pairs].mean()) if len(pairs[0]) else 0.0


def mmd(real: Sequences, synthetic: Sequences, most: int = 1000, seed: int = 0) -> float:
    """Squared maximum mean discrepancy of whole sequences, unbiased: 0 on average for equal sources.

    RBF kernel exp(-d^2 / (2 m^2)), m the median distance between real sequences. At most `most` of
    each. May come out slightly below 0. Source: Gretton et al. 2012, equation 3.
    """
    x, y = (take(side, most, seed).scaled for side in pair(real, synthetic))
    x, y = (side.reshape(len(side), -1).astype(float) for side in (x, y))
    inside = squares(x, x)
    median = float(np.median(np.sqrt(inside[np.triu_indices(len(x), 1)]))) or 1.0

    def kernel(apart: np.ndarray) -> np.ndarray:
        return np.exp(-apart / (2 * median**2))

    def without_diagonal(k: np.ndarray) -> float:
        return float((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)))

    alike = without_diagonal(kernel(inside)) + without_diagonal(kernel(squares(y, y)))
    return alike - 2 * float(kernel(squares(x, y)).mean())


def _changes(data: SequenceDataset) -> np.ndarray:
    """(pairs, D): all changes from one valid step to the next."""
    return np.diff(data.scaler.scale(data.values), axis=1)[data.mask[:, 1:]]


def _mean_size(changes: np.ndarray) -> float:
    return float(np.abs(changes).mean()) if changes.size else 0.0


def _change_distance(a: np.ndarray, b: np.ndarray) -> float:
    if not a.size or not b.size:
        return 0.0
    unit = a.std()
    return float(wasserstein_distance(a, b) / (unit if unit > STILL else 1.0))
