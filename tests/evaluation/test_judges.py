"""The scores that train a network, against a slow transcription of what they are defined to be."""

import sys
import warnings
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import binomtest, mannwhitneyu
from sklearn.metrics import r2_score

from timegan_lib import InputError, SequenceDataset, sines
from timegan_lib.data.scaling import Scaler
from timegan_lib.evaluation import discriminative_score, forecast_scores, predictive_score
from timegan_lib.evaluation.inputs import pair
from timegan_lib.evaluation.judge import BATCH, Judge, _draw, borrowed
from timegan_lib.evaluation.scores.discriminative import Discriminative
from timegan_lib.evaluation.scores.discriminative import _objective as tell_apart
from timegan_lib.evaluation.scores.forecasting import UNITS, Forecaster, forecast_error
from timegan_lib.evaluation.scores.forecasting import _objective as forecast_loss
from timegan_lib.evaluation.scores.predictive import _objective as predict_loss

LENGTH, FEATURES, REPEATS = 6, 4, 24
QUIET = {"progress": False}


# ---- the same, slowly ----


class SlowJudges:
    """Several judges of one kind, side by side: plain operations in float64, none of the library.

    A GRU as the paper's code has it (gate bias 1, reset before the product), a dense layer, Adam as a
    formula. weights: those to start from, (judges, ...) each; else Glorot-uniform ones.
    """

    def __init__(self, inputs, units, outputs, judges, seed=0, weights=None):
        self.rng, self.count = np.random.default_rng(seed), judges
        rows = inputs + units
        weights = weights or [
            self.glorot(rows, 2 * units), np.ones((judges, 1, 2 * units)),
            self.glorot(rows, units), np.zeros((judges, 1, units)),
            self.glorot(units, outputs), np.zeros((judges, 1, outputs)),
        ]  # fmt: skip
        self.weights = [tf.Variable(np.asarray(w, np.float64)) for w in weights]
        self.m, self.v = ([np.zeros(w.shape) for w in self.weights] for _ in "mv")

    def glorot(self, rows, columns):
        limit = np.sqrt(6 / (rows + columns))
        return self.rng.uniform(-limit, limit, (self.count, rows, columns))

    def __call__(self, x):
        """(judges, B, T, inputs) -> (judges, B, T, outputs)"""
        w_gates, b_gates, w_candidate, b_candidate, w_out, b_out = self.weights
        h = tf.zeros((*x.shape[:2], w_candidate.shape[2]), tf.float64)
        answers = []
        for t in range(x.shape[2]):
            step = tf.cast(x[:, :, t], tf.float64)
            r, u = tf.split(tf.sigmoid(tf.concat([step, h], 2) @ w_gates + b_gates), 2, axis=2)
            c = tf.tanh(tf.concat([step, r * h], 2) @ w_candidate + b_candidate)
            h = u * h + (1 - u) * c
            answers.append(h @ w_out + b_out)
        return tf.stack(answers, 2)

    def learn(self, steps, loss, *pools):
        """pools: of each judge its own rows, (judges, rows, ...) arrays; 128 of them in a step."""

        @tf.function(autograph=False)  # without it a minute, with it seconds
        def gradients(*batches):
            with tf.GradientTape() as tape:
                objective = tf.reduce_sum(loss(self, *batches))  # one scalar a judge
            return tape.gradient(objective, self.weights)

        for t in range(1, steps + 1):
            found = gradients(*(self.draw(pool) for pool in pools))
            for k, g in enumerate(found):
                self.m[k] = 0.9 * self.m[k] + 0.1 * g.numpy()
                self.v[k] = 0.999 * self.v[k] + 0.001 * g.numpy() ** 2
                rate = 1e-3 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
                self.weights[k].assign_sub(rate * self.m[k] / (np.sqrt(self.v[k]) + 1e-8))
        return self

    def draw(self, pool):
        rows = pool[0].shape[1]
        size = min(128, rows)
        order = np.stack([self.rng.permutation(rows)[:size] for _ in range(self.count)])
        which = np.arange(self.count)[:, None]
        return [tf.constant(array[which, order]) for array in pool]


def at_the_end(answers, lengths):
    """The logit of the last valid step: (judges, B)"""
    return tf.gather(answers, lengths - 1, axis=2, batch_dims=2)[..., 0]


def told(judges, real, fake):
    y_real, y_fake = (at_the_end(judges(x), lengths) for x, lengths in (real, fake))
    softplus = tf.math.softplus
    return tf.reduce_mean(softplus(-y_real), 1) + tf.reduce_mean(softplus(y_fake), 1)


def predicted(judges, batch):
    """L1 over valid pairs, of a sigmoid."""
    x, y, valid = batch
    return over_valid(tf.abs(tf.sigmoid(judges(x)) - y), valid)


def forecast(judges, batch):
    """L1 over valid pairs, of the present value and what is added to it."""
    x, y, valid = batch
    return over_valid(tf.abs(x + judges(x) - y), valid)


def over_valid(error, valid):
    """(judges, B, T, outputs), (judges, B, T, 1) -> (judges,)"""
    return tf.reduce_sum(error * valid, (1, 2, 3)) / tf.reduce_sum(
        valid * tf.ones_like(error), (1, 2, 3)
    )


def slow_discriminative(real, fake, steps, seed=1):
    """Balanced accuracies and AUCs of REPEATS judges, each with its own four fifths."""
    rng = np.random.default_rng(seed)
    train, test = [], []
    for x, lengths in ((side.scaled, side.lengths) for side in (real, fake)):
        orders = np.stack([rng.permutation(len(x)) for _ in range(REPEATS)])
        cut = int(0.8 * len(x))
        train.append([a[orders[:, :cut]] for a in (x, lengths)])
        test.append([a[orders[:, cut:]] for a in (x, lengths)])
    units = max(1, real.values.shape[2] // 2)
    judges = SlowJudges(real.values.shape[2], units, 1, REPEATS, seed).learn(steps, told, *train)
    a, b = (at_the_end(judges(x), lengths).numpy() for x, lengths in test)
    accuracy = ((a > 0).mean(axis=1) + (b < 0).mean(axis=1)) / 2
    auc = [
        mannwhitneyu(p, q).statistic / (len(p) * len(q)) for p, q in zip(a, b, strict=True)
    ]  # fmt: skip
    return accuracy, np.array(auc)


def shifted(data, inputs, targets):
    """x, y one step later, and where y is valid, as one row for every judge."""
    valid = (np.arange(1, data.values.shape[1]) < data.lengths[:, None])[..., None].astype(float)
    scaled = data.scaled.astype(float)
    parts = scaled[:, :-1, inputs], scaled[:, 1:, targets], valid
    return [np.broadcast_to(a, (REPEATS, *a.shape)) for a in parts]


def slow_predictive(real, fake, steps, target=None, seed=1):
    """The mean absolute error of REPEATS predictors on all real sequences."""
    features = real.values.shape[2]
    target = features - 1 if target is None else target
    inputs = [k for k in range(features) if k != target] or [0]
    judges = SlowJudges(len(inputs), max(1, features // 2), 1, REPEATS, seed)
    judges.learn(steps, predicted, shifted(fake, inputs, [target]))
    return predicted(judges, shifted(real, inputs, [target])).numpy()


# ---- data ----


def series(seed, count=200, drift=0.0, level=0.0, features=FEATURES, extra=0):
    """Wandering sequences of 2 to 6 steps; the last feature goes with the first one."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 1, features))
    x = x + 0.6 * rng.normal(size=(count, LENGTH, features)).cumsum(axis=1)
    x += level + drift * np.arange(LENGTH)[:, None]
    x[..., -1] = 0.5 * x[..., -1] + 0.5 * np.roll(x[..., 0], 1, axis=1)
    lengths = rng.integers(2, LENGTH + 1, count)
    return SequenceDataset.from_arrays(np.pad(x, [(0, 0), (0, extra), (0, 0)]), lengths)


REAL, HELD_OUT = series(0), series(2)
FAKE = series(1, count=150, drift=0.5, level=1.0)  # four fifths of it are less than a batch


def alike(found, expected, sharp):
    """Means within three standard errors, which must be less than `sharp` for this to say much."""
    error = np.sqrt(sum(np.var(a, ddof=1) / len(a) for a in (found, expected)))
    assert error < sharp
    assert abs(np.mean(found) - np.mean(expected)) < 3 * error


# ---- the network ----


def test_the_network_is_a_keras_gru_and_a_dense_layer():
    network = Judge(3, 2, 1, tell_apart)
    *layer, kernel, bias = network._drawn(7)
    layer[0].assign_add(0.1 * tf.ones_like(layer[0]))
    network.weights = [*layer, kernel, bias]
    keras = tf.keras.layers.GRU(2, reset_after=False, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(1500, LENGTH, 3)).astype(np.float32)
    keras.build(x.shape)
    gates, gate_bias, candidate, candidate_bias = (w.numpy() for w in layer)
    r, u = np.split(gates, 2, axis=1)  # Keras has the update gate in front
    stacked = np.concatenate([u, r, candidate], axis=1)
    biases = np.concatenate([*np.split(gate_bias, 2)[::-1], candidate_bias])
    keras.set_weights([stacked[:3], stacked[3:], biases])
    expected = keras(x).numpy() @ kernel.numpy() + bias.numpy()
    np.testing.assert_allclose(network(tf.constant(x)), expected, atol=1e-5)
    np.testing.assert_allclose(network.predict(x), expected, atol=1e-5)  # in parts of 1,024


def test_a_batch_is_of_different_rows():
    seed = tf.constant(3, tf.int64)
    pool = (tf.range(300), tf.range(300) * 10)
    drawn = [_draw(pool, seed, which, step) for which, step in ((0, 0), (0, 1), (1, 0))]
    for rows, tens in drawn:
        assert len(set(rows.numpy())) == BATCH == 128
        np.testing.assert_array_equal(rows * 10, tens)
    assert len({tuple(sorted(rows.numpy())) for rows, _ in drawn}) == 3
    few = _draw((tf.range(50),), seed, 0, 0)[0]
    assert sorted(few.numpy()) == list(range(50))
    counts = sum(np.bincount(_draw(pool, seed, 0, step)[0], minlength=300) for step in range(200))
    assert counts.min() > 50 and counts.max() < 125  # 85 on average, sd 7


@pytest.fixture(scope="module")
def network():
    """The network that the discriminative scores below use as well."""
    with borrowed(tell_apart, LENGTH, FEATURES, 2, 1) as network:
        yield network


def test_a_training_is_the_slow_one_to_the_last_digits(network):
    """A pool below the size of a batch is drawn as a whole: nothing is left to chance."""
    pools = [(side.scaled[:70], side.lengths[:70].astype(np.int32)) for side in (REAL, FAKE)]
    network.train([tuple(map(tf.constant, pool)) for pool in pools], 40, 5)
    start = [w.numpy()[None] for w in network._drawn(5)]
    start = [w if w.ndim == 3 else w[:, None] for w in start]
    slow = SlowJudges(FEATURES, 2, 1, 1, weights=start)
    slow.learn(40, told, *[[a[None] for a in pool] for pool in pools])
    for weight, before, expected in zip(network.weights, start, slow.weights, strict=True):
        expected = expected.numpy().reshape(weight.shape)
        np.testing.assert_allclose(weight, expected, atol=2e-5)
        assert np.abs(expected - before.reshape(weight.shape)).max() > 5e-3


def test_every_training_begins_anew(network):
    pools = [tuple(map(tf.constant, (s.scaled, s.lengths.astype(np.int32)))) for s in (REAL, FAKE)]

    def trained(seed, steps=20):
        network.train(pools, steps, seed)
        return np.concatenate([w.numpy().ravel() for w in network.weights])

    first, other = trained(1), trained(2)
    np.testing.assert_array_equal(trained(1), first)
    assert np.abs(other - first).max() > 0.1
    assert 0 < np.abs(trained(1, 21) - first).max() < 2e-3


def test_nobody_else_has_a_judge_meanwhile_and_the_next_one_gets_it():
    sizes = (tell_apart, LENGTH, FEATURES, 3, 1)
    with borrowed(*sizes) as one:
        with borrowed(*sizes) as other:
            assert other is not one
        with borrowed(*sizes) as again, borrowed(tell_apart, LENGTH, FEATURES, 4, 1) as larger:
            assert again is other and larger not in (one, other)
            with borrowed(*sizes) as third:
                assert third not in (one, other)
    with pytest.raises(KeyError), borrowed(*sizes) as kept:
        raise KeyError  # an error hands it back too
    with borrowed(*sizes) as again:
        assert again is kept is one


def test_every_pool_has_rows_of_its_own():
    """What moves the bias is that two pools of the same rows give different batches."""

    def apart(judge, a, b):
        moved = tf.reduce_max(tf.abs(tf.sort(a[0][:, 0, 0]) - tf.sort(b[0][:, 0, 0])))
        return moved * tf.reduce_sum(judge.weights[-1]) + 0 * tf.reduce_sum(judge(a[0]))

    pool = (tf.reshape(tf.range(300.0), (300, 1, 1)),)
    alone = Judge(1, 1, 1, apart)
    alone.train([pool, pool], 1, 0)
    assert float(alone.weights[-1][0]) == pytest.approx(-1e-3, rel=1e-3)


class Stub:
    """A network that learns nothing, answers `answer` to everything, and remembers what it saw."""

    def __init__(self, monkeypatch, score, answer=0.0):
        self.answer = answer
        monkeypatch.setattr(sys.modules[score.__module__], "borrowed", self.made)

    def made(self, objective, *sizes):
        self.sizes = sizes  # length, inputs, units, outputs
        return nullcontext(self)

    def train(self, pools, steps, seed):
        self.pools = [[np.asarray(array) for array in pool] for pool in pools]

    def predict(self, x):
        self.asked = x
        return np.full((*x.shape[:2], 1), self.answer, np.float32)


@pytest.mark.parametrize(("features", "units"), [(1, 1), (2, 1), (5, 2), (6, 3)])
def test_a_judge_has_half_as_many_units_as_there_are_features(monkeypatch, features, units):
    a, b = np.random.default_rng(0).uniform(size=(2, 20, 7, features))
    stub = Stub(monkeypatch, discriminative_score)
    discriminative_score(a, b, 1, **QUIET)
    assert stub.sizes == (7, features, units, 1)
    stub = Stub(monkeypatch, predictive_score)
    predictive_score(a, b, 1, **QUIET)
    assert stub.sizes == (6, max(1, features - 1), units, 1)


def test_the_predictor_sees_the_other_features_a_step_earlier(monkeypatch):
    stub = Stub(monkeypatch, predictive_score)
    found = predictive_score(REAL, FAKE, 1, target="x2", **QUIET)
    real, fake = pair(REAL, FAKE)
    ((x, y, valid),) = stub.pools
    np.testing.assert_array_equal(x, fake.scaled[:, :-1, [0, 2, 3]])
    np.testing.assert_array_equal(y, fake.scaled[:, 1:, [1]])
    np.testing.assert_array_equal(valid[..., 0], np.arange(1, LENGTH) < fake.lengths[:, None])
    np.testing.assert_array_equal(stub.asked, real.scaled[:, :-1, [0, 2, 3]])
    targets = np.concatenate([x[1:n, 1] for x, n in zip(real.scaled, real.lengths, strict=True)])
    assert found.mean == pytest.approx(np.abs(targets - 0.5).mean(), rel=1e-5)


def test_a_judge_that_always_says_the_same_is_right_half_of_the_time(monkeypatch):
    for answer in (1.0, -1.0, 0.0):
        Stub(monkeypatch, discriminative_score, answer)
        found = discriminative_score(REAL, series(9, count=30), 2, **QUIET)
        assert list(found.accuracies) == list(found.aucs) == [0.5, 0.5] and found.mean == 0


def test_four_fifths_are_learned_and_the_rest_is_asked(monkeypatch):
    stub = Stub(monkeypatch, discriminative_score)
    sides = [np.arange(n, dtype=float).reshape(n, 1, 1) for n in (50, 31)]
    discriminative_score(*sides, 1, **QUIET)
    assert [len(x) for x, _ in stub.pools] == [40, 24] and len(stub.asked) == 7
    learned, asked = (
        set((49 * x).round().astype(int).ravel()) for x in (stub.pools[1][0], stub.asked)
    )
    assert learned | asked == set(range(31)) and not learned & asked


@pytest.fixture
def plain_answers():
    """A judge that answers with its first input."""
    return lambda x: x[..., :1]


def test_losses_by_hand(plain_answers):
    x = tf.constant([[[1.0], [5.0], [0.0]], [[2.0], [-1.0], [3.0]]])
    real, fake = (x, tf.constant([2, 3])), (x[:1], tf.constant([1]))
    expected = (np.log1p(np.exp(-5)) + np.log1p(np.exp(-3))) / 2 + np.log1p(np.exp(1))
    assert float(tell_apart(plain_answers, real, fake)) == pytest.approx(expected)
    y = tf.constant([[[0.5], [1.0], [9.0]], [[0.0], [9.0], [9.0]]])
    valid = tf.constant([[[1.0], [1.0], [0.0]], [[1.0], [0.0], [0.0]]])
    sigmoid = 1 / (1 + np.exp(-np.array([1.0, 5.0, 2.0])))
    expected = np.abs(sigmoid - [0.5, 1.0, 0.0]).mean()
    assert float(predict_loss(plain_answers, (x, y, valid))) == pytest.approx(expected)
    expected = np.mean([2 - 0.5, 10 - 1, 4 - 0])
    assert float(forecast_loss(plain_answers, (x, y, valid))) == pytest.approx(expected)


# ---- discriminative ----


@pytest.fixture(scope="module")
def discriminative():
    return discriminative_score(REAL, FAKE, REPEATS, 250, seed=3, **QUIET)


def test_discriminative_agrees_with_the_slow_one(discriminative):
    accuracies, aucs = slow_discriminative(*pair(REAL, FAKE), 250)
    alike(discriminative.accuracies, accuracies, sharp=0.05)
    alike(discriminative.aucs, aucs, sharp=0.07)
    assert 0.6 < accuracies.mean() < 0.9  # learning, and not done


def test_discriminative_is_fixed_by_its_seed(discriminative):
    again = discriminative_score(REAL, FAKE, 2, 250, seed=3, **QUIET)
    np.testing.assert_array_equal(again.accuracies, discriminative.accuracies[:2])
    np.testing.assert_array_equal(again.aucs, discriminative.aucs[:2])
    other = discriminative_score(REAL, FAKE, 2, 250, seed=4, **QUIET)
    assert np.any(other.aucs != again.aucs)


def test_discriminative_says_what_it_found(discriminative):
    assert discriminative.tested == 69  # 4 / (1 / 40 + 1 / 30)
    scores = np.abs(discriminative.accuracies - 0.5)
    assert discriminative.mean == pytest.approx(scores.mean())
    assert discriminative.sd == pytest.approx(scores.std(ddof=1))
    said = str(discriminative)
    assert f"{scores.mean():.3f}" in said and f"{discriminative.floor:.3f}" in said
    one = Discriminative(np.array([0.3, 0.7]), np.array([0.2, 0.8]), 80)
    assert one.mean == pytest.approx(0.2) and one.sd == pytest.approx(0)
    assert np.isnan(Discriminative(np.array([0.3]), np.array([0.2]), 80).sd)


def test_room_behind_the_longest_sequence_changes_no_judgement():
    """A judge that read the last step, and not the last valid one, would read something else."""
    room = [series(0, extra=2), series(1, count=150, drift=0.5, level=1.0, extra=2)]
    a, b = (discriminative_score(*sides, 2, 120, **QUIET) for sides in ((REAL, FAKE), room))
    np.testing.assert_allclose(a.aucs, b.aucs, atol=0.003)
    np.testing.assert_allclose(a.accuracies, b.accuracies, atol=0.02)


def test_what_differs_is_told_apart_and_what_does_not_is_not():
    far = SequenceDataset.from_arrays(REAL.values + 60, REAL.lengths)
    found = discriminative_score(REAL, far, 3, 500, **QUIET)
    assert found.mean > 0.48 and found.aucs.mean() > 0.99 and found.interval[0] > 0.9
    for same in (REAL, series(9)):
        found = discriminative_score(REAL, same, 8, 150, **QUIET)
        assert found.tested == 80
        assert abs(found.mean - found.floor) < 0.045
        assert abs(found.aucs.mean() - 0.5) < 0.1


def test_with_unequal_numbers_guessing_is_still_right_half_of_the_time():
    few = series(9, count=30)
    found = discriminative_score(REAL, few, 8, 100, **QUIET)
    assert found.tested == round(4 / (1 / 40 + 1 / 6))
    assert abs(found.accuracies.mean() - 0.5) < 0.15  # not 40 / 46


def test_the_floor_is_what_guessing_scores():
    rng = np.random.default_rng(0)
    for tested in (7, 80, 2 * (3661 - int(0.8 * 3661))):
        guesses = np.abs(rng.binomial(tested, 0.5, 200_000) / tested - 0.5)
        floor = Discriminative(np.array([0.5]), np.array([0.5]), tested).floor
        assert abs(floor - guesses.mean()) < 4 * guesses.std() / np.sqrt(len(guesses))
    assert floor == pytest.approx(0.010, abs=0.0005)  # of the paper's Google data


@pytest.mark.parametrize(("hits", "tested"), [(7, 10), (0, 20), (80, 80), (733, 1466)])
def test_the_interval_is_wilsons(hits, tested):
    found = Discriminative(np.array([hits / tested]), np.array([0.5]), tested).interval
    expected = binomtest(hits, tested).proportion_ci(0.95, "wilson")
    np.testing.assert_allclose(found, [expected.low, expected.high], atol=1e-7)


# ---- predictive ----


@pytest.fixture(scope="module")
def predictive():
    return predictive_score(REAL, FAKE, REPEATS, 300, seed=3, **QUIET)


def test_predictive_agrees_with_the_slow_one(predictive):
    expected = slow_predictive(*pair(REAL, FAKE), 300)
    alike(predictive.scores, expected, sharp=0.01)
    start = predictive_score(REAL, FAKE, REPEATS, 1, **QUIET)
    assert abs(start.mean - expected.mean()) > 0.02  # it has learned something by then


def test_predictive_is_fixed_by_its_seed(predictive):
    again = predictive_score(REAL, FAKE, 2, 300, seed=3, **QUIET)
    np.testing.assert_array_equal(again.scores, predictive.scores[:2])
    assert np.any(predictive_score(REAL, FAKE, 2, 300, seed=4, **QUIET).scores != again.scores)
    assert predictive.mean == pytest.approx(predictive.scores.mean())
    assert predictive.sd == pytest.approx(predictive.scores.std(ddof=1))
    assert f"{predictive.mean:.4f}" in str(predictive) and "x4;" in str(predictive)
    assert not predictive.own_past and "reference" not in str(predictive)


def test_another_target_is_predicted_from_all_others():
    found = predictive_score(REAL, FAKE, REPEATS, 150, target="x2", **QUIET)
    alike(found.scores, slow_predictive(*pair(REAL, FAKE), 150, target=1), sharp=0.008)
    assert found.target == "x2"


def trivial_by_loops(data, place):
    """The errors of the median of each step, of one median, and of the last value."""
    rows = [x[:n, place] for x, n in zip(data.scaled, data.lengths, strict=True)]
    targets = [(t, x[t], x[t - 1]) for x in rows for t in range(1, len(x))]
    medians = {s: np.median([y for t, y, _ in targets if t == s]) for s in range(1, LENGTH)}
    one = np.median([y for _, y, _ in targets])
    return np.mean([(abs(y - medians[t]), abs(y - one), abs(y - p)) for t, y, p in targets], axis=0)


@pytest.mark.parametrize("target", ["x1", "x4"])
def test_trivial_predictors_by_hand(target):
    found = predictive_score(REAL, FAKE, 1, 1, target=target, **QUIET)
    expected = trivial_by_loops(REAL, REAL.names.index(target))
    np.testing.assert_allclose(
        [found.median, found.constant, found.persistence], expected, rtol=1e-5
    )


def test_a_single_feature_is_predicted_from_its_own_past():
    real, fake = series(0, features=1), series(1, features=1, level=1.0)
    found = predictive_score(real, fake, REPEATS, 150, **QUIET)
    assert found.own_past and "own past (not the reference's score)" in str(found)
    alike(found.scores, slow_predictive(*pair(real, fake), 150), sharp=0.02)
    told_apart = discriminative_score(real, fake, 2, 50, **QUIET)  # its reference has no units
    assert np.isfinite(told_apart.aucs).all()


def test_the_sines_of_the_reference_need_no_predictor():
    """By integration: x = (sin(.1 f t + .1 p) + 1) / 2 with f and p uniform, as they come."""
    data = sines("code", n=10_000, seed=5)
    data = replace(data, scaler=Scaler(np.zeros(5), np.ones(5)))
    found = predictive_score(data, data, 1, 1, **QUIET)
    assert found.median == pytest.approx(0.0936, abs=0.003)
    assert found.constant == pytest.approx(0.139, abs=0.003)
    grid = (np.arange(200) + 0.5) / 2000
    steps = np.arange(1, 24)[:, None, None]
    x = (np.sin(grid * steps + grid[:, None]) + 1) / 2
    medians = np.median(x, axis=(1, 2), keepdims=True)
    assert found.median == pytest.approx(np.abs(x - medians).mean(), abs=0.003)
    assert found.constant == pytest.approx(np.abs(x - np.median(x)).mean(), abs=0.003)


def test_shorter_real_sequences_are_no_reason_to_warn():
    short = REAL.subset(REAL.lengths < LENGTH)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictive_score(short, FAKE, 1, 1, **QUIET)


# ---- forecasts ----

STEPS = 120


@pytest.fixture(scope="module")
def forecasts():
    return forecast_scores(REAL, HELD_OUT, FAKE, 6, STEPS, seed=3, **QUIET)


@pytest.fixture(scope="module")
def slow_forecasts():
    """{way: (MAE of each repeat, R2 of each repeat)}"""
    real, fake = pair(REAL, FAKE)
    test, found = pair(REAL, HELD_OUT)[1], {}
    everything = list(range(FEATURES))
    shift = [
        [a[:6] for a in shifted(side, everything, everything)] for side in (real, fake, test)
    ]  # fmt: skip
    both = [np.concatenate(parts, axis=1) for parts in zip(*shift[:2], strict=True)]
    learned = [
        SlowJudges(FEATURES, UNITS, FEATURES, 6, seed=k).learn(STEPS, forecast, pool)
        for k, pool in enumerate([*shift[:2], both])
    ]
    for way, judges, (x, y, valid) in (
        ("TRTR", learned[0], shift[2]), ("TSTR", learned[1], shift[2]),
        ("mixture", learned[2], shift[2]), ("TRTS", learned[0], shift[1]),
    ):  # fmt: skip
        answers, where = (x + judges(x)).numpy(), valid[0, ..., 0] > 0
        found[way] = [
            np.abs(answers[:, where] - y[:, where]).mean(axis=(1, 2)),
            np.array([r2_score(y[0][where], one[where]) for one in answers]),
        ]
    return found


@pytest.mark.parametrize("way", ["TRTR", "TSTR", "mixture", "TRTS"])
def test_forecasts_agree_with_the_slow_ones(forecasts, slow_forecasts, way):
    row = forecasts.table.loc[way]
    for name, expected in zip(("MAE", "R2"), slow_forecasts[way], strict=True):
        error = np.sqrt((row[f"{name} sd"] ** 2 + expected.var(ddof=1)) / 6)
        assert error < 0.1 * abs(row[name])
        assert abs(row[name] - expected.mean()) < 3 * error


def test_the_ways_to_learn_are_told_apart(slow_forecasts):
    """Else the test above would not notice one in the place of another."""
    means = np.array([mae.mean() for mae, _ in slow_forecasts.values()])
    errors = np.array([mae.std(ddof=1) / np.sqrt(6) for mae, _ in slow_forecasts.values()])
    for k in range(1, 4):
        assert (np.abs(means - means[k]) > 2 * errors[k])[np.arange(4) != k].sum() >= 2


def test_trivial_forecasts_by_hand(forecasts):
    y, last, middle, medians = [], [], [], {}
    train, test = pair(REAL, HELD_OUT)
    for t in range(LENGTH):
        medians[t] = np.median(train.scaled[train.lengths > t, t], axis=0)
    for x, length in zip(test.scaled, test.lengths, strict=True):
        for t in range(1, length):
            y.append(x[t]), last.append(x[t - 1]), middle.append(medians[t])
    for way, forecast in (("persistence", last), ("median", middle)):
        mae = np.abs(np.subtract(y, forecast)).mean(axis=0)
        np.testing.assert_allclose(forecasts.by_feature.loc[way], mae, rtol=1e-5)
        assert forecasts.table.loc[way, "MAE"] == pytest.approx(mae.mean(), rel=1e-5)
        assert forecasts.table.loc[way, "R2"] == pytest.approx(r2_score(y, forecast), rel=1e-4)
        assert np.isnan(forecasts.table.loc[way, "MAE sd"])
    ways = ["TRTR", "TSTR", "mixture", "TRTS"]
    assert list(forecasts.table.index) == [*ways, "persistence", "median"]
    np.testing.assert_allclose(forecasts.by_feature.mean(axis=1), forecasts.table["MAE"], rtol=1e-6)
    assert "TSTR" in str(forecasts)


def test_forecasts_are_fixed_by_their_seed(forecasts):
    runs = [forecast_scores(REAL, HELD_OUT, FAKE, 1, STEPS, seed=s, **QUIET) for s in (3, 3, 4)]
    np.testing.assert_array_equal(runs[0].table, runs[1].table)
    assert np.any(runs[0].table.loc["TRTR", "MAE"] != runs[2].table.loc["TRTR", "MAE"])
    test = pair(REAL, HELD_OUT)[1]
    for way, data in (("TRTR", REAL), ("TSTR", FAKE)):
        errors = forecast_error(pair(REAL, data)[1], test, 1, STEPS, seed=3)
        assert errors.shape == (1,)
        assert errors[0] == pytest.approx(runs[0].table.loc[way, "MAE"], rel=1e-6)


def test_forecasters_do_not_disturb_each_other():
    a, b = Forecaster(LENGTH, FEATURES), Forecaster(LENGTH, FEATURES)
    values = HELD_OUT.scaled
    a.fit(REAL.scaled, REAL.mask, 30, 1)
    first = a.predict(values)
    b.fit(FAKE.scaled, FAKE.mask, 30, 2)
    np.testing.assert_array_equal(a.predict(values), first)
    assert first.shape == (200, LENGTH - 1, FEATURES)
    assert np.abs(b.predict(values) - first).max() > 0.01
    np.testing.assert_array_equal(a.predict(values), first)


def test_a_feature_that_never_changes_is_forecast_right_or_wrong():
    still = REAL.values.copy()
    still[..., 1] = 3.0
    data = SequenceDataset.from_arrays(still, REAL.lengths)
    found = forecast_scores(data, data, data, 1, 20, **QUIET)
    assert found.by_feature.loc["persistence", "x2"] == 0
    assert np.isfinite(found.table[["MAE", "R2"]]).all(axis=None)
    valid, scores = REAL.mask[:, 1:], [1.0]
    for k in (0, 2, 3):
        scores.append(r2_score(REAL.scaled[:, 1:, k][valid], REAL.scaled[:, :-1, k][valid]))
    assert found.table.loc["persistence", "R2"] == pytest.approx(np.mean(scores), rel=1e-4)
    assert found.by_feature.loc["TRTR", "x2"] > 0


def test_longer_held_out_sequences_can_be_forecast():
    longer = SequenceDataset.from_arrays(np.pad(HELD_OUT.values, [(0, 0), (0, 2), (0, 0)], "edge"))
    forecast_scores(REAL, longer, FAKE, 1, 1, **QUIET)


# ---- what cannot be scored ----


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: discriminative_score(REAL, FAKE, 0), "repeats=0"),
        (lambda: discriminative_score(REAL, FAKE, 1, 0), "steps=0"),
        (lambda: predictive_score(REAL, FAKE, 1.5), "repeats=1.5"),
        (lambda: predictive_score(REAL, FAKE, 1, -1), "steps=-1"),
        (lambda: predictive_score(REAL, FAKE, target="y"), "target='y' is no feature.* x1, x2, x3"),
        (lambda: forecast_scores(REAL, HELD_OUT, FAKE, True), "repeats=True"),
        (lambda: forecast_scores(REAL, HELD_OUT, FAKE, 1, "9"), "steps='9'"),
        (lambda: forecast_scores(REAL, REAL.values[..., :2], FAKE), "the held-out data have"),
        (lambda: forecast_scores(REAL, HELD_OUT, REAL.values[..., :2]), "the synthetic data have"),
        (lambda: discriminative_score(REAL, FAKE.values[:1]), "synthetic holds 1"),
        (lambda: predictive_score(np.ones((3, 1, 2)), np.ones((3, 1, 2))), "sequences of one step"),
        (lambda: forecast_scores(*[np.ones((3, 1, 2))] * 3), "sequences of one step"),
    ],
)
def test_a_call_refuses(call, said):
    with pytest.raises(InputError, match=said):
        call()
