"""The networks of TimeGAN, in the order in which the book meets them.

Each of the five is a stack of recurrent layers and one dense layer applied to every step. A network is
called with a batch (B, T, inputs) and returns (B, T, outputs). Where sequences have static features,
their latent h_S (B, size) is the second argument and joins the input of every step.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.recurrent import recurrent_stack, weight_shapes


class Network(Protocol):
    """What training needs of a network: its weights, and that it can be called."""

    weights: list[tf.Variable]

    def __call__(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor: ...


# ---- the five, and what may stand in their place -----------------------------------------------


def embedder(config: TimeGANConfig, features: int, context: int, seed: int) -> Network:
    """H = e(X), from the data (B, T, D) to the latent space (B, T, h) in (0, 1).

    Source: paper equation 3. Taught in book/networks/embedder.ipynb.
    """
    if not config.embedding:
        return Identity()
    return RecurrentNetwork("embedder", config, features + context, config.hidden, seed=seed)


def recovery(config: TimeGANConfig, features: int, seed: int) -> Network:
    """X~ = r(H), from the latent space (B, T, h) back to the data (B, T, D) in (0, 1).

    Source: paper equation 4, there a feedforward network (`recovery="dense"`), in the authors' code
    a recurrent one. Taught in book/networks/recovery.ipynb.
    """
    if not config.embedding:
        return Identity()
    if config.recovery == "dense":
        return DenseNetwork("recovery", config.hidden, config.hidden, features, seed)
    return RecurrentNetwork("recovery", config, config.hidden, features, seed=seed)


def generator(config: TimeGANConfig, noise: int, latent: int, context: int, seed: int) -> Network:
    """E^ = g(Z), from noise (B, T, Dz) to the latent space (B, T, h) in (0, 1).

    Source: paper equation 5. Taught in book/networks/generator.ipynb.
    """
    return RecurrentNetwork("generator", config, noise + context, latent, seed=seed)


def supervisor(config: TimeGANConfig, latent: int, context: int, seed: int) -> Network:
    """H^ = s(E^), one latent step ahead (B, T, h) -> (B, T, h), with one layer less than the others.

    Source: the authors' code; the paper folds it into the generator. Taught in book/networks/supervisor.ipynb.
    """
    layers = max(1, config.layers - 1)
    return RecurrentNetwork(
        "supervisor", config, latent + context, latent, layers=layers, seed=seed
    )


def discriminator(config: TimeGANConfig, latent: int, context: int, seed: int) -> Network:
    """Y = d(H), one logit for every step: (B, T, h) -> (B, T, 1), no activation.

    Source: paper equation 6, there bidirectional (`bidirectional=True`), in the authors' code one way.
    Taught in book/networks/discriminator.ipynb.
    """
    ways = 2 if config.bidirectional else 1
    return RecurrentNetwork(
        "discriminator", config, latent + context, 1, activation=None, ways=ways, seed=seed
    )


# ---- how they are made -------------------------------------------------------------------------


class RecurrentNetwork:
    """Recurrent layers, then one dense layer on every step: (B, T, inputs) -> (B, T, outputs)."""

    def __init__(
        self, name: str, config: TimeGANConfig, inputs: int, outputs: int, *,
        layers: int | None = None, activation=tf.sigmoid, ways: int = 1, seed: int,
    ):  # fmt: skip
        h = config.hidden
        self.cell, self.activation = config.cell, activation
        self.stacks = []  # one, or two for a network that reads both ways
        for way in range(ways):
            stack = name if way == 0 else f"{name}/backward"
            self.stacks.append([
                recurrent_weights(f"{stack}/layer_{k}", config.cell, inputs if k == 0 else h, h, seed)
                for k in range(layers or config.layers)
            ])  # fmt: skip
        self.output = dense_weights(f"{name}/output", ways * h, outputs, seed)
        self.weights = [w for stack in self.stacks for layer in stack for w in layer] + self.output

    def __call__(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        if context is not None:
            x = join(x, context)  # (B, T, inputs)
        states = recurrent_stack(x, self.stacks[0], self.cell)  # (B, T, h)
        if len(self.stacks) == 2:
            backward = recurrent_stack(tf.reverse(x, [1]), self.stacks[1], self.cell)
            states = tf.concat([states, tf.reverse(backward, [1])], 2)  # (B, T, 2 h)
        return dense(states, self.output, self.activation)  # (B, T, outputs)


class DenseNetwork:
    """Two dense layers of `units`, then the output layer, each step by itself."""

    def __init__(self, name: str, inputs: int, units: int, outputs: int, seed: int):
        sizes = (inputs, units, units, outputs)
        self.layers = [
            dense_weights(f"{name}/dense_{k}", sizes[k], sizes[k + 1], seed) for k in range(3)
        ]
        self.weights = [w for layer in self.layers for w in layer]

    def __call__(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        x = dense(x, self.layers[0], tf.tanh)
        x = dense(x, self.layers[1], tf.tanh)
        return dense(x, self.layers[2], tf.sigmoid)


class Identity:
    """Stands for embedder and recovery where the latent space is the data itself."""

    def __init__(self) -> None:
        self.weights: list[tf.Variable] = []

    def __call__(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        return x


class DenseLayer:
    """One dense layer between vectors, for the static branch: (B, inputs) -> (B, outputs)."""

    def __init__(self, name: str, inputs: int, outputs: int, activation, seed: int):
        self.activation = activation
        self.weights = dense_weights(name, inputs, outputs, seed)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return dense(x, self.weights, self.activation)


def recurrent_weights(
    name: str, cell: str, inputs: int, units: int, seed: int
) -> list[tf.Variable]:
    """Glorot-uniform kernels over the joint (input and state) shape; gate bias 1 in a GRU, else 0."""
    weights = []
    for part, shape in weight_shapes(cell, inputs, units).items():
        if len(shape) == 2:
            value = glorot_uniform(shape, f"{name}/{part}", seed)
        else:
            value = tf.ones(shape) if part == "gates/bias" else tf.zeros(shape)
        weights.append(tf.Variable(value, name=f"{name}/{part}"))
    return weights


def dense_weights(name: str, inputs: int, outputs: int, seed: int) -> list[tf.Variable]:
    """A Glorot-uniform kernel (inputs, outputs) and a bias of zeros (outputs,)."""
    kernel = glorot_uniform((inputs, outputs), f"{name}/kernel", seed)
    return [
        tf.Variable(kernel, name=f"{name}/kernel"),
        tf.Variable(tf.zeros(outputs), name=f"{name}/bias"),
    ]


def glorot_uniform(shape: tuple[int, ...], name: str, seed: int) -> tf.Tensor:
    """Uniform within sqrt(6 / (rows + columns)); every weight has its own stream, by its name."""
    limit = (6.0 / sum(shape)) ** 0.5
    stream = [seed, zlib.crc32(name.encode())]
    return tf.random.stateless_uniform(shape, stream, -limit, limit, alg="philox")


def dense(x: tf.Tensor, weights: list[tf.Variable], activation) -> tf.Tensor:
    """activation(x W + b) on the last axis of x."""
    kernel, bias = weights
    flat = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), kernel) + bias
    if activation is not None:
        flat = activation(flat)
    return tf.reshape(flat, tf.concat([tf.shape(x)[:-1], [kernel.shape[1]]], 0))


def join(x: tf.Tensor, context: tf.Tensor) -> tf.Tensor:
    """Put the same vector (B, size) beside every step of (B, T, features)."""
    return tf.concat([x, tf.repeat(context[:, tf.newaxis], x.shape[1], axis=1)], 2)


# ---- the static branch -------------------------------------------------------------------------


@dataclass(frozen=True)
class StaticNetworks:
    """e_S, r_S, g_S and d_S of the paper's equations 3 to 6, one dense layer each.

    Taught in book/how-the-code-is-built.md.
    """

    embedder: DenseLayer  # s (B, Ds) -> h_S (B, size)
    recovery: DenseLayer  # h_S -> s~, softmax over the levels of a category
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


# ---- all of them -------------------------------------------------------------------------------


class Networks:
    """The five networks and, where there are static features, the four of the static branch."""

    def __init__(
        self,
        config: TimeGANConfig,
        features: int,
        static_blocks: tuple[int, ...] = (),
        seed: int = 0,
    ):
        latent = config.hidden if config.embedding else features
        self.noise_size = config.noise_size or features
        self.static = StaticNetworks.make(config, static_blocks, seed) if static_blocks else None
        context = self.static.size if self.static else 0
        self.embedder = embedder(config, features, context, seed)
        self.recovery = recovery(config, features, seed)
        self.generator = generator(config, self.noise_size, latent, context, seed)
        self.supervisor = supervisor(config, latent, context, seed)
        self.discriminator = discriminator(config, latent, context, seed)

    def weights(self, *names: str) -> list[tf.Variable]:
        """The weights of the named networks, each with its static companion where there is one."""
        found: list[tf.Variable] = []
        for name in names:
            found += getattr(self, name).weights
            found += getattr(self.static, name).weights if hasattr(self.static, name) else []
        return found

    @property
    def all_weights(self) -> list[tf.Variable]:
        return self.weights("embedder", "recovery", "generator", "supervisor", "discriminator")
