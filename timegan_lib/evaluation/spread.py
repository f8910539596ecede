"""Whose spread is it? Scores of several trained generators differ because the generators do, and because
each was judged by judges that differ too.

The model: score of generator i in repeat j = mean + a_i + e_ij, where a_i is what the seed of the training
brings and e_ij what the seed of the judge does (one-way random effects, estimated by moments).
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import f, t

from timegan_lib.config import InputError


@dataclass(frozen=True)
class Spread:
    """The two spreads of a score, in its own units.

    mean            over generators, each counted once
    interval        95 % (t over generators): where the mean of very many generators lies
    between         variance of the generators' true scores; 0 where judges alone explain the spread
    within          variance of one repeat of the judge around a generator's true score
    share           between / (between + within): the generators' part of the spread of single repeats
    share_interval  95 % (F): wide with few generators; exact only for as many repeats of each
    generators      how many there are
    repeats         of each; an average of a kind where they differ
    """

    mean: float
    interval: tuple[float, float]
    between: float
    within: float
    share: float
    share_interval: tuple[float, float]
    generators: int
    repeats: float

    @property
    def noise(self) -> float:
        """The judges' share of the variance of means over `repeats`, 0 to 1: more repeats lower it."""
        judges = self.within / self.repeats
        return judges / (self.between + judges) if judges > 0 else 0.0

    def __str__(self) -> str:
        (low, high), (least, most) = self.interval, self.share_interval
        return (
            f"mean {self.mean:.3f} [{low:.3f}, {high:.3f}] over {self.generators} generators; sd between "
            f"generators {self.between**0.5:.3f}, between repeats of one {self.within**0.5:.3f}: "
            f"{self.share:.0%} [{least:.0%}, {most:.0%}] of the spread is the generators'"
        )


def spread_shares(scores: ArrayLike | pd.DataFrame | Sequence[ArrayLike]) -> Spread:
    """From the scores of every repeat: (generators, repeats), NaN where one is missing, or a list of rows.

    Generators that differ in their seed alone: with other settings or steps among them, `between` holds
    those too. Judges count as drawn anew for each generator: give each its own `seed=` of the score. Judges
    with the same seeds for all (the default) move all generators alike. Then `within` holds what they have
    in common, `between` comes out too small, and no interval of the mean shows it.
    Source: Searle, Casella and McCulloch 1992, "Variance Components", ch. 3 (method of moments; below 0
    counts as 0); Shrout and Fleiss 1979 for the interval of the share. Raises InputError.
    """
    try:
        table = scores.to_numpy() if isinstance(scores, pd.DataFrame) else scores
        rows = [np.asarray(row, float) for row in cast(Iterable, table)]
    except (TypeError, ValueError):
        raise InputError("scores holds something that is not a number") from None
    if any(row.ndim != 1 for row in rows):
        raise InputError("scores has not one row for each generator, of one number for each repeat")
    kept = [row[~np.isnan(row)] for row in rows]
    if empty := [place for place, row in enumerate(kept) if not len(row)]:
        raise InputError(
            f"scores holds no number for the generator in row {empty[0]}; leave it out"
        )
    if not all(np.isfinite(row).all() for row in kept):
        raise InputError("scores holds numbers that are not finite; leave those repeats out")
    counts = [len(row) for row in kept]
    sds = [row.std(ddof=1) if len(row) > 1 else 0.0 for row in kept]
    return spread_of_means([row.mean() for row in kept], sds, counts)


def spread_of_means(means: ArrayLike, sds: ArrayLike, repeats: ArrayLike) -> Spread:
    """The same from a summary, such as the columns of an index of runs: (generators,) each.

    means, sds: over the repeats of each generator (ddof 1; any number for a single repeat).
    repeats: how many, one number for all or one for each. Raises InputError.
    """
    mean, sd = np.asarray(means, float), np.asarray(sds, float)
    if mean.ndim != 1 or sd.shape != mean.shape:
        raise InputError(f"means {mean.shape} and sds {sd.shape} must hold one number a generator")
    count = np.asarray(repeats, float)
    if count.shape not in ((), mean.shape):
        raise InputError(f"repeats {count.shape} must hold one number, or one for each generator")
    count = np.broadcast_to(count, mean.shape)
    _check(mean, sd, count)
    generators, total = len(mean), count.sum()
    within = float((count - 1) @ np.where(count > 1, sd, 0.0) ** 2 / (total - generators))
    grand = count @ mean / total
    square = float(count @ (mean - grand) ** 2 / (generators - 1))  # mean square between
    each = float(
        (total - count @ count / total) / (generators - 1)
    )  # repeats, where they are equal
    between = max(0.0, (square - within) / each)
    both = between + within
    middle = float(mean.mean())
    width = float(t.ppf(0.975, generators - 1) * mean.std(ddof=1) / generators**0.5)
    return Spread(
        middle, (middle - width, middle + width), between, within, between / both if both else 0.0,
        _share_interval(square, within, each, generators - 1, total - generators), generators, each,
    )  # fmt: skip


def _share_interval(
    square: float, within: float, each: float, df: float, rest: float
) -> tuple[float, float]:
    """square / within, divided by E = (between each + within) / within, has an F distribution."""
    if within == 0:
        return (1.0, 1.0) if square > 0 else (0.0, 1.0)
    ends = [square / within / f.ppf(q, df, rest) for q in (0.975, 0.025)]
    low, high = (max(0.0, (end - 1) / (end + each - 1)) for end in ends)
    return low, high


def _check(mean: np.ndarray, sd: np.ndarray, count: np.ndarray) -> None:
    """Enough numbers to tell the two spreads apart, else InputError."""
    if len(mean) < 2:
        raise InputError(
            f"scores are of {len(mean)} generator; how much generators differ takes at least 2, trained "
            "with different seeds"
        )
    if (count < 1).any() or (count % 1 != 0).any():
        raise InputError(f"repeats={count.tolist()} must be whole numbers from 1 on")
    if count.max() < 2:
        raise InputError(
            "each generator was judged once; judge at least one of them twice (repeats=2) to tell the "
            "spread of the judges from that of the generators"
        )
    if not np.isfinite(mean).all() or not np.isfinite(sd[count > 1]).all():
        raise InputError("scores holds numbers that are not finite; leave those generators out")
