"""Mixtures of Gaussians whose components each have a triangle: density, draws, and one for static features.

A component says each number given those before it, x_j = mu_j + sum_(i<j) L_ji (x_i - mu_i) + s_j z_j, so that
its covariance is (1 - L)^-1 diag(s^2) (1 - L)^-T. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

from timegan_lib.networks.layers import glorot_uniform

STATIC_COMPONENTS = 8
STATIC_LEAST = (
    0.02  # spread of a static feature in a component, at least; static features lie in [0, 1]
)


class Mixture(NamedTuple):
    """K components over D numbers: log_weight (..., K), mean (..., K, D), spread (..., K, D)."""

    log_weight: tf.Tensor
    mean: tf.Tensor
    spread: tf.Tensor


def log_density(x: tf.Tensor, mixture: Mixture, triangle: tf.Tensor) -> tf.Tensor:
    """log p(x), (...), of x (..., D); triangle: L, (K, D, D). Taught in book/how-the-code-is-built.md."""
    off = x[..., tf.newaxis, :] - mixture.mean  # (..., K, D)
    from_others = tf.einsum("...ki,kji->...kj", off, below_diagonal(triangle))
    own = (off - from_others) / mixture.spread  # z
    each = -0.5 * tf.reduce_sum(tf.square(own), -1) - tf.reduce_sum(tf.math.log(mixture.spread), -1)
    each -= 0.5 * x.shape[-1] * math.log(2 * math.pi)
    return tf.reduce_logsumexp(mixture.log_weight + each, -1)


def draw(z: tf.Tensor, mixture: Mixture, spreading: tf.Tensor) -> tf.Tensor:
    """One draw (..., D) for noise z (..., D + 1), N(0, 1); its last number chooses the component.

    spreading: (1 - L)^-1, (K, D, D), see `inverse_triangle`. A gradient reaches means, spreads and triangles;
    none reaches the weights, since a choice has none. Taught in book/how-the-code-is-built.md.
    """
    level = 0.5 * tf.math.erfc(-z[..., -1:] / math.sqrt(2))  # uniform
    reached = tf.cast(tf.cumsum(tf.exp(mixture.log_weight), -1) < level, tf.int32)
    k = tf.minimum(tf.reduce_sum(reached, -1), mixture.mean.shape[-2] - 1)
    off = mixture.spread * z[..., tf.newaxis, :-1]  # (..., K, D)
    made = mixture.mean + tf.einsum("...ki,kji->...kj", off, spreading)
    return tf.reduce_sum(made * tf.one_hot(k, made.shape[-2])[..., tf.newaxis], -2)


def below_diagonal(triangle: tf.Tensor) -> tf.Tensor:
    """What of (..., D, D) lies below the diagonal."""
    return tf.linalg.band_part(triangle, -1, 0) - tf.linalg.band_part(triangle, 0, 0)


def inverse_triangle(triangle: tf.Tensor) -> tf.Tensor:
    """(1 - L)^-1, (..., D, D)."""
    one = tf.eye(triangle.shape[-1], batch_shape=triangle.shape[:-2])
    return tf.linalg.triangular_solve(one - below_diagonal(triangle), one)


class StaticMixture:
    """p(s): one mixture over the static features in [0, 1], (Ds,), a category as its one-hot levels.

    blocks: the width of each static feature. Taught in book/how-the-code-is-built.md.
    """

    def __init__(self, blocks: tuple[int, ...], seed: int):
        k, width = STATIC_COMPONENTS, sum(blocks)
        self.blocks, self.size = blocks, width + 1  # numbers of noise for one draw
        begin = 0.5 + 0.5 * glorot_uniform((k, width), "static_generator/mean", seed)
        self.log_weight = tf.Variable(tf.zeros(k), name="static_generator/weight")
        self.mean = tf.Variable(begin, name="static_generator/mean")
        self.spread = tf.Variable(tf.fill((k, width), -1.0), name="static_generator/spread")
        self.triangle = tf.Variable(tf.zeros((k, width, width)), name="static_generator/triangle")
        self.weights = [self.log_weight, self.mean, self.spread, self.triangle]

    def _mixture(self) -> Mixture:
        spread = tf.nn.softplus(self.spread) + STATIC_LEAST
        return Mixture(tf.nn.log_softmax(self.log_weight), tf.identity(self.mean), spread)

    def log_density(self, static: tf.Tensor) -> tf.Tensor:
        """log p(s), (B,)."""
        return log_density(static, self._mixture(), self.triangle)

    def __call__(self, z: tf.Tensor) -> tf.Tensor:
        """(B, Ds) from noise (B, Ds + 1): numbers kept in [0, 1], of a category its largest level."""
        mixture = [tf.repeat(part[tf.newaxis], tf.shape(z)[0], 0) for part in self._mixture()]
        drawn = draw(z, Mixture(*mixture), inverse_triangle(self.triangle))
        parts = [
            tf.clip_by_value(part, 0.0, 1.0)
            if width == 1
            else tf.one_hot(tf.argmax(part, -1), width)
            for part, width in zip(tf.split(drawn, self.blocks, -1), self.blocks, strict=True)
        ]
        return tf.concat(parts, -1)
