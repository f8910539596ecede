"""The facts of prices, against SciPy and known truths."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from timegan_lib import InputError, SequenceDataset
from timegan_lib.evaluation import price_facts


def walks(seed, count):
    return np.random.default_rng(seed).normal(size=(count, 20, 1)).cumsum(axis=1)


def test_facts_of_prices_are_those_of_scipy():
    real = np.exp(walks(0, count=50) / 10)
    made = np.exp(walks(1, count=60) / 20)
    lengths = np.random.default_rng(2).integers(4, 21, 60)
    data = SequenceDataset.from_arrays(made, lengths)
    found = price_facts(real, data, "x1")
    for which, some in (
        ("real", list(real)),
        ("synthetic", [x[:n] for x, n in zip(made, lengths, strict=True)]),
    ):
        returns = [np.log(x[1:, 0] / x[:-1, 0]) for x in some]

        def follows(first, second, k, returns=returns):
            a = [v for r in returns for v in first(r)[: max(0, len(r) - k)]]
            return pearsonr(a, [v for r in returns for v in second(r)[k:]])[0]

        expected = [
            follows(np.copy, np.copy, 1),
            np.mean([follows(np.abs, np.abs, k) for k in range(1, 6)]),
            follows(np.copy, np.abs, 1),
        ]
        np.testing.assert_allclose(found.loc[("x1", which)], expected)


def test_restless_days_that_come_together_and_falls_that_make_restless():
    rng, r = np.random.default_rng(0), np.zeros((2000, 40))
    size = np.full(2000, 0.02)
    for day in range(40):
        r[:, day] = size * rng.normal(size=2000)
        size = np.sqrt(
            0.0001 + 0.2 * r[:, day] ** 2 + 0.5 * size**2 + 0.2 * r[:, day] ** 2 * (r[:, day] < 0)
        )
    prices, plain = (
        100 * np.exp(x.cumsum(axis=1))[..., None]
        for x in (r, rng.permutation(r.ravel()).reshape(r.shape))
    )
    found = price_facts(prices, plain, ["x1"])
    returns, sizes, leverage = found.loc[("x1", "real")]
    assert abs(returns) < 0.05 and sizes > 0.1 and leverage < -0.05
    assert np.abs(found.loc[("x1", "synthetic")]).max() < 0.05


def test_steps_at_values_without_a_logarithm_are_left_out():
    prices = np.exp(walks(0, count=40) / 10)
    holes = prices.copy()
    holes[3, 5], holes[7, 0] = 0.0, -2.0
    found = price_facts(prices, holes, "x1").loc[("x1", "synthetic")]
    assert np.isfinite(found).all() and not np.allclose(
        found, price_facts(prices, prices, "x1").iloc[0]
    )
    with pytest.raises(InputError, match="name='Close' is no feature"):
        price_facts(prices, prices, "Close")
