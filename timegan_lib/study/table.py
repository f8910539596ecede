"""A table of trained runs: what each is, what it cost, and how it scored.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from tqdm import tqdm

from timegan_lib.config import InputError, TimeGANConfig
from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation import RULES, discriminative_score, predictive_score, validity
from timegan_lib.evaluation.candidates import unseen, untrained
from timegan_lib.evaluation.distances import flat, nearest
from timegan_lib.evaluation.exchange import runs_of
from timegan_lib.evaluation.inputs import aligned, take
from timegan_lib.evaluation.report import MOST
from timegan_lib.evaluation.scores.attack import PARTS, distance_attack
from timegan_lib.evaluation.scores.privacy import COPY, halves
from timegan_lib.files import write_text
from timegan_lib.messages import warn
from timegan_lib.model import TimeGAN
from timegan_lib.training.checkpoint import RunDirectory

FILE = "index.csv"
WEIGHTS = ("last", "average")  # a model has both
REAL = "(real data)"  # stands for a run in the rows of the data themselves
KEY = ("run", "data", "step", "weights")  # what a row is known by
NEWEST = "precision"  # of the scores that older rows lack, one that is always a number
Parts = tuple[SequenceDataset, SequenceDataset | None]  # what was trained on, what was held out
Key = tuple[str, str, int, str]
Rows = dict[Key, dict[Any, Any]]


def read_index(folder: str | Path) -> pd.DataFrame:
    """The table that `index` wrote into a folder of runs. Raises InputError.

    A row for every model and kind of weights: `run`, `data`, `settings` (those that differ from the
    defaults), `seed`, `step` (joint steps), `weights` ("last" or "average"), `minutes` of training, then
    scores against the train part, named as in `Report.scores` ("told apart", "movement", ...), with the
    sd over the repeats of the metric. "discriminative", "predictive" and "classifier" are those of the
    paper's kind, whose judges meet windows that overlap. Those that need no network are there against
    the held-out part too ("held-out values", ...). Where data were held out: `membership`, the p-value of
    it among innocent splits ("membership p-value", see `Privacy`), and `copies`.

    The rows of run "(real data)" are real data's own: train on itself, and the held-out part judged as if
    it were made (for privacy one half of it, against the other). Empty where a score does not apply, and
    where a row is older than the score and its model is gone. `judge seed`: the networks that judged a row began
    from seeds of its own, so what is common to their draws moves no two rows alike (see `spread_shares`). Rows
    without it are older and share their seeds.
    """
    file = Path(folder) / FILE
    if not file.exists():
        raise InputError(f"there is no {file}; `timegan index {folder}` writes it")
    words = {"settings": "", "weights": ""}
    return pd.read_csv(file, dtype=dict.fromkeys(words, str)).fillna(words)


def index(
    folder: str | Path, parts: Callable[[str], tuple[str, Parts]], repeats: int = 10,
    snapshot_repeats: int = 3, weights: Sequence[str] = WEIGHTS, fill: bool = False,
    progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Score every model below a folder that the table in it does not hold yet, and return the table.

    parts(command) -> (name, (train, held-out)) of the data that a recorded command trained on. Finals
    are scored `repeats` times, snapshots `snapshot_repeats` times, with each kind of `weights`. A row that
    an older version wrote gets the scores it lacks, and what it says stays; fill=True adds no row and
    does that alone, without training a judge. A row is known by its run, data, step and weights.

    Compared are the train part, at most 2,000 sequences of it (drawn with seed 0), and as many samples
    (seed 1); for privacy all of both parts. The table is written after every row, so a stop loses one row.
    Runs that were made from Python record no command: they are passed over with a warning; rows that
    cannot be filled, since their model is gone, are named by another. Raises InputError where there is
    nothing to score.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give the one that holds the runs")
    rows = _rows(folder, fill)
    runs = _runs(folder)
    if not runs and not rows:
        raise InputError(
            f"{folder} holds no run to score: none of its folders has a config.json with the line that "
            "trained it, and a model.timegan"
        )
    for run, about in tqdm(runs, "runs", disable=None if progress else True):
        name, sides = parts(about["command"])
        if _real_row(rows, name, sides, repeats, fill):
            _write(folder, rows)
        for file, step in _models(run, about):
            for kind in weights:
                key = run.path.name, name, step, kind
                if _done(rows.get(key), fill):
                    continue
                model, final = TimeGAN.load(file), file == run.model_file
                count = repeats if final else snapshot_repeats
                _model_row(rows, key, model, sides, run.read_history(), count)
                _write(folder, rows)
    if fill:
        _say_what_lacks(rows, weights)
    return pd.DataFrame(rows.values())


def _rows(folder: Path, fill: bool) -> Rows:
    """What the table in the folder holds, by its key."""
    try:
        table = read_index(folder)
    except InputError:
        if fill:
            raise
        return {}
    rows: list[dict[Any, Any]] = table.to_dict("records")
    return {(row["run"], row["data"], row["step"], row["weights"]): row for row in rows}


def _real_row(rows: Rows, name: str, sides: Parts, repeats: int, fill: bool) -> bool:
    """Add or fill the row of real data's own scores; whether there was anything to do."""
    (everything, held_out), key = sides, (REAL, name, 0, "")
    if held_out is None or _done(rows.get(key), fill):
        return False
    train = take(everything, MOST, 0)
    if key not in rows:
        rows[key] = _begun(key, "") | _real(train, held_out, repeats, judge_seed(key))
    rows[key] |= unseen(train, take(held_out, MOST, 0), seed=0)
    rows[key] |= _secrets(everything, *halves(held_out))
    return True


def _model_row(
    rows: Rows,
    key: Key,
    model: TimeGAN,
    sides: Parts,
    history: pd.DataFrame | None,
    repeats: int,
) -> None:
    """Add the row of a model, or fill the one that is there."""
    everything, held_out = sides
    _, name, step, kind = key
    train = take(everything, MOST, 0)
    made = model.sample(len(train), seed=1, average=kind == "average")
    if key not in rows:
        about = {"seed": model.seed, "minutes": _minutes(history, step)}
        begun = _begun(key, _changed(model.config)) | about
        rows[key] = begun | _scores(train, held_out, made, name, repeats, judge_seed(key))
    rows[key] |= _later_scores(sides, train, made)


def scores_of(
    sides: Parts, made: SequenceDataset, name: str, repeats: int = 10, seed: int = 0
) -> dict[str, float]:
    """All scores of a row of the table, for sequences from any generator.

    sides: what was trained on, and what was held out. made: as many as `sequences_seen` says. name: of the
    data. repeats=0 trains no judge. seed: of the judges. Raises InputError. Taught in book/how-the-code-is-built.md.
    """
    train = take(sides[0], MOST, 0)
    return _scores(train, sides[1], made, name, repeats, seed) | _later_scores(sides, train, made)


def sequences_seen(data: SequenceDataset) -> int:
    """How many sequences of a train part are judged, and as many samples.

    Taught in book/how-the-code-is-built.md.
    """
    return min(len(data), MOST)


def _begun(key: Key, settings: str) -> dict[str, Any]:
    return dict(zip(KEY, key, strict=True)) | {
        "settings": settings,
        "judge seed": judge_seed(key),
    }


def judge_seed(key: Key) -> int:
    """Of the networks that judge a row: always the same one for a key, and its own. It has at most six digits,
    which is what the table is written with."""
    return crc32("\n".join(map(str, key)).encode()) % 1_000_000


def _done(row: dict[Any, Any] | None, fill: bool) -> bool:
    return fill if row is None else bool(pd.notna(row.get(NEWEST)))


def _say_what_lacks(rows: Rows, weights: Sequence[str]) -> None:
    lacking = [row for row in rows.values() if not _done(row, True) and row["weights"] in weights]
    if names := sorted({f"{row['run']} ({row['step']})" for row in lacking}):
        warn(f"not filled, since the model is not there: {', '.join(names)}")


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


def _real(
    train: SequenceDataset, held_out: SequenceDataset, repeats: int, seed: int
) -> dict[str, float]:
    """The held-out part as if it were made; and the predictive score of real data themselves."""
    told = discriminative_score(train, held_out, repeats, seed=seed, progress=False)
    used = predictive_score(train, train, repeats, seed=seed, progress=False)
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
    seed: int,
) -> dict[str, float]:
    row: dict[str, float] = {}
    if repeats:
        told = discriminative_score(train, made, repeats, seed=seed, progress=False)
        row = _named(told, predictive_score(train, made, repeats, seed=seed, progress=False))
    row |= untrained(train, made)
    if held_out is not None:
        row |= {f"held-out {key}": value for key, value in untrained(held_out, made).items()}
    if name.split()[0] in RULES:
        row["broken"] = validity(made, RULES[name.split()[0]])["sequences"]["any rule"]
    return row


def _later_scores(sides: Parts, train: SequenceDataset, made: SequenceDataset) -> dict[str, float]:
    """Those that rows of older versions lack."""
    everything, held_out = sides
    row = unseen(train, made, seed=0)
    return row if held_out is None else row | _secrets(everything, made, held_out)


def _secrets(
    train: SequenceDataset, found: SequenceDataset, held_out: SequenceDataset
) -> dict[str, float]:
    """What the found give away of the train part: those numbers of `privacy` that take seconds for thousands
    of sequences, where all of it takes minutes. A test holds that they are the same."""
    if min(len(found), len(held_out)) < 2:
        return {}
    real, fake, other = aligned(train, synthetic=found, held_out=held_out)
    x, s, runs = flat(real), flat(fake), runs_of(other)
    groups = np.array_split(np.arange(len(runs)), min(len(runs), PARTS))
    parts = [np.concatenate([runs[k] for k in group]) for group in groups]
    attack = distance_attack(x, flat(other), s, parts, fpr=0.05, seed=0)
    return {
        "membership": attack.auc, "membership p-value": attack.p_value,
        "copies": float((nearest(s, x)[:, 0] < COPY).mean()),
    }  # fmt: skip


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


def _write(folder: Path, rows: Rows) -> None:
    first = ["run", "data", "settings", "seed", "step", "weights", "minutes", "repeats"]
    table = pd.DataFrame(rows.values()).sort_values(["run", "step", "weights"], kind="stable")
    table = table.reindex(columns=first + [name for name in table.columns if name not in first])
    write_text(folder / FILE, table.to_csv(index=False, float_format="%.6g"))
