"""The phases of the autoregressive recipe: the same three, with a likelihood for the supervised loss.

Phase I has nothing to do: the representation of the data is exact and needs no network. In phase II the
generator learns to say what comes next, teacher forced. In phase III it runs free against a discriminator
of data while it goes on learning what comes next, both with a smaller step.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from typing import ClassVar, cast

import numpy as np
import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks.autoregressive import AutoregressiveNetworks
from timegan_lib.networks.layers import join
from timegan_lib.networks.losses import fake_loss, masked_mean, real_loss
from timegan_lib.training.adam import Adam
from timegan_lib.training.draws import Batch, Draws, Noise
from timegan_lib.training.progress import Progress, check_batch

LARGEST = 5.0  # norm of a gradient; a likelihood has steep walls
ALONE = 300  # steps of phase III in which the discriminator learns and the generator ignores it
NONE_YET = 1e30  # no loss; a finite number, since all that a run keeps must be finite
CHECK = 50  # steps of phase II from one look at the part set aside to the next


class AutoregressiveTraining(Progress):
    """All that changes while the autoregressive recipe trains.

    values: (N, T, D) float32, roughly N(0, 1) a feature. lengths: (N,) or None if all are T. static: (N, Ds)
    in [0, 1], or None. apart: rows to learn from in phase II, and rows set aside to say which of its weights
    are the best; None: all, and the last ones. Phase III learns from everything.
    Taught in book/how-the-code-is-built.md.
    """

    losses: ClassVar = {
        "autoencoder": (),
        "supervisor": ("supervised",),
        "joint": ("supervised", "unsupervised", "generator", "discriminator", "discriminator_updates"),
    }  # fmt: skip

    def __init__(
        self, config: TimeGANConfig, networks: AutoregressiveNetworks, values: np.ndarray,
        lengths: np.ndarray | None = None, static: np.ndarray | None = None, seed: int = 0,
        apart: tuple[np.ndarray, np.ndarray] | None = None,
    ):  # fmt: skip
        check_batch(config, len(values))
        mask = np.ones(values.shape[:2], bool)
        if lengths is not None:
            mask = np.arange(values.shape[1]) < np.asarray(lengths)[:, None]
        networks.generator.begin_with(values, mask, static)
        later = config.replace(learning_rate=config.joint_learning_rate or config.learning_rate)
        weights = networks.weights("generator")
        self.supervisor_adam = Adam("supervisor", weights, config, LARGEST)
        self.generator_adam = Adam("generator", weights, later, LARGEST)
        judge = networks.weights("discriminator")
        self.discriminator_adam = Adam("discriminator", judge, later, LARGEST)
        self.best = [tf.Variable(w, name=f"best/{w.name[:-2]}") for w in weights]
        self.best_loss = tf.Variable(NONE_YET, name="best/loss")
        draws = Draws(config, networks, values, lengths, static, seed)
        self.learned, self.aside = draws, None
        if apart is not None and len(apart[0]) >= config.batch_size:
            self.learned, self.aside = draws.part(apart[0]), draws.part(apart[1]).everything
        adams = [self.supervisor_adam, self.generator_adam, self.discriminator_adam]
        super().__init__(config, networks, draws, adams)

    @property
    def state(self) -> dict[str, tf.Variable]:
        kept = {v.name[:-2]: v for v in (*self.best, self.best_loss)}
        return super().state | kept

    def update(self, phase: int, step: tf.Tensor) -> tf.Tensor:
        if phase == 0:
            return tf.zeros(0)
        if phase == 1:
            return self.supervisor_update(self.learned.batch(1, step, 0), step)
        tf.cond(step == 0, self._take_best, lambda: tf.constant(0))
        return self.joint_update(self.draws.joint(step), tf.cast(step >= ALONE, tf.float32))

    # ---- phase II ----

    def supervisor_update(self, batch: Batch, step: tf.Tensor) -> tf.Tensor:
        """Minimize L_S over the generator."""
        with tf.GradientTape() as tape:
            supervised = self.supervised(batch)
        self.supervisor_adam.minimize(tape, supervised)
        if self.aside is not None:
            tf.cond(step % CHECK == CHECK - 1, self._keep_best, lambda: tf.constant(0))
        return tf.stack([supervised])

    def supervised(self, batch: Batch) -> tf.Tensor:
        """L_S = - mean of log p(x_t | x_1 .. x_(t-1), x_S) / D, and likewise of the statics x_S."""
        networks = self.networks
        told = networks.generator.log_density(batch.x, batch.static)  # (B, T)
        loss = -masked_mean(told[..., tf.newaxis], batch.mask) / batch.x.shape[-1]
        if networks.static is not None and batch.static is not None:
            loss -= (
                tf.reduce_mean(networks.static.log_density(batch.static)) / batch.static.shape[-1]
            )
        return loss

    def _keep_best(self) -> tf.Tensor:
        """Keep the weights that said best what comes next in sequences they were not trained on."""
        loss = self.supervised(cast(Batch, self.aside))
        better = loss < self.best_loss
        for kept, weight in zip(self.best, self.networks.weights("generator"), strict=True):
            kept.assign(tf.where(better, weight, kept))
        self.best_loss.assign(tf.minimum(loss, self.best_loss))
        return tf.constant(0)

    def _take_best(self) -> tf.Tensor:
        """Phase III begins with them."""
        found = self.best_loss < NONE_YET
        for kept, weight in zip(self.best, self.networks.weights("generator"), strict=True):
            weight.assign(tf.where(found, kept, weight))
        return tf.constant(0)

    # ---- phase III ----

    def joint_update(self, draws: list[tuple[Batch, Noise]], heeds: tf.Tensor) -> tf.Tensor:
        """Generator on each batch but the last, then the discriminator on the last. heeds: 0 or 1, of U.

        A discriminator that has learned nothing yet would push the generator anywhere.
        """
        *inner, last = draws
        means = tf.add_n([self._generator(*draw, heeds) for draw in inner]) / len(inner)
        return tf.concat([means, self._discriminator(*last)], 0)

    def _generator(self, batch: Batch, noise: Noise, heeds: tf.Tensor) -> tf.Tensor:
        """Minimize U + weight L_S; U: the discriminator takes what was generated for real."""
        with tf.GradientTape() as tape:
            generated = self._generated(batch, noise)
            unsupervised = real_loss(self._judged(generated, batch, train=False), batch.mask)
            supervised = self.supervised(batch)
            generator = heeds * unsupervised + self.config.supervised_weight * supervised
        self.generator_adam.minimize(tape, generator)
        return tf.stack([supervised, unsupervised, generator])

    def _discriminator(self, batch: Batch, noise: Noise) -> tf.Tensor:
        generated = self._generated(batch, noise)
        with tf.GradientTape() as tape:
            loss = real_loss(self._judged(batch.x, batch), batch.mask)
            loss += fake_loss(self._judged(generated, batch), batch.mask)
        trains = loss > self.config.discriminator_threshold
        self.discriminator_adam.minimize(tape, loss, only_if=trains)
        return tf.stack([loss, tf.cast(trains, tf.float32)])

    def _generated(self, batch: Batch, noise: Noise) -> tf.Tensor:
        """Sequences for the statics of the real ones, (B, T, D). What lies behind a sequence is not judged, and
        a discriminator that reads one way does not see it before."""
        return self.networks.generator(noise.z, batch.static)

    def _judged(self, x: tf.Tensor, batch: Batch, train: bool = True) -> tf.Tensor:
        """A logit for every step, (B, T, 1)."""
        seen = x if batch.static is None else join(x, batch.static)
        return self.networks.discriminator(seen, train=train)
