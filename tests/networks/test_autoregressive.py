"""The autoregressive generator: what it says and what it makes are the same distribution."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from timegan_lib import TimeGANConfig, ar_gaussian
from timegan_lib.networks import recurrent_stack
from timegan_lib.networks.autoregressive import (
    BEYOND,
    AutoregressiveGenerator,
    AutoregressiveNetworks,
    gru_step,
)

CONFIG = TimeGANConfig.recipe("autoregressive", hidden=5, layers=2)


def generator(statics: int = 0, features: int = 3) -> AutoregressiveGenerator:
    made = AutoregressiveGenerator(CONFIG, features, statics, seed=0)
    rng = np.random.default_rng(0)
    for weight in made.weights:  # away from where they begin
        weight.assign_add(0.2 * rng.standard_normal(weight.shape).astype(np.float32))
    return made


def noise(n: int, length: int, seed: int = 0) -> tf.Tensor:
    return tf.random.stateless_normal((n, length, 7), [seed, 0])


def test_the_step_is_that_of_the_stack():
    network, x = generator(), tf.random.stateless_normal((6, 7, 9), [1, 1])
    stacked = recurrent_stack(x, network.layers, "gru")
    states = [tf.zeros((6, 5))] * 2
    for t in range(7):
        h, new = x[:, t], []
        for state, weights in zip(states, network.layers, strict=True):
            h = gru_step(h, state, weights)
            new.append(h)
        states = new
        np.testing.assert_allclose(h, stacked[:, t], atol=1e-6)


@pytest.mark.parametrize("statics", [0, 2])
def test_free_running_and_teacher_forced_are_one_network(statics):
    """Teacher forced on what it made itself, with the same noise, it makes the same again."""
    network, z = generator(statics), noise(6, 9)
    static = tf.random.stateless_uniform((6, 2), [2, 2]) if statics else None
    made = network(z, static)
    np.testing.assert_allclose(network.one_ahead(z, made, static), made, atol=1e-5)
    other = (
        made + tf.one_hot([3], 9, axis=1)[..., tf.newaxis]
    )  # a real series that differs at step 3
    again = network.one_ahead(z, other, static)
    np.testing.assert_allclose(again[:, 1:4], made[:, 1:4], atol=1e-5)
    assert np.abs(again[:, 4:] - made[:, 4:]).max() > 1e-3


def test_a_step_says_nothing_of_steps_after_it():
    network, x = generator(), noise(5, 8)[..., :3]
    told = network.log_density(x)
    changed = tf.concat([x[:, :5], x[:, 5:] + 1.0], 1)
    np.testing.assert_allclose(network.log_density(changed)[:, :5], told[:, :5], atol=1e-5)
    assert np.abs(network.log_density(changed)[:, 5:] - told[:, 5:]).min() > 1e-4


def test_a_long_sequence_is_made_by_a_loop_with_the_same_numbers(monkeypatch):
    network, z = generator(1), noise(4, 12)
    static = tf.constant([[0.1], [0.4], [0.6], [1.0]])
    unrolled = network(z, static)
    monkeypatch.setattr("timegan_lib.networks.autoregressive.LONGEST", 5)
    np.testing.assert_allclose(network(z, static), unrolled, atol=1e-5)


def test_it_begins_as_the_linear_autoregression_of_its_data():
    data = ar_gaussian(n=3_000, length=8, features=3, phi=0.8, sigma=0.5)
    x, network = data.values.astype(np.float32), AutoregressiveGenerator(CONFIG, 3, 0, seed=0)
    network.begin_with(x, np.ones(x.shape[:2], bool), None)
    np.testing.assert_allclose(network.straight[:3], 0.8 * np.eye(3), atol=0.05)
    root = np.linalg.inv(np.eye(3) - np.tril(network.triangles[1, 0], -1)) @ np.diag(network.news)
    np.testing.assert_allclose(root @ root.T, 0.5 + 0.5 * np.eye(3), atol=0.05)


def test_its_first_look_at_the_data_says_which_features_can_stay_as_they_were():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 6, 3)).astype(np.float32)
    stays = rng.random((200, 6)) < 0.4
    for t in range(1, 6):
        x[:, t, 1] = np.where(stays[:, t], x[:, t - 1, 1], x[:, t, 1])
    network = generator()
    network.begin_with(x, np.ones(x.shape[:2], bool), None)
    assert network.stays.numpy().tolist() == [0, 1, 0]
    made = network(noise(2_000, 6)).numpy()
    assert ((made[:, 1:] == made[:, :-1]).mean((0, 1)) > [-1, 0.1, -1]).all()
    assert (made[:, 1:] == made[:, :-1])[..., [0, 2]].sum() == 0


def test_padding_does_not_count_for_the_beginning():
    x = np.random.default_rng(0).standard_normal((50, 6, 2)).astype(np.float32)
    mask = np.arange(6) < np.random.default_rng(1).integers(2, 7, 50)[:, None]
    first, second = (AutoregressiveGenerator(CONFIG, 2, 0, seed=0) for _ in range(2))
    first.begin_with(np.where(mask[..., None], x, 0.0), mask, None)
    second.begin_with(np.where(mask[..., None], x, 99.0).astype(np.float32), mask, None)
    sides = ([*side.weights, *side.constants] for side in (first, second))
    for one, other in zip(*sides, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_made_stays_near_the_range_of_the_data():
    x = np.random.default_rng(0).standard_normal((200, 6, 3)).astype(np.float32)
    network = generator()
    network.begin_with(x, np.ones(x.shape[:2], bool), None)
    network.straight.assign(5.0 * tf.ones_like(network.straight))  # explodes
    made, low, high = network(noise(100, 6)).numpy(), x.min((0, 1)), x.max((0, 1))
    room = BEYOND * (high - low) + 1e-4
    assert (made >= low - room).all() and (made <= high + room).all()
    assert (made > high).any()


def test_one_step_is_a_sequence_too():
    network = generator()
    made = network(noise(4, 1))
    assert made.shape == (4, 1, 3) and network.log_density(made).shape == (4, 1)
    np.testing.assert_array_equal(network.one_ahead(noise(4, 1), made), made)


def test_all_that_sampling_needs_is_among_all_weights():
    networks = AutoregressiveNetworks(CONFIG, 3, (1, 2), seed=0)
    names = [w.name for w in networks.all_weights]
    assert len(set(names)) == len(names) and "generator/limits:0" in names
    assert {w.name for w in networks.weights("generator", "supervisor", "recovery")} < set(names)
