"""Cells: numbers in other clothes are no words, and what cannot be read is shown."""

import decimal
import re

import numpy as np
import pandas as pd
import pytest

from timegan_lib import InputError, SequenceDataset

LOAD = 50 + 20 * np.sin(np.arange(60) / 4)


def data(cells, **options):
    frame = pd.DataFrame({"hour": range(len(cells)), "load": list(cells)})
    return SequenceDataset.from_frame(frame, length=4, time="hour", **options)


def dressed(form, scale=1.0):
    return [form(scale * value) for value in LOAD]


def german(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


CLOTHES = {  # the cells, and what the message must say of them
    "decimal comma": (dressed(lambda v: f"{v:.2f}".replace(".", ",")), ["50,00", "decimal=','"]),
    "few decimal commas": (
        dressed(lambda v: f"{round(v, -1):.1f}".replace(".", ",")),
        ["--decimal ,"],
    ),
    "thousands": (dressed(lambda v: f"{v:,.2f}", 1000), ["50,000.00", "thousands=','"]),
    "thousands only": (dressed(lambda v: f"{v:,.0f}", 1000), ["decimal=',' or thousands=','"]),
    "German": (
        dressed(german, 1000),
        ["thousands='.', decimal=','", "--thousands '.' --decimal ,"],
    ),
    "Swiss": (dressed(lambda v: f"{v:,.0f}".replace(",", "'"), 1000), ['thousands="\'"']),
    "French": (dressed(lambda v: f"{v:,.0f}".replace(",", "\u202f"), 1000), ["thousands="]),
    "percent": (dressed(lambda v: f"{v:.1f}%"), ["%'", "without '%'"]),
    "few percents": (dressed(lambda v: f"{v:.0f} %"), ["without '%'"]),
    "unit": (dressed(lambda v: f"{v:.1f} kW"), ["without 'kW'", "str.replace('kW', '')"]),
    "few units": (dressed(lambda v: f"{round(v, -1):.0f}kW"), ["without 'kW'"]),
    "degrees": (dressed(lambda v: f"{v:.1f} °C"), ["without '°C'"]),
    "speed": (dressed(lambda v: f"{v:.1f} km/h"), ["without 'km/h'"]),
    "euros": (dressed(lambda v: f"€{v:.2f}"), ["without '€'"]),
    "accounting": (dressed(lambda v: f"({v:.2f})"), ["plain minus"]),
    "a typographic minus": (dressed(lambda v: f"\u2212{v:.2f}"), ["plain minus"]),
    "plain": (dressed(lambda v: f"{v:.2f}"), ["pandas.to_numeric"]),
}


@pytest.mark.parametrize("case", CLOTHES)
def test_numbers_in_other_clothes_are_refused(case):
    cells, words = CLOTHES[case]
    with pytest.raises(InputError, match="column 'load' holds numbers written as text") as caught:
        data(cells)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)
    assert (
        data(cells, categorical="load").table.columns[0].kind == "category"
    )  # the user's word counts


@pytest.mark.parametrize("mark", ["M", "#DIV/0!", "-", "1,234.5", "load", "n.v."])
def test_the_culprits_are_shown_and_counted(mark):
    cells = [mark if k in (17, 30) else round(value, 2) for k, value in enumerate(LOAD)]
    with pytest.raises(
        InputError, match=f"2 of 60 cannot be read, such as {re.escape(repr(mark))};"
    ):
        data(cells)


def test_marks_may_be_most_of_the_cells():
    cells = ["M"] * 40 + [f"{k}" for k in range(5)] * 4
    with pytest.raises(InputError, match=r"40 of 60 cannot be read, such as 'M'.*na_values"):
        data(cells)


@pytest.mark.parametrize(
    "words",
    [["calm", "gale"], ["1st", "2nd"], ["low", "5", "high"], ["0-10", "10-20"], ["A1", "B2"]],
)
def test_words_stay_words(words):
    assert data((words * 30)[:60]).names == tuple(f"load={word}" for word in sorted(set(words)))


@pytest.mark.parametrize("cell", [[1, 2], (1,), {"a": 1}, {1}, np.array([1.0]), b"1"])
def test_a_cell_that_holds_many_things_is_refused(cell):
    with pytest.raises(InputError, match=f"'load' holds a {type(cell).__name__} in a cell"):
        data([cell] * 60)


def test_numbers_as_objects_are_numbers():
    assert data([decimal.Decimal("0.5")] * 30 + [decimal.Decimal("1.5")] * 30).values.max() == 1.5
    frame = data(pd.Series([1, 2] * 30, dtype=object)).to_frame()
    assert frame["load"].dtype == np.int64


def test_dates_as_objects_are_dates():
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%y %H:%M"):
        few = [date.strftime(form) for date in pd.date_range("2024", periods=12)] * 5
        with pytest.raises(InputError, match="'load' holds dates as text"):
            data(few)
    with pytest.raises(InputError, match="'load' holds times"):
        data(pd.Series([date.date() for date in pd.date_range("2024", periods=60)], dtype=object))


def test_sparse_columns_come_back_dense():
    frame = data(pd.arrays.SparseArray([0, 1] * 30)).to_frame()
    assert frame["load"].dtype == np.int64


@pytest.mark.parametrize("cells", [[10**400] * 60, [10**25] * 60])
def test_numbers_that_are_too_large_are_refused(cells):
    with pytest.raises(InputError, match=r"too large|beyond 2\*\*53"):
        data(pd.Series(cells, dtype=object))


def test_categories_of_two_kinds_are_refused():
    with pytest.raises(InputError, match="has the category Timestamp"):
        data(pd.Series([pd.Timestamp("2024"), 3] * 30, dtype=object), categorical="load")
