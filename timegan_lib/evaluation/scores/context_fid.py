"""How far apart do two sets lie for an encoder that has learned from the real one?

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair
from timegan_lib.evaluation.judge import Judge, borrowed, checked
from timegan_lib.networks.losses import masked_mean
from timegan_lib.networks.recurrent import recurrent_stack

UNITS = 24  # of the encoder: the length of an embedding
STILL = 1e-12  # variance of the embeddings below which real sequences are all alike


@dataclass(frozen=True)
class ContextFID:
    """`distances` (encoders,): one for each encoder, which differ in nothing but their seed. 0 is right."""

    distances: np.ndarray

    @property
    def mean(self) -> float:
        """The score: the mean over the encoders."""
        return float(self.distances.mean())

    @property
    def sd(self) -> float:
        """How much the number moves with another encoder; NaN for a single one."""
        return float(self.distances.std(ddof=1)) if len(self.distances) > 1 else float("nan")

    def __str__(self) -> str:
        return f"Context-FID {self.mean:.3f} (sd {self.sd:.3f} over {len(self.distances)} encoders of ours)"


def context_fid(
    real: Sequences,
    synthetic: Sequences,
    encoders: int = 5,
    steps: int = 500,
    seed: int = 0,
    progress: bool = True,
) -> ContextFID:
    """Frechet distance between embeddings of real and of synthetic sequences, for several encoders.

    An encoder is one GRU layer of 24 units, trained for `steps` batches of 128 to forecast the next step of
    the real sequences; an embedding is the largest value of each unit over the valid steps. Squared, and
    divided by the total variance of the real embeddings: 0 is right, 1 as far as real sequences spread.
    Few sequences alone raise it, so read it beside that of as many held-out ones. No static features.

    The encoder is ours, the published scores take another (TS2Vec, as Diffusion-TS does) and divide by
    nothing: the name compares, the numbers do not. Of the faults that the book plants it sees none that
    no other score sees, and no report has it. Source: Jeha et al. 2022 (PSA-GAN). Raises InputError.
    """
    encoders = whole_number("encoders", encoders, 1)
    _, steps, seed = checked(1, steps, seed)
    sides = pair(real, synthetic)
    _, length, features = sides[0].values.shape
    if length < 2:
        raise InputError("sequences of one step hold nothing that an encoder could learn from")
    x, pairs = sides[0].scaled, sides[0].mask[:, 1:, None].astype(np.float32)
    pool = tuple(map(tf.constant, (x[:, :-1], x[:, 1:], pairs)))
    found = []
    with borrowed(_objective, length - 1, features, UNITS, features) as network:
        for encoder in tqdm(range(encoders), "Context-FID", disable=None if progress else True):
            network.train([pool], steps, 1000 * seed + encoder)
            a, b = (_embedded(network, side) for side in sides)
            spread = float(a.var(axis=0, ddof=1).sum())
            if spread < STILL:
                raise InputError(
                    "the real sequences are all alike: no spread to measure distances by"
                )
            found.append(frechet(a, b) / spread)
    return ContextFID(np.array(found))


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Frechet distance of two Gaussians that have the moments of a (n, k) and of b (m, k).

    |mean difference|^2 + tr(A + B - 2 (A B)^(1/2)), in squared units of a and b; A and B are covariances.
    Source: Dowson and Landau 1982.
    """
    means = [x.mean(axis=0) for x in (a, b)]
    first, second = (np.atleast_2d(np.cov(x.T)) for x in (a, b))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    # A B has the eigenvalues of A^(1/2) B A^(1/2), which is symmetric: real, and not below 0
    both = np.linalg.eigvalsh(root @ second @ root)
    cross = np.sqrt(np.maximum(both, 0.0)).sum()
    apart = np.square(means[0] - means[1]).sum() + np.trace(first) + np.trace(second) - 2 * cross
    return max(0.0, float(apart))


def _objective(judge: Judge, batch: tuple) -> tf.Tensor:
    """Mean absolute error of the next step; not of the change, so that a state has to know the level."""
    x, y, pairs = batch
    return masked_mean(tf.abs(judge(x) - y), pairs)


def _embedded(network: Judge, data: SequenceDataset) -> np.ndarray:
    """(N, UNITS)"""
    layer, parts = network.weights[:-2], []
    for begin in range(0, len(data), 1024):
        x, mask = (array[begin : begin + 1024] for array in (data.scaled, data.mask))
        states = recurrent_stack(tf.constant(x), [layer], "gru", train=False).numpy()
        parts.append(np.where(mask[..., None], states, -np.inf).max(axis=1))
    return np.concatenate(parts).astype(float)
