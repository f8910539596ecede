"""Going on with a run directory: which one may, and from where.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import dataclasses
import platform
import warnings

import numpy as np
import pandas as pd
import tensorflow as tf

from timegan_lib.config import PHASES, InputError, TimeGANConfig
from timegan_lib.data import Prepared
from timegan_lib.kernel import SWITCH, kernel
from timegan_lib.messages import warn
from timegan_lib.training.checkpoint import RunDirectory
from timegan_lib.training.progress import Progress


def about(
    config: TimeGANConfig, seed: int, data: Prepared, command: str | None, version: str
) -> dict:
    """What config.json records of a run."""
    record = {
        "command": command,
        "settings": dataclasses.asdict(config),
        "seed": seed,
        "data": data.fingerprint,
        "sequences": len(data.values),
        "length": data.lengths.longest,
        "features": list(data.template.names),
        "kernel": kernel(config.cell).name,
        "versions": versions(version),
    }
    return record if data.forms is None else record | {"represent": data.forms}


def versions(version: str) -> dict[str, str]:
    """Of Python and of the libraries that a run's numbers depend on; `version`: of this one."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "timegan_lib": version,
    }


def begin(
    run: RunDirectory, training: Progress, asked: TimeGANConfig, record: dict
) -> tuple[pd.DataFrame, TimeGANConfig]:
    """Begin a run directory, or put the training where the one in it stopped.

    Returns the history so far, and the configuration with the steps that will be done. Raises
    InputError for a folder that holds something else, or a run of other settings, seed or data.
    """
    run.check()
    found = run.read_config()
    if found is None:
        run.write_config(record)
        return pd.DataFrame(), asked
    check_same_run(run, found, record)
    checkpoint = run.read_checkpoint()
    if checkpoint is None:
        run.write_config(found | {"kernel": record["kernel"]})
        return pd.DataFrame(), asked
    training.restore(checkpoint)
    steps = _steps(run, list(training.steps_done.values()), asked)
    if steps != tuple(training.steps_done.values()):
        _go_on_with_kernel(run, found, record["kernel"])
    history = run.read_history()
    found["settings"]["steps"] = steps
    found["command"] = record["command"] or found.get("command")
    run.write_config(found)
    run.remove_parts()
    rows = pd.DataFrame() if history is None else _until(history, training.steps_done)
    return rows, asked.replace(steps=steps)


def _go_on_with_kernel(run: RunDirectory, found: dict, here: str) -> None:
    """Say that the last bits will not be those of a run that was never stopped, and record it."""
    there = found.get("kernel", "tensorflow")
    if here == there.split()[-1]:
        return
    way_back = f"; {SWITCH}=off chooses TensorFlow's" if here == "own" else ""
    warn(
        f"{run.path} was made on the kernel {there!r} and goes on on {here!r}: the same method, but not the "
        f"same last bits{way_back}"
    )
    found["kernel"] = f"{there}, then {here}"


def _steps(run: RunDirectory, done: list[int], asked: TimeGANConfig) -> tuple[int, ...]:
    """The steps of each phase: those asked for, but a phase that is over stays as it is."""
    steps = list(asked.phase_steps)
    for k, phase in enumerate(PHASES):
        if any(done[k + 1 :]):
            steps[k] = done[k]  # over: it cannot be extended beneath the phases after it
        elif steps[k] < done[k]:
            raise InputError(
                f"{run.path} holds {done[k]:,} {phase} steps and steps asks for {steps[k]:,}; "
                "ask for at least as many, or give another folder"
            )
    if tuple(steps) != asked.phase_steps:
        warnings.warn(
            f"phases that are over stay as they are: steps is {tuple(steps)}", stacklevel=5
        )
    return tuple(steps)


def check_same_run(run: RunDirectory, found: dict, record: dict) -> None:
    """Raise InputError unless this run began with these settings, seed and data; steps may grow.

    found: what its config.json says; record: what would stand there, as `about` makes it.
    Taught in book/how-the-code-is-built.md.
    """
    for name, there in found["settings"].items():
        here = record["settings"].get(name)
        if name != "steps" and here != there:
            raise InputError(
                f"{run.path} holds a run with {name}={there!r}, not {here!r}; "
                "give the same settings, or another folder"
            )
    if found.get("features", record["features"]) != record["features"]:
        raise InputError(
            f"{run.path} holds a run on the features {', '.join(found['features'])}, "
            f"not {', '.join(record['features'])}; give the same data or another folder"
        )
    if found.get("represent") != record.get("represent"):
        there, here = (_forms(about.get("represent")) for about in (found, record))
        raise InputError(
            f"{run.path} holds a run that learned {there}, not {here}; give the same represent, or "
            "another folder"
        )
    for name, what in (("seed", "the seed"), ("data", "data with the fingerprint")):
        if found[name] != record[name]:
            raise InputError(
                f"{run.path} holds a run with {what} {found[name]}, not {record[name]}; "
                f"give the same {name}, or another folder"
            )


def _forms(represent: dict | None) -> str:
    if represent is None:
        return "all features as they are"
    return ", ".join(f"{name} as {form!r}" for name, form in represent.items())


def _until(history: pd.DataFrame, done: dict[str, int]) -> pd.DataFrame:
    """The rows up to the checkpoint; a killed run may have written some more."""
    return history[history["step"] <= history["phase"].map(done)].reset_index(drop=True)
