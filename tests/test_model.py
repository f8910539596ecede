"""A model as an object: what it refuses to lose, and what it says of itself."""

import copy
import pickle

import numpy as np
import pytest
from helpers import fit, run_config, tiny_data

from timegan_lib import InputError, TimeGAN

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
