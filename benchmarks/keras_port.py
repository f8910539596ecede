"""The same algorithm on Keras layers: a careful port, written to be compared with.

`keras.layers.GRU(reset_after=False)` is the authors' cell. Each update is one `tf.function`, traced
once, and draws its batch and noise itself. Two switches give the port what it can get beyond that:
`unroll=True` unrolls its layers over time; `together=True` gives it the library's savings (two latents
pass a network in one call, H is shared by the generator's and the embedder's update, and many steps run
in one compiled loop).
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from timegan_lib import TimeGANConfig
from timegan_lib.networks import Networks
from timegan_lib.training import Batch, Noise, Training

NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")


def mse(a, b):
    return tf.reduce_mean(tf.square(a - b))


def root(loss):
    return tf.sqrt(tf.maximum(loss, 1e-12))


def supervised_loss(latent, ahead):
    return mse(latent[:, 1:], ahead[:, :-1])


def moments_loss(x, synthetic):
    (mean_s, var_s), (mean_x, var_x) = tf.nn.moments(synthetic, [0]), tf.nn.moments(x, [0])
    spread = tf.abs(tf.sqrt(var_s + 1e-6) - tf.sqrt(var_x + 1e-6))
    return tf.reduce_mean(spread) + tf.reduce_mean(tf.abs(mean_s - mean_x))


def real_loss(logits):
    return tf.reduce_mean(tf.nn.softplus(-logits))


def fake_loss(logits):
    return tf.reduce_mean(tf.nn.softplus(logits))


class KerasPort:
    """TimeGAN in its default configuration. values: (N, T, D) in [0, 1]."""

    def __init__(self, config: TimeGANConfig, values: np.ndarray, unroll=False, together=False):
        self.config, self.together = config, together
        self.values = tf.constant(values, tf.float32)
        length, features = values.shape[1:]
        h, layers = config.hidden, config.layers

        def network(inputs, outputs, layers=layers, activation="sigmoid"):
            stack = [keras.Input((length, inputs))]
            for _ in range(layers):
                gru = keras.layers.GRU(h, return_sequences=True, reset_after=False, unroll=unroll)
                stack.append(gru)
            return keras.Sequential([*stack, keras.layers.Dense(outputs, activation=activation)])

        self.embedder, self.recovery = network(features, h), network(h, features)
        self.generator = network(features, h)
        self.supervisor = network(h, h, max(1, layers - 1))
        self.discriminator = network(h, 1, activation=None)

        e = self.embedder.trainable_variables + self.recovery.trainable_variables
        s = self.supervisor.trainable_variables
        g = self.generator.trainable_variables + s
        d = self.discriminator.trainable_variables
        self.trained = {
            "autoencoder": e, "supervisor": s, "generator": g, "embedder": e, "discriminator": d,
        }  # fmt: skip
        self.adams = {}
        for name, weights in self.trained.items():
            self.adams[name] = keras.optimizers.Adam(config.learning_rate, epsilon=config.epsilon)
            self.adams[name].build(weights)
        one = [tf.TensorSpec([], tf.int64)]
        self.loops = {
            "autoencoder": tf.function(self.autoencoder_steps, input_signature=one),
            "supervisor": tf.function(self.supervisor_steps, input_signature=one),
            "joint": tf.function(self.joint_steps, input_signature=one),
        }
        self.compiled = {
            "autoencoder": tf.function(lambda: self.autoencoder_update(self.draw()[0])),
            "supervisor": tf.function(lambda: self.supervisor_update(self.draw()[0])),
            "generator": tf.function(self.draw_and_update_generator),
            "embedder": tf.function(self.embedder_update),
            "discriminator": tf.function(lambda: self.discriminator_update(*self.draw())),
        }

    # ---- what the benchmark calls ----

    def run(self, phase: str, steps: int) -> None:
        """Train `steps` steps of a phase."""
        if self.together:
            self.loops[phase](tf.constant(steps, tf.int64)).numpy()
            return
        for _ in range(steps):
            if phase == "joint":
                for _ in range(self.config.inner_updates):
                    x = self.compiled["generator"]()
                    self.compiled["embedder"](x)
                loss = self.compiled["discriminator"]()
            else:
                loss = self.compiled[phase]()
        loss.numpy()

    def copy_weights(self, networks: Networks) -> None:
        """Take over the library's weights; Keras keeps its gates in the order update, reset."""
        h = self.config.hidden
        for name in NETWORKS:
            theirs = getattr(networks, name)
            values = []
            for w_ru, b_ru, w_c, b_c in theirs.stacks[0]:
                joint = np.concatenate([w_ru[:, h:], w_ru[:, :h], w_c], 1)
                bias = np.concatenate([b_ru[h:], b_ru[:h], b_c])
                values += [joint[:-h], joint[-h:], bias]
            getattr(self, name).set_weights(values + [w.numpy() for w in theirs.output])

    # ---- the updates ----

    def autoencoder_update(self, x):
        with tf.GradientTape() as tape:
            reconstruction = mse(x, self.recovery(self.embedder(x)))
            objective = 10.0 * root(reconstruction)
        self.apply("autoencoder", tape, objective)
        return reconstruction

    def supervisor_update(self, x):
        latent = self.embedder(x)
        with tf.GradientTape() as tape:
            supervised = supervised_loss(latent, self.supervisor(latent))
        self.apply("supervisor", tape, supervised)
        return supervised

    def generator_update(self, x, z, latent=None):
        latent = self.embedder(x) if latent is None else latent
        with tf.GradientTape() as tape:
            generated = self.generator(z)
            ahead, supervised_latent = self.call(self.supervisor, latent, generated)
            logits, logits_latent = self.call(self.discriminator, supervised_latent, generated)
            supervised = supervised_loss(latent, ahead)
            unsupervised, unsupervised_latent = real_loss(logits), real_loss(logits_latent)
            moments = moments_loss(x, self.recovery(supervised_latent))
            objective = unsupervised + unsupervised_latent
            objective += 100.0 * root(supervised) + 100.0 * moments
        self.apply("generator", tape, objective)
        return supervised, unsupervised, unsupervised_latent, moments, objective

    def embedder_update(self, x):
        with tf.GradientTape() as tape:
            latent = self.embedder(x)
            reconstruction, objective = self.embedder_objective(x, latent)
        self.apply("embedder", tape, objective)
        return reconstruction, objective

    def shared_update(self, x, z):
        """Generator, then embedder, on one H."""
        with tf.GradientTape() as tape:
            latent = self.embedder(x)
        generator_losses = self.generator_update(x, z, latent)
        with tape:
            reconstruction, objective = self.embedder_objective(x, latent)
        self.apply("embedder", tape, objective)
        return reconstruction, *generator_losses, objective

    def embedder_objective(self, x, latent):
        reconstruction = mse(x, self.recovery(latent))
        supervised = supervised_loss(latent, self.supervisor(latent))
        return reconstruction, 10.0 * root(reconstruction) + 0.1 * supervised

    def discriminator_update(self, x, z):
        latent, generated = self.embedder(x), self.generator(z)
        supervised_latent = self.supervisor(generated)
        with tf.GradientTape() as tape:
            real, fake, fake_latent = self.call(
                self.discriminator, latent, supervised_latent, generated
            )
            loss = real_loss(real) + fake_loss(fake) + fake_loss(fake_latent)
        gradients = tape.gradient(loss, self.trained["discriminator"])
        if loss > self.config.discriminator_threshold:
            self.adams["discriminator"].apply(gradients, self.trained["discriminator"])
        return loss

    def draw_and_update_generator(self):
        x, z = self.draw()
        self.generator_update(x, z)
        return x

    # ---- many steps in one call ----

    def autoencoder_steps(self, count):
        loss = tf.zeros(())
        for _ in tf.range(count):
            loss = self.autoencoder_update(self.draw()[0])
        return loss

    def supervisor_steps(self, count):
        loss = tf.zeros(())
        for _ in tf.range(count):
            loss = self.supervisor_update(self.draw()[0])
        return loss

    def joint_steps(self, count):
        loss = tf.zeros(())
        for _ in tf.range(count):
            self.shared_update(*self.draw())
            self.shared_update(*self.draw())
            loss = self.discriminator_update(*self.draw())
        return loss

    # ---- helpers ----

    def draw(self):
        """A batch without replacement, and noise."""
        batch = self.config.batch_size
        rows = tf.math.top_k(tf.random.uniform([len(self.values)]), batch, sorted=False).indices
        return tf.gather(self.values, rows), tf.random.uniform([batch, *self.values.shape[1:]])

    def call(self, network, *inputs):
        """One network on several batches: in one call, or on each by itself."""
        if self.together:
            return tf.split(network(tf.concat(inputs, 0)), len(inputs))
        return [network(x) for x in inputs]

    def apply(self, name, tape, objective):
        weights = self.trained[name]
        self.adams[name].apply(tape.gradient(objective, weights), weights)


def largest_difference(unroll=False, together=False) -> float:
    """Same weights, same batches, two steps of each phase: the largest relative difference of a loss.

    Losses of the second step come after an update, so gradients and Adam are compared as well.
    """
    config = TimeGANConfig(batch_size=32, hidden=12, layers=2)
    random = np.random.default_rng(0)
    values = random.random((64, 8, 3)).astype("float32")
    networks = Networks(config, 3)
    library, port = Training(config, networks, values), KerasPort(config, values, unroll, together)
    port.copy_weights(networks)

    def draw():
        x = tf.constant(values[random.permutation(64)[:32]])
        return x, tf.constant(random.random((32, 8, 3)), tf.float32)

    pairs = []
    for _ in range(2):
        x, _ = draw()
        pairs.append((library.autoencoder_update(Batch(x))[0], port.autoencoder_update(x)))
    for _ in range(2):
        x, _ = draw()
        pairs.append((library.supervisor_update(Batch(x))[0], port.supervisor_update(x)))
    for _ in range(2):
        x, z = draw()
        ours = library.joint_update([(Batch(x), Noise(z))] * 2)  # one inner update here
        if together:
            theirs = port.shared_update(x, z)
        else:
            generator_losses = port.generator_update(x, z)
            reconstruction, objective = port.embedder_update(x)
            theirs = (reconstruction, *generator_losses, objective)
        pairs += zip(ours, [*theirs, port.discriminator_update(x, z)], strict=False)
    return max(abs(float(a) / float(b) - 1.0) for a, b in pairs)


if __name__ == "__main__":
    for unroll in (False, True):
        for together in (False, True):
            difference = largest_difference(unroll, together)
            print(f"unroll={unroll} together={together}: losses agree to {difference:.1e}")
            assert difference < 1e-4
