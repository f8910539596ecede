"""Can a network that has learned from both tell synthetic sequences from real ones?

Taught in book/what-scores-miss.ipynb.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np
import tensorflow as tf
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair
from timegan_lib.evaluation.judge import Judge, borrowed, checked
from timegan_lib.evaluation.work import Work
from timegan_lib.networks.losses import fake_loss, real_loss


@dataclass(frozen=True)
class Discriminative:
    """`accuracies` and `aucs` of each repeat, on `tested` sequences that the judge did not train on.

    The accuracy is the mean of those on real and on synthetic sequences: with as many of one as of the
    other, as in the paper, it is the plain accuracy, and guessing is always right half of the time.
    With unequal numbers, `tested` is how many of equal numbers would scatter as much.
    """

    accuracies: np.ndarray
    aucs: np.ndarray
    tested: int

    @property
    def scores(self) -> np.ndarray:
        """|accuracy - 0.5| of each repeat: 0 cannot be told apart, 0.5 always."""
        return np.abs(self.accuracies - 0.5)

    @property
    def mean(self) -> float:
        """The discriminative score: the mean over the repeats."""
        return float(self.scores.mean())

    @property
    def sd(self) -> float:
        """Standard deviation over the repeats, that is over the seeds of the metric."""
        return float(self.scores.std(ddof=1)) if len(self.scores) > 1 else float("nan")

    @property
    def floor(self) -> float:
        """What a judge that only guesses scores on average: folding |.| keeps it above 0."""
        hits = np.arange(self.tested + 1)
        return float(binom.pmf(hits, self.tested, 0.5) @ np.abs(hits / self.tested - 0.5))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson) of the mean accuracy, as if the tested sequences were independent.

        Windows that overlap are not, so the true interval is wider.
        """
        n, p, z = self.tested, float(self.accuracies.mean()), 1.959964
        middle, width = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"discriminative score {self.mean:.3f} (sd {self.sd:.3f} over {len(self.scores)} "
            f"repeats; guessing scores {self.floor:.3f}); accuracy {self.accuracies.mean():.3f} "
            f"[{low:.3f}, {high:.3f}], AUC {self.aucs.mean():.3f}"
        )


def discriminative_score(
    real: Sequences,
    synthetic: Sequences,
    repeats: int = 10,
    steps: int = 2000,
    seed: int = 0,
    progress: bool = True,
) -> Discriminative:
    """Train a small judge on four fifths of both sets, ask it about the rest, `repeats` times.

    One GRU layer of D / 2 units (at least one), its last valid state, one logit; 128 real and 128
    synthetic sequences a step. It sees values on the real data's [0, 1] and no static features.
    Source: the authors' `discriminative_metrics.py`. Raises InputError.
    Taught in book/what-scores-miss.ipynb.
    """
    return discriminative_work(real, synthetic, repeats, steps, seed).alone(progress)


def discriminative_work(
    real: Sequences, synthetic: Sequences, repeats: int = 10, steps: int = 2000, seed: int = 0
) -> Work:
    """`discriminative_score`, a part for each repeat. Taught in book/how-the-code-is-built.md."""
    repeats, steps, seed = checked(repeats, steps, seed)
    arrays = [_arrays(side) for side in pair(real, synthetic)]
    parts = [partial(_judged, arrays, steps, seed, repeat) for repeat in range(repeats)]
    return Work("discriminative", parts, _gathered)


def _judged(arrays: list[tuple], steps: int, seed: int, repeat: int) -> tuple[float, float, int]:
    """Accuracy, AUC and tested sequences of one judge."""
    _, length, features = arrays[0][0].shape
    rng = np.random.default_rng([seed, repeat])
    parts = [_four_fifths(side, rng) for side in arrays]
    pools = [tuple(map(tf.constant, train)) for train, _ in parts]
    with borrowed(_objective, length, features, max(1, features // 2), 1) as network:
        network.train(pools, steps, 1000 * seed + repeat)
        logits = [_last(network.predict(x), lengths) for _, (x, lengths) in parts]
    accuracy = ((logits[0] > 0).mean() + (logits[1] <= 0).mean()) / 2
    label = np.repeat([1, 0], [len(side) for side in logits])
    auc = roc_auc_score(label, np.concatenate(logits))
    return accuracy, auc, round(4 / sum(1 / len(side) for side in logits))


def _gathered(results: list[tuple[float, float, int]]) -> Discriminative:
    accuracies, aucs, tested = zip(*results, strict=True)
    return Discriminative(np.array(accuracies), np.array(aucs), tested[-1])


def _objective(judge: Judge, real: tuple, fake: tuple) -> tf.Tensor:
    """BCE(1, real) + BCE(0, synthetic), on the logit of the last valid step."""
    x, lengths = (tf.concat(both, 0) for both in zip(real, fake, strict=True))
    logit = tf.gather(judge(x), lengths - 1, batch_dims=1)  # (2 B, 1)
    count = tf.shape(real[0])[0]
    return real_loss(logit[:count], None) + fake_loss(logit[count:], None)


def _arrays(data: SequenceDataset) -> tuple[np.ndarray, np.ndarray]:
    return data.scaled, data.lengths.astype(np.int32)


def _four_fifths(arrays: tuple, rng: np.random.Generator) -> tuple[tuple, tuple]:
    order = rng.permutation(len(arrays[0]))
    cut = min(int(0.8 * len(order)), len(order) - 1)
    return tuple(a[order[:cut]] for a in arrays), tuple(a[order[cut:]] for a in arrays)


def _last(logits: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return logits[np.arange(len(logits)), lengths - 1, 0]
