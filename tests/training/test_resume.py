"""A run cannot be lost: stopped, killed, damaged, moved or extended, it ends as never stopped."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_state, fit, hashes, run_config, tiny_data, tiny_values

from timegan_lib import InputError, SequenceDataset, TimeGAN, files
from timegan_lib.files import read_arrays, write_arrays
from timegan_lib.training import RunDirectory, Training, loop

pytestmark = pytest.mark.usefixtures("compiled")
ROOT = Path(__file__).parent.parent.parent
STEPS = (7, 5, 6)  # one call a step, so call k is step k


@pytest.fixture(scope="module")
def straight():
    """The run that was never stopped."""
    return fit()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a finished run with a checkpoint at every step; copy it, do not change it."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    fit(folder, checkpoint_every=1)
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """A copy of that folder."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def interrupt(monkeypatch, calls, after=False):
    """Ctrl-C in place of the call after `calls` of Training.run, or at the end of it."""
    original, count = Training.run, iter(range(10**6))

    def run(self, phase, steps):
        stop = next(count) == calls
        if stop and not after:
            signal.raise_signal(signal.SIGINT)
        losses = original(self, phase, steps)
        if stop:
            signal.raise_signal(signal.SIGINT)
        return losses

    monkeypatch.setattr(Training, "run", run)


def interrupted(monkeypatch, calls, run_dir, after=False, **options):
    model = TimeGAN(options.pop("config", None) or run_config())
    with monkeypatch.context() as patch:
        interrupt(patch, calls, after)
        with pytest.raises(KeyboardInterrupt):
            model.fit(tiny_data(), run_dir, **{"progress": False} | options)
    return model


def assert_same_history(one, other, without=()):
    """Row by row, but for the seconds; a folder keeps six digits."""
    one, other = (history.drop(columns="seconds") for history in (one, other))
    other = other.drop(index=list(without)).reset_index(drop=True)
    pd.testing.assert_frame_equal(one, other, rtol=1e-5, check_dtype=False)


# ---- stopped by hand ----


@pytest.mark.parametrize(
    ("calls", "after"),
    [(3, False), (6, True), (7, False), (9, True), (12, False), (15, True), (17, False)],
)
def test_interrupted_anywhere_ends_as_never_stopped(monkeypatch, tmp_path, straight, calls, after):
    model = interrupted(monkeypatch, calls, tmp_path / "run", after)
    done = calls + after
    reached = [min(done, 7), min(max(done - 7, 0), 5), max(done - 12, 0)]
    assert list(model.steps_done.values()) == reached
    assert len(model.history) == calls
    loaded = TimeGAN.load(tmp_path / "run")
    assert loaded.steps_done == model.steps_done
    for usable in (model, loaded):
        assert np.isfinite(usable.sample(3).values).all()
    np.testing.assert_array_equal(model.sample(3).values, loaded.sample(3).values)

    again = fit(tmp_path / "run")
    assert_same_state(again, straight)
    # the losses of the call that was interrupted at its end are not known to anyone
    assert_same_history(again.history, straight.history, without=[calls] if after else [])


def test_interrupted_again_and_again(monkeypatch, tmp_path, straight, compiled):
    left, rng = sum(STEPS), random.Random(1)
    while left > 3:
        calls = rng.randint(1, 3)
        interrupted(monkeypatch, calls, tmp_path / "run", checkpoint_every=rng.randint(1, 9))
        left -= calls
        compiled.give_back()
    again = fit(tmp_path / "run", checkpoint_every=4)
    assert_same_state(again, straight)
    assert_same_history(again.history, straight.history)
    stored = pd.read_csv(tmp_path / "run" / "history.csv")
    assert_same_history(stored, straight.history)


def test_many_steps_a_call_are_interrupted_too(monkeypatch, tmp_path):
    config = run_config(steps=(1_000, 0, 0))  # two steps a call
    never = fit(tmp_path / "never", config)
    stopped = interrupted(monkeypatch, 111, tmp_path / "run", config=config, checkpoint_every=1_000)
    assert stopped.steps_done["autoencoder"] == 222
    again = fit(tmp_path / "run", config, checkpoint_every=1_000)
    assert_same_state(again, never)
    again = fit(tmp_path / "other", config, checkpoint_every=171)  # calls of other lengths
    assert_same_state(again, never)


def test_by_and_by_equals_at_once(tmp_path, straight, compiled):
    for steps in [(4, 0, 0), (7, 2, 0), (7, 5, 1), (7, 5, 6)]:
        model = fit(tmp_path / "run", run_config(steps=steps))
        assert tuple(model.steps_done.values()) == steps
        compiled.give_back()
    assert_same_state(model, straight)
    assert_same_history(model.history, straight.history)


def test_a_finished_run_is_extended(tmp_path):
    fit(tmp_path / "run", run_config(steps=4))
    with pytest.warns(UserWarning, match=r"phases that are over stay as they are.*\(4, 4, 9\)"):
        extended = fit(tmp_path / "run", run_config(steps=9))
    assert extended.config.steps == (4, 4, 9)
    assert TimeGAN.load(tmp_path / "run").steps_done["joint"] == 9
    never = fit(config=run_config(steps=(4, 4, 9)))
    assert_same_state(extended, never)
    assert_same_history(extended.history, never.history)


def test_a_finished_run_stays_as_it_is(run, straight):
    before = hashes(run)
    again = fit(run)
    assert_same_state(again, straight)
    assert hashes(run) == before


def test_the_estimate_of_the_time_leaves_no_trace(monkeypatch, tmp_path, capsys, straight):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(loop, "LONG", 10)
    model = fit(tmp_path / "run", progress=True)
    assert "18 steps, about 1 min on this machine" in capsys.readouterr().err
    assert_same_state(model, straight)
    stopped = interrupted(monkeypatch, 3, None, after=True, progress=True)
    assert set(stopped.steps_done.values()) == {0}


# ---- killed ----


def kill_in_a_loop(folder, kills, seed=0):
    """Train through the command line, kill -9 at random moments; the number of starts it took."""
    values = tiny_values(1, 60)[0]
    pd.DataFrame(values, columns=["a", "b", "c"]).to_csv(folder / "data.csv", index=False)
    command = [sys.executable, "-m", "timegan_lib.cli", "train", folder / "data.csv", "--quiet"]
    command += ["--length", "4", "--steps", "300", "--checkpoint-every", "7"]
    command += ["--set", "hidden=4", "--set", "layers=1", "--set", "batch_size=8"]
    rng, starts, run = random.Random(seed), 0, folder / "run"
    while True:
        starts += 1
        seen = {*run.glob("checkpoint-*")}
        process = subprocess.Popen([*command, "--out", run], cwd=ROOT)
        if starts <= kills:
            while {*run.glob("checkpoint-*")} <= seen and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.4))
            process.kill()
        if process.wait() == 0:
            return starts
        assert process.returncode == -signal.SIGKILL


def assert_killed_run_is_whole(folder):
    config = run_config(steps=300)
    frame = pd.read_csv(folder / "data.csv")
    never = fit(config=config, data=SequenceDataset.from_frame(frame, length=4))
    last = read_arrays(folder / "run" / "checkpoint-000000900.npz")
    assert last.keys() == never.training.state.keys()
    for name, variable in never.training.state.items():
        assert variable.numpy().tobytes() == last[name].tobytes(), name
    assert_same_history(pd.read_csv(folder / "run" / "history.csv"), never.history)
    assert not list((folder / "run").glob(".*"))


def test_killed_ends_as_never_killed(tmp_path):
    assert kill_in_a_loop(tmp_path, kills=1) == 2
    assert_killed_run_is_whole(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_in_a_loop_ends_as_never_killed(tmp_path, seed):
    assert kill_in_a_loop(tmp_path, kills=8, seed=seed) > 4
    assert_killed_run_is_whole(tmp_path)


@pytest.mark.parametrize("write", [1, 2, 3, 4, 6, 8, 9, 10])
def test_killed_between_any_two_writes(monkeypatch, tmp_path, straight, write):
    """What a kill leaves: the files renamed so far, and half a file under another name."""

    class Killed(BaseException):
        pass

    original, count = os.replace, iter(range(10**6))

    def replace(source, target):
        if next(count) == write:
            raise Killed
        original(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", replace)
        with pytest.raises(Killed):
            fit(tmp_path / "run", checkpoint_every=2)
    (part,) = (tmp_path / "run").glob(".*.part")
    part.write_bytes(part.read_bytes()[:100])
    again = fit(tmp_path / "run")
    assert not list((tmp_path / "run").glob(".*"))
    assert_same_state(again, straight)
    assert_same_history(again.history, straight.history)


def test_a_reader_leaves_what_another_process_is_writing(run):
    part = run / ".checkpoint-000000019.npz.99.part"
    part.write_bytes(b"half")
    TimeGAN.load(run)
    assert part.exists()
    with pytest.raises(InputError):
        fit(run, seed=1)
    assert part.exists()
    fit(run)
    assert not part.exists()


# ---- damaged ----


def truncate(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def test_a_damaged_newest_checkpoint_goes_back_to_the_one_before(run, straight):
    older, newest = sorted(run.glob("checkpoint-*"))
    truncate(newest)
    with pytest.warns(
        UserWarning, match=rf"{newest.name} is damaged.*going back to the one before"
    ):
        again = fit(run, checkpoint_every=1_000)
    assert_same_state(again, straight)
    assert_same_history(again.history, straight.history)
    assert sorted(run.glob("checkpoint-*")) == [older, newest]
    assert read_arrays(newest).keys() == read_arrays(older).keys()


def test_a_damaged_checkpoint_is_not_counted_among_the_last_two(run):
    older, newest = sorted(run.glob("checkpoint-*"))
    newest.rename(run / "checkpoint-000000099.npz")
    truncate(run / "checkpoint-000000099.npz")
    with pytest.warns(UserWarning, match="damaged"):
        fit(run)
    assert sorted(run.glob("checkpoint-*")) == [older, newest]


def test_where_all_are_damaged_nothing_is_trained_anew(run):
    for file in run.glob("checkpoint-*"):
        truncate(file)
    before = hashes(run)
    with (
        pytest.warns(UserWarning),
        pytest.raises(InputError, match=r"no checkpoint in .* readable"),
    ):
        fit(run)
    assert hashes(run) == before


def test_a_model_without_checkpoints_is_not_overwritten(run):
    for file in run.glob("checkpoint-*"):
        file.unlink()
    before = hashes(run)
    with pytest.raises(InputError, match="a trained model and no checkpoint to go on from"):
        fit(run)
    assert hashes(run) == before
    TimeGAN.load(run).sample(2)


def test_a_flipped_bit_or_a_cut_never_passes_unseen(tmp_path):
    whole = {"weights": np.arange(200.0).reshape(20, 10), "step": np.array(3)}
    write_arrays(tmp_path / "whole.npz", whole)
    content, file, rng = (tmp_path / "whole.npz").read_bytes(), tmp_path / "x.npz", random.Random(0)
    refused = 0
    for _ in range(300):
        place = rng.randrange(len(content))
        flipped = bytes([content[place] ^ (1 << rng.randrange(8))])
        cut = rng.random() < 0.3
        file.write_bytes(content[:place] + (b"" if cut else flipped + content[place + 1 :]))
        try:
            found = read_arrays(file)
        except InputError as error:
            assert str(file) in str(error)
            refused += 1
        else:  # a bit that means nothing, such as one of a date
            assert all(np.array_equal(found.get(name), whole[name]) for name in found)
            assert not cut
    assert refused > 200


@pytest.mark.parametrize("content", ["", "\n", 'phase,step\n"', "\0\0"])
def test_a_damaged_history_is_named_or_harmless(run, content):
    (run / "history.csv").write_text(content)
    try:
        fit(run)
    except InputError as error:
        assert "history.csv" in str(error)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"seed": 0}', '{"settings": 1, "seed": 0, "data": ""}']
)
def test_a_damaged_config_is_named(run, content):
    (run / "config.json").write_text(content)
    before = hashes(run)
    with pytest.raises(InputError, match=r"config\.json is not readable"):
        fit(run)
    assert hashes(run) == before


# ---- another run's folder, and folders that are none ----


def named_otherwise():
    return SequenceDataset.from_arrays(tiny_values(20, 4, 2), names=["a", "b"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config": run_config(hidden=5)}, "hidden=4, not 5"),
        ({"config": run_config(gamma=2.0)}, r"gamma=1\.0, not 2\.0"),
        ({"config": run_config(moments=False)}, "moments=True, not False"),
        ({"seed": 1}, "seed.*0, not 1"),
        ({"data": tiny_data(seed=1)}, "with data .*, or another folder"),
        ({"data": tiny_data(count=21)}, "with data"),
        ({"data": tiny_data(length=5)}, "with data"),
        ({"config": run_config(steps=(7, 5, 5))}, "holds 6 joint steps and steps asks for 5"),
        ({"data": named_otherwise()}, "x1, x2, not a, b"),
    ],
)
def test_the_folder_of_another_run_is_refused(run, change, named):
    before = hashes(run)
    with pytest.raises(InputError, match=named) as caught:
        fit(run, **change)
    assert str(run) in str(caught.value)
    assert hashes(run) == before


def test_a_refused_folder_leaves_a_trained_model_as_it_was(run):
    model = TimeGAN.load(run)
    expected = model.sample(4)
    other = SequenceDataset.from_arrays(100 * tiny_values(20, 5, 3))
    with pytest.raises(InputError):
        model.fit(other, run, progress=False)
    np.testing.assert_array_equal(model.sample(4).values, expected.values)


@pytest.mark.parametrize("kind", ["foreign", "file", "below a file", "no path"])
def test_what_is_no_run_directory_is_left_alone(tmp_path, kind):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    (tmp_path / "thesis" / ".mine.part").write_text("mine too")
    given = {
        "foreign": tmp_path / "thesis",
        "file": tmp_path / "thesis" / "chapter.txt",
        "below a file": tmp_path / "thesis" / "chapter.txt" / "run",
        "no path": 5,
    }[kind]
    before = hashes(tmp_path)
    with pytest.raises(InputError, match=str(given)):
        fit(given)
    assert hashes(tmp_path) == before


@pytest.mark.parametrize("writes", [0, 1, 4, 11])
def test_a_full_disk_loses_nothing(monkeypatch, tmp_path, straight, writes):
    original, count = os.replace, iter(range(10**6))

    def replace(source, target):
        if next(count) >= writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", replace)
        with pytest.raises(InputError, match=r"cannot write .*: No space left on device"):
            fit(tmp_path / "run", checkpoint_every=2)
    assert not list((tmp_path / "run").glob(".*"))
    assert_same_state(fit(tmp_path / "run"), straight)


@pytest.mark.parametrize("way", [shutil.move, shutil.copytree])
def test_a_moved_run_goes_on_elsewhere(monkeypatch, tmp_path, straight, way):
    interrupted(monkeypatch, 14, tmp_path / "here")
    (tmp_path / "other drive").mkdir()
    way(tmp_path / "here", tmp_path / "other drive" / "there")
    assert_same_state(fit(tmp_path / "other drive" / "there"), straight)


# ---- what is kept ----


def test_the_last_two_checkpoints_are_kept(monkeypatch, tmp_path):
    most, original = [], RunDirectory.write_checkpoint

    def write(self, step, arrays):
        original(self, step, arrays)
        most.append([file.name for file in self.checkpoints])

    monkeypatch.setattr(RunDirectory, "write_checkpoint", write)
    fit(tmp_path / "run", run_config(steps=(7, 5, 0)), checkpoint_every=3)
    steps = [0, 3, 6, 7, 10, 12]  # each phase counts for itself: 7 + 3, 7 + 5
    names = [f"checkpoint-{step:09d}.npz" for step in steps]
    assert most == [names[max(0, k - 1) : k + 1] for k in range(len(names))]


def test_snapshots_hold_the_weights_of_their_step(tmp_path):
    fit(tmp_path / "run", snapshots=[5, 2], checkpoint_every=4)
    assert sorted(f.name for f in (tmp_path / "run").glob("snapshot*")) == [
        "snapshot-joint-2.timegan",
        "snapshot-joint-5.timegan",
    ]
    for step in (2, 5):
        stored = TimeGAN.load(tmp_path / "run" / f"snapshot-joint-{step}.timegan")
        stopped = fit(config=run_config(steps=(7, 5, step)))
        assert stored.steps_done == stopped.steps_done
        for average in (False, True):
            samples = (model.sample(4, average=average).values for model in (stored, stopped))
            np.testing.assert_array_equal(*samples)


def test_snapshots_that_come_too_late_are_warned_about(tmp_path):
    fit(tmp_path / "run", run_config(steps=(2, 2, 3)), snapshots=[2])
    with pytest.warns(UserWarning, match="past joint step 3: no snapshot of it"):
        fit(tmp_path / "run", run_config(steps=(2, 2, 5)), snapshots=[2, 3, 4])
    found = sorted(file.stem for file in (tmp_path / "run").glob("snapshot*"))
    assert found == ["snapshot-joint-2", "snapshot-joint-4"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(tmp_path / "run", run_config(steps=(2, 2, 5)), snapshots=[2, 4])


def test_without_a_folder_every_call_trains_anew(straight):
    model = fit()
    assert_same_state(model, straight)
    model.fit(tiny_data(), progress=False)
    assert_same_state(model, straight)
