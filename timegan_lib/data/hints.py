"""A line on what is allowed and seldom meant: a series' name as a feature, a forgotten static column.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from timegan_lib.data.columns import Floats, Table


def of_names(frame: pd.DataFrame, table: Table, declared: tuple | None) -> list[str]:
    """Words that stand in blocks, or in turn, where nothing orders or groups the rows."""
    if table.group is not None or table.time is not None:
        return []
    lines = []
    for column in table.columns:
        if column.kind != "category" or column.label in (declared or ()):
            continue
        codes, names = pd.factorize(frame[column.label])
        blocks = 1 + int((np.diff(codes) != 0).sum())
        in_blocks = blocks == len(names) > 1 and len(codes) >= 2 * len(names)
        in_turn = 1 < len(names) <= len(codes) / 3
        in_turn = in_turn and np.array_equal(codes, np.arange(len(codes)) % len(names))
        if in_blocks or in_turn:
            order = f"in {blocks} blocks" if in_blocks else "in turn"
            lines.append(
                f"column {column.label!r} has its {len(names)} values {order}, like the names of "
                f"{len(names)} series: if they are, name it in group=, or windows run across them; if it "
                "is a feature, list it in categorical="
            )
    return lines


def of_statics(
    table: Table, values: Floats, codes: NDArray[np.int64], first: NDArray[np.int64]
) -> list[str]:
    """Features that have one value in each group, and not the same in all."""
    groups = len(first)
    if table.group is None or groups < 2 or len(codes) < 2 * groups:
        return []
    same = (values == values[first][codes]) | np.isnan(values)
    still = same.all(axis=0) & (np.nanmin(values, axis=0) < np.nanmax(values, axis=0))
    owners = dict.fromkeys(
        owner for owner, moves in zip(table.owners(False), ~still, strict=True) if not moves
    )
    moving = {
        owner for owner, is_still in zip(table.owners(False), still, strict=True) if not is_still
    }
    found = [owner for owner in owners if owner not in moving]
    if not found:
        return []
    names = ", ".join(map(repr, found))
    return [
        f"{names}: one value in each group; named in static=, they are made once a sequence, not anew at "
        "every step"
    ]


def of_short_groups(sizes: NDArray[np.int64], table: Table, length: int | None) -> list[str]:
    """Whole sequences of one step have no dynamics to learn."""
    single = int((sizes == 1).sum())
    if length is not None or not single:
        return []
    return [
        f"{single:,} of {len(sizes):,} groups have a single row: is group={table.group!r} the column that "
        "tells sequences apart?"
    ]
