"""Two sides of a comparison that could have been exchanged for one another.

Windows that overlap are nearly copies. A judge that learns from one and is asked about its neighbor has
been told the answer, on the real side alone; and a hundred of them say as little as a few. So here the
unit is a *block*: windows of one stretch of time, taken together or not at all, a length of a window away
from the next block. Sequences that were made one by one have no neighbors: blocks of them are drawn at
random, as large and as many. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair

APART = 6  # windows that are taken from a block; more of them overlap too much to add anything
MOST = 300  # blocks of each side


@dataclass(frozen=True)
class Sides:
    """Sequences of both sides in the order of their blocks, `blocks` of `size` sequences each."""

    real: SequenceDataset
    other: SequenceDataset
    blocks: int
    size: int


def stretches(data: SequenceDataset) -> int:
    """How many parts of the data could be exchanged for others, a number of 1 or more.

    Of windows the blocks that fit into the time they span, at least one for each run of them, however many
    windows were taken from it; of whole sequences each. Taught in book/how-the-code-is-built.md.
    """
    return len(stretch_rows(data))


def stretch_rows(data: SequenceDataset) -> list[np.ndarray]:
    """The rows of each of the `stretches`, in the order of time; every row is in one of them."""
    runs = runs_of(data)
    if data.start is None or not _overlap(data):
        return runs
    spans = [int(data.start[run[-1]] - data.start[run[0]]) + 1 for run in runs]
    counts = [max(1, _fit(span, data.values.shape[1])) for span in spans]
    return [part for run, n in zip(runs, counts, strict=True) for part in np.array_split(run, n)]


def exchangeable(real: Sequences, other: Sequences, seed: int = 0) -> Sides:
    """As many blocks of one side as of the other, drawn at random where there are more.

    A block of overlapping windows spans two windows' length, and APART of its windows are taken. Whole
    sequences are blocks of one. Raises InputError where a side has fewer than two blocks.
    Taught in book/how-the-code-is-built.md.
    """
    sides = pair(real, other)
    rng = np.random.default_rng(seed)
    size = min(APART, sides[0].values.shape[1]) if _overlap(sides[0]) else 1
    found = [_blocks(side, size, rng) for side in sides]
    count = min(MOST, *map(len, found))
    if count < 2:
        raise InputError(
            f"there are {len(found[0])} real and {len(found[1])} other stretches of time; a comparison takes "
            "at least two of each"
        )
    rows = [
        np.concatenate([part[i] for i in np.sort(rng.permutation(len(part))[:count])])
        for part in found
    ]
    return Sides(sides[0].subset(rows[0]), sides[1].subset(rows[1]), count, size)


def runs_of(data: SequenceDataset) -> list[np.ndarray]:
    """Rows of the data set, in runs of sequences that overlap in time; each its own where none does."""
    if data.start is None or data.table.whole_sequences:
        return [np.array([row]) for row in range(len(data))]
    order = np.argsort(data.start, kind="stable")
    starts = data.start[order]
    breaks = np.flatnonzero(np.diff(starts) >= data.lengths[order][:-1]) + 1
    return np.split(order, breaks)


def _blocks(data: SequenceDataset, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows of each block."""
    if not _overlap(data):
        rows = np.arange(len(data)) if size == 1 else rng.permutation(len(data))
        return np.split(rows[: len(rows) // size * size], max(1, len(rows) // size))
    length = data.values.shape[1]
    taken = np.linspace(0, length - 1, size).round().astype(int)  # of the windows of a block
    found = []
    for run in runs_of(data):
        count = _fit(len(run), length)
        rest = len(run) - (count * (2 * length - 1) - length + 1)
        begin = rng.integers(0, rest + 1) if count else 0
        found += [run[begin + k * (2 * length - 1) + taken] for k in range(count)]
    return found


def _fit(windows: int, length: int) -> int:
    """Blocks in a run of windows: `length` of them, and as many left out before the next."""
    return (windows + length - 1) // (2 * length - 1)


def _overlap(data: SequenceDataset) -> bool:
    """Whether they are windows of a longer series, which share rows."""
    return data.start is not None and not data.table.whole_sequences
