"""Numbers that a user hands over: arrays or lists of them, lengths, static features, names.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from timegan_lib.config import InputError
from timegan_lib.data.columns import LARGEST_WHOLE, RESERVED, Column, Table
from timegan_lib.data.scaling import Floats

Ints = NDArray[np.int64]
DTYPES = {"b": "bool", "i": "int64", "u": "int64"}  # others are float64


def read_numbers(
    values: Any, lengths: ArrayLike | None, static: Any, names: Sequence[str] | None,
    static_names: Sequence[str] | None,
) -> tuple[Floats, Ints, Floats | None, Table]:  # fmt: skip
    """Values (N, T, D) up to the longest sequence, lengths (N,), static (N, Ds) or None, and columns.

    Sequences of unequal length are padded. Raises InputError.
    """
    numbers, kind, found = _stacked(values)
    if numbers.ndim != 3 or 0 in numbers.shape:
        raise InputError(f"values has shape {numbers.shape}; (N, T, D) is needed, none of them 0")
    count, most, width = numbers.shape
    if found is not None and lengths is not None:
        raise InputError("lengths is given, but values is a list of sequences that have their own")
    full = _lengths(lengths, count, most) if found is None else found
    most = int(full.max())
    numbers = numbers[:, :most]
    rows = numbers[np.arange(most) < full[:, None]]
    columns = _columns("names", names, [f"x{k + 1}" for k in range(width)], rows, kind)
    if static is None:
        return numbers, full, None, Table(columns)
    if isinstance(static, pd.DataFrame) and static_names is None:
        static_names = list(static.columns)
    fixed, kind = _array("static", static)
    if fixed.ndim != 2 or len(fixed) != count:
        raise InputError(f"static has shape {fixed.shape}; ({count}, Ds) is needed")
    default = [f"s{k + 1}" for k in range(fixed.shape[1])]
    columns += _columns("static_names", static_names, default, fixed, kind, static=True)
    labels = [str(column.label) for column in columns]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise InputError(f"static_names: {twice[0]!r} is the name of a feature too; rename one")
    return numbers, full, fixed, Table(columns)


def _stacked(values: Any) -> tuple[Floats, str, Ints | None]:
    """(N, T, D) numbers, their kind, and the lengths if the sequences are unequal."""
    if isinstance(values, pd.DataFrame):
        raise InputError("values is a DataFrame; read it with SequenceDataset.from_frame")
    if not isinstance(values, list | tuple):
        return *_array("values", values), None
    named = {tuple(part.columns) for part in values if isinstance(part, pd.DataFrame)}
    if len(named) > 1:
        raise InputError(
            "values is a list of tables with different columns; give each the same, in order"
        )
    parts = [_array(f"values[{k}]", part) for k, part in enumerate(values)]
    shapes = {part.shape for part, _ in parts}
    kind = "f" if len({kind for _, kind in parts}) != 1 else parts[0][1]
    if len(shapes) == 1:
        return np.stack([part for part, _ in parts]), kind, None
    widths = {shape[1:] for shape in shapes}
    if any(len(shape) != 2 or 0 in shape for shape in shapes) or len(widths) != 1:
        shown = ", ".join(map(str, sorted(shapes)[:3]))
        raise InputError(
            f"values is a list of arrays of the shapes {shown}; each must be (its length, D), D the same"
        )
    lengths = np.array([len(part) for part, _ in parts], np.int64)
    stacked = np.zeros((len(parts), lengths.max(), *widths.pop()))
    for row, (part, _) in zip(stacked, parts, strict=True):
        row[: len(part)] = part
    return stacked, kind, lengths


def _array(name: str, given: Any) -> tuple[Floats, str]:
    """As float64, and the letter of its own type. Text and objects raise InputError."""
    if isinstance(given, Mapping | str):
        raise InputError(f"{name} is a {type(given).__name__}; give an array of numbers")
    if np.ma.is_masked(given):
        raise InputError(f"{name} is masked somewhere; fill what is missing, or leave it out")
    try:
        array = np.asarray(given)
        kind = array.dtype.kind
        if kind in "mMc":
            raise TypeError("it holds dates or complex numbers")
        if (
            kind in "iu"
            and array.size
            and max(abs(int(array.min())), int(array.max())) > LARGEST_WHOLE
        ):
            raise InputError(f"{name} holds whole numbers beyond 2**53; scale it")
        return array.astype(np.float64), kind
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name} does not hold numbers only ({error!s:.80}); text and dates go in by a table: "
            "SequenceDataset.from_frame"
        ) from None


def _lengths(lengths: ArrayLike | None, count: int, most: int) -> Ints:
    """(N,) whole numbers from 1 to T; 20.0 counts as one."""
    if lengths is None:
        return np.full(count, most, np.int64)
    given, kind = _array("lengths", lengths)
    if given.shape != (count,) or kind == "b" or not (given == np.rint(given)).all():
        raise InputError(f"lengths={lengths!r} must hold {count} whole numbers")
    if given.min() < 1 or given.max() > most:
        raise InputError(
            f"lengths={lengths!r} must hold {count} whole numbers between 1 and {most}"
        )
    return given.astype(np.int64)


def _columns(
    argument: str, names: Any, default: list[str], rows: Floats, kind: str, static: bool = False
) -> tuple[Column, ...]:
    """A column for each number; whole where it holds nothing but whole numbers."""
    given = default if names is None else names
    if isinstance(given, str | Mapping) or not hasattr(given, "__iter__"):
        raise InputError(f"{argument} is {given!r}; give a list of {len(default)} names")
    labels = [label.item() if isinstance(label, np.generic) else label for label in given]
    if len(labels) != len(default):
        raise InputError(f"{argument} has {len(labels)} names for {len(default)} numbers a step")
    for label in labels:
        if isinstance(label, bool) or not isinstance(label, str | int):
            raise InputError(f"{argument}: {label!r} must be text or a whole number")
    for label in labels:
        if label in RESERVED:
            raise InputError(f"{argument}: {label!r} is a column that to_frame() writes; rename it")
    words = [str(label) for label in labels]
    if twice := [label for label in labels if words.count(str(label)) > 1]:
        raise InputError(f"{argument} has {twice[0]!r} more than once; give each its own name")
    finite = np.isfinite(rows).all(axis=0)
    whole = finite & (rows == np.rint(rows)).all(axis=0)
    flag = "flag" if kind == "b" else "number"
    return tuple(
        Column(label, DTYPES.get(kind, "float64"), flag, bool(is_whole), static)
        for label, is_whole in zip(labels, whole, strict=True)
    )
