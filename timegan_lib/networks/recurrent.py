"""The recurrent layers: TensorFlow 1's GRU and LSTM cells, unrolled over TensorFlow's fused kernels.

TimeGAN was written for TensorFlow 1. Its GRU resets the state *before* the matrix product, which is
`keras.layers.GRU(reset_after=False)`, not the Keras default. TensorFlow still ships one fused kernel
for a whole step of that cell and one for its gradient. This file strings them together: forward
through the layers and steps, and backward by hand, so that the gradient of every weight is one matrix
product over all steps instead of one product a step.

A whole stack has one custom gradient. Between its layers the steps travel as a list of tensors, never
stacked, so layer 2 can work on step t while layer 1 works on step t + 1.
Taught in book/networks/embedder.ipynb.
"""

from __future__ import annotations

import tensorflow as tf

Steps = list[tf.Tensor]  # T tensors of shape (B, features)
Weights = list[tf.Tensor]  # of one layer, in the order of `weight_shapes`


def weight_shapes(cell: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights of one layer, named as in the authors' checkpoints."""
    if cell == "gru":
        return {
            "gates/kernel": (inputs + units, 2 * units),  # reset r, then update u
            "gates/bias": (2 * units,),
            "candidate/kernel": (inputs + units, units),
            "candidate/bias": (units,),
        }
    return {"kernel": (inputs + units, 4 * units), "bias": (4 * units,)}  # i, j, f, o


def recurrent_stack(x: tf.Tensor, layers: list[Weights], cell: str) -> tf.Tensor:
    """Run a stack of recurrent layers over a batch of sequences, from a state of zeros.

    x: (B, T, features). layers: the weights of each layer. cell: "gru" or "lstm".
    Returns the last layer's state at every step, (B, T, units).
    Source: the authors' `tf.nn.dynamic_rnn` over `MultiRNNCell`. Taught in book/networks/embedder.ipynb.
    """
    forward, backward = (
        (gru_forward, gru_backward) if cell == "gru" else (lstm_forward, lstm_backward)
    )
    sizes = [len(layer) for layer in layers]

    @tf.custom_gradient
    def run(x, *flat):
        weights = _group(flat, sizes)
        steps, caches = tf.unstack(x, axis=1), []
        for layer in weights:
            steps, cache = forward(steps, layer)
            caches.append(cache)

        def gradient(d_out):
            d_steps, d_weights = tf.unstack(d_out, axis=1), Weights()
            for layer, cache in zip(reversed(weights), reversed(caches), strict=True):
                d_steps, d_layer = backward(d_steps, cache, layer)
                d_weights = d_layer + d_weights
            return tf.stack(d_steps, axis=1), *d_weights

        return tf.stack(steps, axis=1), gradient

    return run(x, *[weight for layer in layers for weight in layer])


def gru_forward(xs: Steps, weights: Weights) -> tuple[Steps, list]:
    """r, u = sigmoid([x, h] W_ru + b_ru);  c = tanh([x, r * h] W_c + b_c);  h' = u * h + (1 - u) * c."""
    w_ru, b_ru, w_c, b_c = weights
    h = _zero_state(xs[0], w_c.shape[1])
    hs, cache = [], []
    for x in xs:
        r, u, c, new = tf.raw_ops.GRUBlockCell(
            x=x, h_prev=h, w_ru=w_ru, w_c=w_c, b_ru=b_ru, b_c=b_c
        )
        cache.append((x, h, r, u, c))
        h = new  # (B, units)
        hs.append(h)
    return hs, cache


def gru_backward(d_hs: Steps, cache: list, weights: Weights) -> tuple[Steps, Weights]:
    """From the gradients of the layer's outputs to those of its inputs and of its weights."""
    w_ru, b_ru, w_c, b_c = weights
    d_xs, d_rus, d_cs = [], [], []
    d_h_next = tf.zeros_like(d_hs[0])
    for d_h, (x, h, r, u, c) in zip(reversed(d_hs), reversed(cache), strict=True):
        d_x, d_h_next, d_c, d_ru = tf.raw_ops.GRUBlockCellGrad(
            x=x, h_prev=h, w_ru=w_ru, w_c=w_c, b_ru=b_ru, b_c=b_c, r=r, u=u, c=c, d_h=d_h + d_h_next
        )
        d_xs.append(d_x)
        d_rus.append(d_ru)  # before the sigmoid, (B, 2 units)
        d_cs.append(d_c)  # before the tanh, (B, units)
    d_ru, d_c = tf.concat(d_rus[::-1], 0), tf.concat(d_cs[::-1], 0)  # (T * B, ...)
    x, h, r = (tf.concat([step[k] for step in cache], 0) for k in range(3))
    return d_xs[::-1], [
        _kernel_gradient(x, h, d_ru),
        tf.reduce_sum(d_ru, 0),
        _kernel_gradient(x, r * h, d_c),
        tf.reduce_sum(d_c, 0),
    ]


def lstm_forward(xs: Steps, weights: Weights) -> tuple[Steps, list]:
    """i, j, f, o = [x, h] W + b;  s' = sigmoid(f + 1) * s + sigmoid(i) * tanh(j);  h' = sigmoid(o) * tanh(s')."""
    w, b = weights
    h = s = _zero_state(xs[0], w.shape[1] // 4)
    hs, cache = [], []
    for x in xs:
        i, new_s, f, o, j, tanh_s, new_h = tf.raw_ops.LSTMBlockCell(
            x=x, cs_prev=s, h_prev=h, w=w, b=b, **_no_peepholes(s), forget_bias=1.0, cell_clip=-1.0
        )
        cache.append((x, h, s, i, new_s, f, o, j, tanh_s))
        h = new_h  # (B, units)
        hs.append(h)
        s = new_s
    return hs, cache


def lstm_backward(d_hs: Steps, cache: list, weights: Weights) -> tuple[Steps, Weights]:
    """From the gradients of the layer's outputs to those of its inputs and of its weights."""
    w, b = weights
    d_xs, d_gates = [], []
    d_h_next = d_s = tf.zeros_like(d_hs[0])
    inputs = cache[0][0].shape[1]
    for d_h, (x, h, s, i, new_s, f, o, j, tanh_s) in zip(
        reversed(d_hs), reversed(cache), strict=True
    ):
        d_s, d_gate, *_ = tf.raw_ops.LSTMBlockCellGrad(
            x=x, cs_prev=s, h_prev=h, w=w, b=b, **_no_peepholes(s), i=i, cs=new_s, f=f, o=o, ci=j,
            co=tanh_s, cs_grad=d_s, h_grad=d_h + d_h_next, use_peephole=False,
        )  # fmt: skip
        d_both = tf.matmul(d_gate, w, transpose_b=True)  # (B, inputs + units)
        d_x, d_h_next = d_both[:, :inputs], d_both[:, inputs:]
        d_xs.append(d_x)
        d_gates.append(d_gate)  # before the activations, (B, 4 units)
    d_gate = tf.concat(d_gates[::-1], 0)  # (T * B, 4 units)
    x, h = (tf.concat([step[k] for step in cache], 0) for k in range(2))
    return d_xs[::-1], [_kernel_gradient(x, h, d_gate), tf.reduce_sum(d_gate, 0)]


def _kernel_gradient(x: tf.Tensor, h: tf.Tensor, d: tf.Tensor) -> tf.Tensor:
    """The gradient of W in [x, h] W, summed over all steps: [x, h]^T d, without joining x and h."""
    return tf.concat([tf.matmul(x, d, transpose_a=True), tf.matmul(h, d, transpose_a=True)], 0)


def _no_peepholes(state: tf.Tensor) -> dict[str, tf.Tensor]:
    unused = tf.zeros(state.shape[1:])
    return {"wci": unused, "wcf": unused, "wco": unused}


def _zero_state(x: tf.Tensor, units: int) -> tf.Tensor:
    return tf.zeros((tf.shape(x)[0], units))


def _group(flat: tuple, sizes: list[int]) -> list[Weights]:
    groups, start = [], 0
    for size in sizes:
        groups.append(list(flat[start : start + size]))
        start += size
    return groups
