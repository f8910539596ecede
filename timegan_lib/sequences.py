"""Sequences to learn from: one class for all of them.

A `SequenceDataset` holds N sequences of up to T steps and D features in the data's own units,
knows how to scale them to [0, 1] and how to turn such arrays back into a table.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from timegan_lib import frames, windows
from timegan_lib.config import InputError, whole_number
from timegan_lib.frames import Column, Label, Table
from timegan_lib.windows import Floats, Ints, Scaler

MISSING = ("error", "drop", "interpolate")


@dataclass(frozen=True, eq=False, repr=False)
class SequenceDataset:
    """N sequences, with all that is needed to scale them and to go back to a table.

    values   (N, T, D) float64, own units; a category is one-hot; steps past the length are 0.0
    lengths  (N,) int64, valid steps, 1..T
    static   (N, Ds) float64, own units, or None
    table    the columns the numbers came from, `scaler` and `static_scaler` their ranges
    group    (N,) the group each sequence comes from, and `start` (N,) the row at which it begins
             when all groups are laid end to end; None for data that were generated

    Make one with `from_frame` or `from_arrays`. Taught in book/how-the-code-is-built.md.
    """

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

    # ---------------------------------------------------------------- what it is

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

    # ---------------------------------------------------------------- ways in

    @classmethod
    def from_arrays(
        cls,
        values: ArrayLike,
        lengths: ArrayLike | None = None,
        static: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        static_names: Sequence[str] | None = None,
    ) -> SequenceDataset:
        """From numbers in own units: (N, T, D), (N,), (N, Ds). Raises InputError."""
        values = np.asarray(values, np.float64)
        if values.ndim != 3 or 0 in values.shape:
            raise InputError(
                f"values has shape {values.shape}; (N, T, D) is needed, none of them 0"
            )
        static = None if static is None else np.asarray(static, np.float64)
        names = names or [f"x{i + 1}" for i in range(values.shape[2])]
        if static is not None and static.ndim == 2:
            static_names = static_names or [f"s{i + 1}" for i in range(static.shape[1])]
        columns = [Column(name) for name in names]
        columns += [Column(name, static=True) for name in static_names or ()]
        full = np.full(len(values), values.shape[1]) if lengths is None else np.asarray(lengths)
        if full.dtype.kind not in "iu":
            raise InputError(f"lengths={lengths!r} must be whole numbers")
        return cls._fitted(values, full.astype(np.int64), static, Table(tuple(columns)))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        length: int | None = None,
        time: Label | None = None,
        group: Label | None = None,
        static: Sequence[Label] = (),
        stride: int = 1,
        missing: str = "error",
        max_gap: int = 3,
        categorical: Sequence[Label] | None = None,
        max_length: int | None = None,
    ) -> SequenceDataset:
        """From a table with one row for each step.

        Parameters
        ----------
        length       rows of a window; None: each group is one sequence, as long as it is
        time         column that orders the rows; it must increase inside each group, and is not
                     learned. All of it running backward is warned about and left so
        group        column that says which rows belong together; no window crosses groups
        static       columns with one value for each group
        stride       rows from one window to the next
        missing      "error"; "interpolate": gaps of at most `max_gap` rows inside a group are
                     filled on a straight line (categories repeat the last one) and sequences
                     that touch another gap are left out; "drop": sequences that touch a missing
                     value are left out. The last two warn of how many
        categorical  columns to hold one-hot. None: pandas categoricals, and text of at most 20
                     different values. Text that is mostly numbers is an error either way
        max_length   with length=None: only the first rows of each group

        Raises
        ------
        InputError   for a table, a column or an argument that cannot be used. Taught in
                     book/how-the-code-is-built.md.
        """
        if length is None and group is None:
            raise InputError(
                "length=None takes each group as one sequence: name group=, or length="
            )
        if length is not None:
            length = whole_number("length", length, 1)
            if max_length is not None:
                raise InputError(f"max_length={max_length!r} only goes with length=None")
        elif max_length is not None:
            max_length = whole_number("max_length", max_length, 1)
        stride, max_gap = whole_number("stride", stride, 1), whole_number("max_gap", max_gap, 1)
        if missing not in MISSING:
            raise InputError(f"missing={missing!r} must be one of {', '.join(MISSING)}")

        rows = frames.read(frame, time, group, static, categorical)
        values, touched, filled, worst = _without_missing(rows, missing, max_gap)
        starts, lengths, short = windows.cut(rows.group, length, stride, max_length)
        if not len(starts):
            longest = int(np.bincount(rows.group).max())
            raise InputError(
                f"length={length} is more than the {longest} rows of the longest group"
                if group is not None
                else f"length={length} is more than the {longest} rows of frame"
            )
        before = np.r_[0, np.cumsum(touched)]
        whole = before[starts + lengths] == before[starts]
        if not whole.any():
            raise InputError(
                f"missing={missing!r}: each of the {len(starts)} sequences touches a missing value, "
                f"most often in column {worst!r}; fill it, drop it, or take shorter sequences"
            )
        for text, amount in (
            (f"missing={missing!r} filled {filled} values", filled),
            (f"missing={missing!r} left out {(~whole).sum()} of {len(whole)} sequences", ~whole),
            (f"length={length} left out {short} groups that are shorter", short),
            (
                f"groups share {rows.shared:.0%} of their times; if they run side by side, make them "
                "columns (pandas pivot), or split() holds out what training sees in another group",
                length is not None and rows.shared > 0.5,
            ),
        ):
            if np.any(amount):
                warnings.warn(text, stacklevel=2)
        starts, lengths = starts[whole], lengths[whole]
        return cls._fitted(
            windows.gather(values, starts, lengths),
            lengths,
            rows.static[starts] if static else None,
            replace(rows.table, whole_sequences=length is None),
            group=rows.labels[rows.group[starts]],
            start=windows.places(rows.group, rows.began)[starts],
        )

    @classmethod
    def _fitted(
        cls, values: Floats, lengths: Ints, static: Floats | None, table: Table, **origin: Any
    ) -> SequenceDataset:
        """With scalers fitted on the valid steps, and 0.0 behind them."""
        unfitted = Scaler(np.empty(0), np.empty(0))
        values = _padded(values, lengths)
        return cls(values, lengths, static, table, unfitted, **origin)._refitted()

    def _refitted(self) -> SequenceDataset:
        """The same data with scalers fitted on them."""
        scaler = Scaler.fit(self.values[self.mask], self.table.onehot(static=False))
        if self.static is None:
            return replace(self, scaler=scaler, static_scaler=None)
        onehot = self.table.onehot(static=True)
        return replace(self, scaler=scaler, static_scaler=Scaler.fit(self.static, onehot))

    def like(
        self,
        scaled_values: ArrayLike,
        lengths: ArrayLike | None = None,
        static_scaled: ArrayLike | None = None,
    ) -> SequenceDataset:
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
            values=_padded(self.scaler.inverse(scaled), full),
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

    def template(self) -> SequenceDataset:
        """The same columns, units and ranges without any sequence: enough for `like`."""
        return self.subset(slice(0, 0))

    def to_dict(self) -> dict[str, Any]:
        """The template as plain values for JSON; `from_dict` is the inverse."""
        static = None if self.static_scaler is None else self.static_scaler.to_dict()
        return {
            "table": self.table.to_dict(),
            "scaler": self.scaler.to_dict(),
            "static_scaler": static,
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> SequenceDataset:
        """A template (N = 0) whose `like` works as that of the data it was made from."""
        table, scaler = Table.from_dict(plain["table"]), Scaler.from_dict(plain["scaler"])
        static_scaler, static = None, None
        if plain["static_scaler"] is not None:
            static_scaler = Scaler.from_dict(plain["static_scaler"])
            static = np.empty((0, len(static_scaler.minimum)))
        values, lengths = np.empty((0, 1, len(scaler.minimum))), np.empty(0, np.int64)
        return cls(values, lengths, static, table, scaler, static_scaler)

    # ---------------------------------------------------------------- ways out

    def to_frame(self) -> pd.DataFrame:
        """A long table, one row for each valid step, with the columns, order and types it had.

        In front stand `sequence` (for whole sequences: the group column's name, and the groups'
        own names where they are known) and `step`, from 0. The time column is not among them.
        """
        sequence = np.repeat(np.arange(len(self)), self.lengths)
        step = np.broadcast_to(np.arange(self.values.shape[1]), self.mask.shape)[self.mask]
        static = None if self.static is None else self.static[sequence]
        columns = self.table.decode(self.values[self.mask], static)
        front: dict[Label, Any] = {"sequence": sequence}
        if self.table.whole_sequences and self.table.group is not None:
            front = {self.table.group: sequence}
            if self.group is not None:
                names = pd.Series(self.group[sequence]).astype(cast(Any, self.table.group_dtype))
                front = {self.table.group: names}
        return pd.DataFrame({**front, "step": step, **columns})

    def rounded(self) -> SequenceDataset:
        """The same sequences as their table has them: one level a category, whole numbers whole."""
        values = self.values.copy()
        values[self.mask] = self.table.rounded(self.values[self.mask], static=False)
        static = None if self.static is None else self.table.rounded(self.static, static=True)
        return replace(self, values=values, static=static)

    def subset(self, index: ArrayLike | slice) -> SequenceDataset:
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

    # ---------------------------------------------------------------- train and held-out

    def split(self, held_out: int = 5, blocks: int = 25) -> tuple[SequenceDataset, SequenceDataset]:
        """Interleaved time blocks: (train, held-out), the standard split of this book.

        The rows are cut into `blocks` equal blocks of time, the second of every `held_out` is held
        out. Held-out windows lie inside one such block; train windows stay at least T
        rows away from all of them. Whole sequences are held out in blocks of sequences, in the
        order of time; generated ones in the order they have. The train part's scaler is fitted
        on it and shared by the held-out part. Taught in book/how-the-code-is-built.md.
        """
        held_out, blocks = whole_number("held_out", held_out, 2), whole_number("blocks", blocks, 2)
        starts, ends, gap = self._extent()
        first = int(starts.min())
        chosen = windows.interleave(int(ends.max()) - first, held_out, blocks)
        return self._parts(*windows.split_apart(starts - first, ends - first, chosen, gap))

    def split_chronological(self, fraction: float = 0.8) -> tuple[SequenceDataset, SequenceDataset]:
        """The first `fraction` of the rows and the rest, T rows apart: (train, held-out).

        A drift experiment rather than a test: in most series the rest differs from the beginning.
        """
        if not 0 < fraction < 1:
            raise InputError(f"fraction={fraction!r} must lie between 0 and 1")
        starts, ends, gap = self._extent()
        first, last = int(starts.min()), int(ends.max())
        chosen = [(round((last - first) * fraction), last - first)]
        return self._parts(*windows.split_apart(starts - first, ends - first, chosen, gap))

    def _extent(self) -> tuple[Ints, Ints, int]:
        """Rows each sequence covers, begin and end, and the gap to keep.

        Sequences that share no rows (generated, or each a group of its own) count one row each.
        """
        if self.start is None or self.group is None:
            starts = np.arange(len(self))
            return starts, starts + 1, 0
        if self.table.whole_sequences:
            starts = np.argsort(np.argsort(self.start, kind="stable"))
            return starts, starts + 1, 0
        return self.start, self.start + self.lengths, self.values.shape[1]

    def _parts(self, train: Ints, held_out: Ints) -> tuple[SequenceDataset, SequenceDataset]:
        fitted = self.subset(train)._refitted()
        rest = replace(
            self.subset(held_out), scaler=fitted.scaler, static_scaler=fitted.static_scaler
        )
        return fitted, rest


def _padded(values: Floats, lengths: NDArray[Any]) -> Floats:
    """The same values with 0.0 behind each sequence, whatever stood there."""
    if lengths.shape != values.shape[:1]:
        return values  # said clearly by SequenceDataset itself
    valid = np.arange(values.shape[1]) < lengths[:, None]
    return np.where(valid[:, :, None], values, 0.0)


def _without_missing(
    rows: frames.Rows, missing: str, max_gap: int
) -> tuple[Floats, NDArray[np.bool_], int, Label]:
    """The values after the policy, which rows still miss something, how many were filled, and the
    column that misses most."""
    owners = rows.table.owners(static=False) + rows.table.owners(static=True)
    empty = np.isnan(np.concatenate([rows.values, rows.static], axis=1))
    # a one-hot misses all its numbers at once: the dict counts its column once
    counts = dict(zip(owners, empty.sum(axis=0).tolist(), strict=True))
    holes = {owner: count for owner, count in counts.items() if count}
    if holes and missing == "error":
        worst = max(holes, key=lambda name: holes[name])
        raise InputError(
            f"frame: column {worst!r} misses {holes[worst]} values ({sum(holes.values())} in "
            f"{len(holes)} columns); fill them, or pass missing='interpolate' or 'drop'"
        )
    values = rows.values
    if holes and missing == "interpolate":
        features = [c for c in rows.table.columns if not c.static]
        carry = np.array([c.kind != "number" for c in features for _ in c.names])
        rounded = np.array([c.whole for c in features for _ in c.names])
        values = windows.fill_gaps(values, rows.group, max_gap, carry, rounded)
        empty = np.isnan(np.concatenate([values, rows.static], axis=1))
    left = dict(zip(owners, empty.sum(axis=0).tolist(), strict=True))
    worst = max(left, key=lambda name: left[name])
    return values, empty.any(axis=1), sum(counts.values()) - sum(left.values()), worst
