"""Properties of data sets that hold for any table: there and back, scaling, windows, the split."""

import warnings

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset

QUICK = settings(max_examples=60, deadline=None)
NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False)
KINDS = ["float", "float32", "int", "int8", "uint16", "Int64", "bool", "boolean", "text", "cat"]
LEVELS = st.sampled_from(["", "a", "b b", "=", "ü"])


@st.composite
def column(draw, rows):
    """A column of any type that can be learned, (rows,)."""
    kind = draw(st.sampled_from(KINDS))
    size = {"min_size": rows, "max_size": rows}
    if kind in ("float", "float32"):
        return pd.Series(draw(st.lists(NUMBERS, **size))).astype(kind)
    if kind in ("bool", "boolean"):
        return pd.Series(draw(st.lists(st.booleans(), **size))).astype(kind)
    if kind == "text":
        return pd.Series(draw(st.lists(LEVELS, **size)))
    if kind == "cat":
        values = draw(st.lists(st.sampled_from([3, 1, 2]), **size))
        return pd.Series(pd.Categorical(values, categories=[3, 1, 2], ordered=draw(st.booleans())))
    limits = {"int8": (-128, 127), "uint16": (0, 65535)}.get(kind, (-(2**53), 2**53))
    return pd.Series(draw(st.lists(st.integers(*limits), **size))).astype(
        {"int": "int64"}.get(kind, kind)
    )


@st.composite
def tables(draw):
    """Groups of irregular lengths in any order of columns, with a static column in some of them."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    rows = sum(sizes)
    columns = {f"c{i}": draw(column(rows)) for i in range(draw(st.integers(1, 4)))}
    names = draw(st.permutations([f"g{i}" for i in range(len(sizes))]))
    static = ()
    if draw(st.booleans()):
        each = draw(column(len(sizes)))
        columns["fixed"] = each.repeat(sizes).reset_index(drop=True)
        static = ("fixed",)
    columns["id"] = pd.Series(np.repeat(names, sizes)).astype(
        draw(st.sampled_from(["str", "category"]))
    )
    columns["when"] = pd.Series(np.concatenate([np.arange(s) for s in sizes]))
    order = draw(st.permutations(list(columns)))
    return pd.DataFrame({name: columns[name] for name in order}), sizes, static


def expected(frame, sizes):
    steps = np.concatenate([np.arange(size) for size in sizes])
    rest = frame.drop(columns=["id", "when"])
    return pd.concat([frame[["id"]], pd.Series(steps, name="step"), rest], axis=1)


@QUICK
@given(tables())
def test_a_table_comes_back_as_it_was(made):
    frame, sizes, static = made
    kept = frame.copy()
    data = SequenceDataset.from_frame(frame, time="when", group="id", static=static)
    pd.testing.assert_frame_equal(data.to_frame(), expected(frame, sizes), check_exact=True)
    pd.testing.assert_frame_equal(frame, kept)  # the caller's table is left alone
    assert data.lengths.tolist() == sizes
    assert not data.values[~data.mask].any() and not data.scaled[~data.mask].any()


@QUICK
@given(tables())
def test_scaled_data_come_back_through_like(made):
    frame, _, static = made
    data = SequenceDataset.from_frame(frame, time="when", group="id", static=static)
    exact = data.scaler.scale(data.values)
    fixed = None if data.static is None else data.static_scaler.scale(data.static)
    back = data.like(exact, data.lengths, fixed).to_frame()
    for name in frame.columns.drop(["id", "when"]):
        if frame[name].dtype.kind == "f":
            span = float(frame[name].max()) - float(frame[name].min())
            np.testing.assert_allclose(back[name], frame[name], rtol=1e-6, atol=1e-12 * span)
        elif frame[name].dtype.kind == "b" or not pd.api.types.is_numeric_dtype(frame[name]):
            pd.testing.assert_series_equal(back[name], frame[name])
        else:  # whole numbers up to 2**53, to the precision of float64
            np.testing.assert_allclose(
                back[name].astype(float), frame[name].astype(float), 1e-12, 4
            )
        assert back[name].dtype == frame[name].dtype


@QUICK
@given(st.integers(2, 40), st.integers(1, 40), st.integers(1, 5))
def test_windows_of_one_column_are_the_rows(rows, length, stride):
    frame = pd.DataFrame({"x": np.arange(rows, dtype=float)})
    if length > rows:
        try:
            SequenceDataset.from_frame(frame, length=length)
        except InputError:
            return
        raise AssertionError("more rows than there are")
    data = SequenceDataset.from_frame(frame, length=length, stride=stride)
    assert data.values.shape == ((rows - length) // stride + 1, length, 1)
    np.testing.assert_array_equal(
        data.values[:, :, 0], np.arange(0, rows - length + 1, stride)[:, None] + np.arange(length)
    )
    assert len(data.to_frame()) == data.values.size


@QUICK
@given(
    arrays(np.float64, (4, 3, 2), elements=st.floats(-1e150, 1e150)),
    arrays(np.int64, 4, elements=st.integers(1, 3)),
)
def test_scaling_keeps_the_ends_and_the_unit_interval(values, lengths):
    data = SequenceDataset.from_arrays(values, lengths)
    valid = data.values[data.mask]
    assert data.scaled.min() >= 0 and data.scaled.max() <= 1
    ends = data.scaler.inverse(data.scaler.scale([valid.min(axis=0), valid.max(axis=0)]))
    np.testing.assert_array_equal(ends, [valid.min(axis=0), valid.max(axis=0)])
    constant = valid.min(axis=0) == valid.max(axis=0)
    assert not data.scaled[:, :, constant].any()
    inner = data.like(np.full((1, 3, 2), 0.3)).values[0]
    assert (inner[:, constant] == valid[0, constant]).all()


@QUICK
@given(st.integers(1, 12), st.integers(150, 400), st.integers(2, 6), st.integers(4, 30))
def test_the_split_keeps_its_distance(length, rows, held_out, blocks):
    data = SequenceDataset.from_frame(pd.DataFrame({"x": np.arange(rows) * 1.5}), length=length)
    try:
        train, rest = data.split(held_out, blocks)
    except InputError as error:
        assert "no sequence is left" in str(error)
        return
    distance = np.abs(train.start[:, None] - rest.start)
    assert (distance - length >= length).all()  # rows between the end of one and the next begin
    both = np.concatenate([train.start, rest.start])
    assert len(np.unique(both)) == len(both)


@QUICK
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=12, max_size=40), st.integers(1, 4)
)
def test_no_missing_value_is_left_and_none_is_invented(cells, max_gap):
    frame = pd.DataFrame({"x": pd.Series(cells, dtype="float64")})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            data = SequenceDataset.from_frame(
                frame, length=4, missing="interpolate", max_gap=max_gap
            )
        except InputError:
            return
    known = frame["x"].to_numpy()
    rows = data.values[:, :, 0]
    source = known[data.start[:, None] + np.arange(4)]
    np.testing.assert_array_equal(rows[~np.isnan(source)], source[~np.isnan(source)])
    assert rows.min() >= np.nanmin(known) and rows.max() <= np.nanmax(known)
    for window, line in zip(source, rows, strict=True):
        assert np.isnan(window).sum() <= max_gap or max_gap < 4  # a longer gap would not fit
        assert (line == np.rint(line)).all()
