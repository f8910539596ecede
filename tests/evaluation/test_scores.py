"""Every score that trains no network, against hand-made cases, SciPy, scikit-learn and plain loops."""

from dataclasses import astuple, replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu, pearsonr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from timegan_lib import InputError, SequenceDataset, ar_gaussian, load_dataset
from timegan_lib.evaluation import (
    RULES,
    ar_parameters,
    autocorrelation,
    autocorrelation_difference,
    classifier_auc,
    correlation_difference,
    dependence_difference,
    diversity,
    marginals,
    mmd,
    privacy,
    project,
    quantiles,
    static_marginals,
    validity,
)
from timegan_lib.evaluation.companions import (
    block_bootstrap,
    collapsed,
    copycat,
    marginal_noise,
    time_reversed,
)
from timegan_lib.evaluation.distances import flat, nearest, squares
from timegan_lib.evaluation.inputs import aligned, as_dataset, pair, take
from timegan_lib.evaluation.scores.classifier import summaries
from timegan_lib.evaluation.scores.diversity import Diversity
from timegan_lib.evaluation.scores.fidelity import correlations, histogram_distance
from timegan_lib.evaluation.scores.privacy import halves
from timegan_lib.evaluation.scores.statics import dependence, has_statics

LONGEST = 6


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small matrices on one thread: more only wait for each other."""
    with threadpool_limits(1):
        yield


# ---- data, and what the scores should see of them ----


def varied(seed=0, count=24, extra=0, junk=None, shift=0.0, features=3):
    """Sequences of 1 to 6 steps that wander, two static features, room of `extra` steps behind them.

    junk: what stands in the padding, where a data set of its own making has zeros.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, LONGEST + 1, count)
    lengths[:2] = 1, LONGEST
    values = rng.normal(size=(count, LONGEST, features)).cumsum(axis=1) + shift
    values[..., -1] += values[..., 0]
    static = np.column_stack([rng.uniform(size=count) + lengths, rng.integers(0, 2, count)])
    data = SequenceDataset.from_arrays(
        np.pad(values, [(0, 0), (0, extra), (0, 0)]), lengths, static
    )
    if junk is None:
        return data
    return replace(data, values=np.where(data.mask[..., None], data.values, junk))


def windows(count, length=4, features=2, seed=0):
    """`count` overlapping windows of one series with a memory, so they know their places."""
    series = ar_gaussian(n=1, length=count + length - 1, features=features, seed=seed).values[0]
    return SequenceDataset.from_frame(
        pd.DataFrame(series, columns=[f"x{k + 1}" for k in range(features)]), length=length
    )


def storms(count=30, seed=0):
    """Whole sequences of 2 to 5 steps with a category, whole numbers and statics of both kinds."""
    rng, rows = np.random.default_rng(seed), []
    for storm in range(count):
        sea = ["north", "south"][rng.integers(2)]
        for hour in range(2 + storm % 4):
            rows.append({
                "storm": f"storm {storm}", "hour": hour,
                "kind": ["calm", "gale", "wild"][rng.integers(3)],
                "wind": int(rng.integers(20, 60)) + hour, "pressure": 990 + rng.normal(),
                "sea": sea, "month": 1 + storm % 12,
            })  # fmt: skip
    return SequenceDataset.from_frame(
        pd.DataFrame(rows), group="storm", time="hour", static=["sea", "month"]
    )


def soft(real, count=20, seed=5):
    """What a network would answer: every number between 0 and 1, categories and whole ones too."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, real.values.shape[1] + 1, count)
    values = rng.uniform(size=(count, *real.values.shape[1:]))
    return real.like(values, lengths, rng.uniform(size=(count, len(real.static_names))))


def sequences(data):
    """A list of (length, D), in own units."""
    return [x[:length] for x, length in zip(data.values, data.lengths, strict=True)]


def literal(real, data=None):
    """A list of (length, D) sequences of `data`, in units of the range of the real ones."""
    rows = np.concatenate(sequences(real))
    low, high = rows.min(axis=0), rows.max(axis=0)
    span = np.where(high > low, high - low, 1)
    return [(x - low) / span for x in sequences(real if data is None else data)]


def padded(some):
    """(N, T * D), zeros behind each sequence."""
    steps = max(map(len, some))
    return np.array([np.pad(x, [(0, steps - len(x)), (0, 0)]).reshape(-1) for x in some])


def rms(a, b):
    return np.sqrt(np.mean(np.square(a - b)))


# ---- all of them: what must not change a score ----

SCORES = {
    "marginals": marginals,
    "quantiles": quantiles,
    "autocorrelation": autocorrelation_difference,
    "autocorrelation of changes": lambda a, b: autocorrelation_difference(a, b, changes=True),
    "correlation": correlation_difference,
    "correlation of changes": lambda a, b: correlation_difference(a, b, changes=True),
    "mmd": mmd,
    "diversity": lambda a, b: astuple(diversity(a, b)),
    "classifier": classifier_auc,
    "static marginals": static_marginals,
    "dependence": dependence_difference,
    "projection": lambda a, b: np.abs(np.concatenate(project(a, b)[:2])),
    "validity": lambda a, b: validity(b, [f"{a.names[-1]} > 0.2"]),
    "privacy": lambda a, b: np.hstack(astuple(privacy(a, a.subset(slice(3, 17)), b))),
}
WITHOUT_STATICS = [name for name in SCORES if name not in ("static marginals", "dependence")]


def scored(name, real, synthetic):
    return np.asarray(SCORES[name](real, synthetic), float)


@pytest.mark.parametrize("name", SCORES)
def test_what_stands_in_the_padding_counts_for_nothing(name):
    plain = scored(name, varied(), varied(1, shift=0.5))
    assert plain.size and not np.isnan(plain).any()  # what no share of planted copies shows is inf
    junk = scored(name, varied(junk=77.0), varied(1, junk=-50.0, shift=0.5))
    np.testing.assert_allclose(junk, plain, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", SCORES)
def test_room_behind_the_longest_sequence_counts_for_nothing(name):
    plain = scored(name, varied(), varied(1, shift=0.5))
    for more in ((3, 3), (3, 0), (0, 3)):
        room = scored(name, varied(extra=more[0]), varied(1, extra=more[1], shift=0.5))
        np.testing.assert_allclose(room, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", WITHOUT_STATICS)
def test_arrays_and_data_sets_score_the_same(name):
    a, b, c = np.random.default_rng(0).uniform(-3, 9, (3, 20, 5, 3))
    score = SCORES[name]
    if name == "validity":
        score = lambda a, b: validity(b, ["x3 > 0.2"])  # noqa: E731
    if name == "privacy":
        score = lambda a, b: np.hstack(astuple(privacy(a, c.tolist(), b)))  # noqa: E731
    found = score(a, b.tolist())
    expected = score(*(SequenceDataset.from_arrays(values) for values in (a, b)))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", SCORES)
def test_categories_and_whole_numbers_are_judged_as_the_table_has_them(name):
    real = storms()
    made = soft(real)
    assert 0.1 < made.values[0, 0, 0] < 0.9  # the first feature is a level of a category
    found = scored(name, real, made)
    np.testing.assert_array_equal(found, scored(name, real, made.rounded()))
    frame = made.to_frame()
    again = SequenceDataset.from_frame(frame, group="storm", time="step", static=["sea", "month"])
    np.testing.assert_allclose(found, scored(name, real, again), rtol=1e-9)


def test_a_pair_is_on_the_real_scale_and_in_one_room():
    real, other = varied(), varied(1, count=9, extra=4, shift=30.0)
    a, b = pair(real, other)
    assert a.values.shape == (24, 6, 3) and b.values.shape == (9, 6, 3)
    assert b.scaler is real.scaler and b.static_scaler is real.static_scaler
    assert b.scaled.max() > 2 and a.scaled.max() == 1
    np.testing.assert_array_equal(a.lengths, real.lengths)
    for sequence, expected in zip(b.scaled, literal(real, other), strict=True):
        np.testing.assert_allclose(sequence[: len(expected)], expected, atol=1e-6)
        assert not sequence[len(expected) :].any()
    kinds = pair(storms(), soft(storms()))[1]
    onehot = kinds.values[kinds.mask][:, :3]
    assert set(onehot.ravel()) == {0, 1} and (onehot.sum(axis=1) == 1).all()
    assert not (kinds.values[kinds.mask][:, 3] % 1).any()


def test_take_draws_without_replacement_and_keeps_the_order():
    data = windows(30)
    some = take(data, 12, seed=1)
    assert len(some) == 12 and (np.diff(some.start) > 0).all()
    assert list(take(data, 12, seed=1).start) == list(some.start)
    assert list(take(data, 12, seed=2).start) != list(some.start)
    assert take(data, 30, seed=1) is data


def test_a_single_feature_has_every_score_that_means_something():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(size=(2, 20, 5, 1))
    assert marginals(a, b).shape == (1, 12) and "1%" in quantiles(a, b)
    assert correlations(a).shape == (1, 1) and correlation_difference(a, b) == 0
    for name in ("autocorrelation", "mmd", "classifier", "diversity", "projection"):
        assert np.isfinite(scored(name, a, b)).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
def test_sequences_of_one_step_have_every_score_that_means_something():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(size=(2, 20, 1, 2))
    found = marginals(a, b)
    assert found.loc["x1", "distance"] == pytest.approx(
        np.abs(np.sort(a[:, 0, 0]) - np.sort(b[:, 0, 0])).mean() / np.ptp(a[:, 0, 0])
    )
    assert (found[["real change", "synthetic change", "change distance"]] == 0).all(axis=None)
    assert autocorrelation_difference(a, b) == autocorrelation_difference(a, b, changes=True) == 0
    assert correlation_difference(a, b) > 0 == correlation_difference(a, b, changes=True)
    for name in ("mmd", "classifier", "diversity"):
        assert np.isfinite(scored(name, a, b)).all()
    for call in (autocorrelation, ar_parameters, lambda x: project(x, x)):
        with pytest.raises(InputError, match=r"step"):
            call(a)


@pytest.mark.filterwarnings("error")
def test_sequences_of_one_step_are_no_reason_to_warn():
    a, b = np.random.default_rng(0).uniform(size=(2, 20, 1, 2))
    correlation_difference(a, b, changes=True)


FINE = np.random.default_rng(0).uniform(size=(20, 5, 2))
WITH_NAN = np.where(np.arange(20)[:, None, None] == 3, np.nan, FINE)
BOTH_SIDED = {
    "marginals": marginals, "mmd": mmd, "diversity": diversity, "classifier": classifier_auc,
    "project": project, "static_marginals": static_marginals,
    "autocorrelation": autocorrelation_difference, "correlation": correlation_difference,
    "quantiles": quantiles, "dependence": dependence_difference,
}  # fmt: skip


@pytest.mark.parametrize("name", BOTH_SIDED)
@pytest.mark.parametrize(
    ("side", "wrong", "said"),
    [
        ("synthetic", FINE[..., :1], "synthetic data have the features x1, the real data x1, x2"),
        ("real", FINE[..., :1], "synthetic data have the features x1, x2, the real data x1;"),
        ("synthetic", FINE[0], r"synthetic has shape \(5, 2\)"),
        ("real", FINE[:, :0], r"real has shape \(20, 0, 2\)"),
        ("synthetic", FINE[:1], "synthetic holds 1 sequences"),
        ("real", FINE[:1], "real holds 1 sequences"),
    ],
)
def test_an_error_names_the_side_that_is_wrong(name, side, wrong, said):
    sides = {"real": FINE, "synthetic": FINE} | {side: wrong}
    with pytest.raises(InputError, match=said):
        BOTH_SIDED[name](sides["real"], sides["synthetic"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pair(varied(), FINE), "features x1, x2, the real data x1, x2, x3"),
        (lambda: pair(varied(), replace(varied(), static=None)), "static features none, .* s1, s2"),
        (lambda: aligned(FINE, held_out=FINE[..., :1]), "the held-out data have the features x1"),
        (lambda: privacy(FINE, FINE[..., :1], FINE), "the held-out data"),
        (lambda: privacy(FINE, FINE, FINE[..., :1]), "the synthetic data"),
        (lambda: autocorrelation(FINE, lags=5), "lags=5 must be less than the 5 steps"),
        (lambda: autocorrelation(FINE, lags=4, changes=True), "lags=4 .* 4 steps"),
        (lambda: autocorrelation(FINE, lags=0), "lags=0"),
        (lambda: project(FINE, FINE, "umap"), "way='umap' must be one of pca, pca_joint, tsne"),
        (lambda: ar_parameters(FINE[..., :1]), r"shape \(20, 5, 1\)"),
        (lambda: pair(FINE, pd.DataFrame({"x1": [1.0]})), "synthetic is a DataFrame; .*from_frame"),
        (lambda: as_dataset(WITH_NAN), "10 values that are not finite"),
        (lambda: validity(FINE, ["x1 >="]), "rule 'x1 >=' cannot be read.* x1, x2"),
        (lambda: validity(FINE, ["x1 > x9"]), "rule 'x1 > x9' cannot be read.*'x9'.* x1, x2"),
        (lambda: validity(FINE, ["x1 > 0", "x1"]), "rule 'x1' is not a comparison"),
        (lambda: validity(FINE, ["x1 = 3"]), "rule 'x1 = 3' is not a comparison"),
        (lambda: validity(FINE, ["1 > 0"]), "rule '1 > 0' is not a comparison"),
    ],
)
def test_an_error_names_what_is_wrong(call, said):
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_an_error_names_the_side_that_is_not_finite():
    with pytest.raises(InputError, match="synthetic"):
        pair(FINE, WITH_NAN)


@pytest.mark.parametrize("wrong", [[[[1.0]], [[1.0], [2.0]]], [[["a"]], [["b"]]]])
def test_what_is_no_array_is_said_to_be_none(wrong):
    try:
        as_dataset(wrong, "synthetic")
    except InputError as error:
        assert "synthetic" in str(error)


# ---- fidelity ----


def test_marginals_of_a_small_case_by_hand():
    real = np.array([[[0.0], [2.0]], [[4.0], [10.0]]])  # range 10; changes 2 and 6
    made = np.array([[[1.0], [1.0]], [[5.0], [11.0]]])  # changes 0 and 6
    found = marginals(real, made).loc["x1"]
    assert found["real mean"] == pytest.approx(0.4)
    assert found["synthetic mean"] == pytest.approx(0.45)
    assert found["real std"] == pytest.approx(np.sqrt((16 + 4 + 0 + 36) / 4) / 10)
    assert found["synthetic std"] == pytest.approx(np.std([1, 1, 5, 11]) / 10)
    assert found["distance"] == pytest.approx((1 + 1 + 1 + 1) / 4 / 10)
    assert found["histogram"] == 1  # in bins of .22 nothing lies together
    assert (found["below"], found["above"], found["outside"]) == (0, 0.25, 0.25)
    assert found["real change"] == pytest.approx(0.4)
    assert found["synthetic change"] == pytest.approx(0.3)
    assert found["change distance"] == pytest.approx((2 + 0) / 2 / 2)


def test_marginals_are_those_of_plain_loops():
    real, made = varied(), varied(1, count=31, shift=0.5)
    found = marginals(real, made)
    a, b = literal(real), literal(real, made)
    for k, name in enumerate(real.names):
        row = found.loc[name]
        x, y = (sorted(value for s in side for value in s[:, k]) for side in (a, b))
        dx, dy = (sorted(q - p for s in side for p, q in pairwise(s[:, k])) for side in (a, b))
        assert row["distance"] == pytest.approx(earth_mover(x, y))
        assert row["change distance"] == pytest.approx(earth_mover(dx, dy) / np.std(dx))
        assert row["real change"] == pytest.approx(np.mean(np.abs(dx)))
        assert row["synthetic change"] == pytest.approx(np.mean(np.abs(dy)))
        low, high = np.quantile(x, 0.01), np.quantile(x, 0.99)
        assert row["below"] == pytest.approx(np.mean([value < low for value in y]))
        assert row["above"] == pytest.approx(np.mean([value > high for value in y]))
        assert row["outside"] == pytest.approx(np.mean([not 0 <= value <= 1 for value in y]))
        assert row["histogram"] == pytest.approx(histogram_by_loops(x, y))
        assert row["real std"] == pytest.approx(np.std(x))
    assert 0 < found["outside"].max() < 1 and 0 < found["histogram"].min() < 1


def earth_mover(x, y):
    """The area between the two distribution functions."""
    points = sorted([*x, *y])
    x, y = np.array(x), np.array(y)
    return sum(abs((x <= p).mean() - (y <= p).mean()) * (q - p) for p, q in pairwise(points))


def histogram_by_loops(x, y, bins=50):
    low, high = min(*x, *y), max(*x, *y)
    counts = np.zeros((2, bins))
    for which, values in enumerate((x, y)):
        for value in values:
            place = int((value - low) / (high - low) * bins)
            counts[which, min(place, bins - 1)] += 1 / len(values)
    return np.abs(counts[0] - counts[1]).sum() / 2


def test_histograms_that_are_alike_and_that_are_apart():
    values = np.linspace(0, 1, 200)
    assert histogram_distance(values, values) == 0
    assert histogram_distance(values, values + 5) == 1
    assert histogram_distance(values, np.r_[values, values]) == pytest.approx(0)
    assert histogram_distance(values[:100], values) == pytest.approx(0.5, abs=0.02)
    assert histogram_distance(np.ones(3), np.ones(5)) == 0


def test_a_constant_feature_is_no_difference():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(size=(2, 20, 5, 2))
    a[..., 1] = b[..., 1] = 4.0
    found = marginals(a, b).loc["x2"]
    assert (found == 0).all()
    assert not autocorrelation(a, 3)[:, 1].any() and autocorrelation(a, 3)[0, 0] == 1
    np.testing.assert_array_equal(correlations(a), [[1, 0], [0, 0]])
    alone = a[..., :1], b[..., :1]
    assert mmd(a, b) == pytest.approx(mmd(*alone))
    assert classifier_auc(a, b) == pytest.approx(classifier_auc(*alone), abs=0.01)
    assert autocorrelation_difference(a, b) == pytest.approx(autocorrelation_difference(*alone) / 2)
    np.testing.assert_allclose(scored("diversity", a, b) * 2**0.5, scored("diversity", *alone))


def test_another_constant_is_a_difference():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(size=(2, 20, 5, 2))
    a[..., 1], b[..., 1] = 4.0, 5.0
    assert marginals(a, b).loc["x2", "outside"] == 1


def test_changes_of_a_straight_line_are_no_unit():
    """A clock: every real change is the same but for rounding, the made ones are off by a percent."""
    rng = np.random.default_rng(0)
    clock = (rng.integers(0, 100, (30, 1, 1)) + np.arange(8)[:, None]) * 0.1
    made = clock + rng.normal(0, 0.01, clock.shape)
    assert marginals(clock, made)["change distance"].max() < 100


def test_quantiles_are_in_own_units_and_ordered():
    real = np.arange(101.0).reshape(-1, 1, 1) * 3
    found = quantiles(np.repeat(real, 2, axis=2), np.repeat(real, 2, axis=2) + 7)
    np.testing.assert_allclose(found.loc[("x2", "real")], np.array([1, 5, 25, 50, 75, 95, 99]) * 3)
    np.testing.assert_allclose(
        found.loc[("x1", "synthetic")] - 7, np.array([1, 5, 25, 50, 75, 95, 99]) * 3
    )
    assert list(found.columns) == ["1%", "5%", "25%", "50%", "75%", "95%", "99%"]
    data = varied()
    values = np.sort(np.concatenate(sequences(data))[:, 1])
    place = 0.05 * (len(values) - 1)
    below, weight = int(place), place % 1
    assert quantiles(data, varied(1)).loc[("x2", "real"), "5%"] == pytest.approx(
        values[below] * (1 - weight) + values[below + 1] * weight
    )


def autocorrelation_by_loops(sequences, lags):
    mean = np.mean(np.concatenate(sequences), axis=0)
    found = np.zeros((lags + 1, len(mean)))
    for k in range(len(mean)):
        variance = np.mean([(value - mean[k]) ** 2 for x in sequences for value in x[:, k]])
        for lag in range(lags + 1):
            products = [
                (x[t, k] - mean[k]) * (x[t - lag, k] - mean[k])
                for x in sequences
                for t in range(lag, len(x))
            ]
            found[lag, k] = np.mean(products) / variance
    return found


def test_autocorrelation_is_that_of_plain_loops():
    real, made = varied(), varied(1)
    a, b = (autocorrelation_by_loops(x, 5) for x in (literal(real), literal(real, made)))
    np.testing.assert_allclose(autocorrelation(real, 5), a, atol=1e-9)
    assert autocorrelation_difference(real, made) == pytest.approx(np.abs(a - b)[1:].mean())
    assert autocorrelation_difference(real, made, lags=2) == pytest.approx(
        np.abs(a - b)[1:3].mean()
    )
    steps = [[np.diff(x, axis=0) for x in side] for side in (literal(real), literal(real, made))]
    a, b = (autocorrelation_by_loops(x, 4) for x in steps)
    np.testing.assert_allclose(autocorrelation(real, 4, changes=True), a, atol=1e-9)
    found = autocorrelation_difference(real, made, changes=True)
    assert found == pytest.approx(np.abs(a - b)[1:].mean())


def test_autocorrelation_by_hand_and_by_theory():
    zigzag = np.tile([1.0, -1.0], 10).reshape(1, 20, 1).repeat(3, axis=0)
    np.testing.assert_allclose(autocorrelation(zigzag, 3)[:, 0], [1, -1, 1, -1])
    line = np.arange(20.0).reshape(1, 20, 1).repeat(2, axis=0)
    assert autocorrelation(line, 1)[1, 0] > 0.8
    assert not autocorrelation(line, 3, changes=True).any()
    found = autocorrelation(ar_gaussian(n=4000, features=2, phi=0.7), 4)
    np.testing.assert_allclose(found, 0.7 ** np.arange(5)[:, None] @ np.ones((1, 2)), atol=0.03)


def test_at_most_twelve_lags_and_as_many_as_fit():
    a, b = np.random.default_rng(0).normal(size=(2, 10, 20, 1))
    both = autocorrelation(a, 12) - autocorrelation(b, 12)
    assert autocorrelation_difference(a, b) == pytest.approx(np.abs(both)[1:].mean())
    both = autocorrelation(a[:, :4], 2, True) - autocorrelation(b[:, :4], 2, True)
    assert autocorrelation_difference(a[:, :4], b[:, :4], changes=True) == pytest.approx(
        np.abs(both)[1:].mean()
    )


def test_correlations_are_those_of_scipy():
    real, made = varied(), varied(1)
    for changes in (False, True):
        sides = []
        for data in (real, made):
            sequences = literal(real, data)
            if changes:
                sequences = [np.diff(x, axis=0) for x in sequences]
            rows = np.concatenate(sequences)
            sides.append(
                [pearsonr(rows[:, i], rows[:, j])[0] for i, j in combinations(range(3), 2)]
            )
        found = correlations(real, changes)
        np.testing.assert_allclose(found[np.triu_indices(3, 1)], sides[0])
        expected = np.abs(np.subtract(*sides)).mean()
        assert correlation_difference(real, made, changes) == pytest.approx(expected)
    assert correlation_difference(made, real) == pytest.approx(correlation_difference(real, made))


def test_features_that_do_not_vary_do_not_go_together():
    real = np.random.default_rng(0).normal(size=(50, 7, 3))
    still = np.full((50, 7, 3), 0.1) * [1, 3, 7]
    assert correlation_difference(real, still) < 0.1


def test_mmd_is_that_of_plain_loops():
    real, made = varied(count=9), varied(1, count=13, shift=1.0)
    x, y = padded(literal(real)), padded(literal(real, made))
    m = np.median([np.linalg.norm(a - b) for a, b in combinations(x, 2)])

    def kernel(a, b):
        return np.exp(-np.sum((a - b) ** 2) / (2 * m**2))

    def inside(z):
        return np.mean([kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j])

    across = np.mean([kernel(a, b) for a in x for b in y])
    assert mmd(real, made) == pytest.approx(inside(x) + inside(y) - 2 * across, rel=1e-4)


def test_mmd_is_zero_on_average_and_sees_a_shift():
    draws = [ar_gaussian(n=40, length=4, features=2, seed=k) for k in range(60)]
    found = np.array([mmd(a, b) for a, b in zip(draws[::2], draws[1::2], strict=True)])
    assert abs(found.mean()) < 3 * found.std(ddof=1) / np.sqrt(len(found))
    assert (found < 0).any()
    assert mmd(draws[0], draws[1].values + 3) > 20 * found.std()
    assert np.isfinite(mmd(np.ones((5, 2, 1)), np.ones((5, 2, 1))))


def test_mmd_takes_at_most_so_many():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40, 3, 1))
    rows = np.sort(np.random.default_rng(7).choice(40, 10, replace=False))
    expected = mmd(SequenceDataset.from_arrays(a).subset(rows), b[rows])
    assert mmd(a, b, most=10, seed=7) == expected != mmd(a, b)


# ---- distances and diversity ----


def test_nearest_is_that_of_plain_loops():
    """More rows than are compared at once, and more than NumPy would sort anyway."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(520, 3)), rng.normal(size=(900, 3))
    expected = np.array([np.sort(np.linalg.norm(x - b, axis=1))[:9] for x in a])
    np.testing.assert_allclose(nearest(a, b, 9), expected)
    np.testing.assert_allclose(nearest(a, b), expected[:, :1])
    assert nearest(a, b[:2], 3).shape == (520, 2)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_squared_distances_are_those_of_scipy_and_0_for_the_same_rows(offset):
    """Rows far from the origin leave more rounding, which must not pass for a distance."""
    rng = np.random.default_rng(0)
    a = rng.random((60, 300)) + offset
    b = np.concatenate([rng.random((40, 300)) + offset, a[::-1]])
    found = squares(a, b)
    np.testing.assert_allclose(found, cdist(a, b, "sqeuclidean"), rtol=1e-6)
    assert (found == 0).sum() == 60 and not np.diagonal(found[:, :39:-1]).any()
    assert not nearest(a, b).any()


def test_a_distance_is_a_root_mean_square():
    real = np.array([[[0.0, 0.0]] * 3, [[10.0, 1.0]] * 3])
    x = flat(as_dataset(real))
    assert np.linalg.norm(x[0] - x[1]) == pytest.approx(1)
    other = flat(
        pair(real, np.array([[[10.0, 0.0]] * 3, [[0.0, 0.0], [0.0, 0.0], [10.0, 0.0]]]))[1]
    )
    assert np.linalg.norm(x[0] - other[0]) == pytest.approx(np.sqrt(1 / 2))
    assert np.linalg.norm(x[0] - other[1]) == pytest.approx(np.sqrt(1 / 6))


def test_diversity_is_that_of_plain_loops():
    real, made = varied(count=12), varied(1, count=12)
    x, y = padded(literal(real)), padded(literal(real, made))
    found = diversity(real, made)
    assert found.onnd == pytest.approx(np.mean([min(rms(a, b) for b in y) for a in x]), rel=1e-5)
    assert found.innd == pytest.approx(np.mean([min(rms(a, b) for a in x) for b in y]), rel=1e-5)
    assert found.icd == pytest.approx(np.mean([rms(a, b) for a, b in combinations(y, 2)]), rel=1e-5)
    assert found.real_icd == pytest.approx(
        np.mean([rms(a, b) for a, b in combinations(x, 2)]), rel=1e-5
    )
    assert found.spread == pytest.approx(found.icd / found.real_icd)


def test_diversity_compares_as_many_of_one_as_of_the_other():
    """Else ten times as many would lie nearer, whatever they are."""
    few, many = (ar_gaussian(n=n, length=3, features=1, seed=n) for n in (40, 400))
    assert diversity(few, many) == diversity(few, take(many, 40, 0))
    assert diversity(many, few) == diversity(take(many, 40, 0), few)
    assert diversity(many, many, most=20) == diversity(take(many, 20, 0), take(many, 20, 0))
    whole = diversity(many, ar_gaussian(n=400, length=3, features=1, seed=1))
    assert diversity(few, many).onnd > 1.5 * whole.onnd


def test_collapse_is_a_lack_of_spread():
    real = ar_gaussian(n=60, length=6, features=2)
    found = diversity(real, collapsed(real))
    assert found.collapsed and found.spread < 0.2 and found.onnd > 5 * found.innd
    found = diversity(real, ar_gaussian(n=60, length=6, features=2, seed=1))
    assert not found.collapsed and found.spread == pytest.approx(1, abs=0.15)
    assert Diversity(0, 0, 0.49, 1).collapsed and not Diversity(0, 0, 0.51, 1).collapsed
    assert Diversity(0, 0, 0.0, 0.0).spread == 1
    found = diversity(real, copycat(real))
    assert (found.onnd, found.innd) == (0, 0) and found.spread == pytest.approx(1)


# ---- privacy ----


def test_privacy_is_that_of_plain_loops():
    """One run of windows on either side, equally long: nothing is left to chance but intervals."""
    train, held_out, made = windows(14), windows(14, seed=1), windows(9, seed=2)
    twin = train.values[3] + 1e-4  # a copy but for a little noise
    made = SequenceDataset.from_arrays(np.concatenate([made.values, [twin]]))
    x, h, s = (padded(literal(train, data)) for data in (train, held_out, made))

    def ordered(a, b):
        return np.array([sorted(rms(p, q) for q in b) for p in a])

    to_train, to_held_out = ordered(s, x), ordered(s, h)
    found = privacy(train, held_out, made)
    assert found.dcr_train == pytest.approx(np.median(to_train[:, 0]), rel=1e-4)
    assert found.dcr_held_out == pytest.approx(np.median(to_held_out[:, 0]), rel=1e-4)
    assert found.nearer_train == pytest.approx(np.mean(to_train[:, 0] < to_held_out[:, 0]))
    assert found.nearer_range == (found.nearer_train, found.nearer_train)
    assert found.nndr_train == pytest.approx(np.median(to_train[:, 0] / to_train[:, 1]), rel=1e-4)
    assert found.nndr_held_out == pytest.approx(
        np.median(to_held_out[:, 0] / to_held_out[:, 1]), rel=1e-4
    )
    assert found.copies == 0.1
    near, far = ordered(x, s)[:, 0], ordered(h, s)[:, 0]
    auc = mannwhitneyu(-near, -far).statistic / (len(near) * len(far))
    assert found.membership_auc == pytest.approx(auc)
    assert 0 < found.nearer_train < 1 and 0 < auc < 1


def test_what_is_as_near_to_both_counts_half():
    train = windows(10)
    found = privacy(train, train, windows(6, seed=2))
    assert found.nearer_train == found.membership_auc == 0.5
    assert found.dcr_train == pytest.approx(found.dcr_held_out)
    assert found.nndr_train == pytest.approx(found.nndr_held_out)


def test_a_copy_is_nearer_than_a_thousandth_of_the_range():
    train = ar_gaussian(n=20, length=4, features=2)
    held_out = ar_gaussian(n=20, length=4, features=2, seed=1)
    span = train.scaler.maximum - train.scaler.minimum
    for off, share in ((0.0009, 1.0), (0.0011, 0.0)):
        assert privacy(train, held_out, train.values + off * span).copies == share
    half = np.concatenate([train.values[:5], held_out.values[:15]])
    assert privacy(train, held_out, half).copies == 0.25


def test_a_copycat_is_found_and_data_from_the_source_are_not():
    train, held_out, made = (ar_gaussian(n=80, length=4, features=2, seed=k) for k in range(3))
    found = privacy(train, held_out, copycat(train, 60))
    assert found.copies == 1 and found.dcr_train < found.dcr_held_out / 2
    assert found.membership_auc > 0.8 and found.membership_range[0] > 0.75
    assert found.nearer_train > 0.6
    found = privacy(train, held_out, copycat(held_out, 60))
    assert found.copies == 0 and found.membership_auc < 0.2 and found.nearer_train < 0.1
    found = privacy(train, held_out, made)
    low, high = found.membership_range
    assert low < 0.5 < high and low < found.membership_auc < high and found.copies == 0
    scatter = np.sqrt((80 + 80 + 1) / (12 * 80 * 80))  # of an AUC that is .5
    assert high - low == pytest.approx(2 * 1.96 * scatter, rel=0.3)
    assert privacy(train, held_out, made) == found != privacy(train, held_out, made, seed=1)


def parts(seed):
    """A long series, cut as the book does, and new windows of the same source."""
    train, held_out = windows(600, seed=seed).split()
    return train, held_out, windows(300, seed=100 + seed)


def test_the_train_side_is_as_large_as_the_held_out_side():
    """Four times as many train windows lie nearer only where they are not cut to the same number."""
    found = [privacy(*parts(seed)) for seed in range(3)]
    shares = np.array([one.nearer_train for one in found])
    assert abs(shares.mean() - 0.5) < 0.06
    assert abs(np.mean([one.dcr_train / one.dcr_held_out for one in found]) - 1) < 0.08
    for one in found:
        low, high = one.nearer_range
        assert low < one.nearer_train < high and high - low > 0.02


@pytest.mark.parametrize("held_out", [60, 240])
def test_sides_of_equal_size_are_equally_near(held_out):
    """Single sequences, 60 train ones; where there are more held-out ones those are cut."""
    shares = []
    for seed in range(0, 12, 3):
        a, b, c = (
            ar_gaussian(n=n, length=3, features=1, seed=seed + k)
            for k, n in enumerate((60, held_out, 400))
        )
        shares.append(privacy(a, b, c).nearer_train)
    assert abs(np.mean(shares) - 0.5) < 0.06


def test_windows_that_overlap_are_not_counted_as_so_many_witnesses():
    train, held_out, made = parts(0)
    alone = [replace(data, start=None, group=None) for data in (train, held_out)]
    blocks, rows = privacy(train, held_out, made), privacy(*alone, made)
    assert blocks.membership_auc == rows.membership_auc
    widths = [high - low for low, high in (blocks.membership_range, rows.membership_range)]
    assert widths[0] > 1.15 * widths[1]


def test_two_halves_share_no_rows():
    data = windows(600).split()[1]
    a, b = halves(data)
    assert len(a) + len(b) == len(data) and len(a) > 0 < len(b)
    rows = [{int(s) + k for s in part.start for k in range(4)} for part in (a, b)]
    assert not rows[0] & rows[1]
    one = windows(10)
    assert [len(part) for part in halves(one)] == [10, 0]
    assert [len(part) for part in halves(varied(count=7))] == [4, 3]
    assert [len(part) for part in halves(storms(9))] == [5, 4]  # whole sequences share none


# ---- statics ----


def test_static_marginals_are_those_of_plain_loops():
    real, made = storms(), soft(storms())
    found, rounded = static_marginals(real, made), made.rounded()
    assert list(found.index) == ["sea=north", "sea=south", "month", "length"]
    north = [np.mean(data.static[:, 0]) for data in (real, rounded)]
    assert found.loc["sea=north", "distance"] == pytest.approx(abs(north[0] - north[1]))
    assert found.loc["sea=north", "real mean"] == pytest.approx(north[0])
    months = [(data.static[:, 2] - 1) / 11 for data in (real, rounded)]
    assert found.loc["month", "distance"] == pytest.approx(earth_mover(*months), rel=1e-5)
    assert found.loc["month", "synthetic std"] == pytest.approx(np.std(months[1]), rel=1e-5)
    lengths = [data.lengths / 5 for data in (real, made)]
    assert found.loc["length", "distance"] == pytest.approx(earth_mover(*lengths))
    assert found.loc["length", "synthetic mean"] == pytest.approx(np.mean(lengths[1]))


def test_dependence_is_that_of_plain_loops():
    real, made = varied(), varied(1)
    tables = []
    for data in (real, made):
        rows = literal(real, data)
        low, high = real.static.min(axis=0), real.static.max(axis=0)
        static = np.column_stack([(data.static - low) / (high - low), data.lengths])
        moving = np.column_stack([[x.mean(axis=0) for x in rows], [x.std(axis=0) for x in rows]])
        tables.append([[pearsonr(s, m)[0] for m in moving.T] for s in static.T])
    found = dependence(pair(real, real)[0])
    np.testing.assert_allclose(found, tables[0], atol=1e-5)
    assert list(found.index) == ["s1", "s2", "length"]
    assert list(found.columns) == [f"{a} x{k}" for a in ("mean", "spread") for k in (1, 2, 3)]
    expected = np.abs(np.subtract(*tables)).mean()
    assert dependence_difference(real, made) == pytest.approx(expected, abs=1e-5)


def test_a_static_that_sequences_follow_is_missed_when_they_do_not():
    rng = np.random.default_rng(0)
    static = rng.uniform(size=(200, 1))
    values = static[:, None] + 0.1 * rng.normal(size=(200, 5, 1))
    real = SequenceDataset.from_arrays(values, None, static)
    assert dependence(real).loc["s1", "mean x1"] > 0.95
    other = SequenceDataset.from_arrays(values, None, rng.permutation(static))
    assert dependence_difference(real, copycat(real)) == pytest.approx(0, abs=1e-6)
    assert dependence_difference(real, other) > 0.2
    assert static_marginals(real, other)["distance"].max() < 1e-9


def test_still_sequences_have_no_spread_to_depend_on():
    rng = np.random.default_rng(0)
    still = np.repeat(rng.uniform(size=(40, 1, 2)), 9, axis=1)
    data = SequenceDataset.from_arrays(still, None, rng.uniform(size=(40, 1)))
    assert not dependence(data)[["spread x1", "spread x2"]].to_numpy().any()


def test_there_are_statics_where_there_are_any_or_lengths_vary():
    full = SequenceDataset.from_arrays(FINE)
    assert not has_statics(full) and has_statics(varied())
    assert has_statics(replace(full, lengths=np.r_[[3], np.full(19, 5)]))
    assert has_statics(SequenceDataset.from_arrays(FINE, None, np.ones((20, 1))))
    found = static_marginals(full, full)
    assert list(found.index) == ["length"] and found.loc["length", "distance"] == 0


# ---- rules ----


def test_validity_counts_steps_and_sequences():
    values = np.zeros((4, 3, 2))
    values[0, 1] = -1, 5
    values[1, 2] = -1, 0  # behind its end
    values[2] = [[-1, 0], [-1, 0], [0, 5]]
    data = SequenceDataset.from_arrays(values, [3, 2, 3, 2], names=["a", "b c"])
    found = validity(data, ["a >= 0", "`b c` < 4"])
    assert found.loc["a >= 0"].to_list() == [3 / 10, 2 / 4]
    assert found.loc["`b c` < 4"].to_list() == [2 / 10, 2 / 4]
    assert found.loc["any rule"].to_list() == [4 / 10, 2 / 4]
    assert validity(data, []).loc["any rule"].to_list() == [0, 0]
    assert validity(data, ["a >= `b c` - 6 or a < -3"]).loc["any rule", "steps"] == 0


def test_rules_see_the_columns_of_the_table():
    real = storms()
    made = soft(real)
    frame = made.to_frame()
    found = validity(made, ["kind != 'gale'", "wind % 1 == 0", "sea == 'north'"])
    assert found.loc["kind != 'gale'", "steps"] == pytest.approx((frame["kind"] == "gale").mean())
    assert found.loc["wind % 1 == 0", "steps"] == 0
    north = (frame.groupby("storm")["sea"].first() != "north").mean()
    assert found.loc["sea == 'north'", "sequences"] == pytest.approx(north)
    assert 0 < north < 1


@pytest.mark.parametrize("name", RULES)
def test_the_shipped_data_obey_their_rules(name):
    data = load_dataset(name, **({"length": 24, "stride": 480} if name == "weather" else {}))
    found = validity(data, RULES[name])
    assert list(found.index) == [*RULES[name], "any rule"]
    assert not found.to_numpy().any()
    noise = marginal_noise(data, 200)
    assert validity(noise, RULES[name]).loc["any rule", "sequences"] > 0.9 or name == "storms"


# ---- ground truth ----


@pytest.mark.parametrize(("phi", "sigma"), [(0.8, 0.8), (0.2, 0.5), (-0.5, 0.0)])
def test_phi_and_sigma_are_recovered(phi, sigma):
    data = ar_gaussian(n=600, length=10, features=3, phi=phi, sigma=sigma, seed=4)
    found = ar_parameters(data)
    for name, truth in (("phi", phi), ("sigma", sigma), ("noise", 1.0)):
        row = found.loc[name]
        assert row["low"] < row["estimate"] < row["high"]
        assert abs(row["estimate"] - truth) < (row["high"] - row["low"])
        assert row["high"] - row["low"] < 0.15
    pd.testing.assert_frame_equal(found, ar_parameters(data))
    assert (ar_parameters(data, seed=1)["estimate"] == found["estimate"]).all()


def test_ground_truth_is_that_of_plain_loops():
    """Of sequences of unequal lengths, far from zero."""
    lengths = np.random.default_rng(0).integers(1, 6, 30)
    data = ar_gaussian(n=30, length=5, features=3, seed=1).values + 40
    data = SequenceDataset.from_arrays(data, lengths)
    mean = np.concatenate(sequences(data)).mean(axis=0)
    pairs = [pair for x in sequences(data) for pair in pairwise(x - mean)]
    phi = sum(a @ b for a, b in pairs) / sum(a @ a for a, _ in pairs)
    rest = np.array([b - phi * a for a, b in pairs])
    cov = rest.T @ rest / len(rest)
    off = [cov[i, j] for i, j in combinations(range(3), 2)]
    found = ar_parameters(data)["estimate"]
    np.testing.assert_allclose(found, [phi, np.mean(off), np.trace(cov) / 3])


def test_the_interval_is_as_wide_as_estimates_scatter():
    found = [ar_parameters(ar_gaussian(n=100, length=5, features=2, seed=k)) for k in range(40)]
    for name, truth in (("phi", 0.8), ("sigma", 0.8), ("noise", 1.0)):
        estimates = np.array([one.loc[name, "estimate"] for one in found])
        widths = np.mean([one.loc[name, "high"] - one.loc[name, "low"] for one in found])
        assert widths / (2 * 1.96 * estimates.std(ddof=1)) == pytest.approx(1, abs=0.35)
        inside = np.mean([one.loc[name, "low"] < truth < one.loc[name, "high"] for one in found])
        assert inside > 0.8


def test_ground_truth_is_recovered_from_sequences_of_unequal_lengths():
    data = ar_gaussian(n=600, length=10, features=2, seed=5)
    lengths = np.random.default_rng(0).integers(3, 11, 600)
    found = ar_parameters(SequenceDataset.from_arrays(data.values, lengths))
    assert found.loc["phi", "low"] < 0.8 < found.loc["phi", "high"]


# ---- the weaker judge ----


def test_summaries_are_those_of_plain_loops():
    data = varied()
    rows = []
    for x, length, static in zip(literal(data), data.lengths, data.static_scaled, strict=True):
        steps = np.diff(x, axis=0)
        sizes = np.abs(steps)
        none = np.zeros(3)
        rows.append([
            *x.mean(axis=0), *x.std(axis=0), *(x[-1] - x[0]),
            *(sizes.mean(axis=0) if len(steps) else none),
            *(sizes.max(axis=0) if len(steps) else none),
            *(sum((p * q for p, q in pairwise(steps)), none) / ((steps**2).sum(axis=0) + 1e-9)),
            length, *static,
        ])  # fmt: skip
    np.testing.assert_allclose(summaries(data), rows, atol=1e-5)


def test_the_weaker_judge_is_scikit_learns_step_by_step():
    """Five random folds with as much of either side in each, one AUC over all answers."""
    real, made = varied(count=90), varied(1, count=10, shift=0.6)
    x, y = (summaries(side) for side in pair(real, made))
    answers, labels = [], []
    both = np.repeat([0, 1], [len(x), len(y)])
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(both, both)
    for _, asked in folds:
        a, b = asked[asked < len(x)], asked[asked >= len(x)] - len(x)
        rest = np.concatenate([np.delete(x, a, axis=0), np.delete(y, b, axis=0)])
        label = np.repeat([0, 1], [len(x) - len(a), len(y) - len(b)])
        scaler = StandardScaler().fit(rest)
        model = LogisticRegression(max_iter=2000, class_weight="balanced")
        model.fit(scaler.transform(rest), label)
        answers += [*model.decision_function(scaler.transform(np.concatenate([x[a], y[b]])))]
        labels += [0] * len(a) + [1] * len(b)
    answers, labels = np.array(answers), np.array(labels)
    u = mannwhitneyu(answers[labels == 1], answers[labels == 0]).statistic
    expected = u / (len(x) * len(y))
    assert classifier_auc(real, made) == pytest.approx(expected, abs=0.003)


def test_the_weaker_judge_tells_what_differs_and_guesses_what_does_not():
    a, b = (ar_gaussian(n=400, length=6, features=2, seed=k) for k in range(2))
    assert abs(classifier_auc(a, b) - 0.5) < 0.08
    assert classifier_auc(a, b.values + 30) == 1
    assert classifier_auc(a, marginal_noise(b)) > 0.8
    few = classifier_auc(take(a, 50, 1), take(b, 50, 1), seed=1)
    assert classifier_auc(a, b, most=50, seed=1) == few
    assert np.isfinite(classifier_auc(a.values[:2], b.values[:3]))


# ---- projections ----


def test_pca_is_that_of_the_real_data_or_of_both():
    real, made = varied(count=30), varied(1, count=20, shift=1.0)
    small = take(real, 20, 0)
    x, y = (padded(literal(real, data)).reshape(20, LONGEST, 3) for data in (small, made))
    x, y = x.mean(axis=2), y.mean(axis=2)  # over features, never over time
    for way, fitted in (("pca", x), ("pca_joint", np.concatenate([x, y]))):
        mean = fitted.mean(axis=0)
        _, s, axes = np.linalg.svd(fitted - mean, full_matrices=False)
        a, b, share = project(real, made, way)
        np.testing.assert_allclose(np.abs(a), np.abs((x - mean) @ axes[:2].T), atol=1e-4)
        np.testing.assert_allclose(np.abs(b), np.abs((y - mean) @ axes[:2].T), atol=1e-4)
        np.testing.assert_allclose(share, (s**2 / np.sum(s**2))[:2], atol=1e-4)
    assert len(project(real, made, most=7)[0]) == len(project(real, made, most=7)[1]) == 7


def test_tsne_puts_two_clouds_apart():
    """So few that the perplexity has to give way."""
    a = ar_gaussian(n=14, length=3, features=2)
    x, y, share = project(a, a.values + 40, "tsne")
    assert x.shape == y.shape == (14, 2) and np.isnan(share).all()
    between = np.linalg.norm(x.mean(axis=0) - y.mean(axis=0))
    assert between > 2 * max(x.std(axis=0).max(), y.std(axis=0).max())


# ---- companions ----

COMPANIONS = [copycat, block_bootstrap, marginal_noise, time_reversed, collapsed]


@pytest.mark.parametrize("companion", COMPANIONS)
@pytest.mark.parametrize(
    "make", [varied, storms, lambda: windows(30)], ids=["arrays", "frame", "rows"]
)
def test_companions_have_the_form_of_the_real_data(companion, make):
    real = make()
    for n in (None, 7, len(real) + 5):
        made = companion(real, n, seed=3)
        assert len(made) == (n or len(real))
        assert made.names == real.names and made.static_names == real.static_names
        assert made.group is None and made.start is None
        assert not made.values[~made.mask].any()
        assert set(made.lengths) <= set(real.lengths)
        pair(real, made)  # it can be judged
    same = companion(real, seed=3)
    np.testing.assert_array_equal(companion(real, seed=3).values, same.values)
    assert np.any(companion(real, seed=4).values != same.values)


def rows_of(data):
    """Each sequence with its static features, as something that can be sorted."""
    pairs = zip(sequences(data), data.static, strict=True)
    return [(tuple(x.ravel()), tuple(static)) for x, static in pairs]


def test_a_copycat_returns_every_sequence_before_it_repeats_one():
    real = varied()
    assert sorted(rows_of(copycat(real))) == sorted(rows_of(real))
    some = rows_of(copycat(real, 10))
    assert len(set(some)) == 10 and set(some) < set(rows_of(real))
    more = rows_of(copycat(real, 60))
    counts = {row: more.count(row) for row in rows_of(real)}
    assert set(counts.values()) == {2, 3} and sum(counts.values()) == 60


def test_a_bootstrap_is_right_inside_its_blocks():
    real = varied(count=40)
    made = block_bootstrap(real, 200, seed=1)
    mixed = 0
    for x, length, s in zip(made.values, made.lengths, made.static, strict=True):
        owner = next(r for r in range(40) if (real.static[r] == s).all())
        assert real.lengths[owner] == length
        donors = []
        for begin in range(0, length, 2):  # T / 3
            end = min(begin + 2, length)
            same = (real.values[:, begin:end] == x[begin:end]).all(axis=(1, 2)) & (
                real.lengths >= end
            )
            assert same.sum() == 1
            donors.append(int(same.argmax()))
        assert donors[0] == owner
        mixed += len(set(donors)) > 1
    assert mixed > 100
    whole = block_bootstrap(real, block=LONGEST)
    assert sorted(rows_of(whole)) == sorted(rows_of(real))
    ones = block_bootstrap(real, 200, block=1)
    assert abs(autocorrelation(ones, 2)[2, 0]) < autocorrelation(real, 2)[2, 0]


def test_noise_has_the_right_values_in_no_order():
    real = storms(60)
    made = marginal_noise(real, 400, seed=1)
    kinds = made.values[made.mask][:, :3]
    assert set(map(tuple, kinds)) == set(map(tuple, np.eye(3)))
    np.testing.assert_allclose(
        kinds.mean(axis=0), real.values[real.mask][:, :3].mean(axis=0), atol=0.05
    )
    assert set(made.values[made.mask][:, 3]) <= set(real.values[real.mask][:, 3])
    assert set(map(tuple, made.static[:, :2])) == {(0.0, 1.0), (1.0, 0.0)}
    few = marginal_noise(storms(5), 200)  # the statics are drawn each by itself
    assert len(set(map(tuple, few.static))) > len(set(map(tuple, storms(5).static)))
    source = ar_gaussian(n=300, length=8, features=2)
    noise = marginal_noise(source)
    assert np.abs(autocorrelation(noise, 3)[1:]).max() < 0.08 < autocorrelation(source, 3)[3].min()
    assert abs(correlations(noise)[0, 1]) < 0.08
    assert marginals(source, noise)["distance"].max() < 0.02


def test_time_reversed_runs_backward_from_its_own_end():
    real = varied()
    made = time_reversed(real)
    expected = sorted(tuple(x[::-1].ravel()) for x in sequences(real))
    assert sorted(tuple(x.ravel()) for x in sequences(made)) == expected
    assert sorted(rows_of(time_reversed(made))) == sorted(rows_of(real))


def test_collapsed_is_one_sequence_with_a_little_noise():
    real = windows(50)
    made = collapsed(real, 300, seed=2)
    spread = made.values.std(axis=0) / (real.scaler.maximum - real.scaler.minimum)
    np.testing.assert_allclose(spread, 0.01, rtol=0.2)
    distances = np.abs(real.values - made.values.mean(axis=0)).max(axis=(1, 2))
    assert (distances < 0.02).sum() == 1
