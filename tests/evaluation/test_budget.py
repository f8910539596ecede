"""A fault is laid at the door of the stage it comes in by."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from helpers import tiny_model
from threadpoolctl import threadpool_limits

from timegan_lib import InputError, SequenceDataset, TimeGAN, ar_gaussian, load_dataset
from timegan_lib.data import DATA
from timegan_lib.evaluation import RULES, error_budget, validity
from timegan_lib.evaluation.candidates import untrained


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


class Stub:
    """Reads back exactly; its supervisor says that nothing changes; its samples are 5 too large."""

    def __init__(self, data):
        self.data = data

    def reconstruct(self, data):
        return data

    def supervised(self, data):
        values = data.values.copy()
        values[:, 1:] = data.values[:, :-1]
        return replace(data, values=values)

    def sample(self, n, seed=0):
        return replace(self.data, values=self.data.values[:n] + 5)


def test_each_stage_of_a_hand_made_model_has_its_own_fault():
    days = np.arange(8.0)[:, None, None] + np.arange(3)[:, None]
    data = SequenceDataset.from_arrays(days)
    held_out = SequenceDataset.from_arrays(data.values[:3] + 1)
    found = error_budget(Stub(data), data, held_out, rules=["x1 <= 9", "x1.diff() > 0.5"])
    assert list(found.index) == ["held-out", "reconstructed", "supervised", "generated"]
    exact, late, made = (found.loc[name] for name in found.index[1:])
    assert exact["error"] == exact["error unseen"] == exact["values"] == exact["broken"] == 0
    # two of three steps are the day before, 1 of a range of 9
    assert late["error"] == pytest.approx(2 / 3 / 9)
    assert late["error unseen"] == pytest.approx(2 / 3 / 9)
    assert late["broken"] == 1 and late["broken steps"] == pytest.approx(
        1 / 3
    )  # no change at first
    assert np.isnan(made["error"]) and np.isnan(found.loc["held-out", "error"])
    over = np.array([[k + t + 5 > 9 for t in range(3)] for k in range(8)])
    assert made["broken"] == over.any(axis=1).mean()
    assert made["broken steps"] == pytest.approx(over.mean())
    expected = untrained(data, held_out)
    assert found.loc["held-out", "values"] == pytest.approx(expected["values"])
    assert "onnd" not in found


def test_without_held_out_data_and_rules_the_rest_is_the_same():
    data = ar_gaussian(n=40, length=4, features=2)
    found = error_budget(Stub(data), data)
    assert list(found.index) == ["reconstructed", "supervised", "generated"]
    assert found["error unseen"].isna().all() and "broken" not in found


@pytest.fixture
def eagerly():
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
def test_stages_are_the_networks_in_a_row():
    model = tiny_model()
    data = SequenceDataset.from_arrays(np.random.default_rng(1).uniform(-5, 5, (300, 6, 3)))
    nets, template = model.networks, model.sample(1)
    scaled = template.scaler.scale(data.values).astype(np.float32)
    codes = nets.embedder(tf.constant(scaled))
    exact = nets.recovery(codes).numpy()
    np.testing.assert_allclose(
        template.scaler.scale(model.reconstruct(data).values), exact, atol=1e-5
    )
    told = nets.supervisor(codes).numpy()
    late = codes.numpy().copy()
    for step in range(1, 6):
        late[:, step] = told[:, step - 1]
    late = nets.recovery(tf.constant(late)).numpy()
    np.testing.assert_allclose(
        template.scaler.scale(model.supervised(data).values), late, atol=1e-5
    )
    assert np.abs(late - exact).max() > 1e-4
    with pytest.raises(InputError, match="features"):
        model.reconstruct(SequenceDataset.from_arrays(data.values[..., :2]))
    with pytest.raises(InputError, match="not trained"):
        TimeGAN().reconstruct(data)


@pytest.fixture(scope="module")
def google():
    train, held_out = load_dataset("google").split()
    return TimeGAN.load(DATA / "runs" / "google"), train, held_out


def test_an_embedder_erases_a_rule_that_is_always_broken(google):
    """High and Low swapped on all days: read back, High is above Low again, as it always was."""
    model, train, _ = google
    some = train.subset(slice(0, None, 10))
    high, low = (some.names.index(name) for name in ("High", "Low"))
    values = some.values.copy()
    values[..., [high, low]] = values[..., [low, high]]
    swapped = replace(some, values=values)
    assert validity(swapped, "High >= Low").loc["any rule", "sequences"] == 1
    back = model.reconstruct(swapped)
    assert validity(back, "High >= Low").loc["any rule", "steps"] < 0.001


def test_real_windows_break_rules_by_being_read_back(google):
    model, train, held_out = google
    some, other = train.subset(slice(0, None, 5)), held_out.subset(slice(0, None, 3))
    found = error_budget(model, some, other, rules=RULES["google"])
    assert found.loc["held-out", "broken"] == 0
    assert found.loc["reconstructed", "broken steps"] > 0
    assert 0 < found.loc["reconstructed", "error"] < found.loc["supervised", "error"] < 0.1


def test_statics_and_lengths_are_read_back():
    storms = load_dataset("storms")
    model = TimeGAN.load(DATA / "runs" / "storms")
    some = storms.subset(slice(0, 40))
    for found in (model.reconstruct(some), model.supervised(some)):
        assert found.names == some.names and found.static.shape == some.static.shape
        np.testing.assert_array_equal(found.lengths, some.lengths)
        assert not found.values[~found.mask].any()
        wind = some.names.index("wind")
        assert np.abs(found.values - some.values)[some.mask][:, wind].mean() < 10  # knots
