"""Where the truth is known: phi and sigma of the autoregressive data, recovered from samples.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.evaluation.inputs import Sequences, as_dataset

DRAWS = 500


def ar_parameters(data: Sequences, seed: int = 0) -> pd.DataFrame:
    """phi, sigma and the variance of the noise of x_t = phi x_(t-1) + noise, noise ~ N(0, sigma 1 + (1 - sigma) I).

    Least squares over all steps and features, around each feature's mean; sigma is the mean covariance
    of the residuals of two features, `noise` their mean variance (1 in the true process). A row each:
    the estimate and its 95 % interval over sequences (bootstrap). Source: paper, section 5.1.
    Raises InputError. Taught in book/why-time-is-hard.ipynb.
    """
    data = as_dataset(data)
    x = data.values
    if x.shape[1] < 2 or x.shape[2] < 2:
        raise InputError(f"data has shape {x.shape}; two steps and two features are needed")
    x = x - x[data.mask].mean(axis=0)
    valid = data.mask[:, 1:, None]
    before, after = np.where(valid, x[:, :-1], 0.0), np.where(valid, x[:, 1:], 0.0)
    features, pairs = x.shape[2], data.lengths - 1
    # sums of each sequence; any set of sequences has the sums of its sequences
    xx = np.square(before).sum(axis=(1, 2))
    xy = (before * after).sum(axis=(1, 2))
    across = [
        np.einsum("nti,ntj->nij", a, b)
        for a, b in ((after, after), (before, after), (before, before))
    ]

    def estimate(rows: np.ndarray) -> list[float]:
        phi = xy[rows].sum() / xx[rows].sum()
        yy, xy_, xx_ = (part[rows].sum(axis=0) for part in across)
        residual = (yy - phi * (xy_ + xy_.T) + phi**2 * xx_) / pairs[rows].sum()
        noise = np.trace(residual) / features
        sigma = (residual.sum() - np.trace(residual)) / (features * (features - 1))
        return [phi, sigma, noise]

    rng, count = np.random.default_rng(seed), len(x)
    draws = [estimate(rng.integers(0, count, count)) for _ in range(DRAWS)]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {"estimate": estimate(np.arange(count)), "low": low, "high": high},
        index=["phi", "sigma", "noise"],
    )
