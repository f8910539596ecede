"""The grades, and between which values of a score each of them lies.

How well a limit holds is measured in tests/evaluation/test_verdicts_calibrated.py.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, float]  # of `Report.scores`
# untold: a question was asked, and the data are too few for an answer; open: it was not asked
GOOD, FAIR, UNTOLD, POOR, OPEN = "good", "fair", "cannot be told", "poor", "not judged"
ORDER = [GOOD, FAIR, UNTOLD, POOR, OPEN]  # from best to worst

# Stretches of real data (`exchange.stretches`) that a limit takes to hold. Of innocent data some question was
# "poor" by the limits alone in 15 of 100 cases with 5 (25 / 5 patients) and in 28 of 100 with 7 (runs of
# share prices), in 1 of 60 with 12 (50 / 12 sequences of ar_gaussian), in none of 80 with 50.
FEWEST = 12
LOOSEST = 2.0  # times its own limit for fair: as far as a held-out score can move it
# With fewer than FEWEST only what is so many times beyond its limit is poor. At 2 single values were poor in 3
# of 30 innocent cases (a few runs of share prices against others), at 2.5 in 1.
GROSS = 2.5

# Mean absolute differences of correlations. That of one pair of features has at most the standard deviation
# sqrt(1 / a + 1 / b) between two sides of one source of a and b stretches: that where all steps of a stretch
# tell the same, as those of slow sines do.
CORRELATIONS = {"together", "together in changes", "order in time", "dependence"}


# {question: {score: (good to, fair to)}}, of scores that are better the smaller they are
LIMITS: dict[str, dict[str, tuple[float, float]]] = {
    "values": {"values": (0.1, 0.25)},
    "dynamics": {
        "changes": (0.1, 0.25),
        "memory": (0.05, 0.15),
        "memory of changes": (0.05, 0.15),
        "movement": (0.15, 0.4),
        "memory of sizes": (0.05, 0.15),
        "order in time": (0.05, 0.15),
        "rare changes": (0.15, 0.4),
    },
    "together": {"together": (0.05, 0.15), "together in changes": (0.05, 0.15)},
    "statics": {"statics": (0.03, 0.1), "worst static": (0.05, 0.15), "dependence": (0.1, 0.2)},
    "diversity": {
        "spread": (0.16, 0.69),  # 0.85 to 1.17, half to double
        "missed": (0.25, 1.0),
        "precision": (0.2, 0.5),
        "recall": (0.2, 0.5),
    },
}
# how far these are off their best, on the side that is a fault
OFF: dict[str, Callable[[float], float]] = {
    "spread": lambda value: abs(math.log(max(value, 1e-9))),
    "missed": lambda value: max(0.0, value - 1),
    "precision": lambda value: 1 - value,
    "recall": lambda value: 1 - value,
}
# a limit of these in the unit of the score
IN_WORDS: dict[str, Callable[[float], str]] = {
    "spread": lambda limit: f"from {math.exp(-limit):.2f} to {math.exp(limit):.2f}",
    "missed": lambda limit: f"to {1 + limit:.2f}",
    "precision": lambda limit: f"from {1 - limit:.2f}",
    "recall": lambda limit: f"from {1 - limit:.2f}",
}


def off(name: str, row: Row | None) -> float:
    """How far a score is off its best, at least 0; NaN where it does not apply or there is no row."""
    value = math.nan if row is None else row.get(name, math.nan)
    return OFF.get(name, float)(value) if math.isfinite(value) else math.nan


def by_chance(name: str, sides: Sequence[int], features: int) -> float:
    """What two sides of one source reach of a score in about one of eighty cases; 0 where that is not known.

    The size of a standard normal is 0.8 in the mean, and 0.6 its standard deviation; the pairs of D features
    are as good as D - 1 that are independent. A difference of two shares, of a level of a category, has half
    the standard deviation. sides: stretches of both, and maybe more.
    """
    spread = math.sqrt(1 / sides[0] + 1 / sides[1])
    if name == "worst static":
        return 2.5 * 0.5 * spread
    if name not in CORRELATIONS:
        return 0.0
    return (0.8 + 2.8 * 0.6 / math.sqrt(max(1, features - 1))) * spread


def moved(good: float, fair: float, reached: float) -> tuple[float, float]:
    """The limits, no stricter than what real held-out data reach, as far as those may move them."""
    return max(good, min(reached, fair)), max(fair, min(2 * reached, LOOSEST * fair))


def grade(
    value: float,
    good: float,
    fair: float,
    reached: float = 0.0,
    few: bool = False,
    chance: float = 0.0,
) -> str:
    """Of a number that is better the smaller it is, whatever its unit; reached: by real held-out data.

    good, fair  up to these. Where held-out data do worse, up to what they reach and up to twice that, but
                no further than `fair` and LOOSEST times `fair`: what lies beyond, and still within twice
                what held-out data reach, cannot be told
    few         there are too few held-out data to move a limit: what is not good cannot be told, and only
                what is beyond GROSS times the larger of `fair` and `reached` is poor
    chance      what two sides of one source may reach; nothing up to there is poor
    """
    if few:
        poor = value > max(GROSS * max(fair, reached), chance)
        return GOOD if value <= good else POOR if poor else UNTOLD
    good, fair = moved(good, fair, reached)
    if value <= fair:
        return GOOD if value <= good else FAIR
    return UNTOLD if value <= max(2 * reached, chance) else POOR


def counted_as_many(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p-values as if each were the only one, by Holm 1979: where nothing is wrong, one below 0.05 is among
    them in at most one of twenty reports, however many there are. Those that are NaN were not asked."""
    asked = sorted((p, name) for name, p in p_values.items() if math.isfinite(p))
    found, least = dict(p_values), 0.0
    for k, (p, name) in enumerate(asked):
        least = max(least, min(1.0, (len(asked) - k) * p))
        found[name] = least
    return found


def worst(grades: list[str]) -> str:
    """One poor answer decides, whatever cannot be told beside it."""
    return max(grades, key=ORDER.index)


@dataclass(frozen=True)
class Graded:
    """A score beside what real held-out data reach (or NaN), and how far it may be off its best: `good`, `fair`."""

    name: str
    grade: str
    value: float
    reached: float
    good: float
    fair: float

    def __str__(self) -> str:
        beside = f", held-out data {self.reached:.2f}" if math.isfinite(self.reached) else ""
        good, fair = map(IN_WORDS.get(self.name, "to {:.2f}".format), (self.good, self.fair))
        return f"{self.name} {self.value:.2f} (good {good}, fair {fair}{beside})"


def against_limits(
    question: str,
    found: Row,
    real: Row | None,
    sides: Sequence[int] | None = None,
    features: int = 2,
) -> list[Graded]:
    """The scores of a question that apply, in the order of LIMITS. found, real: of synthetic and held-out data.

    sides: the stretches of the training, the synthetic and the held-out data; None: enough of each.
    """
    few = sides is not None and min(sides) < FEWEST
    graded = []
    for name, (good, fair) in LIMITS[question].items():
        value, reached = off(name, found), off(name, real)
        if math.isfinite(value):
            chance = 0.0 if sides is None else by_chance(name, sides, features)
            at_least = reached if math.isfinite(reached) else 0.0
            said = grade(value, good, fair, at_least, few, chance)
            shown = (good, fair) if few else moved(good, fair, at_least)
            beside = math.nan if real is None else real.get(name, math.nan)
            graded.append(Graded(name, said, found[name], beside, *shown))
    return graded
