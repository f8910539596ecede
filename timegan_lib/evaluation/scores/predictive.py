"""Does a predictor that has learned from synthetic sequences work on real ones? The paper's way.

Taught in book/what-scores-miss.ipynb.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair, step_median
from timegan_lib.evaluation.judge import Judge, borrowed, checked
from timegan_lib.evaluation.work import Work
from timegan_lib.networks.losses import masked_mean


@dataclass(frozen=True)
class Predictive:
    """`scores`: the mean absolute error of each repeat, in units of the target's range.

    `median`: the error of the real data's median at each step, which looks at no input. `constant`: of
    one median for all steps. `persistence`: of the target's own last value, which the reference's
    predictor does not get (`own_past` False).
    """

    scores: np.ndarray
    median: float
    constant: float
    persistence: float
    target: str
    own_past: bool

    @property
    def mean(self) -> float:
        """The predictive score: the mean over the repeats."""
        return float(self.scores.mean())

    @property
    def sd(self) -> float:
        """Standard deviation over the repeats, that is over the seeds of the metric."""
        return float(self.scores.std(ddof=1)) if len(self.scores) > 1 else float("nan")

    def __str__(self) -> str:
        note = " from its own past (not the reference's score)" if self.own_past else ""
        return (
            f"predictive score {self.mean:.4f} (sd {self.sd:.4f} over {len(self.scores)} repeats) for "
            f"{self.target}{note}; median of each step {self.median:.4f}, persistence "
            f"{self.persistence:.4f}"
        )


def predictive_score(
    real: Sequences,
    synthetic: Sequences,
    repeats: int = 10,
    steps: int = 5000,
    seed: int = 0,
    progress: bool = True,
    target: str | None = None,
) -> Predictive:
    """Train on synthetic sequences to predict one feature from all others, test on all real ones.

    One GRU layer of D / 2 units (at least one), a dense sigmoid a step, L1 loss; inputs are the other
    features at steps 1..T-1, the target (the last feature unless named) at steps 2..T. Give `real` for
    both to get real data's own score. A single feature is predicted from its own past, which the
    reference cannot do. The authors leave their sines in [.5, 1], here they are scaled to [0, 1] like all
    data, so their errors come out twice as large. Source: the authors' `predictive_metrics.py`. Raises InputError.
    Taught in book/what-scores-miss.ipynb.
    """
    return predictive_work(real, synthetic, repeats, steps, seed, target).alone(progress)


def predictive_work(
    real: Sequences, synthetic: Sequences, repeats: int = 10, steps: int = 5000, seed: int = 0,
    target: str | None = None,
) -> Work:  # fmt: skip
    """`predictive_score`, a part for each repeat. Taught in book/how-the-code-is-built.md."""
    repeats, steps, seed = checked(repeats, steps, seed)
    sides = pair(real, synthetic)
    names, length = sides[0].names, sides[0].values.shape[1]
    target = names[-1] if target is None else target
    if target not in names:
        raise InputError(f"target={target!r} is no feature; there are {', '.join(names)}")
    if length < 2:
        raise InputError("sequences of one step hold nothing to predict")
    place, own_past = names.index(target), len(names) == 1
    inputs = [0] if own_past else [k for k in range(len(names)) if k != place]
    test, learned = (_shifted(side, inputs, place) for side in sides)
    units = max(1, len(names) // 2)
    _, y, mask = test

    def gathered(scores: list[float]) -> Predictive:
        return Predictive(
            scores=np.array(scores),
            median=_error(step_median(y, mask[..., 0] > 0), y, mask),
            constant=_error(np.median(y[mask > 0]), y, mask),
            persistence=_error(sides[0].scaled[:, :-1, place : place + 1], y, mask),
            target=target,
            own_past=own_past,
        )

    numbers = [1000 * seed + repeat for repeat in range(repeats)]
    parts = [partial(_predicted, learned, test, units, steps, number) for number in numbers]
    return Work("predictive", parts, gathered)


def _predicted(learned: tuple, test: tuple, units: int, steps: int, seed: int) -> float:
    """The error of one predictor."""
    x, y, mask = test
    with borrowed(_objective, x.shape[1], x.shape[2], units, 1) as network:
        network.train([tuple(map(tf.constant, learned))], steps, seed)
        return _error(1 / (1 + np.exp(-network.predict(x))), y, mask)


def _shifted(data: SequenceDataset, inputs: list[int], target: int) -> tuple[np.ndarray, ...]:
    """x (N, T - 1, inputs), y (N, T - 1, 1) one step later, and where y is valid."""
    scaled, mask = data.scaled, data.mask[:, 1:, None].astype(np.float32)
    return scaled[:, :-1, inputs], scaled[:, 1:, target : target + 1], mask


def _objective(judge: Judge, batch: tuple) -> tf.Tensor:
    x, y, mask = batch
    return masked_mean(tf.abs(tf.sigmoid(judge(x)) - y), mask)


def _error(predicted, y: np.ndarray, mask: np.ndarray) -> float:
    return float((np.abs(predicted - y) * mask).sum() / mask.sum())
