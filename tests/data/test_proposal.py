"""Which forms are proposed for columns, and that they keep what they promise."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from test_datasets_properties import QUICK, tables

from timegan_lib import InputError, SequenceDataset, load_dataset
from timegan_lib.data import Representation, prepare, propose


def forms(data):
    """The proposed forms, which fit the data and come back."""
    found = propose(data)
    assert list(found.table.columns) == ["feature", "form", "reason"]
    assert found.table["reason"].str.len().min() > 5
    held = Representation.fit(data, found.forms)
    made = held.inverse(held.forward(data.values, data.lengths))
    np.testing.assert_allclose(made[data.mask], data.values[data.mask], rtol=1e-9, atol=1e-9)
    return found.forms


def windows(**columns):
    return SequenceDataset.from_frame(pd.DataFrame(columns), length=24)


def prices(rows=1500, seed=0):
    """A made stock: open, high, low and close of a geometric random walk, and its volume."""
    rng = np.random.default_rng(seed)
    night, day = rng.normal(0, 0.01, (2, rows))
    close = 100 * np.exp(np.cumsum(night + day))
    opened = close / np.exp(day)
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    wicks = np.maximum(rng.normal(0.004, 0.003, (2, rows)), 0)
    return {
        "Open": opened, "High": top * np.exp(wicks[0]), "Low": bottom / np.exp(wicks[1]),
        "Close": close, "Volume": np.rint(1e6 * np.exp(rng.normal(size=rows))),
    }  # fmt: skip


def plain(found):
    return {name: form.removesuffix(" as scores") for name, form in found.items()}


def test_a_trading_day():
    found = forms(load_dataset("google"))
    assert found == {
        "Open": "relative to Close as scores",
        "High": "above Open,Close as scores",
        "Low": "below Open,Close as scores",
        "Close": "log changes as scores",
        "Adj Close": "relative to Close",
        "Volume": "log as scores",
    }
    reasons = propose(load_dataset("google")).table.set_index("feature")["reason"]
    assert "never below Open and Close in 2,148 rows" in reasons["High"]
    assert "always 0.50155 times Close" in reasons["Adj Close"]
    adjusted = forms(load_dataset("ibm"))["Adj Close"]
    assert adjusted == "changes relative to Close as scores"  # a factor that moves on few days


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_made_stock_in_any_order_of_columns(seed):
    columns = prices(seed=seed)
    names = list(np.random.default_rng(seed).permutation(list(columns)))
    found = plain(forms(windows(**{name: columns[name] for name in names})))
    assert found["Close"] == "log changes" and found["Open"] == "relative to Close"
    assert sorted(found["High"].removeprefix("above ").split(",")) == ["Close", "Open"]
    assert sorted(found["Low"].removeprefix("below ").split(",")) == ["Close", "Open"]
    assert found["Volume"] == "log"


def test_weather_keeps_its_ranges():
    found = forms(load_dataset("weather"))
    for airport in ("EWR", "JFK", "LGA"):
        assert found[f"dewp_{airport}"] == f"at most temp_{airport}"
        for name in ("temp", "wind_sin", "wind_cos", "pressure"):
            assert found[f"{name}_{airport}"] == "values"
        for name in ("precip", "visib", "wind_speed"):  # heaps: no rain, clear sight, calm
            assert found[f"{name}_{airport}"] == "values as scores"


def test_storms_go_on_as_they_went():
    found = forms(load_dataset("storms"))
    assert list(found) == ["lat", "long", "wind", "pressure"]
    assert plain(found) == {
        "lat": "changes",
        "long": "changes",
        "wind": "log",
        "pressure": "values",
    }


@pytest.mark.parametrize("name", ["sines_code", "sines_paper", "ar_gaussian"])
def test_what_is_made_is_learned_as_it_is(name):
    assert set(forms(load_dataset(name, n=1000)).values()) == {"values"}


def test_words_flags_and_constants():
    rng = np.random.default_rng(0)
    data = windows(
        sky=list("aabbb") * 100, on=rng.random(500) < 0.1, still=np.full(500, 3.0),
        walk=np.cumsum(rng.normal(size=500)) - 50, x=rng.normal(size=500),
    )  # fmt: skip
    assert forms(data) == {
        "on": "values", "still": "values", "walk": "changes", "x": "values"
    }  # fmt: skip


def test_a_pair_that_never_crosses_and_one_that_never_touches():
    rng = np.random.default_rng(0)
    ask = 5 + 0.01 * np.cumsum(rng.normal(size=500))
    spread = np.maximum(rng.normal(0.01, 0.02, 500), 0.0)
    found = plain(forms(windows(ask=ask, bid=ask - spread)))
    assert found == {"ask": "log changes", "bid": "below ask"}
    found = plain(forms(windows(ask=ask, bid=(ask - spread / 2) / 1.1)))
    assert found == {"ask": "log changes", "bid": "relative to ask"}
    calm = 0.1 * np.cumsum(rng.normal(size=500))
    found = plain(forms(windows(top=calm + np.abs(rng.normal(0, 0.5, 500)), low=calm)))
    assert found["low"] == "at most top"  # which moves far more than low does
    below = {"a below": calm + np.abs(rng.normal(0, 0.5, 500)), "b": calm}
    assert forms(windows(**below))["b"] == "at most a below"
    x = rng.normal(size=500)
    found = plain(forms(windows(x=x, y=x + np.maximum(0, rng.normal(0, 3, 500)))))
    assert found["x"] == "values"  # what it is above x has nearly all of the spread of y
    found = forms(windows(f=x, c=x - 273.15))
    assert found == {"f": "values", "c": "relative to f"}


def test_short_sequences_and_what_is_no_data():
    rng = np.random.default_rng(0)
    assert forms(SequenceDataset.from_arrays(rng.normal(size=(9, 1, 2)))) == {
        "x1": "values", "x2": "values"
    }  # fmt: skip
    data = SequenceDataset.from_arrays(rng.normal(size=(3, 2, 1)))
    assert forms(data) == {"x1": "values"}
    for wrong in (data.template(), rng):
        with pytest.raises(InputError, match="give a SequenceDataset"):
            propose(wrong)


def test_what_is_constant_within_a_sequence_is_tied_to_none():
    rng = np.random.default_rng(0)
    walk = 50 + np.cumsum(rng.normal(0, 0.3, (60, 24)), axis=1) + rng.normal(0, 20, (60, 1))
    values = np.stack([walk, np.repeat(rng.normal(size=(60, 1)), 24, axis=1)], axis=2)
    assert plain(forms(SequenceDataset.from_arrays(values)))["x2"] == "values"


@QUICK
@given(tables())
def test_any_table_gets_forms_that_hold_it(made):
    frame, _, static = made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        data = SequenceDataset.from_frame(frame, time="when", group="id", static=static)
    if data.names:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            prepared = prepare(data, "propose")
        assert prepared.values.min() >= 0 and prepared.values.max() <= 1
        held = prepared.representation
        back = held.inverse(held.forward(data.values, data.lengths))
        size = np.abs(data.values[data.mask]).max()
        assert np.abs(back - data.values)[data.mask].max() <= 1e-9 * max(size, 1e-300)


def test_the_same_data_get_the_same_proposal_and_it_reads_as_a_table():
    data = windows(**prices(300))
    assert propose(data).table.equals(propose(data).table)
    lines = str(propose(data)).splitlines()
    assert len(lines) == 5 and lines[1].startswith("High    above Open,Close")
