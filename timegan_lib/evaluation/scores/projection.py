"""Sequences as points of a plane: PCA and t-SNE, as the paper draws them.

Taught in book/what-scores-miss.ipynb.
"""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from timegan_lib.config import InputError
from timegan_lib.evaluation.inputs import Sequences, pair, take

WAYS = ("pca", "pca_joint", "tsne")


def project(
    real: Sequences, synthetic: Sequences, way: str = "pca", most: int = 1000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (n, 2) of at most `most` real and as many synthetic sequences, and what two axes explain.

    Each sequence is averaged over its scaled features to T numbers. "pca" is fitted on the real ones
    alone, as in the paper; "pca_joint" on both, which shows synthetic mass that lies off the real
    plane; "tsne" always on both, perplexity 40, scikit-learn's number of iterations (the authors' 300
    are few). The last array holds the share of variance along each axis, NaN for t-SNE.
    Source: the authors' `visualization_metrics.py`. Raises InputError.
    Taught in book/what-scores-miss.ipynb.
    """
    if way not in WAYS:
        raise InputError(f"way={way!r} must be one of {', '.join(WAYS)}")
    sides = pair(real, synthetic)
    most = min(most, *(len(side) for side in sides))
    a, b = (take(side, most, seed).scaled.mean(axis=2) for side in sides)
    if a.shape[1] < 2:
        raise InputError("sequences of one step are points already")
    both = np.concatenate([a, b])
    if way == "tsne":
        perplexity = min(40, (len(both) - 1) / 3)
        points = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(both)
        return points[: len(a)], points[len(a) :], np.full(2, np.nan)
    pca = PCA(2, random_state=seed).fit(a if way == "pca" else both)
    return pca.transform(a), pca.transform(b), pca.explained_variance_ratio_
