"""Does one feature follow another, and in the right direction of time? Nothing here is trained.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.evaluation.inputs import Sequences, as_dataset, pair
from timegan_lib.evaluation.scores.fidelity import STILL


def lead_lag(data: Sequences) -> np.ndarray:
    """(D, D): correlation of the change of feature i (row) with the next change of feature j (column).

    Without unit, in [-1, 1]; 0 where one of them never changes. Run backward, the same data have rows
    and columns exchanged, while most other scores stay as they are.
    Source: the cross-correlations at lag 1 of Liao et al. 2020, here of changes. Raises InputError.
    """
    data = as_dataset(data)
    mask = data.mask[:, 2:]  # steps with two changes behind them
    changes = np.diff(data.scaler.scale(data.values), axis=1)
    before, after = changes[:, :-1][mask], changes[:, 1:][mask]
    if len(before) < 2:
        return np.zeros((len(data.names),) * 2)
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    sd_a, sd_b = a.std(axis=0), b.std(axis=0)
    moving = np.outer(sd_a > STILL, sd_b > STILL)
    # r_ij = mean of a_i b_j / (sd of a_i times sd of b_j)
    return np.where(moving, a.T @ b / len(a) / np.where(moving, np.outer(sd_a, sd_b), 1.0), 0.0)


def lead_lag_difference(real: Sequences, synthetic: Sequences) -> float:
    """Mean absolute difference of `lead_lag` over all ordered pairs of two features; 0 for a single one.

    In [0, 2]; 0 is right. Raises InputError.
    """
    a, b = (lead_lag(side) for side in pair(real, synthetic))
    others = ~np.eye(len(a), dtype=bool)
    return float(np.abs(a - b)[others].mean()) if len(a) > 1 else 0.0
