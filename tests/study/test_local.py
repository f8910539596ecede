"""The processes of a study, played by stand-ins: what they answer, how they end, and that all are ended."""

import signal
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from helpers import fit, run_config, tiny_data

from timegan_lib.study import local
from timegan_lib.study.making import make
from timegan_lib.study.plan import make_plan
from timegan_lib.study.states import CLAIMED, FINISHED

SMALL = {"hidden": 4, "layers": 1, "batch_size": 8}
RAISED = "raised where it was asked"


class Process:
    """Answers with what the list holds next: an outcome, an error, an error at once, or never (None)."""

    def __init__(self, answers):
        self.answers, self.killed, self._processes = answers, None, {}

    def submit(self, *_):
        answer, future = self.answers.pop(0), Future()
        if isinstance(answer, tuple):
            raise answer[1]
        if isinstance(answer, Future):
            return answer
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(answer)
        return future

    def shutdown(self, kill_workers):
        self.killed = kill_workers


@pytest.fixture
def play(tmp_path, monkeypatch):
    """play(answers, seeds, jobs) -> outcomes; play.made: the processes there were."""

    def play(answers, seeds=1, jobs=1):
        monkeypatch.setattr(
            local, "_process", lambda: play.made.append(Process(answers)) or play.made[-1]
        )
        runs = make_plan(["data"], tmp_path, range(seeds), SMALL, 2)
        names = {run.name: f"seed {run.seed}" for run in runs}
        outcomes = local.make_here(runs, {"data": None}, jobs, {})
        return {names[name]: state for name, state in outcomes.items()}

    play.made = []
    return play


DEAD = BrokenProcessPool("gone")


@pytest.mark.parametrize("death", [DEAD, (RAISED, DEAD), KeyboardInterrupt()])
def test_a_death_costs_a_process_and_a_second_one_the_run(play, death):
    assert play([death, FINISHED, death, FINISHED, death], seeds=3) == {
        "seed 0": FINISHED,
        "seed 1": FINISHED,
        "seed 2": "failed: its process died 2 times; was it killed, or out of memory?",
    }
    assert len(play.made) == 4 and all(process.killed is not None for process in play.made)


@pytest.mark.parametrize("error", [OSError("no room"), (RAISED, OSError("no room"))])
def test_another_error_is_that_of_its_run(play, tmp_path, error):
    assert play([error, FINISHED], seeds=2) == {"seed 0": "failed: no room", "seed 1": FINISHED}
    (kept,) = tmp_path.glob("*.failed.txt")
    assert kept.read_text().startswith("no room\n") and "OSError" in kept.read_text()


def test_that_a_run_is_waited_for_is_said_once(play, capsys):
    assert play([CLAIMED, CLAIMED, CLAIMED, FINISHED]) == {"seed 0": FINISHED}
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("waiting for batch_size=8-")
    assert said.endswith("-seed=0, which is being made elsewhere\n")


def test_an_error_between_two_lines_ends_every_process(play):
    """Also that which is no longer busy and not yet idle."""
    odd = Future()
    odd.set_result(FINISHED)
    odd.exception = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        play([odd, None, None], seeds=3, jobs=3)
    assert [process.killed for process in play.made] == [True] * 3


def test_what_could_not_be_saved_in_time_is_said(play, monkeypatch):
    original, calls = local.wait, []

    def wait(*given, **options):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return original(*given, **options)

    monkeypatch.setattr(local, "wait", wait)
    monkeypatch.setattr(local, "SECONDS", 0.01)
    with pytest.raises(KeyboardInterrupt, match="1 of 2 runs did not save within 0 seconds"):
        play([FINISHED, None], seeds=2, jobs=2)
    calls.clear()
    with pytest.raises(KeyboardInterrupt) as caught:
        play([FINISHED, FINISHED], seeds=2, jobs=2)
    assert not str(caught.value)
    assert [process.killed for process in play.made] == [True, False, False, False]


def test_a_second_signal_does_not_break_into_the_saving():
    before = signal.signal(signal.SIGTERM, local._stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_finished_run_is_so_where_its_old_failure_cannot_be_removed(tmp_path, monkeypatch):
    (run,) = make_plan(["data"], tmp_path, 0, SMALL, (7, 5, 6))
    fit(run.folder, run_config())

    def unlink(*_, **__):
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", unlink)
    assert make(run, tiny_data()) == FINISHED
