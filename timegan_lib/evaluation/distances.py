"""Distances between whole sequences, which diversity and privacy are measured with.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from timegan_lib.data import SequenceDataset


def flat(data: SequenceDataset) -> np.ndarray:
    """(N, T * D), such that a distance is the root mean square over steps and features, in [0, 1]."""
    rows = data.scaled.reshape(len(data), -1).astype(float)
    return rows / np.sqrt(rows.shape[1])


def nearest(a: np.ndarray, b: np.ndarray, k: int = 1) -> np.ndarray:
    """(len(a), k): from each row of a the distances to its k nearest rows of b, nearest first."""
    k = min(k, len(b))
    parts = [
        np.sort(np.partition(cdist(a[i : i + 500], b), k - 1)[:, :k]) for i in range(0, len(a), 500)
    ]
    return np.concatenate(parts)
