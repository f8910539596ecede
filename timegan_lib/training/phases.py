"""The three phases of training, as the authors' code has them.

Read `autoencoder_update`, `supervisor_update` and `joint_update`: they are the algorithm. `progress` keeps
count and runs many steps in one compiled call. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks import Networks
from timegan_lib.networks.losses import (
    fake_loss,
    moments_loss,
    real_loss,
    reconstruction_loss,
    root,
    supervised_loss,
)
from timegan_lib.training.adam import Adam
from timegan_lib.training.draws import Batch, Draws, Noise
from timegan_lib.training.progress import Progress, check_batch
from timegan_lib.training.statics import NoStatics, Statics, concat

LOSSES = {
    "autoencoder": ("reconstruction",),
    "supervisor": ("supervised",),
    "joint": (
        "reconstruction", "supervised", "unsupervised", "unsupervised_latent", "moments",
        "generator", "embedder", "discriminator", "discriminator_updates",
    ),
}  # fmt: skip


class Training(Progress):
    """All that changes while TimeGAN trains: weights, optimizers, average weights and the step.

    values: (N, T, D) float32 in [0, 1]. lengths: (N,) or None if all are T. static: (N, Ds) or None.
    Source: the authors' `timegan.py`, training. Taught in book/phases/joint.ipynb.
    """

    losses = LOSSES

    def __init__(
        self, config: TimeGANConfig, networks: Networks, values: np.ndarray,
        lengths: np.ndarray | None = None, static: np.ndarray | None = None, seed: int = 0,
    ):  # fmt: skip
        check_batch(config, len(values))
        draws = Draws(config, networks, values, lengths, static, seed)
        self.statics: NoStatics | Statics = NoStatics()
        if networks.static is not None:
            self.statics = Statics(config, networks.static, values.shape[1])

        self.supervised_weight = config.supervised_weight if config.supervised else 0.0
        in_embedder = config.supervised and config.joint
        self.embedder_supervised_weight = config.embedder_supervised_weight if in_embedder else 0.0
        self.moments_weight = config.moments_weight if config.moments else 0.0
        self.gamma = config.gamma if config.latent_adversary else 0.0

        autoencoder = networks.weights("embedder", "recovery")
        self.autoencoder_adam = Adam("autoencoder", autoencoder, config)
        self.supervisor_adam = Adam("supervisor", networks.supervisor.weights, config)
        self.generator_adam = Adam("generator", networks.weights("generator", "supervisor"), config)
        trained = [] if config.freeze_autoencoder else autoencoder
        self.embedder_adam = Adam("embedder", trained, config)
        self.discriminator_adam = Adam("discriminator", networks.weights("discriminator"), config)
        super().__init__(config, networks, draws, [
            self.autoencoder_adam, self.supervisor_adam, self.generator_adam, self.embedder_adam,
            self.discriminator_adam,
        ])  # fmt: skip

    def update(self, phase: int, step: tf.Tensor) -> tf.Tensor:
        if phase < 2:
            update = (self.autoencoder_update, self.supervisor_update)[phase]
            return update(self.draws.batch(phase, step, 0))
        return self.joint_update(self.draws.joint(step))

    # ---- phase I ----

    def autoencoder_update(self, batch: Batch) -> tf.Tensor:
        """Minimize 10 sqrt(L_R) over embedder and recovery."""
        with tf.GradientTape() as tape:
            h_static = self.statics.embed(batch)
            latent = self.networks.embedder(batch.x, h_static)  # (B, T, h)
            reconstruction = self._reconstruction(batch, latent, h_static)
            objective = self.config.reconstruction_weight * root(reconstruction)
        self.autoencoder_adam.minimize(tape, objective)
        return tf.stack([reconstruction])

    # ---- phase II ----

    def supervisor_update(self, batch: Batch) -> tf.Tensor:
        """Minimize L_S, not its root, over the supervisor."""
        h_static = self.statics.embed(batch)
        latent = self.networks.embedder(batch.x, h_static)  # (B, T, h)
        with tf.GradientTape() as tape:
            ahead = self.networks.supervisor(latent, h_static)
            supervised = supervised_loss(latent, ahead, batch.mask)
        self.supervisor_adam.minimize(tape, supervised)
        return tf.stack([supervised])

    # ---- phase III ----

    def joint_update(self, draws: list[tuple[Batch, Noise]]) -> tf.Tensor:
        """Generator and embedder on each batch but the last, then the discriminator on the last."""
        *inner, last = draws
        means = tf.add_n([self._generator_and_embedder(*draw) for draw in inner]) / len(inner)
        return tf.concat([means, self._discriminator(*last)], 0)

    def _generator_and_embedder(self, batch: Batch, noise: Noise) -> tf.Tensor:
        networks, config = self.networks, self.config
        with tf.GradientTape() as embedder_tape:
            h_static = self.statics.embed(batch)
            latent = networks.embedder(batch.x, h_static)  # H, one tensor for both updates

        # the generator's objective: U + gamma U_e + 100 sqrt(L_S) + 100 V
        with tf.GradientTape() as tape:
            fake_static, context = self.statics.generate(noise, h_static)
            generated = networks.generator(noise.z, context)  # E^
            both = tf.concat([latent, generated], 0)  # one call for two latents, (2 B, T, h)
            ahead = networks.supervisor(both, concat(h_static, context))
            supervised_real, supervised_latent = tf.split(ahead, 2)  # s(H) and H^
            both = tf.concat([supervised_latent, generated], 0)
            logits = networks.discriminator(both, concat(context, context), train=False)
            logits, logits_latent = tf.split(logits, 2)
            synthetic = networks.recovery(supervised_latent, train=False)  # X^

            supervised = supervised_loss(latent, supervised_real, batch.mask)
            unsupervised = real_loss(logits, batch.mask)
            unsupervised += self.statics.adversary(fake_static, real_loss)
            unsupervised_latent = real_loss(logits_latent, batch.mask)
            moments = moments_loss(batch.x, synthetic, batch.mask)
            moments += self.statics.moments(batch, fake_static)
            generator = (
                unsupervised
                + self.gamma * unsupervised_latent
                + self.supervised_weight * root(supervised)
                + self.moments_weight * moments
            )
        self.generator_adam.minimize(tape, generator)

        # the embedder's: 10 sqrt(L_R) + 0.1 L_S, with the supervisor as it is now
        with embedder_tape:
            reconstruction = self._reconstruction(batch, latent, h_static)
            ahead = networks.supervisor(latent, h_static, train=False)
            embedder = config.reconstruction_weight * root(reconstruction)
            embedder += self.embedder_supervised_weight * supervised_loss(latent, ahead, batch.mask)
        self.embedder_adam.minimize(embedder_tape, embedder)
        return tf.stack([
            reconstruction, supervised, unsupervised, unsupervised_latent, moments, generator, embedder
        ])  # fmt: skip

    def _discriminator(self, batch: Batch, noise: Noise) -> tf.Tensor:
        networks = self.networks
        h_static = self.statics.embed(batch)
        latent = networks.embedder(batch.x, h_static)  # H
        fake_static, context = self.statics.generate(noise, h_static)
        generated = networks.generator(noise.z, context)  # E^
        supervised_latent = networks.supervisor(generated, context)  # H^
        with tf.GradientTape() as tape:
            three = tf.concat([latent, supervised_latent, generated], 0)  # (3 B, T, h)
            logits = networks.discriminator(three, concat(h_static, context, context))
            real, fake, fake_latent = tf.split(logits, 3)
            loss = real_loss(real, batch.mask) + fake_loss(fake, batch.mask)
            loss += self.gamma * fake_loss(fake_latent, batch.mask)
            loss += self.statics.adversary(h_static, real_loss)
            loss += self.statics.adversary(fake_static, fake_loss)
        trains = loss > self.config.discriminator_threshold
        self.discriminator_adam.minimize(tape, loss, only_if=trains)
        return tf.stack([loss, tf.cast(trains, tf.float32)])

    def _reconstruction(self, batch: Batch, latent: tf.Tensor, h_static) -> tf.Tensor:
        reconstructed = self.networks.recovery(latent)  # X~
        loss = reconstruction_loss(batch.x, reconstructed, batch.mask)
        return loss + self.statics.reconstruction(batch, h_static)
