"""Tables from CSV files in the usual dialects, and a word on files that are something else.

What pandas would mend or misread without a word is an error here: columns without names, a first row of
data taken for names, a dot between thousands taken for a decimal point, a foreign encoding.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.data.roles import is_number
from timegan_lib.data.shipped import DATASETS
from timegan_lib.data.times import read_times
from timegan_lib.messages import warn

SEPARATORS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "space": r"\s+",
    "pipe": "|",
}
GUESSED = (";", "\t", "|")  # where a header has no comma
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
UNPACK = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
CODE = r"0\d+|\d+[eE]\d+"  # 01234 and 1E5 are codes, where a column holds words
FOREIGN = {  # the first bytes of files that pandas has another function for
    b"PAR1": ("a Parquet", "read_parquet"),
    b"ARROW1": ("a Feather", "read_feather"),
    b"\x89HDF": ("an HDF5", "read_hdf"),
    b"\xd0\xcf\x11\xe0": ("an Excel", "read_excel"),
}
MODEL, RUN, TABLE = "model", "run", "table"


def kind_of(path: str | Path) -> str:
    """What a path holds, by its content: MODEL, RUN (a folder) or TABLE. Raises InputError for others."""
    path = Path(path)
    if path.is_dir():
        return RUN
    try:
        with open(path, "rb") as stream:
            begin = stream.read(4096)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    for mark, (name, function) in FOREIGN.items():
        if begin.startswith(mark):
            raise InputError(_other(path, name, function))
    if begin.startswith(b"PK"):
        if b"xl/" in begin or b"[Content_Types].xml" in begin or path.suffix.lower() == ".xlsx":
            raise InputError(_other(path, "an Excel", "read_excel"))
        if b".opendocument.spreadsheet" in begin:
            raise InputError(_other(path, "an OpenDocument", "read_excel"))
        return TABLE if path.suffix.lower() == ".zip" else MODEL
    return TABLE


def _other(path: Path, name: str, function: str) -> str:
    return (
        f"{path} is {name} file: save it as CSV, or in Python read it with pandas.{function} and pass the "
        "frame to SequenceDataset.from_frame"
    )


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written. None: as pandas would guess, and refused where that may be wrong.

    separator   one character, or a word of SEPARATORS; None: a comma, or what the header has instead
    decimal     "." or ","; thousands: "," "." "'" or a space, checked for groups of three
    encoding    None: UTF-8, or UTF-16 with its mark
    header      True: the first row holds the names; False: there are none; None: it must not look like
                a row of data
    marks       what stands for a missing value beside the empty cell
    """

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    header: bool | None = None
    marks: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("decimal", self.decimal, ".,"),
            ("thousands", self.thousands, ".,' \u00a0\u202f’_"),
        ):
            if value is not None and (len(value) != 1 or value not in known):
                raise InputError(f"{name} {value!r} must be one of {' '.join(known).strip()}")
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise InputError(
                f"decimal and thousands are both {self.thousands!r}; give --decimal too"
            )
        if (
            self.separator is not None
            and self.separator not in SEPARATORS
            and len(self.separator) != 1
        ):
            words = ", ".join(SEPARATORS)
            raise InputError(
                f"separator {self.separator!r} must be one character, or one of {words}"
            )
        if self.encoding is not None:
            try:
                "a".encode(self.encoding)
            except (LookupError, UnicodeError):
                raise InputError(
                    f"encoding {self.encoding!r} is not known; usual ones are utf-8, cp1252, latin-1, utf-16"
                ) from None


def read_csv(name: str, dialect: Dialect | None = None, words: Sequence[Any] = ()) -> pd.DataFrame:
    """The table in a CSV file; columns named in `words` keep the zeros that their codes begin with.

    Raises InputError, naming the column or the option that would do.
    """
    dialect = dialect or Dialect()
    if not Path(name).exists():
        known = ", ".join(DATASETS)
        raise InputError(f"there is no file {name!r}, and it is not one of the data sets {known}")
    if Path(name).is_dir() or kind_of(name) == MODEL:
        raise InputError(f"{name} is not readable as a table: it is a folder or a model")
    content = _content(name)
    how = _reading(name, content, dialect)
    first = None if dialect.header is False else 0

    def table(header: int | None = first, **options: Any) -> pd.DataFrame:
        return pd.read_csv(io.BytesIO(content), header=header, **options, **how)

    try:
        head = table(None, nrows=1, dtype=str, keep_default_na=False)
        frame = table(
            low_memory=False, na_values=list(dialect.marks or ()), decimal=dialect.decimal or ".",
            thousands=dialect.thousands,
        )  # fmt: skip
        text = pd.DataFrame()
        if len(frame):
            text = table(dtype=str, keep_default_na=False)
    except UnicodeError as error:
        raise InputError(
            f"{name} is not written in {how.get('encoding', 'UTF-8')} ({error}); give --encoding, such as "
            "cp1252, latin-1 or utf-16"
        ) from None
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{name} is not readable as a table: {reason}") from None
    labels = [label.strip() for label in head.iloc[0]]
    if dialect.header is False:
        frame.columns = pd.Index([f"x{k + 1}" for k in range(frame.shape[1])])
        labels = list(frame.columns)
    else:
        _check_header(name, labels, frame, text, dialect)
        if [str(label).strip() for label in frame.columns] == labels:
            frame.columns = pd.Index(labels)
    fields = len(labels[0].split())
    if frame.shape[1] == 1 and fields > 1 and len(frame):
        rows = text.iloc[:, 0]
        if all(len(row.split()) == fields for row in rows):
            raise InputError(f"{name}: spaces seem to separate its cells; give --separator space")
    if text.shape == frame.shape:
        text.columns = frame.columns
        _check_numbers(name, frame, text, dialect)
        for column in words:
            if column in frame and text[column].str.fullmatch(CODE).any():
                frame[column] = text[column].mask(frame[column].isna())
    return frame


def first_row(name: str) -> list[str]:
    """The cells of the first row of a file with commas, such as this library writes."""
    lines = _content(name)[: 2**16].decode("utf-8-sig", errors="replace").splitlines()
    return next(csv.reader(lines), [])


def _content(name: str) -> bytes:
    """The bytes of a file, unpacked where its name says that they are packed."""
    suffix = Path(name).suffix.lower()
    if suffix in (".zst", ".tar", ".tgz", ".7z", ".rar"):
        raise InputError(f"{name} is packed in a way that is not read here; unpack it first")
    try:
        packed = Path(name).read_bytes()
        if suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                return archive.read(archive.namelist()[0])
        return UNPACK[suffix](packed) if suffix in UNPACK else packed
    except (
        OSError,
        EOFError,
        IndexError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
    ) as error:
        raise InputError(f"{name} is not readable: {error}") from None


def _reading(name: str, content: bytes, dialect: Dialect) -> dict[str, Any]:
    """Separator and encoding for pandas: given, or as the first bytes and the header show them."""
    how: dict[str, Any] = {}
    if dialect.encoding is not None:
        how["encoding"] = dialect.encoding
    begin = content[: 2**16]
    for mark, encoding in BOMS.items():
        if begin.startswith(mark):
            how.setdefault("encoding", encoding)
    if b"\0" in begin and "encoding" not in how:
        raise InputError(
            f"{name} holds null bytes: is it a table? Give --encoding utf-16, or another file"
        )
    separator = dialect.separator
    if separator is None:
        lines = begin.decode(how.get("encoding", "utf-8"), errors="replace").splitlines()[:20]
        separator = _guessed_separator(name, [re.sub(r'"[^"]*"', "", line) for line in lines])
    if separator is not None:
        how["sep"] = SEPARATORS.get(separator, separator)
        if len(how["sep"]) == 1 and how["sep"] in ' "':
            how["sep"] = r"\s+"
    return how


def _guessed_separator(name: str, lines: list[str]) -> str | None:
    """What stands in the header where a comma does not, or as often in every line."""
    found = [mark for mark in GUESSED if lines and mark in lines[0]]
    if len(found) == 1 and "," not in lines[0]:
        return found[0]
    for mark in found:
        if len(lines) > 1 and len({line.count(mark) for line in lines[:-1]}) == 1:
            raise InputError(
                f"{name}: its cells may be separated by commas or by {mark!r}; give --separator"
            )
    return None


def _check_header(
    name: str, labels: list[str], frame: pd.DataFrame, text: pd.DataFrame, dialect: Dialect
) -> None:
    """Names are there, each once, for each cell of a row, and are no row of data."""
    if text.shape[1] == len(labels) and (again := (text == labels).all(axis=1)).any():
        raise InputError(
            f"{name}: row {int(again.to_numpy().argmax()) + 1} repeats the header, as in files that were "
            "joined; delete it"
        )
    data = [] if dialect.header else _cells_like_data(labels, frame)
    if data:
        shown = ", ".join(map(repr, data[:3]))
        raise InputError(
            f"{name}: its first row holds {shown}, like the rows below: if it is data, give --no-header; if "
            "these are the names, give --header"
        )
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


def _cells_like_data(labels: list[str], frame: pd.DataFrame) -> list[str]:
    """The names that are numbers or dates as the cells below them; or all, if all are words from below."""
    if not isinstance(frame.index, pd.RangeIndex) or frame.shape[1] != len(labels):
        return [label for label in labels if _is_written_number(label)]
    found, words = [], []
    for label, column in zip(labels, frame.columns, strict=True):
        known = frame[column].dropna()
        if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
            found += [label] if _is_written_number(label) else []
        elif len(known) and _is_date(label) and _is_date(str(known.iloc[0])):
            found.append(label)
        elif len(known) and (known.astype(str) == label).any() and known.nunique() > 1:
            words.append(label)
    return found or (words if len(words) == len(labels) else [])


def _is_written_number(text: str) -> bool:
    """Whether it reads as a number in some dialect, such as 2,5 or 1'000."""
    ungrouped = re.sub(r"(?<=\d)[.'’_\s](?=\d{3}(?!\d))", "", text)
    return is_number(ungrouped.replace(",", "."))


def _is_date(text: str) -> bool:
    if not re.search(r"\d.*\D.*\d", text):
        return False
    try:
        return read_times(pd.Series([text]), "header").dtype.kind == "M"
    except InputError:
        return False


def _check_numbers(name: str, frame: pd.DataFrame, text: pd.DataFrame, dialect: Dialect) -> None:
    """Marks between thousands stand where they belong, and a dot that may be one is not guessed at."""
    decimal = re.escape(dialect.decimal or ".")
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            continue
        cells = text[column].str.strip()
        if dialect.thousands is not None:
            mark = re.escape(dialect.thousands)
            marked = cells[cells.str.contains(mark)]
            good = rf"[-+]?\d{{1,3}}({mark}\d{{3}})+({decimal}\d*)?"
            bad = marked[~marked.str.fullmatch(good)]
            if len(marked) and len(bad) == len(marked):  # dates, versions: no numbers at all
                frame[column] = text[column].mask(frame[column].isna())
                continue
            if len(bad):
                raise InputError(
                    f"{name}: column {column!r} holds {bad.iloc[0]!r}, where {dialect.thousands!r} does not "
                    "stand between thousands; give --decimal and --thousands as the file has them"
                )
        elif dialect.decimal is None and (cells.str.contains(".", regex=False)).any():
            dotted = cells.str.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}")
            bare = cells.str.fullmatch(r"[-+]?\d{1,3}")
            if not (dotted | bare | (cells == "")).all():
                continue
            example = cells[dotted].iloc[0]
            said = (
                f"{name}: column {column!r} holds {example!r} and the like: if the dot stands between "
                "thousands, give --thousands . --decimal ,; if it is a decimal point, --decimal ."
            )
            if bare.any():
                raise InputError(said)
            warn(said)
