"""The published correlational score, line by line."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import pearsonr
from test_scores import literal, varied

from timegan_lib import ar_gaussian
from timegan_lib.evaluation import correlation_difference, correlational_score


def published(real, fake):
    """Utils/cross_correlation.py of the score's authors in NumPy: lag 0, lower triangle, a tenth of the sum."""
    rows, columns = np.tril_indices(real.shape[2])
    found = []
    for x in (real, fake):
        x = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1), ddof=1)
        found.append((x[..., rows] * x[..., columns]).mean(axis=1).mean(axis=0))
    return np.abs(found[1] - found[0]).sum() / 10


def test_the_correlational_score_is_the_published_one():
    a, b = ar_gaussian(n=300, features=4).values, ar_gaussian(n=250, features=4, sigma=0.3).values
    assert correlational_score(a, b) == pytest.approx(published(a, b), abs=1e-3)
    assert correlational_score(a, b) > 0.2


def test_it_sees_what_the_difference_of_correlations_sees():
    real, made = varied(), varied(1)
    a, b = (np.concatenate(x) for x in (literal(real), literal(real, made)))
    pairs = [
        abs(pearsonr(a[:, i], a[:, j])[0] - pearsonr(b[:, i], b[:, j])[0])
        for i, j in combinations(range(3), 2)
    ]
    assert correlational_score(real, made) == pytest.approx(sum(pairs) / 10)
    assert correlational_score(real, made) == pytest.approx(
        3 * 2 / 20 * correlation_difference(real, made)
    )
