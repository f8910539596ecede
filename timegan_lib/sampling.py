"""From noise to new sequences: Z -> generator -> supervisor -> recovery -> the data's own units.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from timegan_lib.config import InputError, TimeGANConfig, whole_number
from timegan_lib.data import Lengths, Represented, SequenceDataset
from timegan_lib.data.arrays import padded
from timegan_lib.networks import AnyNetworks, make_networks
from timegan_lib.training import NOISE, SAMPLING, assign, compiled, draw_gaussian, stream

BATCH = 256  # sequences generated in one call
PHASE = 3  # the sampler's own streams of random numbers, after those of the three phases


class Sampler:
    """Trained networks and what it takes to turn their output into a data set.

    average: the moving average of the sampling weights. template: names, units and ranges of the data.
    represented: the forms in which they are learned, where these are not the values themselves.
    Taught in book/how-the-code-is-built.md.
    """

    def __init__(
        self, config: TimeGANConfig, networks: AnyNetworks, average: list[Any],
        template: SequenceDataset, lengths: Lengths, represented: Represented | None = None,
    ):  # fmt: skip
        self.config, self.networks, self.average = config, networks, average
        self.template, self.lengths, self.represented = template, lengths, represented
        self._compiled = compiled(self._generate_batch)

    # ---- to a file and back ----

    def described(self) -> dict[str, Any]:
        """All but the numbers of `to_arrays`, as plain values for JSON."""
        found = {"template": self.template.to_dict()}
        return (
            found
            if self.represented is None
            else found | {"represented": self.represented.to_dict()}
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Weights, their averages and the lengths, by name; `from_arrays` is the inverse."""
        arrays = {_name(weight): weight.numpy() for weight in self.networks.all_weights}
        averaged = zip(self.networks.weights(*SAMPLING), self.average, strict=True)
        arrays |= {f"average/{_name(weight)}": average.numpy() for weight, average in averaged}
        return arrays | {"lengths": self.lengths.all}

    @classmethod
    def from_arrays(
        cls,
        config: TimeGANConfig,
        seed: int,
        described: dict[str, Any],
        arrays: dict[str, np.ndarray],
    ) -> Sampler:
        template = SequenceDataset.from_dict(described["template"])
        lengths, represented = Lengths(arrays["lengths"]), described.get("represented")
        networks = make_networks(config, len(template.names), lengths.blocks(template), seed)
        assign(networks.all_weights, [arrays[_name(w)] for w in networks.all_weights])
        names = [f"average/{_name(w)}" for w in networks.weights(*SAMPLING)]
        average = [tf.constant(arrays[name]) for name in names]
        found = None if represented is None else Represented.from_dict(represented)
        return cls(config, networks, average, template, lengths, found)

    # ---- sequences ----

    @property
    def length_is_static(self) -> bool:
        return self.networks.static is not None and self.lengths.vary

    def __call__(
        self, n: int, seed: int, lengths: Any = None, static: Any = None, average: bool = False
    ) -> SequenceDataset:
        """n sequences; the arguments are those of `TimeGAN.sample`."""
        n, seed = whole_number("n", n, 1), whole_number("seed", seed, 0)
        wanted_lengths = None if lengths is None else self._wanted_lengths(lengths, n)
        wanted = None if static is None else self._wanted_static(static, wanted_lengths, n, seed)
        values, made = self._generate(n, seed, wanted, average)
        if made is not None and self.length_is_static:
            if wanted_lengths is None:
                wanted_lengths = self.lengths.inverse(made[:, -1])
            made = made[:, :-1]
        if wanted_lengths is None:
            wanted_lengths = self._draw_lengths(n, seed)
        return self._as_data(values, wanted_lengths, made)

    def _as_data(
        self, values: np.ndarray, lengths: np.ndarray, static: np.ndarray | None
    ) -> SequenceDataset:
        """Arrays in [0, 1], as networks make them, in the data's own units."""
        made = self.template.like(values, lengths, static)
        if self.represented is None:
            return made
        return replace(made, values=padded(self.represented.inverse(values), made.lengths))

    def read_back(self, data: SequenceDataset, ahead: bool = False) -> SequenceDataset:
        """Real sequences through embedder and recovery, of the same lengths and in the same units.

        ahead: with the supervisor between the two. What it makes of the codes up to a step is the code
        of the next one, so the first step keeps the code of the embedder. Raises InputError.
        """
        template = self.template
        if not isinstance(data, SequenceDataset):
            raise InputError(f"data is a {type(data).__name__}; give a SequenceDataset")
        theirs, ours = ((*d.names, *d.static_names) for d in (data, template))
        if theirs != ours:
            raise InputError(
                f"data have the features {', '.join(theirs)}; this model knows {', '.join(ours)}"
            )
        data = replace(data, scaler=template.scaler, static_scaler=template.static_scaler)
        values, static = data.scaled[:, : data.lengths.max()], data.static_scaled
        if self.represented is not None:
            values = self.represented.forward(data)
        if static is not None and self.lengths.vary:
            static = np.column_stack([static, self.lengths.scale(data.lengths)])
        parts = []
        for begin in range(0, len(data), BATCH):
            rows = slice(begin, begin + BATCH)
            given = None if static is None else tf.constant(static[rows])
            z = self.noise(0, begin // BATCH)[: len(values[rows]), : values.shape[1]]
            parts.append(self.networks.read_back(tf.constant(values[rows]), given, ahead, z))
        made, known = (list(column) for column in zip(*parts, strict=True))
        if static is not None:
            static = np.concatenate(known)[:, : len(template.static_names)]
        return self._as_data(np.concatenate(made), data.lengths, static)

    def _draw_lengths(self, n: int, seed: int) -> np.ndarray:
        return np.random.default_rng([seed, PHASE]).choice(self.lengths.all, n)

    def _wanted_lengths(self, lengths: Any, n: int) -> np.ndarray:
        found = np.asarray(lengths)
        if found.dtype.kind not in "iu" or found.shape not in ((), (n,)):
            raise InputError(f"lengths is {lengths!r}; give one whole number, or {n} of them")
        if found.min() < 1 or found.max() > self.lengths.longest:
            raise InputError(
                f"lengths run from {found.min()} to {found.max()}; "
                f"this model makes 1 to {self.lengths.longest} steps"
            )
        return np.broadcast_to(found, (n,)).astype(np.int64)

    def _wanted_static(
        self, static: Any, lengths: np.ndarray | None, n: int, seed: int
    ) -> np.ndarray:
        if self.networks.static is None:
            raise InputError("static is given, but the model was trained without static features")
        scaled = self.template.scale_static(static, n)
        if len(scaled) != n:
            raise InputError(f"static has {len(scaled)} rows and n is {n}; they must be equal")
        if not self.lengths.vary:
            return scaled
        lengths = self._draw_lengths(n, seed) if lengths is None else lengths
        return np.column_stack([scaled, self.lengths.scale(lengths)])

    def _generate(
        self, n: int, seed: int, static: np.ndarray | None, average: bool
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Scaled values (n, T, D) and scaled static (n, Ds) or None, batch by batch."""
        weights, batches = self.networks.weights(*SAMPLING), math.ceil(n / BATCH)
        last = [tf.identity(weight) for weight in weights]
        if static is not None:
            static = np.resize(static, (batches * BATCH, static.shape[1]))
        try:
            if average:
                assign(weights, self.average)
            parts = []
            for batch in range(batches):
                rows = slice(batch * BATCH, (batch + 1) * BATCH)
                given = None if static is None else tf.constant(static[rows], tf.float32)
                part = self._compiled(tf.constant(seed, tf.int64), tf.constant(batch), given)
                parts.append([None if array is None else array.numpy() for array in part])
        finally:
            assign(weights, last)
        values, made = (list(column) for column in zip(*parts, strict=True))
        return np.concatenate(values)[:n], None if made[0] is None else np.concatenate(made)[:n]

    def _generate_batch(self, seed: tf.Tensor, batch: tf.Tensor, wanted: tf.Tensor | None):
        """X^ (B, T, D), and x~_S (B, Ds) or None. wanted: static features to generate for."""
        networks, noise = self.networks, None
        if networks.static is not None and wanted is None:
            shape = (BATCH, networks.static.size)
            noise = draw_gaussian(shape, stream(seed, PHASE, batch, 1))
        return networks.generate(self.noise(seed, batch), noise, wanted)

    def noise(self, seed: Any, batch: Any) -> tf.Tensor:
        """z of the sequences of one batch, (B, T, Dz)."""
        shape = (BATCH, self.lengths.longest, self.networks.noise_size)
        return NOISE[self.config.noise](shape, stream(seed, PHASE, batch, 0))


def _name(weight: tf.Variable) -> str:
    return weight.name.removesuffix(":0")
