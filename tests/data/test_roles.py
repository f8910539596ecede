"""Which column plays which part: index levels, several keys, what to_frame() wrote, and lines that help."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from timegan_lib import InputError, SequenceDataset

ROWS = 30


def table(value=0.0, rows=ROWS):
    dates = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.DataFrame(
        {"date": dates, "load": value + np.arange(rows) / 8, "temp": np.arange(rows) % 7}
    )


def stations(**named):
    parts = {name: table(100 * k).set_index("date") for k, name in enumerate("AB")}
    return pd.concat(parts, **named)


def quiet(frame, length=10, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SequenceDataset.from_frame(frame, length=length, **options)


def lines(frame, length=10, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        SequenceDataset.from_frame(frame, length=length, **options)
    return [str(warning.message) for warning in caught]


# ---- the index ----


def test_levels_of_an_index_are_group_and_time():
    for frame, options in (
        (stations(names=["station"]), {}),
        (stations(), {}),
        (stations(names=["station"]), {"group": "station"}),
        (stations(names=["station"]), {"time": "date"}),
        (stations(names=["station"]).reset_index("station"), {"group": "station"}),
        (stations(names=["station"]).reset_index().set_index(["station", "date"], drop=False), {}),
    ):
        data = quiet(frame, **options)
        assert len(data) == 2 * (ROWS - 10 + 1) and set(data.group) == {"A", "B"}
        assert np.ptp(data.feature("load"), axis=1).max() < 50  # no window crosses
        assert data.table.time == "date" and data.names == ("load", "temp")


@pytest.mark.parametrize("order", ["forward", "backward", "shuffled"])
def test_an_index_of_dates_is_the_time(order):
    frame = table()
    frame = {
        "forward": frame,
        "backward": frame[::-1],
        "shuffled": frame.sample(frac=1, random_state=0),
    }[order]
    for indexed in (
        frame.set_index("date"),
        frame.assign(date=frame["date"].astype(str)).set_index("date"),
    ):
        if order == "shuffled":
            with pytest.raises(InputError, match="time='date' is out of order"):
                quiet(indexed)
        else:
            assert any("runs backward" in line for line in lines(indexed)) == (order == "backward")


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (
            stations(names=["station"]).set_index("temp", append=True),
            {},
            "levels 'station', 'temp' have no part",
        ),
        (
            table().set_index(["temp", "date"]).rename_axis(["a", "b"]),
            {"group": "load"},
            "'a' have no part",
        ),
        (
            table().assign(s=["A"] * 15 + ["B"] * 15).set_index("s"),
            {},
            "the index 's' repeats itself",
        ),
        (table().rename_axis("date"), {"time": "day"}, "time='day' is no column"),
    ],
)
def test_a_level_without_a_part_is_named(frame, options, said):
    with pytest.raises(InputError, match=said):
        quiet(frame, **options)


def test_row_numbers_out_of_order_are_said():
    frame = table().drop(columns="date")
    assert lines(frame) == lines(frame[::2], length=4) == []
    (line,) = lines(frame.sample(frac=1, random_state=0))
    assert "not in order" in line
    assert "not in order" in lines(pd.concat([frame, frame]))[0]


# ---- several columns in one part ----


def test_two_keys_make_a_group():
    frame = table().assign(a=["u"] * 15 + ["v"] * 15, b=([1] * 8 + [2] * 7) * 2)
    data = quiet(frame, length=None, group=["a", "b"], time="date")
    assert list(data.group) == ["u, 1", "u, 2", "v, 1", "v, 2"] and list(data.lengths) == [
        8,
        7,
        8,
        7,
    ]
    assert data.to_frame()["a, b"].unique().tolist() == list(data.group)


def test_keys_that_read_alike_are_not_merged():
    frame = table().assign(a=["x, y"] * 15 + ["x"] * 15, b=["z"] * 15 + ["y, z"] * 15)
    with pytest.raises(InputError, match="read alike"):
        quiet(frame, group=["a", "b"])
    with pytest.raises(InputError, match="holds lists or dicts"):
        quiet(table().assign(a=[[1]] * ROWS), group="a", time="date")


def test_years_and_parts_of_them_make_a_time():
    frame = table().drop(columns="date")
    for part, size in (("quarter", 4), ("month", 12), ("week", 52)):
        years = {"year": 2015 + np.arange(ROWS) // size, part: 1 + np.arange(ROWS) % size}
        assert lines(frame.assign(**years), time=["year", part]) == []


def test_a_day_and_an_hour_make_a_time():
    frame, dates = table().drop(columns="date"), table()["date"]
    for hour in (dates.dt.hour, dates.dt.hour + 1):
        assert lines(frame.assign(d=dates.dt.date.astype(str), h=hour), time=["d", "h"]) == []


def test_a_day_and_a_clock_make_a_time():
    frame, dates = table().drop(columns="date"), table()["date"]
    split = frame.assign(day=dates.dt.strftime("%d.%m.%Y"), clock=dates.dt.strftime("%H:%M"))
    assert lines(split, time=["day", "clock"]) == []
    parts = frame.assign(
        Year=dates.dt.year, month=dates.dt.month, day=dates.dt.day, hour=dates.dt.hour
    )
    assert lines(parts, time=["Year", "month", "day", "hour"]) == []
    with pytest.raises(InputError, match="is no date in some row"):
        quiet(parts.assign(month=13), time=["Year", "month", "day", "hour"])


@pytest.mark.parametrize("given", [{"a"}, {"a": 1}, 1.5, [["a"]], [True]])
@pytest.mark.parametrize("part", ["time", "group", "static", "categorical"])
def test_what_is_no_name_is_refused(part, given):
    with pytest.raises(InputError, match=part):
        quiet(table(), **{part: given})


# ---- what to_frame() wrote is read again ----


def test_a_synthetic_table_can_be_trained_on():
    data = quiet(table(), time="date")
    made = data.like(data.scaled).to_frame()
    again = quiet(made, length=None, group="sequence", time="step")
    np.testing.assert_allclose(again.values, data.values, atol=1e-5)
    windows = quiet(made, length=5, group="sequence", time="step")
    assert len(windows) == len(data) * 6
    with pytest.raises(InputError, match="give group='sequence', time='step'"):
        quiet(made)


def test_dates_on_synthetic_rows():
    data = quiet(table(), time="date")
    dated = data.like(data.scaled[:3]).dated("2030-01-31 22:00", "h").to_frame()
    assert list(dated.columns) == ["sequence", "step", "date", "load", "temp"]
    assert dated["date"].iloc[[0, 9, 10]].astype(str).tolist() == [
        "2030-01-31 22:00:00", "2030-02-01 07:00:00", "2030-01-31 22:00:00",
    ]  # fmt: skip
    each = data.like(data.scaled[:2]).dated(["2030-01-01", "2031-01-01"], "B")
    assert each.to_frame()["date"].dt.year.tolist() == [2030] * 10 + [2031] * 10
    assert each.subset([1]).times[0, 0] == np.datetime64("2031-01-01")
    again = quiet(dated, length=None, group="sequence", time="date")  # `step` is no feature
    assert again.names == ("load", "temp") and len(again) == 3


@pytest.mark.parametrize(
    ("start", "freq", "said"),
    [
        ("soon", "h", "start='soon'"), ("2030-01-01", "fortnight", "freq='fortnight'"),
        ("2030-01-01", "0D", "0D"), ("01.02.2030", "D", "day or the month first"),
        ("2030-01-01", None, "go together"), (None, "h", "go together"),
        (["2030", "2031"], "h", "2 dates for 3 sequences"), ("2030-01-01 00:00+01:00", "h", "without an offset"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be(start, freq, said):
    data = quiet(table(), time="date")
    with pytest.raises(InputError, match=said):
        data.like(data.scaled[:3]).dated(start, freq)


# ---- statics, and a line on what is seldom meant ----


def people(**columns):
    parts = [
        table().assign(who=name, age=10.0 * k, sex="mf"[k % 2]) for k, name in enumerate("ABCD")
    ]
    return pd.concat(parts, ignore_index=True).assign(**columns)


def test_a_blank_cell_of_a_static_column_takes_the_value_of_its_group():
    frame = people()
    frame.loc[[0, 3, ROWS], ["age", "sex"]] = None
    data = quiet(frame, length=None, time="date", group="who", static=["age", "sex"])
    np.testing.assert_array_equal(data.static, quiet(
        people(), length=None, time="date", group="who", static=["age", "sex"]).static)  # fmt: skip
    frame.loc[5, "age"] = 99
    with pytest.raises(InputError, match="'age' varies within group 'A'"):
        quiet(frame, length=None, time="date", group="who", static=["age", "sex"])
    frame = people()
    frame.loc[frame["who"] == "B", "age"] = None
    with pytest.raises(InputError, match="'age' misses"):
        quiet(frame, length=None, time="date", group="who", static=["age", "sex"])


def test_a_forgotten_static_column_is_said():
    options = {"length": None, "time": "date", "group": "who"}
    (line,) = lines(people(height=1.5), **options)
    assert line.startswith("'age', 'sex': one value in each group")
    assert lines(people(), **options, static=["age", "sex"]) == []


def test_groups_of_one_row_are_said():
    (line,) = lines(table().assign(who=range(ROWS)), length=None, time="date", group="who")
    assert "30 of 30 groups have a single row" in line


@pytest.mark.parametrize("names", [["A"] * 15 + ["B"] * 15, ["A", "B", "C"] * 10])
def test_words_that_look_like_the_name_of_a_series_are_said(names):
    frame = table().drop(columns="date").assign(station=names)
    (line,) = lines(frame)
    assert line.startswith("column 'station' has its")
    assert lines(frame, categorical="station") == []


def test_words_that_come_and_go_are_a_feature():
    sky = np.random.default_rng(0).choice(["blue", "gray"], ROWS)
    assert lines(table().drop(columns="date").assign(sky=sky)) == []


def test_names_that_are_numbers_are_said():
    frame = table()[["load", "temp"]].set_axis(["57.1", "3"], axis=1)
    assert "column names are numbers, such as '57.1'" in lines(frame)[0]


# ---- arrays ----

VALUES = np.random.default_rng(0).normal(size=(5, 6, 2))


def test_sequences_of_unequal_length_are_padded():
    data = SequenceDataset.from_arrays([VALUES[0], VALUES[1, :4], VALUES[2, :5].tolist()])
    assert list(data.lengths) == [6, 4, 5] and not data.values[1, 4:].any()
    np.testing.assert_array_equal(data.values[2, :5], VALUES[2, :5])


def test_names_may_be_an_index():
    for names in (pd.Index(["a", "b"]), np.array(["a", "b"]), ("a", "b")):
        assert SequenceDataset.from_arrays(VALUES, names=names).names == ("a", "b")


def test_lengths_may_be_decimals_that_are_whole():
    data = SequenceDataset.from_arrays(VALUES, lengths=[4.0, 3.0, 4.0, 4.0, 2.0])
    assert list(data.lengths) == [4, 3, 4, 4, 2] and data.values.shape == (5, 4, 2)
    assert "2 to 4 steps" in repr(data)
    assert " 4 steps" in repr(SequenceDataset.from_arrays(VALUES, lengths=[4] * 5))


def test_whole_numbers_come_back_whole():
    counts = np.random.default_rng(0).poisson(5, (6, 3, 1))
    for given, dtype in (
        (counts, np.int64),
        (counts.astype(float), np.float64),
        (counts > 5, bool),
    ):
        data = SequenceDataset.from_arrays(given)
        made = data.like(data.scaled * 0.9).to_frame()["x1"]
        assert made.dtype == dtype and (made == np.rint(made)).all()
    assert (
        SequenceDataset.from_arrays(VALUES, static=[[1], [2], [3], [4], [5]]).table.columns[2].whole
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"values": [[["a"]]]}, "does not hold numbers only"),
        ({"values": [VALUES[0], VALUES[1, :, :1]]}, "list of arrays of the shapes"),
        ({"values": table()}, "is a DataFrame"),
        ({"values": {"a": 1}}, "is a dict"),
        ({"names": ["a"]}, "1 names for 2 numbers"),
        ({"names": ["a", "a"]}, "'a' more than once"),
        ({"names": "ab"}, "list of 2 names"),
        ({"names": [1.5, "a"]}, "1.5 must be text"),
        ({"lengths": [1.5] * 5}, "5 whole numbers"),
        ({"lengths": ["a"] * 5}, "lengths does not hold numbers"),
        ({"lengths": [0] * 5}, "between 1 and 6"),
        ({"lengths": 3}, "5 whole numbers"),
        ({"values": np.ma.masked_greater(VALUES, 1)}, "values is masked"),
        ({"values": VALUES.astype("M8[s]")}, "dates or complex"),
        ({"values": VALUES * 1j}, "dates or complex"),
        ({"values": np.full((3, 2, 1), 2**60)}, r"beyond 2\*\*53"),
        ({"values": [table()[["load", "temp"]], table()[["temp", "load"]]]}, "different columns"),
        ({"names": ["step", "a"]}, "'step' is a column that to_frame"),
        ({"names": [1, "1"]}, "more than once"),
        ({"static": [[1]] * 5, "static_names": ["x1"]}, "'x1' is the name of a feature too"),
        ({"static": {"a": 1}}, "static is a dict"),
        ({"static": [["x"]] * 5}, "static does not hold numbers only"),
        ({"static": [1, 2, 3, 4, 5]}, r"static has shape \(5,\)"),
    ],
)
def test_arrays_that_cannot_be_used(options, said):
    with pytest.raises(InputError, match=said) as caught:
        SequenceDataset.from_arrays(**{"values": VALUES} | options)
    assert "\n" not in str(caught.value)


def test_data_sets_can_be_copied_and_pickled():
    data = quiet(people(), length=None, time="date", group="who", static="age")
    for again in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        np.testing.assert_array_equal(again.values, data.values)
        pd.testing.assert_frame_equal(again.to_frame(), data.to_frame())


# ---- wanted statics ----


def test_statics_may_be_wanted_as_words():
    data = quiet(people(), length=None, time="date", group="who", static=["age", "sex"])
    expected = data.scale_static(pd.DataFrame({"age": [20.0] * 3, "sex": ["f"] * 3}))
    np.testing.assert_array_equal(data.scale_static({"age": "20", "sex": "f"}, 3), expected)
    more = pd.DataFrame(
        {"age": [20.0] * 3, "sex": ["f"] * 3, "load": 1.0}
    )  # a table may have others
    np.testing.assert_array_equal(data.scale_static(more), expected)
    np.testing.assert_array_equal(data.scale_static({"age": [20] * 3, "sex": ["f"] * 3}), expected)


@pytest.mark.parametrize(
    ("static", "said"),
    [
        ({"age": 20}, "static has no column 'sex'"), ({"age": "old", "sex": "f"}, "'age' is 'old'"),
        ({"age": 20, "sex": "x"}, "'x', a category the data do not have; there are f, m"),
        ({"age": 20, "sex": "f", "hat": 1}, "no static feature 'hat'"), ("age", "static is 'age'"),
        ({"age": [1, 2], "sex": ["f"]}, "static: "),
    ],
)  # fmt: skip
def test_statics_that_cannot_be_wanted(static, said):
    data = quiet(people(), length=None, time="date", group="who", static=["age", "sex"])
    with pytest.raises(InputError, match=said):
        data.scale_static(static, 2)


def test_a_wanted_static_that_was_never_seen_is_said():
    data = quiet(people(), length=None, time="date", group="who", static=["age", "sex"])
    with pytest.warns(UserWarning, match=r"'age' is 95, the training data have 0 to 30"):
        data.scale_static({"age": 95, "sex": "f"}, 2)
