"""Forecasts many steps ahead, against scikit-learn and known truths."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from timegan_lib import SequenceDataset, ar_gaussian
from timegan_lib.evaluation import horizon_errors
from timegan_lib.evaluation.companions import marginal_noise
from timegan_lib.evaluation.scores.horizon import ridge


def ar(seed, **options):
    return ar_gaussian(**dict(n=300, length=9, features=2, seed=seed) | options)


def by_scikit_learn(learned, test, alpha=1e-3):
    """(3,) mean absolute errors of the last three steps of nine; arrays in units of the real range."""
    x, y = learned[:, :6].reshape(len(learned), -1), learned[:, 6:] - learned[:, 5:6]
    model = Ridge(alpha=alpha * len(x)).fit(x, y.reshape(len(y), -1))
    guess = model.predict(test[:, :6].reshape(len(test), -1)).reshape(-1, 3, 2) + test[:, 5:6]
    return np.abs(guess - test[:, 6:]).mean(axis=(0, 2))


def test_errors_are_those_of_scikit_learn():
    real, rest, made = ar(0), ar(1), ar(2, phi=0.3)
    a, b, c = (real.scaler.scale(data.values) for data in (real, rest, made))
    found = horizon_errors(real, rest, made)
    assert list(found.index) == ["+1", "+2", "+3", "all"]
    np.testing.assert_allclose(found["real"][:3], by_scikit_learn(a, b))
    np.testing.assert_allclose(found["synthetic"][:3], by_scikit_learn(c, b))
    still = np.abs(b[:, 5:6] - b[:, 6:]).mean(axis=(0, 2))
    np.testing.assert_allclose(found["persistence"][:3], still)
    np.testing.assert_allclose(found["ratio"], found["synthetic"] / found["real"])
    assert found.loc["all", "real"] == pytest.approx(by_scikit_learn(a, b).mean())


def test_sequences_that_end_early_are_left_out():
    real, rest, made = ar(0), ar(1), ar(2)
    lengths = np.where(np.arange(300) % 3, 9, 5)
    some = SequenceDataset.from_arrays(made.values, lengths)
    np.testing.assert_allclose(
        horizon_errors(real, rest, some), horizon_errors(real, rest, made.subset(lengths == 9))
    )


def test_farther_is_harder_and_noise_teaches_little():
    real, rest = ar(0, n=2000), ar(1, n=2000)
    found = horizon_errors(real, rest, ar(2, n=2000))
    assert (np.diff(found["real"][:3]) > 0).all()
    assert found.loc["all", "ratio"] == pytest.approx(1, abs=0.02)
    spread = [np.sqrt(2 / np.pi / (1 - 0.8**2) * (1 - 0.8 ** (2 * k))) for k in (1, 2, 3)]
    own = horizon_errors(real, rest, real)["real"][:3] * np.ptp(real.values, axis=(0, 1)).mean()
    np.testing.assert_allclose(own, spread, rtol=0.05)  # what no forecaster can know
    assert horizon_errors(real, rest, marginal_noise(real)).loc["all", "ratio"] > 1.05


def test_a_straight_line_has_no_error_to_divide_by():
    start = np.random.default_rng(0).uniform(size=(30, 1, 1))
    flat = np.repeat(start, 6, axis=1)
    found = horizon_errors(flat, flat, flat)
    assert (found[["real", "synthetic", "persistence"]] < 1e-12).all(axis=None)
    np.testing.assert_allclose(found["ratio"], 1)


def test_a_penalty_without_end_leaves_the_mean_change():
    past, future = ar(0).values[:, :6], ar(0).values[:, 6:]
    mean = (future - past[:, -1:]).mean(axis=0)
    np.testing.assert_allclose(ridge(past, future, past, 1e12), past[:, -1:] + mean, atol=1e-6)
