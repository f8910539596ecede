"""Every generator on the same windows: how good, how long, how much memory. Writes data/runs/rivals.csv.

python benchmarks/rivals.py                                        # all that is missing: hours
python benchmarks/rivals.py --data google --generator autoregression bootstrap --seeds 3
python benchmarks/rivals.py --split development --seeds 0 1 2 --out trials.csv
python benchmarks/rivals.py --data google --generator "tsgm steps=40" --tsgm tsgm-env/bin/python

A row for each data set, generator and seed, scored as `timegan index` scores a run (data/runs/PROTOCOL.md
says by which rules). Rows that are there are kept, and a row is written as soon as it is known, so a stop
loses one. Each is made in a process of its own: so it has its own threads, and its own memory to look at.
"""

import argparse
import ast
import contextlib
import math
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan_lib import DATASETS, InputError, SequenceDataset, TimeGAN, TrainingError, load_dataset
from timegan_lib.config import TimeGANConfig
from timegan_lib.evaluation import horizon_errors
from timegan_lib.files import write_text
from timegan_lib.rivals import RIVALS
from timegan_lib.study import Parts, scores_of, sequences_seen
from timegan_lib.study.table import judge_seed
from timegan_lib.threads import use_threads

HELD_OUT = "held-out data"  # real, from other times: judged as if they were made
HERE = Path(__file__).parent
OUT = HERE.parent / "data" / "runs" / "rivals.csv"
KEY = ["generator", "data", "split", "seed"]
FIRST = [*KEY, "threads", "minutes", "cpu minutes", "peak MB", "sampling seconds", "repeats"]
SPLITS = ("test", "development")

# fitted(data, seed, settings), something with sample(n, seed)
Generator = Callable[[SequenceDataset, int, dict[str, Any]], Any]


def rival(name: str, represent: str | None = None, **settings: Any) -> Generator:
    return lambda data, seed, more: RIVALS[name](seed=seed, **settings | more).fit(data, represent)


def timegan(recipe: str = "reference", **settings: Any) -> Generator:
    """TimeGAN by a recipe, with these settings; samples are made with its last weights."""

    def fitted(data: SequenceDataset, seed: int, more: dict[str, Any]) -> TimeGAN:
        model = TimeGAN(TimeGANConfig.recipe(recipe, **settings | more), seed=seed)
        model.fit(data, progress=False)  # which returns its history
        return model

    return fitted


class Tsgm:
    """Another library's TimeGAN, by its own fit, in its own environment (benchmarks/README.md)."""

    def __init__(self, data: SequenceDataset, seed: int, settings: dict[str, Any]):
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder, name)) for name in ("real.npy", "made.npy")]
            np.save(files[0], data.scaled)
            command = [os.environ["TSGM_PYTHON"], str(HERE / "tsgm_samples.py"), *files]
            more = settings | {"seed": seed}
            command += [f"--{name}={value}" for name, value in more.items()]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            self.made = data.like(np.load(files[1]))

    def sample(self, n: int, seed: int) -> SequenceDataset:
        """The first n of those it made when it was trained."""
        return self.made.subset(slice(n))


GENERATORS: dict[str, Generator] = {
    **{name: rival(name) for name in RIVALS},
    **{f"{name}, represented": rival(name, "propose") for name in RIVALS},
    "autoregression, represented, real first steps": rival(
        "autoregression", "propose", first="real"
    ),
    "timegan 2000": timegan(steps=2_000),  # 1.6 times the minutes of the recipe on google
    "timegan 10000": timegan(steps=10_000),
    "timegan 20000": timegan(steps=20_000),
    "tsgm": Tsgm,
    "timegan autoregressive": timegan("autoregressive"),
    "timegan autoregressive, likelihood alone": timegan("autoregressive", steps=(0, 3_000, 1)),
}


def with_settings(text: str) -> tuple[str, dict[str, Any]]:
    """From "recurrent_gan, represented hidden=32" to "recurrent_gan, represented", {"hidden": 32}."""
    words = text.split()
    pairs = [word.partition("=") for word in words if "=" in word]
    name = " ".join(word for word in words if "=" not in word)
    return name, {key: ast.literal_eval(value) for key, _, value in pairs}


def load(data: str, split: str) -> Parts:
    """(learned from, held out) of a data set with its options, such as "ar_gaussian phi=0.2"."""
    name, given = with_settings(data)
    learned, held_out = load_dataset(name, **given).split()
    return learned.split(blocks=13) if split == "development" else (learned, held_out)


def make_row(generator: str, data: str, split: str, seed: int, threads: int, repeats: int) -> dict:
    """Fit, sample and score; {"left out": why} where the generator cannot learn from such data."""
    use_threads(threads)
    learned, held_out = load(data, split)
    before = start_of_peak()
    wall, cpu = time.perf_counter(), cpu_seconds()
    try:
        name, settings = with_settings(generator)
        model = None if name == HELD_OUT else GENERATORS[name](learned, seed, settings)
    except (InputError, TrainingError) as error:
        return {"left out": str(error)}
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    peak = memory("VmHWM") - before
    start = time.perf_counter()
    made = model.sample(sequences_seen(learned), seed=1) if model else held_out
    sampling = time.perf_counter() - start
    about = [generator, data, split, seed, threads, wall / 60, cpu / 60, peak, sampling, repeats]
    judges = judge_seed((generator, data, seed, split))
    sides = (learned, held_out if model else None)
    scores = scores_of(sides, made, data, repeats, judges)
    return (
        dict(zip(FIRST, about, strict=True)) | scores | more_scores(learned, held_out, made, data)
    )


def more_scores(
    learned: SequenceDataset, held_out: SequenceDataset, made: SequenceDataset, data: str
) -> dict[str, float]:
    """What the runs' table has not: forecasts, and of an AR process the two numbers that it is made with.

    Errors on held-out data of a linear forecaster that learned from real or from made sequences, and of
    persistence; phi by least squares, and the spread of what it leaves, whose true value is 1.
    """
    found = {}
    with contextlib.suppress(InputError):  # no held-out sequence is as long as the longest
        errors = horizon_errors(learned, held_out, made).loc["all"]
        found = {f"forecast {name}": errors[name] for name in ("real", "synthetic", "persistence")}
    if data.startswith("ar_gaussian"):
        before, after = made.values[:, :-1], made.values[:, 1:]
        phi = float((before * after).sum() / (before**2).sum())
        found |= {"phi": phi, "noise": float((after - phi * before).std())}
    return found


def make_row_apart(*arguments: Any) -> dict:
    """`make_row` in a new process."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool:
        return pool.apply(make_row, arguments)


def cpu_seconds() -> float:
    """Of this process and of those it has waited for."""
    return time.process_time() + sum(os.times()[2:4])


def memory(what: str) -> float:
    """MB of this process, "VmRSS" now or "VmHWM" at its peak; nan where there is no /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((float(x.split()[1]) / 1e3 for x in lines if x.startswith(what + ":")), math.nan)


def start_of_peak() -> float:
    """Forget the peak so far, as Linux can; MB in use now."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")
    return memory("VmRSS")


def write(out: Path, row: dict) -> None:
    """The table with one row more. It is read anew, since another process may have added to it."""
    table = pd.concat([read(out), pd.DataFrame([row])], ignore_index=True)
    table = table.sort_values(["data", "split", "generator", "seed"], kind="stable")
    table = table.reindex(columns=FIRST + [name for name in table.columns if name not in FIRST])
    write_text(out, table.to_csv(index=False, float_format="%.6g"))


def read(out: Path) -> pd.DataFrame:
    return pd.read_csv(out) if out.exists() else pd.DataFrame(columns=KEY)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", nargs="+", default=["google", "ibm", "weather", "storms"], metavar="NAME",
        help=f'of {", ".join(DATASETS)}; with options in quotes, as in "ar_gaussian phi=0.2"',
    )  # fmt: skip
    parser.add_argument(
        "--generator", nargs="+", default=list(RIVALS), metavar="NAME",
        help=f"of {HELD_OUT}; {'; '.join(GENERATORS)}; with settings in quotes, as in \"recurrent_gan hidden=32\"",
    )  # fmt: skip
    parser.add_argument("--seeds", nargs="+", type=int, default=[3, 4, 5])
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--repeats", type=int, default=10, help="of a judge; 0: train none")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tsgm", metavar="PYTHON", help="the Python of an environment with tsgm")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    for unknown in {with_settings(text)[0] for text in options.generator} - {HELD_OUT, *GENERATORS}:
        parser.error(f"there is no generator {unknown!r}; there are {'; '.join(GENERATORS)}")
    if options.tsgm:
        os.environ["TSGM_PYTHON"] = options.tsgm
    elif any(with_settings(text)[0] == "tsgm" for text in options.generator):
        parser.error("tsgm has an environment of its own: give its Python with --tsgm")
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # of NumPy's products, in new processes

    for data in options.data:
        for generator in options.generator:
            for seed in options.seeds:
                key = (generator, data, options.split, seed)
                if key in set(read(options.out)[KEY].itertuples(index=False, name=None)):
                    continue
                row = make_row_apart(*key, options.threads, options.repeats)
                if "left out" in row:
                    print(f"{generator} on {data} is left out: {row['left out']}", flush=True)
                    break
                write(options.out, row)
                shown = [*FIRST[5:8], "discriminative", "told apart", "p-value"]
                found = {name: float(f"{row[name]:.3g}") for name in shown if name in row}
                print(f"{generator} on {data}, seed {seed}: {found}", flush=True)


if __name__ == "__main__":
    main()
