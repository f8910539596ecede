"""A study on a cluster of processes: workers are killed, the scheduler goes and comes, no run is lost."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT, run_config, tiny_data

from timegan_lib import InputError, TimeGAN
from timegan_lib.files import read_arrays
from timegan_lib.study import cluster as cluster_runs
from timegan_lib.study import sweep
from timegan_lib.study.cluster import connect
from timegan_lib.training import claim

pytest.importorskip("distributed")
STEPS, SEEDS = (100, 0, 120), range(8)
SMALL = {"hidden": 4, "layers": 1, "batch_size": 8}
DEADLINE = 240  # seconds until the test gives up


class Cluster:
    """A scheduler and two workers, each begun anew where it ended, as a supervisor does."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.folder, self.closing, self.starts = folder, threading.Event(), 0
        self.log = open(folder / "log.txt", "w")  # noqa: SIM115 - closed with the cluster
        self.scheduler = self.start("scheduler", "--port", str(self.port))
        self.workers = [self.start_worker() for _ in range(2)]
        self.supervisor = threading.Thread(target=self.watch)
        self.supervisor.start()

    def start(self, what, *words):
        self.starts += 1
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what, *words, "--no-dashboard"],
            cwd=self.folder, stdout=self.log, stderr=self.log, start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def start_worker(self):
        words = ["--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder)]
        return self.start("worker", self.address, *words)

    def watch(self):
        while not self.closing.wait(0.2):
            if self.scheduler.poll() is not None:
                self.scheduler = self.start("scheduler", "--port", str(self.port))
            for k, worker in enumerate(self.workers):
                if worker.poll() is not None:
                    self.workers[k] = self.start_worker()

    def close(self):
        self.closing.set()
        self.supervisor.join()
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    yield cluster
    cluster.close()


def until(found, study):
    """What `found` returns once it is something, or a failure."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if result := found():
            return result
        assert study.is_alive(), "the study ended before"
        time.sleep(0.01)
    pytest.fail("nothing came in time")


def steps_of(folder):
    files = sorted(folder.glob("checkpoint-*.npz"))
    return int(files[-1].stem.partition("-")[2]) if files else 0


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals and locks of Unix")
def test_workers_die_and_the_scheduler_goes_and_no_run_is_lost(tmp_path, cluster):
    out, tables, first = tmp_path / "study", [], {}

    def remember():
        """The time of the first row of each history: a run that is begun anew has another."""
        for file in out.glob("*/history.csv"):
            if file.parent not in first and file.stat().st_size > 9:
                first[file.parent] = pd.read_csv(file)["seconds"][0]

    def run_that_is_trained():
        remember()
        for folder in out.glob("*"):
            if 20 < steps_of(folder) < sum(STEPS) - 40 and claim.is_claimed(folder):
                return folder
        return None

    study = threading.Thread(
        target=lambda: tables.append(
            sweep(tiny_data(length=2), out, SEEDS, SMALL, steps=STEPS, dask=cluster.address,
                  checkpoint_every=20, progress=False)
        )
    )  # fmt: skip
    study.start()
    victim = until(run_that_is_trained, study)
    pid = int((victim / ".claim").read_text().split()[-1])
    assert pid in [worker.pid for worker in cluster.workers]
    os.kill(pid, signal.SIGKILL)
    at_the_kill = steps_of(victim)
    until(lambda: remember() or steps_of(victim) > at_the_kill, study)
    until(run_that_is_trained, study)
    cluster.scheduler.send_signal(signal.SIGKILL)
    while study.is_alive():
        remember()
        study.join(0.1)

    (table,) = tables
    assert list(table["state"]) == ["finished"] * len(SEEDS), table.to_string()
    assert list(table["seed"]) == list(SEEDS) and set(table["steps"]) == {sum(STEPS)}
    assert len(first) == len(SEEDS) and cluster.starts > 3
    for seed, folder in enumerate(out / name for name in table["run"]):
        history = pd.read_csv(folder / "history.csv")
        assert history["seconds"][0] == first[folder], "begun anew"
        assert history["seconds"].is_monotonic_increasing
        for phase, steps in zip(("autoencoder", "supervisor", "joint"), STEPS, strict=True):
            assert list(history["step"][history["phase"] == phase]) == list(range(1, steps + 1))
        alone = TimeGAN(run_config(steps=STEPS), seed)
        alone.fit(tiny_data(length=2), progress=False)
        there = read_arrays(folder / f"checkpoint-{sum(STEPS):09d}.npz")
        state = {name: v.numpy() for name, v in alone.training.state.items()}
        assert there.keys() == state.keys()
        for name, value in state.items():
            assert np.array_equal(there[name], value), (seed, name)
        assert not list(folder.glob(".*"))


class Client:
    """Stands for the client of a cluster with one worker; seen: what that says of a file, None: the truth."""

    def __init__(self, seen):
        self.seen, self.closed, self.status, self.asked = seen, False, "running", []

    def run(self, function, name, on_error):
        self.asked.append(name)
        if isinstance(self.seen, Exception):
            raise self.seen
        found = function(name) if self.seen is None else self.seen
        return {"tcp://a:1": found, "tcp://b:2": OSError("it is gone"), "tcp://c:3": function(name)}

    def close(self, timeout):
        self.closed = True


def test_workers_that_do_not_see_the_folder_are_named_before_the_first_run(tmp_path, monkeypatch):
    client, out = Client(False), tmp_path / "study"
    monkeypatch.setattr(cluster_runs, "connect", lambda address: client)
    with pytest.raises(InputError, match=r"study is not seen by the workers tcp://a:1; give"):
        sweep(tiny_data(length=2), out, 0, SMALL, steps=STEPS, dask="there", progress=False)
    assert client.closed and len(client.asked) == 1
    assert not list(out.iterdir()) and str(out) in client.asked[0]
    for seen in (None, OSError("lost")):
        cluster_runs._check_shared(Client(seen), out)
    assert not list(out.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write into"):
        cluster_runs._check_shared(Client(None), tmp_path / "file" / "study")


def test_an_address_where_nothing_answers_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("timegan_lib.study.cluster.PATIENCE", 0.5)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        sweep(tiny_data(length=2), tmp_path / "study", settings=SMALL, dask="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="no Dask scheduler answers at nowhere://x"):
        connect("nowhere://x")
    assert not (tmp_path / "study").exists()


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="pip install distributed"):
        connect("tcp://127.0.0.1:9")
