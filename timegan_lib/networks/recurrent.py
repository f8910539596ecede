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

from collections.abc import Callable
from math import ceil

import tensorflow as tf

from timegan_lib.kernel import gru_stack, kernel

LONGEST = 96  # steps that are unrolled in one piece: a training step is 1.3 times as fast, compiling slower
BLOCK = 25  # steps in a block, at most, of a longer sequence

Steps = list[tf.Tensor]  # T tensors of shape (B, features)
State = list[tf.Tensor]  # of one layer, (B, units) each: [h], and for the LSTM [h, s]
Weights = list[tf.Tensor]  # of one layer, in the order of `weight_shapes`


def weight_shapes(cell: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights of one layer, named as in the authors' checkpoints."""
    if cell == "gru":
        return {
            "gates/kernel": (inputs + units, 2 * units),  # reset rho, then update u
            "gates/bias": (2 * units,),
            "candidate/kernel": (inputs + units, units),
            "candidate/bias": (units,),
        }
    return {"kernel": (inputs + units, 4 * units), "bias": (4 * units,)}  # i, j, f, o


def recurrent_stack(
    x: tf.Tensor, layers: list[Weights], cell: str, train: bool = True
) -> tf.Tensor:
    """Run a stack of recurrent layers over a batch of sequences, from a state of zeros.

    x: (B, T, features). layers: the weights of each layer. cell: "gru" or "lstm". train: whether the
    gradients of the weights will be asked for; without them a gradient of x costs half as much.
    Returns the last layer's state at every step, (B, T, units).
    Source: the authors' `tf.nn.dynamic_rnn` over `MultiRNNCell`. Taught in book/networks/embedder.ipynb.
    """
    if not train:
        layers = [[tf.stop_gradient(weight) for weight in layer] for layer in layers]
    if kernel(cell).operations is not None:
        return gru_stack(kernel(cell).operations, x, layers, train)
    sizes = [len(layer) for layer in layers]
    way = in_one_piece if x.shape[1] <= LONGEST else in_blocks

    @tf.custom_gradient
    def run(x, *flat):
        return way(x, _group([tf.convert_to_tensor(w) for w in flat], sizes), cell)

    return run(x, *[weight for layer in layers for weight in layer])


def in_one_piece(x: tf.Tensor, layers: list[Weights], cell: str) -> tuple[tf.Tensor, Callable]:
    """All steps unrolled. Returns the outputs and the function that takes their gradient back."""
    zeros = _zero_states(x, layers, cell)
    steps, _, caches = stack_forward(tf.unstack(x, axis=1), zeros, layers, cell)

    def gradient(d_out):
        d_xs, _, d_weights = stack_backward(tf.unstack(d_out, axis=1), zeros, caches, layers, cell)
        return tf.stack(d_xs, axis=1), *d_weights

    return tf.stack(steps, axis=1), gradient


def in_blocks(x: tf.Tensor, layers: list[Weights], cell: str) -> tuple[tf.Tensor, Callable]:
    """The same numbers from a loop over n blocks of K steps, so that the graph does not grow with T.

    Only the states before each block are kept. Backward takes the blocks in reverse and runs each one
    forward once more, for what its gradient needs.
    """
    length = x.shape[1]
    zeros = _zero_states(x, layers, cell)
    blocks = _cut(x)  # (n, K, B, features)

    def forward(carried, block):
        steps, states, _ = stack_forward(tf.unstack(block), carried[0], layers, cell)
        return states, tf.stack(steps)

    nothing = tf.stack([zeros[-1][0]] * blocks.shape[1])  # (K, B, units)
    ends, outs = tf.scan(forward, blocks, (zeros, nothing))  # (n, B, units) each, (n, K, B, units)
    starts = tf.nest.map_structure(lambda zero, end: tf.concat([[zero], end[:-1]], 0), zeros, ends)

    def gradient(d_out):
        def backward(carried, block):
            x, states, d_hs = block
            _, _, caches = stack_forward(tf.unstack(x), states, layers, cell)
            d_xs, d_states, d_weights = stack_backward(
                tf.unstack(d_hs), carried[0], caches, layers, cell
            )
            return d_states, tf.stack(d_xs), d_weights

        nothing = [tf.zeros_like(weight) for layer in layers for weight in layer]
        _, d_blocks, d_weights = tf.scan(
            backward, (blocks, starts, _cut(d_out)), (zeros, blocks[0], nothing), reverse=True
        )
        return _join(d_blocks, length), *[tf.reduce_sum(d, 0) for d in d_weights]

    return _join(outs, length), gradient


def stack_forward(xs: Steps, states: list[State], layers: list[Weights], cell: str):
    """Through the layers, from one state for each. Returns the last layer's outputs, the states after
    the last step, and for each layer what its gradient needs."""
    forward = gru_forward if cell == "gru" else lstm_forward
    ends, caches = [], []
    for state, weights in zip(states, layers, strict=True):
        xs, end, cache = forward(xs, state, weights)
        ends.append(end)
        caches.append(cache)
    return xs, ends, caches


def stack_backward(
    d_hs: Steps, d_ends: list[State], caches: list, layers: list[Weights], cell: str
):
    """From the gradients of the outputs and of the last states to those of the inputs, of the first
    states and of all weights."""
    backward = gru_backward if cell == "gru" else lstm_backward
    d_starts, d_weights = list[State](), Weights()
    for d_end, cache, weights in zip(d_ends[::-1], caches[::-1], layers[::-1], strict=True):
        d_hs, d_start, d_layer = backward(d_hs, d_end, cache, weights)
        d_starts.insert(0, d_start)
        d_weights = d_layer + d_weights
    return d_hs, d_starts, d_weights


def gru_forward(xs: Steps, state: State, weights: Weights) -> tuple[Steps, State, list]:
    """rho, u = sigmoid([x, h] W_ru + b_ru);  c = tanh([x, rho * h] W_c + b_c);  h' = u * h + (1 - u) * c."""
    w_ru, b_ru, w_c, b_c = weights
    (h,) = state
    hs, cache = [], []
    for x in xs:
        r, u, c, new = tf.raw_ops.GRUBlockCell(
            x=x, h_prev=h, w_ru=w_ru, w_c=w_c, b_ru=b_ru, b_c=b_c
        )
        cache.append((x, h, r, u, c))
        h = new  # (B, units)
        hs.append(h)
    return hs, [h], cache


def gru_backward(
    d_hs: Steps, d_end: State, cache: list, weights: Weights
) -> tuple[Steps, State, Weights]:
    """From the gradients of the layer's outputs to those of its inputs, first state and weights."""
    w_ru, b_ru, w_c, b_c = weights
    d_xs, d_rus, d_cs = [], [], []
    (d_h_next,) = d_end
    for d_h, (x, h, r, u, c) in zip(reversed(d_hs), reversed(cache), strict=True):
        d_x, d_h_next, d_c, d_ru = tf.raw_ops.GRUBlockCellGrad(
            x=x, h_prev=h, w_ru=w_ru, w_c=w_c, b_ru=b_ru, b_c=b_c, r=r, u=u, c=c, d_h=d_h + d_h_next
        )
        d_xs.append(d_x)
        d_rus.append(d_ru)  # before the sigmoid, (B, 2 units)
        d_cs.append(d_c)  # before the tanh, (B, units)
    d_ru, d_c = tf.concat(d_rus[::-1], 0), tf.concat(d_cs[::-1], 0)  # (T * B, ...)
    x, h, r = (tf.concat([step[k] for step in cache], 0) for k in range(3))
    d_weights = [
        _kernel_gradient(x, h, d_ru),
        tf.reduce_sum(d_ru, 0),
        _kernel_gradient(x, r * h, d_c),
        tf.reduce_sum(d_c, 0),
    ]
    return d_xs[::-1], [d_h_next], d_weights


def lstm_forward(xs: Steps, state: State, weights: Weights) -> tuple[Steps, State, list]:
    """i, j, f, o = [x, h] W + b;  s' = sigmoid(f + 1) * s + sigmoid(i) * tanh(j);  h' = sigmoid(o) * tanh(s')."""
    w, b = weights
    h, s = state
    hs, cache = [], []
    for x in xs:
        i, new_s, f, o, j, tanh_s, new_h = tf.raw_ops.LSTMBlockCell(
            x=x, cs_prev=s, h_prev=h, w=w, b=b, **_no_peepholes(s), forget_bias=1.0, cell_clip=-1.0
        )
        cache.append((x, h, s, i, new_s, f, o, j, tanh_s))
        h = new_h  # (B, units)
        hs.append(h)
        s = new_s
    return hs, [h, s], cache


def lstm_backward(
    d_hs: Steps, d_end: State, cache: list, weights: Weights
) -> tuple[Steps, State, Weights]:
    """From the gradients of the layer's outputs to those of its inputs, first state and weights."""
    w, b = weights
    d_xs, d_gates = [], []
    d_h_next, d_s = d_end
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
    return d_xs[::-1], [d_h_next, d_s], [_kernel_gradient(x, h, d_gate), tf.reduce_sum(d_gate, 0)]


def _kernel_gradient(x: tf.Tensor, h: tf.Tensor, d: tf.Tensor) -> tf.Tensor:
    """The gradient of W in [x, h] W, summed over all steps: [x, h]^T d, without joining x and h."""
    return tf.concat([tf.matmul(x, d, transpose_a=True), tf.matmul(h, d, transpose_a=True)], 0)


def _no_peepholes(state: tf.Tensor) -> dict[str, tf.Tensor]:
    unused = tf.zeros(state.shape[1:])
    return {"wci": unused, "wcf": unused, "wco": unused}


def _zero_states(x: tf.Tensor, layers: list[Weights], cell: str) -> list[State]:
    parts, gates = (1, 1) if cell == "gru" else (2, 4)
    units = [weights[-1].shape[0] // gates for weights in layers]
    return [[tf.zeros((tf.shape(x)[0], size))] * parts for size in units]


def _cut(x: tf.Tensor) -> tf.Tensor:
    """(B, T, features) -> (n, K, B, features): blocks of equal length, the last filled up with zeros.

    The zeros come after all steps, and what comes out of them is dropped, so they change nothing.
    """
    _, length, features = x.shape
    n = ceil(length / BLOCK)
    k = ceil(length / n)
    x = tf.pad(x, [[0, 0], [0, n * k - length], [0, 0]])
    return tf.transpose(tf.reshape(x, (-1, n, k, features)), (1, 2, 0, 3))


def _join(blocks: tf.Tensor, length: int) -> tf.Tensor:
    """What `_cut` has cut, without the zeros."""
    n, k, _, features = blocks.shape
    x = tf.transpose(blocks, (2, 0, 1, 3))  # (B, n, K, features)
    return tf.reshape(x, (-1, n * k, features))[:, :length]  # (B, T, features)


def _group(flat: list[tf.Tensor], sizes: list[int]) -> list[Weights]:
    groups, start = [], 0
    for size in sizes:
        groups.append(flat[start : start + size])
        start += size
    return groups
