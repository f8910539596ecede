"""TimeGAN's training as plainly as it can be written: the measure for the fast one.

Plain operations in float64, one step of one layer after the other, every gradient left to TensorFlow,
Adam as a formula, nothing compiled, nothing shared between updates. Uses nothing of the library but
the numbers it starts from. GRU, default switches, sequences of one length.
"""

import numpy as np
import tensorflow as tf

PHASES = ("autoencoder", "supervisor", "joint")
SAMPLED = ("generator", "supervisor", "recovery", "static_generator", "static_recovery")


def mse(a, b):
    return tf.reduce_mean((a - b) ** 2)


def bce(target, logits):
    p = 1 / (1 + tf.exp(-logits))
    return -tf.reduce_mean(tf.math.log(p if target == 1 else 1 - p))


def ahead(latent, supervised):
    """L_S: the supervisor's answer at t - 1 against the latent at t."""
    return mse(latent[:, 1:], supervised[:, :-1])


def moments(x, synthetic):
    """V = V1 + V2, over the batch."""

    def mean_and_deviation(a):
        mean = tf.reduce_mean(a, 0)
        return mean, tf.sqrt(tf.reduce_mean((a - mean) ** 2, 0) + 1e-6)

    (mean_x, deviation_x), (mean_s, deviation_s) = map(mean_and_deviation, (x, synthetic))
    return tf.reduce_mean(abs(deviation_s - deviation_x)) + tf.reduce_mean(abs(mean_s - mean_x))


class SlowTimeGAN:
    """Starts from a fresh `Training`'s weights; each method is one step and returns its losses.

    blocks: the widths of the static features. static_weight: of their terms.
    """

    def __init__(self, training, blocks=(), static_weight=0.0):
        self.config, self.blocks, self.static_weight = training.config, blocks, static_weight
        self.weights = {
            w.name[:-2]: tf.Variable(w.numpy().astype(np.float64))
            for w in training.networks.all_weights
        }
        self.adam = {}  # (optimizer, weight) -> t, m, v
        self.average = {name: w.numpy() for name, w in self.weights.items()}

    # ---- networks ----

    def dense(self, name, x):
        return x @ self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]

    def gru(self, name, xs):
        state, states = 0.0, []
        for x in xs:
            if not states:
                state = tf.zeros(
                    (x.shape[0], self.weights[f"{name}/candidate/bias"].shape[0]), x.dtype
                )
            gates = tf.sigmoid(self.dense(f"{name}/gates", tf.concat([x, state], 1)))
            r, u = tf.split(gates, 2, 1)
            c = tf.tanh(self.dense(f"{name}/candidate", tf.concat([x, r * state], 1)))
            state = u * state + (1 - u) * c
            states.append(state)
        return states

    def network(self, name, x, h_static=None):
        """A stack of recurrent layers, then one dense layer at every step."""
        xs = [x[:, t] for t in range(x.shape[1])]
        if h_static is not None and name != "recovery":
            xs = [tf.concat([step, h_static], 1) for step in xs]
        layer = 0
        while f"{name}/layer_{layer}/gates/kernel" in self.weights:
            xs = self.gru(f"{name}/layer_{layer}", xs)
            layer += 1
        out = tf.stack([self.dense(f"{name}/output", step) for step in xs], 1)
        return out if name == "discriminator" else tf.sigmoid(out)

    def static_network(self, name, x):
        out = self.dense(f"static_{name}", x)
        if name == "discriminator":
            return out
        if name != "recovery":
            return tf.sigmoid(out)
        parts = tf.split(out, self.blocks, 1)
        return tf.concat([tf.sigmoid(p) if p.shape[1] == 1 else tf.nn.softmax(p) for p in parts], 1)

    # ---- one step of each phase ----

    def autoencoder(self, draw):
        with tf.GradientTape() as tape:
            reconstruction = self.real(draw)["reconstruction"]
            objective = 10 * tf.sqrt(reconstruction)
        self.update("autoencoder", ("embedder", "recovery"), tape, objective)
        return [reconstruction]

    def supervisor(self, draw):
        with tf.GradientTape() as tape:
            supervised = self.real(draw)["supervised"]
        self.update("supervisor", ("supervisor",), tape, supervised, static=False)
        return [supervised]

    def joint(self, draws, step):
        rows = []
        for draw in draws[:-1]:
            with tf.GradientTape() as tape:
                real, fake = self.real(draw), self.fake(draw)
                unsupervised = bce(1, fake["logits"])
                latent_adversary = bce(1, fake["logits_latent"])
                moment = moments(real["x"], fake["synthetic"])
                if self.blocks:
                    weight = self.static_weight
                    unsupervised += weight * bce(1, fake["static_logits"])
                    moment += weight * moments(real["static"], fake["static"])
                root = tf.sqrt(real["supervised"])
                generator = unsupervised + latent_adversary + 100 * root + 100 * moment
            before = [real["reconstruction"], real["supervised"]]
            self.update("generator", ("generator", "supervisor"), tape, generator)
            with tf.GradientTape() as tape:
                real = self.real(draw)
                embedder = 10 * tf.sqrt(real["reconstruction"]) + 0.1 * real["supervised"]
            self.update("embedder", ("embedder", "recovery"), tape, embedder)
            rows.append([*before, unsupervised, latent_adversary, moment, generator, embedder])
        with tf.GradientTape() as tape:
            real, fake = self.real(draws[-1]), self.fake(draws[-1])
            loss = bce(1, real["logits"]) + bce(0, fake["logits"]) + bce(0, fake["logits_latent"])
            if self.blocks:
                static = bce(1, real["static_logits"]) + bce(0, fake["static_logits"])
                loss += self.static_weight * static
        trains = bool(loss > self.config.discriminator_threshold)
        if trains:
            self.update("discriminator", ("discriminator",), tape, loss)
        decay = min(self.config.average_decay, step / (step + 1))
        for name, weight in self.weights.items():
            self.average[name] = decay * self.average[name] + (1 - decay) * weight.numpy()
        return [*np.mean(rows, 0), loss, float(trains)]

    def real(self, draw):
        """All that comes from the real batch: H, X~, s(H), D(H) and their losses."""
        batch, _ = draw
        x, h_static, made = tf.cast(batch.x, tf.float64), None, {}
        if self.blocks:
            made["static"] = tf.cast(batch.static, tf.float64)
            h_static = self.static_network("embedder", made["static"])
            made["static_logits"] = self.static_network("discriminator", h_static)
            reconstructed = self.static_network("recovery", h_static)
            static_term = self.static_weight * mse(made["static"], reconstructed)
        latent = self.network("embedder", x, h_static)
        made["reconstruction"] = mse(x, self.network("recovery", latent))
        if self.blocks:
            made["reconstruction"] += static_term
        made["supervised"] = ahead(latent, self.network("supervisor", latent, h_static))
        made["logits"] = self.network("discriminator", latent, h_static)
        return made | {"x": x, "h_static": h_static}

    def fake(self, draw):
        """All that comes from noise: E^, H^, X^, D(H^) and D(E^)."""
        batch, noise = draw
        context, made = None, {}
        if self.blocks:
            context = self.static_network("generator", tf.cast(noise.static, tf.float64))
            made["static"] = self.static_network("recovery", context)
            made["static_logits"] = self.static_network("discriminator", context)
            if noise.on_real is not None and bool(noise.on_real):
                context = self.static_network("embedder", tf.cast(batch.static, tf.float64))
        generated = self.network("generator", tf.cast(noise.z, tf.float64), context)
        supervised = self.network("supervisor", generated, context)
        made["synthetic"] = self.network("recovery", supervised)
        made["logits"] = self.network("discriminator", supervised, context)
        made["logits_latent"] = self.network("discriminator", generated, context)
        return made

    # ---- Adam ----

    def update(self, optimizer, networks, tape, objective, static=True):
        """w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps), for these networks only."""
        kinds = ("", "static_") if static else ("",)
        owners = tuple(f"{kind}{name}/" for kind in kinds for name in networks)
        names = [name for name in self.weights if name.startswith(owners)]
        gradients = tape.gradient(objective, [self.weights[name] for name in names])
        for name, g in zip(names, gradients, strict=True):
            t, m, v = self.adam.get((optimizer, name), (0, 0.0, 0.0))
            t, m, v = t + 1, 0.9 * m + 0.1 * g.numpy(), 0.999 * v + 0.001 * g.numpy() ** 2
            rate = 1e-3 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            self.weights[name].assign_sub(rate * m / (np.sqrt(v) + 1e-8))
            self.adam[optimizer, name] = t, m, v

    def state(self, steps):
        """What `Training.state` should hold after these steps, by the same names."""
        found = {name: weight.numpy() for name, weight in self.weights.items()}
        found |= {f"average/{n}": a for n, a in self.average.items() if n.startswith(SAMPLED)}
        for (optimizer, name), (t, m, v) in self.adam.items():
            found |= {f"{optimizer}_adam/m/{name}": m, f"{optimizer}_adam/v/{name}": v}
            found[f"{optimizer}_adam/powers"] = np.array([0.9 ** (t + 1), 0.999 ** (t + 1)])
        return found | {f"steps/{phase}": np.array(n) for phase, n in steps.items()}


def assert_equal_steps(training, steps, **static):
    """Run these steps, {phase: count}, both ways from the present weights; compare losses and state.

    Returns the fast losses of each step.
    """
    slow, found = SlowTimeGAN(training, **static), []
    for phase, count in steps.items():
        for step in range(count):
            if phase == "joint":
                plain = slow.joint(training.draws.joint(step), step)
            else:
                batch = training.draws.batch(PHASES.index(phase), step, 0)
                plain = getattr(slow, phase)((batch, None))
            fast = training.run(phase, 1)
            np.testing.assert_allclose(list(fast.values()), plain, rtol=1e-5, err_msg=f"{fast}")
            found.append(fast)
    for name, expected in slow.state(steps).items():
        value = training.state[name]
        np.testing.assert_allclose(value, expected, atol=2e-6, rtol=1e-4, err_msg=name)
    return found
