"""Speed and memory of timegan_lib, beside other ways to do the same work. Writes results.json.

python benchmarks/speed.py [--quick] [--only PART ...] [--tsgm PYTHON]
python benchmarks/speed.py --report        only rewrite the tables in README.md from results.json

All contestants of a table run in one go, each in its own process, warmed up, taking turns; the order
turns round every round. Numbers are medians over the rounds.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from report import write_report
from worker import median

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
SIZES = {"T": 24, "D": 6, "h": 24, "L": 3, "batch": 128, "N": 2000}
PHASES = ("autoencoder", "supervisor", "joint")
TWO, ONE = (1, 2), (1, 1)  # threads within an operation, and between operations
CONTESTANTS = {
    "library": {"kind": "library", "threads": TWO},
    "library, one thread": {"kind": "library", "threads": ONE},
    "library, TensorFlow's own threads": {"kind": "library", "threads": None},
    "library, TensorFlow's kernels": {"kind": "library", "threads": TWO, "own_kernel": False},
    "library, TensorFlow's kernels, one thread": {
        "kind": "library", "threads": ONE, "own_kernel": False,
    },
    "port": {"kind": "port", "threads": TWO},
    "port, TensorFlow's own threads": {"kind": "port", "threads": None},
    "port, unrolled": {"kind": "port", "threads": TWO, "unroll": True},
    "port, unrolled, TensorFlow's own threads": {"kind": "port", "threads": None, "unroll": True},
    "port, unrolled, our savings": {
        "kind": "port", "threads": TWO, "unroll": True, "together": True,
    },
}  # fmt: skip
GROWTH = {  # beside the default sizes
    "T": (12, 48, 96),
    "D": (1, 28),
    "h": (12, 48, 96),
    "batch": (64, 256, 512),
    "N": (1000, 100_000),
}


class Worker:
    """A process of worker.py, and a way to ask it."""

    def __init__(self, settings: dict, sizes: dict = SIZES):
        path = os.pathsep.join([str(HERE.parent), str(HERE)])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), json.dumps(settings | {"sizes": sizes})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"PYTHONPATH": path},
        )  # fmt: skip
        self.at_start = self._answer()

    def ask(self, do: str, **arguments) -> dict:
        self.process.stdin.write(json.dumps({"do": do} | arguments) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with code {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def take_turns(workers: dict[str, Worker], phase: str, rounds: int, steps: int) -> dict[str, dict]:
    answers: dict[str, list] = {name: [] for name in workers}
    for k in range(rounds):
        for name in list(workers)[:: 1 if k % 2 == 0 else -1]:
            answers[name].append(workers[name].ask("run", phase=phase, steps=steps))
    return {name: median(given) for name, given in answers.items()}


def contest(quick: bool) -> dict:
    """Milliseconds of a step of each phase, and memory, for every contestant."""
    workers = {name: Worker(settings) for name, settings in CONTESTANTS.items()}
    table: dict = {name: {} for name in workers}
    rounds = 3 if quick else 7
    for phase in PHASES:
        for name, worker in workers.items():
            first = worker.ask("run", phase=phase, steps=1)["ms"] / 1e3
            worker.ask("run", phase=phase, steps=5)
            table[name][f"{phase} first call s"] = first
        steps = (5 if quick else 12) * (1 if phase == "joint" else 4)
        for name, result in take_turns(workers, phase, rounds, steps).items():
            table[name][phase] = result
        say(phase, {name: round(table[name][phase]["ms"], 1) for name in table})
    for name, worker in workers.items():
        table[name]["peak_mb"] = worker.ask("memory")["peak_mb"]
        table[name]["imports_mb"] = worker.at_start["peak_mb"]
        worker.close()
    return table


def memory(quick: bool) -> dict:
    """Resident memory over many joint steps, after the first ones."""
    table = {}
    for name, settle, steps in (("library", 500, 10_000), ("port", 100, 300)):
        worker = Worker(CONTESTANTS[name])
        settle, steps = (settle // 10, steps // 10) if quick else (settle, steps)
        worker.ask("run", phase="joint", steps=settle)
        before = worker.ask("memory")["resident_mb"]
        worker.ask("run", phase="joint", steps=steps)
        after = worker.ask("memory")["resident_mb"]
        table[name] = {
            "settle": settle, "steps": steps, "before_mb": before, "grown_mb": after - before,
        }  # fmt: skip
        worker.close()
    say("memory", table)
    return table


def sampling(quick: bool) -> dict:
    """Seconds to sample many windows, in the units of the data."""
    count, table = (5_000 if quick else 100_000), {}
    for name in ("library", "library, TensorFlow's kernels"):
        worker = Worker(CONTESTANTS[name])
        table[name] = worker.ask("sample", count=count) | {"count": count}
        worker.close()
    say("sampling", table)
    return table


def jobs(quick: bool) -> dict:
    """Seconds of the same eight short runs, one, two and four at a time, one thread each."""
    import numpy as np

    from timegan_lib import SequenceDataset
    from timegan_lib.study import sweep

    values = np.random.default_rng(0).random((SIZES["N"], SIZES["T"], SIZES["D"]), np.float32)
    data, steps, table = SequenceDataset.from_arrays(values), 10 if quick else 150, {}
    for at_a_time in (1, 2, 4):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            sweep(data, folder, range(8), steps=steps, jobs=at_a_time, progress=False)
            table[str(at_a_time)] = {
                "s": time.perf_counter() - start, "runs": 8, "steps": steps,
            }  # fmt: skip
    say("jobs", table)
    return table


def growth(quick: bool) -> dict:
    """A joint step as one size changes, beside the default sizes in the same minutes."""
    table: dict = {}
    default = Worker(CONTESTANTS["library"])
    default.ask("run", phase="joint", steps=5)
    for letter, sizes in GROWTH.items():
        table[letter] = {}
        for size in sizes:
            worker = Worker(CONTESTANTS["library"], SIZES | {letter: size})
            worker.ask("run", phase="joint", steps=3)
            pair = {"size": worker, "default": default}
            result = take_turns(pair, "joint", 2 if quick else 3, 3 if quick else 5)
            table[letter][str(size)] = result["size"] | {
                "ratio": result["size"]["ms"] / result["default"]["ms"],
                "cpu_ratio": result["size"]["cpu_ms"] / result["default"]["cpu_ms"],
            }
            worker.close()
        say(letter, {s: round(r["cpu_ratio"], 2) for s, r in table[letter].items()})
    default.close()
    return table


def where(quick: bool) -> dict:
    """Where the time of a joint step goes on one thread, and what single operations can do."""
    worker = Worker(CONTESTANTS["library, one thread"])
    worker.ask("run", phase="joint", steps=5)
    runs = [worker.ask("run", phase="joint", steps=5 if quick else 20) for _ in range(5)]
    result = {"joint": median(runs), "operations": worker.ask("profile", phase="joint", steps=5)}
    worker.close()
    worker = Worker({"kind": "kernels", "threads": ONE})
    result["gflops_per_second"] = worker.ask("kernels")
    worker.close()
    result["gflop"] = work(SIZES)
    say("work", result["gflop"])
    return result


def work(sizes: dict) -> dict[str, float]:
    """GFLOP of one joint step in matrix products, by part; additions and multiplications count one."""
    T, D, h, layers, batch = (sizes[k] for k in ("T", "D", "h", "L", "batch"))

    def cells(inputs: int, depth: int) -> int:
        return sum(6 * batch * T * h * ((inputs if k == 0 else h) + h) for k in range(depth))

    def dense(outputs: int) -> int:
        return 2 * batch * T * h * outputs

    e, g, r = cells(D, layers), cells(D, layers), cells(h, layers)
    s, d = cells(h, max(1, layers - 1)), cells(h, layers)
    inner_forward = e + g + 2 * s + 2 * d + 2 * r + s  # D(H^) and D(E^), s(H) and H^, X^ and X~
    inner_backward = (g + 2 * s + 2 * d + r) + (e + r + s)
    inner_weights = (g + 2 * s) + (e + r)
    out = dense(h)  # of embedder, generator and supervisor
    dense_forward = 2 * (5 * out + 2 * dense(D) + 2 * dense(1)) + 3 * out + 3 * dense(1)
    dense_backward = 2 * (5 * out + 2 * dense(D) + 2 * dense(1)) + 3 * dense(1)
    dense_weights = 2 * (4 * out + dense(D)) + 3 * dense(1)
    return {
        "cells, forward": (2 * inner_forward + e + g + s + 3 * d) / 1e9,
        "cells, backward": (2 * inner_backward + 3 * d) / 1e9,
        "weights of the cells": (2 * inner_weights + 3 * d) / 1e9,
        "dense layers": (dense_forward + dense_backward + dense_weights) / 1e9,
    }


def tsgm(python: str, quick: bool) -> dict:
    """tsgm's TimeGAN by its own fit, in its own environment; this library just before and after."""
    library = Worker(CONTESTANTS["library, TensorFlow's kernels"])
    library.ask("run", phase="joint", steps=5)
    around = [library.ask("run", phase="joint", steps=20)]
    command = [python, str(HERE / "tsgm_speed.py"), "--steps", "14" if quick else "40"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    around.append(library.ask("run", phase="joint", steps=20))
    library.close()
    result = json.loads(done.stdout.splitlines()[-1]) | {"library": median(around)}
    say("tsgm", result)
    return result


def machine() -> dict:
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), cpu)
    packages = {name: version(name) for name in ("tensorflow", "keras", "numpy")}
    return {
        "cpu": cpu, "cores": os.cpu_count(), "system": platform.system(),
        "python": platform.python_version(), **packages,
        "date": datetime.date.today().isoformat(), "load_before": os.getloadavg()[0],
    }  # fmt: skip


def say(title: str, table) -> None:
    print(f"{title}: {json.dumps(table)}", flush=True)


def main() -> None:
    parts = {
        "contest": contest, "memory": memory, "where": where, "growth": growth, "sampling": sampling,
        "jobs": jobs,
    }  # fmt: skip
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs")
    parser.add_argument("--only", nargs="+", choices=list(parts), help="these, keep the rest")
    parser.add_argument("--tsgm", metavar="PYTHON", help="the Python of an environment with tsgm")
    parser.add_argument("--report", action="store_true", help="only write README.md")
    given = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not given.report:
        chosen = given.only or ([] if given.tsgm else list(parts))
        for name in chosen:
            results[name] = {"machine": machine()} | {"table": parts[name](given.quick)}
        if given.tsgm:
            results["tsgm"] = {"machine": machine(), "table": tsgm(given.tsgm, given.quick)}
        results["sizes"] = SIZES
        RESULTS.write_text(json.dumps(rounded(results), indent=1) + "\n")
    write_report(json.loads(RESULTS.read_text()), HERE / "README.md")


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
