"""Do synthetic sequences cover the real ones, or are they a few of them again and again?

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timegan_lib.evaluation.distances import blocks, flat, nearest
from timegan_lib.evaluation.inputs import Sequences, pair, take

COLLAPSED = 0.5  # the spread of a collapsed set is less than this share of the real one


@dataclass(frozen=True)
class Diversity:
    """Distances are root mean squares over steps and features, in units of the real range.

    onnd: from a real sequence to the nearest synthetic one, mean (small: all kinds are there)
    innd: from a synthetic sequence to the nearest real one, mean (small: none is far off)
    icd: between two synthetic sequences, mean; real_icd: between two real ones
    """

    onnd: float
    innd: float
    icd: float
    real_icd: float

    @property
    def spread(self) -> float:
        """icd / real_icd: 1 is right, near 0 means that all are alike."""
        return self.icd / self.real_icd if self.real_icd else 1.0

    @property
    def collapsed(self) -> bool:
        """Whether the synthetic set is less than half as spread out as the real one."""
        return self.spread < COLLAPSED


def diversity(real: Sequences, synthetic: Sequences, most: int = 2000, seed: int = 0) -> Diversity:
    """Coverage and spread, on at most `most` sequences of each side, as many of one as of the other.

    Source: outgoing and incoming nearest-neighbor distance and intra-class distance as in Arnout et al.
    2019, with Euclidean distances. Raises InputError. Taught in book/how-the-code-is-built.md.
    """
    sides = pair(real, synthetic)
    most = min(most, *(len(side) for side in sides))
    x, y = (flat(take(side, most, seed)) for side in sides)
    return Diversity(
        onnd=float(nearest(x, y).mean()),
        innd=float(nearest(y, x).mean()),
        icd=_apart(y),
        real_icd=_apart(x),
    )


def outgoing(real: Sequences, synthetic: Sequences, most: int, seed: int = 0) -> float:
    """The `onnd` of `diversity` alone."""
    sides = pair(real, synthetic)
    most = min(most, *(len(side) for side in sides))
    x, y = (flat(take(side, most, seed)) for side in sides)
    return float(nearest(x, y).mean())


def _apart(rows: np.ndarray) -> float:
    """Mean distance of two different rows."""
    total = sum(float(np.sqrt(apart).sum()) for _, apart in blocks(rows, rows))
    return total / (len(rows) * (len(rows) - 1))
