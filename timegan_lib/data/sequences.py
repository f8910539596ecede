"""Sequences to learn from: one class for all of them.

A `SequenceDataset` holds N sequences of up to T steps and D features in the data's own units,
knows how to scale them to [0, 1] and how to turn such arrays back into a table.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import cutting, frames, windows
from timegan_lib.data.arrays import Ints, SequenceArrays, padded
from timegan_lib.data.columns import Label, Table
from timegan_lib.data.numbers import read_numbers
from timegan_lib.data.roles import Names, assign_roles
from timegan_lib.data.scaling import Floats, Scaler
from timegan_lib.data.times import calendar

TIME = "time"  # the column of dates, where the data had none


@dataclass(frozen=True, eq=False, repr=False)
class SequenceDataset(SequenceArrays):
    """N sequences, with all that is needed to scale them and to go back to a table.

    values   (N, T, D) float64, own units; a category is one-hot; steps past the length are 0.0
    lengths  (N,) int64, valid steps, 1..T
    static   (N, Ds) float64, own units, or None
    table    the columns the numbers came from, `scaler` and `static_scaler` their ranges
    group    (N,) the group each sequence comes from, and `start` (N,) the row at which it begins
             when all groups are laid end to end; None for data that were generated
    times    (N, T) dates that `dated` gave to generated sequences, or None

    Make one with `from_frame` or `from_arrays`. Taught in book/how-the-code-is-built.md.
    """

    # ---- ways in ----

    @classmethod
    def from_arrays(
        cls,
        values: ArrayLike | Sequence[ArrayLike],
        lengths: ArrayLike | None = None,
        static: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        static_names: Sequence[str] | None = None,
    ) -> Self:
        """From numbers in own units: values (N, T, D), lengths (N,), static (N, Ds).

        values may be a list of N arrays (length, D) too. Whole numbers come back whole. Raises
        InputError. Taught in book/how-the-code-is-built.md.
        """
        return cls._fitted(*read_numbers(values, lengths, static, names, static_names))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        length: int | None = None,
        time: Names | None = None,
        group: Names | None = None,
        static: Names = (),
        stride: int = 1,
        missing: str = "error",
        max_gap: int = 3,
        categorical: Names | None = None,
        max_length: int | None = None,
    ) -> Self:
        """From a table with one row for each step.

        Parameters
        ----------
        length       rows of a window; None: each group is one sequence, as long as it is
        time         column that orders the rows, or several, such as day and clock; it must increase
                     inside each group, and is not learned. All of it running backward is warned
                     about and left so. None: an index of dates
        group        column that says which rows belong together, or several; no window crosses
                     groups. Index levels may be named like columns
        static       columns with one value for each group; a blank cell takes that of its group
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
        policy = cutting.Policy(length, stride, missing, max_gap, max_length)
        roles = assign_roles(frame, time, group, static, categorical)
        if length is None and roles.group is None:
            raise InputError(
                "length=None takes each group as one sequence: name group=, or length="
            )
        rows = frames.read(roles, length)
        return cls._fitted(**vars(cutting.cut(rows, policy)))

    @classmethod
    def _fitted(
        cls, values: Floats, lengths: Ints, static: Floats | None, table: Table, **origin: Any
    ) -> Self:
        """With scalers fitted on the valid steps, and 0.0 behind them."""
        unfitted = Scaler(np.empty(0), np.empty(0))
        values = padded(values, lengths)
        return cls(values, lengths, static, table, unfitted, **origin).refitted()

    def to_dict(self) -> dict[str, Any]:
        """The template as plain values for JSON; `from_dict` is the inverse."""
        static = None if self.static_scaler is None else self.static_scaler.to_dict()
        return {
            "table": self.table.to_dict(),
            "scaler": self.scaler.to_dict(),
            "static_scaler": static,
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """A template (N = 0) whose `like` works as that of the data it was made from."""
        table, scaler = Table.from_dict(plain["table"]), Scaler.from_dict(plain["scaler"])
        static_scaler, static = None, None
        if plain["static_scaler"] is not None:
            static_scaler = Scaler.from_dict(plain["static_scaler"])
            static = np.empty((0, len(static_scaler.minimum)))
        values, lengths = np.empty((0, 1, len(scaler.minimum))), np.empty(0, np.int64)
        return cls(values, lengths, static, table, scaler, static_scaler)

    # ---- ways out ----

    def to_frame(self) -> pd.DataFrame:
        """A long table, one row for each valid step, with the columns, order and types it had.

        In front stand `sequence` (for whole sequences: the group column's name, and the groups'
        own names where they are known) and `step`, from 0. The time column is not among them, but
        for sequences that were `dated`. `from_frame(..., group="sequence", time="step")` reads it.
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
        front["step"] = step
        if self.times is not None:
            front[TIME if self.table.time in (None, "step") else self.table.time] = self.times[
                self.mask
            ]
        return pd.DataFrame({**front, **columns})

    def dated(self, start: Any, freq: Any) -> Self:
        """The same sequences with a date for each step: from `start` on, a step every `freq`.

        start: one date for all, or one for each sequence. freq: of pandas, such as "h", "D" or "B"
        (working days). `to_frame` writes them in the column that was the time. Raises InputError.
        """
        return replace(self, times=calendar(start, freq, *self.values.shape[:2]))

    # ---- train and held-out ----

    def split(self, held_out: int = 5, blocks: int = 25) -> tuple[Self, Self]:
        """Interleaved time blocks: (train, held-out), the standard split of this book.

        The rows are cut into `blocks` equal blocks of time, the second of every `held_out` is held
        out. Held-out windows lie inside one such block; train windows stay at least T
        rows away from all of them, though both may be of one group. Whole sequences are held out in
        blocks of sequences, in the order of time; generated ones in the order they have; of fewer
        than `blocks`, each is a block. Two are enough. The train part's scaler is fitted on it and
        shared by the held-out part. Raises InputError. Taught in book/how-the-code-is-built.md.
        """
        held_out, blocks = whole_number("held_out", held_out, 2), whole_number("blocks", blocks, 2)
        starts, ends, gap = self.extent()
        first = int(starts.min())
        chosen = windows.interleave(int(ends.max()) - first, held_out, blocks)
        return self._parts(*windows.split_apart(starts - first, ends - first, chosen, gap))

    def split_chronological(self, fraction: float = 0.8) -> tuple[Self, Self]:
        """The first `fraction` of the rows and the rest, T rows apart: (train, held-out).

        A drift experiment rather than a test: in most series the rest differs from the beginning.
        Of sequences that share no rows, each part has at least one.
        """
        if not 0 < fraction < 1:
            raise InputError(f"fraction={fraction!r} must lie between 0 and 1")
        starts, ends, gap = self.extent()
        first, last = int(starts.min()), int(ends.max())
        count = last - first
        cut = round(count * fraction)
        cut = cut if gap else min(max(cut, 1), count - 1)  # few sequences: rounding empties no part
        chosen = [(cut, count)]
        return self._parts(*windows.split_apart(starts - first, ends - first, chosen, gap))

    def _parts(self, train: Ints, held_out: Ints) -> tuple[Self, Self]:
        fitted = self.subset(train).refitted()
        rest = replace(
            self.subset(held_out), scaler=fitted.scaler, static_scaler=fitted.static_scaler
        )
        return fitted, rest
