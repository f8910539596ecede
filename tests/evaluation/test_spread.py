"""The spread over generator seeds and judge seeds, against hand-computed cases, SciPy and simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway

from timegan_lib import InputError
from timegan_lib.evaluation import spread_of_means, spread_shares

# calcium in four determinations of four leaves: Snedecor and Cochran, "Statistical Methods", 1967
LEAVES = [
    [3.28, 3.09, 3.03, 3.03],
    [3.52, 3.48, 3.38, 3.38],
    [2.88, 2.80, 2.81, 2.76],
    [3.34, 3.38, 3.23, 3.26],
]


def test_a_case_computed_by_hand():
    found = spread_shares([[1, 3], [5, 7], [9, 11]])
    # means 2, 6, 10: mean square between 2 (16 + 0 + 16) / 2 = 32, within (2 + 2 + 2) / 3 = 2
    assert (found.mean, found.within, found.between) == pytest.approx((6, 2, 15))
    assert found.share == pytest.approx(15 / 17) and found.noise == pytest.approx(1 / 16)
    assert found.interval == pytest.approx((6 - 4.302653 * 4 / 3**0.5, 6 + 4.302653 * 4 / 3**0.5))
    # F = 16 on 2 and 3: its quantiles are 16.0441 (97.5 %) and 1 / 39.1655 (2.5 %)
    assert found.share_interval[0] == pytest.approx(max(0, (16 / 16.0441 - 1) / (16 / 16.0441 + 1)))
    assert found.share_interval[1] == pytest.approx(
        (16 * 39.1655 - 1) / (16 * 39.1655 + 1), abs=1e-6
    )
    assert (found.generators, found.repeats) == (3, 2)
    assert "mean 6.000 [-3.937, 15.937] over 3 generators" in str(found)
    assert "between generators 3.873, between repeats of one 1.414: 88% [0%, 100%]" in str(found)


def test_the_example_of_a_textbook():
    found = spread_shares(LEAVES)
    assert found.within == pytest.approx(0.0066, abs=5e-5)
    assert found.between == pytest.approx(0.0724, abs=5e-5)


def test_unequal_repeats_by_hand():
    found = spread_shares([[0, 2], [4, 5, 6, 7], [3, np.nan]])
    # n = 2, 4, 1 of 7; means 1, 5.5, 3, all 27 / 7; within (2 + 5) / 4; n0 = (7 - 21 / 7) / 2 = 2
    square = (2 * (1 - 27 / 7) ** 2 + 4 * (5.5 - 27 / 7) ** 2 + (3 - 27 / 7) ** 2) / 2
    assert found.within == pytest.approx(1.75) and found.repeats == pytest.approx(2)
    assert found.between == pytest.approx((square - 1.75) / 2)
    assert found.mean == pytest.approx(9.5 / 3)


def test_mean_squares_are_those_of_scipy():
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=n) + rng.normal() for n in (3, 8, 5, 2)]
    found = spread_shares(rows)
    ratio = 1 + found.repeats * found.between / found.within  # mean squares, between over within
    assert ratio == pytest.approx(f_oneway(*rows).statistic)


def test_a_summary_gives_the_same():
    rows = pd.DataFrame(np.random.default_rng(1).normal(size=(4, 6)), index=["a", "b", "c", "d"])
    found = spread_shares(rows)
    assert spread_of_means(rows.mean(axis=1), rows.std(axis=1), 6) == found
    kept = spread_of_means([1, 2, 4], [0.5, 0.7, np.nan], [3, 3, 1])  # one repeat has no sd
    assert kept.within == pytest.approx((0.25 + 0.49) / 2)


@pytest.mark.parametrize("between", [0.0, 0.03, 0.1])
def test_what_was_put_in_comes_out(between):
    within, generators, repeats, count = 0.05, 5, 10, 2000
    rng = np.random.default_rng(int(1000 * between))
    true = 0.2 + between * rng.normal(size=(count, generators, 1))
    tables = true + within * rng.normal(size=(count, generators, repeats))
    found = [spread_shares(table) for table in tables]
    assert np.mean([s.within for s in found]) == pytest.approx(within**2, rel=0.02)
    if between:  # at 0, half of the estimates are cut off at 0
        assert np.mean([s.between for s in found]) == pytest.approx(between**2, rel=0.07)
    share = between**2 / (between**2 + within**2)
    for name, truth in (("interval", 0.2), ("share_interval", share)):
        ends = np.array([getattr(s, name) for s in found])
        held = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
        assert held == pytest.approx(0.975 if not truth else 0.95, abs=0.02), name


def test_a_judge_that_never_wavers_leaves_all_to_the_generators():
    found = spread_shares([[1, 1], [2, 2]])
    assert (found.share, found.share_interval, found.noise) == (1, (1, 1), 0)
    same = spread_shares([[1, 1], [1, 1]])
    assert (same.share, same.share_interval, same.noise) == (0, (0, 1), 0)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (
            [[0.1, 0.2, 0.3]],
            "scores are of 1 generator; how much generators differ takes at least 2",
        ),
        ([0.1, 0.2, 0.3], "not one row for each generator"),
        ([[0.1], [0.2]], "each generator was judged once; judge at least one of them twice"),
        ([[0.1, 0.2], [np.nan, np.nan]], "no number for the generator in row 1"),
        ([[0.1, 0.2], [np.inf, 0.2]], "not finite"),
        ([[0.1, 0.2], ["good", 0.2]], "not a number"),
        (0.1, "not a number"),
    ],
)
def test_what_cannot_be_told(scores, message):
    with pytest.raises(InputError, match=message):
        spread_shares(scores)


def test_a_summary_that_does_not_fit():
    with pytest.raises(InputError, match=r"repeats=\[2.0, 2.5\] must be whole"):
        spread_of_means([1, 2], [1, 1], [2, 2.5])
    with pytest.raises(InputError, match=r"means \(2,\) and sds \(3,\)"):
        spread_of_means([1, 2], [1, 1, 1], 2)
    with pytest.raises(InputError, match=r"repeats \(3,\) must hold one number"):
        spread_of_means([1, 2], [1, 1], [2, 2, 2])
