"""Could the two sides have come from one source? A score, and how often chance alone gives as much.

Both tests take blocks (`evaluation.exchange`). Under the null hypothesis it is chance which block stands on
which side; so deal the blocks anew many times, score each deal, and the p-value is the share of deals that
score at least as much as the true one. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from timegan_lib.config import whole_number
from timegan_lib.evaluation.exchange import Sides, exchangeable
from timegan_lib.evaluation.inputs import Sequences
from timegan_lib.evaluation.scores.classifier import summaries

FOLDS = 5
RIDGE = 1.0  # of the classifier, on columns of spread 1


@dataclass(frozen=True)
class TwoSample:
    """score: of the two sides as they are; p_value: share of deals with at least that score (and the true one).

    chance: the middle 95 % of the deals' scores. blocks: of each side; below about five no deal can be rare.
    """

    score: float
    p_value: float
    chance: tuple[float, float]
    blocks: int


def told_apart(real: Sequences, synthetic: Sequences, deals: int = 200, seed: int = 0) -> TwoSample:
    """AUC of a linear classifier on `summaries`, asked about blocks that it has not learned from.

    0.5: it cannot tell, 1: always. A fold is a fifth of each side's blocks, on the real side in the order
    of time. Real held-out data get 0.5 by this, a source without fault too; copies of training windows get
    less, since what is left out on one side is known from the other. Source: Lopez-Paz and Oquab 2017,
    "Revisiting classifier two-sample tests". Raises InputError. Taught in book/how-the-code-is-built.md.
    """
    sides = exchangeable(real, synthetic, seed)
    columns = np.concatenate([summaries(sides.real), summaries(sides.other)])
    spread = columns.std(axis=0)
    columns = (columns - columns.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    columns = np.column_stack([np.clip(columns, -5, 5), np.ones(len(columns))])
    return _test(sides, lambda first: _auc(columns, first, sides.size), deals, seed)


def mmd_test(real: Sequences, synthetic: Sequences, deals: int = 500, seed: int = 0) -> TwoSample:
    """The squared, unbiased MMD of `mmd`, over pairs of sequences from different blocks.

    Pairs inside a block are near for their time alone, so they are left out: 0 on average for equal
    sources, often a little below. Raises InputError. Taught in book/how-the-code-is-built.md.
    """
    sides = exchangeable(real, synthetic, seed)
    rows = [side.scaled.reshape(len(side), -1).astype(float) for side in (sides.real, sides.other)]
    squares = cdist(np.concatenate(rows), np.concatenate(rows), "sqeuclidean")
    inside = squares[: len(rows[0]), : len(rows[0])]
    median = float(np.median(inside[np.triu_indices(len(inside), 1)])) or 1.0
    n, size = sides.blocks, sides.size
    between = np.exp(-squares / (2 * median)).reshape(2 * n, size, 2 * n, size).mean(axis=(1, 3))
    np.fill_diagonal(between, 0.0)  # (2 n, 2 n): mean kernel of two blocks

    def score(first: np.ndarray) -> float:
        a, b = first.astype(float), (~first).astype(float)
        alike = (a @ between @ a + b @ between @ b) / (n * (n - 1))
        return float(alike - 2 * (a @ between @ b) / n**2)

    return _test(sides, score, deals, seed)


def _test(sides: Sides, score: Callable[[np.ndarray], float], deals: int, seed: int) -> TwoSample:
    """score: of a deal, (2 n,) which blocks stand on the first side."""
    deals = whole_number("deals", deals, 1)
    rng = np.random.default_rng([seed, 1])
    true = np.arange(2 * sides.blocks) < sides.blocks
    found = score(true)
    dealt = np.array([score(rng.permutation(true)) for _ in range(deals)])
    low, high = np.quantile(dealt, [0.025, 0.975])
    p_value = (1 + (dealt >= found - 1e-12).sum()) / (deals + 1)
    return TwoSample(found, float(p_value), (float(low), float(high)), sides.blocks)


def _auc(columns: np.ndarray, first: np.ndarray, size: int) -> float:
    """Mean over folds of the AUC of least squares on the other folds. first: (2 n,), columns: (2 n size, C)."""
    count, fold = first.sum(), np.empty(len(first), int)
    folds = min(FOLDS, count)
    for side in (first, ~first):
        fold[side] = np.arange(count) * folds // count
    label, fold = np.repeat(first, size), np.repeat(fold, size)
    found = []
    for k in range(folds):
        learn, ask = fold != k, fold == k
        x, y = columns[learn], np.where(label[learn], 1.0, -1.0)
        weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
        ranks, true = rankdata(columns[ask] @ weights), label[ask]
        most = true.sum() * (~true).sum()
        found.append((ranks[true].sum() - true.sum() * (true.sum() + 1) / 2) / most)
    return float(np.mean(found))
