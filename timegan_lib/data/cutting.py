"""From the rows of a table to sequences: what is missing is filled or left out, and windows are cut.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import windows
from timegan_lib.data.columns import Label, Table
from timegan_lib.data.frames import Rows
from timegan_lib.data.scaling import Floats
from timegan_lib.data.windows import Ints
from timegan_lib.messages import warn

MISSING = ("error", "drop", "interpolate")


@dataclass(frozen=True, eq=False)
class Cut:
    """Sequences cut from a table; the fields are those of a `SequenceDataset`."""

    values: Floats
    lengths: Ints
    static: Floats | None
    table: Table
    group: NDArray[Any]
    start: Ints


@dataclass(frozen=True)
class Policy:
    """How sequences are cut: the arguments of `SequenceDataset.from_frame`, checked."""

    length: int | None
    stride: int
    missing: str
    max_gap: int
    max_length: int | None

    def __post_init__(self) -> None:
        if self.length is not None:
            whole_number("length", self.length, 1)
            if self.max_length is not None:
                raise InputError(f"max_length={self.max_length!r} only goes with length=None")
        elif self.max_length is not None:
            whole_number("max_length", self.max_length, 1)
        whole_number("stride", self.stride, 1)
        whole_number("max_gap", self.max_gap, 1)
        if not isinstance(self.missing, str) or self.missing not in MISSING:
            raise InputError(f"missing={self.missing!r} must be one of {', '.join(MISSING)}")


def cut(rows: Rows, policy: Policy) -> Cut:
    """The sequences of a table that miss no value; warns of those that are left out."""
    length, missing = policy.length, policy.missing
    values, touched, filled, worst = _without_missing(rows, missing, policy.max_gap)
    starts, lengths, short = windows.cut(rows.group, length, policy.stride, policy.max_length)
    if not len(starts):
        longest = int(np.bincount(rows.group).max())
        where = "frame" if rows.table.group is None else "the longest group"
        raise InputError(f"length={length} is more than the {longest} rows of {where}")
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
            warn(text)
    starts, lengths = starts[whole], lengths[whole]
    return Cut(
        windows.gather(values, starts, lengths),
        lengths,
        rows.static[starts] if rows.static.shape[1] else None,
        replace(rows.table, whole_sequences=length is None),
        group=rows.labels[rows.group[starts]],
        start=windows.places(rows.group, rows.began)[starts],
    )


def _without_missing(
    rows: Rows, missing: str, max_gap: int
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
