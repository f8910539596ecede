"""The generator as the paper writes it, g(h_S, x_(t-1), z_t): each step sees the steps made before it.

What it says of a step is a mixture of Gaussians, so that the supervised loss can be a likelihood: of real
data, teacher forced. Free running, noise draws from the mixture, and a gradient reaches means and spreads.
The latent space is the data, represented so that each feature is roughly N(0, 1).
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks.layers import (
    RecurrentNetwork,
    dense,
    dense_weights,
    glorot_uniform,
    recurrent_weights,
)
from timegan_lib.networks.mixture import Mixture, StaticMixture, draw, log_density
from timegan_lib.networks.recurrent import LONGEST, recurrent_stack

RIDGE = 1.0  # of the linear autoregression that the generator begins as
STAYS = 0.01  # a feature that is exactly what it was in such a share of the steps can stay so
NEVER = -30.0  # log odds
BEYOND = 0.25  # of a feature's range in the training data: so far outside it a step may lie


class AutoregressiveGenerator:
    """x_t given x_1 .. x_(t-1) and the statics x_S: sum_k w_k N(mu_k, S_k), K components.

    The first step is said from x_S alone. For the others GRU layers read [x_(t-1), its change, x_1, x_S]; dense
    layers on their state give weights, means, spreads, and how probable it is that a feature stays what it
    was, as a rain of 0 does for days. Means also come straight from those inputs: a linear autoregression,
    which `begin_with` fits. How the features of one step go together is a triangle (D, D) a component.
    """

    def __init__(self, config: TimeGANConfig, features: int, statics: int, seed: int):
        d, k, h = features, config.components, config.hidden
        self.features, self.components, self.hidden, self.least = d, k, h, config.least_spread
        inputs = 3 * d + statics
        self.layers = [
            recurrent_weights(f"generator/layer_{n}", "gru", inputs if n == 0 else h, h, seed)
            for n in range(config.layers)
        ]
        self.head = dense_weights("generator/head", h, k * (1 + 2 * d), seed)
        self.first = dense_weights("generator/first", max(1, statics), k * (1 + 2 * d), seed)
        for place, (kernel, bias) in enumerate((self.head, self.first)):
            apart = glorot_uniform(
                (k, d), f"generator/apart_{place}", seed
            )  # components begin apart
            bias.assign(tf.concat([tf.zeros(k), tf.reshape(apart, [-1]), tf.zeros(k * d)], 0))
            kernel.assign(0.3 * kernel)
        self.staying = dense_weights("generator/staying", h, k * d, seed)
        self.straight = tf.Variable(tf.zeros((inputs, d)), name="generator/straight")
        self.triangles = tf.Variable(tf.zeros((2, k, d, d)), name="generator/triangles")
        layers = [weight for layer in self.layers for weight in layer]
        dense_layers = [*self.head, *self.first, *self.staying]
        self.weights = [*layers, *dense_layers, self.straight, self.triangles]
        # from the training data, and not trained: the range of a step, and the spread of what is new in it
        self.limits = tf.Variable([[-1e9] * d, [1e9] * d], name="generator/limits")
        self.news = tf.Variable(tf.ones(d), name="generator/news")
        self.stays = tf.Variable(tf.zeros(d), name="generator/stays")  # 1: it can stay as it was
        self.constants = [self.limits, self.news, self.stays]

    def begin_with(self, x: np.ndarray, mask: np.ndarray, static: np.ndarray | None) -> None:
        """Begin as the linear autoregression of these data: x (N, T, D), mask (N, T), static (N, Ds) or None."""
        seen = x[mask]
        low, high = seen.min(axis=0), seen.max(axis=0)
        self.limits.assign(np.stack([low, high]) + np.outer([-BEYOND, BEYOND], high - low))
        later = mask[:, 1:]
        if not later.any():
            return
        known = None if static is None else tf.constant(static, tf.float32)
        inputs = self._inputs(tf.constant(x, tf.float32), known).numpy()[later].astype(float)
        ahead = x[:, 1:][later].astype(float)
        square = inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1])
        straight = np.linalg.solve(square, inputs.T @ ahead)
        left = ahead - inputs @ straight  # what the autoregression does not say
        square = np.atleast_2d(np.cov(left.T)) + 1e-8 * np.eye(self.features)
        factor = np.linalg.cholesky(square)  # (1 - L)^-1 diag(s)
        news = np.diag(factor)
        triangle = np.eye(self.features) - np.diag(news) @ np.linalg.inv(factor)
        same = (x[:, 1:] == x[:, :-1])[later].mean(axis=0)
        self.stays.assign((same >= STAYS).astype(np.float32))
        self.straight.assign(straight)
        self.news.assign(news)
        self.triangles[1].assign(np.repeat(triangle[None], self.components, 0))

    def log_density(self, x: tf.Tensor, static: tf.Tensor | None = None) -> tf.Tensor:
        """log p(x_t | x_1 .. x_(t-1), x_S), (B, T) from (B, T, D)."""
        told = [log_density(x[:, :1], self._said_first(x, static), self.triangles[0])]
        if x.shape[1] > 1:
            told.append(log_density(x[:, 1:], self._said(x, static), self.triangles[1]))
        return tf.concat(told, 1)

    def one_ahead(self, z: tf.Tensor, x: tf.Tensor, static: tf.Tensor | None = None) -> tf.Tensor:
        """Each step after the first drawn given the real ones before it: (B, T, D); z: (B, T, 2 D + 1)."""
        if x.shape[1] == 1:
            return x
        drawn = draw(z[:, 1:], self._said(x, static), self.triangles[1])
        return tf.concat([x[:, :1], self._within(drawn)], 1)

    def __call__(self, z: tf.Tensor, static: tf.Tensor | None = None) -> tf.Tensor:
        """New sequences (B, T, D) from noise (B, T, 2 D + 1), each step from the steps made before it."""
        begin = self._within(draw(z[:, :1], self._said_first(z, static), self.triangles[0]))[:, 0]
        states = [tf.zeros((tf.shape(z)[0], self.hidden)) for _ in self.layers]
        still = tf.zeros_like(begin)
        around = [begin] if static is None else [begin, static]

        def step(kept, noise):
            """x_(t-1), its change (B, D) and the states (B, h) to those of t; noise: (B, 2 D + 1)."""
            before, change, states = kept
            h = inputs = tf.concat([before, change, *around], 1)
            new = []
            for state, weights in zip(states, self.layers, strict=True):
                h = gru_step(h, state, weights)
                new.append(h)
            x = self._within(draw(noise, self._mixture(h, inputs), self.triangles[1]))
            return x, x - before, new

        if z.shape[1] > LONGEST:  # a loop, so that the graph does not grow
            made, *_ = tf.scan(step, tf.transpose(z[:, 1:], (1, 0, 2)), (begin, still, states))
            return tf.concat([begin[:, tf.newaxis], tf.transpose(made, (1, 0, 2))], 1)
        kept, steps = (begin, still, states), [begin]
        for t in range(1, z.shape[1]):
            kept = step(kept, z[:, t])
            steps.append(kept[0])
        return tf.stack(steps, 1)

    def _said_first(self, x: tf.Tensor, static: tf.Tensor | None) -> Mixture:
        """What is said of the first step: (B, 1, K), (B, 1, K, D)."""
        known = tf.zeros((tf.shape(x)[0], 1)) if static is None else static
        weight, mean, spread = self._parts(dense(known, self.first, None)[:, tf.newaxis])
        return Mixture(weight, mean, spread)

    def _said(self, x: tf.Tensor, static: tf.Tensor | None) -> Mixture:
        """What is said of every later step of real sequences, (B, T - 1, K, D), given the real steps before."""
        inputs = self._inputs(x, static)
        return self._mixture(recurrent_stack(inputs, self.layers, "gru"), inputs)

    def _inputs(self, x: tf.Tensor, static: tf.Tensor | None) -> tf.Tensor:
        """[x_(t-1), x_(t-1) - x_(t-2), x_1, s] for t = 2 .. T, (B, T - 1, ...); no change comes before step 2."""
        before, later = x[:, :-1], x.shape[1] - 1
        change = before - tf.concat([x[:, :1], before[:, :-1]], 1)
        parts = [before, change, tf.repeat(x[:, :1], later, 1)]
        if static is not None:
            parts.append(tf.repeat(static[:, tf.newaxis], later, 1))
        return tf.concat(parts, 2)

    def _mixture(self, states: tf.Tensor, inputs: tf.Tensor) -> Mixture:
        """From states (..., h) and inputs to weights (..., K), means and spreads (..., K, D)."""
        weight, mean, spread = self._parts(dense(states, self.head, None))
        straight = dense(inputs, [self.straight, tf.zeros(self.features)], None)
        mean, spread = straight[..., tf.newaxis, :] + self.news * mean, self.news * spread
        stay = tf.reshape(dense(states, self.staying, None), tf.shape(mean))
        stay = tf.where(self.stays > 0, stay, NEVER)
        return Mixture(weight, mean, spread, stay, inputs[..., : self.features])

    def _parts(self, told: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Numbers of a head (..., K (1 + 2 D)) to log weights, means, and spreads that begin near 1."""
        k, d = self.components, self.features
        weight, mean, spread = tf.split(told, [k, k * d, k * d], -1)
        shape = tf.concat([tf.shape(told)[:-1], [k, d]], 0)
        spread = tf.nn.softplus(tf.reshape(spread, shape) + 0.54) + self.least
        return tf.nn.log_softmax(weight), tf.reshape(mean, shape), spread

    def _within(self, x: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(x, self.limits[0], self.limits[1])


class AutoregressiveNetworks:
    """The generator, the discriminator of data, and a mixture of static features where there are any.

    Taught in book/how-the-code-is-built.md.
    """

    def __init__(
        self, config: TimeGANConfig, features: int, static_blocks: tuple[int, ...] = (), seed: int = 0
    ):  # fmt: skip
        statics = sum(static_blocks)
        self.noise_size = 2 * features + 1
        self.static = StaticMixture(static_blocks, seed) if static_blocks else None
        self.generator = AutoregressiveGenerator(config, features, statics, seed)
        self.discriminator = RecurrentNetwork(
            "discriminator", config, features + statics, 1, activation=None, seed=seed
        )

    def weights(self, *names: str) -> list[tf.Variable]:
        """The weights of the named networks; the generator's with those of the statics."""
        found: list[tf.Variable] = []
        if "generator" in names:
            found += [*self.generator.weights, *(self.static.weights if self.static else [])]
        return found + (self.discriminator.weights if "discriminator" in names else [])

    def generate(self, z: tf.Tensor, noise: tf.Tensor | None, wanted: tf.Tensor | None):
        """New x (B, T, D), and x_S (B, Ds) or None, from noise and, where they are, for wanted statics."""
        static = wanted if noise is None or self.static is None else self.static(noise)
        return self.generator(z, static), static

    def read_back(self, x: tf.Tensor, static: tf.Tensor | None, ahead: bool, z: tf.Tensor):
        """Real x and x_S as they are: no network stands before the generator. ahead: each step but the first
        drawn, by noise z (B, T, 2 D + 1), from what the generator says of it after the real ones before it."""
        return (self.generator.one_ahead(z, x, static) if ahead else x), static

    @property
    def all_weights(self) -> list[tf.Variable]:
        return [*self.weights("generator", "discriminator"), *self.generator.constants]


def gru_step(x: tf.Tensor, h: tf.Tensor, weights: list[tf.Variable]) -> tf.Tensor:
    """One step of the cell of `networks.recurrent`, in plain operations: (B, features), (B, h) -> (B, h).

    rho, u = sigmoid([x, h] W_ru + b_ru);  c = tanh([x, rho * h] W_c + b_c);  h' = u * h + (1 - u) * c.
    """
    w_ru, b_ru, w_c, b_c = weights
    r, u = tf.split(tf.sigmoid(tf.matmul(tf.concat([x, h], 1), w_ru) + b_ru), 2, 1)
    c = tf.tanh(tf.matmul(tf.concat([x, r * h], 1), w_c) + b_c)
    return u * h + (1 - u) * c
