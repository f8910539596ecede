"""What the networks are made of: recurrent and dense layers, their weights and how those begin.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks.recurrent import recurrent_stack, weight_shapes


class Network(Protocol):
    """What training needs of a network: its weights, and that it can be called."""

    weights: list[tf.Variable]

    def __call__(
        self, x: tf.Tensor, context: tf.Tensor | None = None, train: bool = True
    ) -> tf.Tensor: ...


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

    def __call__(
        self, x: tf.Tensor, context: tf.Tensor | None = None, train: bool = True
    ) -> tf.Tensor:
        if context is not None:
            x = join(x, context)  # (B, T, inputs)
        states = recurrent_stack(x, self.stacks[0], self.cell, train)  # (B, T, h)
        if len(self.stacks) == 2:
            backward = recurrent_stack(tf.reverse(x, [1]), self.stacks[1], self.cell, train)
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

    def __call__(
        self, x: tf.Tensor, context: tf.Tensor | None = None, train: bool = True
    ) -> tf.Tensor:
        x = dense(x, self.layers[0], tf.tanh)
        x = dense(x, self.layers[1], tf.tanh)
        return dense(x, self.layers[2], tf.sigmoid)


class Identity:
    """Stands for embedder and recovery where the latent space is the data itself."""

    def __init__(self) -> None:
        self.weights: list[tf.Variable] = []

    def __call__(
        self, x: tf.Tensor, context: tf.Tensor | None = None, train: bool = True
    ) -> tf.Tensor:
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
