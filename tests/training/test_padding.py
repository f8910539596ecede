"""Padding counts for nothing: neither its values nor its amount change a loss or a gradient."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    FEATURES,
    LENGTH,
    losses_and_gradients,
    snapshot,
    tiny_config,
    tiny_lengths,
    tiny_model,
    tiny_static,
    tiny_training,
    tiny_values,
)

from timegan_lib import InputError, SequenceDataset
from timegan_lib.training import NOISE

pytestmark = pytest.mark.usefixtures("eager")

LENGTHS = tiny_lengths()
BEHIND = np.arange(LENGTH) >= LENGTHS[:, None]
BLOCKS = (1, 3)


def training_with(values, with_static, **settings):
    if with_static:  # its default is 1 / T, the one thing that looks at T; the last test is on that
        settings["static_weight"] = 0.2
    static, blocks = (tiny_static(), BLOCKS) if with_static else (None, ())
    return tiny_training(tiny_config(**settings), values, LENGTHS, static, blocks)


def assert_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):  # losses, then gradients
        assert ours.keys() == theirs.keys()
        for key in ours:
            np.testing.assert_allclose(
                ours[key], theirs[key], rtol=2e-5, atol=2e-6, err_msg=str(key)
            )


@pytest.mark.parametrize("with_static", [False, True], ids=["no static", "static"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_padding_changes_no_loss_and_no_gradient(cell, with_static):
    values = np.where(BEHIND[..., None], 0, tiny_values()).astype(np.float32)
    expected = losses_and_gradients(training_with(values, with_static, cell=cell))
    assert all(np.any(gradient != 0) for gradient in expected[1].values())

    other = np.where(BEHIND[..., None], 7.5, values).astype(np.float32)
    assert_same(losses_and_gradients(training_with(other, with_static, cell=cell)), expected)

    longer = np.pad(other, [(0, 0), (0, 3), (0, 0)], constant_values=-2.0)
    assert_same(losses_and_gradients(training_with(longer, with_static, cell=cell)), expected)


def test_the_mask_does_something():
    """Without lengths the same values give other losses, so the tests above are not empty."""
    masked = losses_and_gradients(training_with(tiny_values(), False))[0]
    plain = losses_and_gradients(tiny_training())[0]
    assert all(masked[key] != plain[key] for key in plain if key[1] != "discriminator_updates")


def test_full_lengths_are_no_lengths():
    full = tiny_training(lengths=np.full(40, LENGTH))
    assert full.draws.mask is None
    assert losses_and_gradients(full)[0] == losses_and_gradients(tiny_training())[0]


@pytest.mark.parametrize("kind", ["uniform", "gaussian"])
def test_noise_does_not_depend_on_padding(kind):
    seed = tf.constant([3, 4], tf.int64)
    short, long = (NOISE[kind]((5, length, 3), seed).numpy() for length in (6, 11))
    np.testing.assert_array_equal(short, long[:, :6])


def dataset(extra=0, with_static=False):
    """Lengths from 2 to 6, in room for more steps than the longest has."""
    values = np.pad(tiny_values() * 4 + 1, [(0, 0), (0, extra), (0, 0)], constant_values=99.0)
    static = tiny_static(blocks=(1, 1)) * 3 if with_static else None
    return SequenceDataset.from_arrays(values, LENGTHS, static)


@pytest.mark.parametrize("with_static", [False, True], ids=["no static", "static"])
def test_room_behind_the_longest_sequence_changes_nothing(with_static):
    """Not even Wiener noise and the static weight of 1 / T, which look at T."""
    models = [tiny_model(dataset(extra, with_static), noise="wiener") for extra in (0, 4)]
    states = [snapshot(model.training) for model in models]
    for name, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][name], err_msg=name)
    short, long = (model.sample(20) for model in models)
    assert long.values.shape == (20, LENGTH, FEATURES)
    np.testing.assert_array_equal(short.values, long.values)


@pytest.fixture(scope="module")
def models():
    tf.config.run_functions_eagerly(True)
    return {
        with_static: tiny_model(dataset(with_static=with_static)) for with_static in (False, True)
    }


def behind(data):
    return np.arange(data.values.shape[1]) >= data.lengths[:, None]


@pytest.mark.parametrize("with_static", [False, True], ids=["no static", "static"])
def test_samples_are_zero_behind_their_end(models, with_static):
    made = models[with_static].sample(60)
    assert behind(made).any() and np.all(made.values[behind(made)] == 0.0)
    assert np.all(made.values[~behind(made)] != 0.0)
    assert (made.static is None) == (not with_static)


def test_sampled_lengths_come_from_the_training_lengths(models):
    model = models[False]
    made = model.sample(4000, seed=3)
    sizes, counts = np.unique(made.lengths, return_counts=True)
    expected = np.array([np.mean(size == LENGTHS) for size in range(2, LENGTH + 1)])
    np.testing.assert_array_equal(sizes, range(2, LENGTH + 1))
    np.testing.assert_allclose(counts / 4000, expected, atol=0.04)
    np.testing.assert_array_equal(
        model.sample(50, seed=1).lengths, model.sample(50, seed=1).lengths
    )
    assert np.any(model.sample(50, seed=1).lengths != model.sample(50, seed=2).lengths)


def test_lengths_may_be_given(models):
    wanted = np.array([2, 6, 3, 4])
    for model in models.values():
        np.testing.assert_array_equal(model.sample(4, lengths=wanted).lengths, wanted)
        np.testing.assert_array_equal(model.sample(4, lengths=5).lengths, 5)
        for wrong in (0, LENGTH + 1, 2.5, [2, 3, 7, 2]):
            with pytest.raises(InputError, match="lengths"):
                model.sample(4, lengths=wrong)


def test_with_statics_the_length_is_generated_jointly(models):
    """The length is one more static output, from its smallest to its largest value."""
    model = models[True]
    static = model.networks.static
    assert static.recovery.weights[1].shape == (3,)  # two features and the length
    bias = static.recovery.weights[1]
    kept = bias.numpy()
    try:
        for push, length in ((-50, 2), (0, None), (50, LENGTH)):
            bias.assign(kept + np.array([0, 0, push]))
            made = model.sample(30)
            assert made.static.shape == (30, 2)  # the length is not among them
            assert set(made.lengths) == {length} if length else made.lengths.min() >= 2
    finally:
        bias.assign(kept)


def test_lengths_for_wanted_statics_depend_on_the_seed(models):
    static = tiny_static(blocks=(1, 1)) * 3
    first, again, other = (models[True].sample(40, seed=s, static=static) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.lengths, again.lengths)
    assert np.any(first.lengths != other.lengths)
    assert set(first.lengths) <= set(LENGTHS)
