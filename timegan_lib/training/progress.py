"""What every way of training keeps: weights, optimizers, averages and steps, and many steps in one call.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from timegan_lib.config import PHASES, InputError, TimeGANConfig
from timegan_lib.training.adam import Adam
from timegan_lib.training.draws import Draws

SAMPLING = ("generator", "supervisor", "recovery")  # the networks that sampling needs


def compiled(method: Callable, signature: list[Any] | None = None) -> Callable:
    """The method as a TensorFlow function. Without `partial`, TensorFlow takes the same method of five
    models for one that is compiled over and over, and warns."""
    return tf.function(partial(method), input_signature=signature)


def assign(variables: list[tf.Variable], values: Iterable) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def check_batch(config: TimeGANConfig, count: int) -> None:
    """Raise InputError unless so many sequences are enough for a batch.

    Taught in book/how-the-code-is-built.md.
    """
    if count < config.batch_size:
        raise InputError(
            f"batch_size is {config.batch_size} but there are only {count} sequences; "
            f"give more data or a batch_size of at most {count}"
        )


class Progress:
    """A training without its algorithm: a subclass says what one step of a phase does, in `update`.

    losses: the names of the losses that `update` returns, for each phase. draws: the data and all chance.
    """

    losses: ClassVar[dict[str, tuple[str, ...]]]

    def __init__(self, config: TimeGANConfig, networks: Any, draws: Draws, adams: list[Adam]):
        self.config, self.networks, self.draws, self.adams = config, networks, draws, adams
        self.sampling = networks.weights(*SAMPLING)
        self.average = [tf.Variable(w, name=f"average/{w.name[:-2]}") for w in self.sampling]
        self.steps = [tf.Variable(0, dtype=tf.int64, name=f"steps/{phase}") for phase in PHASES]
        count = [tf.TensorSpec([], tf.int64)]
        self._compiled = [compiled(partial(self._many, phase), count) for phase in range(3)]

    def update(self, phase: int, step: tf.Tensor) -> tf.Tensor:
        """One step of the phase with this number; returns its losses."""
        raise NotImplementedError

    @property
    def state(self) -> dict[str, tf.Variable]:
        """Every variable by name: what a checkpoint must hold to go on as if never stopped."""
        variables = [*self.networks.all_weights, *self.average, *self.steps]
        variables += [v for adam in self.adams for v in adam.state]
        return {variable.name[:-2]: variable for variable in variables}

    @property
    def steps_done(self) -> dict[str, int]:
        """Steps trained in each phase."""
        return {phase: int(step) for phase, step in zip(PHASES, self.steps, strict=True)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put every variable back to what `state` held when it was kept."""
        state = self.state
        if state.keys() != arrays.keys():
            raise InputError("the checkpoint holds other variables than this configuration has")
        assign(list(state.values()), [arrays[name] for name in state])

    def run(self, phase: str, steps: int) -> dict[str, float]:
        """Train `steps` more steps of a phase and return the mean of each of its losses over them."""
        total = self._compiled[PHASES.index(phase)](tf.constant(steps, tf.int64)).numpy()
        return dict(zip(self.losses[phase], (total / steps).tolist(), strict=True))

    def _update_average(self, step: tf.Tensor) -> None:
        """average = decay * average + (1 - decay) * weight; a plain mean over the first steps."""
        step = tf.cast(step, tf.float32)
        decay = tf.minimum(self.config.average_decay, step / (step + 1.0))
        for average, weight in zip(self.average, self.sampling, strict=True):
            average.assign_sub((1.0 - decay) * (average - weight))

    def _many(self, phase: int, count: tf.Tensor) -> tf.Tensor:
        """The sum of each loss over `count` steps of the phase with this number."""
        total, step = tf.zeros(len(self.losses[PHASES[phase]])), self.steps[phase]
        for _ in tf.range(count):
            total += self.update(phase, step)
            if phase == 2:
                self._update_average(step)
            step.assign_add(1)
        return total
