"""The data that a command line names: a shipped data set, or a table as its options say to read it.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import pandas as pd

from timegan_lib.cli.options import LENGTH, setting
from timegan_lib.config import InputError
from timegan_lib.data import DATASETS, Proposal, SequenceDataset, load_dataset, propose
from timegan_lib.data.csv_files import Dialect, read_csv

READING = (
    "length", "time", "group", "static", "categorical", "missing", "max_gap", "stride", "max_length",
)  # fmt: skip

GIVEN = "as you say"  # why a column has the form that the line names


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


def forms(words: Sequence[str], data: SequenceDataset, said: bool = False) -> dict[str, str] | None:
    """The forms that --represent names: propose, or column=form, or both; said: print them and why.

    None where it is not given. Raises InputError.
    """
    found: dict[str, tuple[str, str]] = {}
    if "propose" in words:
        table = propose(data).table
        found = {name: (form, why) for name, form, why in table.itertuples(index=False)}
    for word in words:
        if word != "propose":
            name, form = _named(word, data.names)
            if found.get(name, ("", ""))[1] == GIVEN:
                raise InputError(f"--represent names {name!r} more than once")
            found[name] = form, GIVEN
    if said and found:
        print(Proposal.of(found), flush=True)
    return {name: form for name, (form, _) in found.items()} if words else None


def _named(word: str, names: Sequence[str]) -> tuple[str, str]:
    """Column and form of a word; a column's name may hold the sign too. InputError."""
    if "=" not in word:
        raise InputError(
            f"--represent {word}: write propose, or column=form, such as 'Close=log changes'"
        )
    whole = [name for name in names if word.startswith(f"{name}=")]
    name = max(whole, key=len) if whole else word.partition("=")[0]
    return name, word.removeprefix(f"{name}=")


def dialect(options: argparse.Namespace) -> Dialect:
    """How the file is written, as the options say. Raises InputError."""
    return Dialect(
        options.separator, options.decimal, options.thousands, options.encoding, options.header,
        options.missing_mark,
    )  # fmt: skip
