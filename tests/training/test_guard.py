"""A number that is not finite never reaches the disk: training goes back, and says so."""

import numpy as np
import pytest
from helpers import assert_same_state, fit, hashes, run_config, tiny_data
from test_resume import assert_same_history

from timegan_lib import TimeGAN, TrainingError, model
from timegan_lib.training import Training, checkpoint

pytestmark = pytest.mark.usefixtures("compiled", "finite_on_disk")
NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def straight():
    """The run in which nothing went wrong."""
    return fit()


@pytest.fixture
def finite_on_disk(monkeypatch):
    """Look at every array that is written."""
    original = checkpoint.write_arrays

    def write(file, arrays):
        for name, array in arrays.items():
            assert array.dtype.kind != "f" or np.isfinite(array).all(), f"{name} in {file}"
        original(file, arrays)

    monkeypatch.setattr(checkpoint, "write_arrays", write)
    monkeypatch.setattr(model, "write_arrays", write)


def spoil(monkeypatch, calls, variable=None, value=NAN, before=False, loss=None, stop=False):
    """In the calls of Training.run counted in `calls`, one number of a variable or a loss goes bad."""
    original, count = Training.run, iter(range(10**6))

    def put(training):
        if variable is not None:
            array = training.state[variable].numpy()
            array.flat[0] = value
            training.state[variable].assign(array)

    def run(self, phase, steps):
        bad = next(count) in calls
        if bad and before:
            put(self)
        losses = original(self, phase, steps)
        if bad and not before:
            put(self)
        if bad and loss is not None:
            losses[loss] = value
        if bad and stop:
            raise KeyboardInterrupt
        return losses

    monkeypatch.setattr(Training, "run", run)


@pytest.mark.parametrize(
    ("calls", "bad", "story"),
    [
        # the phases have 7, 5 and 6 calls; a checkpoint is written every third step
        ([0], {"variable": "embedder/output/kernel", "before": True}, "autoencoder step 1"),
        ([4], {"variable": "recovery/output/bias", "value": INF}, "autoencoder step 6"),
        ([4], {"variable": "generator/output/bias"}, "a weight was not finite by autoencoder step 6"),
        ([6], {"variable": "autoencoder_adam/powers"}, "a weight was not finite .* step 7"),
        ([8], {"loss": "supervised", "value": INF}, "the supervised loss .* supervisor step 2"),
        ([9], {"variable": "supervisor_adam/v/supervisor/output/bias"}, "supervisor step 3"),
        ([13], {"variable": "generator/layer_0/gates/kernel"}, "the .* loss .* joint step 3"),
        ([14], {"variable": "average/recovery/output/bias"}, "a weight .* joint step 3"),
        ([15], {"variable": "discriminator/output/bias", "before": True}, "joint step 4"),
        ([17], {"variable": "discriminator_adam/m/discriminator/output/bias"}, "joint step 6"),
        ([2, 8, 15], {"loss": "reconstruction", "value": -INF}, "reconstruction"),
    ],
)  # fmt: skip
def test_a_bad_number_is_undone(monkeypatch, tmp_path, straight, calls, bad, story):
    with monkeypatch.context() as patch, pytest.warns(UserWarning, match=story):
        spoil(patch, calls, **bad)
        found = fit(tmp_path / "run", checkpoint_every=3)
    assert_same_state(found, straight)
    assert_same_history(found.history, straight.history)
    assert np.isfinite(TimeGAN.load(tmp_path / "run").sample(2).values).all()


@pytest.mark.parametrize("folder", [True, False])
def test_the_second_time_at_one_place_is_an_error(monkeypatch, tmp_path, straight, folder):
    run = tmp_path / "run" if folder else None
    found = TimeGAN(run_config())
    sentence = (
        r"^the generator loss was not finite by joint step 5; went back to step 3 for the second "
        r"time\. The model is left at step 3\. Try a smaller learning_rate, or look at the data"
    )
    with monkeypatch.context() as patch:
        spoil(patch, [16, 18], loss="generator")  # call 17 is step 4 once more
        with (
            pytest.warns(UserWarning, match="went back"),
            pytest.raises(TrainingError, match=sentence),
        ):
            found.fit(tiny_data(), run, checkpoint_every=3, progress=False)
    assert list(found.steps_done.values()) == [7, 5, 3]
    assert len(found.history) == 15
    assert np.isfinite(found.sample(2).values).all()
    if folder:
        assert TimeGAN.load(run).steps_done["joint"] == 3
        assert_same_state(fit(run), straight)


def test_a_run_that_always_fails_ends(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        spoil(patch, range(10**6), variable="embedder/output/kernel")
        with pytest.warns(UserWarning), pytest.raises(TrainingError, match="autoencoder step"):
            fit(tmp_path / "run", checkpoint_every=3)
    assert set(TimeGAN.load(tmp_path / "run").steps_done.values()) == {0}


def test_a_learning_rate_beyond_all_measure_is_found_out(tmp_path):
    with pytest.warns(UserWarning), pytest.raises(TrainingError, match="smaller learning_rate"):
        fit(tmp_path / "run", run_config(learning_rate=3e38))
    before = hashes(tmp_path / "run")
    with pytest.warns(UserWarning), pytest.raises(TrainingError):
        fit(tmp_path / "run", run_config(learning_rate=3e38))
    assert hashes(tmp_path / "run") == before


def test_an_interruption_does_not_save_a_bad_number(monkeypatch, tmp_path, straight):
    found = TimeGAN(run_config())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        spoil(patch, [16], variable="generator/output/kernel", stop=True)
        found.fit(tiny_data(), tmp_path / "run", checkpoint_every=3, progress=False)
    assert np.isfinite(found.sample(2).values).all()
    assert found.steps_done["joint"] == 3
    assert_same_state(fit(tmp_path / "run"), straight)


def test_no_snapshot_holds_a_bad_number(monkeypatch, tmp_path, straight):
    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="joint step 4"):
        spoil(patch, [15], variable="generator/output/kernel")
        found = fit(tmp_path / "run", snapshots=[4], checkpoint_every=3)
    assert_same_state(found, straight)
    assert np.isfinite(
        TimeGAN.load(tmp_path / "run/snapshot-joint-4.timegan").sample(2).values
    ).all()
