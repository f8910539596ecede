"""Train on synthetic, test on real, beside train on real: all features, one step ahead.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from math import nan

import numpy as np
import pandas as pd
import tensorflow as tf

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.exchange import stretch_rows
from timegan_lib.evaluation.inputs import Sequences, aligned, step_median
from timegan_lib.evaluation.interval import ratio_interval
from timegan_lib.evaluation.judge import Judge, borrowed, checked
from timegan_lib.evaluation.work import Work
from timegan_lib.networks.losses import masked_mean
from timegan_lib.training import assign

UNITS = 24


@dataclass(frozen=True)
class Forecasts:
    """Errors of forecasts made in several ways.

    table: one row a way; MAE in units of the real range, R2 (mean over features), and the standard
    deviation of both over repeats. by_feature: the MAE of every way, a column a feature. by_repeat: the
    MAE of every way in each repeat. interval: 95 % of the MAE of TSTR over that of TRTR, by the
    stretches of the held-out data (`ratio_interval`); NaN where they are too few.
    """

    table: pd.DataFrame
    by_feature: pd.DataFrame
    by_repeat: dict[str, np.ndarray] = field(default_factory=dict)
    interval: tuple[float, float] = (nan, nan)

    def __str__(self) -> str:
        return self.table.to_string(float_format="{:.4f}".format)


class Forecaster:
    """Forecasts every feature one step ahead: the present value plus what one GRU layer has to add."""

    def __init__(self, length: int, features: int):
        self._sizes = length - 1, features, UNITS, features

    def fit(self, values: np.ndarray, mask: np.ndarray, steps: int, seed: int) -> Forecaster:
        """values (N, T, D) in [0, 1], mask (N, T) of valid steps."""
        pairs = mask[:, 1:, None].astype(np.float32)
        pool = (values[:, :-1], values[:, 1:], pairs)
        with borrowed(_objective, *self._sizes) as network:
            network.train([tuple(map(tf.constant, pool))], steps, seed)
            self._weights = [weight.numpy() for weight in network.weights]
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """(N, T, D) -> (N, T - 1, D), the forecast of steps 2..T."""
        with borrowed(_objective, *self._sizes) as network:
            assign(network.weights, self._weights)  # another forecaster may have used the network
            return values[:, :-1] + network.predict(values[:, :-1])


def forecast_scores(
    train: Sequences,
    held_out: Sequences,
    synthetic: Sequences,
    repeats: int = 3,
    steps: int = 2000,
    seed: int = 0,
    progress: bool = True,
) -> Forecasts:
    """Mean absolute error and R2 of forecasts one step ahead.

    TRTR (train on real, test on real), TSTR (train on synthetic, test on real), mixture (train on
    both, test on real), TRTS (train on real, test on synthetic); persistence (the present value) and
    the train part's median at each step are tested on real. "Test on real" is on `held_out`.
    R2 = 1 - squared error / variance around the feature's mean. Raises InputError.
    Taught in book/how-the-code-is-built.md.
    """
    return forecast_work(train, held_out, synthetic, repeats, steps, seed).alone(progress)


def forecast_work(
    train: Sequences, held_out: Sequences, synthetic: Sequences, repeats: int = 3, steps: int = 2000,
    seed: int = 0,
) -> Work:  # fmt: skip
    """`forecast_scores`, a part for each forecaster. Taught in book/how-the-code-is-built.md."""
    repeats, steps, seed = checked(repeats, steps, seed)
    real, fake, test = aligned(train, synthetic=synthetic, held_out=held_out)
    if real.values.shape[1] < 2:
        raise InputError("sequences of one step hold nothing to forecast")
    arrays = {name: (side.scaled, side.mask) for name, side in (("real", real), ("fake", fake))}
    both = [np.concatenate([getattr(a, k) for a in (real, fake)]) for k in ("scaled", "mask")]
    ways = [  # what is learned from, and how it is tested
        (arrays["real"], {"TRTR": test, "TRTS": fake}),
        (arrays["fake"], {"TSTR": test}),
        ((both[0], both[1]), {"mixture": test}),
    ]
    parts = [
        partial(_forecast, learned, tests, steps, 1000 * seed + repeat)
        for repeat in range(repeats)
        for learned, tests in ways
    ]
    trivial = {
        "persistence": [_errors(test.scaled[:, :-1], test)],
        "median": [_errors(step_median(real.scaled, real.mask)[:, 1:], test)],
    }

    def gathered(results: list[dict]) -> Forecasts:
        order = ("TRTR", "TSTR", "mixture", "TRTS")
        found = {way: [each[way] for each in results if way in each] for way in order}
        above, below = (
            np.mean([each[2] for each in found[way]], axis=0) for way in ("TSTR", "TRTR")
        )
        interval = ratio_interval(above, below, stretch_rows(test))
        return replace(_tables(found | trivial, real.names), interval=interval)

    return Work("forecasting", parts, gathered)


def forecast_error(
    learned: SequenceDataset, test: SequenceDataset, repeats: int, steps: int = 2000, seed: int = 0
) -> np.ndarray:
    """(repeats,) mean absolute errors on `test` of forecasters that were fitted to `learned`."""
    return forecast_error_work(learned, test, repeats, steps, seed).alone(progress=False)


def forecast_error_work(
    learned: SequenceDataset, test: SequenceDataset, repeats: int, steps: int = 2000, seed: int = 0
) -> Work:
    """`forecast_error`, a part for each repeat. Taught in book/how-the-code-is-built.md."""
    arrays, tests = (learned.scaled, learned.mask), {"error": test}
    parts = [
        partial(_forecast, arrays, tests, steps, 1000 * seed + repeat) for repeat in range(repeats)
    ]
    return Work(
        "forecasting",
        parts,
        lambda results: np.array([found["error"][0].mean() for found in results]),
    )


def _forecast(
    learned: tuple[np.ndarray, np.ndarray], tests: dict[str, SequenceDataset], steps: int, seed: int
) -> dict[str, tuple[np.ndarray, ...]]:
    """The `_errors` of one forecaster in each test."""
    fitted = Forecaster(*learned[0].shape[1:]).fit(*learned, steps, seed)
    return {name: _errors(fitted.predict(data.scaled), data) for name, data in tests.items()}


def _tables(found: dict[str, list], names: tuple[str, ...]) -> Forecasts:
    """found: of each way the `_errors` of every repeat."""
    table, by_feature, by_repeat = {}, {}, {}
    for way, errors in found.items():
        mae, r2 = (np.array([e[k] for e in errors]) for k in range(2))  # (repeats, D)
        spread = [m.mean(axis=1).std(ddof=1) if len(m) > 1 else np.nan for m in (mae, r2)]
        table[way] = [mae.mean(), spread[0], r2.mean(), spread[1]]
        by_feature[way] = mae.mean(axis=0)
        by_repeat[way] = np.array([error[0].mean() for error in errors])
    return Forecasts(
        pd.DataFrame(table, index=["MAE", "MAE sd", "R2", "R2 sd"]).T,
        pd.DataFrame(by_feature, index=list(names)).T,
        by_repeat,
    )


def _objective(judge: Judge, batch: tuple) -> tf.Tensor:
    x, y, mask = batch
    return masked_mean(tf.abs(x + judge(x) - y), mask)


def _errors(forecast: np.ndarray, data: SequenceDataset) -> tuple[np.ndarray, ...]:
    """MAE (D,) and R2 (D,) over valid steps; the R2 of a constant feature counts as 1 or 0. And the sum
    (N,) of the absolute errors of each sequence over its steps, the mean of its features."""
    valid = data.mask[:, 1:]
    y = data.scaled[:, 1:][valid]
    error = y - np.broadcast_to(forecast, data.scaled[:, 1:].shape)[valid]
    variance, squared = y.var(axis=0), np.square(error).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(variance > 1e-12, 1 - squared / variance, squared <= 1e-12)
    size = np.abs(error)
    owner = np.repeat(np.arange(len(data)), valid.sum(axis=1))
    return size.mean(axis=0), r2, np.bincount(owner, size.mean(axis=1), len(data))
