"""A model as an object: what it refuses to lose, and what it says of itself."""

import copy
import json
import pickle

import numpy as np
import pytest
from helpers import ROOT, assert_same_state, fit, run_config, tiny_data

from timegan_lib import InputError, SequenceDataset, TimeGAN, load_dataset
from timegan_lib.data import prepare

pytestmark = pytest.mark.usefixtures("compiled")


def test_loaded_weights_are_not_thrown_away(tmp_path):
    fit(tmp_path / "run").save(tmp_path / "m.timegan")
    for path, options in (
        ("m.timegan", {}), ("run", {}), ("m.timegan", {"run_dir": tmp_path / "new"}),
    ):  # fmt: skip
        model = TimeGAN.load(tmp_path / path)
        before = model.sample(3).values
        with pytest.raises(InputError, match=r"would begin anew .* run_dir=; to train anew"):
            model.fit(tiny_data(), progress=False, **options)
        np.testing.assert_array_equal(model.sample(3).values, before)
    assert not (tmp_path / "new").exists()


def test_a_loaded_run_goes_on_in_its_folder(tmp_path):
    fit(tmp_path / "run", run_config(steps=(3, 2, 1)))
    model = TimeGAN.load(tmp_path / "run")
    model.config = run_config(steps=(3, 2, 4))
    model.fit(tiny_data(), tmp_path / "run", progress=False)
    assert model.steps_done["joint"] == 4
    model.fit(tiny_data(), progress=False)  # trained here: a second call trains anew, as it says


@pytest.mark.parametrize(
    "again", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_models_can_be_copied_and_pickled(again):
    model = fit()
    other = again(model)
    np.testing.assert_array_equal(other.sample(5).values, model.sample(5).values)
    np.testing.assert_array_equal(
        other.sample(5, average=True).values, model.sample(5, average=True).values
    )
    assert other.history.equals(model.history) and other.steps_done == model.steps_done
    assert again(TimeGAN(run_config(), seed=3)).seed == 3


def test_samples_before_the_joint_phase_are_said_to_be_none():
    with pytest.warns(UserWarning, match="no joint step was trained"):
        fit(config=run_config(steps=(2, 2, 0))).sample(2)


def test_samples_with_dates():
    made = fit().sample(3, start="2030-01-01", freq="D").to_frame()
    assert list(made.columns[:3]) == ["sequence", "step", "time"]
    assert made["time"].dt.day.tolist() == [1, 2, 3, 4] * 3
    with pytest.raises(InputError, match="go together"):
        fit().sample(3, freq="D")


# ---- columns in other forms

FORMS = {"top": "above low as scores", "low": "log changes as scores", "flow": "values as scores"}


def represented(count=40, seed=0):
    """A walk that stays positive, one that is never below it and often on it, and one that is often 0."""
    rng = np.random.default_rng(seed)
    low = np.exp(np.cumsum(rng.normal(0.0, 0.1, (count, 6)), axis=1))
    top = low * np.exp(np.maximum(rng.normal(0, 0.1, (count, 6)), 0.0))
    flow = np.rint(np.maximum(rng.normal(0, 5, (count, 6)), 0.0))
    return SequenceDataset.from_arrays(np.stack([top, low, flow], 2), names=["top", "low", "flow"])


def test_what_is_sampled_keeps_what_the_forms_promise(tmp_path):
    data = represented()
    model = fit(tmp_path / "run", data=data, represent=FORMS)
    values = model.training.draws.values.numpy()
    assert values.min() == 0 and values.max() == 1 and values.dtype == np.float32
    for made in (model.sample(200), model.reconstruct(data), model.supervised(data)):
        assert (made.feature("top") >= made.feature("low")).all()
        assert (made.values >= 0).all() and (made.feature("low") > 0).all()
        assert (made.scaled <= 10).all()  # in the data's own units
    about = json.loads((tmp_path / "run" / "config.json").read_text())
    assert about["represent"] == FORMS
    model.save(tmp_path / "m.timegan")
    for other in (TimeGAN.load(tmp_path / "m.timegan"), TimeGAN.load(tmp_path / "run")):
        assert other.representation.describe() == FORMS
        np.testing.assert_array_equal(other.sample(20).values, model.sample(20).values)
        np.testing.assert_array_equal(
            other.reconstruct(data).values, model.reconstruct(data).values
        )
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).sample(5).values, model.sample(5).values
    )


def test_a_perfect_autoencoder_gives_back_the_data(monkeypatch):
    data = represented()
    model = fit(data=data, represent=FORMS)
    monkeypatch.setattr(model.networks, "read_back", lambda x, *_: (x, None))
    made = model.reconstruct(data)
    np.testing.assert_allclose(made.values, data.values, rtol=1e-5, atol=1e-5)  # of float32
    touches, touched = (d.feature("top") == d.feature("low") for d in (made, data))
    assert (touches == touched).all() and touched.sum() > 50


def test_a_run_goes_on_with_the_forms_it_began_with_only(tmp_path):
    data, short = represented(), run_config(steps=(2, 2, 1))
    fit(tmp_path / "run", short, data, represent=FORMS)
    whole = fit(data=data, represent=FORMS, config=run_config(steps=(2, 2, 3)))
    again = fit(tmp_path / "run", run_config(steps=(2, 2, 3)), data, represent=FORMS)
    assert_same_state(whole, again)
    for other in (None, {**FORMS, "flow": "values"}, "propose"):
        with pytest.raises(
            InputError, match=r"learned top as 'above low as scores'.*same represent"
        ):
            fit(tmp_path / "run", short, data, represent=other)
    fit(tmp_path / "plain", short, data)
    with pytest.raises(InputError, match="all features as they are, not top as"):
        fit(tmp_path / "plain", short, data, represent=FORMS)


def test_forms_that_do_not_fit_are_refused_before_anything_is_made(tmp_path):
    for wrong, said in (
        ("proposed", 'must be "propose"'), ({"x": "log"}, "no feature"), ({"flow": "log"}, "flow = 0"),
        (3, "give a dict"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            fit(tmp_path / "run", data=represented(), represent=wrong)
    assert not (tmp_path / "run").exists()


def test_proposed_forms_are_kept_by_name():
    found = fit(data=represented(), represent="propose").representation.describe()
    assert found["low"].startswith("below top") and list(found) == ["top", "low", "flow"]
    assert fit().representation is None


def test_lengths_and_statics_stay_as_they_are():
    rng = np.random.default_rng(0)
    data = SequenceDataset.from_arrays(
        rng.gamma(2.0, size=(30, 6, 2)), rng.integers(2, 7, 30), rng.normal(size=(30, 1))
    )
    model = fit(data=data, represent={"x1": "log changes", "x2": "values as scores"})
    made, back = model.sample(40, seed=1), model.reconstruct(data)
    assert (made.values[~made.mask] == 0).all() and (made.values[made.mask] > 0).all()
    assert set(made.lengths) <= set(data.lengths) and made.static.shape == (40, 1)
    assert (back.lengths == data.lengths).all() and (back.values[~back.mask] == 0).all()


def test_the_fingerprints_of_shipped_runs_are_as_they_were():
    data = load_dataset("google")
    known = json.loads((ROOT / "data/runs/google/config.json").read_text())["data"]
    train, _ = data.split()
    assert known in (prepare(data).fingerprint, prepare(train).fingerprint)
    marks = {
        prepare(train, forms).fingerprint for forms in (None, {}, {"Close": "changes"}, "propose")
    }
    assert len(marks) == 4
