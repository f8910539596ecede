"""A whole study in one call: every seed with every setting on every table. Taught in book/many-runs.ipynb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.study.cluster import make_on_cluster
from timegan_lib.study.local import make_here
from timegan_lib.study.plan import Run, check_plan, make_plan
from timegan_lib.study.states import FINISHED, Bar, is_finished, states_table


def sweep(
    data: SequenceDataset | Mapping[str, SequenceDataset], out: str | Path,
    seeds: int | Iterable[int] = (0,), settings: Mapping[str, Any] | None = None, *,
    steps: Any = None, jobs: int = 1, dask: str | None = None, snapshots: Iterable[int] = (),
    checkpoint_every: int = 500, represent: Mapping[str, str] | str | None = None,
    progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Train every seed with every combination of settings, each in a folder of its own below `out`.

    data: a data set, or name -> data set. settings: name -> a list of values, or one. steps, snapshots,
    checkpoint_every, represent: as in TimeGAN and `fit`. jobs: runs at a time on this machine, each a
    process with one thread. dask: the address of a scheduler, to train on its workers instead.

    Returns a row for each run: `run` (its folder), `seed`, the settings, `steps`, `minutes`, `state`:
    "finished" or "failed: " and why. A failed run stops no other. The same call goes on where it was
    stopped and leaves what is finished. Raises InputError before the first run for a plan that cannot
    be made. Taught in book/many-runs.ipynb.
    """
    tables = dict(data) if isinstance(data, Mapping) else {"data": data}
    for name, table in tables.items():
        if not isinstance(table, SequenceDataset):
            raise InputError(f"data {name!r} is a {type(table).__name__}; give a SequenceDataset")
    runs = make_plan(list(tables), out, seeds, settings, steps)
    options = {"snapshots": snapshots, "checkpoint_every": checkpoint_every}
    options["represent"] = dict.fromkeys(tables, represent)
    return make_all(runs, tables, options, jobs=jobs, dask=dask, progress=progress)


def make_all(
    runs: Sequence[Run], tables: Mapping[str, SequenceDataset], options: dict[str, Any], *,
    jobs: int = 1, dask: str | None = None, progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Make the runs of a plan and return the table of `sweep`. options: snapshots, checkpoint_every, and
    represent, name of a table -> forms.

    Raises InputError as `sweep` does. Taught in book/how-the-code-is-built.md.
    """
    jobs = whole_number("jobs", jobs, 1)
    if not isinstance(options["snapshots"], Iterable):
        raise InputError(f"snapshots={options['snapshots']!r} must be a list of joint steps")
    shots = tuple(whole_number("snapshots", step, 1) for step in options["snapshots"])
    every = whole_number("checkpoint_every", options["checkpoint_every"], 1)
    represent = options.get("represent", {})
    options = {"snapshots": shots, "checkpoint_every": every, "represent": represent}
    check_plan(runs, tables, represent)
    todo = [run for run in runs if not is_finished(run)]
    with Bar(runs, progress):
        if dask is not None:
            outcomes = make_on_cluster(todo, tables, dask, options)
        else:
            outcomes = make_here(todo, tables, jobs, options)
    for run in todo:
        if outcomes[run.name] == FINISHED and not is_finished(run):
            outcomes[run.name] = f"finished, but not seen in {run.folder.parent}: is it shared?"
    return states_table(runs, outcomes)
