"""Context-FID: the distance against SciPy and by hand, the encoders, and what the score sees."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import sqrtm

from timegan_lib import InputError, SequenceDataset, ar_gaussian, load_dataset
from timegan_lib.evaluation import context_fid
from timegan_lib.evaluation.companions import (
    block_bootstrap,
    collapsed,
    copycat,
    frozen,
    marginal_noise,
    time_reversed,
)
from timegan_lib.evaluation.inputs import pair, take
from timegan_lib.evaluation.judge import borrowed
from timegan_lib.evaluation.scores.context_fid import UNITS, _embedded, _objective, frechet
from timegan_lib.training import assign


def ar(seed, **options):
    return ar_gaussian(**dict(n=400, length=8, features=2, seed=seed) | options)


def quick(real, synthetic, **options):
    return context_fid(real, synthetic, **dict(encoders=2, steps=60, progress=False) | options)


def test_gaussians_in_one_dimension_by_hand():
    a, b = np.array([[1.0], [3.0]]), np.array([[2.0], [10.0]])  # means 2, 6; variances 2, 32
    assert frechet(a, b) == pytest.approx(4**2 + (32**0.5 - 2**0.5) ** 2)


def test_independent_axes_by_hand():
    square = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * 0.75**0.5  # variance 1 along both
    a, b = square * [1, 2], square * [3, 5] + [1, -2]
    assert frechet(a, b) == pytest.approx(1 + 4 + (3 - 1) ** 2 + (5 - 2) ** 2)


@pytest.mark.parametrize("rank", [7, 3])
def test_the_distance_is_that_of_scipy(rank):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(60, rank)) @ rng.normal(size=(rank, 7)) + k for k in range(2))
    first, second = np.cov(a.T), np.cov(b.T)
    root = sqrtm(first @ second).real
    means = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    expected = means + np.trace(first + second - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-9 if rank == 7 else 1e-4)
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-6)


def encoder():
    """The one that was used last."""
    with borrowed(_objective, 7, 2, UNITS, 2) as network:
        return network


def test_an_embedding_is_the_largest_state_of_the_valid_steps():
    real = ar(0)
    lengths = np.where(np.arange(400) % 2, 8, 5)
    some = SequenceDataset.from_arrays(real.values, lengths)
    some = replace(some, scaler=real.scaler)
    network = encoder()
    assign(network.weights, network._drawn(3))
    found = _embedded(network, some)
    gates, gate_bias, new, new_bias = (weight.numpy() for weight in network.weights[:4])
    states, best = np.zeros((400, UNITS)), np.full((400, UNITS), -np.inf)
    for step in range(8):
        x = some.scaled[:, step]
        r, u = np.split(1 / (1 + np.exp(-(np.c_[x, states] @ gates + gate_bias))), 2, axis=1)
        states = u * states + (1 - u) * np.tanh(np.c_[x, r * states] @ new + new_bias)
        best = np.where((lengths > step)[:, None], np.maximum(best, states), best)
    np.testing.assert_allclose(found, best, atol=1e-5)


def test_the_number_is_the_distance_in_units_of_the_real_spread():
    real, made = ar(0), ar(1, phi=0.2)
    found = quick(real, made, seed=4)
    network = encoder()  # as the second encoder left it
    a, b = (_embedded(network, side) for side in pair(real, made))
    assert found.distances[1] == pytest.approx(frechet(a, b) / np.trace(np.cov(a.T)))


def test_the_same_seed_gives_the_same_and_another_does_not():
    real, made = ar(0), ar(1, phi=0.2)
    one, two, other = quick(real, made), quick(real, made), quick(real, made, seed=1)
    np.testing.assert_array_equal(one.distances, two.distances)
    assert len(set(one.distances) | set(other.distances)) == 4
    assert one.mean == one.distances.mean() and one.sd == one.distances.std(ddof=1)
    assert f"{one.mean:.3f} (sd {one.sd:.3f} over 2 encoders" in str(one)
    alone = quick(real, made, encoders=1)
    assert alone.distances[0] == one.distances[0] and np.isnan(alone.sd)


def test_the_encoder_learns_from_the_real_side():
    """It forecasts better than one that has learned nothing."""
    real = ar(0)
    quick(real, real, encoders=1, steps=300)
    network = encoder()

    def error():
        return np.abs(network.predict(real.scaled[:, :-1]) - real.scaled[:, 1:]).mean()

    trained = error()
    assign(network.weights, network._drawn(0))
    assert trained < 0.5 * error()


def test_farther_sources_lie_farther():
    real = ar(0)
    near, far, noise = (
        quick(real, made).mean for made in (ar(1), ar(1, phi=0.4), marginal_noise(real))
    )
    assert 0 < near < 0.03 < far < noise
    assert quick(real, copycat(real)).mean < 1e-6


def test_what_it_sees_of_prices_others_see_too():
    """By the rule of the table of companions: off by more than 0.05 and twice as much as held-out data."""
    train, held_out = load_dataset("google").split()
    train = take(train, 700, 0)
    made = {
        "bootstrap": block_bootstrap, "noise": marginal_noise, "reversed": time_reversed,
        "collapsed": collapsed, "copycat": copycat,
        "frozen prices": lambda real: frozen(real, features=real.names[:-1]),
    }  # fmt: skip
    options = {"encoders": 2, "steps": 300, "progress": False}
    ceiling = context_fid(train, held_out, **options).mean
    found = {name: context_fid(train, make(train), **options).mean for name, make in made.items()}
    caught = {name for name, number in found.items() if number > max(2 * ceiling, 0.05)}
    assert caught == {"bootstrap", "noise", "collapsed"}


@pytest.mark.parametrize(
    ("options", "message"),
    [({"encoders": 0}, "encoders=0"), ({"steps": 0}, "steps=0"), ({"seed": -1}, "seed=-1")],
)
def test_arguments_that_are_no_use(options, message):
    with pytest.raises(InputError, match=message):
        quick(ar(0), ar(1), **options)


def test_data_that_are_no_use():
    with pytest.raises(InputError, match="sequences of one step"):
        quick(ar(0).values[:, :1], ar(1).values[:, :1])
    with pytest.raises(InputError, match="all alike"):
        quick(np.ones((9, 4, 1)), np.ones((9, 4, 1)))
