"""One process a run directory: a second one is told who trains there, and a dead one holds nothing."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from helpers import ROOT, assert_same_state, fit, hashes, run_config

from timegan_lib import InputError, TimeGAN
from timegan_lib.training import Training, claim
from timegan_lib.training.claim import ClaimedError, is_claimed

pytestmark = [
    pytest.mark.usefixtures("compiled"),
    pytest.mark.skipif(not claim.LOCKS, reason="locks of Unix"),
]
HOLD = """
import sys, time
from pathlib import Path
from timegan_lib.training.claim import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the claim on tmp_path/run."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "run"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_folder_in_which_another_process_trains_is_refused(holder, tmp_path):
    assert is_claimed(tmp_path / "run")
    with pytest.raises(InputError, match="is being trained by another process") as caught:
        fit(tmp_path / "run")
    assert isinstance(caught.value, ClaimedError)
    assert f"host {socket.gethostname()}, pid {holder.pid}" in str(caught.value)
    assert list(hashes(tmp_path / "run")) == [".claim"]


def test_the_claim_of_a_killed_process_is_none(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run" / ".claim").exists() and not is_claimed(tmp_path / "run")
    assert_same_state(fit(tmp_path / "run"), fit())
    assert not list((tmp_path / "run").glob(".*"))


def test_a_run_is_claimed_from_its_checkpoint_to_its_end(tmp_path, monkeypatch):
    seen, original = [], Training.run
    monkeypatch.setattr(
        Training,
        "run",
        lambda *given: (
            seen.append((is_claimed(tmp_path), (tmp_path / ".claim").read_text())),
            original(*given),
        )[1],
    )
    fit(tmp_path)
    assert set(seen) == {(True, f"host {socket.gethostname()}, pid {os.getpid()}")}
    assert not is_claimed(tmp_path) and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_a_run_that_is_stopped_lets_go(tmp_path, monkeypatch, stop):
    def run(*_):
        raise stop

    monkeypatch.setattr(Training, "run", run)
    with pytest.raises(stop):
        fit(tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_refused_folder_and_a_model_that_is_read_know_no_claim(tmp_path):
    fit(tmp_path)
    before = hashes(tmp_path)
    with pytest.raises(InputError, match="hidden=4, not 5"):
        fit(tmp_path, run_config(hidden=5))
    with claim.claim(tmp_path):
        TimeGAN.load(tmp_path)
    assert hashes(tmp_path) == before


def test_many_that_want_it_have_it_one_by_one(tmp_path):
    """Also where each removes the file that the next has opened already."""
    inside, most, turns = [], [], []

    def work():
        while len(turns) < 200:
            try:
                with claim.claim(tmp_path):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.0005)
                    turns.append(1)
                    inside.pop()
            except ClaimedError:
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(turns) >= 200 and max(most) == 1


@pytest.mark.parametrize("number", [errno.EACCES, errno.EAGAIN])
def test_drives_say_differently_that_a_folder_is_claimed(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(claim.fcntl, "flock", flock)
    with pytest.raises(ClaimedError, match="another process"):
        fit(tmp_path)
    assert is_claimed(tmp_path) and not is_claimed(tmp_path / "nowhere")


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS])
def test_a_drive_without_locks_is_used_without(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(claim.fcntl, "flock", flock)
    fit(tmp_path)
    assert not is_claimed(tmp_path) and not list(tmp_path.glob(".*"))


def test_a_folder_that_others_remove_meanwhile_is_made_again(tmp_path, monkeypatch):
    calls = []

    def remove_first(file, mode):
        calls.append(mode)
        if len(calls) < 4:
            shutil.rmtree(file.parent)
        return open(file, mode)

    monkeypatch.setattr(claim, "open", remove_first, raising=False)
    with claim.claim(tmp_path / "run"):
        assert (tmp_path / "run" / ".claim").exists() and len(calls) == 4


def test_a_claim_that_cannot_be_held_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(claim, "_is_there", lambda *_: False)
    with pytest.raises(InputError, match="100 times in a row"), claim.claim(tmp_path):
        pass
