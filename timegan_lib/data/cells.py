"""What the cells of one column are: numbers, whole numbers, true and false, categories, or none of these.

Numbers in other clothes (12,5 or 1,234.50 or 15% or 10 kW) are no categories: they are refused, with
the cells that cannot be read and what would read them. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.data.columns import LARGEST_WHOLE, Column, Label

MOST_CATEGORIES = 20  # text with more different values than this must be declared categorical
TIMES = ("date", "datetime", "datetime64", "timedelta", "timedelta64", "period", "time")
NUMBERS = ("decimal", "integer", "floating", "mixed-integer-float", "complex")  # as objects
SPACE = "\u0020\u00a0\u202f"
CLOTHES = re.compile(
    rf"""(?P<open>\()?(?P<sign>[-+\u2212])?(?P<before>[€$£¥])?[{SPACE}]?
    (?P<core>\d{{1,3}}(?P<mark>[.,'’{SPACE}])\d{{3}}(?:(?P=mark)\d{{3}})*(?:[.,]\d+)?  # 1,234,567.8
      |\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)                                               # 12.5  12,5  1e3
    [{SPACE}]?(?P<unit>[^\W\d_][^\W\d_]{{0,4}}|[%‰€$£¥]|°\w?|[^\W\d_]{{1,4}}(?:/|\u00b7)[^\W\d_]{{1,3}}[²³\d]?)?
    (?P<close>\))?""",
    re.X,
)
DATES = r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}([./-])\d{1,2}\2(\d{4}|\d{2})( .*)?"
ORDINALS = ("st", "nd", "rd", "th")  # 1st is a word
SAID = {
    "decimal": "a decimal comma? Read the table with decimal=',' (pandas.read_csv; in a terminal --decimal ,)",
    "thousands": "marks between thousands? Read the table with thousands={mark!r}{and_decimal} "
    "(pandas.read_csv; in a terminal --thousands {mark!r}{and_option})",
    "either": "a decimal comma, or thousands? Read the table with decimal=',' or thousands=',' "
    "(pandas.read_csv; in a terminal --decimal , or --thousands ,)",
    "unit": "write the numbers without {unit!r}, such as frame[{label!r}].str.replace({unit!r}, '')"
    ".astype(float)",
    "sign": "write negative numbers with a plain minus, as -12.5",
}


def describe(series: pd.Series, label: Label, declared: bool | None) -> Column:
    """What a column holds. `declared`: the user's word on being categorical, None for none."""
    label = label if isinstance(label, str) else int(label)
    dtype, known = series.dtype, series.dropna()
    types = pd.api.types
    if len(known) == 0:
        raise InputError(f"frame: column {label!r} holds no value at all; drop it")
    if types.is_object_dtype(dtype):
        _refuse_containers(known, label)
    inferred = types.infer_dtype(known)
    if declared or isinstance(dtype, pd.CategoricalDtype):
        return _category(known, label)
    if types.is_bool_dtype(dtype) or inferred == "boolean":
        return Column(label, str(dtype), "flag")
    if dtype.kind in "mM" or isinstance(dtype, pd.PeriodDtype) or inferred in TIMES:
        raise InputError(f"frame: column {label!r} holds times; name it in time= or drop it")
    if types.is_complex_dtype(dtype) or inferred == "complex":
        raise InputError(f"frame: column {label!r} holds complex numbers; split or drop it")
    if types.is_numeric_dtype(dtype) or inferred in NUMBERS:
        return _number(known, label)
    text = known.astype(str).str.strip()
    if text.str.fullmatch(DATES).all():
        raise InputError(
            f"frame: column {label!r} holds dates as text (such as {text.iloc[0]!r}); name it in time= or drop "
            "it, or list it in categorical="
        )
    _refuse_disguised_numbers(text, label)
    if declared is False or known.nunique() > MOST_CATEGORIES:
        raise InputError(
            f"frame: column {label!r} is text with {known.nunique()} different values (such as "
            f"{known.iloc[0]!r}); list it in categorical=, name it in time= or group=, or drop it"
        )
    return _category(known, label)


def _number(known: pd.Series, label: Label) -> Column:
    try:
        numbers = known.to_numpy(dtype=np.float64)
    except OverflowError:
        raise InputError(f"frame: column {label!r} holds numbers that are too large") from None
    whole = bool(np.all(np.isfinite(numbers)) and np.all(numbers == np.rint(numbers)))
    integer = pd.api.types.infer_dtype(known) == "integer"
    if integer and np.abs(numbers).max() > LARGEST_WHOLE:
        raise InputError(f"frame: column {label!r} holds whole numbers beyond 2**53; scale it")
    dtype = str(getattr(known.dtype, "subtype", known.dtype))  # of a sparse column, its own
    if pd.api.types.is_object_dtype(known.dtype):
        dtype = "int64" if pd.api.types.infer_dtype(known) == "integer" else "float64"
    return Column(label, dtype, whole=whole)


def _category(known: pd.Series, label: Label) -> Column:
    """A categorical column: its levels in pandas' own order if it has one, else sorted."""
    if isinstance(known.dtype, pd.CategoricalDtype):
        levels, ordered = list(known.cat.categories), bool(known.cat.ordered)
    else:
        levels, ordered = list(known.unique()), False
    levels = [level.item() if isinstance(level, np.generic) else level for level in levels]
    odd = [level for level in levels if not isinstance(level, str | int | float)]
    if odd:
        raise InputError(
            f"frame: column {label!r} has the category {odd[0]!r}; use text or numbers instead"
        )
    if not isinstance(known.dtype, pd.CategoricalDtype):
        levels.sort(key=lambda level: (isinstance(level, str), level))
    return Column(label, str(known.dtype), "category", levels=tuple(levels), ordered=ordered)


def _refuse_containers(known: pd.Series, label: Label) -> None:
    for cell in known:
        if isinstance(cell, list | tuple | dict | set | np.ndarray | pd.Series | bytes):
            raise InputError(
                f"frame: column {label!r} holds a {type(cell).__name__} in a cell ({cell!r:.40}); a cell "
                "must be one number or one word: give each part a column of its own"
            )


def _refuse_disguised_numbers(text: pd.Series, label: Label) -> None:
    """Raise InputError where text is mostly numbers, plain or in other clothes."""
    counts = text.value_counts()  # each different cell once
    values = pd.Series(counts.index, index=counts.index)
    plain = pd.to_numeric(values, errors="coerce").notna()
    dressed = {cell: found for cell in values[~plain] if (found := _clothes(cell))}
    numeric = plain | values.isin(list(dressed))
    if counts[numeric].sum() <= 0.5 * len(text) and numeric.sum() <= (~numeric).sum():
        return
    if not numeric.any():
        return
    start = f"frame: column {label!r} holds numbers written as text"
    otherwise = "or list it in categorical="
    if plain.all():
        raise InputError(f"{start}; convert it with pandas.to_numeric, {otherwise}")
    if dressed:
        common = max(dressed, key=lambda cell: counts[cell])
        kinds = set(dressed.values())
        kind = dressed[common]
        if kinds == {"decimal", "either"} or kinds == {"thousands", "either"}:
            kind = (kinds - {"either"}).pop()
        common = next(cell for cell in dressed if dressed[cell] == kind)
        advice = SAID[kind].format(label=label, **_words(common))
        unread = values.isin(list(dressed))
    else:
        advice = (
            "correct them, or say that they stand for a missing value (pandas.read_csv(..., "
            "na_values=[...]); in a terminal --missing-mark)"
        )
        unread = ~plain
    shown = ", ".join(f"{cell!r}" for cell in values[unread][:3])
    amount = int(counts[unread].sum())
    raise InputError(
        f"{start}: {amount:,} of {len(text):,} cannot be read, such as {shown}; {advice}, {otherwise}"
    )


def _clothes(cell: str) -> str | None:
    """What keeps a cell from being read as a number: a key of SAID, or None if it is none."""
    found = CLOTHES.fullmatch(cell)
    if not found or (found["open"] is None) != (found["close"] is None):
        return None
    core, mark = found["core"], found["mark"]
    if found["unit"] in ORDINALS:
        return None
    if found["unit"] or found["before"]:
        return "unit"
    if found["open"] or found["sign"] == "\u2212":
        return "sign"
    if mark is None:
        return "decimal" if "," in core else None
    if mark == "," and core.count(",") == 1 and "." not in core:
        return "either"  # 1,234
    return "thousands"


def _words(cell: str) -> dict[str, str]:
    """What the advice names of a cell: its unit, its mark between thousands, its decimal mark."""
    found = CLOTHES.fullmatch(cell)
    mark = (found["mark"] if found else None) or ""
    comma = mark != "," and found is not None and "," in found["core"]
    return {
        "unit": (found["unit"] or found["before"] or "") if found else "",
        "mark": mark,
        "and_decimal": ", decimal=','" if comma else "",
        "and_option": " --decimal ," if comma else "",
    }
