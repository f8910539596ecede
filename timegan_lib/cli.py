"""Learn to make time series like your own, and make as many as you like.

timegan train my.csv --out runs/mine --time date      learn; the same line goes on after a stop
timegan sample runs/mine --out synthetic.csv -n 500   make new sequences
timegan evaluate runs/mine --real my.csv --time date  say whether they can be used
timegan index runs                                    score every run below a folder
timegan info runs/mine                                say what is in a run, a model or a data set

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import warnings
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from timegan_lib import __version__
from timegan_lib.checkpoint import RunDirectory, write_text
from timegan_lib.config import InputError, TimeGANConfig
from timegan_lib.datasets import DATASETS, load_dataset
from timegan_lib.evaluation import RULES, evaluate
from timegan_lib.evaluation.report import MOST
from timegan_lib.fitting import TrainingError
from timegan_lib.model import TimeGAN
from timegan_lib.runs import WEIGHTS, Parts, index
from timegan_lib.sequences import SequenceDataset

TABLE = (
    "length", "time", "group", "static", "categorical", "missing", "max_gap", "stride", "max_length",
)  # fmt: skip
LENGTH = 24  # of a window, where neither --length nor --group is given


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (training failed), 2 (bad input), 130 (Ctrl-C)."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # the small kernels do not gain from more
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
    arguments = sys.argv[1:] if arguments is None else arguments
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            options = _parser().parse_args(arguments)
            options.run(options, "timegan " + shlex.join(arguments))
        except (InputError, OSError) as error:
            return _stop(error, 2)
        except TrainingError as error:
            return _stop(error, 1)
        except KeyboardInterrupt as stop:
            return _stop(str(stop) or "stopped", 130)
    return 0


def train(options: argparse.Namespace, command: str) -> None:
    """learn from a table or a shipped data set; the same line goes on with a run that was stopped"""
    settings = dict(_setting(text) for text in options.set)
    if options.steps:
        settings["steps"] = options.steps[0] if len(options.steps) == 1 else tuple(options.steps)
    model = TimeGAN(TimeGANConfig.from_dict(settings), seed=options.seed)
    data = _data(options.data, options)
    if options.hold_out:
        data, _ = data.split()
    if not options.quiet:
        print(data, flush=True)
    try:
        model.fit(
            data, run_dir=options.out, snapshots=options.snapshots, command=command,
            checkpoint_every=options.checkpoint_every,
            progress=not options.quiet and sys.stderr.isatty(),
        )  # fmt: skip
    except KeyboardInterrupt:
        where = f"stopped at {_steps(model)}, and saved"
        raise KeyboardInterrupt(f"{where}; the same line goes on from here") from None
    if not options.quiet:
        print(f"Trained: {_steps(model)}.")
        print(f"Next: timegan sample {shlex.quote(options.out)} --out synthetic.csv")


def sample(options: argparse.Namespace, command: str) -> None:
    """make new sequences, a table with the columns of the training data"""
    model = TimeGAN.load(options.model)
    synthetic = model.sample(options.n, seed=options.seed, average=options.average)
    write_text(Path(options.out), synthetic.to_frame().to_csv(index=False))
    print(f"{synthetic} written to {options.out}")


def evaluate_command(options: argparse.Namespace, command: str) -> None:
    """say whether synthetic sequences can be used, for what, and what is wrong with them"""
    real, held_out = _data(options.real, options), None
    if options.hold_out:
        real, held_out = real.split()
    if ".csv" in Path(options.synthetic).suffixes:
        synthetic = _synthetic(options.synthetic, real, options)
    else:
        model = TimeGAN.load(options.synthetic)
        if Path(options.synthetic).is_dir():
            _check_trained_on(model, real, held_out, options)
        n = min(MOST, len(real)) if options.n is None else options.n
        synthetic = model.sample(n, seed=options.seed, average=options.average)
    rules = options.rule or RULES.get(options.real, ())
    report = evaluate(
        real, synthetic, held_out, rules=rules, repeats=options.repeats,
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    print(report)
    if options.out:
        print(f"\nThe whole report, with figures: {report.save(options.out)}")


def _check_trained_on(
    model: TimeGAN,
    real: SequenceDataset,
    held_out: SequenceDataset | None,
    options: argparse.Namespace,
) -> None:
    """A run must be judged against the data it was trained on, or privacy and ceiling mean nothing."""
    about = RunDirectory(options.synthetic).read_config() or {}
    if about.get("features") != list(real.names) or about["data"] == model.fingerprint(real):
        return  # other features: `evaluate` says so
    if held_out is not None:
        if about["data"] == model.fingerprint(_data(options.real, options)):
            raise InputError(
                f"{options.synthetic} was trained on all of {options.real}: nothing was held out; leave "
                "--hold-out away"
            )
    elif about["data"] == _fingerprint_of_train_part(model, real):
        raise InputError(
            f"{options.synthetic} was trained with --hold-out; give it here too, so that the data it has "
            "not seen are compared as well"
        )
    warnings.warn(
        f"{options.synthetic} was not trained on these data, or they were read with other options",
        stacklevel=1,
    )


def _fingerprint_of_train_part(model: TimeGAN, data: SequenceDataset) -> str | None:
    try:
        return model.fingerprint(data.split()[0])
    except InputError:  # too short to be split, so it never was
        return None


def info(options: argparse.Namespace, command: str) -> None:
    """say what a run directory, a model file or a data set holds"""
    if options.thing in DATASETS:
        data = load_dataset(options.thing)
        print(data)
        print(data.to_frame().drop(columns="step").describe().T.to_string())
        return
    model = TimeGAN.load(options.thing)
    print(f"steps     {_steps(model)}")
    if Path(options.thing).is_dir():
        about = RunDirectory(options.thing).read_config() or {}
        print(f"command   {about.get('command') or '(trained from Python)'}")
        print("versions  " + ", ".join(f"{k} {v}" for k, v in about.get("versions", {}).items()))
    print(f"seed      {model.seed}")
    changed = [f"{name}={value!r}" for name, value in model.config.changed().items()]
    print("settings  " + (", ".join(changed) or "the defaults"))
    if len(model.history):
        last = model.history.iloc[-1].dropna()
        print(f"training  {last['seconds'] / 60:.1f} min; losses at the end:")
        print(last.drop(["phase", "step", "seconds"]).astype(float).round(4).to_string())


def index_command(options: argparse.Namespace, command: str) -> None:
    """score every run below a folder that its table, index.csv, does not hold yet"""

    def parts(recorded: str) -> tuple[str, Parts]:
        trained = _parser().parse_args(shlex.split(recorded)[1:])
        data, held_out = _data(trained.data, trained), None
        if trained.hold_out:
            data, held_out = data.split()
        return " ".join([trained.data, *trained.option]), (data, held_out)

    table = index(
        options.folder,
        parts,
        options.repeats,
        options.snapshot_repeats,
        options.weights,
        progress=sys.stderr.isatty(),
    )
    shown = ["run", "step", "weights", "minutes", "discriminative", "predictive"]
    print(table.reindex(columns=shown).to_string(index=False, float_format="{:.3f}".format))


def _data(name: str, options: argparse.Namespace) -> SequenceDataset:
    """A shipped data set by its name, or a table from a CSV file."""
    if name in DATASETS:
        return load_dataset(
            name, **(_given(options) | dict(_setting(text, "--option") for text in options.option))
        )
    if options.option:
        raise InputError(f"--option {options.option[0]} is for shipped data sets; {name} is a file")
    return _from_frame(_read(name, options.missing_mark), options)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    return {key: value for key in TABLE if (value := getattr(options, key)) is not None}


def _from_frame(frame: pd.DataFrame, options: argparse.Namespace) -> SequenceDataset:
    given = _given(options)
    if "length" not in given and "group" not in given:
        given["length"] = LENGTH
    return SequenceDataset.from_frame(frame, **given)


def _synthetic(name: str, real: SequenceDataset, options: argparse.Namespace) -> SequenceDataset:
    """A table of `timegan sample`, read as the real data were; another table with the same options."""
    frame = _read(name)
    for column in real.table.columns:
        if column.kind == "category" and column.label in frame:
            levels = {str(level): level for level in column.levels}  # a file holds only text
            found = frame[column.label].dropna()
            for value in found[~found.astype(str).isin(list(levels))]:
                raise InputError(
                    f"{name}: column {column.label!r} holds {value!r}; {options.real} never"
                )
            codes = frame[column.label].astype(str).map(levels)
            frame[column.label] = pd.Categorical(codes, categories=list(column.levels))
    group = real.table.group if real.table.whole_sequences else "sequence"
    if not {group, "step"} <= set(frame.columns):
        return _from_frame(frame, options)
    static = [column.label for column in real.table.columns if column.static]
    return SequenceDataset.from_frame(frame, time="step", group=group, static=static)


def _read(name: str, marks: list[str] | None = None) -> pd.DataFrame:
    """A CSV file with a header; `marks` stand for empty cells. What pandas would mend without a word
    is an error here."""
    if not Path(name).exists():
        known = ", ".join(DATASETS)
        raise InputError(f"there is no file {name!r}, and it is not one of the data sets {known}")
    try:
        header = pd.read_csv(name, header=None, nrows=1, dtype=str, keep_default_na=False)
        frame = pd.read_csv(name, low_memory=False, na_values=marks)
    except (OSError, ValueError) as error:
        raise InputError(f"{name} is not readable as a table: {error}") from None
    labels = [label.strip() for label in header.iloc[0]]
    for place, label in enumerate(labels):
        if not label:
            raise InputError(
                f"{name}: column {place + 1} has no name; name it, or save the table without its "
                "index (index=False)"
            )
        if label in labels[:place]:
            raise InputError(f"{name} has more than one column {label!r}; give each its own name")
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(f"{name}: rows have more cells than the header has names ({len(labels)})")
    return frame


def _setting(text: str, option: str = "--set") -> tuple[str, object]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"{option} {text}: write it as name=value, such as hidden=8")
    words = {"True": True, "False": False, "None": None}
    if value in words:
        return name, words[value]
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _steps(model: TimeGAN) -> str:
    return ", ".join(f"{phase} {done:,}" for phase, done in model.steps_done.items()) + " steps"


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    _say(f"warning: {message}")


def _stop(reason: object, code: int) -> int:
    _say(str(reason))
    return code


def _say(text: str) -> None:
    """One line on stderr, whatever the text."""
    print("timegan: " + " ".join(text.split()), file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; `{self.prog} --help` lists what there is")


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="timegan", description=(__doc__ or "").split("\n\nTaught in")[0], formatter_class=raw,
        epilog="`timegan COMMAND --help` explains the options of a command.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"timegan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    names = ", ".join(DATASETS)

    def add(name: str, function, example: str) -> argparse.ArgumentParser:
        text = function.__doc__
        command = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=raw,
            epilog=f"example:\n  {example}",
        )  # fmt: skip
        command.set_defaults(run=function)
        return command

    def add_table(command: argparse.ArgumentParser, which: str) -> None:
        table = command.add_argument_group(
            f"how to read {which}", "one row for each step, a header"
        )
        table.add_argument(
            "--time", metavar="COLUMN", help="what orders the rows; it is not learned"
        )
        table.add_argument("--group", metavar="COLUMN",
                           help="which rows belong together; without --length each group is a sequence")  # fmt: skip
        table.add_argument("--length", type=int, metavar="N",
                           help=f"cut windows of N steps (without --group: {LENGTH})")  # fmt: skip
        table.add_argument(
            "--stride", type=int, metavar="N", help="rows from one window to the next (1)"
        )
        table.add_argument(
            "--max-length", type=int, metavar="N", help="the first N rows of each group only"
        )
        table.add_argument(
            "--static", nargs="+", metavar="COLUMN", help="columns with one value a group"
        )
        table.add_argument("--categorical", nargs="+", metavar="COLUMN",
                           help="columns of categories (text with few values is taken as such)")  # fmt: skip
        table.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                           help="an option of a shipped data set instead, such as phi=0.5")  # fmt: skip
        table.add_argument("--missing", choices=["error", "drop", "interpolate"],
                           help="what to do where a value is missing (error)")  # fmt: skip
        table.add_argument("--max-gap", type=int, metavar="N",
                           help="rows that --missing interpolate may fill in a row (3)")  # fmt: skip
        table.add_argument("--missing-mark", nargs="+", metavar="MARK",
                           help="what stands for a missing value, such as M or -999")  # fmt: skip

    command = add("train", train, "timegan train my.csv --out runs/mine --time date --steps 10000")
    command.add_argument("data", help=f"a CSV file, or one of {names}")
    command.add_argument(
        "--out", required=True, metavar="FOLDER", help="the run directory; it holds the model"
    )
    command.add_argument("--steps", type=int, nargs="+", metavar="N",
                         help="steps of each phase: one number, or three (50000)")  # fmt: skip
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="fixes all that is random (0)"
    )
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                         help="a setting of TimeGANConfig, such as hidden=8; may be repeated")  # fmt: skip
    command.add_argument("--hold-out", action="store_true",
                         help="leave out the held-out part of the interleaved split")  # fmt: skip
    command.add_argument("--snapshots", type=int, nargs="+", default=[], metavar="N",
                         help="joint steps at which to keep a model of its own")  # fmt: skip
    command.add_argument("--checkpoint-every", type=int, default=500, metavar="N",
                         help="steps that a stop may cost at most (500)")  # fmt: skip
    command.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")
    add_table(command, "the CSV file")

    command = add("sample", sample, "timegan sample runs/mine --out synthetic.csv -n 500 --seed 1")
    command.add_argument("model", help="a run directory or a .timegan file")
    command.add_argument("--out", required=True, metavar="FILE", help="the CSV file to write")
    command.add_argument(
        "-n", type=int, default=1000, metavar="N", help="how many sequences (1000)"
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="another one, other sequences (0)"
    )
    command.add_argument("--average", action="store_true",
                         help="use the moving average of the weights, not the last ones")  # fmt: skip

    command = add(
        "evaluate",
        evaluate_command,
        "timegan evaluate synthetic.csv --real my.csv --time date --out report",
    )
    command.add_argument(
        "synthetic", help="a run directory, a .timegan file, or a CSV of `timegan sample`"
    )
    command.add_argument(
        "--real", required=True, metavar="DATA", help=f"a CSV file, or one of {names}"
    )
    command.add_argument("--out", metavar="FOLDER",
                         help="write report.html, with figures, and report.json into it")  # fmt: skip
    command.add_argument("--hold-out", action="store_true",
                         help="the model was trained with --hold-out: compare with that part too")  # fmt: skip
    command.add_argument("--rule", action="append", default=[], metavar="RULE",
                         help="what must hold at every step, such as 'High >= Low'; may be repeated "
                         "(shipped data sets have their own)")  # fmt: skip
    command.add_argument("--repeats", type=int, default=3, metavar="N",
                         help="of each score that trains a network; 0 leaves those out (3)")  # fmt: skip
    command.add_argument("-n", type=int, metavar="N",
                         help=f"sequences to take from a model (as many as real ones, at most {MOST})")  # fmt: skip
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of these sequences (0)")
    command.add_argument("--average", action="store_true",
                         help="use the moving average of the model's weights, not the last ones")  # fmt: skip
    add_table(command, "the real data")

    command = add("index", index_command, "timegan index runs")
    command.add_argument("folder", help="a folder of run directories that `timegan train` made")
    command.add_argument("--repeats", type=int, default=10, metavar="N",
                         help="of the scores of a finished model (10)")  # fmt: skip
    command.add_argument("--snapshot-repeats", type=int, default=3, metavar="N",
                         help="of the scores of a snapshot (3)")  # fmt: skip
    command.add_argument("--weights", nargs="+", choices=WEIGHTS, default=WEIGHTS,
                         help="the last ones, their moving average, or both (both)")  # fmt: skip

    command = add("info", info, "timegan info google")
    command.add_argument("thing", help=f"a run directory, a .timegan file, or one of {names}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
