"""The recurrent layers are Keras's GRU(reset_after=False) and LSTM, in value and in every gradient.

Keras keeps the same weights in other places: input and state kernels apart, and the gates in another
order. Everything is compared after moving Keras's numbers to where this library has them.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from timegan_lib.kernel import SWITCH
from timegan_lib.networks import recurrent
from timegan_lib.networks.recurrent import BLOCK, LONGEST, recurrent_stack, weight_shapes

TOLERANCE = 2e-6
# batch, T, inputs, units, layers
SIZES = [(4, 5, 3, 4, 1), (1, 1, 3, 2, 1), (1, 6, 2, 5, 3), (3, 1, 1, 3, 2), (5, 7, 4, 1, 2),
         (37, 3, 30, 4, 2), (66, 2, 1, 100, 1)]  # fmt: skip


def random_layers(cell, inputs, units, layers, scale=0.8):
    rng = np.random.default_rng(0)
    return [
        [
            tf.Variable(rng.normal(0, scale, shape).astype(np.float32))
            for shape in weight_shapes(cell, inputs if k == 0 else units, units).values()
        ]
        for k in range(layers)
    ]


def keras_layers(cell, layers):
    """Keras's layers with the same weights, unrolled so that TensorFlow derives every gradient."""
    made = []
    for weights in layers:
        numbers = [w.numpy() for w in weights]
        units = numbers[-1].size // (1 if cell == "gru" else 4)
        inputs = numbers[0].shape[0] - units
        kind = {"return_sequences": True, "unroll": True}
        if cell == "gru":  # gates r, u and candidate c here; u, r, c there
            (r, u), (rb, ub) = (np.split(n, 2, -1) for n in numbers[:2])
            kernel, bias = np.hstack([u, r, numbers[2]]), np.hstack([ub, rb, numbers[3]])
            layer = keras.layers.GRU(units, reset_after=False, **kind)
        else:  # i, j, f, o here; i, f, j, o there, with the 1 for f inside the bias
            (i, j, f, o), (ib, jb, fb, ob) = (np.split(n, 4, -1) for n in numbers)
            kernel, bias = np.hstack([i, f, j, o]), np.hstack([ib, fb + 1, jb, ob])
            layer = keras.layers.LSTM(units, **kind)
        layer.build((None, None, inputs))
        layer.set_weights([kernel[:inputs], kernel[inputs:], bias])
        made.append(layer)
    return made


def from_keras(cell, kernel, recurrent, bias):
    """Keras's three arrays of a layer, here gradients, in this library's places."""
    both = np.vstack([kernel, recurrent])
    if cell == "gru":
        (u, r, c), (ub, rb, cb) = np.split(both, 3, -1), np.split(bias, 3)
        return [np.hstack([r, u]), np.hstack([rb, ub]), c, cb]
    (i, f, j, o), (ib, fb, jb, ob) = np.split(both, 4, -1), np.split(bias, 4)
    return [np.hstack([i, j, f, o]), np.hstack([ib, jb, fb, ob])]


def values_and_gradients(run, x, variables, weighting):
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = run(x)
        objective = tf.reduce_sum(out * weighting)  # every output counts, each differently
    return [out, *tape.gradient(objective, [x, *variables])]


def compare(cell, layers, shape, compiled):
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=shape), tf.float32)
    theirs = keras_layers(cell, layers)
    units = theirs[-1].units
    weighting = tf.constant(rng.normal(size=(*shape[:2], units)), tf.float32)

    flat = [weight for layer in layers for weight in layer]

    def ours(x):
        return values_and_gradients(lambda x: recurrent_stack(x, layers, cell), x, flat, weighting)

    def stacked(x):
        for layer in theirs:
            x = layer(x)
        return x

    found = (tf.function(ours) if compiled else ours)(x)
    variables = [v.value for layer in theirs for v in layer.trainable_variables]
    out, d_x, *d_keras = values_and_gradients(stacked, x, variables, weighting)
    expected = [out, d_x]
    for k in range(len(theirs)):
        expected += from_keras(cell, *(d.numpy() for d in d_keras[3 * k : 3 * k + 3]))
    assert found[0].shape == (*shape[:2], units)
    for a, b in zip(found, expected, strict=True):
        scale = max(1.0, np.abs(b).max())
        np.testing.assert_allclose(a, b, atol=TOLERANCE * scale, rtol=0)
    return out.numpy()


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "function"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_equals_keras(cell, size, compiled):
    batch, length, inputs, units, layers = size
    compare(cell, random_layers(cell, inputs, units, layers), (batch, length, inputs), compiled)


def test_lstm_state_is_not_clipped():
    """TensorFlow's fused LSTM cell cuts its state at 3 unless told otherwise."""
    kernel, bias = tf.zeros((3, 4)), tf.constant([9.0, 9.0, 9.0, 9.0])  # each step adds almost 1
    layers = [[tf.Variable(kernel), tf.Variable(bias)]]
    compare("lstm", layers, (2, 8, 2), compiled=False)
    slow = [[tf.Variable(kernel), tf.Variable([9.0, 9.0, 9.0, 0.0])]]  # output gate half open
    out = compare("lstm", slow, (2, 8, 2), compiled=False)
    assert np.all(np.diff(np.arctanh(out[0, :6, 0] * 2)) > 0.9)  # the state still grows after 3


def test_steps_see_only_the_past():
    """Changing one step changes no output before it."""
    layers = random_layers("gru", 2, 3, 2)
    x = np.random.default_rng(2).normal(size=(2, 6, 2)).astype(np.float32)
    other = x.copy()
    other[:, 3] += 1.0
    before, after = (recurrent_stack(tf.constant(a), layers, "gru").numpy() for a in (x, other))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.all(before[:, 3:] != after[:, 3:])


# ---- long sequences, block by block


def in_one_piece_and_in_blocks(monkeypatch, cell, layers, shape, compiled=False):
    """Outputs and gradients of random sequences of this shape, all steps unrolled and in blocks."""
    rng = np.random.default_rng(3)
    units = layers[-1][-1].shape[0] // (1 if cell == "gru" else 4)
    x = tf.constant(rng.normal(size=shape), tf.float32)
    weighting = tf.constant(rng.normal(size=(*shape[:2], units)), tf.float32)
    flat = [weight for layer in layers for weight in layer]

    def ours(x):
        return values_and_gradients(lambda x: recurrent_stack(x, layers, cell), x, flat, weighting)

    monkeypatch.setenv(SWITCH, "off")
    monkeypatch.setattr(recurrent, "LONGEST", shape[1])
    whole = ours(x)
    monkeypatch.setattr(recurrent, "LONGEST", 0)
    return whole, (tf.function(ours) if compiled else ours)(x)


def assert_close(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=1e-5 * max(1.0, np.abs(b).max()), rtol=0)


# one block, the last block full, the last block filled up; with a batch of one too
@pytest.mark.parametrize("length", [BLOCK, 3 * BLOCK, LONGEST + 1, 3 * BLOCK + 2])
@pytest.mark.parametrize("layers, units", [(1, 1), (1, 7), (3, 1), (3, 7)])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_blocks_equal_one_piece(monkeypatch, cell, layers, units, length):
    weights = random_layers(cell, 3, units, layers)
    for batch in (1, 4):
        whole, blocks = in_one_piece_and_in_blocks(monkeypatch, cell, weights, (batch, length, 3))
        assert_close(blocks, whole)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_blocks_equal_one_piece_when_compiled(monkeypatch, cell):
    weights = random_layers(cell, 3, 7, 3)
    shape = (4, LONGEST + 1, 3)
    whole, blocks = in_one_piece_and_in_blocks(monkeypatch, cell, weights, shape, compiled=True)
    assert_close(blocks, whole)


def test_only_long_sequences_go_in_blocks(monkeypatch):
    """Up to LONGEST steps nothing is in blocks, which would cost a third more time."""
    monkeypatch.setenv(SWITCH, "off")
    assert LONGEST >= 48  # the longest windows of the book
    lengths, in_blocks = [], recurrent.in_blocks

    def noted(x, layers, cell):
        lengths.append(x.shape[1])
        return in_blocks(x, layers, cell)

    monkeypatch.setattr(recurrent, "in_blocks", noted)
    for length in (1, 24, 48, LONGEST, LONGEST + 1):
        recurrent_stack(tf.zeros((2, length, 1)), random_layers("gru", 1, 1, 1), "gru")
    assert lengths == [LONGEST + 1]


def graph(length, cell="gru"):
    """The compiled function of a stack and its gradients, for batches of any size."""
    layers = random_layers(cell, 3, 4, 2)
    flat = [weight for layer in layers for weight in layer]

    @tf.function(input_signature=[tf.TensorSpec([None, length, 3])])
    def run(x):
        return values_and_gradients(lambda x: recurrent_stack(x, layers, cell), x, flat, 1.0)

    return run


def nodes(function):
    definition = function.get_concrete_function().graph.as_graph_def()
    return len(definition.node) + sum(len(f.node_def) for f in definition.library.function)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_graph_does_not_grow(monkeypatch, cell):
    monkeypatch.setenv(SWITCH, "off")
    assert nodes(graph(4 * BLOCK, cell)) == nodes(graph(8 * BLOCK, cell))


def test_blocks_take_batches_of_any_size(monkeypatch):
    monkeypatch.setenv(SWITCH, "off")
    run, numbers = graph(LONGEST + 1), np.random.default_rng(4).normal(size=(5, LONGEST + 1, 3))
    x = tf.constant(numbers, tf.float32)
    for batch in (5, 2):
        out, d_x, *_ = run(x[:batch])
        np.testing.assert_allclose(out, run(x)[0][:batch], atol=1e-6)
        np.testing.assert_allclose(d_x, run(x)[1][:batch], rtol=1e-5, atol=1e-5)  # sums of 97 steps
    assert run.experimental_get_tracing_count() == 1
