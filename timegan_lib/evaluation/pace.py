"""Roughly how long a judgment will take on this machine, from a few seconds of the same work.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from timegan_lib.config import whole_number
from timegan_lib.evaluation.candidates import UNTRAINED, Case, brought
from timegan_lib.evaluation.inputs import Sequences, take
from timegan_lib.evaluation.scores.coverage import coverage
from timegan_lib.evaluation.scores.discriminative import discriminative_work
from timegan_lib.evaluation.scores.forecasting import forecast_error_work
from timegan_lib.evaluation.scores.predictive import predictive_work
from timegan_lib.evaluation.work import default_jobs

TRIED = 100  # steps of each judge
FEW = 300  # sequences whose distances are measured
DISTANCES = (
    3.0  # time of all scores without a network, for a pair of sequences, over that of `coverage`
)
STEPS = {"discriminative": 2000, "predictive": 5000, "forecasting": 2000}


def seconds_ahead(
    real: Sequences, synthetic: Sequences, held_out: Sequences | None = None, repeats: int = 3,
    most: int = 2000, jobs: int | None = None,
) -> float:  # fmt: skip
    """Seconds that `evaluate` will take on these data: judges for a hundred steps and distances between
    a few hundred sequences are timed, and the rest is counted. Right within a factor of two where the
    machine stays as busy as it is. Arguments as in `evaluate`; most: sequences of each side. Raises InputError.
    """
    repeats = whole_number("repeats", repeats, 0)
    case = brought(real, synthetic, held_out, (), repeats, 0, most)
    work = _distances(case) + (_judges(case) if repeats else 0.0)
    return work / (default_jobs() if jobs is None else whole_number("jobs", jobs, 1))


def in_words(seconds: float) -> str:
    """Such as "about 2 minutes"."""
    if seconds < 50:
        return f"about {max(10, round(seconds, -1)):.0f} seconds"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'s' if minutes > 1 else ''}"


def _distances(case: Case) -> float:
    """Of all candidates: every sequence of each is compared with those of both real sides."""
    fake, train = (take(side, FEW, 0) for side in (case.candidates["synthetic"], case.train))
    a_pair = _timed(lambda: coverage(train, fake)) / (len(fake) * len(train))
    others = 0 if case.held_out is None else len(case.held_out)
    reals = len(case.everything) + len(case.train) + others
    return DISTANCES * a_pair * reals * sum(map(len, case.candidates.values()))


def _judges(case: Case) -> float:
    """Of all candidates that a network is trained for; the forecasters also learn from the train part
    and from both."""
    train, fake, other = case.train, case.candidates["synthetic"], case.held_out
    candidates = [name for name in case.candidates if name not in UNTRAINED]
    trainings: dict[str, tuple[int, Callable]] = {
        "discriminative": (len(candidates), lambda n: discriminative_work(train, fake, 1, n))
    }
    if case.moves:
        trainings["predictive"] = len(candidates), lambda n: predictive_work(train, fake, 1, n)
    if other is not None and case.moves:
        learners = 2 + sum(map(case.tested, candidates))
        trainings["forecasting"] = learners, lambda n: forecast_error_work(fake, other, 1, n)
    return sum(
        case.repeats * count * _training(work, STEPS[name])
        for name, (count, work) in trainings.items()
    )


def _training(work: Callable, steps: int) -> float:
    """Of one judge, from a short training; the first only traces the network, which is then kept."""
    few, more = (work(count).parts[0] for count in (1, 1 + TRIED))
    few()
    once, long = _timed(few), _timed(more)
    return once + max(0.0, long - once) * steps / TRIED


def _timed(call: Callable) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin
