"""The run directory: what a training leaves on disk, written so that nothing can be lost.

    config.json                the settings, the seed, the data's fingerprint, versions, command
    history.csv                one row for every few steps: the mean of each loss over them
    checkpoint-000001500.npz   every variable at that total step; the last two are kept
    snapshot-joint-5000.timegan, model.timegan     trained models to sample from

A file is written under another name, flushed to the disk and then renamed. A reader therefore finds
the old file or the new one, never half of one, whenever the process was killed.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.files import read_arrays, write_arrays, write_text

KEPT = 2  # checkpoints


class RunDirectory:
    """One folder, one run.

    Taught in book/how-the-code-is-built.md and book/fifty-thousand-steps.ipynb.
    """

    def __init__(self, path: str | Path):
        if not isinstance(path, str | os.PathLike):
            raise InputError(f"run_dir is {path!r}; give the path of a folder")
        self.path = Path(path)

    def check(self) -> None:
        """Raise InputError unless a run can begin or go on here: a run directory, empty, or not there."""
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"run_dir={str(self.path)!r} is a file; give a folder")
        others = [f for f in self.path.glob("*") if not f.name.startswith(".")]
        if others and not self.config_file.exists():
            raise InputError(
                f"run_dir={str(self.path)!r} holds other files and no config.json, so it is not a run "
                "directory; give a new or empty folder"
            )

    def remove_parts(self) -> None:
        """Remove what a process left that was killed while writing."""
        for left in self.path.glob(".*.part"):
            left.unlink(missing_ok=True)

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def history_file(self) -> Path:
        return self.path / "history.csv"

    @property
    def model_file(self) -> Path:
        return self.path / "model.timegan"

    def snapshot_file(self, phase: str, step: int) -> Path:
        return self.path / f"snapshot-{phase}-{step}.timegan"

    @property
    def checkpoints(self) -> list[Path]:
        """From the oldest to the newest."""
        return sorted(self.path.glob("checkpoint-*.npz"))

    def read_config(self) -> dict | None:
        """What config.json says, or None where no run has begun."""
        if not self.config_file.exists():
            return None
        try:
            found = json.loads(self.config_file.read_text())
            if not {"settings", "seed", "data"} <= found.keys():
                raise ValueError("it lacks settings, seed or data")
            if not isinstance(found["settings"], dict):
                raise ValueError("its settings are none")
        except (ValueError, AttributeError) as error:
            raise InputError(f"{self.config_file} is not readable: {error}") from None
        return found

    def write_config(self, config: Mapping) -> None:
        write_text(self.config_file, json.dumps(config, indent=2) + "\n")

    def read_history(self) -> pd.DataFrame | None:
        """The rows written so far, or None where there are none."""
        try:
            history = pd.read_csv(self.history_file)
            if not {"phase", "step", "seconds"} <= set(history.columns):
                raise ValueError
            return history
        except (FileNotFoundError, pd.errors.EmptyDataError):
            return None
        except (OSError, ValueError):
            raise InputError(
                f"{self.history_file} is not readable; delete this file to go on without it"
            ) from None

    def write_history(self, history: pd.DataFrame) -> None:
        write_text(self.history_file, history.to_csv(index=False, float_format="%.6g"))

    def write_checkpoint(self, total_step: int, arrays: Mapping[str, np.ndarray]) -> None:
        file = self.path / f"checkpoint-{total_step:09d}.npz"
        write_arrays(file, arrays)
        older = [other for other in self.checkpoints if other <= file]
        for other in self.checkpoints:  # a newer one is a damaged one that was passed over
            if other not in older[-KEPT:]:
                other.unlink(missing_ok=True)

    def read_checkpoint(self) -> dict[str, np.ndarray] | None:
        """The newest checkpoint that is whole, or None where there is none at all.

        A damaged newest one is passed over with a warning: the one before it loses a few steps only.
        """
        found = self.checkpoints[::-1]
        for file in found:
            try:
                return read_arrays(file)
            except InputError as error:
                warnings.warn(f"{error}; going back to the one before", stacklevel=2)
        if found:
            raise InputError(
                f"no checkpoint in {self.path} is readable; delete the folder to train anew"
            )
        if self.model_file.exists():
            raise InputError(
                f"{self.path} holds a trained model and no checkpoint to go on from; "
                "give another folder"
            )
        return None
