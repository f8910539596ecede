"""A table of trained runs: what each is, what it cost, and how it scored.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from timegan_lib.config import InputError, TimeGANConfig
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation import RULES, discriminative_score, predictive_score, validity
from timegan_lib.evaluation.inputs import take
from timegan_lib.evaluation.report import MOST, untrained
from timegan_lib.files import write_text
from timegan_lib.messages import warn
from timegan_lib.model import TimeGAN
from timegan_lib.training.checkpoint import RunDirectory

FILE = "index.csv"
WEIGHTS = ("last", "average")  # a model has both
REAL = "(real data)"  # stands for a run in the rows of the data themselves
Parts = tuple[SequenceDataset, SequenceDataset | None]  # what was trained on, what was held out


def read_index(folder: str | Path) -> pd.DataFrame:
    """The table that `index` wrote into a folder of runs. Raises InputError.

    A row for every model and kind of weights: `run`, `data`, `settings` (those that differ from the
    defaults), `seed`, `step` (joint steps), `weights` ("last" or "average"), `minutes` of training, then
    the scores of `Report.scores` against the train part, sd over the repeats of the metric, and those
    that need no network also against the held-out part ("held-out values", ...). The rows of run
    "(real data)" are real data's own: train on itself, and the held-out part judged as if it were made.
    """
    file = Path(folder) / FILE
    if not file.exists():
        raise InputError(f"there is no {file}; `timegan index {folder}` writes it")
    words = {"settings": "", "weights": ""}
    return pd.read_csv(file, dtype=dict.fromkeys(words, str)).fillna(words)


def index(
    folder: str | Path, parts: Callable[[str], tuple[str, Parts]], repeats: int = 10,
    snapshot_repeats: int = 3, weights: Sequence[str] = WEIGHTS, progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Score every model below a folder that the table in it does not hold yet, and return the table.

    parts(command) -> (name, (train, held-out)) of the data that a recorded command trained on. Finals
    are scored `repeats` times, snapshots `snapshot_repeats` times, with each kind of `weights`. As many
    sequences as real ones are judged, at most 2,000 a side. The table is written after every row, so a
    stop loses one row. Runs that were made from Python record no command: they are passed over with a
    warning. Raises InputError where there is nothing to score.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give the one that holds the runs")
    try:
        rows: list[dict[Any, Any]] = read_index(folder).to_dict("records")
    except InputError:
        rows = []
    known = {(row["run"], row["data"], row["step"], row["weights"]) for row in rows}
    runs = _runs(folder)
    if not runs and not rows:
        raise InputError(
            f"{folder} holds no run to score: none of its folders has a config.json with the line that "
            "trained it, and a model.timegan"
        )
    for run, about in tqdm(runs, "runs", disable=None if progress else True):
        name, (train, held_out) = parts(about["command"])
        train = take(train, MOST, 0)
        if (REAL, name, 0, "") not in known and held_out is not None:
            known.add((REAL, name, 0, ""))
            row: dict[str, Any] = {
                "run": REAL,
                "data": name,
                "settings": "",
                "step": 0,
                "weights": "",
            }
            rows.append(row | _real(train, held_out, repeats))
            _write(folder, rows)
        for file, step in _models(run, about):
            for kind in weights:
                if (run.path.name, name, step, kind) in known:
                    continue
                model, final = TimeGAN.load(file), file == run.model_file
                made = model.sample(len(train), seed=1, average=kind == "average")
                history = run.read_history()
                row = {
                    "run": run.path.name, "data": name, "settings": _changed(model.config),
                    "seed": model.seed, "step": step, "weights": kind,
                    "minutes": _minutes(history, step),
                }  # fmt: skip
                count = repeats if final else snapshot_repeats
                rows.append(row | _scores(train, held_out, made, name, count))
                _write(folder, rows)
    return pd.DataFrame(rows)


def _runs(folder: Path) -> list[tuple[RunDirectory, dict[str, Any]]]:
    """Every run below the folder that recorded its command, by name; a warning names the others."""
    found = [RunDirectory(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    pairs = [(run, run.read_config()) for run in found if run.model_file.exists()]
    if unknown := [run.path.name for run, about in pairs if about and not about.get("command")]:
        warn(
            f"not scored, since trained from Python, so that their data cannot be found again: "
            f"{', '.join(unknown)}"
        )
    return [(run, about) for run, about in pairs if about and about.get("command")]


def _models(run: RunDirectory, config: dict[str, Any]) -> Iterator[tuple[Path, int]]:
    """The snapshots of a run with their joint steps, from the first, and its model once it is finished."""
    steps = sorted(int(f.stem.rsplit("-", 1)[1]) for f in run.path.glob("snapshot-joint-*.timegan"))
    target = TimeGANConfig.from_dict(config["settings"]).phase_steps[2]
    yield from ((run.snapshot_file("joint", step), step) for step in steps if step != target)
    if TimeGAN.load(run.model_file).steps_done["joint"] == target:
        yield run.model_file, target


def _real(train: SequenceDataset, held_out: SequenceDataset, repeats: int) -> dict[str, float]:
    """The held-out part as if it were made; and the predictive score of real data themselves."""
    told = discriminative_score(train, held_out, repeats, progress=False)
    used = predictive_score(train, train, repeats, progress=False)
    return {
        **_named(told, used), **untrained(train, held_out),
        "predictive median": used.median, "predictive persistence": used.persistence,
    }  # fmt: skip


def _scores(
    train: SequenceDataset,
    held_out: SequenceDataset | None,
    made: SequenceDataset,
    name: str,
    repeats: int,
) -> dict[str, float]:
    told = discriminative_score(train, made, repeats, progress=False)
    row = _named(told, predictive_score(train, made, repeats, progress=False))
    row |= untrained(train, made)
    if held_out is not None:
        row |= {f"held-out {key}": value for key, value in untrained(held_out, made).items()}
    if name.split()[0] in RULES:
        row["broken"] = validity(made, RULES[name.split()[0]])["sequences"]["any rule"]
    return row


def _named(told, used) -> dict[str, float]:
    return {
        "repeats": len(told.scores), "discriminative": told.mean, "discriminative sd": told.sd,
        "floor": told.floor, "predictive": used.mean, "predictive sd": used.sd,
    }  # fmt: skip


def _changed(config: TimeGANConfig) -> str:
    """The settings that differ from the defaults, the steps apart: "hidden=8 learning_rate=0.003"."""
    changed = config.changed().items()
    return " ".join(f"{name}={value}" for name, value in changed if name != "steps")


def _minutes(history: pd.DataFrame | None, step: int) -> float:
    """Of training, from the first phase to this joint step."""
    if history is None:
        return math.nan
    reached = history[(history["phase"] != "joint") | (history["step"] <= step)]
    return round(float(reached["seconds"].max()) / 60, 2)


def _write(folder: Path, rows: list[dict[Any, Any]]) -> None:
    first = ["run", "data", "settings", "seed", "step", "weights", "minutes", "repeats"]
    table = pd.DataFrame(rows).sort_values(["run", "step", "weights"], kind="stable")
    table = table.reindex(columns=first + [name for name in table.columns if name not in first])
    write_text(folder / FILE, table.to_csv(index=False, float_format="%.6g"))
