"""The network behind the scores: one GRU layer and one dense layer, trained in one compiled loop.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from timegan_lib.config import TimeGANConfig, whole_number
from timegan_lib.networks import dense, dense_weights, recurrent_weights
from timegan_lib.networks.recurrent import recurrent_stack
from timegan_lib.training import Adam, assign, compiled, stream

BATCH = 128  # sequences of each pool in a step
KEPT = 16  # judges that wait for the next who needs one
Pool = tuple[tf.Tensor, ...]  # tensors of N rows that are drawn together
_waiting: list[tuple[tuple, Judge]] = []
_taking, _tracing = threading.Lock(), threading.Lock()


class Judge:
    """One GRU layer of `units`, then a dense layer. Adam at 0.001, as in training.

    objective(judge, *batches) -> scalar, with one batch (a tuple of tensors) for each pool. Take one
    from `borrowed`, which keeps them: tracing the loop costs as much as a thousand of its steps. Source: the authors'
    `discriminative_metrics.py` and `predictive_metrics.py`. Taught in book/how-the-code-is-built.md.
    """

    def __init__(self, inputs: int, units: int, outputs: int, objective: Callable[..., tf.Tensor]):
        self.sizes, self.objective = (inputs, units, outputs), objective
        self.weights = self._drawn(0)
        self.adam = Adam("judge", self.weights, TimeGANConfig())
        # both are made when the shapes are known
        self._compiled: Callable | None = None
        self._predict: Callable | None = None

    def _drawn(self, seed: int) -> list[tf.Variable]:
        inputs, units, outputs = self.sizes
        layer = recurrent_weights("judge/layer", "gru", inputs, units, seed)
        return layer + dense_weights("judge/output", units, outputs, seed)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """(B, T, inputs) -> (B, T, outputs), without an activation."""
        *layer, kernel, bias = self.weights
        return dense(recurrent_stack(x, [layer], "gru"), [kernel, bias], None)

    def train(self, pools: list[Pool], steps: int, seed: int) -> None:
        """From new weights, `steps` steps of one batch of each pool."""
        assign(self.weights, self._drawn(seed))
        *slots, powers = self.adam.state
        assign(slots, [tf.zeros_like(slot) for slot in slots])
        powers.assign([self.adam.config.beta_1, self.adam.config.beta_2])
        if self._compiled is None:
            shapes = [tuple(_any_number_of(array) for array in pool) for pool in pools]
            others = [tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.int64)]
            self._compiled = _traced(self._run, [shapes, *others])
        self._compiled(pools, tf.constant(steps), tf.constant(seed, tf.int64))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The same as a call, on any number of sequences."""
        if self._predict is None:
            shape = [_any_number_of(tf.constant(x[:1]))]
            self._predict = _traced(self.__call__, shape)
        parts = [self._predict(tf.constant(x[i : i + 1024])) for i in range(0, len(x), 1024)]
        return np.concatenate([part.numpy() for part in parts])

    def _run(self, pools: list[Pool], steps: tf.Tensor, seed: tf.Tensor) -> None:
        for step in tf.range(steps):
            batches = [_draw(pool, seed, k, step) for k, pool in enumerate(pools)]
            with tf.GradientTape() as tape:
                objective = self.objective(self, *batches)
            self.adam.minimize(tape, objective)


@contextmanager
def borrowed(
    objective: Callable[..., tf.Tensor], length: int, inputs: int, units: int, outputs: int
) -> Iterator[Judge]:
    """A judge of this objective for sequences of `length` steps, nobody else's meanwhile; every `train`
    begins anew. One that was handed back is lent again, so as many are traced as are used at once."""
    key = (objective, length, inputs, units, outputs)
    with _taking:
        places = [k for k, (kind, _) in enumerate(_waiting) if kind == key]
        network = _waiting.pop(places[-1])[1] if places else None
    if network is None:
        network = Judge(inputs, units, outputs, objective)
    try:
        yield network
    finally:
        with _taking:
            _waiting.append((key, network))
            del _waiting[:-KEPT]


def _traced(method: Callable, signature: list) -> Any:
    """The method, compiled and traced, one at a time: tracing is Python, which threads do not speed up,
    and the first one may have to build the kernel."""
    with _tracing:
        function: Any = compiled(method, signature)
        return function.get_concrete_function()


def checked(repeats: int, steps: int, seed: int) -> tuple[int, int, int]:
    """The same numbers, or an InputError that names the one that is no use."""
    smallest = {"repeats": 1, "steps": 1, "seed": 0}
    given = zip(smallest.items(), (repeats, steps, seed), strict=True)
    found = [whole_number(name, value, least) for (name, least), value in given]
    return found[0], found[1], found[2]


def _any_number_of(array: tf.Tensor) -> tf.TensorSpec:
    """Its shape and type, for any number of rows: one trace serves sets of every size."""
    return tf.TensorSpec([None, *array.shape[1:]], array.dtype)


def _draw(pool: Pool, seed: tf.Tensor, which: int, step: tf.Tensor) -> Pool:
    """BATCH different rows of a pool, or all where it has fewer."""
    rows = tf.shape(pool[0])[0]
    ranks = tf.random.stateless_uniform([rows], stream(seed, 0, step, which), alg="philox")
    chosen = tf.math.top_k(ranks, tf.minimum(BATCH, rows), sorted=False).indices
    return tuple(tf.gather(array, chosen) for array in pool)
