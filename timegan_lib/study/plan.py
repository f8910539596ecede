"""The plan of a study: every table with every setting and every seed, each a run with a name.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from timegan_lib import __version__
from timegan_lib.config import PHASES, InputError, TimeGANConfig, whole_number
from timegan_lib.data import SequenceDataset, prepare
from timegan_lib.model import check_fits
from timegan_lib.training import RunDirectory
from timegan_lib.training.resume import about, check_same_run

MOST_SEEDS = 100_000


@dataclass(frozen=True)
class Run:
    """One run of a plan: which table, seed and settings, in which folder.

    settings: those that the plan names. config: all of them. command: the line that makes this run
    alone, or None. Taught in book/how-the-code-is-built.md.
    """

    name: str
    table: str
    seed: int
    settings: dict[str, Any]
    config: TimeGANConfig
    folder: Path
    command: str | None = None

    @property
    def directory(self) -> RunDirectory:
        return RunDirectory(self.folder)

    @property
    def total(self) -> int:
        """Steps of all phases."""
        return sum(self.targets.values())

    @property
    def targets(self) -> dict[str, int]:
        """Steps of each phase that has any to do."""
        pairs = zip(PHASES, self.config.phase_steps, strict=True)
        return {phase: n for phase, n in pairs if n and phase not in self.config.skips}

    @property
    def done(self) -> dict[str, int]:
        """Steps of each phase that the model in the folder has, the last file that is written; {}: none."""
        try:
            with np.load(self.directory.model_file, allow_pickle=False) as model:
                return json.loads(str(model["about"]))["steps"]
        except Exception:  # none yet, or damaged: the training itself will say so
            return {}

    @property
    def failed_file(self) -> Path:
        """Beside the folder: why the run failed, if it did."""
        return self.folder.with_name(f"{self.folder.name}.failed.txt")


def make_plan(
    tables: Sequence[str], out: str | Path, seeds: int | Iterable[int] = (0,),
    settings: Mapping[str, Any] | None = None, steps: Any = None,
) -> list[Run]:  # fmt: skip
    """The runs: for each table every combination of the settings, for each of those every seed.

    The name of a run says its settings, by the alphabet, and its seed, and does not depend on the others.

    tables: names. out: the folder that holds the runs. seeds: one, or several. settings: name -> a
    value or a list of them. steps: of each phase, as TimeGANConfig takes them; no part of the names.
    Raises InputError for a setting that is unknown or does not fit, and for what would be made twice.
    Taught in book/how-the-code-is-built.md.
    """
    out = Path(out)
    _check_folder(out)
    numbers = _seeds(seeds)
    lists = {name: _several(name, values) for name, values in (settings or {}).items()}
    if steps is not None and "steps" in lists:
        raise InputError("steps is given twice, once among the settings; leave one of them out")
    runs = []
    for table, values in itertools.product(tables, itertools.product(*lists.values())):
        given = dict(zip(lists, values, strict=True))
        config = TimeGANConfig.from_dict(
            given if steps is None else given | {"steps": _tuple(steps)}
        )
        chosen = {name: getattr(config, name) for name in given}  # gamma=1 is gamma=1.0
        for seed in numbers:
            words = [f"{name}={_text(value)}" for name, value in sorted(chosen.items())]
            words += [f"seed={seed}"]
            name = _plain("-".join([table, *words] if len(tables) > 1 else words))
            runs.append(Run(name, table, seed, chosen, config, (out / name).absolute()))
    _check_differ(runs)
    return runs


def check_plan(
    runs: Sequence[Run], tables: Mapping[str, SequenceDataset],
    represent: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Raise InputError for a run that its data or its folder do not allow; nothing is changed.

    tables: name -> data. represent: name -> the forms in which they are learned. Taught in
    book/how-the-code-is-built.md.
    """
    prepared = {name: prepare(data, (represent or {}).get(name)) for name, data in tables.items()}
    for run in runs:
        data = prepared[run.table]
        check_fits(run.config, data)
        run.directory.check()
        if (found := run.directory.read_config()) is not None:
            record = about(run.config, run.seed, data, run.command, __version__)
            check_same_run(run.directory, found, record)
            _check_steps(run)


def _check_steps(run: Run) -> None:
    """A phase that is over stays as it is; the last that was begun can only go on."""
    done = run.done
    begun = [k for k, phase in enumerate(PHASES) if done.get(phase)]
    if begun and run.config.phase_steps[begun[-1]] < done[PHASES[begun[-1]]]:
        phase = PHASES[begun[-1]]
        raise InputError(
            f"{run.folder} holds {done[phase]:,} {phase} steps and steps asks for "
            f"{run.config.phase_steps[begun[-1]]:,}; ask for at least as many, or give another folder"
        )


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"out={str(out)!r} is a file; give a folder for the runs")
    if RunDirectory(out).config_file.exists():
        raise InputError(f"out={str(out)!r} is a run directory; give a folder for several runs")


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    several = seeds if isinstance(seeds, Iterable) else [seeds]
    given = list(itertools.islice(several, MOST_SEEDS + 1))
    if len(given) > MOST_SEEDS:
        raise InputError(f"seeds gives more than {MOST_SEEDS:,} of them")
    numbers = [whole_number("seed", seed, 0) for seed in given]
    if not numbers:
        raise InputError("seeds is empty; give at least one, such as seeds=range(5)")
    for seed, times in Counter(numbers).items():
        if times > 1:
            raise InputError(f"seeds gives {seed} more than once")
    return numbers


def _several(name: str, values: Any) -> list[Any]:
    """The values of a setting: a list holds several, anything else is one. Lists in it are tuples."""
    several = values if isinstance(values, list | range) else [values]
    if not len(several):
        raise InputError(f"{name} has no values; give at least one, such as {name}=8")
    return [_tuple(value) for value in several]


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


def _plain(name: str) -> str:
    """A name without what a shell or a drive may stumble over."""
    return re.sub(r"[^\w.+=,-]+", "_", name).replace("_-", "-").strip("_")


def _check_differ(runs: Sequence[Run]) -> None:
    seen: dict[tuple, Run] = {}
    for run in runs:
        key = (run.table, run.config, run.seed)
        if key in seen:
            raise InputError(
                f"{run.name} and {seen[key].name} are the same run; give each value once"
            )
        seen[key] = run
    names: set[str] = set()
    for run in runs:
        if run.name in names:
            raise InputError(f"two runs would be called {run.name}; give their tables other names")
        names.add(run.name)
