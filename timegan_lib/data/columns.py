"""Which column of a table becomes which number, and how it returns.

A `Column` remembers one column of a DataFrame: its type, whether it held whole numbers, its
categories. A `Table` holds the columns of a frame, their order and their roles, and turns rows of
numbers into the columns. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Label = str | int
Floats = NDArray[np.float64]

LARGEST_WHOLE = 2**53  # float64 holds every whole number up to here
RESERVED = ("sequence", "step")  # the columns that to_frame() puts in front


@dataclass(frozen=True)
class Column:
    """One column of a table, and how it is held as numbers.

    A number or a true/false column is one number; a category with k levels is k numbers, one-hot,
    named "column=level". A number column that held only whole numbers is rounded on the way back.
    """

    label: Label
    dtype: str = "float64"
    kind: str = "number"  # "number", "flag" (true or false) or "category"
    whole: bool = False
    static: bool = False
    levels: tuple[Any, ...] = ()
    ordered: bool = False  # of a pandas categorical

    @property
    def names(self) -> tuple[str, ...]:
        if self.kind == "category":
            return tuple(f"{self.label}={level}" for level in self.levels)
        return (str(self.label),)

    def encode(self, series: pd.Series) -> Floats:
        """(rows, width) numbers, NaN where a value is missing."""
        if self.kind != "category":
            return series.to_numpy(dtype=np.float64, na_value=np.nan)[:, None]
        place = {level: code for code, level in enumerate(self.levels)}
        codes = np.array([place.get(value, -1) for value in series], np.int64)
        onehot: Floats = np.eye(len(self.levels))[codes]
        onehot[codes < 0] = np.nan
        return onehot

    def matched(self, cells: pd.Series) -> pd.Series:
        """Cells of a file, which holds only text and numbers, as levels of this category: 3.0 is 3.

        A cell that is no level stays missing.
        """
        levels = {_spelled(level): level for level in self.levels}
        found = cells.map(lambda cell: levels.get(_spelled(cell)), na_action="ignore")
        return found.astype(object)

    def decode(self, numbers: Floats) -> pd.Series:
        """(rows, width) numbers to the column: argmax of a one-hot, rounding, the old dtype."""
        if self.kind == "category":
            codes = numbers.argmax(axis=1)
            if self.dtype == "category":
                levels: Any = pd.Index(list(self.levels))
                return pd.Series(pd.Categorical.from_codes(codes, levels, ordered=self.ordered))
            return pd.Series([self.levels[code] for code in codes], dtype=self.dtype)
        values = numbers[:, 0]
        dtype: Any = pd.api.types.pandas_dtype(self.dtype)
        if self.kind == "flag":
            return pd.Series(values >= 0.5).astype(dtype)
        if self.whole:
            values = np.rint(values)
        if pd.api.types.is_integer_dtype(dtype):
            limits = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
            values = np.clip(values, float(limits.min), float(min(limits.max, LARGEST_WHOLE)))
            return pd.Series(values.astype(limits.dtype)).astype(dtype)
        return pd.Series(values).astype(dtype)


def _spelled(level: Any) -> str:
    """A level as text, a whole number without its point."""
    try:
        number = float(level)
    except (TypeError, ValueError):
        return str(level)
    return str(int(number)) if number == np.rint(number) and abs(number) < 1e15 else str(number)


@dataclass(frozen=True)
class Table:
    """The columns of a table in their order, and which column named the sequence and the time.

    `whole_sequences` says whether one sequence is one group; otherwise it is a window.
    """

    columns: tuple[Column, ...]
    group: Label | None = None
    time: Label | None = None
    group_dtype: str = "int64"
    whole_sequences: bool = False

    def names(self, static: bool) -> tuple[str, ...]:
        """Names of the numbers of one step (or of the static numbers of one sequence)."""
        return tuple(n for column in self.columns if column.static == static for n in column.names)

    def owners(self, static: bool) -> tuple[Label, ...]:
        """(D,) the column each number belongs to."""
        return tuple(c.label for c in self.columns if c.static == static for _ in c.names)

    def onehot(self, static: bool) -> NDArray[np.bool_]:
        """(D,), True where a number is part of a one-hot."""
        kinds = [c.kind for c in self.columns if c.static == static for _ in c.names]
        return np.array([kind == "category" for kind in kinds], bool)

    def encode(self, frame: pd.DataFrame, static: bool) -> Floats:
        """(rows, D) numbers of a frame with these columns, NaN where missing."""
        blocks = [c.encode(frame[c.label]) for c in self.columns if c.static == static]
        return np.concatenate([np.empty((len(frame), 0)), *blocks], axis=1)

    def rounded(self, numbers: Floats, static: bool) -> Floats:
        """(rows, D) numbers as they are after a way to the columns and back."""
        columns = [c for c in self.columns if c.static == static]
        ends = np.cumsum([len(c.names) for c in columns])
        blocks = np.split(numbers, ends[:-1], axis=1)
        pairs = zip(columns, blocks, strict=True)
        return np.concatenate([c.encode(c.decode(block)) for c, block in pairs], axis=1)

    def decode(self, values: Floats, static: Floats | None) -> dict[Label, pd.Series]:
        """(rows, D) and (rows, Ds) numbers to columns, in the order of the original."""
        position = {False: 0, True: 0}
        columns: dict[Label, pd.Series] = {}
        for column in self.columns:
            source = static if column.static else values
            if source is None:
                continue
            begin = position[column.static]
            position[column.static] = begin + len(column.names)
            columns[column.label] = column.decode(source[:, begin : position[column.static]])
        return columns

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; `Table.from_dict` is the inverse."""
        return {**vars(self), "columns": [dict(vars(column)) for column in self.columns]}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Table:
        columns = tuple(Column(**{**c, "levels": tuple(c["levels"])}) for c in plain["columns"])
        return cls(**{**plain, "columns": columns})
