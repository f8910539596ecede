"""A first look at two data sets: is each feature spread alike, does it move alike from step to step?

Everything is computed on data scaled to the real data's [0, 1], over valid steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from timegan_lib.config import InputError
from timegan_lib.sequences import SequenceDataset


@dataclass(frozen=True)
class Report:
    """One row a feature, and the largest difference between the two correlation matrices."""

    features: pd.DataFrame
    correlation_difference: float

    def to_dict(self) -> dict:
        return {
            "features": self.features.to_dict("index"),
            "correlation_difference": self.correlation_difference,
        }

    def __str__(self) -> str:
        table = self.features.to_string(float_format="{:.3f}".format)
        return (
            f"{table}\nlargest difference between correlations: {self.correlation_difference:.3f}"
        )


def evaluate(real: SequenceDataset, synthetic: SequenceDataset) -> Report:
    """Compare marginals, step-to-step autocorrelation and correlations between features.

    `distance` is the Wasserstein distance of the two marginals in units of the real range: 0 is
    perfect, .01 means that values lie one percent of the range off on average. Raises InputError
    where the features differ. Taught in book/first-synthetic-series.ipynb.
    """
    if real.names != synthetic.names:
        raise InputError(
            f"the synthetic data have the features {', '.join(synthetic.names)}, "
            f"the real data {', '.join(real.names)}; they must be the same, in the same order"
        )
    rows: dict[str, dict[str, float]] = {}
    both: list[np.ndarray] = [real.scaled, real.scaler.scale(synthetic.values)]
    masks = [real.mask, synthetic.mask]
    for k, name in enumerate(real.names):
        a, b = (values[..., k] for values in both)
        rows[name] = {
            "real mean": a[masks[0]].mean(),
            "synthetic mean": b[masks[1]].mean(),
            "real std": a[masks[0]].std(),
            "synthetic std": b[masks[1]].std(),
            "distance": wasserstein_distance(a[masks[0]], b[masks[1]]),
            "real change": _change(a, masks[0]),
            "synthetic change": _change(b, masks[1]),
        }
    correlations = [_correlations(v[m]) for v, m in zip(both, masks, strict=True)]
    difference = float(np.abs(correlations[0] - correlations[1]).max())
    return Report(pd.DataFrame(rows).T.astype(float), difference)


def _change(values: np.ndarray, mask: np.ndarray) -> float:
    """Mean absolute change from one step to the next."""
    pairs = mask[:, 1:] & mask[:, :-1]
    return float(np.abs(np.diff(values, axis=1))[pairs].mean()) if pairs.any() else 0.0


def _correlations(rows: np.ndarray) -> np.ndarray:
    """(D, D) correlations over steps; 0 where a feature is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(np.atleast_2d(np.corrcoef(rows, rowvar=False)))
