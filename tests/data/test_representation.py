"""Columns in the form in which they are learned: there and back, the rules they keep, what is refused."""

import json
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from timegan_lib import InputError, SequenceDataset, load_dataset
from timegan_lib.data.representation import Representation

DAY = {
    "Close": "log changes as scores",
    "Open": "relative to Close as scores",
    "High": "above Open,Close as scores",
    "Low": "below Open,Close as scores",
    "Adj Close": "relative to Close",
    "Volume": "log as scores",
}
IBM = {**DAY, "Adj Close": "changes relative to Close as scores"}
STORM = {"lat": "changes", "long": "changes as scores", "wind": "log as scores"}
SHIPPED = {"google": DAY, "ibm": IBM, "storms": STORM}


def back(data, forms, **keywords):
    """The representation and what it gives back of the data."""
    found = Representation.fit(data, forms)
    return found, found.inverse(found.forward(data.values, data.lengths, **keywords))


def far(made, data):
    """The largest difference at valid steps, as a share of the largest value of its feature."""
    size = np.abs(data.values[data.mask]).max(axis=0)
    return (np.abs(made - data.values)[data.mask] / np.where(size > 0, size, 1.0)).max()


def series(*columns, names=None):
    """One sequence of each row of the columns: (N, T) each."""
    return SequenceDataset.from_arrays(
        np.stack(columns, axis=2).astype(float), names=names or list("abcdef")[: len(columns)]
    )


@pytest.fixture(scope="module")
def shipped():
    return {name: load_dataset(name) for name in ("google", "ibm", "weather", "storms")}


@pytest.mark.parametrize("name", ["google", "ibm", "weather", "storms"])
def test_there_and_back_on_the_shipped_sets(shipped, name):
    data = shipped[name]
    forms = SHIPPED.get(name) or {feature: "values as scores" for feature in data.names}
    found, made = back(data, forms, seed=3)
    assert far(made, data) < 1e-12
    represented = found.forward(data.values, data.lengths)
    assert (represented[~data.mask] == 0).all()
    pd.testing.assert_frame_equal(  # whole numbers are whole, and what a table shows is as it was
        replace(data, values=made).to_frame(),
        data.to_frame(), rtol=1e-11, atol=1e-11,
    )  # fmt: skip
    whole = [str(c.label) for c in data.table.columns if c.whole and not c.static]
    for k in map(data.names.index, whole):
        assert (np.rint(made) == data.values)[data.mask][:, k].all()


@pytest.mark.parametrize("name", ["google", "weather"])
def test_held_out_data_come_back_too(shipped, name):
    train, held_out = shipped[name].split_chronological(0.6)
    forms = SHIPPED.get(name) or {n: "changes as scores" for n in train.names[:6]}
    found = Representation.fit(train, forms)
    assert (held_out.scaled > 1).any()  # beyond what was fitted
    made = found.inverse(found.forward(held_out.values, held_out.lengths))
    # an end that is an atom, as no wick at all, is the end
    kept = [k for k, (_, rest) in enumerate(found.margins) if 0.0 not in rest.slopes]
    assert len(kept) > 2
    wrong = np.abs(made - held_out.values)[:, :, kept]
    assert (wrong / np.abs(held_out.values[:, :, kept]).max()).max() < 1e-9


@pytest.mark.parametrize("ending", ["", " as scores"])
def test_rules_of_a_trading_day_cannot_be_broken(shipped, ending):
    forms = {name: form.removesuffix(" as scores") + ending for name, form in DAY.items()}
    found = Representation.fit(shipped["google"], forms)
    rng = np.random.default_rng(0)
    made = found.inverse(rng.normal(size=(10_000, 24, 6)) * rng.uniform(1, 6, (10_000, 1, 1)))
    o, h, low, c, adj, _ = np.moveaxis(made, 2, 0)
    assert (h >= np.maximum(o, c)).all() and (low <= np.minimum(o, c)).all()
    assert (made > 0).all() and np.isfinite(made).all()
    np.testing.assert_allclose(adj / c, 50.32284179174976 / 100.335, rtol=1e-14)
    assert c.max() > shipped["google"].feature("Close").max()  # beyond what it has seen
    wide = found.inverse(1e6 * rng.normal(size=(10, 500, 6)))
    assert np.isfinite(wide).all() and (wide[:, :, 1] >= wide[:, :, 3]).all()


def test_standardized_and_scores_are_near_normal(shipped):
    data = shipped["google"]
    for form in ("values", "changes", "log changes", "values as scores", "log changes as scores"):
        found = Representation.fit(data, {"Close": form}).forward(data.values, data.lengths)[
            :, :, 3
        ]
        parts = (found[:, :1], found[:, 1:]) if "changes" in form else (found,)
        for part in parts:  # a level is no change: each has its own
            assert abs(part.mean()) < 0.01 and abs(part.std() - 1) < 0.01
            if "scores" in form:
                grid = np.linspace(-2, 2, 9)
                below = [(part <= at).mean() for at in grid]
                np.testing.assert_allclose(below, norm.cdf(grid), atol=0.01)


def test_normal_scores_are_those_of_the_distribution_function():
    x = np.random.default_rng(1).exponential(size=(300, 1))
    found = Representation.fit(series(x), {"a": "values as scores"})
    ranks = (np.argsort(np.argsort(x[:, 0])) + 0.5) / 300
    made = found.forward(x[:, :, None], np.ones(300))[:, 0, 0]
    np.testing.assert_allclose(made, norm.ppf(ranks), atol=1e-9)  # every value is a knot


def test_an_atom_takes_a_range_of_scores_and_comes_back_exactly():
    rng = np.random.default_rng(0)
    x = np.where(rng.random((100, 30)) < 0.4, 0.0, rng.gamma(2.0, size=(100, 30)))
    data = series(x)
    found = Representation.fit(data, {"a": "values as scores"})
    one, other = (found.forward(data.values, data.lengths, seed=s)[:, :, 0] for s in (0, 1))
    assert (one == found.forward(data.values, data.lengths, seed=0)[:, :, 0]).all()
    assert (one != other)[x == 0].all() and (one == other)[x > 0].all()
    share = (x == 0).mean()
    assert one[x == 0].max() < norm.ppf(share) <= one[x > 0].min()
    assert abs(one.mean()) < 0.05 and abs(one.std() - 1) < 0.03
    below = np.linspace(-8, norm.ppf(share) - 1e-3, 50)[None, :, None]
    assert (found.inverse(below) == 0).all()  # exactly, and an end that is an atom is the end
    beyond = found.inverse(np.full((1, 1, 1), 6.0))
    assert beyond > x.max()  # the other end is none


@pytest.mark.parametrize("form", ["values", "values as scores"])
def test_an_end_at_which_values_pile_up_is_a_bound(form):
    rng = np.random.default_rng(0)
    piled = rng.normal(60, 30, (200, 10)).clip(0, 100)
    found = Representation.fit(series(piled), {"a": form})
    wild = found.inverse(np.linspace(-9, 9, 100)[None, :, None])
    assert wild.min() == 0 and wild.max() == 100
    found = Representation.fit(series(rng.normal(60, 30, (200, 10)) - 500), {"a": form})
    wild = found.inverse(np.linspace(-9, 9, 100)[None, :, None])
    assert wild.min() < -650 and wild.max() > -330  # nothing piles up, and there is room beyond


def test_the_place_inside_an_atom_is_kept_while_the_value_stays():
    x = np.array([[0, 0, 0, 5, 0, 0, 3, 3], [0, 4, 0, 0, 2, 1, 0, 0]] * 20, float)
    found = Representation.fit(series(x), {"a": "values as scores"})
    scores = found.forward(x[:, :, None], np.full(40, 8))[:, :, 0]
    np.testing.assert_array_equal(np.diff(scores) == 0, np.diff(x) == 0)
    assert len(np.unique(scores[x == 0])) == 2 * 20 + 3 * 20  # a new place for each stay


def test_an_end_that_is_an_atom_is_the_end():
    x = np.minimum(np.random.default_rng(0).normal(8, 3, (50, 30)), 10.0)  # sight, capped
    found = Representation.fit(series(x), {"a": "values as scores"})
    made = found.inverse(np.linspace(-6, 6, 99)[:, None, None])
    assert made.max() == 10 and (made == 10).sum() > 40 and made.min() < x.min()
    assert found.inverse(found.forward(np.full((1, 1, 1), 11.0), [1])) == 10


def test_nothing_falls_below_zero_that_never_did():
    x = np.random.default_rng(0).uniform(0.1, 5.0, (50, 20))
    for forms in ({"a": "values"}, {"a": "values as scores"}, {"a": "log as scores"}):
        found = Representation.fit(series(x), forms)
        made = found.inverse(np.linspace(-30, 30, 200)[:, None, None])
        assert (made >= 0).all() and made.max() > 5
    found = Representation.fit(series(x - 1), {"a": "values as scores"})
    assert found.inverse(np.full((1, 1, 1), -9.0)) < -1


def test_rows_in_many_windows_are_no_atoms():
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=60), "b": [0.0, 1.0] * 30})
    data = SequenceDataset.from_frame(frame, length=24)
    found = Representation.fit(data, {"a": "values as scores", "b": "values as scores"})
    (a, _), (b, _) = found.margins
    assert (a.low == a.high).all() and (b.low < b.high).all()


def test_a_constant_relation_comes_back_exactly():
    rng = np.random.default_rng(0)
    a = rng.uniform(50, 900, (40, 24)).round(2)
    forms = {"b": "relative to a"}
    written = np.round(0.5015371 * a, 6)  # its ratio varies in the ninth digit, by rounding alone
    found, made = back(series(a, written), forms)
    assert (found.forward(series(a, written).values, np.full(40, 24))[:, :, 1] == 0).all()
    assert (made[:, :, 1] == written).all() and found.decimals == (None, 6)
    real = 0.5015371 * a * (1 + 1e-7 * rng.normal(size=a.shape))  # as narrow, but no rounding
    for values in (real, real.round(9)):
        found, made = back(series(a, values), forms)
        assert found.forward(series(a, values).values, np.full(40, 24))[:, :, 1].std() > 0.9
        np.testing.assert_allclose(made[:, :, 1], values, rtol=1e-12)
    _, made = back(series(a, np.full_like(a, 7.0)), {"b": "values as scores"})
    assert (made[:, :, 1] == 7).all()


@pytest.mark.parametrize("form", ["changes", "log changes", "changes as scores"])
def test_long_sums_do_not_drift(form):
    steps = np.random.default_rng(0).normal(0.0, 0.02, (30, 500))
    data = series(np.exp(5 + np.cumsum(steps, axis=1)))
    _, made = back(data, {"a": form})
    np.testing.assert_allclose(made, data.values, rtol=1e-11)


def test_lengths_only_valid_steps_count():
    rng = np.random.default_rng(0)
    parts = [rng.gamma(2.0, size=(n, 1)) for n in rng.integers(1, 9, 60)]
    data = SequenceDataset.from_arrays(parts)
    found, made = back(data, {"x1": "log changes as scores"})
    assert far(made, data) < 1e-12
    flat = np.concatenate([np.diff(np.log(p[:, 0])) for p in parts])
    assert found.margins[0][1].values[[0, -1]] == pytest.approx([flat.min(), flat.max()])
    longer = np.pad(data.values, ((0, 0), (0, 5), (0, 0)), constant_values=-1.0)
    again = found.inverse(found.forward(longer, data.lengths))
    np.testing.assert_allclose(again[:, :8][data.mask], data.values[data.mask], rtol=1e-12)
    ones = SequenceDataset.from_arrays(rng.normal(size=(5, 1, 1)))
    assert far(back(ones, {"x1": "changes"})[1], ones) < 1e-12  # no change at all


def test_categories_stay_as_they_are():
    frame = pd.DataFrame({"a": np.arange(40.0), "sky": ["clear", "rain", "rain", "fog"] * 10})
    data = SequenceDataset.from_frame(frame, length=8)
    _, made = back(data, {"a": "changes", "sky": "values"})
    assert far(made, data) < 1e-12
    for name in ("sky", "sky=rain"):
        with pytest.raises(InputError, match="category"):
            Representation.fit(data, {name: "values as scores"})
    with pytest.raises(InputError, match="no feature with numbers"):
        Representation.fit(data, {"a": "above sky=rain"})


def test_references_are_computed_first_and_names_may_hold_commas():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(30, 9))
    data = series(base + 2, base, base + 1, names=["a", "b, c", "d"])
    forms = {"a": "above d, b, c", "d": "relative to b, c", "b, c": "changes"}
    with pytest.raises(InputError, match="no feature with numbers"):
        Representation.fit(data, forms)
    found, made = back(data, {**forms, "a": "above b, c as scores"})
    assert far(made, data) < 1e-12
    assert found.describe()["a"] == "above b, c as scores"


@pytest.mark.parametrize(
    ("forms", "said"),
    [
        ({"a": "log"}, "'a' cannot be learned as 'log': a = -1 in sequence 1, step 2"),
        ({"b": "above a,c"}, "'b'.*'above a,c': b = 2 in sequence 0, step 0 is below a or c"),
        ({"b": "below a"}, "'b'.*: b = 3 in sequence 0, step 1 is above a.*'relative to a'"),
        ({"b": "at most a"}, "'b'.*'at most a': b = 3 in sequence 0, step 1 is above a"),
        ({"a": "relative to b", "b": "relative to a"}, "circle: a -> b -> a"),
        ({"a": "relative to a"}, "circle: a -> a"),
        ({"d": "log"}, "'d' is no feature; there are a, b, c"),
        ({"a": "logs"}, "'logs' is no form.*log changes"),
        ({"a": "above z"}, "names 'z'.*a, b, c"),
        ({"a": "relative to b,c"}, "2 features; one is needed"),
        ({"a": 3}, "must be"),
        (["a"], "give a dict"),
    ],
)
def test_what_cannot_be_is_refused(forms, said):
    a = [[3.0, 2.0, 5.0], [1.0, 1.0, -1.0]]
    b = [[2.0, 3.0, 4.0], [2.0, 3.0, 4.0]]
    c = [[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]]
    with pytest.raises(InputError, match=said):
        Representation.fit(series(*map(np.array, (a, b, c))), forms)


@pytest.mark.parametrize(("form", "worst"), [("at least b", np.maximum), ("at most b", np.minimum)])
def test_a_value_with_a_bound_is_learned_as_it_is_and_comes_back_inside(form, worst):
    a, b = np.random.default_rng(0).normal(size=(2, 50, 8))
    data = series(worst(a, b), b)
    found = Representation.fit(data, {"a": form})
    plain = Representation.fit(data, {})
    np.testing.assert_array_equal(
        found.forward(data.values, data.lengths), plain.forward(data.values, data.lengths)
    )
    made = found.inverse(np.random.default_rng(1).normal(size=(99, 8, 2)))
    np.testing.assert_array_equal(made[..., 0], worst(*np.moveaxis(made, 2, 0)))
    assert 0.2 < (made[..., 0] == made[..., 1]).mean() < 0.8


def test_new_data_that_a_form_cannot_hold_are_refused():
    a = np.array([[1.0, 2.0, 3.0]])
    found = Representation.fit(series(a, a + 1), {"b": "above a", "a": "log"})
    for values, said in (((0.0, 1.0), "is not above 0"), ((2.0, 1.0), "is below a")):
        with pytest.raises(InputError, match=said):
            found.forward(np.array([[values]]), [1])
    with pytest.raises(InputError, match=r"\(N, T, 2\) is needed"):
        found.forward(a, [1])


def test_it_is_kept_as_plain_values(shipped):
    data = shipped["ibm"].subset(slice(0, 200))
    found = Representation.fit(data, IBM, seed=5)
    again = Representation.from_dict(json.loads(json.dumps(found.to_dict())))
    represented = found.forward(data.values, data.lengths)
    assert (again.forward(data.values, data.lengths) == represented).all()
    assert (again.inverse(represented) == found.inverse(represented)).all()
    assert again.to_dict() == found.to_dict() and again.describe() == IBM


# a ratio of more than e^600 is no number of a table
NUMBERS = st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-200 else 0.0)
PARTS = ["values", "changes", "log", "log changes", "relative to c", "changes relative to c"]


@settings(max_examples=150, deadline=None)
@given(
    arrays(float, (4, 7, 2), elements=NUMBERS | st.sampled_from([0.0, 1.0, -2.0])),
    st.lists(st.integers(1, 7), min_size=4, max_size=4),
    st.sampled_from([*PARTS, "above c", "below c", "at least c", "at most c"]),
    st.sampled_from(["", " as scores"]),
    st.booleans(),
)
def test_there_and_back_whatever_the_data(values, lengths, form, ending, positive):
    a, c = np.moveaxis(np.abs(values) + 0.5 if positive or "log" in form else values, 2, 0)
    bounds = {"above": np.maximum, "at le": np.maximum, "below": np.minimum, "at mo": np.minimum}
    a = bounds.get(form[:5], lambda x, _: x)(a, c)
    data = SequenceDataset.from_arrays(np.stack([a, c], 2), lengths, names=["a", "c"])
    found, made = back(data, {"a": form + ending, "c": "values" + ending})
    # what is written as a difference is as exact as the larger of the two
    size = np.abs(data.values[data.mask]).max()
    assert np.abs(made - data.values)[data.mask].max() <= 1e-9 * max(size, 1e-300)
    assert (found.forward(data.values, data.lengths)[~data.mask] == 0).all()
