"""Each loss is its formula, written a second time in NumPy, one element after the other.

With and without a mask, of any type and of the right shape alone; with gradients that stay finite where
a loss is zero, a feature constant, or the padding NaN.
"""

import math
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from timegan_lib.config import InputError
from timegan_lib.networks.losses import (
    batch_moments,
    fake_loss,
    masked_mean,
    moments_loss,
    real_loss,
    reconstruction_loss,
    root,
    supervised_loss,
)

SHAPE = B, T, D = 12, 5, 3
LENGTHS = np.array([5, 5, 5, 4, 4, 4, 4, 4, 2, 2, 1, 1])  # valid per step: 12, 10, 8, 8, 3


def draw(seed, shape=SHAPE):
    return np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)


def mask_of(lengths, length=T):
    return (np.arange(length) < np.asarray(lengths)[:, None]).astype(np.float32)[..., None]


def valid_steps(lengths):
    lengths = np.full(B, T) if lengths is None else lengths
    return [(b, t) for b in range(B) for t in range(lengths[b])]


# ---- the formulas, in plain Python ----


def mse(a, b, lengths):
    return np.mean([(a[i] - b[i]) ** 2 for i in valid_steps(lengths)])


def one_step_ahead(latent, supervised, lengths):
    pairs = [(b, t) for b, t in valid_steps(lengths) if t >= 1]
    return np.mean([(latent[b, t] - supervised[b, t - 1]) ** 2 for b, t in pairs])


def cross_entropy(target, logits, lengths):
    p = [1 / (1 + np.exp(-logits[i].astype(np.float64))) for i in valid_steps(lengths)]
    return np.mean([-np.log(q if target == 1 else 1 - q) for q in p])


def moments(x, synthetic, lengths):
    v1, v2 = [], []
    for t in range(T):
        rows = [b for b in range(B) if lengths is None or lengths[b] > t]
        if lengths is not None and len(rows) < 8:
            continue
        for d in range(D):
            real, made = x[rows, t, d], synthetic[rows, t, d]
            v1.append(abs(math.sqrt(np.var(made) + 1e-6) - math.sqrt(np.var(real) + 1e-6)))
            v2.append(abs(np.mean(made) - np.mean(real)))
    return np.mean(v1) + np.mean(v2)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "masked"])
def test_losses_are_their_formulas(lengths):
    a, b, logits = draw(0), draw(1), draw(2, (B, T, 1)) * 8 - 4
    mask = None if lengths is None else mask_of(lengths)
    pairs = {
        "reconstruction": (reconstruction_loss(a, b, mask), mse(a, b, lengths)),
        "supervised": (supervised_loss(a, b, mask), one_step_ahead(a, b, lengths)),
        "real": (real_loss(logits, mask), cross_entropy(1, logits, lengths)),
        "fake": (fake_loss(logits, mask), cross_entropy(0, logits, lengths)),
        "moments": (moments_loss(a, b, mask), moments(a, b, lengths)),
    }
    for name, (found, expected) in pairs.items():
        np.testing.assert_allclose(found, expected, rtol=2e-6, err_msg=name)


# ---- by hand ----


def column(*numbers):
    """One sequence of one feature."""
    return np.array(numbers, np.float32).reshape(1, -1, 1)


def test_reconstruction_by_hand():
    assert float(reconstruction_loss(column(1, 2, 3), column(1, 0, 2))) == pytest.approx(5 / 3)
    mask = column(1, 1, 0)
    assert float(reconstruction_loss(column(1, 2, 3), column(1, 0, 2), mask)) == 2.0


def test_supervised_looks_one_step_ahead_by_hand():
    latent = column(1, 2, 4)
    assert float(supervised_loss(latent, column(2, 4, 99))) == 0.0  # foresees each next step
    assert float(supervised_loss(latent, latent)) == 2.5  # copies: (2 - 1)^2 and (4 - 2)^2
    assert float(supervised_loss(latent, latent, column(1, 1, 0))) == 1.0
    assert float(supervised_loss(latent, latent, column(1, 0, 0))) == 0.0  # no pair at all


def test_adversarial_losses_by_hand():
    assert float(real_loss(column(0, 0, 0))) == pytest.approx(math.log(2))
    logits = column(math.log(3), -math.log(3), 0)  # probabilities 3/4, 1/4, 1/2
    expected = -(math.log(3 / 4) + math.log(1 / 4) + math.log(1 / 2)) / 3
    assert float(real_loss(logits)) == pytest.approx(expected)
    assert float(fake_loss(logits)) == pytest.approx(expected)
    assert float(real_loss(logits, column(1, 0, 0))) == pytest.approx(math.log(4 / 3))
    assert float(fake_loss(logits, column(1, 0, 0))) == pytest.approx(math.log(4))


def test_moments_by_hand():
    x, synthetic = (np.array(v, np.float32).reshape(3, 1, 1) for v in ([0, 1, 2], [3, 3, 3]))
    expected = math.sqrt(2 / 3 + 1e-6) - math.sqrt(1e-6) + 2.0  # biased variance 2/3, means 1 and 3
    assert float(moments_loss(x, synthetic)) == pytest.approx(expected, rel=1e-6)


def test_moments_use_only_steps_with_eight_valid_sequences():
    a, b = draw(3), draw(4)
    loss = float(moments_loss(a, b, mask_of(LENGTHS)))
    wild = b.copy()
    wild[:, 4] = 50.0  # only 3 sequences are this long
    assert float(moments_loss(a, wild, mask_of(LENGTHS))) == loss
    wild = b.copy()
    wild[:8, 3] = 50.0  # these 8 are just enough
    assert float(moments_loss(a, wild, mask_of(LENGTHS))) > loss + 1
    assert float(moments_loss(a, b, mask_of([1] * 7 + [0] * 5))) == 0.0  # nowhere enough


def test_root():
    assert float(root(tf.constant(0.25))) == 0.5
    assert float(root(tf.constant(0.0))) == pytest.approx(1e-6)


def test_nothing_valid_is_zero():
    assert float(masked_mean(tf.ones((2, 3, 4)), tf.zeros((2, 3, 1)))) == 0.0


# ---- gradients where they are easily lost ----


def gradient(loss, at):
    at = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = loss(at)
    return tape.gradient(value, at).numpy()


ALIKE = draw(5)
CONSTANT = np.full(SHAPE, 0.5, np.float32)


@pytest.mark.parametrize("mask", [None, mask_of(LENGTHS)], ids=["full", "masked"])
@pytest.mark.parametrize(
    "loss, at",
    [
        (lambda x, mask: root(reconstruction_loss(ALIKE, x, mask)), ALIKE),
        (lambda x, mask: root(supervised_loss(CONSTANT, x, mask)), CONSTANT),
        (lambda x, mask: root(supervised_loss(x, CONSTANT, mask)), CONSTANT),
        (lambda x, mask: moments_loss(ALIKE, x, mask), ALIKE),
        (lambda x, mask: moments_loss(CONSTANT, x, mask), CONSTANT),
        (lambda x, mask: moments_loss(ALIKE, x, mask), CONSTANT),
        (lambda x, mask: real_loss(x[..., :1], mask), ALIKE * 400 - 200),
        (lambda x, mask: fake_loss(x[..., :1], mask), ALIKE * 400 - 200),
    ],
    ids=[
        "reconstruction root at zero", "supervised root at zero", "its target at zero",
        "moments of identical batches", "moments of constants", "moments of one constant batch",
        "a sure discriminator, real", "a sure discriminator, fake",
    ],
)  # fmt: skip
def test_gradients_are_finite(loss, at, mask):
    assert np.isfinite(gradient(lambda x: loss(x, mask), at)).all()


def test_gradient_of_sequences_of_one_step():
    found = gradient(lambda x: root(supervised_loss(x, x)), ALIKE[:, :1])
    np.testing.assert_array_equal(found, 0.0)


def test_padding_gets_no_gradient():
    mask = mask_of(LENGTHS)
    for loss in (reconstruction_loss, supervised_loss, moments_loss):
        for either in (
            lambda x, loss=loss: loss(ALIKE, x, mask),
            lambda x, loss=loss: loss(x, ALIKE, mask),
        ):
            found = gradient(either, draw(6))
            assert np.all(found[~np.broadcast_to(mask == 1, SHAPE)] == 0.0)
            assert np.any(found != 0.0)


# ---- masks ----

LOSSES = {
    "reconstruction": (reconstruction_loss, (draw(7), draw(8))),
    "supervised": (supervised_loss, (draw(7), draw(8))),
    "real": (real_loss, (draw(9, (B, T, 1)),)),
    "fake": (fake_loss, (draw(9, (B, T, 1)),)),
    "moments": (moments_loss, (draw(7), draw(8))),
    "mean": (masked_mean, (draw(7),)),
    "one moment": (lambda x, mask: sum(map(tf.reduce_sum, batch_moments(x, mask))), (draw(7),)),
}
by_loss = pytest.mark.parametrize("loss, tensors", LOSSES.values(), ids=LOSSES)


def value_and_gradients(loss, tensors, mask):
    tensors = [tf.constant(tensor) for tensor in tensors]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = loss(*tensors, mask)
    return [value.numpy(), *(found.numpy() for found in tape.gradient(value, tensors))]


def assert_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@by_loss
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_whatever_stands_in_the_padding_counts_for_nothing(loss, tensors, compiled):
    """Not for the value and not for a gradient, to the last bit."""
    mask = mask_of(LENGTHS)
    loss = tf.function(loss, autograph=False) if compiled else loss
    expected = value_and_gradients(loss, tensors, mask)
    assert all(np.isfinite(found).all() for found in expected)
    for wild in (np.nan, np.inf, -np.inf, 1e30):
        padded = [np.where(mask == 1, tensor, np.float32(wild)) for tensor in tensors]
        assert_same(value_and_gradients(loss, padded, mask), expected)


@by_loss
def test_what_is_valid_is_seen_even_if_it_is_not_a_number(loss, tensors):
    broken = [tensor.copy() for tensor in tensors]
    broken[0][0, 1] = np.nan
    assert np.isnan(loss(*broken, mask_of(LENGTHS)))


@by_loss
def test_a_mask_of_any_type_is_the_same_mask(loss, tensors):
    mask = mask_of(LENGTHS)
    expected = value_and_gradients(loss, tensors, tf.constant(mask))
    for kind in (bool, np.int32, np.int64, np.uint8, np.float16, np.float64, np.float32):
        for other in (
            mask.astype(kind),
            tf.constant(mask.astype(kind)),
            mask.astype(kind).tolist(),
        ):
            assert_same(value_and_gradients(loss, tensors, other), expected)


@by_loss
@pytest.mark.parametrize(
    "shape",
    [(B, T, 3), (1, T), (1, 3), (B, T), (T, 1), (1, T, 1), (B, 1, 1), (B, T - 1, 1), (B + 1, T, 1),
     (1, B, T, 1), ()],
    ids=str,
)  # fmt: skip
def test_a_mask_of_another_shape_is_refused(loss, tensors, shape):
    """The message names both shapes; before, the loss was another number, or TensorFlow spoke."""
    for mask in (np.ones(shape, np.float32), tf.ones(shape, tf.bool)):
        with pytest.raises(InputError) as refused:
            loss(*tensors, mask)
        told = str(refused.value)
        assert f"mask of shape {tf.TensorShape(shape)} " in told and f"({B}, {T}, 1)" in told
        with pytest.raises(InputError):
            tf.function(loss, autograph=False)(*tensors, mask)


def test_axes_that_are_not_known_yet_are_let_through():
    """Where a function is compiled for any number of sequences and steps."""
    traced = partial(tf.function, autograph=False)
    mask = mask_of(LENGTHS)
    for loss, tensors in LOSSES.values():
        signature = [tf.TensorSpec([None, None, tensor.shape[2]]) for tensor in tensors]
        for known in ([None, None, 1], None):
            compiled = traced(loss, [*signature, tf.TensorSpec(known)])
            np.testing.assert_allclose(compiled(*tensors, mask), loss(*tensors, mask), rtol=1e-6)
        wrong = traced(loss, [*signature, tf.TensorSpec([None, None, 3])])
        with pytest.raises(InputError, match=r"\(None, None, 3\).*\(None, None, 1\)"):
            wrong(*tensors, np.ones(SHAPE, np.float32))


def test_pairs_of_a_mask_with_holes():
    """A pair counts where both of its steps are valid."""
    latent, hole = column(1, 2, 4, 8), np.array([1, 0, 1, 1]).reshape(1, 4, 1)
    latent[0, 1] = np.nan
    assert float(supervised_loss(latent, column(0, np.nan, 5, 0), hole)) == 9.0  # (8 - 5)^2 alone
