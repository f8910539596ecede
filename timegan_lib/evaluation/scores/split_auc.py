"""Are train and held-out part alike? Taught in book/the-data.ipynb."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from timegan_lib.data import SequenceDataset


def split_auc(train: SequenceDataset, held_out: SequenceDataset) -> float:
    """How well a logistic regression tells train from held-out sequences: 0.5 not at all, 1 always.

    It sees mean, standard deviation and change of every feature of a sequence. It is fitted on
    four fifths of the time and asked about the last, each in turn: with random fifths it would
    meet windows that overlap those it was fitted on. Taught in book/the-data.ipynb.
    """

    def summary(data: SequenceDataset) -> np.ndarray:
        valid, count = data.mask[:, :, None], data.lengths[:, None]
        mean = data.values.sum(axis=1) / count
        spread = np.square((data.values - mean[:, None]) * valid).sum(axis=1) / count
        change = data.values[np.arange(len(data)), data.lengths - 1] - data.values[:, 0]
        return np.concatenate([mean, np.sqrt(spread), change], axis=1)

    features = np.concatenate([summary(train), summary(held_out)])
    label = np.repeat([0, 1], [len(train), len(held_out)])
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced")
    )
    folds = StratifiedKFold(5)  # not shuffled: each fold is one fifth of the time
    guess = cross_val_predict(classifier, features, label, cv=folds, method="decision_function")
    return float(roc_auc_score(label, guess))
