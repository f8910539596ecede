"""The scores of windows that move, follow, reach far and cover: what must not change them, and the smallest data."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from test_scores import varied

from timegan_lib import InputError, SequenceDataset
from timegan_lib.evaluation import (
    coverage,
    horizon_errors,
    inside_memory_difference,
    inside_share_difference,
    lead_lag_difference,
    tail_difference,
    tails,
)

SCORES = {
    "inside memory": inside_memory_difference,
    "inside memory of sizes": lambda a, b: inside_memory_difference(a, b, sizes=True),
    "inside share": inside_share_difference,
    "lead lag": lead_lag_difference,
    "tails": tails,
    "tail difference": tail_difference,
    "coverage": lambda a, b: astuple(coverage(a, b, k=2)),
    "horizon": lambda a, b: horizon_errors(a, varied(7), b),
}
DIFFERENCES = [name for name in SCORES if name not in ("tails", "coverage")]


def scored(name, real, synthetic):
    return np.asarray(SCORES[name](real, synthetic), float)


def far(seed, **options):
    """`varied` above zero, so that there are logarithms, with enough sequences of full length."""
    return varied(seed, count=60, shift=8.0, **options)


@pytest.mark.parametrize("name", SCORES)
def test_what_stands_in_the_padding_counts_for_nothing(name):
    plain = scored(name, far(0), far(1))
    assert plain.size and np.isfinite(plain).all()
    np.testing.assert_allclose(scored(name, far(0, junk=77.0), far(1, junk=-50.0)), plain, 1e-6)


@pytest.mark.parametrize("name", SCORES)
def test_room_behind_the_longest_sequence_counts_for_nothing(name):
    plain = scored(name, far(0), far(1))
    for more in ((3, 3), (3, 0), (0, 3)):
        room = scored(name, far(0, extra=more[0]), far(1, extra=more[1]))
        np.testing.assert_allclose(room, plain, rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("shape", [(20, 2, 1), (20, 2, 2), (20, 6, 1), (2, 6, 2)])
def test_the_smallest_data_have_every_score(name, shape, monkeypatch):
    a, b, c = np.random.default_rng(0).uniform(1, 2, (3, *shape))
    monkeypatch.setitem(SCORES, "horizon", lambda x, y: horizon_errors(x, c, y))
    assert np.isfinite(scored(name, a, b)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [n for n in SCORES if n != "horizon"])
def test_a_single_step_is_no_reason_to_warn(name):
    a, b = np.random.default_rng(0).uniform(1, 2, (2, 20, 1, 2))
    assert np.isfinite(scored(name, a, b)).all()


def test_a_single_step_holds_nothing_to_forecast():
    a, b, c = np.random.default_rng(0).uniform(size=(3, 20, 1, 2))
    with pytest.raises(InputError, match="one step"):
        horizon_errors(a, b, c)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SCORES)
def test_a_constant_feature_is_no_difference(name, monkeypatch):
    a, b, c = np.random.default_rng(0).uniform(1, 2, (3, 30, 6, 3))
    for side in (a, b, c):
        side[..., 1] = 0.3
    monkeypatch.setitem(SCORES, "horizon", lambda x, y: horizon_errors(x, c, y))
    found = scored(name, a, b)
    assert np.isfinite(found).all()
    still = np.repeat(a[:, :1], 6, axis=1)
    assert np.isfinite(scored(name, still, b)).all() and np.isfinite(scored(name, a, still)).all()
    assert np.isfinite(scored(name, still, still)).all()


@pytest.mark.parametrize("name", DIFFERENCES)
def test_data_are_no_different_from_themselves(name, monkeypatch):
    data, rest = far(0), far(7)
    monkeypatch.setitem(SCORES, "horizon", lambda x, y: horizon_errors(x, rest, y)["ratio"] - 1)
    np.testing.assert_allclose(scored(name, data, data), 0, atol=1e-9)


@pytest.mark.parametrize("name", [n for n in SCORES if n != "horizon"])
def test_an_error_names_the_side_that_is_wrong(name):
    fine = SequenceDataset.from_arrays(np.random.default_rng(0).uniform(1, 2, (20, 6, 2)))
    with pytest.raises(InputError, match="synthetic data have the features x1, the real"):
        SCORES[name](fine, fine.values[..., :1])
    with pytest.raises(InputError, match="synthetic holds 1 sequences"):
        SCORES[name](fine, replace(fine.subset([0])))
