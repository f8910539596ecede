"""The command line: timegan train | sample | evaluate | info."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import warnings
from pathlib import Path

import pandas as pd

from timegan_lib.checkpoint import RunDirectory, write_text
from timegan_lib.config import PHASES, InputError, TimeGANConfig
from timegan_lib.datasets import DATASETS, load_dataset
from timegan_lib.evaluation import evaluate
from timegan_lib.fitting import TrainingError
from timegan_lib.model import TimeGAN
from timegan_lib.sequences import SequenceDataset


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (training failed), 2 (bad input), 130 (Ctrl-C)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    warnings.showwarning = _show_warning
    try:
        options.run(options, "timegan " + shlex.join(arguments))
    except InputError as error:
        print(f"timegan: {error}", file=sys.stderr)
        return 2
    except TrainingError as error:
        print(f"timegan: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("timegan: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def train(options: argparse.Namespace, command: str) -> None:
    """Train on a table or a shipped data set. The same command goes on with a run that was stopped."""
    settings = dict(_setting(text) for text in options.set)
    if options.steps:
        settings["steps"] = options.steps[0] if len(options.steps) == 1 else tuple(options.steps)
    config = TimeGANConfig.from_dict(settings)
    data = _data(options.data, options)
    if options.hold_out:
        data, _ = data.split()
    model = TimeGAN(config, seed=options.seed)
    if not options.quiet:
        print(data)
    model.fit(
        data, run_dir=options.out, snapshots=options.snapshots, progress=not options.quiet,
        checkpoint_every=options.checkpoint_every, command=command,
    )  # fmt: skip
    if not options.quiet:
        steps = ", ".join(f"{phase} {done:,}" for phase, done in model.steps_done.items())
        print(f"Trained ({steps}). Next: timegan sample {shlex.quote(options.out)} --out synthetic.csv")


def sample(options: argparse.Namespace, command: str) -> None:
    """Write synthetic sequences as a table with the columns of the training data."""
    model = TimeGAN.load(options.model)
    synthetic = model.sample(options.n, seed=options.seed, average=options.average)
    write_text(Path(options.out), synthetic.to_frame().to_csv(index=False))
    print(f"{synthetic} written to {options.out}")


def evaluate_command(options: argparse.Namespace, command: str) -> None:
    """Compare a model's samples, or a table, with the real data."""
    real = _data(options.real, options)
    if Path(options.synthetic).suffix == ".csv":
        columns = argparse.Namespace(**{**vars(options), "time": None, "group": "sequence"})
        synthetic = _data(options.synthetic, columns)
    else:
        synthetic = TimeGAN.load(options.synthetic).sample(options.n, seed=options.seed)
    report = evaluate(real, synthetic)
    print(report)
    if options.out:
        write_text(Path(options.out), json.dumps(report.to_dict(), indent=2) + "\n")


def info(options: argparse.Namespace, command: str) -> None:
    """Say what a run directory, a model file or a data set holds."""
    if options.thing in DATASETS:
        data = load_dataset(options.thing)
        print(data)
        print(data.to_frame().drop(columns="step").describe().T.to_string())
        return
    model = TimeGAN.load(options.thing)
    print("steps     " + ", ".join(f"{phase} {n:,}" for phase, n in model.steps_done.items()))
    if Path(options.thing).is_dir():
        about = RunDirectory(options.thing).read_config() or {}
        print(f"command   {about.get('command')}")
        print("versions  " + ", ".join(f"{k} {v}" for k, v in about.get("versions", {}).items()))
    print(f"seed      {model.seed}")
    default = TimeGANConfig()
    changed = [
        f"{name}={value!r}"
        for name, value in vars(model.config).items()
        if value != getattr(default, name)
    ]
    print("settings  " + (", ".join(changed) or "the defaults"))
    if len(model.history):
        last = model.history.iloc[-1].dropna()
        print(f"training  {last['seconds'] / 60:.1f} min; losses at the end:")
        print(last.drop(["phase", "step", "seconds"]).astype(float).round(4).to_string())


def _data(name: str, options: argparse.Namespace) -> SequenceDataset:
    """A shipped data set by its name, or a table from a CSV file."""
    given = {
        key: getattr(options, key)
        for key in ("length", "time", "group", "static", "missing", "stride", "categorical", "max_length")
        if getattr(options, key, None) not in (None, [])
    }
    if name in DATASETS:
        return load_dataset(name, **given)
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"there is no file {name!r}, and it is not one of the data sets {', '.join(DATASETS)}"
        )
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{name} is not readable as a table: {str(error).splitlines()[0]}") from None
    if "length" not in given and "group" not in given:
        given["length"] = 24
    return SequenceDataset.from_frame(frame, **given)


def _setting(text: str) -> tuple[str, object]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"--set {text}: write it as name=value, such as hidden=8")
    try:
        return name, json.loads(value.lower() if value in ("True", "False") else value)
    except json.JSONDecodeError:
        return name, value


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"timegan: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="timegan", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.set_defaults(run=function)
        return command

    def add_table(command: argparse.ArgumentParser) -> None:
        command.add_argument("--length", type=int, help="steps of a window (24)")
        command.add_argument("--time", help="column that orders the rows")
        command.add_argument("--group", help="column that says which rows belong together")
        command.add_argument("--static", nargs="+", default=[], help="columns with one value a group")
        command.add_argument("--categorical", nargs="+", help="columns that hold categories")
        command.add_argument("--missing", choices=["error", "drop", "interpolate"])
        command.add_argument("--stride", type=int, help="rows from one window to the next (1)")
        command.add_argument("--max-length", type=int, help="only the first rows of each group")

    command = add("train", train)
    command.add_argument("data", help=f"a CSV file, or one of {', '.join(DATASETS)}")
    command.add_argument("--out", required=True, help="the run directory")
    command.add_argument("--steps", type=int, nargs="+", metavar="N",
                         help="steps a phase: one number, or three (50000)")  # fmt: skip
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--hold-out", action="store_true",
                         help="train on the train part of the interleaved split only")  # fmt: skip
    command.add_argument("--snapshots", type=int, nargs="+", default=[], metavar="N",
                         help="joint steps at which to keep a model")  # fmt: skip
    command.add_argument("--checkpoint-every", type=int, default=500, metavar="N")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                         help="a setting of TimeGANConfig, such as hidden=8; may be repeated")  # fmt: skip
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    add_table(command)

    command = add("sample", sample)
    command.add_argument("model", help="a run directory or a .timegan file")
    command.add_argument("--out", required=True, help="the CSV file to write")
    command.add_argument("-n", type=int, default=1000, help="how many sequences (1000)")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--average", action="store_true", help="use the moving average of the weights")

    command = add("evaluate", evaluate_command)
    command.add_argument("synthetic", help="a run directory, a .timegan file, or a CSV of `timegan sample`")
    command.add_argument("--real", required=True, help="a CSV file or the name of a data set")
    command.add_argument("--out", help="a JSON file for the numbers")
    command.add_argument("-n", type=int, default=1000, help="how many sequences to sample (1000)")
    command.add_argument("--seed", type=int, default=0)
    add_table(command)

    command = add("info", info)
    command.add_argument("thing", help=f"a run directory, a .timegan file, or one of {', '.join(DATASETS)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
