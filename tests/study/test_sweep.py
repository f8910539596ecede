"""A study on this machine: made once, resumed where it stopped, and no run stops another."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

import pandas as pd
import pytest
from helpers import ROOT, assert_same_state, fit, hashes, run_config, tiny_data

from timegan_lib import TimeGAN, ar_gaussian
from timegan_lib.cli import commands, main
from timegan_lib.study import local, making, states, sweep
from timegan_lib.study.plan import make_plan
from timegan_lib.training import RunDirectory, claim

SMALL = {"hidden": 4, "layers": 1, "batch_size": 8}
STEPS = (7, 5, 6)
LONG = (20, 20, 40_000)  # far longer than any test waits
WORDS = ["--length", "4", "--option", "n=60", "--option", "features=2", "--hold-out"]
WORDS += ["--set", "layers=1", "--set", "batch_size=8", "--checkpoint-every", "4"]


def until(found, seconds=120):
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.02)
    return result


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two seeds with two settings, one of which cannot be trained, two at a time; what was said."""
    folder = tmp_path_factory.mktemp("study")
    line = ["sweep", "ar_gaussian", "--out", "study", "--seeds", "0,3", "--steps", "7", "5", "6"]
    line += [*WORDS, "--set", "hidden=4", "--set", "learning_rate=0.001,3e38", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "timegan_lib.cli", *line], cwd=folder, text=True,
        capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return folder, line, done


def test_every_run_is_a_run_as_made_alone(study, monkeypatch):
    folder, _, _ = study
    monkeypatch.chdir(folder)
    data, _ = ar_gaussian(n=60, length=4, features=2).split()
    for seed in (0, 3):
        name = f"batch_size=8-hidden=4-layers=1-learning_rate=0.001-seed={seed}"
        run = folder / "study" / name
        alone = fit(config=run_config(steps=STEPS), data=data, seed=seed)
        again = fit(run, run_config(steps=STEPS), data, seed)
        assert_same_state(again, alone)
        assert TimeGAN.load(run).steps_done == alone.steps_done
        words = shlex.split(RunDirectory(run).read_config()["command"])
        assert words[:4] == ["timegan", "train", "ar_gaussian", "--out"]
        assert words[4] == f"study/{name}" and "--hold-out" in words
        before = hashes(run)
        monkeypatch.setattr("timegan_lib.cli.use_threads", lambda n: None)
        assert main([*words[1:], "--quiet"]) == 0  # the recorded line goes on with this very run
        assert {**hashes(run), "config.json": ""} == {**before, "config.json": ""}


def test_a_failed_run_is_reported_and_stops_no_other(study):
    folder, _, done = study
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == "Next: timegan index study" and len(lines) == 6
    assert sum("finished" in line for line in lines) == 2
    assert sum("failed: " in line and "not finite" in line for line in lines) == 2
    assert "2 of 4 runs failed" in done.stderr and "%|" not in done.stderr
    (kept, _) = sorted((folder / "study").glob("*.failed.txt"))
    text = kept.read_text()
    assert "learning_rate" in text.splitlines()[0] and "Traceback" in text


def test_the_list_says_how_far_each_is_and_index_finds_the_data(study, monkeypatch, capsys):
    folder, line, _ = study
    monkeypatch.chdir(folder)
    before = hashes(folder)
    assert main([*line, "--list"]) == 0
    states = [said.split(None, 2)[2] for said in capsys.readouterr().out.splitlines()]
    assert states[:2] == ["finished"] * 2 and all("failed: " in state for state in states[2:])
    assert hashes(folder) == before
    found = []
    monkeypatch.setattr(
        commands.study,
        "index",
        lambda folder, parts, *_, **__: found.append(parts) or pd.DataFrame(),
    )
    assert main(["index", "study"]) == 0
    about = RunDirectory(next((folder / "study").glob("*0.001-seed=3"))).read_config()
    name, (train, held_out) = found[0](about["command"])
    assert name == "ar_gaussian n=60 features=2"
    assert len(train) + len(held_out) == 60 and len(train) == about["sequences"]


class Here:
    """In place of another process: the work is done at once, in this one."""

    def submit(self, work, parent, *given):
        done = Future()
        done.set_result(work(os.getppid(), *given))
        return done

    def shutdown(self, **_):
        pass


@pytest.fixture
def here(monkeypatch, compiled):
    monkeypatch.setattr(local, "_process", Here)
    monkeypatch.setattr(making, "use_threads", lambda _: None)


def test_one_run_of_a_plan_alone_and_the_finished_are_left_as_they_are(
    tmp_path, monkeypatch, capsys, here
):
    monkeypatch.chdir(tmp_path)
    line = ["sweep", "ar_gaussian", "--out", "s", "--seeds", "0-2", "--steps", "2", *WORDS]
    line += ["--set", "hidden=3"]
    assert main([*line, "--index", "1"]) == 0
    assert [path.name[-1] for path in (tmp_path / "s").iterdir()] == ["1"]
    before = hashes(tmp_path)
    monkeypatch.setattr(local, "_process", lambda: pytest.fail("nothing is left to make"))
    assert main([*line, "--index", "1"]) == 0
    assert hashes(tmp_path) == before
    assert "finished" in capsys.readouterr().out


def test_from_python_with_several_tables(tmp_path, here):
    tables = {"a": tiny_data(), "b": tiny_data(seed=1)}
    table = sweep(tables, tmp_path, range(1), SMALL | {"hidden": [3]}, steps=2, progress=False)
    assert list(table.columns) == [
        "run", "data", "seed", "hidden", "layers", "batch_size", "steps", "minutes", "state",
    ]  # fmt: skip
    assert list(table["state"]) == ["finished"] * 2 and list(table["steps"]) == [6, 6]
    assert list(table["run"]) == [f"{k}-batch_size=8-hidden=3-layers=1-seed=0" for k in "ab"]
    assert set(table["run"]) == {path.name for path in tmp_path.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", ["SIGKILL", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_a_process_that_is_killed_costs_its_own_run_some_steps(tmp_path, number):
    """It is begun again from its checkpoint; the second time, it has failed."""
    (run,) = make_plan(["data"], tmp_path, 0, SMALL, LONG)
    seen, killed = [0], []

    def worker():
        """The number of the process that holds the run now, None where nobody does."""
        try:
            return int((run.folder / ".claim").read_text().split()[-1])
        except (FileNotFoundError, IndexError):
            return None

    def kill_twice():
        for _ in range(2):  # a process that was sent a signal may still write: never the same twice
            until(lambda: worker() not in [None, *killed])
            until(lambda: states._seen(run) > max(seen[-1], 50))
            killed.append(worker())
            seen.append(states._seen(run))
            os.kill(killed[-1], signal.Signals[number])

    killer = threading.Thread(target=kill_twice)
    killer.start()
    table = sweep(tiny_data(), tmp_path, 0, SMALL, steps=LONG, checkpoint_every=20, progress=False)
    killer.join()
    (state,) = table["state"]
    assert state.startswith("failed: its process died 2 times")
    assert seen[2] > seen[1] and state.partition(": ")[2] in run.failed_file.read_text()
    history = pd.read_csv(run.folder / "history.csv")
    assert history["seconds"].is_monotonic_increasing
    assert not history.duplicated(["phase", "step"]).any()


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_stopped_by_hand_all_is_kept_and_the_same_line_goes_on(tmp_path):
    line = [sys.executable, "-m", "timegan_lib.cli", "sweep", "ar_gaussian", "--out", "s", *WORDS]
    line += ["--set", "hidden=3", "--steps", *map(str, LONG), "--checkpoint-every", "401"]
    process = subprocess.Popen(
        line, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    (tmp_path / "s").mkdir()
    until(lambda: list((tmp_path / "s").glob("*/checkpoint-*[1-9].npz")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "timegan: stopped, and saved; the same line goes on from here\n"
    (folder,) = (tmp_path / "s").iterdir()
    assert not claim.is_claimed(folder) and not list(folder.glob(".*"))
    history = pd.read_csv(folder / "history.csv")
    written = history.groupby("phase")["step"].max().sum()
    assert 0 <= sum(TimeGAN.load(folder).steps_done.values()) - written <= 80  # one call of a phase


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_where_the_first_process_dies_the_others_save_and_end(tmp_path, request):
    """And the same line goes on; SIGTERM stops it as Ctrl-C does."""
    line = [sys.executable, "-m", "timegan_lib.cli", "sweep", "ar_gaussian", "--out", "s", *WORDS]
    line += ["--set", "hidden=3", "--steps", "20", "20", "900000", "--seeds", "0,1", "--jobs", "2"]
    line += ["--checkpoint-every", "6000"]
    folders = [tmp_path / "s" / f"batch_size=8-hidden=3-layers=1-seed={k}" for k in range(2)]

    def start(least):
        process = subprocess.Popen(
            line, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        request.addfinalizer(process.kill)
        until(lambda: all(newest(folder) > least for folder in folders), 600)
        pids = [int((folder / ".claim").read_text().split()[-1]) for folder in folders]
        request.addfinalizer(lambda: [os.kill(pid, signal.SIGKILL) for pid in pids if lives(pid)])
        assert all(map(lives, pids))
        return process, pids

    process, pids = start(40)
    process.kill()
    process.wait()
    until(lambda: not any(map(lives, pids)), 50)
    saved = [newest(folder) for folder in folders]
    assert any((step - 40) % 6000 for step in saved), "nothing but the usual checkpoints"
    assert not any(claim.is_claimed(folder) or list(folder.glob(".*")) for folder in folders)

    process, pids = start(max(saved))
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and not any(map(lives, pids))
    assert said == "timegan: stopped, and saved; the same line goes on from here\n"
    for folder in folders:
        history = pd.read_csv(folder / "history.csv")
        assert history["seconds"].is_monotonic_increasing
        assert not history.duplicated(["phase", "step"]).any()
        assert sum(TimeGAN.load(folder).steps_done.values()) == newest(folder)


def newest(folder):
    files = sorted(folder.glob("checkpoint-*.npz"))
    return int(files[-1].stem.partition("-")[2]) if files else 0


def lives(pid):
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip()[:1] not in ("", "Z")


def test_a_run_that_is_made_elsewhere_is_waited_for(tmp_path, capsys):
    """And found finished then, so that it is never made twice."""
    (run,) = make_plan(["data"], tmp_path, 0, SMALL, STEPS)
    tables, said = [], []
    with claim.claim(run.folder):
        assert states.state_of(run) == "being made elsewhere, at step 0 of 18"
        waits = threading.Thread(
            target=lambda: tables.append(
                sweep(tiny_data(), tmp_path, 0, SMALL, steps=STEPS, progress=False)
            )
        )
        waits.start()
        fit(tmp_path / "other", run_config(steps=STEPS))
        until(lambda: said.append(capsys.readouterr().err) or "waiting for" in "".join(said))
        assert waits.is_alive() and not run.directory.config_file.exists()
        for file in (tmp_path / "other").iterdir():
            file.rename(run.folder / file.name)
        before = hashes(run.folder)
    waits.join(60)
    before.pop(".claim")
    assert hashes(run.folder) == before and list(tables[0]["state"]) == ["finished"]
    said = "".join([*said, capsys.readouterr().err])
    assert said == f"waiting for {run.name}, which is being made elsewhere\n"


@pytest.mark.slow
def test_the_bar_counts_the_steps_of_all_runs(tmp_path, monkeypatch):
    runs = make_plan(["data"], tmp_path, range(2), SMALL, STEPS)
    fit(runs[0].folder, run_config(steps=STEPS))
    fit(runs[1].folder, run_config(steps=(7, 2, 0)), seed=1)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(states, "SECONDS", 0.01)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with states.Bar(runs, shown=True) as bar:
        assert (bar.bar.total, bar.bar.n) == (36, 18 + 9)
        fit(runs[1].folder, run_config(steps=STEPS), seed=1)
        until(lambda: bar.bar.n == 36)
    assert "2 of 2 runs" in bar.bar.desc and states.Bar(runs, shown=False).bar.disable


@pytest.mark.slow
def test_the_bar_ends_also_where_a_phase_that_is_over_could_not_be_extended(tmp_path):
    fit(tmp_path / "batch_size=8-hidden=4-layers=1-seed=0", run_config(steps=STEPS))
    (run,) = make_plan(["data"], tmp_path, 0, SMALL, (9, 9, 8))
    bar = states.Bar([run], shown=False)
    assert bar._count() == 18 and bar.left
    with pytest.warns(UserWarning, match="over stay as they are"):
        fit(run.folder, run_config(steps=(9, 9, 8)))
    assert bar._count() == run.total == 26 and not bar.left


def test_the_bar_outlives_a_folder_that_is_being_removed(tmp_path, monkeypatch):
    (run,) = make_plan(["data"], tmp_path, 0, SMALL, STEPS)
    run.folder.mkdir()
    (run.folder / "checkpoint-copy.npz").touch()
    assert states._seen(run) == 0

    def gone(*_):
        raise FileNotFoundError

    monkeypatch.setattr(RunDirectory, "checkpoints", property(gone))
    assert states._seen(run) == 0 and states.Bar([run], shown=False)._count() == 0
