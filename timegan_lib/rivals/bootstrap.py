"""A stationary block bootstrap: windows joined from blocks of real ones, of random length.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.config import InputError
from timegan_lib.rivals.base import Array, Parts, Rival, Unchanged, above_zero


class Bootstrap(Rival):
    """Blocks of geometric length, each from a random real sequence at its own place in time.

    block  mean length of a block in steps, at least 1; None: T / 3

    Length and static features are those of the sequence that gives the first block; the others are drawn
    from those that are valid as far as their block is. Right inside a block, wrong at the joints; and
    whatever it makes is a real sequence in parts. There is nothing to train.
    Source: Politis & Romano 1994, "The Stationary Bootstrap"; there blocks come from any place of one
    series. Taught in book/how-the-code-is-built.md.
    """

    plain = Unchanged  # what was copied is not even rounded: a 0.0 stays a 0.0

    def __init__(self, block: float | None = None, seed: int = 0):
        super().__init__(seed)
        if block is not None:
            above_zero(block=block)
            if block < 1:
                raise InputError(f"block={block!r} must be at least 1 step")
        self.block = block

    def learn(self, encoded: Array, lengths: Array, static: Array | None) -> None:
        self.encoded, self.lengths, self.static = encoded, lengths, static

    def draw(self, n: int, seed: int) -> Parts:
        steps = self.encoded.shape[1]
        mean = max(1.0, steps / 3) if self.block is None else self.block
        real = self.generator(seed, 0).integers(0, len(self.lengths), n)
        lengths = self.lengths[real]

        begins = self.generator(seed, 1).random((n, steps)) < 1 / mean
        begins[:, 0] = True
        place = np.arange(steps)
        begin = np.maximum.accumulate(
            np.where(begins, place, 0), axis=1
        )  # of the block of each step
        after = np.where(begins, place, steps)[:, ::-1]  # a block ends where the next one begins
        after = np.minimum.accumulate(after, axis=1)[:, ::-1]
        end = np.column_stack([after[:, 1:], np.full(n, steps)])
        end = np.minimum(np.take_along_axis(end, begin, axis=1), lengths[:, None])

        longest_first = np.argsort(-self.lengths, kind="stable")
        enough = np.searchsorted(np.sort(self.lengths), np.arange(steps + 1))
        enough = len(self.lengths) - enough  # sequences with at least so many steps, (T + 1,)
        chance = np.take_along_axis(self.generator(seed, 2).random((n, steps)), begin, axis=1)
        donor = longest_first[(chance * enough[end]).astype(int)]
        donor = np.where(begin == 0, real[:, None], donor)
        return (
            self.encoded[donor, place],
            lengths,
            None if self.static is None else self.static[real],
        )
