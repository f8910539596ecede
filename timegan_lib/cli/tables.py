"""The data that a command line names: a shipped data set, or a table as its options say to read it.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd

from timegan_lib.cli.options import LENGTH, setting
from timegan_lib.config import InputError
from timegan_lib.data import DATASETS, SequenceDataset, load_dataset
from timegan_lib.data.csv_files import Dialect, read_csv

READING = (
    "length", "time", "group", "static", "categorical", "missing", "max_gap", "stride", "max_length",
)  # fmt: skip


def read_data(name: str, options: argparse.Namespace) -> SequenceDataset:
    """A shipped data set by its name, or a table from a CSV file. Raises InputError."""
    if name in DATASETS:
        return load_dataset(
            name, **(_given(options) | dict(setting(text, "--option") for text in options.option))
        )
    if options.option:
        raise InputError(f"--option {options.option[0]} is for shipped data sets; {name} is a file")
    words = [*(options.categorical or ()), *(options.group or ())]
    return from_frame(read_csv(name, dialect(options), words), options)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    return {key: value for key in READING if (value := getattr(options, key)) is not None}


def from_frame(frame: pd.DataFrame, options: argparse.Namespace) -> SequenceDataset:
    """A table with the roles of its columns and the windows that the options name. Raises InputError."""
    given = _given(options)
    if "length" not in given and "group" not in given:
        given["length"] = LENGTH
    return SequenceDataset.from_frame(frame, **given)


def dialect(options: argparse.Namespace) -> Dialect:
    """How the file is written, as the options say. Raises InputError."""
    return Dialect(
        options.separator, options.decimal, options.thousands, options.encoding, options.header,
        options.missing_mark,
    )  # fmt: skip
