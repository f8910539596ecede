"""The data sets of this book: four tables that are shipped, three kinds of series that are made.

`load_dataset(name)` returns any of them as a `SequenceDataset`. Where each comes from, its columns,
units and traps: data/README.md. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from timegan_lib.config import InputError, whole_number
from timegan_lib.sequences import SequenceDataset

__all__ = [
    "DATASETS",
    "SequenceDataset",
    "ar_gaussian",
    "load_dataset",
    "read_table",
    "sines",
    "split_auc",
]

DATASETS = ("google", "ibm", "weather", "storms", "sines_code", "sines_paper", "ar_gaussian")
DATA = Path(__file__).parent.parent / "data"


def load_dataset(name: str, length: int | None = None, **options: Any) -> SequenceDataset:
    """One of DATASETS: windows of `length` steps (24), storms whole up to 48 steps.

    Parameters
    ----------
    name      google, ibm: one row a trading day. weather: one row an hour. storms: one row every
              six hours. sines_code, sines_paper, ar_gaussian: generated. See data/README.md
    length    steps of a sequence; None: 24, and for storms whole sequences
    options   for tables those of `SequenceDataset.from_frame` (stride, max_length, ...), for
              generated ones those of `sines` and `ar_gaussian` (n, features, seed, ...), for storms
              also peak=True: the strongest wind of the steps kept is a static feature, "peak"

    Weather: gaps of up to 6 hours are interpolated, no window crosses a longer one; the wind's
    direction is held as sine and cosine, both 0 where it is calm. Raises InputError.
    """
    if name not in DATASETS:
        raise InputError(f"name={name!r} is no data set; choose one of {', '.join(DATASETS)}")
    generators: dict[str, Callable[..., SequenceDataset]] = {
        "sines_code": lambda **given: sines("code", **given),
        "sines_paper": lambda **given: sines("paper", **given),
        "ar_gaussian": ar_gaussian,
    }
    defaults: dict[str, dict[str, Any]] = {
        "google": {"time": "Date"},
        "ibm": {"time": "Date"},
        "weather": {"time": "time", "missing": "interpolate", "max_gap": 6},
        "storms": {
            "time": "time",
            "group": "storm",
            "static": ("month", "status", "latitude", "longitude"),
        },
    }
    allowed = ("n", "features", "seed") + (("phi", "sigma") if name == "ar_gaussian" else ())
    if name in defaults:
        allowed = ("stride", "missing", "max_gap", "max_length")
        allowed += ("peak",) if name == "storms" else ()
    for option in options:
        if option not in allowed:
            raise InputError(f"{option}= is no option of {name!r}; it has {', '.join(allowed)}")
    if name in generators:
        return generators[name](length=24 if length is None else length, **options)
    if name == "storms" and length is None:
        options = {"max_length": 48, **options}
    elif length is None:
        length = 24
    frame = read_table(name)
    if options.pop("peak", False):
        if length is not None:
            raise InputError(f"peak=True is for whole storms; leave out length={length!r}")
        kept = frame.groupby("storm").head(options["max_length"] or len(frame))
        frame["peak"] = frame["storm"].map(kept.groupby("storm")["wind"].max())
        options["static"] = (*defaults["storms"]["static"], "peak")
    with warnings.catch_warnings():
        if name == "weather" and "missing" not in options:
            warnings.simplefilter("ignore", UserWarning)  # what it would say stands above
        return SequenceDataset.from_frame(frame, length=length, **{**defaults[name], **options})


def read_table(name: str) -> pd.DataFrame:
    """The table behind a shipped set, as from_frame gets it. Raises InputError if it is absent."""
    paths = [path for path in (DATA / f"{name}.csv", DATA / f"{name}.csv.gz") if path.exists()]
    if not paths:
        raise InputError(
            f"name={name!r}: no {name}.csv in {DATA}; it comes with the book's repository"
        )
    frame = pd.read_csv(paths[0])
    if name == "weather":
        for airport in ("EWR", "JFK", "LGA"):
            angle = np.deg2rad(frame[f"wind_dir_{airport}"])
            calm = frame[f"wind_speed_{airport}"] == 0  # the source then says 0, as if from north
            place = cast(int, frame.columns.get_loc(f"wind_dir_{airport}"))
            frame.insert(place, f"wind_sin_{airport}", np.sin(angle).mask(calm, 0.0))
            frame.insert(place + 1, f"wind_cos_{airport}", np.cos(angle).mask(calm, 0.0))
            frame = frame.drop(columns=f"wind_dir_{airport}")
    return frame


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


def split_auc(train: SequenceDataset, held_out: SequenceDataset) -> float:
    """How well a logistic regression tells train from held-out sequences: 0.5 not at all, 1 always.

    It sees mean, standard deviation and change of every feature of a sequence. It is fitted on
    four fifths of the time and asked about the last, each in turn: with random fifths it would
    meet windows that overlap those it was fitted on. Taught in book/the-data.ipynb.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def summary(data: SequenceDataset) -> np.ndarray:
        valid, count = data.mask[:, :, None], data.lengths[:, None]
        mean = data.values.sum(axis=1) / count
        spread = np.square((data.values - mean[:, None]) * valid).sum(axis=1) / count
        change = data.values[np.arange(len(data)), data.lengths - 1] - data.values[:, 0]
        return np.concatenate([mean, np.sqrt(spread), change], axis=1)

    features = np.concatenate([summary(train), summary(held_out)])
    label = np.repeat([0, 1], [len(train), len(held_out)])
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced")
    )
    folds = StratifiedKFold(5)  # not shuffled: each fold is one fifth of the time
    guess = cross_val_predict(classifier, features, label, cv=folds, method="decision_function")
    return float(roc_auc_score(label, guess))
