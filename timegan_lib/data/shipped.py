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

from timegan_lib.config import InputError
from timegan_lib.data.generated import ar_gaussian, sines
from timegan_lib.data.sequences import SequenceDataset

DATASETS = ("google", "ibm", "weather", "storms", "sines_code", "sines_paper", "ar_gaussian")
DATA = Path(__file__).parent.parent.parent / "data"


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
