"""The two-sample tests: what a block is, by hand; their scores, by plain loops; and that they accuse the
innocent as rarely as they say."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from timegan_lib import InputError, SequenceDataset, load_dataset
from timegan_lib.data.windows import split_apart
from timegan_lib.evaluation import mmd_test, told_apart
from timegan_lib.evaluation.companions import (
    block_bootstrap,
    collapsed,
    copycat,
    frozen,
    marginal_noise,
)
from timegan_lib.evaluation.exchange import APART, exchangeable
from timegan_lib.evaluation.scores import two_sample
from timegan_lib.evaluation.scores.classifier import summaries

LENGTH = 6


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def series(phi, rows, rng, features=2):
    """One path of an autoregressive process that has run for long."""
    x = np.zeros((rows + 100, features))
    for t, shock in enumerate(rng.normal(size=(len(x) - 1, features))):
        x[t + 1] = phi * x[t] + shock
    return x[100:]


def windows(phi, rows, rng):
    frame = pd.DataFrame(series(phi, rows, rng), columns=["a", "b"])
    return SequenceDataset.from_frame(frame, length=LENGTH)


def alone(phi, count, rng):
    """Windows of as many paths, each of its own."""
    paths = [series(phi, LENGTH, rng) for _ in range(count)]
    return SequenceDataset.from_arrays(np.stack(paths), names=["a", "b"])


# ---- blocks ----


def test_blocks_of_one_side_share_no_row_and_are_as_many_as_the_other_has():
    rng = np.random.default_rng(0)
    train, held_out = windows(0.5, 400, rng).split(blocks=10)
    for seed in range(20):
        sides = exchangeable(train, held_out, seed)
        assert len(sides.real) == len(sides.other) == sides.blocks * sides.size
        assert sides.size == min(APART, LENGTH)
        for side in (sides.real, sides.other):
            first, last = side.start.reshape(-1, sides.size)[:, [0, -1]].T
            assert (last - first < 2 * LENGTH).all()
            assert (first[1:] >= last[:-1] + LENGTH).all()


def test_a_run_holds_as_many_blocks_as_fit():
    """11 windows of length 6 are one block of 6 and too few for two; 17 are 6, 5 left out, and 6."""
    for count, blocks in ((6, 1), (16, 1), (17, 2), (28, 3)):
        both = SequenceDataset.from_frame(
            pd.DataFrame({"g": np.repeat([0, 1], count + LENGTH - 1), "a": np.arange(2.0 * (count + LENGTH - 1))}),
            length=LENGTH, group="g",
        )  # fmt: skip
        assert exchangeable(both, both).blocks == 2 * blocks


def test_sequences_made_one_by_one_are_blocks_at_random():
    rng = np.random.default_rng(0)
    sides = exchangeable(windows(0.5, 300, rng), alone(0.5, 500, rng))
    assert sides.blocks == 27 and sides.size == 6  # (295 + 5) // 11
    assert len(np.unique(sides.other.values[:, 0, 0])) == len(sides.other)


def test_whole_sequences_are_blocks_of_one():
    sides = exchangeable(
        alone(0.5, 40, np.random.default_rng(0)), alone(0.5, 30, np.random.default_rng(1))
    )
    assert (sides.blocks, sides.size) == (30, 1)


def test_too_few_stretches_of_time_are_said():
    real = windows(0.5, LENGTH + 3, np.random.default_rng(0))
    with pytest.raises(InputError, match="0 real and 6 other stretches of time"):
        told_apart(real, alone(0.5, 39, np.random.default_rng(1)))


# ---- scores ----


def test_the_classifier_by_plain_loops():
    rng = np.random.default_rng(0)
    real, other = alone(0.5, 23, rng), alone(0.9, 23, rng)
    found = told_apart(real, other, deals=1)
    sides = exchangeable(real, other)
    x = np.concatenate([summaries(sides.real), summaries(sides.other)])
    moves = x.std(axis=0) > 1e-9
    x[:, moves] = (x - x.mean(axis=0))[:, moves] / x.std(axis=0)[moves]
    x[:, ~moves] = 0.0
    x = np.column_stack([x.clip(-5, 5), np.ones(46)])
    label, fold = np.repeat([1, -1], 23), np.tile([i * 5 // 23 for i in range(23)], 2)
    aucs = []
    for k in range(5):
        a, y = x[fold != k], label[fold != k]
        weights = np.linalg.lstsq(
            np.vstack([a, np.eye(a.shape[1])]),
            np.concatenate([y, np.zeros(a.shape[1])]),
            rcond=None,
        )[0]
        aucs.append(roc_auc_score(label[fold == k], x[fold == k] @ weights))
    assert found.score == pytest.approx(np.mean(aucs))


def test_the_discrepancy_by_plain_loops():
    rng = np.random.default_rng(0)
    real, other = windows(0.5, 120, rng), alone(0.5, 100, rng)
    found = mmd_test(real, other, deals=1)
    sides = exchangeable(real, other)
    x, y = (side.scaled.reshape(len(side), -1).astype(float) for side in (sides.real, sides.other))
    squares = [((a - b) ** 2).sum() for a, b in itertools.combinations(x, 2)]
    median = np.median(squares)

    def mean(a, b, same):
        pairs = [
            np.exp(-((a[i] - b[j]) ** 2).sum() / (2 * median))
            for i in range(len(a))
            for j in range(len(b))
            if not same or i // sides.size != j // sides.size
        ]
        return np.mean(pairs)

    assert found.score == pytest.approx(
        mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False), abs=1e-9
    )


def test_the_p_value_counts_deals(monkeypatch):
    """Three blocks a side: of the 20 deals one is the true one, so that it is met in a twentieth of them."""
    rng = np.random.default_rng(0)
    sides = exchangeable(alone(0.5, 3, rng), alone(0.5, 3, rng))
    found = two_sample._test(sides, lambda first: float(first[:3].sum() == 3), 4000, 0)
    assert found.p_value == pytest.approx(1 / 20, abs=0.012)
    same = two_sample._test(sides, lambda first: 1.0, 50, 0)
    assert same.p_value == 1.0


# ---- the innocent, and the guilty ----

CASES = {
    "each alone": lambda rng: (alone(0.8, 150, rng), alone(0.8, 150, rng)),
    "windows against their process": lambda rng: (windows(0.8, 500, rng), alone(0.8, 400, rng)),
    "windows held out": lambda rng: windows(0.8, 1600, rng).split(blocks=40, held_out=2),
}


@pytest.mark.slow
@pytest.mark.parametrize("test", [told_apart, mmd_test])
@pytest.mark.parametrize("name", CASES)
def test_the_innocent_are_accused_as_rarely_as_is_said(name, test):
    """At a tenth, of 70 cases: within the 99.8 % interval of a binomial count. The three kinds make 210 cases."""
    accused = 0
    for seed in range(70):
        real, other = CASES[name](np.random.default_rng(seed))
        accused += test(real, other, deals=59, seed=seed).p_value <= 0.1
    low, high = binom.ppf([0.001, 0.999], 70, 0.1)
    assert low <= accused <= high, accused


REAL = ("google", "ibm", "weather", "storms")


@pytest.mark.slow
@pytest.mark.parametrize("test", [told_apart, mmd_test])
@pytest.mark.parametrize("name", REAL)
def test_real_data_are_not_told_from_themselves(name, test):
    """Blocks of one real data set, dealt to two sides at random: 50 deals of each of four sets make 200 cases."""
    data = load_dataset(name)
    blocks = exchangeable(data, data)
    accused = 0
    for seed in range(50):
        dealt = np.random.default_rng(seed).permutation(blocks.blocks)[:60]
        rows = [(np.sort(half)[:, None] * blocks.size + np.arange(blocks.size)).ravel()
                for half in np.array_split(dealt, 2)]  # fmt: skip
        sides = [blocks.real.subset(half) for half in rows]
        accused += test(*whole(sides, data), deals=59, seed=seed).p_value <= 0.1
    low, high = binom.ppf([0.001, 0.999], 50, 0.1)
    assert low <= accused <= high, accused


def whole(sides, data):
    """Each side with all the windows of its blocks again, of which `exchangeable` takes a few."""
    if data.table.whole_sequences:
        return sides
    length = data.values.shape[1]
    found = []
    for side in sides:
        first = side.start.reshape(-1, APART)[:, 0]
        wanted = (first[:, None] + np.arange(length)).ravel()
        found.append(data.subset(np.flatnonzero(np.isin(data.start, wanted))))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["google", "weather"])
def test_where_the_cuts_lie_moves_the_ceiling_no_further_than_chance(name):
    """Held-out blocks of 15 to 30 to the whole, each of every five of them: twenty cuts. Of twenty scores one
    lies outside its middle 95 %, four in one of a hundred times."""
    data = load_dataset(name)
    starts, ends, gap = data.extent()
    first, outside = int(starts.min()), 0
    for count in (15, 20, 25, 30):
        edges = np.linspace(0, ends.max() - first, count + 1).astype(int)
        for shift in range(5):
            chosen = [(edges[k], edges[k + 1]) for k in range(shift, count, 5)]
            parts = data._parts(*split_apart(starts - first, ends - first, chosen, gap))
            found = told_apart(*parts, deals=100)
            outside += not found.chance[0] <= found.score <= found.chance[1]
    assert outside <= 3


@pytest.fixture(scope="module")
def google():
    return load_dataset("google").split()


@pytest.mark.parametrize("make", [block_bootstrap, marginal_noise, collapsed, frozen])
def test_the_guilty_are_told_apart(google, make):
    found = told_apart(google[0], make(google[0], 1500))
    assert found.score > 0.9 and found.p_value < 0.01


def test_real_held_out_data_and_copies_are_not(google):
    """By the folds of the paper's kind a classifier tells these held-out data with an AUC of 0.84."""
    scores = [told_apart(*google, seed=seed) for seed in range(10)]
    assert abs(np.mean([found.score for found in scores]) - 0.5) < 0.15
    assert np.mean([found.p_value <= 0.1 for found in scores]) <= 0.3
    assert told_apart(google[0], copycat(google[0])).score < 0.5


def test_seeds_decide_all(google):
    made = replace(copycat(google[0], 300), start=None)
    assert told_apart(google[0], made, 20, 3) == told_apart(google[0], made, 20, 3)
    assert told_apart(google[0], made, 20, 3) != told_apart(google[0], made, 20, 4)
