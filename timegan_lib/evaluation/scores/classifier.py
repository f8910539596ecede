"""A weaker judge that needs no training budget: logistic regression on summaries of each sequence.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair, take


def summaries(data: SequenceDataset) -> np.ndarray:
    """(N, columns): per feature mean, spread, whole change, mean and largest step, and how steps follow
    one another; then the length, and the static features where there are any."""
    x, mask, count = data.scaled.astype(float), data.mask[..., None], data.lengths[:, None]
    mean = x.sum(axis=1) / count
    spread = np.sqrt((np.square(x - mean[:, None]) * mask).sum(axis=1) / count)
    change = x[np.arange(len(x)), data.lengths - 1] - x[:, 0]
    steps = np.diff(x, axis=1) * mask[:, 1:]
    size = np.abs(steps).sum(axis=1) / np.maximum(count - 1, 1)
    largest = np.abs(steps).max(axis=1, initial=0.0)
    follow = (steps[:, 1:] * steps[:, :-1]).sum(axis=1) / (np.square(steps).sum(axis=1) + 1e-9)
    columns = [mean, spread, change, size, largest, follow, count]
    if data.static_scaled is not None:
        columns.append(data.static_scaled)
    return np.concatenate(columns, axis=1)


def classifier() -> Pipeline:
    """The judge before it has learned: columns of spread 1, and both sides of equal weight."""
    return make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced")
    )


def classifier_auc(real: Sequences, synthetic: Sequences, most: int = 2000, seed: int = 0) -> float:
    """AUC of a logistic regression that tells real from synthetic sequences: 0.5 not at all, 1 always.

    Fitted on four random fifths and asked about the last, each in turn. Windows that overlap stand on both
    sides of that split, as in the paper's score: copies then come out a little under 0.5, and real data from
    other times above it. Fifths of time would be worse: what is left out of the real side is known from
    the synthetic side alone, and a perfect source scores 0.15. Raises InputError.
    Taught in book/how-the-code-is-built.md.
    """
    columns = [summaries(take(side, most, seed)) for side in pair(real, synthetic)]
    label = np.repeat([0, 1], [len(side) for side in columns])
    folds = StratifiedKFold(min(5, *np.bincount(label)), shuffle=True, random_state=seed)
    guess = cross_val_predict(
        classifier(), np.concatenate(columns), label, cv=folds, method="decision_function"
    )
    return float(roc_auc_score(label, guess))
