"""N sequences as arrays that know their names, their units and their ranges.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from timegan_lib.config import InputError
from timegan_lib.data.columns import Table
from timegan_lib.data.scaling import Floats, Scaler

Ints = NDArray[np.int64]


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

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[2] != len(self.names):
            raise InputError(
                f"values has shape {self.values.shape}; (N, T, {len(self.names)}) is needed"
            )
        count, most, _ = self.values.shape
        if self.lengths.shape != (count,) or ((self.lengths < 1) | (self.lengths > most)).any():
            raise InputError(
                f"lengths={self.lengths!r} must hold {count} whole numbers between 1 and {most}"
            )
        if self.static is not None and self.static.shape != (count, len(self.static_names)):
            raise InputError(
                f"static has shape {self.static.shape}; "
                f"({count}, {len(self.static_names)}) is needed"
            )
        for name, array in (("values", self.values), ("static", self.static)):
            if array is not None and not np.isfinite(array).all():
                wrong = int((~np.isfinite(array)).sum())
                raise InputError(f"{name} holds {wrong} values that are not finite numbers")

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
        count, most, _ = self.values.shape
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
        )

    def scale_static(self, static: pd.DataFrame | ArrayLike) -> NDArray[np.float32]:
        """Static features in own units, a table with their columns or (n, Ds), to [0, 1]."""
        if self.static_scaler is None:
            raise InputError("static is given, but these data have no static features")
        if isinstance(static, pd.DataFrame):
            for column in self.table.columns:
                if column.static and column.label not in static.columns:
                    raise InputError(f"static has no column {column.label!r}")
            static = self.table.encode(static, static=True)
        numbers = np.asarray(static, np.float64)
        if numbers.ndim != 2 or numbers.shape[1] != len(self.static_names):
            raise InputError(
                f"static has shape {numbers.shape}; (n, {len(self.static_names)}) is needed for "
                f"{', '.join(self.static_names)}"
            )
        if not np.isfinite(numbers).all():
            name = self.static_names[np.argwhere(~np.isfinite(numbers))[0, 1]]
            raise InputError(f"static: {name!r} is missing, or a category the data do not have")
        return self.static_scaler.scale(numbers).astype(np.float32)

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
