"""Which column plays which part: the names a user gives, found among the columns and the index.

Index levels are treated like columns: a level of dates is the time where none is named, the other level
of two is the group. Several columns may be the time (a day and a clock) or the group together.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.data.columns import RESERVED, Label
from timegan_lib.data.times import read_times
from timegan_lib.messages import warn

Names = Label | Sequence[Label]
DATE_PARTS = ("year", "month", "day", "hour", "minute", "second")


@dataclass(frozen=True)
class Roles:
    """A frame in which each part is played by one column, or by none."""

    frame: pd.DataFrame
    time: Label | None
    group: Label | None
    static: tuple[Label, ...]
    categorical: tuple[Label, ...] | None


def assign_roles(
    frame: pd.DataFrame, time: Names | None, group: Names | None, static: Names,
    categorical: Names | None,
) -> Roles:  # fmt: skip
    """Find every named column, bring index levels among the columns. Raises InputError."""
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame is a {type(frame).__name__}; pass a pandas DataFrame")
    if len(frame) < 2:
        raise InputError(f"frame has {len(frame)} rows; at least 2 are needed")
    named = {
        "time": _names("time", time),
        "group": _names("group", group),
        "static": _names("static", static),
        "categorical": _names("categorical", categorical),
    }
    frame, named = _with_index_levels(frame, named)
    _check_columns(frame)
    for argument, labels in named.items():
        for label in labels:
            if label not in frame.columns:
                where = ", ".join(map(repr, frame.columns[:8]))
                raise InputError(
                    f"{argument}={label!r} is no column; the columns begin with {where}"
                )
    for label in named["time"]:
        if label in named["group"]:
            raise InputError(f"time and group are both {label!r}; name two different columns")
    for argument in ("static", "categorical"):
        for label in named[argument]:
            if label in (*named["time"], *named["group"]):
                raise InputError(f"{argument}={label!r} is already the time or group column")
    if named["static"] and not named["group"]:
        raise InputError(
            f"static={list(named['static'])!r} needs group=, the column that names a sequence"
        )
    frame, one_time = _together(frame, named["time"], " ")
    frame, one_group = _together(frame, named["group"], ", ")
    frame = _without_step_numbers(frame, one_time, one_group)
    if one_time is None and one_group is None:
        _warn_of_row_order(frame)
    listed = None if categorical is None else named["categorical"]
    return Roles(frame, one_time, one_group, named["static"], listed)


def _names(argument: str, given: Any) -> tuple[Label, ...]:
    """One name, several or none, as a tuple without repetition."""
    if given is None:
        return ()
    if isinstance(given, str | int | np.integer) and not isinstance(given, bool):
        return (given if isinstance(given, str) else int(given),)
    if isinstance(given, Mapping | Set) or not isinstance(given, Sequence | pd.Index | np.ndarray):
        kind = type(given).__name__
        raise InputError(f"{argument} is a {kind}; give the name of a column, or a list of names")
    for label in given:
        if isinstance(label, bool) or not isinstance(label, str | int | np.integer):
            raise InputError(
                f"{argument} names {label!r}; a column's name is text or a whole number"
            )
    labels: Any = dict.fromkeys(given)
    return tuple(labels)


def _check_columns(frame: pd.DataFrame) -> None:
    label: Any
    for label in frame.columns:
        if isinstance(label, bool) or not isinstance(label, str | int | np.integer):
            raise InputError(f"frame: column name {label!r} must be text or a whole number")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"frame has more than one column {twice!r}; give each its own name")
    numbers = [n for n in frame.columns if isinstance(n, str) and is_number(n)]
    if numbers and (len(numbers) == frame.shape[1] or any("." in name for name in numbers)):
        warn(
            f"column names are numbers, such as {numbers[0]!r}: if the file has no header, its first row "
            "is lost; read it with header=None (pandas.read_csv)"
        )


def is_number(text: str) -> bool:
    """Whether a text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---- the index ----


def _with_index_levels(
    frame: pd.DataFrame, named: dict[str, tuple[Any, ...]]
) -> tuple[pd.DataFrame, dict[str, tuple[Any, ...]]]:
    """The index levels that play a part as columns in front, and the parts they play."""
    index = frame.index
    several = isinstance(index, pd.MultiIndex)
    if not several and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return frame, named  # row numbers
    fallback = "level_{}" if several else "index"
    levels: dict[Any, pd.Series] = {
        fallback.format(k) if name is None else name: pd.Series(index.get_level_values(k))
        for k, name in enumerate(index.names)
    }
    if len(levels) < index.nlevels:
        raise InputError(f"frame: index levels share a name ({list(index.names)}); rename one")
    asked = {label for labels in named.values() for label in labels}
    played: dict[Any, pd.Series] = {name: level for name, level in levels.items() if name in asked}
    rest = {name: level for name, level in levels.items() if name not in asked}
    dates = [name for name, level in rest.items() if _orders_rows(level)]
    if len(dates) == 1 and not named["time"]:
        played[dates[0]] = rest[dates[0]]
        named = named | {"time": (dates[0],)}
    keys = [name for name in rest if name not in dates]
    if several and len(keys) == 1 and not named["group"]:
        played[keys[0]] = rest[keys[0]]
        named = named | {"group": (keys[0],)}
    elif several and (keys or (len(dates) > 1 and not named["time"])):
        words = ", ".join(map(repr, keys or dates))
        raise InputError(
            f"frame: index levels {words} have no part; name them in time= or group=, or drop them "
            "(frame.reset_index(drop=True, level=...))"
        )
    elif not several and keys and not named["group"] and not rest[keys[0]].is_unique:
        raise InputError(
            f"frame: the index {keys[0]!r} repeats itself; name it in group=, or drop it "
            "(frame.reset_index(drop=True))"
        )
    played = {name: level for name, level in played.items() if name not in frame.columns}
    if not played:
        return frame, named
    return pd.concat([pd.DataFrame(played), frame.reset_index(drop=True)], axis=1), named


def _orders_rows(level: pd.Series) -> bool:
    """Whether an index level is made to order rows: dates, spans of time, or numbers that have a name."""
    if level.dtype.kind in "mM" or isinstance(level.dtype, pd.DatetimeTZDtype | pd.PeriodDtype):
        return True
    if pd.api.types.is_numeric_dtype(level.dtype):
        return level.is_monotonic_increasing and level.is_unique
    try:
        return read_times(level, "index").dtype.kind == "M"
    except InputError:
        return False


def _warn_of_row_order(frame: pd.DataFrame) -> None:
    """Row numbers that are out of order tell of rows that were shuffled or put together."""
    index = frame.index
    in_order = index.is_monotonic_increasing and index.is_unique
    if pd.api.types.is_integer_dtype(index.dtype) and not in_order:
        warn(
            "the row numbers of frame (its index) are not in order, and no time= is named: rows are "
            "taken as they stand, and windows run across wherever tables were joined"
        )


# ---- several columns in one part, and what to_frame() has written ----


def _together(
    frame: pd.DataFrame, labels: tuple[Label, ...], joint: str
) -> tuple[pd.DataFrame, Label | None]:
    """One column out of several: a day and a clock, year to second, or two keys of a group."""
    if len(labels) < 2:
        return frame, labels[0] if labels else None
    parts = frame[list(labels)]
    words = [str(label).lower() for label in labels]
    if joint == " " and set(words) <= set(DATE_PARTS) and {"year", "month", "day"} <= set(words):
        try:
            one: Any = pd.to_datetime(parts.set_axis(words, axis=1))
        except ValueError as error:
            raise InputError(f"time={list(labels)!r} is no date in some row: {error}") from None
    else:
        one = parts.iloc[:, 0].astype(str)
        for label in labels[1:]:
            between, cells = _written(parts[label], words, joint)
            one = one + between + cells
        one = one.mask(parts.isna().any(axis=1))
        if one.nunique() < len(parts.drop_duplicates().dropna()):
            raise InputError(
                f"{list(labels)!r}: different keys read alike side by side; join them yourself"
            )
    name = joint.join(map(str, labels))
    return pd.concat([one.rename(name), frame.drop(columns=list(labels))], axis=1), name


def _written(cells: pd.Series, words: list[str], joint: str) -> tuple[str, pd.Series]:
    """One more part of a time or a key, and what stands before it: an hour is a clock, a quarter a Q."""
    if joint != " " or not pd.api.types.is_integer_dtype(cells):
        return joint, cells.astype(str)
    text = cells.astype(str).str.zfill(2)
    if words == ["year", "quarter"]:
        return "Q", cells.astype(str)
    if words == ["year", "week"]:
        return "-W", text
    if words == ["year", "month"]:
        return "-", text
    return joint, text + ":00" if cells.between(0, 24).all() else text


def _without_step_numbers(
    frame: pd.DataFrame, time: Label | None, group: Label | None
) -> pd.DataFrame:
    """`step` counts the rows of a synthetic table: it is no feature. `sequence` names its groups."""
    left = [name for name in RESERVED if name in frame.columns and name not in (time, group)]
    if "step" in left and group is not None and time is not None:
        counted = frame.groupby(group, sort=False).cumcount()
        if pd.api.types.is_numeric_dtype(frame["step"]) and (frame["step"] == counted).all():
            frame, left = frame.drop(columns="step"), [name for name in left if name != "step"]
    if left:
        raise InputError(
            f"frame: column {left[0]!r} is one that to_frame() writes; to read a synthetic table give "
            "group='sequence', time='step', else rename the column"
        )
    return frame
