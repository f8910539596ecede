"""The interval of a ratio of errors: by hand, by how often it holds the true ratio, and in a report's words."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from timegan_lib import ar_gaussian, load_dataset
from timegan_lib.evaluation import forecast_scores
from timegan_lib.evaluation.exchange import stretch_rows, stretches
from timegan_lib.evaluation.interval import FEWEST, _ratio, ratio_interval
from timegan_lib.evaluation.scores import forecasting


def blocks_of(count, size):
    return np.split(np.arange(count * size), count)


def test_the_logarithm_of_a_ratio_and_its_error_by_hand():
    """Sums 12 / 8; off by 2 - 1.5, 4 - 4.5, 6 - 6 of means 4."""
    found, error = _ratio(np.array([[[2.0, 4, 6]], [[1.0, 3, 4]]]))
    assert found[0] == pytest.approx(np.log(1.5))
    assert error[0] == pytest.approx(np.sqrt((0.25 + 0.25) / 6) / 4)


def test_what_is_drawn_are_whole_blocks():
    """Rows inside a block cancel, so nothing is left to differ; other blocks of them do differ."""
    below = np.ones(40)
    above = np.tile([1.0, 2], 20)
    assert ratio_interval(above, below, blocks_of(20, 2)) == pytest.approx((1.5, 1.5))
    low, high = ratio_interval(np.repeat([1.0, 2], 20), below, blocks_of(20, 2))
    assert low < 1.35 and high > 1.65
    order = np.random.default_rng(0).permutation(40)
    rows = [np.flatnonzero(np.isin(order, block)) for block in blocks_of(20, 2)]
    assert ratio_interval(above[order], below, rows) == pytest.approx((1.5, 1.5))


def test_of_many_blocks_it_is_that_of_a_normal():
    rng = np.random.default_rng(0)
    below = rng.uniform(1, 2, 900)
    above = 1.2 * below + rng.normal(0, 0.1, 900)
    found, error = (float(part[0]) for part in _ratio(np.stack([above, below])[:, None]))
    expected = np.exp(found + error * np.array([-1.96, 1.96]))
    got = ratio_interval(above, below, blocks_of(900, 1))
    np.testing.assert_allclose(got, expected, atol=0.1 * (expected[1] - expected[0]))
    flipped = ratio_interval(below, above, blocks_of(900, 1))
    np.testing.assert_allclose(np.divide(1, flipped)[::-1], got, rtol=1e-3)


def test_few_blocks_and_no_error_at_all_have_none():
    ones = np.ones(10)
    assert np.isnan(ratio_interval(ones[:8], ones[:8], blocks_of(FEWEST - 1, 2))).all()
    assert np.isnan(ratio_interval(ones, 0 * ones, blocks_of(5, 2))).all()
    assert np.isnan(ratio_interval(0 * ones, ones, blocks_of(5, 2))).all()
    assert ratio_interval(ones, ones, blocks_of(5, 2)) == (1.0, 1.0)


@pytest.mark.parametrize(("count", "least"), [(12, 0.90), (40, 0.92)])
def test_it_holds_the_true_ratio_nearly_as_often_as_it_says(count, least):
    """Stormy and calm blocks of six windows that err alike: 400 cases, within 99 % of a binomial."""
    rng, held, cases = np.random.default_rng(count), 0, 400
    for _ in range(cases):
        level = rng.gamma(2, 0.5, count)
        sums = [level * rng.gamma(8, 1 / 8, count) for _ in range(2)]
        above, below = (
            np.repeat(side, 6) * rng.gamma(20, 1 / 20, 6 * count)
            for side in (1.2 * sums[0], sums[1])
        )
        low, high = ratio_interval(above, below, blocks_of(count, 6), draws=400)
        held += low < 1.2 < high
    assert binom.ppf(0.005, cases, least) <= held <= binom.ppf(0.995, cases, 0.96)


def test_stretches_are_all_rows_once_and_as_many_as_are_counted():
    train, held_out = load_dataset("google").split()
    for data in (train, held_out, load_dataset("weather", stride=5), ar_gaussian(9, 6, 2)):
        rows = stretch_rows(data)
        assert len(rows) == stretches(data) and all(len(part) for part in rows)
        np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(len(data)))


def test_forecasts_bring_the_interval_of_their_ratio():
    """From the errors of each sequence, whose sums are the MAE of the table."""
    sides = [ar_gaussian(n=n, length=5, features=2, seed=k) for k, n in enumerate((60, 30, 60))]
    found = forecast_scores(*sides, repeats=1, steps=20, progress=False)
    low, high = found.interval
    mae = found.table["MAE"]
    assert low < mae["TSTR"] / mae["TRTR"] < high
    _, _, each = forecasting._errors(sides[1].scaled[:, :-1], sides[1])
    mean, _, _ = forecasting._errors(sides[1].scaled[:, :-1], sides[1])
    assert each.shape == (30,) and each.sum() / 120 == pytest.approx(mean.mean())
    few = sides[1].subset(slice(0, 4))
    assert np.isnan(
        forecast_scores(sides[0], few, sides[2], repeats=1, steps=2, progress=False).interval
    ).all()


def test_errors_of_a_sequence_are_over_its_own_steps():
    data = ar_gaussian(n=3, length=4, features=2)
    data = replace(data, lengths=np.array([4, 2, 3]))
    size = np.abs(np.diff(data.scaled, axis=1)).mean(axis=2)
    expected = [size[0].sum(), size[1, :1].sum(), size[2, :2].sum()]
    found = forecasting._errors(data.scaled[:, :-1], data)[2]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
