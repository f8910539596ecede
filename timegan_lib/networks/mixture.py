"""Mixtures of Gaussians whose components each have a triangle: density, draws, and one for static features.

A component says each number given those before it, x_j = mu_j + sum_(i<j) L_ji (x_i - mu_i) + s_j z_j, so that
its covariance is (1 - L)^-1 diag(s^2) (1 - L)^-T. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

from timegan_lib.networks.layers import glorot_uniform

STILL = 0.01  # spread of a feature that stays as it was; where it does, it is so exactly
STATIC_COMPONENTS = 8
STATIC_LEAST = (
    0.02  # spread of a static feature in a component, at least; static features lie in [0, 1]
)


class Mixture(NamedTuple):
    """K components over D numbers: log_weight (..., K), mean (..., K, D), spread (..., K, D).

    Where `stay` (..., K, D) is given, feature j of a component stays what it was, at_j of `at` (..., D), with
    probability sigmoid(stay_j), and is Gaussian otherwise.
    """

    log_weight: tf.Tensor
    mean: tf.Tensor
    spread: tf.Tensor
    stay: tf.Tensor | None = None
    at: tf.Tensor | None = None


def log_density(x: tf.Tensor, mixture: Mixture, triangle: tf.Tensor) -> tf.Tensor:
    """log p(x), (...), of x (..., D); triangle: L, (K, D, D). Taught in book/how-the-code-is-built.md."""
    off = x[..., tf.newaxis, :] - mixture.mean  # (..., K, D)
    from_others = tf.einsum("...ki,kji->...kj", off, below_diagonal(triangle))
    own = (off - from_others) / mixture.spread  # z
    each = log_normal(own) - tf.math.log(mixture.spread)
    if mixture.stay is not None and mixture.at is not None:
        still = log_normal((x - mixture.at) / STILL) - math.log(STILL)
        stays = tf.math.log_sigmoid(mixture.stay) + still[..., tf.newaxis, :]
        each = tf.reduce_logsumexp([tf.math.log_sigmoid(-mixture.stay) + each, stays], 0)
    return tf.reduce_logsumexp(mixture.log_weight + tf.reduce_sum(each, -1), -1)


def log_normal(z: tf.Tensor) -> tf.Tensor:
    """log of the density of N(0, 1), of any shape."""
    return -0.5 * tf.square(z) - 0.5 * math.log(2 * math.pi)


def draw(z: tf.Tensor, mixture: Mixture, triangle: tf.Tensor) -> tf.Tensor:
    """One draw (..., D) for noise z, N(0, 1), (..., D + 1), or (..., 2 D + 1) where features may stay.

    D numbers spread the features, D more say which of them stay, the last one chooses the component. triangle:
    L, (K, D, D). A gradient reaches means, spreads and triangles; none reaches the weights and what stays,
    since a choice has none. Taught in book/how-the-code-is-built.md.
    """
    size = mixture.mean.shape[-1]
    reached = tf.cast(tf.cumsum(tf.exp(mixture.log_weight), -1) < uniform(z[..., -1:]), tf.int32)
    k = tf.minimum(tf.reduce_sum(reached, -1), mixture.mean.shape[-2] - 1)
    chosen = tf.one_hot(k, mixture.mean.shape[-2])[..., tf.newaxis]  # (..., K, 1)
    mean, spread = (tf.reduce_sum(part * chosen, -2) for part in mixture[1:3])
    lower = tf.einsum("...k,kij->...ij", chosen[..., 0], below_diagonal(triangle))
    off = spread * z[..., :size]
    if mixture.stay is None:
        return mean + solve(lower, off)
    stays = uniform(z[..., size:-1]) < tf.sigmoid(tf.reduce_sum(mixture.stay * chosen, -2))
    moves = 1.0 - tf.cast(stays, tf.float32)
    off = moves * off + (1.0 - moves) * (mixture.at - mean)
    return tf.where(stays, mixture.at, mean + solve(moves[..., tf.newaxis] * lower, off))


def uniform(z: tf.Tensor) -> tf.Tensor:
    """N(0, 1) to numbers between 0 and 1, of any shape."""
    return 0.5 * tf.math.erfc(-z / math.sqrt(2))


def solve(lower: tf.Tensor, off: tf.Tensor) -> tf.Tensor:
    """(1 - L)^-1 off: (..., D, D), (..., D) -> (..., D)."""
    one = tf.eye(lower.shape[-1])
    return tf.linalg.triangular_solve(one - lower, off[..., tf.newaxis])[..., 0]


def below_diagonal(triangle: tf.Tensor) -> tf.Tensor:
    """What of (..., D, D) lies below the diagonal."""
    return tf.linalg.band_part(triangle, -1, 0) - tf.linalg.band_part(triangle, 0, 0)


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
        mixture = [tf.repeat(part[tf.newaxis], tf.shape(z)[0], 0) for part in self._mixture()[:3]]
        drawn = draw(z, Mixture(*mixture), self.triangle)
        parts = [
            tf.clip_by_value(part, 0.0, 1.0)
            if width == 1
            else tf.one_hot(tf.argmax(part, -1), width)
            for part, width in zip(tf.split(drawn, self.blocks, -1), self.blocks, strict=True)
        ]
        return tf.concat(parts, -1)
