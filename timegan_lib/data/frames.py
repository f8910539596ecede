"""From a table to numbers and back: which column becomes which number, and how it returns.

A `Column` remembers one column of a DataFrame: its type, whether it held whole numbers, its
categories. A `Table` holds the columns of a frame, their order and their roles. `read` checks a
frame and turns it into rows of numbers; `Table.decode` turns rows of numbers into the columns.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from timegan_lib.config import InputError
from timegan_lib.data.columns import LARGEST_WHOLE, Column, Floats, Label, Table

MOST_CATEGORIES = 20  # text with more different values than this must be declared categorical
RESERVED = ("sequence", "step")  # the columns that to_frame() puts in front


@dataclass(frozen=True)
class Rows:
    """A table as numbers, each group's rows together, in the order in which they are windowed.

    values (rows, D), static (rows, Ds), NaN where missing; group (rows,) counts from 0;
    labels: the group's name, one per group; began: the first time of each group; shared: the share
    of rows whose date another group has too.
    """

    table: Table
    values: Floats
    static: Floats
    group: NDArray[np.int64]
    labels: NDArray[Any]
    began: NDArray[Any]
    shared: float = 0.0


def read(
    frame: pd.DataFrame,
    time: Label | None,
    group: Label | None,
    static: Sequence[Label],
    categorical: Sequence[Label] | None,
) -> Rows:
    """Check a frame and turn it into rows of numbers. Raises InputError, naming the column."""
    static, categorical = _check_roles(frame, time, group, static, categorical)
    described = []
    for label in frame.columns:
        if label not in (time, group):
            declared = None if categorical is None else label in categorical
            column = _describe(frame[label], label, declared)
            described.append(replace(column, static=label in static))
    table = Table(tuple(described), group, time, whole_sequences=group is not None)
    _check_names(table)
    codes, labels = np.zeros(len(frame), np.int64), np.array([0])
    if group is not None:
        if missing := int(frame[group].isna().sum()):
            raise InputError(f"group={group!r}: {missing} rows have no group; fill or drop them")
        factorized, uniques = pd.factorize(frame[group])
        codes, labels = factorized.astype(np.int64), np.asarray(uniques, dtype=object)
        table = replace(table, group_dtype=str(frame[group].dtype))
    order = np.argsort(codes, kind="stable")  # each group's rows together, otherwise as they come
    frame, codes = frame.iloc[order], codes[order]
    first = np.searchsorted(codes, np.arange(len(labels)))
    began: NDArray[Any] = np.arange(len(labels))
    shared = 0.0
    if time is not None:
        moments = _moments(frame[time], time)
        _check_time(moments, codes, labels, time, group)
        began = moments[first]
        if moments.dtype.kind == "M":  # a date comes once in a group, so twice is two groups
            shared = float(pd.Series(moments).duplicated(keep=False).mean())
    values, statics = table.encode(frame, static=False), table.encode(frame, static=True)
    for names, block in ((table.names(False), values), (table.names(True), statics)):
        infinite = np.isinf(block).sum(axis=0)
        if infinite.any():
            raise InputError(
                f"frame: column {names[infinite.argmax()]!r} holds {infinite.max()} infinite "
                "values; replace or drop them"
            )
    _check_static(statics, table.owners(True), codes, labels, first)
    return Rows(table, values, statics, codes, labels, began, shared)


def _check_roles(
    frame: pd.DataFrame,
    time: Label | None,
    group: Label | None,
    static: Sequence[Label],
    categorical: Sequence[Label] | None,
) -> tuple[tuple[Label, ...], tuple[Label, ...] | None]:
    """The frame is a table and every column named in a role exists; returns lists as tuples."""
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame is a {type(frame).__name__}; pass a pandas DataFrame")
    if len(frame) < 2:
        raise InputError(f"frame has {len(frame)} rows; at least 2 are needed")
    label: Any
    for label in frame.columns:
        if isinstance(label, bool) or not isinstance(label, str | int | np.integer):
            raise InputError(f"frame: column name {label!r} must be text or a whole number")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"frame has more than one column {twice!r}; give each its own name")
    static = (static,) if isinstance(static, str | int) else tuple(static)
    if isinstance(categorical, str | int):
        categorical = (categorical,)
    elif categorical is not None:
        categorical = tuple(categorical)
    single = [("time", time), ("group", group)]
    several = [("static", s) for s in static] + [("categorical", c) for c in categorical or ()]
    for argument, label in [*((a, lab) for a, lab in single if lab is not None), *several]:
        if label not in frame.columns:
            where = ", ".join(map(repr, frame.columns[:8]))
            if label in frame.index.names:
                raise InputError(f"{argument}={label!r} is the index; call frame.reset_index()")
            raise InputError(f"{argument}={label!r} is no column; the columns begin with {where}")
    if time is not None and time == group:
        raise InputError(f"time and group are both {time!r}; name two different columns")
    if static and group is None:
        raise InputError(f"static={list(static)!r} needs group=, the column that names a sequence")
    for argument, label in several:
        if label in (time, group):
            raise InputError(f"{argument}={label!r} is already the time or group column")
    for label in RESERVED:
        if label in frame.columns and label not in (time, group):
            raise InputError(f"frame: column {label!r} is a name to_frame() needs; rename it")
    return static, categorical


def _describe(series: pd.Series, label: Label, declared: bool | None) -> Column:
    """What a column holds. `declared`: the user's word on being categorical, None for none."""
    label = label if isinstance(label, str) else int(label)
    dtype, known = series.dtype, series.dropna()
    types = pd.api.types
    if len(known) == 0:
        raise InputError(f"frame: column {label!r} holds no value at all; drop it")
    if declared or isinstance(dtype, pd.CategoricalDtype):
        return _describe_category(known, label)
    if types.is_bool_dtype(dtype) or types.infer_dtype(known) == "boolean":
        return Column(label, str(dtype), "flag")
    if types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        raise InputError(f"frame: column {label!r} holds times; name it in time= or drop it")
    if types.is_complex_dtype(dtype):
        raise InputError(f"frame: column {label!r} holds complex numbers; split or drop it")
    if types.is_numeric_dtype(dtype):
        numbers = known.to_numpy(dtype=np.float64)
        whole = bool(np.all(np.isfinite(numbers)) and np.all(numbers == np.rint(numbers)))
        if types.is_integer_dtype(dtype) and np.abs(numbers).max() > LARGEST_WHOLE:
            raise InputError(f"frame: column {label!r} holds whole numbers beyond 2**53; scale it")
        return Column(label, str(dtype), whole=whole)
    as_numbers = pd.to_numeric(known.astype(object), errors="coerce").notna().mean()
    if as_numbers > 0.5:
        raise InputError(
            f"frame: column {label!r} holds numbers written as text (such as {known.iloc[0]!r}); "
            f"convert it with pandas.to_numeric, or list it in categorical="
        )
    if declared is False or known.nunique() > MOST_CATEGORIES:
        raise InputError(
            f"frame: column {label!r} is text with {known.nunique()} different values (such as "
            f"{known.iloc[0]!r}); list it in categorical=, name it in time= or group=, or drop it"
        )
    return _describe_category(known, label)


def _describe_category(known: pd.Series, label: Label) -> Column:
    """A categorical column: its levels in pandas' own order if it has one, else sorted."""
    if isinstance(known.dtype, pd.CategoricalDtype):
        levels, ordered = list(known.cat.categories), bool(known.cat.ordered)
    else:
        levels, ordered = list(known.unique()), False
        levels.sort(key=lambda level: (isinstance(level, str), level))
    levels = [level.item() if isinstance(level, np.generic) else level for level in levels]
    odd = [level for level in levels if not isinstance(level, str | int | float)]
    if odd:
        raise InputError(
            f"frame: column {label!r} has the category {odd[0]!r}; use text or numbers instead"
        )
    return Column(label, str(known.dtype), "category", levels=tuple(levels), ordered=ordered)


def _check_names(table: Table) -> None:
    """There is something to learn, and each number has its own name."""
    if not table.names(static=False):
        raise InputError("frame has no feature column left beside time, group and static")
    names = table.names(False) + table.names(True)
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise InputError(f"frame: two columns of numbers would be called {twice[0]!r}; rename one")


def _moments(series: pd.Series, time: Label) -> NDArray[Any]:
    """The time column as an array that can be compared; text is read as dates."""
    if missing := int(series.isna().sum()):
        raise InputError(f"time={time!r}: {missing} rows have no time; fill or drop them")
    if not pd.api.types.is_numeric_dtype(series) and series.dtype.kind not in "Mm":
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of a format it had to guess
                series = pd.to_datetime(series.astype(object))
        except (ValueError, TypeError) as error:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                unread = pd.to_datetime(series.astype(str), errors="coerce").isna()
            example = series[unread].iloc[0] if unread.any() else series.iloc[0]
            raise InputError(
                f"time={time!r} is neither numbers nor dates (such as {example!r}); "
                "convert it with pandas.to_datetime"
            ) from error
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert(None)
    return series.to_numpy()


def _check_time(
    moments: NDArray[Any],
    codes: NDArray[np.int64],
    labels: NDArray[Any],
    time: Label,
    group: Label | None,
) -> None:
    """Each group's times increase. All of them decreasing is warned about and left as it is."""
    inside = codes[1:] == codes[:-1]
    before, after = moments[:-1], moments[1:]
    if inside.any() and np.all(after[inside] < before[inside]):
        warnings.warn(
            f"time={time!r} runs backward and is left so; sort the frame by it to learn forward",
            stacklevel=4,
        )
        return
    wrong = np.flatnonzero(inside & ~(after > before))
    if len(wrong):
        row = int(wrong[0])
        twice = after[row] == before[row]
        what = "repeats" if twice else "is out of order at"
        where = "" if group is None else f" in group {labels[codes[row]]!r}"
        remedy = "drop the duplicates" if twice else "sort the frame by it"
        if group is None:
            remedy += ", or name the column that tells series apart in group="
        raise InputError(f"time={time!r} {what} {after[row]}{where}; {remedy}")


def _check_static(
    statics: Floats,
    owners: tuple[Label, ...],
    codes: NDArray[np.int64],
    labels: NDArray[Any],
    first: NDArray[np.int64],
) -> None:
    """A static column has one value in each group."""
    expected = statics[first][codes]
    varies = ~((statics == expected) | (np.isnan(statics) & np.isnan(expected)))
    if varies.any():
        row, column = (int(index) for index in np.argwhere(varies)[0])
        raise InputError(
            f"static: column {owners[column]!r} varies within group "
            f"{labels[codes[row]]!r}; a static column has one value for each group"
        )
