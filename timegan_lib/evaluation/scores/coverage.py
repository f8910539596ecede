"""How much of the synthetic set is real in kind, and how much of the real kinds does it have?

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timegan_lib.config import whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.distances import flat, squares
from timegan_lib.evaluation.inputs import Sequences, pair, take


@dataclass(frozen=True)
class Coverage:
    """Shares, 0 to 1; read them beside those of held-out data, which reach less than 1.
    Values of pure noise lie far apart, so their balls are large: recall alone flatters them.

    precision: of the synthetic sequences, those inside the ball of some real one (few: they are wrong)
    recall: of the real sequences, those inside the ball of some synthetic one (few: kinds are missing)
    """

    precision: float
    recall: float


def coverage(
    real: Sequences, synthetic: Sequences, k: int = 5, most: int = 2000, seed: int = 0
) -> Coverage:
    """Precision and recall of sets of sequences, on at most `most` of each, as many of one as of the other.

    The ball of a sequence reaches to its k-th nearest neighbor on its own side. Windows that overlap it in
    time are no neighbors here: they are near for a reason that says nothing, and would make the balls of
    real windows so small that nothing else falls into them. Source: Kynkäänniemi et al. 2019.
    Raises InputError.
    """
    sides, k = pair(real, synthetic), whole_number("k", k, 1)
    most = min(most, *(len(side) for side in sides))
    x, y = (take(side, most, seed) for side in sides)
    apart = squares(flat(x), flat(y))  # (real, synthetic)
    return Coverage(
        precision=float((apart <= _radii(x, k)[:, None]).any(axis=0).mean()),
        recall=float((apart <= _radii(y, k)).any(axis=1).mean()),
    )


def _radii(data: SequenceDataset, k: int) -> np.ndarray:
    """(N,) squared distance of each sequence to its k-th nearest that shares no rows with it; 0 without any.
    A little more, so that what lies on the edge of a ball is in it however it is rounded."""
    apart = squares(flat(data), flat(data))
    np.fill_diagonal(apart, np.inf)
    if data.start is not None and not data.table.whole_sequences:
        begin, end = data.start[:, None], (data.start + data.lengths)[:, None]
        apart[(begin < end.T) & (end > begin.T)] = np.inf
    k = min(k, len(apart) - 1)
    nearby = np.partition(apart, k - 1, axis=1)[:, :k]
    farthest = np.where(np.isfinite(nearby), nearby, 0.0).max(axis=1)  # the k-th, or the last
    return farthest * (1 + 1e-9)
