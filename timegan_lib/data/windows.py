"""From rows to windows: short gaps filled, windows cut, train and held-out parts kept apart.

Only numpy. Rows are the steps of all groups laid end to end, (rows, D), NaN where missing;
`group` (rows,) counts the groups from 0. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timegan_lib.config import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fill_gaps(
    values: Floats,
    group: Ints,
    max_gap: int,
    carry: NDArray[np.bool_],
    whole: NDArray[np.bool_],
) -> Floats:
    """Fill gaps of at most `max_gap` rows between two known values of one group.

    On the straight line between the two; columns marked `carry` (D,) repeat the earlier one,
    columns marked `whole` (D,) are rounded. Everything else stays NaN.
    """
    filled = values.copy()
    for column in range(values.shape[1]):
        missing = np.r_[0, np.isnan(values[:, column]).astype(int), 0]
        begins, ends = (np.flatnonzero(np.diff(missing) == way) for way in (1, -1))
        for begin, end in zip(begins, ends, strict=True):
            edge = begin == 0 or end == len(values) or group[begin - 1] != group[end]
            if edge or end - begin > max_gap:
                continue
            left, right = values[begin - 1, column], values[end, column]
            weight = np.arange(1, end - begin + 1) / (end - begin + 1)
            line = left + (right - left) * weight
            line = np.rint(line) if whole[column] else line
            filled[begin:end, column] = left if carry[column] else line
    return filled


def cut(
    group: Ints, length: int | None, stride: int, max_length: int | None
) -> tuple[Ints, Ints, int]:
    """Where sequences begin and how long they are: (N,), (N,), and how many groups are too short.

    `length` rows every `stride` rows inside each group; without a length each group once, its
    first `max_length` rows.
    """
    groups = int(group[-1]) + 1
    edges = np.searchsorted(group, np.arange(groups + 1))
    if length is None:
        return edges[:-1], np.minimum(np.diff(edges), max_length or len(group)), 0
    begins = [np.arange(begin, end - length + 1, stride) for begin, end in pairwise(edges)]
    starts = np.concatenate(begins).astype(np.int64)
    return starts, np.full(len(starts), length), int((np.diff(edges) < length).sum())


def places(group: Ints, began: NDArray[Any]) -> Ints:
    """(rows,) where each row lies when the groups are laid end to end in the order they `began`."""
    sizes, order = np.bincount(group), np.argsort(began, kind="stable")
    offset = np.empty_like(sizes)
    offset[order] = np.cumsum(sizes[order]) - sizes[order]
    return np.arange(len(group)) - np.searchsorted(group, group) + offset[group]


def gather(values: Floats, starts: Ints, lengths: Ints) -> Floats:
    """(rows, D) to (N, T, D); what stands behind a sequence means nothing."""
    rows = starts[:, None] + np.arange(lengths.max())
    return values[np.minimum(rows, len(values) - 1)]


def interleave(count: int, every: int, blocks: int) -> list[tuple[int, int]]:
    """The held-out ones of `blocks` equal blocks of 0..count: the second of every `every`.

    Where there are fewer than `blocks`, each is a block of its own: edges between two of them would
    fall on the same number, and a held-out block would be empty or not by rounding alone.
    """
    blocks = min(blocks, count)
    edges = np.linspace(0, count, blocks + 1).astype(int).tolist()
    return [(edges[i], edges[i + 1]) for i in range(1, blocks, every)]


def split_apart(
    starts: Ints, ends: Ints, held_out: list[tuple[int, int]], gap: int
) -> tuple[Ints, Ints]:
    """Indices (train, held-out) of sequences that cover the rows starts[i]..ends[i] - 1.

    Held out: those inside a block of `held_out`. Train: those with at least `gap` rows between
    themselves and every such block. The others are left out of both.
    """
    inside, near = np.zeros(len(starts), bool), np.zeros(len(starts), bool)
    for begin, end in held_out:
        inside |= (starts >= begin) & (ends <= end)
        near |= (starts < end + gap) & (ends > begin - gap)
    train, held = np.flatnonzero(~near), np.flatnonzero(inside)
    if len(starts) < 2:
        raise InputError(
            f"split: there is {len(starts)} sequence; it takes at least 2, one for either part"
        )
    for part, index in (("train", train), ("held-out", held)):
        if not len(index):
            raise InputError(
                f"split: no sequence is left for the {part} part of {len(starts)} with a gap of "
                f"{gap} rows; use fewer blocks (blocks=, in a terminal --blocks) or more data"
            )
    return train, held
