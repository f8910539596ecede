"""What the networks see of a data set: made once, handed down.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timegan_lib.data.sequences import SequenceDataset

Scaled = NDArray[np.float32]


class Lengths:
    """The lengths of the training sequences: how long new ones may be, and the scale of a length.

    Where lengths vary and there are static features, the length is one more of them, scaled to [0, 1].
    """

    def __init__(self, lengths: np.ndarray):
        self.all = np.asarray(lengths, np.int64)
        self.shortest, self.longest = int(self.all.min()), int(self.all.max())
        self.vary = self.shortest < self.longest

    def scale(self, lengths: np.ndarray) -> Scaled:
        span = max(1, self.longest - self.shortest)
        return ((lengths - self.shortest) / span).astype(np.float32)

    def inverse(self, scaled: np.ndarray) -> np.ndarray:
        lengths = self.shortest + scaled * (self.longest - self.shortest)
        return np.rint(lengths).astype(np.int64)

    def blocks(self, template: SequenceDataset) -> tuple[int, ...]:
        """The widths of the static features, the length among them where it is one; () without any."""
        blocks = template.static_blocks
        return (*blocks, 1) if blocks and self.vary else blocks


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set, scaled and described.

    values (N, T, D) in [0, 1], T the longest length; static (N, Ds) in [0, 1], the length its last
    column where it varies, or None; blocks: the width of each static feature; template: names, units
    and ranges, enough to turn such arrays back into data; fingerprint: a short hash of the arrays.
    """

    values: Scaled
    lengths: Lengths
    static: Scaled | None
    blocks: tuple[int, ...]
    template: SequenceDataset
    fingerprint: str


def prepare(data: SequenceDataset) -> Prepared:
    """All that training and sampling need of a data set."""
    lengths = Lengths(data.lengths)
    values, static = data.scaled[:, : lengths.longest], data.static_scaled
    if static is not None and lengths.vary:
        static = np.column_stack([static, lengths.scale(lengths.all)])
    digest = hashlib.sha256(f"{values.shape}".encode())
    for array in (values, lengths.all, static):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    template = data.template()
    return Prepared(
        values, lengths, static, lengths.blocks(template), template, digest.hexdigest()[:16]
    )
