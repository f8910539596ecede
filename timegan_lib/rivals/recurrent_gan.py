"""A recurrent GAN: generator and discriminator, and nothing of what TimeGAN adds to them.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import tensorflow as tf

from timegan_lib.config import TimeGANConfig, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.networks import RecurrentNetwork
from timegan_lib.networks.losses import fake_loss, real_loss
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


class RecurrentGAN(Rival):
    """Noise (T, noise) -> recurrent layers -> window (T, D); a second network judges every step.

    hidden, layers   of both networks, GRU; noise: Gaussian numbers a step
    steps            each one update of the discriminator, then one of the generator, on the same noise
    batch_size, learning_rate, beta_1   of both Adams
    average_decay    of the moving average of the generator's weights, which samples are made with

    Losses are those of a plain GAN, cross-entropy a step, averaged, the generator's not saturating; the
    generator's output is linear, since the data are standardized. As fair as we can make it, so not what
    its authors ran: there an LSTM of one layer, tanh, several updates of the discriminator by plain
    gradient descent, last weights. Without conditions, the C of RCGAN. Windows of one length without
    static features.
    Source: Esteban, Hyland & Rätsch 2017, "Real-valued (Medical) Time Series Generation with Recurrent
    Conditional GANs"; github.com/ratschlab/RGAN. Taught in book/how-the-code-is-built.md.
    """

    def __init__(
        self, hidden: int = 64, layers: int = 2, noise: int = 8, steps: int = 10_000,
        batch_size: int = 128, learning_rate: float = 1e-3, beta_1: float = 0.5,
        average_decay: float = 0.999, seed: int = 0,
    ):  # fmt: skip
        super().__init__(seed)
        self.noise, self.steps = whole_number("noise", noise, 1), whole_number("steps", steps, 1)
        above_zero(learning_rate=learning_rate)
        self.config = TimeGANConfig(
            hidden=whole_number("hidden", hidden, 1), layers=whole_number("layers", layers, 1),
            batch_size=whole_number("batch_size", batch_size, 1), learning_rate=learning_rate,
            beta_1=beta_1, average_decay=average_decay,
        )  # fmt: skip

    def check(self, data: SequenceDataset) -> None:
        one_length_only("a RecurrentGAN", data)

    def learn(self, encoded: Array, lengths: Array, static: Array | None) -> None:
        config, (_, steps, features) = self.config, encoded.shape
        generator = self._network("generator", self.noise, features)
        discriminator = self._network("discriminator", features, 1)
        generator_adam = Adam("generator", generator.weights, config)
        discriminator_adam = Adam("discriminator", discriminator.weights, config)
        self.shape = (steps, self.noise)
        self.generator_network = self._network("generator", self.noise, features)  # the average

        def update(x: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
            z = draw_gaussian(
                (config.batch_size, *self.shape), stream(self.seed, TRAINING, step, 1)
            )
            with tf.GradientTape() as generator_tape:
                made = generator(z)  # (B, T, D)
            with tf.GradientTape() as tape:
                logits = discriminator(tf.concat([x, tf.stop_gradient(made)], 0))  # (2 B, T, 1)
                real, fake = tf.split(logits, 2)
                told = real_loss(real) + fake_loss(fake)
            discriminator_adam.minimize(tape, told)
            with generator_tape:
                missed = real_loss(discriminator(made, train=False))
            generator_adam.minimize(generator_tape, missed)
            decay = tf.cast(step, tf.float32)
            decay = tf.minimum(config.average_decay, decay / (decay + 1.0))
            pairs = zip(self.generator_network.weights, generator.weights, strict=True)
            for average, weight in pairs:
                average.assign_sub((1.0 - decay) * (average - weight))
            return tf.stack([told, missed])

        names, size = ("discriminator", "generator"), config.batch_size
        self.history = train(update, names, encoded, self.steps, size, self.seed)

    def _network(self, name: str, inputs: int, outputs: int) -> RecurrentNetwork:
        return RecurrentNetwork(name, self.config, inputs, outputs, activation=None, seed=self.seed)

    def draw(self, n: int, seed: int) -> Parts:
        return in_batches(n, seed, self.generator_network, self.shape)
