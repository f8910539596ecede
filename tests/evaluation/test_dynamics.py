"""Movement inside windows, against plain loops, hand-made cases and known truths."""

from itertools import pairwise

import numpy as np
import pytest
from test_scores import literal, varied

from timegan_lib import InputError, SequenceDataset, ar_gaussian
from timegan_lib.evaluation import (
    autocorrelation,
    inside_memory,
    inside_memory_difference,
    inside_share,
    inside_share_difference,
)
from timegan_lib.evaluation.companions import frozen


def memory_by_loops(sequences, lags):
    """sequences: a list of (length, D)."""
    features = sequences[0].shape[1]
    found = np.zeros((lags + 1, features))
    for k in range(features):
        own = [x[:, k] - sum(x[:, k]) / len(x) for x in sequences if len(x)]
        variance = sum(value**2 for x in own for value in x)
        for lag in range(lags + 1):
            products = [x[t] * x[t - lag] for x in own for t in range(lag, len(x))]
            found[lag, k] = sum(products) / variance
    return found


def sizes(sequences):
    return [np.array([abs(q - p) for p, q in pairwise(x)]).reshape(-1, 3) for x in sequences]


def test_inside_memory_is_that_of_plain_loops():
    real, made = varied(), varied(1, shift=2.0)
    a, b = literal(real), literal(real, made)
    np.testing.assert_allclose(inside_memory(real, 5), memory_by_loops(a, 5), atol=1e-9)
    np.testing.assert_allclose(
        inside_memory(real, 4, sizes=True), memory_by_loops(sizes(a), 4), atol=1e-9
    )
    expected = np.abs(memory_by_loops(a, 5) - memory_by_loops(b, 5))[1:].mean()
    assert inside_memory_difference(real, made) == pytest.approx(expected)
    expected = np.abs(memory_by_loops(sizes(a), 2) - memory_by_loops(sizes(b), 2))[1:].mean()
    assert inside_memory_difference(real, made, 2, sizes=True) == pytest.approx(expected)


def test_inside_memory_by_hand():
    """One window 1, 2, 3 and one that lies elsewhere: around their means -1, 0, 1."""
    windows = np.array([[1.0, 2, 3], [101, 102, 103]])[..., None]
    np.testing.assert_allclose(inside_memory(windows, 2)[:, 0], [1, 0, -1 / 2])
    assert autocorrelation(windows, 2)[2, 0] > 0.99  # around one mean for both


def test_large_steps_that_follow_large_ones_are_seen():
    """Steps +9, -9, +9 and then +1, -1, +1: their sizes 9, 9, 9, 1, 1, 1 lie 4 around 5."""
    window = np.cumsum([0.0, 9, -9, 9, 1, -1, 1])
    windows = np.array([window, window + 50])[..., None]
    np.testing.assert_allclose(
        inside_memory(windows, 2, sizes=True)[:, 0], [1, 3 / 6, 0], atol=1e-9
    )


def test_a_known_process_has_its_memory_but_for_the_mean_taken_out():
    data = ar_gaussian(n=2000, length=400, features=1, phi=0.7)
    np.testing.assert_allclose(inside_memory(data, 3)[:, 0], 0.7 ** np.arange(4), atol=0.02)


def test_inside_share_is_that_of_plain_loops_and_of_theory():
    real = varied()
    rows = literal(real)
    inside = sum(((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in rows) / sum(map(len, rows))
    expected = inside / np.var(np.concatenate(rows), axis=0)
    np.testing.assert_allclose(inside_share(real), expected)
    # independent values: of a window of 5 a fifth of the variance is that of its mean
    noise = np.random.default_rng(0).normal(size=(4000, 5, 1))
    assert inside_share(noise)[0] == pytest.approx(4 / 5, abs=0.02)
    by_hand = np.array([[0.0, 2], [10, 12]])[..., None]  # 1 inside, 25 between
    assert inside_share(by_hand)[0] == pytest.approx(1 / 26)
    twice = np.array([[-1.0, 3], [9, 13]])[..., None]  # 4 inside
    a, b = 1 / 26, 4 / 29
    assert inside_share_difference(by_hand, twice) == pytest.approx((b - a) / b)


def test_windows_that_stand_still_are_seen_at_once():
    real = ar_gaussian(n=200, length=12, features=2, phi=0.99)
    still = frozen(real)
    assert not inside_share(still).any() and not inside_memory(still, 11).any()
    assert inside_share_difference(real, still) == inside_share_difference(still, real) == 1
    assert inside_memory_difference(real, still) == pytest.approx(
        np.abs(inside_memory(real, 11)[1:]).mean()
    )
    assert autocorrelation(still, 11).min() > 0.99  # around one mean they look right
    half = frozen(real, features="x1")
    own = inside_share_difference(real, half)
    assert own == pytest.approx(0.5, abs=0.01)


def test_a_large_constant_does_not_move():
    """0.1 + 0.2 is not 0.3: a mean of equal numbers may differ from them in the last digit."""
    still = np.repeat(np.random.default_rng(0).uniform(size=(50, 1, 2)) * 1e6, 7, axis=1)
    assert not inside_share(still).any() and not inside_memory(still, 3).any()


def test_an_error_names_what_is_wrong():
    data = SequenceDataset.from_arrays(np.random.default_rng(0).uniform(size=(20, 5, 2)))
    for call, said in (
        (lambda: inside_memory(data, 5), "lags=5 must be less than the 5 steps"),
        (lambda: inside_memory(data, 4, sizes=True), "lags=4 .* 4 steps"),
        (lambda: inside_memory(data, 0), "lags=0"),
    ):
        with pytest.raises(InputError, match=said):
            call()
