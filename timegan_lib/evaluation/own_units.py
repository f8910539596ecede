"""Features, static features and errors in the units and categories of the data, for people to read.

The scores see everything scaled to [0, 1]; nobody thinks of a price as 0.31.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from timegan_lib.data import SequenceDataset

LEVELS = {"1 %": 0.01, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "99 %": 0.99}
Sets = dict[str, SequenceDataset]


def describe(sets: Sets, static: bool = False) -> pd.DataFrame:
    """A row for each number of a step (static: of a sequence, and its length) and each set, in its unit.

    Columns: mean, sd, some percentiles, and of steps the mean size of a change from one to the next, NaN
    where there is none. Categories and flags are not here but in `shares`.
    """
    rows = {}
    first = next(iter(sets.values()))
    for k, name in enumerate(_names(first, static)):
        if _is_share(first, static)[k]:
            continue
        for which, data in sets.items():
            values = _columns(data, static)[:, k]
            row = {"mean": values.mean(), "sd": values.std()}
            row |= {level: np.quantile(values, q) for level, q in LEVELS.items()}
            if not static:
                row["mean change"] = _mean_change(data, k)
            rows[name, which] = row
    return pd.DataFrame.from_dict(rows, orient="index").astype(float)


def shares(sets: Sets, static: bool = False) -> pd.DataFrame:
    """A row for each level of a category and each flag, a column a set: its share of the steps (or
    sequences), 0 to 1. Empty where there is no category."""
    first = next(iter(sets.values()))
    names = _names(first, static)
    found = {
        names[k]: {which: _columns(data, static)[:, k].mean() for which, data in sets.items()}
        for k in np.flatnonzero(_is_share(first, static))
    }
    return pd.DataFrame.from_dict(found, orient="index", columns=list(sets)).astype(float)


def errors(table: pd.DataFrame, real: SequenceDataset) -> pd.DataFrame:
    """A table of errors with a column a feature, in units of the real range, in the features' own units."""
    return table * pd.Series(span(real), index=list(real.names))


def span(real: SequenceDataset) -> np.ndarray:
    """(D,) the range of each feature, in its own unit."""
    return real.scaler.maximum - real.scaler.minimum


def _names(data: SequenceDataset, static: bool) -> list[str]:
    return [*data.static_names, "length (steps)"] if static else list(data.names)


def _columns(data: SequenceDataset, static: bool) -> np.ndarray:
    """(rows, numbers): of all valid steps, or of all sequences with their length last."""
    if not static:
        return data.values[data.mask]
    fixed = np.empty((len(data), 0)) if data.static is None else data.static
    return np.column_stack([fixed, data.lengths])


def _is_share(data: SequenceDataset, static: bool) -> np.ndarray:
    """Where a number is 0 or 1 for no or yes: a level of a category, or a flag."""
    columns = [column for column in data.table.columns if column.static == static]
    kinds = [column.kind != "number" for column in columns for _ in column.names]
    return np.array([*kinds, False] if static else kinds, bool)


def _mean_change(data: SequenceDataset, k: int) -> float:
    sizes = np.abs(np.diff(data.values[..., k], axis=1))[data.mask[:, 1:]]
    return float(sizes.mean()) if sizes.size else np.nan
