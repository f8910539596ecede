"""The loop around training: how many steps in one call, what is written when, and what a NaN leads to.

Taught in book/fifty-thousand-steps.ipynb.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from timegan_lib.config import PHASES, TimeGANConfig
from timegan_lib.kernel import kernel
from timegan_lib.training.checkpoint import RunDirectory
from timegan_lib.training.progress import Progress

LONG = 2_000  # steps from which an estimate of the time is worth its cost
USUAL_WINDOW = 24  # the window of the paper; a step takes longer with the window
LONG_WINDOW = 200  # windows above this get a warning


class TrainingError(RuntimeError):
    """Training produced a number that is not finite, twice at the same place.

    Taught in book/troubleshooting.md.
    """


class Fit:
    """One call of `TimeGAN.fit`, from wherever `training` stands to the steps its config asks for.

    The last good state is always kept in memory, and in the run directory if there is one. `rows` is
    the history. Taught in book/fifty-thousand-steps.ipynb.
    """

    def __init__(
        self, config: TimeGANConfig, training: Progress, run: RunDirectory | None,
        save_model: Callable[[Path], None], history: pd.DataFrame,
        snapshots: list[int], checkpoint_every: int, progress: bool,
    ):  # fmt: skip
        self.config, self.training, self.run, self.save_model = config, training, run, save_model
        self.snapshots, self.checkpoint_every = snapshots, checkpoint_every
        self.progress = progress and not os.environ.get("TQDM_DISABLE")
        self.rows: list[dict] = history.to_dict("records")
        self.seconds = self.rows[-1]["seconds"] if self.rows else 0.0
        self.failed: set[tuple[str, int]] = set()
        self.begun: set[str] = set()
        self.length = int(training.draws.values.shape[1])

    def __call__(self) -> None:
        done = [int(step) for step in self.training.steps]
        todo = {
            phase: target
            for phase, before, target in zip(PHASES, done, self.config.phase_steps, strict=True)
            if phase not in self.config.skips and before < target
        }
        self._warn_of_missed_snapshots(done[-1])
        self.save()
        if self.progress and todo:
            self._say_before(todo)
        try:
            for phase, target in todo.items():
                self._run_phase(phase, target)
        except KeyboardInterrupt:
            if not self._is_good({}, with_weights=True):
                self._undo()
            self.save()
            raise

    def save(self) -> None:
        """Keep the present state as the good one, in memory and in the run directory."""
        self.good = {name: variable.numpy() for name, variable in self.training.state.items()}
        self.good_rows = list(self.rows)
        if self.run:
            self.run.write_history(pd.DataFrame(self.rows))
            self.run.write_checkpoint(sum(int(step) for step in self.training.steps), self.good)
            self.save_model(self.run.model_file)

    def _run_phase(self, phase: str, target: int) -> None:
        step = self.training.steps[PHASES.index(phase)]
        off = not self.progress
        with tqdm(total=target, initial=int(step), desc=phase, unit="step", disable=off) as bar:
            while (done := int(step)) < target:
                count = self._steps_in_one_call(phase, done, target)
                begun = time.perf_counter()
                losses = self._train(phase, count)
                self.seconds += time.perf_counter() - begun
                done += count
                saves = done == target or done % self.checkpoint_every == 0
                shot = None
                if self.run and phase == "joint" and done in self.snapshots:
                    shot = self.run.snapshot_file(phase, done)
                if not self._is_good(losses, with_weights=saves or shot is not None):
                    self._roll_back(phase, done, losses)
                    bar.n = int(step)
                    continue
                self.rows.append({"phase": phase, "step": done, "seconds": self.seconds} | losses)
                bar.update(count)
                if shot is not None:
                    self.save_model(shot)
                if saves:
                    self.save()

    def _steps_in_one_call(self, phase: str, done: int, target: int) -> int:
        """Up to the next row of the history, checkpoint, snapshot or the end, whichever comes first."""
        row = min(100, max(1, target // 500))
        ends = [target, *(done - done % every + every for every in (row, self.checkpoint_every))]
        if phase == "joint":
            ends += [snapshot for snapshot in self.snapshots if snapshot > done]
        return min(ends) - done

    def _is_good(self, losses: dict[str, float], with_weights: bool) -> bool:
        if not all(np.isfinite(loss) for loss in losses.values()):
            return False
        state = self.training.state.values() if with_weights else ()
        return all(np.isfinite(variable.numpy()).all() for variable in state)

    def _undo(self) -> None:
        self.training.restore(self.good)
        self.rows = list(self.good_rows)

    def _roll_back(self, phase: str, done: int, losses: dict[str, float]) -> None:
        self._undo()
        bad = [name for name, loss in losses.items() if not np.isfinite(loss)]
        what = f"the {bad[0]} loss" if bad else "a weight"
        step = int(self.training.steps[PHASES.index(phase)])
        story = f"{what} was not finite by {phase} step {done:,}; went back to step {step:,}"
        if (phase, done) in self.failed:
            raise TrainingError(
                f"{story} for the second time. The model is left at step {step:,}. "
                "Try a smaller learning_rate, or look at the data for outliers"
            )
        self.failed.add((phase, done))
        warnings.warn(story, stacklevel=4)

    def _train(self, phase: str, count: int) -> dict[str, float]:
        """Train, and say it before the first call of a phase, which compiles and seems to hang."""
        if self.progress and phase not in self.begun:
            self._say(f"compiling the {phase} phase, T = {self.length}")
        self.begun.add(phase)
        return self.training.run(phase, count)

    def _say_before(self, todo: dict[str, int]) -> None:
        """The kernel; a warning of long windows; an estimate where much work is ahead: steps x window."""
        self._say(f"kernel of the recurrent layers: {kernel(self.config.cell)}")
        times = self.length / USUAL_WINDOW
        if self.length > LONG_WINDOW:
            self._say(
                f"windows of {self.length} steps: a training step takes roughly {times:.0f} times "
                f"as long as with windows of {USUAL_WINDOW}; try a shorter window first"
            )
        if sum(todo.values()) * max(1.0, times) > LONG:
            self._show_estimate(todo)

    def _say(self, line: str) -> None:
        tqdm.write(line, file=sys.stderr)

    def _show_estimate(self, todo: dict[str, int]) -> None:
        """Time three steps of each phase, undo them, and say how long the run will take."""
        seconds = 0.0
        try:
            for phase, target in todo.items():
                left = target - int(self.training.steps[PHASES.index(phase)])
                self._train(phase, 1)  # compiles
                begun = time.perf_counter()
                self._train(phase, 3)
                seconds += (time.perf_counter() - begun) / 3 * left
        finally:  # also where it is interrupted
            self._undo()
        minutes = max(1, round(seconds / 60))
        shown = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
        self._say(f"{sum(todo.values()):,} steps, about {shown} on this machine")

    def _warn_of_missed_snapshots(self, done: int) -> None:
        late = [
            snapshot
            for snapshot in self.snapshots
            if snapshot <= done
            and self.run
            and not self.run.snapshot_file("joint", snapshot).exists()
        ]
        if late:
            warnings.warn(
                f"the run is past joint step {late[0]:,}: no snapshot of it", stacklevel=4
            )
