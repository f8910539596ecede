"""A variational autoencoder of whole windows: TimeVAE in its base version.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from itertools import pairwise

import tensorflow as tf

from timegan_lib.config import InputError, TimeGANConfig, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.networks import dense, dense_weights
from timegan_lib.networks.layers import glorot_uniform
from timegan_lib.rivals.base import (
    TRAINING,
    Array,
    Parts,
    Rival,
    above_zero,
    in_batches,
    one_length_only,
    train,
)  # fmt: skip
from timegan_lib.training.adam import Adam
from timegan_lib.training.draws import draw_gaussian, stream

KERNEL, STRIDE = 3, 2  # steps that a convolution sees, and by which it moves


class VariationalAutoencoder(Rival):
    """A window (T, D) is compressed to `latent` numbers about N(0, 1), and drawn from such numbers.

    latent                 size of z
    filters                of the convolutions of the encoder, each of which halves the steps; the decoder
                           has them in reverse
    reconstruction_weight  of the squared error, summed over a window, beside the KL divergence
    steps, batch_size, learning_rate   of Adam

    The base version: without blocks for level, trend and seasons. Sizes and weight are those of its
    authors' code; there data lie in [0, 1] and are learned in up to 1,000 passes with batches of 16. A
    sample is the decoder's mean: what z does not carry is missing, so samples are smooth.
    Windows of one length without static features; the last weights are used.
    Source: Desai et al. 2021, "TimeVAE"; github.com/abudesai/timeVAE. Taught in
    book/how-the-code-is-built.md.
    """

    def __init__(
        self, latent: int = 8, filters: tuple[int, ...] = (50, 100, 200),
        reconstruction_weight: float = 3.0, steps: int = 10_000, batch_size: int = 64,
        learning_rate: float = 1e-3, seed: int = 0,
    ):  # fmt: skip
        super().__init__(seed)
        if not isinstance(filters, tuple | list) or not filters:
            raise InputError(f"filters={filters!r} must be whole numbers, at least one of them")
        self.filters = tuple(whole_number("filters", size, 1) for size in filters)
        self.latent, self.steps = whole_number("latent", latent, 1), whole_number("steps", steps, 1)
        above_zero(reconstruction_weight=reconstruction_weight, learning_rate=learning_rate)
        self.weight = reconstruction_weight
        self.config = TimeGANConfig(
            batch_size=whole_number("batch_size", batch_size, 1), learning_rate=learning_rate
        )

    def check(self, data: SequenceDataset) -> None:
        one_length_only("a VariationalAutoencoder", data)

    def learn(self, encoded: Array, lengths: Array, static: Array | None) -> None:
        self._make_networks(*encoded.shape[1:])
        adam = Adam("variational", self.weights, self.config)

        def update(x: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                mean, log_variance = self.encoder(x)  # (B, latent) each
                noise = draw_gaussian(
                    (self.config.batch_size, 1, self.latent), stream(self.seed, TRAINING, step, 1)
                )
                z = mean + tf.exp(0.5 * log_variance) * noise[:, 0]
                error = tf.reduce_sum(tf.square(x - self.decoder(z)), [1, 2])  # (B,)
                kl = kl_divergence(mean, log_variance)
                loss = tf.reduce_mean(self.weight * error + kl)
            adam.minimize(tape, loss)
            return tf.stack([loss, tf.reduce_mean(error), tf.reduce_mean(kl)])

        names, size = ("loss", "error", "kl"), self.config.batch_size
        self.history = train(update, names, encoded, self.steps, size, self.seed)

    def draw(self, n: int, seed: int) -> Parts:
        return in_batches(n, seed, self.decoder, (self.latent,))

    # ---- the two networks ----

    def _make_networks(self, steps: int, features: int) -> None:
        sizes, seed = (features, *self.filters), self.seed
        self.lengths = [steps]  # before, between and behind the convolutions
        for _ in self.filters:
            self.lengths.append(math.ceil(self.lengths[-1] / STRIDE))
        flat, pairs = self.lengths[-1] * sizes[-1], list(pairwise(sizes))
        self.down = [_kernel(f"encoder_{k}", *pair, seed) for k, pair in enumerate(pairs)]
        self.code = dense_weights("code", flat, 2 * self.latent, seed)
        self.open = dense_weights("open", self.latent, flat, seed)
        self.up = [_kernel(f"decoder_{k}", *pair, seed) for k, pair in enumerate(pairs)][::-1]
        self.output = dense_weights("output", steps * features, steps * features, seed)
        self.shape = (steps, features)
        self.weights = [w for pair in self.down + self.up for w in pair]
        self.weights += self.code + self.open + self.output

    def encoder(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """x (B, T, D) -> mean and log variance of z, (B, latent) each."""
        for kernel, bias in self.down:
            x = tf.nn.relu(tf.nn.conv1d(x, kernel, STRIDE, "SAME") + bias)
        code = dense(tf.reshape(x, (-1, self.code[0].shape[0])), self.code, None)
        mean, log_variance = tf.split(code, 2, axis=1)
        return mean, log_variance

    def decoder(self, z: tf.Tensor) -> tf.Tensor:
        """z (B, latent) -> window (B, T, D)."""
        x = dense(z, self.open, tf.nn.relu)
        x = tf.reshape(x, (-1, self.lengths[-1], self.filters[-1]))
        for (kernel, bias), length in zip(self.up, self.lengths[-2::-1], strict=True):
            shape = (tf.shape(x)[0], length, kernel.shape[1])
            x = tf.nn.conv1d_transpose(x, kernel, tf.stack(shape), STRIDE, "SAME")
            x = tf.nn.relu(x + bias)
        return tf.reshape(
            dense(tf.reshape(x, (-1, math.prod(self.shape))), self.output, None), (-1, *self.shape)
        )


def kl_divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Of N(mean, variance) from N(0, 1), summed over the numbers of z: (B, latent) each -> (B,).

    Source: Kingma & Welling 2014, appendix B. Taught in book/how-the-code-is-built.md.
    """
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1.0 - log_variance, 1)


def _kernel(name: str, inputs: int, outputs: int, seed: int) -> list[tf.Variable]:
    """A kernel (steps, inputs, outputs), which a decoder uses the other way round, and a bias."""
    flat = glorot_uniform((KERNEL * inputs, outputs), name, seed)
    size = inputs if name.startswith("decoder") else outputs
    return [
        tf.Variable(tf.reshape(flat, (KERNEL, inputs, outputs)), name=f"{name}/kernel"),
        tf.Variable(tf.zeros(size), name=f"{name}/bias"),
    ]
