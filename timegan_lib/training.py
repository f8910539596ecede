"""The three phases of training. One compiled function each, many steps per call, no Python in between.

Read `autoencoder_update`, `supervisor_update` and `joint_update`: they are the algorithm. The rest
draws batches and noise, applies Adam and keeps count. Every draw is a pure function of (seed, phase,
step, which draw), so it does not matter how many steps run in one call, or where a run was resumed.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from timegan_lib.config import PHASES, InputError, TimeGANConfig
from timegan_lib.losses import (
    fake_loss,
    masked_mean,
    moments_loss,
    real_loss,
    reconstruction_loss,
    root,
    supervised_loss,
)
from timegan_lib.networks import Networks, StaticNetworks

LOSSES = {
    "autoencoder": ("reconstruction",),
    "supervisor": ("supervised",),
    "joint": (
        "reconstruction", "supervised", "unsupervised", "unsupervised_latent", "moments",
        "generator", "embedder", "discriminator", "discriminator_updates",
    ),
}  # fmt: skip
SAMPLING = ("generator", "supervisor", "recovery")  # the networks that sampling needs


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


def compiled(method: Callable, signature: list[Any] | None = None) -> Callable:
    """The method as a TensorFlow function. Without `partial`, TensorFlow takes the same method of five
    models for one that is compiled over and over, and warns."""
    return tf.function(partial(method), input_signature=signature)


class Training:
    """All that changes while TimeGAN trains: weights, optimizers, average weights and the step.

    values: (N, T, D) float32 in [0, 1]. lengths: (N,) or None if all are T. static: (N, Ds) or None.
    Source: the authors' `timegan.py`, training. Taught in book/phases/joint.ipynb.
    """

    def __init__(
        self, config: TimeGANConfig, networks: Networks, values: np.ndarray,
        lengths: np.ndarray | None = None, static: np.ndarray | None = None, seed: int = 0,
    ):  # fmt: skip
        if len(values) < config.batch_size:
            raise InputError(
                f"batch_size is {config.batch_size} but there are only {len(values)} sequences; "
                f"give more data or a batch_size of at most {len(values)}"
            )
        self.config, self.networks, self.seed = config, networks, seed
        self.values = tf.constant(values, tf.float32)
        self.static = None if static is None else tf.constant(static, tf.float32)
        self.mask = None
        if lengths is not None and np.any(lengths < values.shape[1]):
            self.mask = tf.sequence_mask(lengths, values.shape[1], tf.float32)[..., tf.newaxis]
        self.statics: NoStatics | Statics = NoStatics()
        if networks.static is not None:
            self.statics = Statics(config, networks.static, values.shape[1])
        self.draw_noise = NOISE[config.noise]

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
        self.sampling = networks.weights(*SAMPLING)
        self.average = [tf.Variable(w, name=f"average/{w.name[:-2]}") for w in self.sampling]
        self.steps = [tf.Variable(0, dtype=tf.int64, name=f"steps/{phase}") for phase in PHASES]

        one = tf.TensorSpec([], tf.int64)
        self._compiled = [
            compiled(run, [one]) for run in (self._autoencoder, self._supervisor, self._joint)
        ]

    @property
    def state(self) -> dict[str, tf.Variable]:
        """Every variable by name: what a checkpoint must hold to go on as if never stopped."""
        adams = (
            self.autoencoder_adam, self.supervisor_adam, self.generator_adam,
            self.embedder_adam, self.discriminator_adam,
        )  # fmt: skip
        variables = [*self.networks.all_weights, *self.average, *self.steps]
        variables += [v for adam in adams for v in adam.state]
        return {variable.name[:-2]: variable for variable in variables}

    @property
    def steps_done(self) -> dict[str, int]:
        """Steps trained in each phase."""
        return {phase: int(step) for phase, step in zip(PHASES, self.steps, strict=True)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put every variable back to what `state` held when it was kept."""
        state = self.state
        if state.keys() != arrays.keys():
            raise InputError("the checkpoint holds other variables than this configuration has")
        assign(list(state.values()), [arrays[name] for name in state])

    def run(self, phase: str, steps: int) -> dict[str, float]:
        """Train `steps` more steps of a phase and return the mean of each of its losses over them."""
        total = self._compiled[PHASES.index(phase)](tf.constant(steps, tf.int64)).numpy()
        return dict(zip(LOSSES[phase], (total / steps).tolist(), strict=True))

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
            logits = networks.discriminator(both, concat(context, context))
            logits, logits_latent = tf.split(logits, 2)
            synthetic = networks.recovery(supervised_latent)  # X^

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
            ahead = networks.supervisor(latent, h_static)
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

    def _update_average(self, step: tf.Tensor) -> None:
        """average = decay * average + (1 - decay) * weight; a plain mean over the first steps."""
        step = tf.cast(step, tf.float32)
        decay = tf.minimum(self.config.average_decay, step / (step + 1.0))
        for average, weight in zip(self.average, self.sampling, strict=True):
            average.assign_sub((1.0 - decay) * (average - weight))

    # ---- many steps in one call ----

    def _autoencoder(self, count: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(len(LOSSES["autoencoder"]))
        for _ in tf.range(count):
            total += self.autoencoder_update(self.draw_batch(0, self.steps[0], 0))
            self.steps[0].assign_add(1)
        return total

    def _supervisor(self, count: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(len(LOSSES["supervisor"]))
        for _ in tf.range(count):
            total += self.supervisor_update(self.draw_batch(1, self.steps[1], 0))
            self.steps[1].assign_add(1)
        return total

    def _joint(self, count: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(len(LOSSES["joint"]))
        for _ in tf.range(count):
            total += self.joint_update(self.draw_joint(self.steps[2]))
            self._update_average(self.steps[2])
            self.steps[2].assign_add(1)
        return total

    # ---- draws ----

    def draw_joint(self, step: tf.Tensor) -> list[tuple[Batch, Noise]]:
        """The batches and noises of one joint step: one pair an inner update, one for the discriminator."""
        pairs = range(self.config.inner_updates + 1)
        return [
            (self.draw_batch(2, step, 4 * pair), self._draw_noise(2, step, 4 * pair + 1))
            for pair in pairs
        ]

    def draw_batch(self, phase: int, step: tf.Tensor, draw: int) -> Batch:
        """A batch of different sequences, drawn without replacement."""
        ranks = tf.random.stateless_uniform(
            [len(self.values)], stream(self.seed, phase, step, draw), alg="philox"
        )
        rows = tf.math.top_k(ranks, self.config.batch_size, sorted=False).indices
        everything = (self.values, self.mask, self.static)
        return Batch(*(None if array is None else tf.gather(array, rows) for array in everything))

    def _draw_noise(self, phase: int, step: tf.Tensor, draw: int) -> Noise:
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


def assign(variables: list[tf.Variable], values: Iterable) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


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
        """h_S = e_S(s), (B, size)."""
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


class Adam:
    """TensorFlow 1's Adam, by its own kernel:

    m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)

    Taught in book/losses/supervised.ipynb.
    """

    def __init__(self, name: str, weights: list[tf.Variable], config: TimeGANConfig):
        self.weights, self.config = weights, config
        slots = [
            tf.Variable(tf.zeros_like(w), name=f"{name}_adam/{slot}/{w.name[:-2]}")
            for w in weights
            for slot in "mv"
        ]
        self.m, self.v = slots[::2], slots[1::2]
        self.powers = tf.Variable([config.beta_1, config.beta_2], name=f"{name}_adam/powers")
        self.state = [*slots, self.powers]

    def minimize(self, tape: tf.GradientTape, objective: tf.Tensor, only_if=None) -> None:
        """One step down the gradient of the objective; with `only_if` false nothing at all changes."""
        if not self.weights:
            return
        gradients = tape.gradient(objective, self.weights)
        if only_if is None:
            self._apply(gradients)
        else:
            tf.cond(only_if, lambda: self._apply(gradients), lambda: tf.constant(0))

    def _apply(self, gradients: list[tf.Tensor]) -> tf.Tensor:
        config = self.config
        for weight, m, v, gradient in zip(self.weights, self.m, self.v, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle, m=m.handle, v=v.handle, grad=gradient,
                beta1_power=self.powers[0], beta2_power=self.powers[1], lr=config.learning_rate,
                beta1=config.beta_1, beta2=config.beta_2, epsilon=config.epsilon,
            )  # fmt: skip
        self.powers.assign(self.powers * [config.beta_1, config.beta_2])
        return tf.constant(0)
