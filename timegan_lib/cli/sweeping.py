"""`timegan sweep`: from the words on the line, or in a plan, to the runs of a study.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import difflib
import json
import re
import shlex
import signal
import threading
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from timegan_lib.cli.options import long_options, parse, setting, words_of
from timegan_lib.cli.tables import forms, read_data
from timegan_lib.config import InputError
from timegan_lib.data import DATASETS, SequenceDataset
from timegan_lib.study.plan import MOST_SEEDS, Run, make_plan
from timegan_lib.study.states import FAILED, FINISHED, state_of
from timegan_lib.study.sweeping import make_all
from timegan_lib.training import TrainingError

NO_PLAN = ("help", "plan", "list", "index")  # what a plan cannot say


def sweep(options: argparse.Namespace, command: str) -> None:
    """train a study: every seed with every setting on every table, each run in a folder of its own"""
    if options.plan:
        options = _with_plan(options.plan, shlex.split(command)[2:])
    if not options.data or not options.out:
        lacking = "data, such as my.csv" if not options.data else "--out, the folder for the runs"
        raise InputError(f"sweep lacks {lacking}; `timegan sweep --help` lists what there is")
    files = dict(zip(_table_names(options.data), options.data, strict=True))
    runs = [
        dataclasses.replace(run, command=_line(run, files[run.table], options))
        for run in make_plan(
            list(files), options.out, read_seeds(options.seeds), _settings(options.set),
            options.steps[0] if options.steps and len(options.steps) == 1 else options.steps,
        )
    ]  # fmt: skip
    if options.list:
        for number, run in enumerate(runs):
            print(f"{number:>{len(str(len(runs) - 1))}}  {run.name}  {state_of(run)}")
        return
    if options.index is not None:
        if not 0 <= options.index < len(runs):
            raise InputError(
                f"--index {options.index}: this plan has the runs 0 to {len(runs) - 1}; --list shows them"
            )
        runs = [runs[options.index]]
    tables = {name: _read(files[name], options) for name in {run.table for run in runs}}
    represent = {}
    for name, data in tables.items():
        if options.represent and not options.quiet:
            print(f"{name}: {data}")
        represent[name] = forms(options.represent, data, said=not options.quiet)
    try:
        with _stopped_by_sigterm():
            table = make_all(
                runs, tables,
                {"snapshots": options.snapshots, "checkpoint_every": options.checkpoint_every,
                 "represent": represent},
                jobs=options.jobs, dask=options.dask, progress=not options.quiet,
            )  # fmt: skip
    except KeyboardInterrupt as stop:
        more = "; what workers of the cluster have begun goes on there" if options.dask else ""
        raise KeyboardInterrupt(
            f"{str(stop) or 'stopped, and saved'}{more}; the same line goes on from here"
        ) from None
    if not options.quiet:
        print(table.to_string(index=False))
        print(f"Next: timegan index {shlex.quote(options.out)}")
    bad = [run for run, state in zip(table["run"], table["state"], strict=True) if FAILED in state]
    if bad:
        raise TrainingError(
            f"{len(bad)} of {len(runs)} runs failed: {', '.join(bad)}; why stands in "
            f"{Path(options.out) / bad[0]}.failed.txt"
        )
    for run, state in zip(table["run"], table["state"], strict=True):
        if state != FINISHED:
            raise TrainingError(f"{run}: {state}")


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Meanwhile SIGTERM, as queues of clusters send it before they kill, stops as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():  # no signal can be set there
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def read_seeds(text: str) -> list[int]:
    """The seeds of words such as 0-4, 0,2,5 or 3. Raises InputError."""
    seeds: list[int] = []
    for word in str(text).split(","):
        found = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", word)
        if not found:
            raise InputError(f"--seeds {text}: {word!r} is no seed; write 0-4, 0,2,5 or 3")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise InputError(f"--seeds {text}: {word} counts down; write it as {last}-{first}")
        if last - first >= MOST_SEEDS:
            raise InputError(f"--seeds {text}: more than {MOST_SEEDS:,} seeds")
        seeds += range(first, last + 1)
    return seeds


def read_values(text: str) -> tuple[str, list[Any]]:
    """Name and values of words such as hidden=8,24; a list in brackets is one value. Raises InputError."""
    name, sign, rest = text.partition("=")
    if not sign or not name:
        raise InputError(f"--set {text}: write it as name=value,value, such as hidden=8,24")
    parts, depth = [""], 0
    for letter in rest:
        depth += (letter in "[{(") - (letter in "]})")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
        if depth < 0:
            break
    if depth:
        raise InputError(f"--set {text}: a bracket is missing")
    if not all(part.strip() for part in parts):
        raise InputError(f"--set {text}: a value is missing beside a comma")
    return name, [setting(f"{name}={part.strip()}")[1] for part in parts]


def _settings(texts: Sequence[str]) -> dict[str, list[Any]]:
    settings: dict[str, list[Any]] = {}
    for name, values in map(read_values, texts):
        if name in settings:
            raise InputError(f"--set names {name!r} more than once; write {name}=value,value")
        settings[name] = values
    return settings


def _read(name: str, options: argparse.Namespace) -> SequenceDataset:
    data = read_data(name, options)
    return data.split(blocks=options.blocks)[0] if options.hold_out else data


def _line(run: Run, file: str, options: argparse.Namespace) -> str:
    """The `timegan train` line that makes this run alone, and from which its data are found again."""
    out = str(Path(options.out) / run.name)
    words = ["timegan", "train", _as_path(file)]
    words += [f"--out={out}"] if out.startswith("-") else ["--out", out]
    words += ["--seed", str(run.seed), "--threads", "1"]
    for name, value in run.settings.items():
        text = json.dumps(value) if isinstance(value, tuple) else str(value)
        words += ["--set", f"{name}={text}"]
    words += words_of(options, "train", without=("help", "data", "out", "seed", "set", "quiet"))
    return shlex.join(words)


def _as_path(file: str) -> str:
    """A file by words that no line takes for an option."""
    return f"./{file}" if file.startswith("-") else file


def _table_names(files: Sequence[str]) -> list[str]:
    """A short name for each table: its stem, or where two have the same, the path."""
    places = [file if file in DATASETS else str(Path(file).resolve()) for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{file} is given more than once")
    stems = [Path(file).name.split(".")[0] or Path(file).name for file in files]
    whole = [re.sub(r"[\\/]+", "-", file).strip("-.") for file in files]
    names = [
        stem if stems.count(stem) == 1 else path for stem, path in zip(stems, whole, strict=True)
    ]
    folders = [name.lower() for name in names]  # as some drives compare them
    for file, folder in zip(files, folders, strict=True):
        if folders.count(folder) > 1:
            raise InputError(
                f"{file}: another table would give its runs the same names; rename one"
            )
    return names


# ---- plans in a file ----


def _with_plan(file: str, words: list[str]) -> argparse.Namespace:
    """The options of a plan and of a line; what the line names, the plan does not."""
    given = vars(parse(["sweep", *words], only_given=True))
    known = {name: action for name, action in long_options("sweep").items() if name not in NO_PLAN}
    ours = {text.partition("=")[0] for text in given.get("set", ())}
    planned: list[str] = []
    for key, value in _read_plan(file).items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, cutoff=0)
            raise InputError(f"{file}: {key!r} is no word of a plan; did you mean {near[0]!r}?")
        if key == "set":
            if not isinstance(value, dict):
                raise InputError(f"{file}: set must be a table, [set], with name = [value, value]")
            planned += [
                f"--set={_values(file, name, values)}"
                for name, values in value.items()
                if name not in ours
            ]
        elif known[key].dest not in given:
            words_here = _words(file, key, value, known[key])
            planned = words_here + planned if key == "data" else planned + words_here
    # what stands between them ends a list of words, such as --steps 3 2 3
    return parse(["sweep", *planned, f"--plan={file}", *words])


def _read_plan(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"there is no file {file}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not readable as TOML: {error}") from None


def _values(file: str, name: str, values: Any) -> str:
    """name = [8, 24] as the words hidden=8,24; a list in it is one value."""
    several = values if isinstance(values, list) else [values]
    for value in several:
        if isinstance(value, dict):
            raise InputError(f"{file}: {name} = {value!r} is no value of a setting")
    texts = [
        value if isinstance(value, str) else json.dumps(value, default=str) for value in several
    ]
    return f"{name}={','.join(texts)}"


def _words(file: str, key: str, value: Any, action: argparse.Action) -> list[str]:
    """A key of a plan as words on a line."""
    if isinstance(action, argparse.BooleanOptionalAction) or action.nargs == 0:
        if not isinstance(value, bool):
            raise InputError(f"{file}: {key} = {value!r}; write {key} = true or false")
        no = [f"--no-{key}"] if isinstance(action, argparse.BooleanOptionalAction) else []
        return [f"--{key}"] if value else no
    if key == "represent" and isinstance(value, dict):
        value = [f"{name}={form}" for name, form in value.items() if _is_form(file, name, form)]
    several = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list | bool) for item in several):
        raise InputError(f"{file}: {key} = {value!r} is not what {key} takes")
    texts = [str(item) for item in several]
    if key == "seeds":
        return [f"--seeds={','.join(texts)}"]
    if not action.option_strings:
        return [_as_path(text) for text in texts]
    if key == "steps":
        return ["--steps", *texts]
    if len(texts) > 1 and isinstance(action, argparse._StoreAction):
        raise InputError(f"{file}: {key} takes one value")
    return [f"--{key}={text}" for text in texts]


def _is_form(file: str, name: str, form: Any) -> bool:
    if not isinstance(form, str):
        raise InputError(f'{file}: represent, {name} = {form!r}; write {name} = "log changes"')
    return True
