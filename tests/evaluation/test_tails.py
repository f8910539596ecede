"""Rare changes, against SciPy, plain loops and known truths."""

import numpy as np
import pytest
from scipy.stats import kurtosis, norm
from test_scores import literal, varied

from timegan_lib.evaluation import tail_difference, tails


def walks(seed, heavy=False, count=2000):
    rng = np.random.default_rng(seed)
    steps = rng.standard_t(3, (count, 20, 1)) if heavy else rng.normal(size=(count, 20, 1))
    return steps.cumsum(axis=1)


def test_tails_are_those_of_scipy_and_plain_loops():
    real, made = varied(count=150), varied(1, count=130)
    found, differences = tails(real, made), []
    for k, name in enumerate(real.names):
        unit, ends = None, []
        for which, data in (("real", real), ("synthetic", made)):
            changes = sorted(v for x in literal(real, data) for v in np.diff(x[:, k]))
            unit = unit or np.std(changes)
            few = round(len(changes) / 100)
            assert few > 2
            row = found.loc[(name, which)]
            assert row["kurtosis"] == pytest.approx(kurtosis(changes))
            ends.append([np.mean(changes[:few]) / unit, np.mean(changes[-few:]) / unit])
            np.testing.assert_allclose(row[["fall", "rise"]], ends[-1])
        differences += [abs(a - b) / max(abs(a), abs(b)) for a, b in zip(*ends, strict=True)]
    assert tail_difference(real, made) == pytest.approx(np.mean(differences))


def test_normal_changes_have_the_shortfall_of_theory():
    table = tails(walks(0), walks(1, heavy=True))
    shortfall = norm.pdf(norm.ppf(0.01)) / 0.01  # 2.67
    row = table.loc[("x1", "real")]
    np.testing.assert_allclose(row, [0, -shortfall, shortfall], atol=0.1)
    assert table.loc[("x1", "synthetic"), "kurtosis"] > 3
    assert (
        tail_difference(walks(0), walks(2)) < 0.03 < 0.3 < tail_difference(walks(0), walks(1, True))
    )


def test_changes_of_double_size_are_a_half_and_none_at_all_are_one():
    real = walks(0)
    still = np.repeat(real[:, :1], 20, axis=1)
    assert tail_difference(real, 2 * real) == pytest.approx(0.5)
    assert tail_difference(real, still) == 1 == tail_difference(still, real)
    rising, falling = (sign * np.abs(np.diff(real, axis=1)).cumsum(axis=1) for sign in (1, -1))
    assert 1 < tail_difference(rising, falling) <= 2
