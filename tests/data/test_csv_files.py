"""CSV files in every usual dialect: read as they are meant, or refused with the option that helps."""

import csv
import io
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from timegan_lib import InputError
from timegan_lib.data.csv_files import MODEL, RUN, TABLE, Dialect, kind_of, read_csv

TABLE_TEXT = "day,load,sky\n2024-01-01,1.5,gray\n2024-01-02,2.25,blue\n2024-01-03,,gray\n"


def write(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return str(path)


def read(path, **dialect):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_csv(str(path), Dialect(**dialect))


def test_a_plain_file_is_read_as_pandas_reads_it(tmp_path):
    file = write(tmp_path / "t.csv", TABLE_TEXT)
    pd.testing.assert_frame_equal(read(file), pd.read_csv(file))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_separator_is_seen_in_the_header(tmp_path, separator):
    file = write(tmp_path / "t.csv", TABLE_TEXT.replace(",", separator))
    pd.testing.assert_frame_equal(read(file), pd.read_csv(io.StringIO(TABLE_TEXT)))
    words = {";": "semicolon", "\t": "tab", "|": "pipe"}
    pd.testing.assert_frame_equal(read(file, separator=words[separator]), read(file))


def test_any_run_of_spaces_separates(tmp_path):
    file = write(tmp_path / "t.txt", "a   b\n1   2.5\n10  3.5\n")
    assert read(file, separator="space").to_dict("list") == {"a": [1, 10], "b": [2.5, 3.5]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_the_usual_encodings(tmp_path, encoding):
    file = write(tmp_path / "t.csv", "größe,où\n1,2\n3,4\n", encoding)
    if encoding in ("cp1252", "latin-1"):
        with pytest.raises(InputError, match="give --encoding, such as cp1252"):
            read(file)
        assert list(read(file, encoding=encoding)) == ["größe", "où"]
    else:
        assert list(read(file)) == ["größe", "où"]


@pytest.mark.parametrize("number", ["-1'000", "1 000", "12.345.678", "1_000", "2’000"])
def test_a_first_row_of_grouped_numbers_is_said_too(tmp_path, number):
    file = write(tmp_path / "t.csv", f"{number},gray\n0,gray\n0,gray\n")
    mark = re.search(r"[^-\d]", number)[0]
    decimal = "," if mark == "." else "."
    with pytest.raises(InputError, match="--no-header"):
        read(file, thousands=mark, decimal=decimal, separator=",")
    assert list(read(write(tmp_path / "u.csv", "sensor 100,b\n1,2\n3,4\n"))) == ["sensor 100", "b"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("50.25,22.6\n51.5,21.1\n", "'50.25', '22.6'"),
        ("2024-01-01,3.5\n2024-01-02,4.5\n", "'2024-01-01', '3.5'"),
        ("2024-01-01 00:00,gray\n2024-01-01 01:00,blue\n", "'2024-01-01 00:00'"),
        ("gray,calm\ngray,gale\nblue,calm\n", "'gray', 'calm'"),
        ("gray,3\nblue,4\n", "'3'"),
    ],
)
def test_a_first_row_like_all_others_is_said(tmp_path, text, shown):
    file = write(tmp_path / "t.csv", text)
    with pytest.raises(InputError, match=f"first row holds {shown}.*--no-header.*--header"):
        read(file)
    assert len(read(file, header=False)) == len(read(file, header=True)) + 1
    assert list(read(file, header=False)) == ["x1", "x2"]


def test_years_may_be_names(tmp_path):
    file = write(tmp_path / "t.csv", "city,2023,2024\nRome,1,2\nOslo,3,4\n")
    with pytest.raises(InputError, match="'2023', '2024'"):
        read(file)
    assert list(read(file, header=True)) == ["city", "2023", "2024"]


@pytest.mark.parametrize(
    ("text", "dialect", "said"),
    [
        ("a,b\n1,2\na,b\n3,4\n", {}, "row 2 repeats the header"),
        ("a,,b\n1,2,3\n", {}, "column 2 has no name"),
        ("a,a\n1,2\n", {}, "more than one column 'a'"),
        ("a,b\n1,2,3\n", {}, "more cells than the header"),
        ("a;b\n1.234;2\n999;3\n", {}, r"'1.234'.*--thousands \. --decimal ,"),
        ("a;b\n1,234;2\n1,5;2\n", {"thousands": ","}, "',' does not stand between thousands"),
        (
            "a;b\n1.234;2\n1.5;2\n",
            {"thousands": ".", "decimal": ","},
            "'.' does not stand between thousands",
        ),
        ("a,b\n1,2\n", {"decimal": "x"}, "decimal 'x'"),
        ("a,b\n1,2\n", {"thousands": "12"}, "thousands '12'"),
        ("a,b\n1,2\n", {"thousands": "."}, "both '.'"),
        ("a,b\n1,2\n", {"separator": "much"}, "separator 'much'"),
        ("a,b\n1,2\n", {"encoding": "klingon"}, "encoding 'klingon'"),
        (b"a\0b\n1\0", {}, "null bytes"),
        ("", {}, "not readable as a table"),
    ],
)
def test_what_would_be_misread_is_refused(tmp_path, text, dialect, said):
    file = write(tmp_path / "t.csv", text)
    with pytest.raises(InputError, match=said) as caught:
        read(file, **dialect)
    assert "\n" not in str(caught.value)


def test_thousands_are_read_where_they_are_said(tmp_path):
    file = write(tmp_path / "t.csv", "a;b\n1.234;2,5\n999;1.000,25\n12.345.678;0\n")
    found = read(file, thousands=".", decimal=",")
    assert found.to_dict("list") == {"a": [1234, 999, 12345678], "b": [2.5, 1000.25, 0]}


def test_three_decimals_everywhere_are_doubted_aloud(tmp_path):
    file = write(tmp_path / "t.csv", "a\n1.234\n5.678\n")
    with pytest.warns(UserWarning, match="if the dot stands between thousands"):
        assert read_csv(file)["a"].tolist() == [1.234, 5.678]
    assert read(file, decimal=".")["a"].tolist() == [1.234, 5.678]


def test_dates_beside_thousands_stay_text(tmp_path):
    rows = "".join(f"{day:02}.01.2024;1.{100 + day},5\n" for day in range(1, 29))
    found = read(write(tmp_path / "t.csv", f"d;p\n{rows}"), thousands=".", decimal=",")
    assert found["d"].iloc[0] == "01.01.2024" and found["p"].iloc[0] == 1101.5


def test_codes_keep_their_zeros_where_they_are_words(tmp_path):
    file = write(tmp_path / "t.csv", "zip,id,x\n01234,1E5,01\n56789,100000,02\n")
    found = read_csv(file, words=["zip", "id"])
    assert found["zip"].tolist() == ["01234", "56789"] and found["id"].tolist() == ["1E5", "100000"]
    assert found["x"].tolist() == [1, 2]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_packed_files_are_unpacked(tmp_path, suffix):
    expected = pd.read_csv(io.StringIO(TABLE_TEXT))
    file = tmp_path / f"t.csv{suffix}"
    expected.to_csv(file, index=False, sep=";")
    pd.testing.assert_frame_equal(read(file), expected)
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(InputError, match="is not readable"):
        read(file)


def test_cells_between_spaces_are_seen(tmp_path):
    with pytest.raises(InputError, match="--separator space"):
        read(write(tmp_path / "t.csv", "t  v\n0  1.5\n1  2.5\n"))


# ---- what a file is, by its content ----


def test_content_decides_and_not_the_name(tmp_path):
    np.savez(tmp_path / "m.csv.npz", a=1)
    (tmp_path / "m.csv.npz").rename(tmp_path / "m.csv")
    write(tmp_path / "S.CSV", TABLE_TEXT)
    write(tmp_path / "s.timegan", TABLE_TEXT)
    kinds = {"m.csv": MODEL, "S.CSV": TABLE, "s.timegan": TABLE, ".": RUN}
    assert {name: kind_of(tmp_path / name) for name in kinds} == kinds


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        (b"PAR1....", "a Parquet file.*pandas.read_parquet"),
        (b"\x89HDF\r\n", "an HDF5 file.*read_hdf"),
        (b"\xd0\xcf\x11\xe0rest", "an Excel file.*read_excel"),
        (b"PK\x03\x04....[Content_Types].xml", "an Excel file: save it as CSV, or in Python"),
    ],
)
def test_files_of_other_programs_are_named(tmp_path, begin, said):
    (tmp_path / "t.bin").write_bytes(begin)
    for call in (kind_of, read_csv):
        with pytest.raises(InputError, match=said):
            call(str(tmp_path / "t.bin"))


# ---- any dialect: read as meant, or refused ----

WORDS = st.sampled_from(["gray", "blue", "Müller & Söhne", 'say "so"', "a;b", "a,b", "x y"])
NAMES = ["wind", "load (kW)", "größe"]


@st.composite
def written(draw):
    """A table, and the text of it in some dialect: (numbers, words, text, options, encoding)."""
    rows = draw(st.integers(3, 12))
    decimals = draw(st.integers(0, 3))
    large = draw(st.sampled_from([9, 999, 99_999, 9_999_999]))
    whole = st.integers(-large * 10**decimals, large * 10**decimals)
    numbers = [[draw(whole) / 10**decimals for _ in range(rows)] for _ in range(2)]
    words = [draw(WORDS) for _ in range(rows)]
    decimal = draw(st.sampled_from([".", ","]))
    thousands = draw(st.sampled_from([None, None, ".", ",", "'", " "]))
    thousands = None if thousands == decimal else thousands
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    header = draw(st.booleans())
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))

    def number(value):
        text = f"{value:,.{decimals}f}"
        marks = {",": thousands or "", ".": decimal}
        return "".join(marks.get(sign, sign) for sign in text)

    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator="\n")
    if header:
        writer.writerow(NAMES)
    for row in zip(*numbers, words, strict=True):
        writer.writerow([number(row[0]), number(row[1]), row[2]])
    options = {"separator": separator, "decimal": decimal, "thousands": thousands}
    options |= {"encoding": encoding, "header": header}
    return numbers, words, stream.getvalue(), options, encoding


def is_meant(frame, numbers, words):
    return (
        len(frame) == len(words)
        and [*map(list, frame.iloc[:, :2].to_numpy(object).T)] == numbers
        and frame.iloc[:, 2].tolist() == words
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(written())
def test_a_dialect_that_is_said_is_read_as_it_is_meant(tmp_path_factory, case):
    numbers, words, text, options, encoding = case
    file = write(tmp_path_factory.mktemp("dialect") / "t.csv", text, encoding)
    assert is_meant(read_csv(file, Dialect(**options)), numbers, words)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    written(), st.sets(st.sampled_from(["separator", "decimal", "thousands", "encoding", "header"]))
)
def test_a_dialect_that_is_not_said_is_refused_or_read_as_it_is_meant(
    tmp_path_factory, case, left_out
):
    """Never misread: from the file to a data set, with some of the options left out."""
    from timegan_lib import SequenceDataset

    numbers, words, text, options, encoding = case
    file = write(tmp_path_factory.mktemp("dialect") / "t.csv", text, encoding)
    options = {key: None if key in left_out else value for key, value in options.items()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = read_csv(file, Dialect(**options))
            columns = list(frame.columns)
            data = SequenceDataset.from_frame(frame, length=2, categorical=columns[2:])
        except InputError as error:
            assert "\n" not in str(error)
            return
    if any("between thousands" in str(warning.message) for warning in caught):
        return  # said aloud
    assert is_meant(frame, numbers, words)
    np.testing.assert_array_equal(data.values[:, 0, 0], numbers[0][:-1])
