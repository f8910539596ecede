"""An attack on membership names members where they leak, and is no surer than chance where they do not."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom, gaussian_kde, mannwhitneyu
from sklearn.decomposition import PCA
from sklearn.metrics import roc_curve
from threadpoolctl import threadpool_limits

from timegan_lib import InputError, SequenceDataset, ar_gaussian, load_dataset
from timegan_lib.evaluation import planted, privacy
from timegan_lib.evaluation.companions import copycat
from timegan_lib.evaluation.distances import flat, nearest
from timegan_lib.evaluation.inputs import aligned
from timegan_lib.evaluation.scores.attack import (
    Attack,
    _splits,
    auc,
    components,
    density_attack,
    distance_attack,
    log_kernels,
    true_positive_rate,
)
from timegan_lib.evaluation.scores.privacy import BLUR, SHARES, Privacy, _together


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def cloud(count, width=3, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width))


def test_auc_is_that_of_mann_and_whitney():
    members, others = np.round(cloud(30, 1)[:, 0], 1), np.round(cloud(20, 1, 1)[:, 0] - 0.5, 1)
    expected = mannwhitneyu(members, others).statistic / 600
    assert auc(members, others) == pytest.approx(expected)
    assert auc(np.array([1.0, 2]), np.array([0.0])) == 1 and auc(np.ones(3), np.ones(2)) == 0.5


@pytest.mark.parametrize("fpr", [0.0, 0.05, 0.1, 0.5])
def test_the_true_positive_rate_is_that_of_the_roc_curve(fpr):
    members, others = cloud(50, 1)[:, 0] + 1, cloud(40, 1, 1)[:, 0]
    x, y, _ = roc_curve(
        np.repeat([1, 0], [50, 40]), np.r_[members, others], drop_intermediate=False
    )
    assert true_positive_rate(members, others, fpr) == pytest.approx(y[x <= fpr + 1e-9].max())
    assert true_positive_rate(np.ones(5), np.ones(20), 0.05) == 0


def test_components_are_those_of_scikit_learn():
    data, rows = cloud(40, 6) * np.arange(1, 7), cloud(9, 6, 1)
    found = components(data, 4)(rows)
    pca = PCA(4, whiten=True).fit(data)
    np.testing.assert_allclose(np.abs(found), np.abs(pca.transform(rows)), atol=1e-9)
    assert components(np.ones((5, 3)))(rows[:, :3]).shape == (9, 1)  # nothing varies


def test_kernels_are_those_of_scipy():
    """SciPy takes the width from the points, so these have the identity for a covariance."""
    points = PCA(3, whiten=True).fit_transform(cloud(60))
    rows = cloud(700, 3, 1)  # more than a block
    kde = gaussian_kde(points.T, lambda k: 0.5 * k.scotts_factor())
    found = log_kernels(rows, points, 60)
    np.testing.assert_allclose(np.diff(found), np.diff(kde.logpdf(rows.T)), atol=1e-6)


def test_splits_are_all_there_are_or_200():
    found = _splits(5, (2,), 0)
    assert [tuple(play) for play, _ in found] == list(combinations(range(5), 2))
    assert all(sorted(play + rest) == list(range(5)) for play, rest in found)
    three = _splits(4, (1, 1), 0)
    assert len({tuple(map(tuple, split)) for split in three}) == len(three) == 12
    many = _splits(12, (6,), 0)
    assert len(many) == 200 != len(_splits(9, (4,), 0)) == 126
    assert all(len(play) == 6 and sorted(play + rest) == list(range(12)) for play, rest in many)
    assert many == _splits(12, (6,), 0) != _splits(12, (6,), 1)
    assert _splits(1, (0,), 0) == _splits(2, (1, 1), 0) == []


PARTS = [np.array(rows) for rows in ([0, 1], [2, 3], [4, 5], [6, 7])]


def test_the_distance_attack_is_that_of_plain_loops():
    x, h, s = cloud(12), cloud(8, seed=1), cloud(10, seed=2)

    def near(rows, to):
        return np.array([-min(np.linalg.norm(a - b) for b in to) for a in rows])

    found = distance_attack(x, h, s, PARTS, 0.25, 0)
    assert found.auc == pytest.approx(mannwhitneyu(near(x, s), near(h, s)).statistic / 96)
    assert found.tpr == (near(x, s) > np.sort(near(h, s))[5]).mean()
    innocent = []
    for play in combinations(range(4), 2):
        made = h[[row for k in play for row in PARTS[k]]]
        rest = h[[row for k in range(4) if k not in play for row in PARTS[k]]]
        innocent.append(mannwhitneyu(near(x, made), near(rest, made)).statistic / 48)
    assert found.innocent == pytest.approx(innocent)
    assert found.p_value == (1 + sum(one >= found.auc for one in innocent)) / 7


def test_the_density_attack_is_that_of_plain_loops():
    x, h, s = cloud(12), cloud(8, seed=1), cloud(10, seed=2)
    pca = PCA(3, whiten=True).fit(np.concatenate([x, h]))
    width = 0.5 * 8 ** (-1 / 7)

    def ratio(rows, a, b):
        """Sums of kernels; how many there are does not change the order."""
        rows, a, b = map(pca.transform, (rows, a, b))
        p, q = (
            np.array(
                [sum(np.exp(-((r - k) ** 2).sum() / (2 * width**2)) for k in side) for r in rows]
            )
            for side in (a, b)
        )
        return p / q

    def parts(*numbers):
        return h[[row for k in numbers for row in PARTS[k]]]

    found = density_attack(x, h, s, PARTS, 0.25, 0)
    aucs, rates = [], []
    for play in combinations(range(4), 2):
        rest = [k for k in range(4) if k not in play]
        a, b = (ratio(rows, s, parts(*play)) for rows in (x, parts(*rest)))
        aucs.append(mannwhitneyu(a, b).statistic / 48)
        rates.append((a > np.sort(b)[2]).mean())
    assert (found.auc, found.tpr) == pytest.approx((np.mean(aucs), np.mean(rates)))
    play, one, rest = parts(0), parts(1), parts(2, 3)  # the first innocent split
    ways = [
        mannwhitneyu(ratio(x, play, a), ratio(b, play, a)).statistic / (12 * len(b))
        for a, b in ((one, rest), (rest, one))
    ]
    assert found.innocent[0] == pytest.approx(np.mean(ways)) and len(found.innocent) == 12


def test_planted_sequences_are_training_sequences_with_their_blur():
    train, synthetic = (ar_gaussian(n=100, length=4, features=2, seed=k) for k in range(2))
    assert planted(train, synthetic, 0.0).values == pytest.approx(synthetic.values)
    exact = planted(train, synthetic, 0.3)
    known = {row.tobytes() for row in train.values}
    assert sum(row.tobytes() in known for row in exact.values) == 30 and len(exact) == 100
    theirs = {row.tobytes() for row in aligned(train, made=synthetic)[1].values}
    assert sum(row.tobytes() in theirs for row in exact.values) == 70
    assert len({row.tobytes() for row in exact.values}) == 100
    blurred = planted(train, synthetic, 0.3, blur=0.05)
    span = train.scaler.maximum - train.scaler.minimum
    off = (blurred.values[:30] - exact.values[:30]) / span
    np.testing.assert_allclose(off.std(axis=(0, 1)), 0.05, rtol=0.25)
    storms = load_dataset("storms").subset(slice(0, 40))
    leak = planted(storms.subset(slice(0, 20)), storms.subset(slice(20, 40)), 0.5, 0.1)
    assert len(leak) == 20 and leak.static.shape == (20, storms.static.shape[1])
    assert not leak.values[~leak.mask].any()
    for share, blur in ((1.5, 0), (-0.1, 0), (0.5, -1)):
        with pytest.raises(InputError, match="share="):
            planted(train, synthetic, share, blur)


def attacked(seed, made=None):
    """Both attacks on data of known truth: 240 train, 120 held-out, 240 made sequences."""
    train, held_out, fresh = (
        ar_gaussian(n=n, length=6, features=2, seed=3 * seed + k)
        for k, n in enumerate((240, 120, 240))
    )
    sides = aligned(train, made=fresh if made is None else made(train, fresh), held_out=held_out)
    x, s, h = map(flat, sides)
    parts = np.array_split(np.arange(120), 20)
    return [attack(x, h, s, parts, 0.05, seed) for attack in (distance_attack, density_attack)]


@pytest.mark.slow
def test_false_alarms_are_as_many_as_were_allowed():
    """60 innocent cases at 10 %: those of the distance attack within 99 % of a binomial; the density
    attack, whose innocent splits are coarser than the case itself, at most so many."""
    found = [attacked(seed) for seed in range(60)]
    near, dense = (sum(case[k].p_value <= 0.1 for case in found) for k in range(2))
    low, high = binom.interval(0.99, 60, 0.1)
    assert low <= near <= high and dense <= high
    rates = [case[0].tpr for case in found]
    assert np.mean(rates) == pytest.approx(0.05, abs=0.015)


def test_a_copycat_is_always_caught():
    for seed in range(5):
        for attack in attacked(seed, lambda train, fresh: copycat(train)):
            assert attack.p_value == pytest.approx(1 / 201)
            assert attack.auc > attack.innocent_range[1]
        assert attacked(seed, lambda train, fresh: copycat(train))[0].tpr == 1


@pytest.mark.slow
def test_a_larger_leak_is_easier_to_see_and_a_blur_hides_it():
    def seen(share, blur):
        return np.mean([
            attacked(seed, lambda a, b: planted(a, b, share, blur))[0].p_value <= 0.1
            for seed in range(10)
        ])  # fmt: skip

    assert seen(0.3, 0) == 1 and seen(1, 0.05) == 1
    assert seen(0.3, 0.2) < 0.5


def test_privacy_hands_on_what_the_attacks_find():
    train, held_out = load_dataset("google").split(blocks=50)
    held_out, train = held_out.subset(slice(0, None, 2)), train.subset(slice(0, None, 4))
    found = privacy(train, held_out, copycat(train))
    assert found.parts == 10 and found.fpr == 0.05
    assert found.tpr == found.membership_auc == 1 and found.p_value == pytest.approx(1 / 201)
    assert found.domias_auc > 0.7 and "given away" in found.told
    assert 0 <= found.innocent_range[0] < found.innocent_range[1] <= 1
    x, s, h = map(flat, aligned(train, made=copycat(train), held_out=held_out))
    breaks = np.flatnonzero(np.diff(held_out.start) >= 24) + 1
    parts = np.split(np.arange(len(h)), breaks)
    for attack, got in (
        (distance_attack, (found.p_value, *found.innocent_range, found.tpr)),
        (density_attack, (found.domias_p_value, *found.domias_range, found.domias_tpr)),
    ):
        case = attack(x, h, s, parts, 0.05, 0)
        assert got == pytest.approx((case.p_value, *case.innocent_range, case.tpr))


def test_with_few_runs_nothing_is_told():
    train, held_out = load_dataset("google").split()
    found = privacy(train.subset(slice(0, None, 4)), held_out, copycat(held_out))
    assert found.parts == 5 and found.told.startswith("cannot be told: 5 held-out runs")
    one = held_out.subset(slice(0, 20))
    found = privacy(train.subset(slice(0, None, 8)), one, copycat(one))
    assert found.parts == 1 and found.p_value == 1 and found.innocent_range == (0, 1)
    assert np.isnan(found.domias_auc)


@pytest.mark.parametrize(
    ("p", "high", "parts", "said"),
    [
        (0.01, 0.6, 20, "members are given away"), (0.3, 0.6, 20, "no leak is seen"),
        (0.3, 0.85, 20, "cannot be told: innocent"), (0.01, 0.6, 5, "cannot be told: 5"),
        (0.01, 0.85, 20, "members are given away"),
    ],
)  # fmt: skip
def test_what_is_told_goes_by_runs_p_value_and_width(p, high, parts, said):
    found = Privacy(0.1, 0.1, 0.5, (0.4, 0.6), 0.9, 0.9, 0.7, (0.5, 0.8), 0.0)
    found = replace(found, p_value=p, innocent_range=(0.4, high), parts=parts)
    assert found.told.startswith(said) and f"{high:.2f}" in found.told
    assert replace(found, copies=0.5).told == (
        "members are given away: 50.0% are copies of train sequences"
    )


def test_an_interval_around_one_half_convicts_no_one():
    """Held-out sequences that lie near one another give the innocent AUCs below one half."""
    found = Privacy(0.1, 0.1, 0.5, (0.4, 0.6), 0.9, 0.9, 0.51, (0.45, 0.57), 0.0)
    found = replace(found, p_value=0.01, innocent_range=(0.36, 0.49), parts=20)
    assert not found.leaks and found.told.startswith("no leak is seen")
    assert replace(found, membership_range=(0.5, 0.6)).leaks
    assert not replace(found, membership_range=(0.5, 0.6), p_value=0.05).leaks


@pytest.mark.parametrize("seed", [10, 20, 30, 50, 60])
def test_a_visible_share_is_the_smallest_planted_one_that_is_convicted(seed):
    train, held_out, fresh = (
        ar_gaussian(n, 6, 2, seed=seed + k) for k, n in enumerate((200, 80, 200))
    )
    x, h, s = map(flat, aligned(train, held_out=held_out, made=fresh))
    cases = distance_attack(x, h, s, np.array_split(np.arange(80), 20), 0.05, 0)
    convicted = []
    for share in SHARES:
        leak = flat(aligned(train, made=planted(train, fresh, share, BLUR))[1])
        near = (-nearest(side, leak)[:, 0] for side in (x, h))
        if replace(cases, auc=auc(*near)).p_value < 0.025:
            convicted.append(share)
    assert privacy(train, held_out, fresh).visible == convicted[0] == 0.25
    four = held_out.subset(slice(0, 4))  # no p-value is below 1 / 7
    assert privacy(train, four, fresh).visible == np.inf


def test_without_attacks_all_else_is_the_same():
    train, held_out, made = (ar_gaussian(n, 6, 2, seed=k) for k, n in enumerate((60, 30, 60)))
    found = privacy(train, held_out, made)
    alone = privacy(train, held_out, made, attacks=False)
    assert np.isnan([alone.p_value, alone.tpr, alone.domias_auc]).all() and alone.parts == 0
    told = {name: getattr(found, name) for name in ("p_value", "innocent_range", "tpr", "fpr",
            "domias_auc", "domias_p_value", "domias_range", "domias_tpr", "parts", "visible")}  # fmt: skip
    assert replace(alone, **told) == found


def test_neighbors_stay_together_in_at_most_so_many_parts():
    assert [list(part) for part in _together(5, 2)] == [[0, 1, 2], [3, 4]]
    assert [list(part) for part in _together(3, 20)] == [[0], [1], [2]]
    assert Attack(0.6, 0.1, (0.5, 0.6, 0.7)).p_value == 3 / 4
    assert isinstance(
        privacy(*(SequenceDataset.from_arrays(cloud(9, 4, k)[..., None]) for k in range(3))).told,
        str,
    )
