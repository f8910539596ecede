"""Static features that a user asks for, in their own units. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from timegan_lib.config import InputError
from timegan_lib.data.columns import Column, Table
from timegan_lib.data.scaling import Scaler
from timegan_lib.messages import warn

YES, NO = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


def scale_wanted(static: Any, table: Table, scaler: Scaler, n: int) -> NDArray[np.float32]:
    """(n, Ds) in [0, 1] of a table, a dict of columns (or of one value for all n), or numbers.

    Warns of a number beyond the training data's. Raises InputError.
    """
    names = table.names(static=True)
    labels = [column.label for column in table.columns if column.static]
    if isinstance(static, Mapping):
        for label in static:
            if label not in labels:
                raise InputError(
                    f"static: there is no static feature {label!r}; there are {', '.join(map(str, labels))}"
                )
        static = _as_frame(static, n)
    if isinstance(static, pd.DataFrame):
        columns = [column for column in table.columns if column.static]
        for column in columns:
            if column.label not in static.columns:
                raise InputError(
                    f"static has no column {column.label!r}; it needs {', '.join(map(str, labels))}"
                )
        read = {column.label: _as_written(static[column.label], column) for column in columns}
        static = table.encode(pd.DataFrame(read, index=static.index), static=True)
    try:
        numbers = np.asarray(static, np.float64)
    except (ValueError, TypeError):
        raise InputError(
            f"static is {static!r:.60}; give a table with the columns {', '.join(names)}, or numbers"
        ) from None
    if numbers.ndim != 2 or numbers.shape[1] != len(names):
        raise InputError(
            f"static has shape {numbers.shape}; (n, {len(names)}) is needed for {', '.join(names)}"
        )
    if not np.isfinite(numbers).all():
        name = names[np.argwhere(~np.isfinite(numbers))[0, 1]]
        raise InputError(f"static: {name!r} is missing, or a category the data do not have")
    _warn_of_unseen(numbers, names, scaler)
    return scaler.scale(numbers).astype(np.float32)


def _as_frame(static: Mapping, n: int) -> pd.DataFrame:
    single = all(np.ndim(value) == 0 for value in static.values())
    try:
        return pd.DataFrame(dict(static), index=range(n) if single else None)
    except ValueError as error:
        raise InputError(f"static: {error}") from None


def _as_written(cells: pd.Series, column: Column) -> pd.Series:
    """Cells as the column of the training data has them; text from a command line among them."""
    if column.kind == "category":
        known = column.matched(cells)
        if known.isna().any():
            raise InputError(
                f"static: {column.label!r} is {cells[known.isna()].iloc[0]!r}, a category the data do not have; "
                f"there are {', '.join(map(str, column.levels))}"
            )
        return known
    if column.kind == "flag":
        words = cells.astype(str).str.strip().str.lower()
        known = words.map(dict.fromkeys(YES, 1.0) | dict.fromkeys(NO, 0.0))
    else:
        known = pd.to_numeric(cells, errors="coerce")
    if known.isna().any():
        raise InputError(
            f"static: {column.label!r} is {cells[known.isna()].iloc[0]!r}; give a number"
        )
    return known.astype(float)


def _warn_of_unseen(numbers: np.ndarray, names: tuple[str, ...], scaler: Scaler) -> None:
    slack = 1e-9 * (1 + np.abs(scaler.maximum))
    outside = (numbers < scaler.minimum - slack) | (numbers > scaler.maximum + slack)
    for k in np.flatnonzero(outside.any(axis=0)):
        seen = f"{scaler.minimum[k]:g} to {scaler.maximum[k]:g}"
        asked = numbers[outside[:, k], k][0]
        warn(
            f"static: {names[k]!r} is {asked:g}, the training data have {seen}: no sequence like that was "
            "seen, so what comes out is a guess"
        )
