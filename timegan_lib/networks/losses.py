"""The four losses, as pure functions of tensors.

Every tensor is (B, T, features). `mask` is None where all sequences have the same length, else a
(B, T, 1) tensor of ones at valid steps and zeros at padding; padded steps then count for nothing, not
even NaN: a mean is always sum over valid / number of valid. A mask may be of any type; one of another
shape raises InputError. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from timegan_lib.config import InputError

SMALLEST = 1e-12  # under a root: keeps the gradient at a loss of zero finite
FEWEST = 8.0  # sequences in a batch that a moment at one step needs


def reconstruction_loss(x, reconstructed, mask=None) -> tf.Tensor:
    """L_R = mean (x - x~)^2: how much the autoencoder loses. A scalar.

    Source: paper equation 7 (there unsquared norms, summed); the authors' E_loss_T0.
    Taught in book/losses/reconstruction.ipynb.
    """
    mask, x, reconstructed = without_padding(mask, x, reconstructed)
    return masked_mean(tf.square(x - reconstructed), mask)


def supervised_loss(latent, supervised, mask=None) -> tf.Tensor:
    """L_S = mean (h_t - s(h)_{t-1})^2: how well the supervisor foresees the next latent step.

    The supervisor's output at step t - 1 is compared with the latent at step t. Without that shift
    it would learn to copy. A scalar; 0 for sequences of one step.
    Source: paper equation 9; the authors' G_loss_S. Taught in book/losses/supervised.ipynb.
    """
    mask, latent, supervised = without_padding(mask, latent, supervised)
    pairs = None if mask is None else mask[:, 1:] * mask[:, :-1]
    if latent.shape[1] == 1:
        return 0.0 * tf.reduce_sum(supervised)  # no pair, and a gradient of zero
    _, later = tf.split(latent, [1, -1], axis=1)  # [:, 1:]; its gradient is cheaper
    earlier, _ = tf.split(supervised, [-1, 1], axis=1)  # [:, :-1]
    error = tf.square(later - earlier)
    return masked_mean(error, pairs)


def real_loss(logits, mask=None) -> tf.Tensor:
    """BCE(1, y) = mean log(1 + exp(-y)): small where the discriminator says "real". A scalar.

    Source: paper equation 8; the authors' D_loss_real, and G_loss_U when y judges generated steps.
    Taught in book/losses/unsupervised.ipynb.
    """
    mask, logits = without_padding(mask, logits)
    return masked_mean(tf.nn.softplus(-logits), mask)


def fake_loss(logits, mask=None) -> tf.Tensor:
    """BCE(0, y) = mean log(1 + exp(y)): small where the discriminator says "made up". A scalar.

    Source: paper equation 8; the authors' D_loss_fake. Taught in book/losses/unsupervised.ipynb.
    """
    mask, logits = without_padding(mask, logits)
    return masked_mean(tf.nn.softplus(logits), mask)


def moments_loss(x, synthetic, mask=None) -> tf.Tensor:
    """V = V1 + V2: distance of standard deviation and of mean, per step and feature. A scalar.

    V1 = mean |sqrt(var(x^) + 1e-6) - sqrt(var(x) + 1e-6)|, V2 = mean |mean(x^) - mean(x)|, mean and
    (biased) variance over the batch. With a mask only steps with 8 valid sequences count.
    Source: the authors' G_loss_V; not in the paper. Taught in book/losses/moments.ipynb.
    """
    mean_x, variance_x = batch_moments(x, mask)  # (T, features) each
    mean_s, variance_s = batch_moments(synthetic, mask)
    v1 = tf.abs(tf.sqrt(variance_s + 1e-6) - tf.sqrt(variance_x + 1e-6))
    v2 = tf.abs(mean_s - mean_x)
    if mask is None:
        return tf.reduce_mean(v1) + tf.reduce_mean(v2)
    enough = tf.cast(tf.reduce_sum(tf.cast(mask, tf.float32), 0) >= FEWEST, tf.float32)  # (T, 1)
    return masked_mean(v1, enough) + masked_mean(v2, enough)


def root(loss) -> tf.Tensor:
    """sqrt(max(loss, 1e-12)): the root with a finite gradient where the loss is zero.

    Taught in book/losses/reconstruction.ipynb.
    """
    return tf.sqrt(tf.maximum(loss, SMALLEST))


def masked_mean(values, mask=None) -> tf.Tensor:
    """Mean over all elements, or over those a mask of the same leading shape (..., 1) lets through.

    Taught in book/losses/supervised.ipynb.
    """
    if mask is None:
        return tf.reduce_mean(values)
    mask, values = without_padding(mask, values)
    valid = tf.reduce_sum(mask) * tf.cast(tf.shape(values)[-1], tf.float32)
    return tf.reduce_sum(values * mask) / tf.maximum(valid, 1.0)


def batch_moments(x, mask=None) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and biased variance over the batch of (B, T, features): two tensors (T, features).

    Taught in book/losses/moments.ipynb.
    """
    if mask is None:
        return tf.nn.moments(x, axes=[0])
    mask, x = without_padding(mask, x)
    count = tf.maximum(tf.reduce_sum(mask, 0), 1.0)  # (T, 1)
    mean = tf.reduce_sum(x * mask, 0) / count
    return mean, tf.reduce_sum(tf.square(x - mean) * mask, 0) / count


def without_padding(mask, *tensors) -> list[Any]:
    """The mask as float32, and each tensor with zeros where it is zero; all as they are without one.

    The zeros stand before anything is computed: NaN behind a sum times zero would still be NaN, and so
    would its gradient. Raises InputError for a mask whose shape is not that of a tensor, last axis 1.
    """
    if mask is None:
        return [mask, *tensors]
    mask = tf.cast(mask, tf.float32)
    for tensor in tensors:
        needed = tf.TensorShape(tensor.shape)[:-1].concatenate(1)
        if not mask.shape.is_compatible_with(needed):  # unknown axes fit
            raise InputError(
                f"a mask of shape {mask.shape} for data of shape {tensor.shape}; it must be {needed}: "
                "one number a step"
            )
    return [mask, *(tf.where(mask > 0, tensor, 0.0) for tensor in tensors)]
