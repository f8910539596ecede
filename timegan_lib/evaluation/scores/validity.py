"""Do synthetic sequences obey the rules of their data? Taught in book/your-own-data.ipynb."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.evaluation.inputs import Sequences, as_dataset
from timegan_lib.evaluation.rules import Rule

PRICES = ("High >= Open", "High >= Close", "Low <= Open", "Low <= Close", "Volume >= 0")
RULES: dict[str, tuple[str, ...]] = {
    "google": PRICES,
    "ibm": PRICES,
    "storms": ("wind >= 0", "pressure > 0", "-90 <= lat <= 90"),
    "weather": tuple(
        f"{rule}".replace("*", airport)
        for airport in ("EWR", "JFK", "LGA")
        for rule in (
            "wind_speed_* >= 0",
            "precip_* >= 0",
            "0 <= humid_* <= 100",
            "dewp_* <= temp_*",
        )
    ),
}


def validity(data: Sequences, rules: str | Sequence[str]) -> pd.DataFrame:
    """The share of steps, and of sequences, that break each rule; the last row is any of them.

    A rule is a comparison of columns as pandas' `DataFrame.eval` reads it, "High >= Low"; a name with a
    space stands in backticks. It sees one sequence at a time; where a side has no value, such as the first
    of `level.diff() < 2`, the step passes. Raises InputError for a rule that cannot be read.
    Taught in book/your-own-data.ipynb.
    """
    data, rules = as_dataset(data), [rules] if isinstance(rules, str) else rules
    if not isinstance(rules, Sequence) or not all(isinstance(rule, str) for rule in rules):
        raise InputError(
            f"rules is {rules!r:.60}; give a text such as 'High >= Low', or a list of them"
        )
    frame = data.to_frame()
    sequence = np.repeat(np.arange(len(data)), data.lengths)
    broken = {rule: ~Rule.read(rule, frame.columns).kept(frame, data.lengths) for rule in rules}
    broken["any rule"] = np.logical_or.reduce([np.zeros(len(frame), bool), *broken.values()])
    rows = {
        rule: [steps.mean(), np.bincount(sequence, steps).astype(bool).mean()]
        for rule, steps in broken.items()
    }
    return pd.DataFrame(rows, index=["steps", "sequences"]).T
