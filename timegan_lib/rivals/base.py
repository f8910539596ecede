"""What the rivals share: the data about N(0, 1) and back, checks, and a loop for those with networks.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import Representation, SequenceDataset
from timegan_lib.data.arrays import padded
from timegan_lib.data.proposal import chosen_forms
from timegan_lib.training import TrainingError
from timegan_lib.training.draws import stream

Array = NDArray[Any]
Parts = tuple[Array, Array, Array | None]  # encoded values (n, T, D), lengths (n,), static (n, Ds)
TRAINING, SAMPLING = 0, 1  # streams of random numbers never meet
PIECE = 100  # training steps between two rows of a history
BATCH = 500  # sequences that a network makes at a time


@dataclass(frozen=True)
class Standard:
    """Each feature less its mean, over its standard deviation, both over valid steps, (D,)."""

    mean: Array
    sd: Array  # 0 for a constant feature, which is encoded as 0 and comes back exact

    @classmethod
    def fit(cls, data: SequenceDataset) -> Self:
        steps = data.values[data.mask]  # (valid steps, D)
        low, still = steps.min(0), steps.min(0) == steps.max(0)
        return cls(np.where(still, low, steps.mean(0)), np.where(still, 0.0, steps.std(0)))

    def forward(self, values: Array, lengths: Array, seed: int = 0) -> Array:
        """Own units (N, T, D) to about N(0, 1), float32, 0 at padding."""
        scaled = (values - self.mean) / np.where(self.sd > 0, self.sd, 1.0)
        return padded(scaled, lengths).astype(np.float32)

    def inverse(self, represented: Array) -> Array:
        """And back, (N, T, D) float64."""
        return self.mean + self.sd * np.asarray(represented, np.float64)


class Unchanged:
    """Own units, as they are."""

    @classmethod
    def fit(cls, data: SequenceDataset) -> Self:
        return cls()

    def forward(self, values: Array, lengths: Array, seed: int = 0) -> Array:
        return values

    def inverse(self, represented: Array) -> Array:
        return represented


class Way(Protocol):
    """From own units to what a rival learns, and back."""

    def forward(self, values: Array, lengths: Array, seed: int) -> Array: ...

    def inverse(self, represented: Array) -> Array: ...


def encode(
    data: SequenceDataset, represent: Any = None, plain: Any = Standard, seed: int = 0
) -> tuple[Array, Way]:
    """The values (N, T, D), float32 about N(0, 1), and the way back for `decode`.

    represent: forms as `Representation.fit` takes them, or "propose". plain: what is done without, Standard, or
    Unchanged for a rival that computes nothing with them. Raises InputError.
    Taught in book/how-the-code-is-built.md.
    """
    way: Way = plain.fit(data)
    if represent is not None:
        way = Representation.fit(data, chosen_forms(data, represent))
        return way.forward(data.values, data.lengths, seed).astype(np.float32), way
    return way.forward(data.values, data.lengths, seed), way


def decode(template: SequenceDataset, way: Way, parts: Parts) -> SequenceDataset:
    """Encoded values, lengths and static features as sequences like those of the template.

    Taught in book/how-the-code-is-built.md.
    """
    encoded, lengths, static = parts
    values = padded(way.inverse(encoded), lengths)
    made = replace(template, group=None, start=None, times=None)  # cut from no table
    return replace(made, values=values, lengths=lengths, static=static)


class Rival:
    """A generator: `fit` on real sequences, then `sample` as many as are wanted.

    Settings stand in `__init__`, all with defaults; `seed` is the model's own, by which its weights, or
    where it has none its draws, differ. The same seeds give the same sequences, and of a larger n the
    first ones are those of a smaller (up to rounding where whole batches are multiplied).
    Taught in book/how-the-code-is-built.md.
    """

    plain: Any = Standard  # how the data are encoded where no representation is given

    def __init__(self, seed: int = 0):
        self.seed = whole_number("seed", seed, 0)
        self.template: SequenceDataset | None = None

    def fit(self, data: SequenceDataset, represent: Any = None) -> Self:
        """Learn from data: (N, T, D) in own units. Raises InputError for data it cannot learn from."""
        if not isinstance(data, SequenceDataset):
            raise InputError(
                f"data is of type {type(data).__name__}; make a SequenceDataset with from_frame or "
                "from_arrays"
            )
        if len(data) < 2:
            raise InputError(f"data holds {len(data)} sequences; a generator needs at least 2")
        self.check(data)
        encoded, self.way = encode(data, represent, self.plain, self.seed)
        self.learn(encoded, data.lengths, data.static)
        self.template = data.template()
        return self

    def sample(self, n: int, seed: int = 0) -> SequenceDataset:
        """n new sequences in own units, by the random numbers of `seed`. Raises InputError."""
        n, seed = whole_number("n", n, 1), whole_number("seed", seed, 0)
        if self.template is None:
            raise InputError("there is nothing to sample from yet; call fit first")
        return decode(self.template, self.way, self.draw(n, seed))

    def generator(self, seed: int, which: int) -> np.random.Generator:
        """Random numbers of one kind of draw, for rivals without weights to differ by.

        Each kind has its own, so that drawing (n, ...) at once gives the first ones for a smaller n.
        """
        return np.random.default_rng([self.seed, seed, which])

    # ---- what a rival fills in ----

    def check(self, data: SequenceDataset) -> None:
        """Raise InputError where the rival cannot learn from such data."""

    def learn(self, encoded: Array, lengths: Array, static: Array | None) -> None:
        """From encoded values (N, T, D) float32, lengths (N,), static (N, Ds) in own units or None."""
        raise NotImplementedError

    def draw(self, n: int, seed: int) -> Parts:
        """n sequences in the same terms."""
        raise NotImplementedError


# ---- for rivals with networks ----


def one_length_only(rival: str, data: SequenceDataset) -> None:
    """Raise InputError for data with static features, or of sequences that differ in length.

    Taught in book/how-the-code-is-built.md.
    """
    if data.static is not None or (data.lengths < data.values.shape[1]).any():
        what = "sequences of different length" if data.static is None else "static features"
        raise InputError(
            f"{rival} makes windows of one length without static features, and data have {what}; use "
            "an Autoregression, a Bootstrap or TimeGAN for these"
        )


def train(
    update: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], names: tuple[str, ...], values: Array,
    steps: int, batch_size: int, seed: int,
) -> pd.DataFrame:  # fmt: skip
    """`steps` updates on batches drawn with replacement; a history of the mean losses, 100 steps a row.

    update(x, step): one training step on x (B, T, D) -> its losses, as many as `names`. Every draw is a
    pure function of seed and step. Raises TrainingError for a loss that is not finite.
    Taught in book/how-the-code-is-built.md.
    """
    data = tf.constant(values, tf.float32)

    def many(first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(len(names))
        for step in tf.range(first, first + count):
            which = stream(seed, TRAINING, step, 0)
            rows = tf.random.stateless_uniform(
                [batch_size], which, 0, len(values), tf.int64, alg="philox"
            )
            total += update(tf.gather(data, rows), step)
        return total / tf.cast(count, tf.float32)

    compiled = tf.function(many)
    history = []
    for first in range(0, steps, PIECE):
        count = min(PIECE, steps - first)
        losses = compiled(tf.constant(first, tf.int64), tf.constant(count, tf.int64)).numpy()
        if not np.isfinite(losses).all():
            said = ", ".join(f"{name} {loss}" for name, loss in zip(names, losses, strict=True))
            raise TrainingError(
                f"a loss is not finite near step {first + count} ({said}); try a smaller learning_rate"
            )
        history.append([first + count, *losses.tolist()])
    return pd.DataFrame(history, columns=["step", *names])


def in_batches(n: int, seed: int, make: Callable[[tf.Tensor], tf.Tensor], shape: tuple) -> Parts:
    """n windows of make(noise), noise (BATCH, *shape) from N(0, 1), batch by batch, as a draw's parts.

    Taught in book/how-the-code-is-built.md.
    """
    made = []
    for batch in range(math.ceil(n / BATCH)):
        which = stream(seed, SAMPLING, tf.constant(batch, tf.int64), 0)
        made.append(make(tf.random.stateless_normal((BATCH, *shape), which, alg="philox")).numpy())
    values = np.concatenate(made)[:n]
    return values, np.full(n, values.shape[1]), None


def above_zero(**settings: float) -> None:
    """Raise InputError for a setting that is no finite number above 0.

    Taught in book/how-the-code-is-built.md.
    """
    for name, value in settings.items():
        fits = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not fits or not 0 < value < math.inf:
            raise InputError(f"{name}={value!r} must be a number above 0")
