"""How far the runs of a plan are, as their folders tell: words, a table, and one bar for all.

Whoever makes the runs, in whichever process, on whichever machine: the folder is what all can see.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from tqdm import tqdm

from timegan_lib.config import InputError
from timegan_lib.study.plan import Run
from timegan_lib.training.claim import is_claimed

FINISHED, FAILED, CLAIMED = "finished", "failed", "being made elsewhere"
SECONDS = 1.0  # between two looks at the folders


def is_finished(run: Run) -> bool:
    """Whether the run has all the steps it was asked for. Taught in book/how-the-code-is-built.md."""
    done = run.done
    if not run.targets:
        return bool(done)
    last, target = list(run.targets.items())[-1]
    return done.get(last) == target


def state_of(run: Run) -> str:
    """Finished, failed and why, begun and at which step, or not begun. Taught in book/how-the-code-is-built.md."""
    if is_finished(run):
        return FINISHED
    if is_claimed(run.folder):
        return f"{CLAIMED}, at step {_seen(run):,} of {run.total:,}"
    if run.failed_file.exists():
        return f"{FAILED}: {run.failed_file.read_text().partition(chr(10))[0]}"
    if run.directory.config_file.exists():
        return f"begun, at step {_seen(run):,} of {run.total:,}"
    return "not begun"


def states_table(runs: Sequence[Run], outcomes: Mapping[str, str]) -> pd.DataFrame:
    """A row for each run: run, data, seed, the plan's settings, steps, minutes, state.

    outcomes: name of a run -> its state, where it is known better than from the folder. data: only
    where there are several. Taught in book/how-the-code-is-built.md.
    """
    rows: list[dict[str, Any]] = []
    several = len({run.table for run in runs}) > 1
    for run in runs:
        row: dict[str, Any] = {"run": run.name} | ({"data": run.table} if several else {})
        row |= {"seed": run.seed} | run.settings
        row |= {"steps": sum(run.done.values()), "minutes": _minutes(run)}
        rows.append(row | {"state": outcomes.get(run.name) or state_of(run)})
    return pd.DataFrame(rows)


class Bar:
    """One progress bar for all runs, in steps of all phases, which looks at the folders now and then.

    shown: False for none; there is none either where stderr is no terminal.
    Taught in book/how-the-code-is-built.md.
    """

    def __init__(self, runs: Sequence[Run], shown: bool):
        self.runs = list(runs)
        self.left = list(runs)  # not seen finished yet
        self.done = 0  # steps of those that were
        self.models: dict[str, Any] = {}  # name -> marks of the model that was looked into
        off = None if shown and not os.environ.get("TQDM_DISABLE") else True
        self.bar = tqdm(
            total=sum(run.total for run in runs), initial=self._count(), unit="step", disable=off
        )
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Bar:
        if not self.bar.disable:
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        if not self.bar.disable:
            self.thread.join()
            self._show()
        self.bar.close()

    def _watch(self) -> None:
        while not self.stop.wait(SECONDS):
            self._show()

    def _show(self) -> None:
        self.bar.n = self._count()
        finished = len(self.runs) - len(self.left)
        self.bar.set_description(f"{finished} of {len(self.runs)} runs", refresh=False)
        self.bar.refresh()

    def _count(self) -> int:
        seen = {run.name: _seen(run) for run in self.left}
        over = [run for run in self.left if self._has_another_model(run) and is_finished(run)]
        self.done += sum(run.total for run in over)
        self.left = [run for run in self.left if run not in over]
        return self.done + sum(seen[run.name] for run in self.left)

    def _has_another_model(self, run: Run) -> bool:
        """Whether the file is another than at the last look, so that it is read only then."""
        try:
            found = os.stat(run.directory.model_file)
        except OSError:
            return False
        marks = found.st_mtime_ns, found.st_ino, found.st_size
        before, self.models[run.name] = self.models.get(run.name), marks
        return marks != before


def _seen(run: Run) -> int:
    """The step of the newest checkpoint: its name tells."""
    try:
        files = run.directory.checkpoints
        return min(run.total, int(files[-1].stem.rpartition("-")[2])) if files else 0
    except (OSError, ValueError):  # the folder is being removed, or another file has such a name
        return 0


def _minutes(run: Run) -> float:
    try:
        history = run.directory.read_history()
    except InputError:
        history = None
    if history is None or history.empty:
        return math.nan
    return round(float(history["seconds"].max()) / 60, 2)
