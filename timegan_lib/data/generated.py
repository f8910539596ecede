"""Series that are made: the two kinds of sines and the autoregressive process of the paper.

Taught in book/the-data.ipynb and book/why-time-is-hard.ipynb.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.config import InputError, whole_number
from timegan_lib.data.sequences import SequenceDataset


def sines(
    kind: str = "code", n: int = 10_000, length: int = 24, features: int = 5, seed: int = 0
) -> SequenceDataset:
    """Independent sines, (n, length, features), each with its own frequency and phase.

    "paper": sin(2 pi eta t + theta), t = 1..length, eta uniform in [0, 1], theta in [-pi, pi].
    "code" (the authors' function): (sin(f j + p) + 1) / 2, j = 0..length - 1, f and p uniform in
    [0, 0.1]: less than 0.4 of a period. Taught in book/the-data.ipynb.
    """
    if kind not in ("code", "paper"):
        raise InputError(f"kind={kind!r} must be 'code' or 'paper'")
    n, length, features, rng = _generator(n, length, features, seed)
    first, second = rng.random((2, n, 1, features))
    if kind == "code":
        step = np.arange(length)[:, None]
        return SequenceDataset.from_arrays((np.sin(0.1 * first * step + 0.1 * second) + 1) / 2)
    step = np.arange(1, length + 1)[:, None]
    phase = np.pi * (2 * second - 1)
    return SequenceDataset.from_arrays(np.sin(2 * np.pi * first * step + phase))


def ar_gaussian(
    n: int = 10_000,
    length: int = 24,
    features: int = 5,
    phi: float = 0.8,
    sigma: float = 0.8,
    seed: int = 0,
) -> SequenceDataset:
    """x_t = phi x_(t-1) + noise, noise ~ N(0, sigma 1 + (1 - sigma) I): paper, section 5.1.

    phi in (-1, 1) is the correlation in time, sigma in [0, 1] that between features; the first
    step is drawn from the stationary distribution. Taught in book/why-time-is-hard.ipynb.
    """
    n, length, features, rng = _generator(n, length, features, seed)
    if not -1 < phi < 1:
        raise InputError(f"phi={phi!r} must lie between -1 and 1, or the series grows without end")
    if not 0 <= sigma <= 1:
        raise InputError(f"sigma={sigma!r} must lie in [0, 1]")
    shared = np.sqrt(sigma) * rng.standard_normal((n, length, 1))
    noise = shared + np.sqrt(1 - sigma) * rng.standard_normal((n, length, features))
    values = np.empty_like(noise)
    values[:, 0] = noise[:, 0] / np.sqrt(1 - phi**2)
    for step in range(1, length):
        values[:, step] = phi * values[:, step - 1] + noise[:, step]
    return SequenceDataset.from_arrays(values)


def _generator(
    n: int, length: int, features: int, seed: int
) -> tuple[int, int, int, np.random.Generator]:
    """The checked sizes, and the random numbers of this seed."""
    sizes = [whole_number(k, v, 1) for k, v in dict(n=n, length=length, features=features).items()]
    return (*sizes, np.random.default_rng(whole_number("seed", seed, 0)))  # type: ignore[return-value]
