"""Two attacks on membership, and what they find where there is nothing to find.

An attacker holds real records and the synthetic set, and asks of each record: was it trained on? Real
data that the generator has never seen are asked the same first. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, nan

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.companions import copycat
from timegan_lib.evaluation.distances import nearest
from timegan_lib.evaluation.inputs import Sequences, aligned

SPLITS = 200  # innocent cases, at most
PARTS = 20  # that the held-out data are split by, at most
COMPONENTS = 8  # of the space that densities are measured in

Rows = list[np.ndarray]


@dataclass(frozen=True)
class Attack:
    """auc: chance that a member scores higher than a non-member; tpr: share of members that are named
    where a share `fpr` of non-members is named with them; innocent: AUCs of the innocent splits."""

    auc: float
    tpr: float
    innocent: tuple[float, ...]

    @property
    def p_value(self) -> float:
        """Share of the innocent that look as guilty, this one counted among them."""
        as_guilty = sum(found >= self.auc for found in self.innocent)
        return (1 + as_guilty) / (1 + len(self.innocent))

    @property
    def innocent_range(self) -> tuple[float, float]:
        """Where the middle 95 % of the innocent are; (0, 1) where there are none."""
        if not self.innocent:
            return 0.0, 1.0
        low, high = np.quantile(self.innocent, [0.025, 0.975])
        return float(low), float(high)


def distance_attack(
    train: np.ndarray, held_out: np.ndarray, made: np.ndarray, parts: Rows, fpr: float, seed: int
) -> Attack:
    """A member lies near a synthetic sequence. Arrays (n, T * D); parts: rows of held_out.

    Innocent split: some parts play the synthetic set, the rest the non-members. What they know of the
    training set is nothing, so the AUC they get is what different months do by themselves.
    """
    members, others = -nearest(train, made)[:, 0], -nearest(held_out, made)[:, 0]
    near_x, near_h = (
        np.column_stack([-nearest(side, held_out[rows])[:, 0] for rows in parts])
        for side in (train, held_out)
    )
    innocent = []
    for play, rest in _splits(len(parts), (len(parts) // 2,), seed):
        rows = np.concatenate([parts[k] for k in rest])
        innocent.append(auc(near_x[:, play].max(axis=1), near_h[rows][:, play].max(axis=1)))
    return Attack(auc(members, others), true_positive_rate(members, others, fpr), tuple(innocent))


def density_attack(
    train: np.ndarray, held_out: np.ndarray, made: np.ndarray, parts: Rows, fpr: float, seed: int
) -> Attack:
    """DOMIAS: around a member the synthetic set is denser than real data are elsewhere.

    The score of x is p_synthetic(x) / p_reference(x), the reference being one half of the held-out
    parts, the non-members the other; the mean over many halves. Densities: Gaussian kernels on the first
    principal components of all real data, so that neither side is the better described. Innocent split:
    a third plays the synthetic set, so densities are coarser and the p-value errs to the safe side.
    Source: van Breugel, Sun, Qian and van der Schaar, AISTATS 2023.
    """
    if len(parts) < 2:
        return Attack(nan, nan, ())
    view = components(np.concatenate([train, held_out]), COMPONENTS)
    x, h, s = view(train), view(held_out), view(made)
    sides = [
        np.column_stack(
            [log_kernels(side, points, len(h)) for points in (s, *(h[k] for k in parts))]
        )
        for side in (x, h)
    ]  # (n, 1 + parts) each

    def scored(
        own: list[int], reference: list[int], rest: list[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = np.concatenate([parts[k] for k in rest])
        both = sides[0], sides[1][rows]
        columns = own, [k + 1 for k in reference]
        a, b = ([logsumexp(side[:, k], axis=1) for k in columns] for side in both)
        return np.round(a[0] - a[1], 9), np.round(b[0] - b[1], 9)  # equal records score equal

    count = len(parts)
    cases = [scored([0], *split) for split in _splits(count, (count // 2,), seed)]
    third = max(1, count // 3)
    innocent = []
    for play, one, other in _splits(count, (third, third), seed):
        own = [k + 1 for k in play]
        ways = scored(own, one, other), scored(own, other, one)
        innocent.append(sum(auc(*way) for way in ways) / 2)
    rates = [true_positive_rate(members, others, fpr) for members, others in cases]
    mean = float(np.mean([auc(*case) for case in cases]))
    return Attack(mean, float(np.mean(rates)), tuple(innocent))


def auc(members: np.ndarray, others: np.ndarray) -> float:
    """Share of pairs in which the member scores higher; a tie is half a pair."""
    members = np.sort(members)
    below = np.searchsorted(members, others) + np.searchsorted(members, others, side="right")
    return float(1 - below.mean() / (2 * len(members)))


def true_positive_rate(members: np.ndarray, others: np.ndarray, fpr: float) -> float:
    """Share of members above the score that at most a share `fpr` of the others is above."""
    allowed = int(fpr * len(others) + 1e-9)
    return float((members > np.sort(others)[len(others) - 1 - allowed]).mean())


def components(data: np.ndarray, most: int = COMPONENTS) -> Callable[[np.ndarray], np.ndarray]:
    """The function from rows to the first principal components of `data`, each of unit variance."""
    mean = data.mean(axis=0)
    _, sizes, axes = np.linalg.svd(data - mean, full_matrices=False)
    kept = int((sizes[:most] > 1e-9 * max(sizes[0], 1e-300)).sum()) or 1
    spread = np.maximum(sizes[:kept], 1e-300) / np.sqrt(max(1, len(data) - 1))
    return lambda rows: (rows - mean) @ axes[:kept].T / spread


def log_kernels(rows: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
    """(n,) log of the sum of Gaussian kernels around `points`, of half the width by Scott's rule for
    `count` points: the whole width smooths over a copy and its original."""
    width = 0.5 * count ** (-1 / (points.shape[1] + 4))
    blocks = [rows[k : k + 500] for k in range(0, len(rows), 500)]
    return np.concatenate([
        logsumexp(-cdist(block, points, "sqeuclidean") / (2 * width**2), axis=1) for block in blocks
    ])  # fmt: skip


def planted(
    train: Sequences, synthetic: Sequences, share: float, blur: float = 0.0, seed: int = 0
) -> SequenceDataset:
    """The synthetic sequences, a share of them replaced by training sequences: a leak of known size.

    blur: standard deviation of noise on what is planted, as a share of each feature's range. Measure
    with it which leak the test of `privacy` would have seen in your data. Raises InputError. Taught in
    book/how-the-code-is-built.md.
    """
    if not 0 <= share <= 1 or not blur >= 0:
        raise InputError(f"share={share!r} must lie in [0, 1] and blur={blur!r} be 0 or more")
    real, fake = aligned(train, synthetic=synthetic)
    rng = np.random.default_rng([seed, 2])
    count = round(share * len(fake))
    if not count:
        return fake
    leak = copycat(real, count, seed)
    noise = rng.standard_normal(leak.values.shape) * (real.scaler.maximum - real.scaler.minimum)
    leaked = np.where(leak.mask[..., None], leak.values + blur * noise, 0.0)
    rest = fake.subset(np.sort(rng.permutation(len(fake))[count:]))
    static = None
    if leak.static is not None and rest.static is not None:
        static = np.concatenate([leak.static, rest.static])
    return replace(
        rest,
        values=np.concatenate([leaked, rest.values]),
        lengths=np.concatenate([leak.lengths, rest.lengths]),
        static=static,
        group=None, start=None, times=None,
    )  # fmt: skip


def _splits(count: int, sizes: Sequence[int], seed: int) -> list[tuple[list[int], ...]]:
    """Ways to deal `count` parts into groups of these sizes and a rest: all of them, or SPLITS."""
    ways, left = 1, count
    for size in sizes:
        ways, left = ways * comb(left, size), left - size
    if not min(sizes) or left < 1:
        return []
    if ways > SPLITS:
        rng, edges = np.random.default_rng([seed, 3]), np.cumsum(sizes)
        return [
            tuple(x.tolist() for x in np.split(rng.permutation(count), edges))
            for _ in range(SPLITS)
        ]
    found: list[tuple[list[int], ...]] = [(list(range(count)),)]
    for size in sizes:
        found = [
            (*done, list(some), [k for k in rest if k not in some])
            for *done, rest in found
            for some in combinations(rest, size)
        ]
    return found
