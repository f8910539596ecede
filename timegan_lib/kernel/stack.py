"""The kernel as a function of tensors, with its gradient. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def gru_stack(
    operations: Any, x: tf.Tensor, layers: list[list[tf.Tensor]], train: bool
) -> tf.Tensor:
    """A stack of GRU layers over a batch of sequences, from a state of zeros.

    operations: of `kernel`. x: (B, T, features). layers: W_ru, b_ru, W_c, b_c of each layer, as
    `networks.recurrent.weight_shapes` gives them. train: whether the gradients of the weights will be
    asked for. Returns the last layer's state at every step, (B, T, units).
    Raises ValueError where shapes do not fit: the operation itself does not look at them.
    Taught in book/how-the-code-is-built.md.
    """
    _check_shapes(x, layers)

    @tf.custom_gradient
    def run(x, *flat):
        w = [tf.convert_to_tensor(weight) for weight in flat]
        states, kept = operations.gru_stack(x=x, w=w)
        states.set_shape([x.shape[0], x.shape[1], w[-1].shape[0]])

        def gradient(d_states):
            d_x, d_w = operations.gru_stack_grad(
                x=x, d_states=d_states, kept=kept, w=w, wanted=int(train)
            )
            d_x.set_shape(x.shape)
            if not train:
                return d_x, *[None] * len(w)
            for d, weight in zip(d_w, w, strict=True):
                d.set_shape(weight.shape)
            return d_x, *d_w

        return states, gradient

    return run(x, *[weight for layer in layers for weight in layer])


def _check_shapes(x: tf.Tensor, layers: list[list[tf.Tensor]]) -> None:
    units = layers[-1][-1].shape[0]
    inputs = x.shape[2]
    for k, layer in enumerate(layers):
        rows = inputs + units
        wanted = [(rows, 2 * units), (2 * units,), (rows, units), (units,)]
        found = [tuple(weight.shape) for weight in layer]
        if found != wanted:
            raise ValueError(f"layer {k} takes weights of shapes {wanted}, not {found}")
        inputs = units
