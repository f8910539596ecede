"""All that is random in training: batches of real sequences, and noise for the generator.

Every draw is a pure function of (seed, phase, step, which draw), so it does not matter how many steps
run in one call, or where a run was resumed. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks import AnyNetworks


class Batch(NamedTuple):
    """Real sequences: x (B, T, D), mask (B, T, 1) or None, static (B, Ds) or None."""

    x: tf.Tensor
    mask: tf.Tensor | None = None
    static: tf.Tensor | None = None


class Noise(NamedTuple):
    """Draws for the generator: z (B, T, Dz), static (B, size of h_S) or None, and whether this batch
    is generated for the statics of the real batch (a scalar bool, or None for never)."""

    z: tf.Tensor
    static: tf.Tensor | None = None
    on_real: tf.Tensor | None = None


class Draws:
    """The data of a training, and everything that is drawn in it.

    values: (N, T, D) float32 in [0, 1]. lengths: (N,) or None if all are T. static: (N, Ds) or None.
    """

    def __init__(
        self, config: TimeGANConfig, networks: AnyNetworks, values: np.ndarray,
        lengths: np.ndarray | None, static: np.ndarray | None, seed: int,
    ):  # fmt: skip
        self.config, self.networks, self.seed = config, networks, seed
        self.values = tf.constant(values, tf.float32)
        self.static = None if static is None else tf.constant(static, tf.float32)
        self.mask = None
        if lengths is not None and np.any(lengths < values.shape[1]):
            self.mask = tf.sequence_mask(lengths, values.shape[1], tf.float32)[..., tf.newaxis]
        self.draw_noise = NOISE[config.noise]

    def joint(self, step: tf.Tensor) -> list[tuple[Batch, Noise]]:
        """The batches and noises of one joint step: one pair an inner update, one for the discriminator."""
        pairs = range(self.config.inner_updates + 1)
        return [
            (self.batch(2, step, 4 * pair), self.noise(2, step, 4 * pair + 1)) for pair in pairs
        ]

    def batch(self, phase: int, step: tf.Tensor, draw: int) -> Batch:
        """A batch of different sequences, drawn without replacement."""
        ranks = tf.random.stateless_uniform(
            [len(self.values)], stream(self.seed, phase, step, draw), alg="philox"
        )
        rows = tf.math.top_k(ranks, self.config.batch_size, sorted=False).indices
        return Batch(*(None if a is None else tf.gather(a, rows) for a in self.everything))

    @property
    def everything(self) -> Batch:
        """All sequences as one batch."""
        return Batch(self.values, self.mask, self.static)

    def part(self, rows: np.ndarray) -> Draws:
        """The same chance over some of the sequences."""
        part = copy.copy(self)
        part.values, part.mask, part.static = (
            None if array is None else tf.gather(array, rows) for array in self.everything
        )
        return part

    def noise(self, phase: int, step: tf.Tensor, draw: int) -> Noise:
        shape = (self.config.batch_size, self.values.shape[1], self.networks.noise_size)
        z = self.draw_noise(shape, stream(self.seed, phase, step, draw))
        if self.networks.static is None:
            return Noise(z)
        size = self.networks.static.size
        static = draw_gaussian(
            (self.config.batch_size, size), stream(self.seed, phase, step, draw + 1)
        )
        coin = stream(self.seed, phase, step, draw + 2)
        coin = tf.random.stateless_uniform([], coin, alg="philox") < 0.5
        return Noise(z, static, coin if self.config.condition_on_real else None)


def stream(seed: int, phase: int, step: tf.Tensor, draw: int) -> tf.Tensor:
    """The seed of one draw, a pure function of its four coordinates: two whole numbers."""
    which = (phase * 4096 + draw) << 40
    return tf.stack([tf.cast(seed, tf.int64), which + tf.cast(step, tf.int64)])


def draw_uniform(shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Z of the authors' code: independent, uniform on [0, 1).

    Drawn step by step (T first), so that a longer padding does not change the steps before it.
    Taught in book/networks/generator.ipynb.
    """
    drawn = tf.random.stateless_uniform([shape[1], shape[0], *shape[2:]], seed, alg="philox")
    return tf.transpose(drawn, [1, 0, *range(2, len(shape))])


def draw_gaussian(shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Independent, N(0, 1). Taught in book/networks/generator.ipynb."""
    drawn = tf.random.stateless_normal([shape[1], shape[0], *shape[2:]], seed, alg="philox")
    return tf.transpose(drawn, [1, 0, *range(2, len(shape))])


def draw_wiener(shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Z of the paper: a Wiener process on [0, 1], steps N(0, 1 / T) summed over time.

    Taught in book/networks/generator.ipynb.
    """
    return tf.cumsum(draw_gaussian(shape, seed) / shape[1] ** 0.5, axis=1)


NOISE = {"uniform": draw_uniform, "gaussian": draw_gaussian, "wiener": draw_wiener}
