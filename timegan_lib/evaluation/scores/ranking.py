"""Do synthetic data tell which of several models is best on real data?

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import kendalltau

from timegan_lib.config import InputError
from timegan_lib.evaluation.inputs import Sequences, aligned, whole
from timegan_lib.evaluation.scores.horizon import (
    ALPHA,
    Model,
    forecast_errors,
    persistence,
    ridge,
)
from timegan_lib.evaluation.scores.privacy import halves


def rank_agreement(train: Sequences, held_out: Sequences, synthetic: Sequences) -> float:
    """Does the model that is best on synthetic data turn out best on real data? Kendall's tau, -1 to 1.

    Five forecasters (persistence, the mean, ridge with a small and a large penalty, nearest neighbor) are
    fitted to one half of the synthetic data and tested on the other, and fitted to real and tested on
    held-out data. tau of the two lists of five errors: 1 the same order, 0 none, -1 reversed. With five
    it moves in steps of 0.2. Source: Jordon et al. 2018, synthetic ranking agreement. Raises InputError.
    """
    real, fake, test = aligned(train, synthetic=synthetic, held_out=held_out)
    parts = halves(fake)
    if not all(len(part) for part in parts):
        raise InputError("synthetic is one run of overlapping windows, which has no two halves")
    tests = [whole(real, test), whole(*parts)]
    errors = [
        [forecast_errors(model, *sides).mean() for model in MODELS.values()] for sides in tests
    ]
    return float(np.nan_to_num(kendalltau(*errors).statistic))  # all equal: no order to agree on


def _mean(past: np.ndarray, future: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.broadcast_to(future.mean(axis=0), (len(new), *future.shape[1:]))


def _stiff(past: np.ndarray, future: np.ndarray, new: np.ndarray) -> np.ndarray:
    return ridge(past, future, new, 1000 * ALPHA)


def _nearest(past: np.ndarray, future: np.ndarray, new: np.ndarray) -> np.ndarray:
    apart = cdist(new.reshape(len(new), -1), past.reshape(len(past), -1))
    return future[apart.argmin(axis=1)]


MODELS: dict[str, Model] = {
    "persistence": persistence,
    "mean": _mean,
    "ridge": ridge,
    "stiff ridge": _stiff,
    "nearest neighbor": _nearest,
}
