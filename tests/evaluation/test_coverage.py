"""Precision and recall of sets, against scikit-learn, plain loops and known cases."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from test_scores import literal, padded, rms, varied, windows

from timegan_lib import ar_gaussian
from timegan_lib.evaluation import coverage
from timegan_lib.evaluation.companions import collapsed, copycat, marginal_noise
from timegan_lib.evaluation.inputs import take


@pytest.mark.parametrize("k", [1, 3])
def test_coverage_is_that_of_scikit_learn(k):
    real, made = varied(count=40), varied(1, count=40, shift=0.5)
    x, y = padded(literal(real)), padded(literal(real, made))
    radius = [NearestNeighbors(n_neighbors=k).fit(z).kneighbors()[0][:, -1] for z in (x, y)]
    apart = np.array([[np.linalg.norm(a - b) for b in y] for a in x])
    found = coverage(real, made, k)
    assert found.precision == np.mean([(apart[:, j] <= radius[0]).any() for j in range(40)])
    assert found.recall == np.mean([(apart[i] <= radius[1]).any() for i in range(40)])
    assert 0.1 < found.precision < 1 and 0.1 < found.recall < 1


def test_windows_that_overlap_are_no_neighbors():
    real, made = windows(60), windows(60, seed=1)
    bare = [np.array(x) for x in (real.values, made.values)]
    x, y = padded(literal(real)), padded(literal(real, made))
    for a, b, share in ((x, y, "precision"), (y, x, "recall")):
        balls = [
            sorted(rms(a[i], a[j]) for j in range(60) if abs(i - j) >= 4)[2] for i in range(60)
        ]
        inside = [any(rms(p, q) <= r for q, r in zip(a, balls, strict=True)) for p in b]
        assert getattr(coverage(real, made, 3), share) == pytest.approx(np.mean(inside))
    assert coverage(real, made, 3).precision > coverage(*bare, 3).precision


def test_both_sides_are_right_where_the_source_is_and_each_sees_its_own_fault():
    real, other = (ar_gaussian(n=400, length=6, features=2, seed=k) for k in range(2))
    good = coverage(real, other)
    assert good.precision > 0.85 and good.recall > 0.85
    copy = coverage(real, copycat(real))
    assert copy.precision == copy.recall == 1
    few = coverage(real, collapsed(real))  # one kind, and that one is real
    assert few.precision > 0.95 and few.recall < 0.05
    noise = coverage(real, marginal_noise(real))
    assert noise.precision < 0.5
    apart = coverage(real, other.values + 100)
    assert apart.precision == apart.recall == 0


def test_as_many_of_one_as_of_the_other_and_at_most_so_many():
    few, many = (ar_gaussian(n=n, length=3, features=1, seed=n) for n in (40, 400))
    assert coverage(few, many) == coverage(few, take(many, 40, 0))
    assert coverage(many, many, most=20) == coverage(take(many, 20, 0), take(many, 20, 0))


def test_with_fewer_neighbors_than_asked_for_the_last_one_counts():
    a, b = np.random.default_rng(0).normal(size=(2, 4, 3, 1))
    assert coverage(a, b, k=50) == coverage(a, b, k=3)
    alone = windows(4)  # all overlap: no neighbor, no ball, but what is the same is inside
    assert (
        coverage(alone, alone).precision == 1 and coverage(alone, alone.values + 1).precision == 0
    )
