"""Distances between whole sequences, which diversity and privacy are measured with.

Squared distances come from |a|^2 + |b|^2 - 2 a b, a product of matrices, which is ten times as fast as a loop
over pairs. It rounds at about 1e-8 of the range, so the distances to nearest rows are computed again as they are.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from timegan_lib.data import SequenceDataset

BLOCK = 500  # rows whose distances to all others are held at once
SAME = 1e-13  # rows whose squared distance is less, as a share of their own squares, are the same but for rounding


def flat(data: SequenceDataset) -> np.ndarray:
    """(N, T * D), such that a distance is the root mean square over steps and features, in [0, 1]."""
    rows = data.scaled.reshape(len(data), -1).astype(float)
    return rows / np.sqrt(rows.shape[1])


def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(len(a), len(b)) squared distances of all rows of a to all of b, exactly 0 for rows that are the same."""
    of_a, of_b = ((rows * rows).sum(axis=1) for rows in (a, b))
    own = of_a[:, None] + of_b
    found = a @ b.T
    found *= -2
    found += own
    own *= SAME
    found[found < own] = 0.0
    return found


def nearest(a: np.ndarray, b: np.ndarray, k: int = 1) -> np.ndarray:
    """(len(a), k): from each row of a the distances to its k nearest rows of b, nearest first."""
    parts = [exact(some, b, smallest(apart, k)) for some, apart in blocks(a, b)]
    return np.concatenate(parts)


def blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Some rows of a and their `squares` to all of b, until all rows had their turn."""
    for begin in range(0, len(a), BLOCK):
        yield a[begin : begin + BLOCK], squares(a[begin : begin + BLOCK], b)


def smallest(apart: np.ndarray, k: int) -> np.ndarray:
    """(n, k or fewer): columns of the k smallest numbers of each row, smallest first. k is small."""
    left, rows, found = apart.copy() if k > 1 else apart, np.arange(len(apart)), []
    for _ in range(min(k, apart.shape[1])):
        found.append(left.argmin(axis=1))
        if k > 1:
            left[rows, found[-1]] = np.inf
    return np.stack(found, axis=1)


def exact(a: np.ndarray, b: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(len(a), k): from each row of a the distances to these rows of b, nearest first, without rounding."""
    return np.sort(np.sqrt(np.square(a[:, None] - b[columns]).sum(axis=2)), axis=1)
