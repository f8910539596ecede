"""N sequences as arrays that know their names, their units and their ranges.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timegan_lib.config import InputError
from timegan_lib.data.columns import Table
from timegan_lib.data.numbers import Ints
from timegan_lib.data.scaling import Floats, Scaler
from timegan_lib.data.wanted import scale_wanted


@dataclass(frozen=True, eq=False, repr=False)
class SequenceArrays:
    """What a `SequenceDataset` holds, and every view of it. Its fields are described there."""

    values: Floats
    lengths: Ints
    static: Floats | None
    table: Table
    scaler: Scaler
    static_scaler: Scaler | None = None
    group: NDArray[Any] | None = None
    start: Ints | None = None
    times: NDArray[np.datetime64] | None = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the D features."""
        return self.table.names(static=False)

    @property
    def static_names(self) -> tuple[str, ...]:
        """Names of the Ds static features."""
        return () if self.static is None else self.table.names(static=True)

    @property
    def static_blocks(self) -> tuple[int, ...]:
        """How many numbers each static column takes: 1, or a category's levels. () without any."""
        columns = self.table.columns if self.static is not None else ()
        return tuple(len(column.names) for column in columns if column.static)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(N, T), True at valid steps."""
        return np.arange(self.values.shape[1]) < self.lengths[:, None]

    @property
    def scaled(self) -> NDArray[np.float32]:
        """(N, T, D) float32 in [0, 1], 0 at padding. A held-out part may reach beyond [0, 1]."""
        scaled = self.scaler.scale(self.values)
        return np.where(self.mask[:, :, None], scaled, 0.0).astype(np.float32)

    @property
    def static_scaled(self) -> NDArray[np.float32] | None:
        """(N, Ds) float32 in [0, 1], or None."""
        if self.static is None or self.static_scaler is None:
            return None
        return self.static_scaler.scale(self.static).astype(np.float32)

    def feature(self, name: str) -> Floats:
        """The values of one feature, (N, T), in its own units. Raises InputError."""
        if name not in self.names:
            raise InputError(f"name={name!r} is no feature; there are {', '.join(self.names)}")
        return self.values[:, :, self.names.index(name)]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        count = len(self)
        most = int(self.lengths.max()) if count else self.values.shape[1]
        varies = count > 0 and self.lengths.min() < most
        steps = f"{self.lengths.min()} to {most}" if varies else f"{most}"
        shown = [*self.names[:6], *(["..."] if len(self.names) > 6 else [])]
        static = f", {len(self.static_names)} static" if self.static is not None else ""
        return (
            f"SequenceDataset({count:,} sequences of {steps} steps, "
            f"{len(self.names)} features: {', '.join(shown)}{static})"
        )

    # ---- others like it ----

    def rounded(self) -> Self:
        """The same sequences as their table has them: one level a category, whole numbers whole."""
        values = self.values.copy()
        values[self.mask] = self.table.rounded(self.values[self.mask], static=False)
        static = None if self.static is None else self.table.rounded(self.static, static=True)
        return replace(self, values=values, static=static)

    def subset(self, index: ArrayLike | slice) -> Self:
        """The sequences at `index` (numbers, a mask or a slice), scaled as before."""
        if not isinstance(index, slice):
            index = np.atleast_1d(np.asarray(index))

        def pick(array: Any) -> Any:
            return None if array is None else array[index]

        return replace(
            self,
            values=self.values[index],
            lengths=self.lengths[index],
            static=pick(self.static),
            group=pick(self.group),
            start=pick(self.start),
            times=pick(self.times),
        )

    def like(
        self,
        scaled_values: ArrayLike,
        lengths: ArrayLike | None = None,
        static_scaled: ArrayLike | None = None,
    ) -> Self:
        """A new set of arrays in [0, 1], (N, T, D), (N,), (N, Ds), in this one's units and names.

        Its categories stay soft, its whole numbers unrounded, until `rounded` or `to_frame`.
        """
        scaled = np.asarray(scaled_values, np.float64)
        if scaled.ndim != 3 or scaled.shape[2] != len(self.names):
            raise InputError(
                f"scaled_values has shape {scaled.shape}; (N, T, {len(self.names)}) is needed"
            )
        full = np.full(len(scaled), scaled.shape[1]) if lengths is None else np.asarray(lengths)
        static = None
        if static_scaled is not None:
            if self.static_scaler is None:
                raise InputError("static_scaled is given, but this data set has no static features")
            static = self.static_scaler.inverse(static_scaled)
        return replace(
            self,
            values=padded(self.scaler.inverse(scaled), full),
            lengths=full.astype(np.int64),
            static=static,
            group=None,
            start=None,
            times=None,
        )

    def scale_static(self, static: Any, n: int | None = None) -> NDArray[np.float32]:
        """Static features in own units, (n, Ds), to [0, 1]: numbers, a table with their columns, or a
        dict of them, in which one value stands for all n."""
        if self.static_scaler is None:
            raise InputError("static is given, but these data have no static features")
        return scale_wanted(static, self.table, self.static_scaler, n or 1)

    def extent(self) -> tuple[Ints, Ints, int]:
        """Rows each sequence covers, begin and end, and the gap to keep between parts.

        Sequences that share no rows (generated, or each a group of its own) count one row each.
        """
        if self.start is None or self.group is None:
            starts = np.arange(len(self))
            return starts, starts + 1, 0
        if self.table.whole_sequences:
            starts = np.argsort(np.argsort(self.start, kind="stable"))
            return starts, starts + 1, 0
        return self.start, self.start + self.lengths, self.values.shape[1]

    def template(self) -> Self:
        """The same columns, units and ranges without any sequence: enough for `like`."""
        return self.subset(slice(0, 0))

    def refitted(self) -> Self:
        """The same data with scalers fitted on them."""
        scaler = Scaler.fit(self.values[self.mask], self.table.onehot(static=False))
        if self.static is None:
            return replace(self, scaler=scaler, static_scaler=None)
        onehot = self.table.onehot(static=True)
        return replace(self, scaler=scaler, static_scaler=Scaler.fit(self.static, onehot))


def padded(values: Floats, lengths: NDArray[Any]) -> Floats:
    """The same values with 0.0 behind each sequence, whatever stood there."""
    if lengths.shape != values.shape[:1]:
        return values  # said clearly by SequenceDataset itself
    valid = np.arange(values.shape[1]) < lengths[:, None]
    return np.where(valid[:, :, None], values, 0.0)


def _check(data: SequenceArrays) -> None:
    """Shapes go together and every number is finite, else InputError."""
    if data.values.ndim != 3 or data.values.shape[2] != len(data.names):
        raise InputError(
            f"values has shape {data.values.shape}; (N, T, {len(data.names)}) is needed"
        )
    count, most, _ = data.values.shape
    if data.lengths.shape != (count,) or ((data.lengths < 1) | (data.lengths > most)).any():
        raise InputError(
            f"lengths={data.lengths!r} must hold {count} whole numbers between 1 and {most}"
        )
    if data.static is not None and data.static.shape != (count, len(data.static_names)):
        raise InputError(
            f"static has shape {data.static.shape}; ({count}, {len(data.static_names)}) is needed"
        )
    for name, array in (("values", data.values), ("static", data.static)):
        if array is not None and not np.isfinite(array).all():
            wrong = int((~np.isfinite(array)).sum())
            raise InputError(f"{name} holds {wrong} values that are not finite numbers")
