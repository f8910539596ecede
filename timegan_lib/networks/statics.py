"""The networks of features that do not change along a sequence.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks.layers import DenseLayer


@dataclass(frozen=True)
class StaticNetworks:
    """e_S, r_S, g_S and d_S of the paper's equations 3 to 6, one dense layer each.

    Taught in book/how-the-code-is-built.md.
    """

    embedder: DenseLayer  # x_S (B, Ds) -> h_S (B, size)
    recovery: DenseLayer  # h_S -> x~_S, softmax over the levels of a category
    generator: DenseLayer  # z_S (B, size), Gaussian -> h^_S
    discriminator: DenseLayer  # h_S -> one logit
    size: int

    @classmethod
    def make(cls, config: TimeGANConfig, blocks: tuple[int, ...], seed: int) -> StaticNetworks:
        """blocks: the width of each static feature, 1 for a number, its levels for a category."""
        width = sum(blocks)
        size = config.static_hidden or min(config.hidden, 4 * width)
        return cls(
            DenseLayer("static_embedder", width, size, tf.sigmoid, seed),
            DenseLayer("static_recovery", size, width, block_activation(blocks), seed),
            DenseLayer("static_generator", size, size, tf.sigmoid, seed),
            DenseLayer("static_discriminator", size, 1, None, seed),
            size,
        )


def block_activation(blocks: tuple[int, ...]):
    """Sigmoid on columns that are numbers, softmax over the columns that belong to one category."""

    def activation(x: tf.Tensor) -> tf.Tensor:
        parts = [
            tf.sigmoid(part) if width == 1 else tf.nn.softmax(part)
            for part, width in zip(tf.split(x, blocks, axis=-1), blocks, strict=True)
        ]
        return tf.concat(parts, -1)

    return activation
