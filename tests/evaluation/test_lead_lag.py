"""One feature after another, against SciPy and hand-made cases."""

import numpy as np
import pytest
from scipy.stats import pearsonr
from test_scores import literal, varied

from timegan_lib import ar_gaussian
from timegan_lib.evaluation import lead_lag, lead_lag_difference
from timegan_lib.evaluation.companions import time_reversed


def by_scipy(sequences):
    """Correlations of each change with the next one."""
    changes = [np.diff(x, axis=0) for x in sequences if len(x) > 2]
    before = np.concatenate([x[:-1] for x in changes])
    after = np.concatenate([x[1:] for x in changes])
    return np.array([[pearsonr(a, b)[0] for b in after.T] for a in before.T])


def test_lead_and_lag_are_those_of_scipy():
    real, made = varied(count=60), varied(1, count=60)
    a, b = by_scipy(literal(real)), by_scipy(literal(real, made))
    np.testing.assert_allclose(lead_lag(real), a)
    pairs = [abs(a[i, j] - b[i, j]) for i in range(3) for j in range(3) if i != j]
    assert lead_lag_difference(real, made) == pytest.approx(np.mean(pairs))


def test_a_feature_that_follows_another_is_seen_and_so_is_time_that_runs_backward():
    leads = np.random.default_rng(0).normal(size=(400, 10)).cumsum(axis=1)
    follows = np.roll(leads, 1, axis=1)
    real = np.stack([leads, follows], axis=2)[:, 1:]
    found = lead_lag(real)
    assert found[0, 1] == pytest.approx(1) and abs(found[1, 0]) < 0.1
    np.testing.assert_allclose(lead_lag(time_reversed(real)), found.T, atol=0.02)
    assert lead_lag_difference(real, time_reversed(real)) == pytest.approx(1, abs=0.05)
    assert lead_lag_difference(real[..., :1], real[..., :1] + 1) == 0
    both_ways = ar_gaussian(n=2000, length=12, features=3)  # the same in either direction
    assert lead_lag_difference(both_ways, time_reversed(both_ways)) < 0.02


def test_a_feature_that_never_changes_leads_nothing():
    real = np.random.default_rng(0).normal(size=(30, 6, 2))
    real[..., 1] = 0.1
    found = lead_lag(real)
    assert found[0, 0] < -0.3 and not found[1].any() and not found[:, 1].any()
