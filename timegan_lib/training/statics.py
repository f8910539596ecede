"""The static branch in training: what it embeds and generates, and its term in each loss.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks import StaticNetworks
from timegan_lib.networks.losses import masked_mean, moments_loss
from timegan_lib.training.draws import Batch, Noise


class NoStatics:
    """The static branch of data that have none: no context, and nothing to add to any loss."""

    def embed(self, batch: Batch) -> None:
        return None

    def generate(self, noise: Noise, h_static: None) -> tuple[None, None]:
        return None, None

    def reconstruction(self, batch: Batch, h_static: None) -> float:
        return 0.0

    def adversary(self, h_static: None, loss) -> float:
        return 0.0

    def moments(self, batch: Batch, h_static: None) -> float:
        return 0.0


class Statics:
    """The static branch: what it embeds and generates, and its term in each loss.

    The paper adds one static term to a sum over T steps. Our losses are means over steps, so the static
    term gets the weight 1 / T (`static_weight`) to keep that balance.
    """

    def __init__(self, config: TimeGANConfig, networks: StaticNetworks, length: int):
        self.networks = networks
        self.weight = 1.0 / length if config.static_weight is None else config.static_weight

    def embed(self, batch: Batch) -> tf.Tensor:
        """h_S = e_S(x_S), (B, size)."""
        return self.networks.embedder(batch.static)

    def generate(self, noise: Noise, h_static: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """h^_S = g_S(z_S), and the context of the generator: the same, or the real h_S."""
        generated = self.networks.generator(noise.static)
        if noise.on_real is None:
            return generated, generated
        return generated, tf.where(noise.on_real, h_static, generated)

    def reconstruction(self, batch: Batch, h_static: tf.Tensor) -> tf.Tensor:
        return self.weight * masked_mean(tf.square(batch.static - self.networks.recovery(h_static)))

    def adversary(self, h_static: tf.Tensor, loss) -> tf.Tensor:
        return self.weight * loss(self.networks.discriminator(h_static))

    def moments(self, batch: Batch, h_static: tf.Tensor) -> tf.Tensor:
        real = tf.expand_dims(batch.static, 1)  # (B, 1, Ds): a sequence of one step
        made = tf.expand_dims(self.networks.recovery(h_static), 1)
        return self.weight * moments_loss(real, made)


def concat(*contexts: tf.Tensor | None) -> tf.Tensor | None:
    """Contexts of batches that are concatenated; None where there are none."""
    return None if contexts[0] is None else tf.concat(contexts, 0)
