"""Are synthetic data of use beyond one step? Linear forecasts of the last third of a window.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.evaluation.inputs import Sequences, aligned, whole

ALPHA = 1e-3  # of the ridge, in units of a squared real range

Model = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # past, future, new past


def horizon_errors(train: Sequences, held_out: Sequences, synthetic: Sequences) -> pd.DataFrame:
    """Errors on held-out data of a linear forecaster (ridge), a row for each of the last third of steps.

    It sees the first two thirds of a window, all features, and forecasts all features of the rest. The
    columns: the mean absolute error, in units of the real range, of the one fitted to `real` data, of the
    one fitted to `synthetic` data, their ratio (1 is right, above 1 is worse), and the error of
    `persistence`, which repeats the last step seen. The last row, "all", is over all steps. Only windows
    as long as the longest count. Source: TSTR, Esteban et al. 2017. Raises InputError.
    """
    real, fake, test = whole(*aligned(train, synthetic=synthetic, held_out=held_out))
    fits = {"real": (ridge, real), "synthetic": (ridge, fake), "persistence": (persistence, real)}
    errors = {
        name: forecast_errors(model, learned, test) for name, (model, learned) in fits.items()
    }
    steps = [f"+{step + 1}" for step in range(len(errors["real"]))]
    table = pd.DataFrame(errors, index=steps)
    table.loc["all"] = table.mean()
    ratio = table["synthetic"] / table["real"].where(table["real"] > 0)
    table.insert(2, "ratio", ratio.fillna(1.0))
    return table


def forecast_errors(model: Model, learned: np.ndarray, test: np.ndarray) -> np.ndarray:
    """(steps ahead,) mean absolute errors; learned and test are (N, T, D)."""
    steps = learned.shape[1]
    if steps < 2:
        raise InputError("sequences of one step hold nothing to forecast")
    seen = max(1, 2 * steps // 3)
    guess = model(learned[:, :seen], learned[:, seen:], test[:, :seen])
    return np.abs(guess - test[:, seen:]).mean(axis=(0, 2))


def ridge(
    past: np.ndarray, future: np.ndarray, new: np.ndarray, alpha: float = ALPHA
) -> np.ndarray:
    """The last step seen, plus what is linear in the past: W = (X'X / n + alpha I)^-1 X'Y / n."""
    x, asked = past.reshape(len(past), -1), new.reshape(len(new), -1)
    y = (future - past[:, -1:]).reshape(len(future), -1)
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - mean_x, y - mean_y
    w = np.linalg.solve(x.T @ x / len(x) + alpha * np.eye(x.shape[1]), x.T @ y / len(x))
    return new[:, -1:] + (mean_y + (asked - mean_x) @ w).reshape(len(new), *future.shape[1:])


def persistence(past: np.ndarray, future: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.broadcast_to(new[:, -1:], (len(new), *future.shape[1:]))
