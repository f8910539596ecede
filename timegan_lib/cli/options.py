"""What may stand on a command line, and its help. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import NoReturn

from timegan_lib import __version__
from timegan_lib.config import RECIPES, InputError
from timegan_lib.data import DATASETS
from timegan_lib.evaluation.report import MOST
from timegan_lib.study import WEIGHTS

LENGTH = 24  # of a window, where neither --length nor --group is given
DESCRIPTION = """Learn to make time series like your own, and make as many as you like.

timegan train my.csv --out runs/mine --time date      learn; the same line goes on after a stop
timegan sweep my.csv --out runs --seeds 0-4           learn several times: seeds, settings, tables
timegan sample runs/mine --out synthetic.csv -n 500   make new sequences
timegan evaluate runs/mine --real my.csv --time date  say whether they can be used
timegan index runs                                    score every run below a folder
timegan export-js runs/mine mine.js                   write the model for a web page
timegan info runs/mine                                say what is in a run, a model or a data set"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; `{self.prog} --help` lists what there is")


def parse(arguments: list[str], only_given: bool = False) -> argparse.Namespace:
    """The options of one command line; only_given: without those that it does not name.

    Raises InputError.
    """
    parser, commands = _parsers()
    if only_given:
        for command in commands.values():
            for action in command._actions:
                action.default = argparse.SUPPRESS
    options, unknown = parser.parse_known_args(arguments)
    if unknown and options.command == "sweep" and not any(w.startswith("-") for w in unknown):
        options.data, unknown = [*getattr(options, "data", ()), *unknown], []  # after an option
    if unknown:
        raise InputError(
            f"unrecognized arguments: {' '.join(unknown)}; `timegan {options.command} --help` lists what there "
            "is (an option for two columns is given twice: --group a --group b)"
        )
    return options


def long_options(command: str) -> dict[str, argparse.Action]:
    """The options of a command by their long names, such as hold-out, and what it takes without one."""
    found = {}
    for action in _parsers()[1][command]._actions:
        long = [text[2:] for text in action.option_strings if text.startswith("--")]
        found[long[0] if long else action.dest] = action
    return found


def words_of(options: argparse.Namespace, command: str, without: Sequence[str]) -> list[str]:
    """What a line of this command must say to have these options, where they are not the defaults."""
    words = []
    for name, action in long_options(command).items():
        value = getattr(options, action.dest, None)
        if name in without or value == action.default or value is None:
            continue
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        elif action.nargs == "+" and not any(str(item).startswith("-") for item in value):
            words += [f"--{name}", *map(str, value)]
        else:
            for item in value if isinstance(value, list) else [value]:
                dashed = str(item).startswith("-")
                words += [f"--{name}={item}"] if dashed else [f"--{name}", str(item)]
    return words


def _parsers() -> tuple[_Parser, dict[str, argparse.ArgumentParser]]:
    """The parser of whole lines, and that of each command."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="timegan", description=DESCRIPTION, formatter_class=raw,
        epilog="`timegan COMMAND --help` explains the options of a command.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"timegan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    names = ", ".join(DATASETS)

    def add(name: str, text: str, example: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=raw,
            epilog=f"example:\n  {example}",
        )  # fmt: skip
        command.set_defaults(command=name)
        return command

    command = add(
        "train",
        "learn from a table or a shipped data set; the same line goes on with a run that was stopped",
        "timegan train my.csv --out runs/mine --time date --steps 10000",
    )
    command.add_argument("data", help=f"a CSV file, or one of {names}")
    command.add_argument(
        "--out", required=True, metavar="FOLDER", help="the run directory; it holds the model"
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="fixes all that is random (0)"
    )
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                         help="a setting of TimeGANConfig, such as hidden=8; may be repeated")  # fmt: skip
    command.add_argument("--recipe", choices=sorted(RECIPES), default="reference",
                         help="settings that go together: reference, the authors' code (without this "
                         "option), or autoregressive, the generator as the paper writes it")  # fmt: skip
    _add_training(command)
    _add_threads(command)
    _add_table(command, "the CSV file")

    command = add(
        "sweep",
        "train a study: every seed with every setting on every table, each run in a folder of its own",
        "timegan sweep my.csv --out runs/study --time date --seeds 0-4 --set hidden=8,24,64 --jobs 2",
    )
    command.add_argument("data", nargs="*", help=f"CSV files, or some of {names}")
    command.add_argument("--out", metavar="FOLDER", help="the folder for the runs")
    command.add_argument(
        "--seeds", default="0", metavar="SEEDS", help="such as 0-4, 0,2,5 or 3 (0)"
    )
    command.add_argument("--set", action="append", default=[], metavar="NAME=V1,V2",
                         help="values of a setting of TimeGANConfig, such as hidden=8,24; may "
                         "be repeated")  # fmt: skip
    command.add_argument("--jobs", type=int, default=1, metavar="N",
                         help="runs at the same time, each a process with one thread (1)")  # fmt: skip
    command.add_argument("--dask", metavar="ADDRESS",
                         help="train on the workers of this Dask scheduler, such as tcp://host:8786; they see "
                         "the same folder")  # fmt: skip
    command.add_argument("--plan", metavar="FILE",
                         help="a TOML file with these words by their long names and a table [set]; what "
                         "stands on the line goes first")  # fmt: skip
    command.add_argument("--list", action="store_true",
                         help="show the runs, numbered, and how far they are; train nothing")  # fmt: skip
    command.add_argument("--index", type=int, metavar="K",
                         help="make the run with this number only, as --list counts (from 0)")  # fmt: skip
    _add_training(command)
    _add_table(command, "the CSV files")

    command = add(
        "sample",
        "make new sequences, a table with the columns of the training data",
        "timegan sample runs/mine --out synthetic.csv -n 500 --seed 1",
    )
    command.add_argument("model", help="a run directory or a .timegan file")
    command.add_argument("--out", required=True, metavar="FILE",
                         help="the CSV file to write, or - for standard output")  # fmt: skip
    command.add_argument(
        "-n", type=int, default=1000, metavar="N", help="how many sequences (1000)"
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="another one, other sequences (0)"
    )
    command.add_argument("--average", action="store_true",
                         help="use the moving average of the weights, not the last ones")  # fmt: skip
    command.add_argument("--static", action="extend", nargs="+", metavar="NAME=VALUE",
                         help="static features that all sequences shall have, such as sex=F age=40")  # fmt: skip
    command.add_argument("--start", metavar="DATE",
                         help="a column of dates: each sequence begins there, such as 2030-01-01")  # fmt: skip
    command.add_argument("--freq", metavar="STEP",
                         help="with --start: from step to step, such as h, D, B (working days) or 15min")  # fmt: skip

    _add_threads(command)

    command = add(
        "evaluate",
        "say whether synthetic sequences can be used, for what, and what is wrong with them",
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
    command.add_argument("--samples", type=int, default=3, metavar="N",
                         help="times to take them, so that no answer hangs on one seed (3)")  # fmt: skip
    command.add_argument("--average", action="store_true",
                         help="use the moving average of the model's weights, not the last ones")  # fmt: skip
    _add_threads(command, "one for each core; judges are trained side by side")
    _add_table(command, "the real data")

    command = add(
        "index",
        "score every run below a folder that its table, index.csv, does not hold yet, or holds in part",
        "timegan index runs",
    )
    command.add_argument("folder", help="a folder of run directories that `timegan train` made")
    command.add_argument("--repeats", type=int, default=10, metavar="N",
                         help="of the scores of a finished model (10)")  # fmt: skip
    command.add_argument("--snapshot-repeats", type=int, default=3, metavar="N",
                         help="of the scores of a snapshot (3)")  # fmt: skip
    command.add_argument("--weights", nargs="+", choices=WEIGHTS, default=WEIGHTS,
                         help="the last ones, their moving average, or both (both)")  # fmt: skip
    command.add_argument("--fill", action="store_true",
                         help="add no row: only fill in the scores that rows of an older version lack; "
                         "no judge is trained")  # fmt: skip
    _add_threads(command)

    command = add(
        "export-js",
        "write a trained model as a script, with which a web page makes sequences",
        "timegan export-js runs/mine mine.js",
    )
    command.add_argument("model", help="a run directory or a .timegan file")
    command.add_argument("out", metavar="FILE",
                         help="the script to write, or - for standard output")  # fmt: skip
    command.add_argument("--name", help="the name of the model in the page (that of the run)")
    command.add_argument("--bits", type=int, default=16, choices=[16, 32],
                         help="of a weight; the script says what rounding to 16 changes (16)")  # fmt: skip

    command = add(
        "info",
        "say what a run directory, a model file, a table or a data set holds",
        "timegan info google",
    )
    command.add_argument("thing", nargs="?",
                         help=f"a run directory, a .timegan file, a CSV file, or one of {names}; nothing "
                         "for what this machine trains with")  # fmt: skip
    _add_dialect(command)
    return parser, dict(commands.choices)


def _add_training(command: argparse.ArgumentParser) -> None:
    """How long to train, on which part, and what to keep."""
    command.add_argument("--steps", type=int, nargs="+", metavar="N",
                         help="steps of each phase: one number, or three (50000)")  # fmt: skip
    command.add_argument("--hold-out", action="store_true",
                         help="leave out the held-out part of the interleaved split")  # fmt: skip
    command.add_argument("--represent", action="extend", nargs="+", default=[], metavar="COLUMN=FORM",
                         help="learn columns in other forms, such as 'Close=log changes' 'High=above "
                         "Open,Close', or propose for forms read from the data")  # fmt: skip
    command.add_argument("--snapshots", action="extend", type=int, nargs="+", default=[], metavar="N",
                         help="joint steps at which to keep a model of its own")  # fmt: skip
    command.add_argument("--checkpoint-every", type=int, default=500, metavar="N",
                         help="steps that a stop may cost at most (500)")  # fmt: skip
    command.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")


def _add_threads(
    command: argparse.ArgumentParser, default: str = "1 within an operation, 2 side by side"
) -> None:
    command.add_argument(
        "--threads", type=int, metavar="N", help=f"threads to compute with ({default})"
    )


def _add_table(command: argparse.ArgumentParser, which: str) -> None:
    """Which column is what, and which rows are a sequence; then how the file is written."""
    table = command.add_argument_group(f"how to read {which}", "one row for each step, a header")
    add = table.add_argument
    add("--time", action="append", metavar="COLUMN",
        help="what orders the rows; it is not learned (twice for a day and a clock)")  # fmt: skip
    add("--group", action="append", metavar="COLUMN",
        help="which rows belong together; without --length each group is a sequence")  # fmt: skip
    add("--length", type=int, metavar="N",
        help=f"cut windows of N steps (without --group: {LENGTH})")  # fmt: skip
    add("--stride", type=int, metavar="N", help="rows from one window to the next (1)")
    add("--max-length", type=int, metavar="N", help="the first N rows of each group only")
    add(
        "--static",
        action="extend",
        nargs="+",
        metavar="COLUMN",
        help="columns with one value a group",
    )
    add("--categorical", action="extend", nargs="+", metavar="COLUMN",
        help="columns of categories (text with few values is taken as such)")  # fmt: skip
    add("--option", action="append", default=[], metavar="NAME=VALUE",
        help="an option of a shipped data set instead, such as phi=0.5")  # fmt: skip
    add("--missing", choices=["error", "drop", "interpolate"],
        help="what to do where a value is missing (error)")  # fmt: skip
    add("--max-gap", type=int, metavar="N",
        help="rows that --missing interpolate may fill in a row (3)")  # fmt: skip
    add("--blocks", type=int, default=25, metavar="N",
        help="blocks of time into which --hold-out cuts the data (25)")  # fmt: skip
    _add_dialect(command)


def _add_dialect(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how the file is written").add_argument
    add("--missing-mark", action="extend", nargs="+", metavar="MARK",
        help="what stands for a missing value, such as M or -999")  # fmt: skip
    add("--separator", metavar="C",
        help="between the cells: a character, or semicolon, tab, space (what the header has)")  # fmt: skip
    add("--decimal", metavar="C", help="the decimal mark: . or , (.)")
    add("--thousands", metavar="C", help="what stands between thousands (nothing)")
    add("--encoding", metavar="NAME", help="such as cp1252 or utf-16 (UTF-8)")
    add("--header", action=argparse.BooleanOptionalAction, default=None,
        help="the first row holds names (yes, where it does not look like data)")  # fmt: skip


def setting(text: str, option: str = "--set") -> tuple[str, object]:
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
