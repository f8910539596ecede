"""One column of numbers to roughly N(0, 1) and back: standardized, or as normal scores.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from timegan_lib.data.scaling import Floats

KNOTS = 400  # quantiles that normal scores remember, besides the atoms
ATOM = 0.005  # share from which a value counts as one that comes back again and again
LEAST = 5  # times that an atom must occur, so that in a small table not every value is one
EDGE = 1e-4  # share of an atom left free on either side, for values between two atoms
TAIL = 1.0  # the line beyond an end goes on as the last unit of score did
SAME = 1e-12  # values that computing a difference may have torn apart, relative to their size


@dataclass(frozen=True, eq=False)
class Margin:
    """A monotone map of one column: knots, straight lines between them, straight lines beyond.

    values      (K,) the knots in the column's units, increasing
    low, high   (K,) the scores at which each begins and ends: the same, but for an atom, a value that
                comes back again and again and takes a whole range of scores
    slopes      units a score below the first and above the last knot; 0: there is nothing beyond
    floor, ceiling   no value comes back below the one or above the other
    grain       a value this close to an atom is that atom

    A constant is one knot with slopes of 0, a standardized column one knot, the mean, at a score of 0.
    Taught in book/how-the-code-is-built.md.
    """

    values: Floats
    low: Floats
    high: Floats
    slopes: tuple[float, float]
    floor: float = -np.inf
    grain: float = 0.0
    ceiling: float = np.inf

    @classmethod
    def constant(cls, value: float) -> Margin:
        zero = np.zeros(1)
        return cls(np.array([value], float), zero, zero, (0.0, 0.0))

    @classmethod
    def standard(cls, sample: Floats, floor: float = -np.inf, ceiling: float = np.inf) -> Margin:
        """Minus the mean, over the standard deviation."""
        if len(sample) == 0 or sample.min() == sample.max():
            return cls.constant(sample[0] if len(sample) else 0.0)
        size = float(np.ptp(sample))  # the square of a tiny number would be 0
        zero, spread = np.zeros(1), size * float((sample / size).std())
        return cls(np.array([sample.mean()]), zero, zero, (spread, spread), floor, ceiling=ceiling)

    @classmethod
    def scores(
        cls, sample: Floats, once: NDArray[np.bool_], floor: float = -np.inf, grain: float = 0.0,
        ceiling: float = np.inf,
    ) -> Margin:  # fmt: skip
        """Normal scores of a sample (n,): Phi^-1 of its distribution function, linear between knots.

        once: (n,), True at the first copy of each row, where windows overlap; atoms are counted there.
        """
        if len(sample) == 0 or sample.max() - sample.min() <= grain:
            return cls.constant(float(np.median(sample)) if len(sample) else 0.0)
        values, place = _distinct(sample, grain)
        count = np.bincount(place, minlength=len(values)) / len(sample)
        rows = np.bincount(place[once], minlength=len(values))
        atom = rows >= max(ATOM * once.sum(), LEAST)
        upto = np.cumsum(count)
        middle = ndtri(np.clip(upto - count / 2, 1e-300, 1 - 1e-16))
        grid = np.linspace(middle[0], middle[-1], KNOTS)
        kept = atom | (len(values) <= KNOTS)
        kept[np.minimum(np.searchsorted(middle, grid), len(values) - 1)] = True
        kept[[0, -1]] = True
        tip = 0.5 / once.sum()  # as near to 0 or 1 as this many rows allow to say
        begin = np.where(
            upto - count > 1e-12, upto - count * (1 - EDGE), np.minimum(tip, count / 2)
        )
        end = np.where(upto < 1 - 1e-12, upto - count * EDGE, 1 - np.minimum(tip, count / 2))
        low, high = (np.where(atom, ndtri(edge), middle)[kept] for edge in (begin, end))
        values, atom = values[kept], atom[kept]
        slopes = _slopes(values, low, high)
        slopes = (0.0 if atom[0] else slopes[0], 0.0 if atom[-1] else slopes[1])
        return cls(values, low, high, slopes, floor, grain, ceiling)

    def forward(self, values: Floats, fill: Floats) -> Floats:
        """Values to scores, of any shape. fill: numbers in [0, 1), where an atom's score is to lie."""
        if len(self.values) == 1 and self.slopes == (0.0, 0.0):
            return np.zeros_like(values)
        below, above = values - self.values[0], values - self.values[-1]
        edges, scores = np.repeat(self.values, 2), np.stack([self.low, self.high], 1).ravel()
        found = np.interp(values, edges, scores)
        for beyond, end, slope in ((below < 0, 0, 0), (above > 0, -1, 1)):
            if self.slopes[slope] > 0:
                line = scores[end] + (values - self.values[end]) / self.slopes[slope]
                found = np.where(beyond, line, found)
        nearest = self._nearest(values)
        begin, finish = self.low[nearest], self.high[nearest]
        at = (finish > begin) & (np.abs(values - self.values[nearest]) <= self.grain)
        share = ndtr(begin) + fill * (ndtr(finish) - ndtr(begin))
        return np.where(at, np.clip(ndtri(share), begin, finish), found)

    def inverse(self, scores: Floats) -> Floats:
        """Scores to values, of any shape; inside the range of an atom exactly the atom."""
        edges, values = self.line
        found = np.interp(scores, edges, values)
        below, above = np.minimum(scores - edges[0], 0.0), np.maximum(scores - edges[-1], 0.0)
        found += self.slopes[0] * below + self.slopes[1] * above
        return np.clip(found, self.floor, self.ceiling)

    @property
    def line(self) -> tuple[Floats, Floats]:
        """Scores, increasing, and the values there: between them `inverse` is straight."""
        wide = np.stack([np.ones(len(self.low), bool), self.high > self.low], 1).ravel()
        edges = np.stack([self.low, self.high], 1).ravel()[wide]
        return edges, np.repeat(self.values, 2)[wide]

    def _nearest(self, values: Floats) -> NDArray[np.intp]:
        """The number of the knot that is nearest to each value."""
        right = np.clip(np.searchsorted(self.values, values), 1, max(1, len(self.values) - 1))
        if len(self.values) == 1:
            return np.zeros_like(right)
        left = right - 1
        return np.where(values - self.values[left] < self.values[right] - values, left, right)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, where no floor and no ceiling are None."""
        atoms = np.flatnonzero(self.high > self.low)  # elsewhere high is low
        return {
            "values": self.values.tolist(), "low": self.low.tolist(),
            "atoms": atoms.tolist(), "high": self.high[atoms].tolist(),
            "slopes": list(self.slopes), "grain": self.grain,
            "floor": None if np.isneginf(self.floor) else self.floor,
            "ceiling": None if np.isposinf(self.ceiling) else self.ceiling,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Margin:
        values, low = (np.array(plain[name], float) for name in ("values", "low"))
        high = low.copy()
        high[plain["atoms"]] = plain["high"]
        first, last = plain["slopes"]
        floor = -np.inf if plain["floor"] is None else plain["floor"]
        ceiling = np.inf if plain["ceiling"] is None else plain["ceiling"]
        return cls(values, low, high, (first, last), floor, plain["grain"], ceiling)


def ends(sample: Floats) -> tuple[float, float]:
    """The bounds of a sample (n,): an end at which values pile up is one, else -inf or inf.

    At least `LEAST` of them, and twice as many as at the value next to it, such as a humidity of 100 %.
    Taught in book/how-the-code-is-built.md.
    """
    values, count = np.unique(sample, return_counts=True)
    if len(values) < 2:
        return -np.inf, np.inf
    low = values[0] if count[0] >= max(LEAST, 2 * count[1]) else -np.inf
    high = values[-1] if count[-1] >= max(LEAST, 2 * count[-2]) else np.inf
    return float(low), float(high)


def _distinct(sample: Floats, grain: float) -> tuple[Floats, NDArray[np.intp]]:
    """The different values of a sample, increasing, and which of them each is.

    Neighbors that lie no further apart than `grain` are one, under the name of the most frequent.
    """
    values, place, count = np.unique(sample, return_inverse=True, return_counts=True)
    together = np.concatenate([[0], np.cumsum(np.diff(values) > grain)])
    if together[-1] + 1 == len(values):
        return values, place
    order = np.lexsort((-count, together))
    first = np.unique(together[order], return_index=True)[1]
    return values[order][first], together[place]


def _slopes(values: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Units a score over the outermost `TAIL` of the scores at either end, each above 0."""
    left = min(int(np.searchsorted(low, high[0] + TAIL)), len(values) - 1)
    right = max(int(np.searchsorted(high, low[-1] - TAIL, side="right")) - 1, 0)
    return (
        float((values[left] - values[0]) / (low[left] - high[0])),
        float((values[-1] - values[right]) / (low[-1] - high[right])),
    )
