"""At which frequencies do windows move? Nothing here is trained.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.evaluation.inputs import Sequences, as_dataset, pair, whole
from timegan_lib.evaluation.scores.fidelity import STILL


def spectrum(data: Sequences) -> np.ndarray:
    """(T // 2 + 1, D): the share of each frequency, k / T cycles a step, in how a feature moves.

    Each window's own mean is taken out; then the power at each frequency, its mean over windows, and each
    feature's shares, which add up to 1. A feature that never moves has all of it at frequency 0. Only
    windows that are as long as the longest are used, without a taper. Source: the periodogram, Schuster
    1898. Raises InputError.
    """
    return _shares(whole(as_dataset(data))[0])


def spectrum_distance(real: Sequences, synthetic: Sequences) -> float:
    """Half the summed absolute difference of the two spectra, mean over features.

    In [0, 1]: 0 alike, 1 moves at other frequencies, or only one side moves. Where one side has longer
    windows than the other, they are cut to its longest. Raises InputError.
    """
    a, b = (_shares(values) for values in whole(*pair(real, synthetic)))
    return float(np.abs(a - b).sum(axis=0).mean() / 2)


def _shares(values: np.ndarray) -> np.ndarray:
    """The spectrum of (N, T, D)."""
    own = values - values.mean(axis=1, keepdims=True)
    own = np.where(np.abs(own) > STILL, own, 0.0)  # what is left of a constant is rounding
    steps = own.shape[1]
    power = np.square(np.abs(np.fft.rfft(own, axis=1))).mean(
        axis=0
    )  # |sum of x_t e^(-2 pi i k t / T)|^2
    power[1 : (steps + 1) // 2] *= 2  # k and T - k are one frequency; T / 2 has no partner
    power[0] = 0.0
    total = power.sum(axis=0)
    power[0, total == 0] = 1.0
    return power / np.where(total > 0, total, 1.0)
