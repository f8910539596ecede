"""It learns: a short training makes series that move like the real ones, and each part is needed.

The series are x_t = phi x_(t-1) + noise. What the eye can check is the correlation of neighbors,
phi itself: series with phi = 0.6 wander, those with -0.6 zigzag.
"""

import numpy as np
import pytest
from helpers import fit

from timegan_lib import TimeGANConfig, ar_gaussian

pytestmark = pytest.mark.slow

PHIS = (0.6, -0.6)
CONFIG = TimeGANConfig(
    steps=(500, 500, 2_500), hidden=8, layers=1, batch_size=64, learning_rate=3e-3
)


def data(phi):
    return ar_gaussian(n=1_000, length=12, features=1, phi=phi, sigma=0.0, seed=3)


def found_phi(values):
    """Correlation of neighbors in (N, T, 1)."""
    values = values - values.mean()
    return float((values[:, 1:] * values[:, :-1]).mean() / np.square(values).mean())


def learned(**settings):
    """phi of what was learned, for each of PHIS."""
    config = CONFIG.replace(**settings)
    return [found_phi(fit(config=config, data=data(phi)).sample(1_000).values) for phi in PHIS]


def error(found):
    return sum(abs(one - phi) for one, phi in zip(found, PHIS, strict=True)) / len(PHIS)


@pytest.fixture(scope="module")
def trained():
    return learned()


def test_a_short_training_finds_sign_and_order_of_phi(trained):
    wandering, zigzag = trained
    assert wandering > 0.2 and zigzag < -0.2
    assert wandering - zigzag > 0.8


def test_it_beats_an_untrained_model_and_a_shuffled_copy(trained):
    shuffle = np.random.default_rng(0)
    shuffled = [found_phi(shuffle.permuted(data(phi).values, axis=1)) for phi in PHIS]
    assert np.abs(shuffled).max() < 0.3  # the same values, without their order
    untrained = learned(steps=0)
    assert error(trained) < 0.6 * error(shuffled)
    assert error(trained) < 0.6 * error(untrained)


def test_without_the_supervised_loss_it_does_worse(trained):
    assert error(trained) < 0.85 * error(learned(supervised=False))
