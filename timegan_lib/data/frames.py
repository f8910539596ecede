"""From a table to rows of numbers: `read` checks a frame and turns it into `Rows`.

Which column plays which part is `roles`' work, what a column holds that of `cells`, the order of the rows
that of `times`; `hints` adds a line on what is seldom meant. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from timegan_lib.config import InputError
from timegan_lib.data import hints
from timegan_lib.data.cells import describe
from timegan_lib.data.columns import Floats, Label, Table
from timegan_lib.data.roles import Roles
from timegan_lib.data.times import Moments, check_order, read_times, unevenness
from timegan_lib.messages import warn


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


def read(roles: Roles, length: int | None) -> Rows:
    """Check a frame and turn it into rows of numbers. Raises InputError, naming the column."""
    frame, time, group = roles.frame, roles.time, roles.group
    described = []
    for label in frame.columns:
        if label not in (time, group):
            declared = None if roles.categorical is None else label in roles.categorical
            column = describe(frame[label], label, declared)
            described.append(replace(column, static=label in roles.static))
    table = Table(tuple(described), group, time, whole_sequences=group is not None)
    _check_names(table)
    codes, labels = np.zeros(len(frame), np.int64), np.array([0])
    if group is not None:
        if missing := int(frame[group].isna().sum()):
            raise InputError(f"group={group!r}: {missing} rows have no group; fill or drop them")
        try:
            factorized, uniques = pd.factorize(frame[group])
        except TypeError:
            raise InputError(
                f"group={group!r} holds lists or dicts; give words or numbers"
            ) from None
        codes, labels = factorized.astype(np.int64), np.asarray(uniques, dtype=object)
        table = replace(table, group_dtype=str(frame[group].dtype))
    order = np.argsort(codes, kind="stable")  # each group's rows together, otherwise as they come
    frame, codes = frame.iloc[order], codes[order]
    first = np.searchsorted(codes, np.arange(len(labels)))
    lines = hints.of_names(frame, table, roles.categorical)
    began: Moments = np.arange(len(labels))
    shared = 0.0
    if time is not None:
        moments = read_times(frame[time], time, lambda found: _disorder(found, codes))
        check_order(moments, frame[time], codes, labels, time, group)
        lines += [line for line in [unevenness(moments, codes, time)] if line]
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
    statics = _one_for_each_group(statics, table.owners(True), codes, labels)
    lines += hints.of_statics(table, values, codes, first)
    lines += hints.of_short_groups(np.bincount(codes), table, length)
    for line in lines:
        warn(line)
    return Rows(table, values, statics, codes, labels, began, shared)


def _disorder(moments: Moments, codes: NDArray[np.int64]) -> float:
    """0 where all steps are alike, more where they differ, infinite where time does not increase."""
    steps = np.diff(moments)[codes[1:] == codes[:-1]]
    if not len(steps):
        return 0.0
    if not (steps > steps.dtype.type(0)).all():
        return np.inf
    return float((steps != np.median(steps.astype(np.int64)).astype(steps.dtype)).mean())


def _check_names(table: Table) -> None:
    """There is something to learn, and each number has its own name."""
    if not table.names(static=False):
        raise InputError("frame has no feature column left beside time, group and static")
    names = table.names(False) + table.names(True)
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise InputError(f"frame: two columns of numbers would be called {twice[0]!r}; rename one")


def _one_for_each_group(
    statics: Floats, owners: tuple[Label, ...], codes: NDArray[np.int64], labels: NDArray[Any]
) -> Floats:
    """A static column has one value in each group; a blank cell takes that of its group."""
    if not statics.shape[1]:
        return statics
    expected = pd.DataFrame(statics).groupby(codes).first().to_numpy()[codes]
    varies = (statics != expected) & ~np.isnan(statics)
    if varies.any():
        row, column = (int(index) for index in np.argwhere(varies)[0])
        raise InputError(
            f"static: column {owners[column]!r} varies within group "
            f"{labels[codes[row]]!r}; a static column has one value for each group"
        )
    return expected
