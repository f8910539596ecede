"""Frequencies, against SciPy and hand-made waves."""

import numpy as np
import pytest
from scipy.signal import periodogram
from test_scores import literal, varied

from timegan_lib.evaluation import spectrum, spectrum_distance
from timegan_lib.evaluation.companions import frozen


def by_scipy(sequences):
    power = periodogram(np.array(sequences), axis=1, detrend="constant")[1].mean(axis=0)
    return power / power.sum(axis=0)


@pytest.mark.parametrize("steps", [2, 3, 8, 9])
def test_the_spectrum_is_that_of_scipy(steps):
    a, b = np.random.default_rng(0).normal(size=(2, 30, steps, 2)).cumsum(axis=2)
    np.testing.assert_allclose(spectrum(a), by_scipy(a), atol=1e-9)
    assert spectrum(a).shape == (steps // 2 + 1, 2)
    np.testing.assert_allclose(spectrum(a).sum(axis=0), 1)
    expected = np.abs(by_scipy(a) - by_scipy(b)).sum(axis=0).mean() / 2
    assert spectrum_distance(a, b) == pytest.approx(expected, abs=1e-9)


def test_only_windows_of_full_length_count():
    real, made = varied(count=60), varied(1, count=60)
    full = [[x for x in literal(real, data) if len(x) == 6] for data in (real, made)]
    assert 2 < len(full[0]) < 60
    np.testing.assert_allclose(spectrum(real), by_scipy(full[0]), atol=1e-9)
    expected = np.abs(by_scipy(full[0]) - by_scipy(full[1])).sum(axis=0).mean() / 2
    assert spectrum_distance(real, made) == pytest.approx(expected)


def test_longer_windows_are_cut_to_those_of_the_other_side():
    a, b = np.random.default_rng(0).normal(size=(2, 30, 9, 1))
    assert spectrum_distance(a, b[:, :6]) == pytest.approx(spectrum_distance(a[:, :6], b[:, :6]))


def test_a_wave_is_one_line():
    phase = np.random.default_rng(0).uniform(0, 6, (50, 1, 1))
    slow, fast = (np.sin(2 * np.pi * k * np.arange(12)[:, None] / 12 + phase) for k in (2, 5))
    np.testing.assert_allclose(spectrum(slow)[:, 0], np.eye(7)[2], atol=1e-9)
    assert spectrum_distance(slow, fast) == pytest.approx(1)
    assert spectrum_distance(slow, 3 * slow + 8) == pytest.approx(0)  # a share, not a size
    assert spectrum_distance(slow, slow + fast) == pytest.approx(0.5, abs=0.05)


def test_what_never_moves_is_apart_from_all_that_moves():
    moving = np.random.default_rng(0).normal(size=(50, 12, 1)) + 1000
    still = frozen(moving)
    np.testing.assert_array_equal(spectrum(still)[:, 0], np.eye(7)[0])
    assert spectrum_distance(moving, still) == pytest.approx(1)
    assert spectrum_distance(still, still) == 0
