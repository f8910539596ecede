"""Tables from CSV files. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.data.shipped import DATASETS


def read_csv(name: str, marks: list[str] | None = None) -> pd.DataFrame:
    """A CSV file with a header; `marks` stand for empty cells. What pandas would mend without a word
    is an error here."""
    if not Path(name).exists():
        known = ", ".join(DATASETS)
        raise InputError(f"there is no file {name!r}, and it is not one of the data sets {known}")
    try:
        header = pd.read_csv(name, header=None, nrows=1, dtype=str, keep_default_na=False)
        frame = pd.read_csv(name, low_memory=False, na_values=marks)
    except (OSError, ValueError) as error:
        raise InputError(f"{name} is not readable as a table: {error}") from None
    labels = [label.strip() for label in header.iloc[0]]
    for place, label in enumerate(labels):
        if not label:
            raise InputError(
                f"{name}: column {place + 1} has no name; name it, or save the table without its "
                "index (index=False)"
            )
        if label in labels[:place]:
            raise InputError(f"{name} has more than one column {label!r}; give each its own name")
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(f"{name}: rows have more cells than the header has names ({len(labels)})")
    return frame
