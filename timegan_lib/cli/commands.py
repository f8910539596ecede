"""What the commands do. Each takes the options and the line as it was typed.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from pathlib import Path

import pandas as pd

from timegan_lib import __version__, evaluation, study
from timegan_lib.browser import model_script
from timegan_lib.cli.options import parse, setting
from timegan_lib.cli.sweeping import sweep as sweep
from timegan_lib.cli.tables import dialect, forms, from_frame, read_data
from timegan_lib.config import InputError, TimeGANConfig, whole_number
from timegan_lib.data import DATASETS, SequenceDataset, load_dataset, prepare
from timegan_lib.data.csv_files import TABLE, Dialect, first_row, kind_of, read_csv
from timegan_lib.evaluation import RULES
from timegan_lib.evaluation.pace import in_words, seconds_ahead
from timegan_lib.evaluation.report import MOST
from timegan_lib.files import is_stream, write_text
from timegan_lib.kernel import kernel
from timegan_lib.model import TimeGAN
from timegan_lib.study import Parts
from timegan_lib.training import RunDirectory
from timegan_lib.training.resume import versions


def train(options: argparse.Namespace, command: str) -> None:
    """learn from a table or a shipped data set; the same line goes on with a run that was stopped"""
    settings = {"recipe": options.recipe} | dict(setting(text) for text in options.set)
    if options.steps:
        settings["steps"] = options.steps[0] if len(options.steps) == 1 else tuple(options.steps)
    model = TimeGAN(TimeGANConfig.from_dict(settings), seed=options.seed)
    if model.config.generator == "autoregressive" and not options.represent:
        options.represent = ["propose"]
    data = read_data(options.data, options)
    if options.hold_out:
        data, _ = data.split(blocks=options.blocks)
    if not options.quiet:
        print(data, flush=True)
    represent = forms(options.represent, data, said=not options.quiet)
    try:
        model.fit(
            data, run_dir=options.out, snapshots=options.snapshots, command=command,
            checkpoint_every=options.checkpoint_every,
            progress=not options.quiet and sys.stderr.isatty(), represent=represent,
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
    wanted = _wanted(options.static)
    synthetic = model.sample(
        options.n, seed=options.seed, average=options.average, static=wanted,
        start=options.start, freq=options.freq,
    )  # fmt: skip
    write_text(Path(options.out), synthetic.to_frame().to_csv(index=False))
    said = sys.stderr if is_stream(options.out) else sys.stdout  # the table alone flows on
    print(f"{synthetic} written to {options.out}", file=said)


def evaluate(options: argparse.Namespace, command: str) -> None:
    """say whether synthetic sequences can be used, for what, and what is wrong with them"""
    real, held_out = read_data(options.real, options), None
    again: list[SequenceDataset] = []
    if options.hold_out:
        real, held_out = real.split(blocks=options.blocks)
    if kind_of(options.synthetic) == TABLE:
        synthetic = _synthetic(options.synthetic, real, options)
        judged = f"{options.synthetic}, {len(synthetic):,} sequences"
    else:
        model = TimeGAN.load(options.synthetic)
        if Path(options.synthetic).is_dir():
            _check_trained_on(real, held_out, options)
        n = min(MOST, len(real)) if options.n is None else options.n
        seeds = range(options.seed, options.seed + whole_number("samples", options.samples, 1))
        synthetic, *again = (model.sample(n, seed=k, average=options.average) for k in seeds)
        last = f" to {seeds[-1]}, its numbers from the first" if again else ""
        judged = (
            f"{options.synthetic} at joint step {model.steps_done['joint']:,}"
            f"{', averaged weights' if options.average else ''}; {n:,} samples of its own, seed "
            f"{options.seed}{last}"
        )
    rules = options.rule or RULES.get(options.real, ())
    if sys.stderr.isatty():
        seconds = seconds_ahead(real, synthetic, held_out, options.repeats, MOST)
        print(f"judging takes {in_words(seconds)} on this machine", file=sys.stderr, flush=True)
    report = evaluation.evaluate(
        real, synthetic, held_out, rules=rules, repeats=options.repeats,
        progress=sys.stderr.isatty(), judged=judged, again=again,
    )  # fmt: skip
    print(report)
    if options.out:
        print(f"\nThe whole report, with figures: {report.save(options.out)}")


def _check_trained_on(
    real: SequenceDataset,
    held_out: SequenceDataset | None,
    options: argparse.Namespace,
) -> None:
    """A run must be judged against the data it was trained on, or privacy and ceiling mean nothing."""
    about = RunDirectory(options.synthetic).read_config() or {}
    if about.get("features") != list(real.names) or _trained_on(about, real):
        return  # other features: `evaluate` says so
    if held_out is not None:
        if _trained_on(about, read_data(options.real, options)):
            raise InputError(
                f"{options.synthetic} was trained on all of {options.real}: nothing was held out; leave "
                "--hold-out away"
            )
    elif _trained_on_train_part(about, real, options.blocks):
        raise InputError(
            f"{options.synthetic} was trained with --hold-out; give it here too, so that the data it has "
            "not seen are compared as well"
        )
    warnings.warn(
        f"{options.synthetic} was not trained on these data, or they were read with other options",
        stacklevel=1,
    )


def _trained_on(about: dict, data: SequenceDataset) -> bool:
    try:
        return about["data"] == prepare(data, about.get("represent")).fingerprint
    except InputError:  # the forms of the run cannot hold these data
        return False


def _trained_on_train_part(about: dict, data: SequenceDataset, blocks: int) -> bool:
    try:
        return _trained_on(about, data.split(blocks=blocks)[0])
    except InputError:  # too short to be split, so it never was
        return False


def export_js(options: argparse.Namespace, command: str) -> None:
    """write a trained model as a script, with which a web page makes sequences"""
    name = options.name or Path(options.model).resolve().stem
    text = model_script(TimeGAN.load(options.model).sampler, name, options.bits)
    write_text(Path(options.out), text)
    said = sys.stderr if is_stream(options.out) else sys.stdout  # the script alone flows on
    print(f"{name}, {len(text) / 1000:,.0f} kB, written to {options.out}", file=said)


def info(options: argparse.Namespace, command: str) -> None:
    """say what a run directory, a model file or a data set holds; alone, what this machine trains with"""
    if options.thing is None:
        for name, version in versions(__version__).items():
            print(f"{name:12}{version}")
        print(f"kernel      {kernel()}")
        return
    if options.thing in DATASETS:
        data = load_dataset(options.thing)
        print(data)
        print(data.to_frame().drop(columns="step").describe().T.to_string())
        return
    if kind_of(options.thing) == TABLE:
        _describe_table(options)
        return
    model = TimeGAN.load(options.thing)
    print(f"steps     {_steps(model)}")
    if Path(options.thing).is_dir():
        about = RunDirectory(options.thing).read_config() or {}
        print(f"command   {about.get('command') or '(trained from Python)'}")
        print("versions  " + ", ".join(f"{k} {v}" for k, v in about.get("versions", {}).items()))
        print(f"kernel    {about.get('kernel', 'tensorflow')}")
    print(f"seed      {model.seed}")
    changed = [f"{name}={value!r}" for name, value in model.config.changed().items()]
    print("settings  " + (", ".join(changed) or "the defaults"))
    if model.representation is not None:
        told = model.representation.describe().items()
        print("represent " + ", ".join(f"{name}={form}" for name, form in told))
    if len(model.history):
        last = model.history.iloc[-1].dropna()
        print(f"training  {last['seconds'] / 60:.1f} min; losses at the end:")
        print(last.drop(["phase", "step", "seconds"]).astype(float).round(4).to_string())


def index(options: argparse.Namespace, command: str) -> None:
    """score every run below a folder that its table, index.csv, does not hold yet, or holds in part"""

    def parts(recorded: str) -> tuple[str, Parts]:
        trained = parse(shlex.split(recorded)[1:])
        data, held_out = read_data(trained.data, trained), None
        if trained.hold_out:
            data, held_out = data.split(blocks=trained.blocks)
        return " ".join([trained.data, *trained.option]), (data, held_out)

    table = study.index(
        options.folder,
        parts,
        options.repeats,
        options.snapshot_repeats,
        options.weights,
        options.fill,
        progress=sys.stderr.isatty(),
    )
    shown = ["run", "step", "weights", "minutes", "discriminative", "predictive", "told apart"]
    print(table.reindex(columns=shown).to_string(index=False, float_format="{:.3f}".format))


def _synthetic(name: str, real: SequenceDataset, options: argparse.Namespace) -> SequenceDataset:
    """A table of `timegan sample`, read as the real data were; another table with the same options."""
    labels = [column.label for column in real.table.columns]
    group = real.table.group if real.table.whole_sequences else "sequence"
    front = [group, "step"]
    ours = set(map(str, [*front, *labels])) <= set(first_row(name))  # written by `timegan sample`
    words = [column.label for column in real.table.columns if column.kind == "category"]
    frame = read_csv(name, Dialect(header=True) if ours else dialect(options), words)
    lacking = [label for label in (*front, *labels) if str(label) not in map(str, frame.columns)]
    if lacking and "step" in frame.columns:
        raise InputError(f"{name}: a synthetic table of these data lacks the column {lacking[0]!r}")
    for column in real.table.columns:
        if column.kind == "category" and column.label in frame:
            found = column.matched(frame[column.label])
            for value in frame[column.label][found.isna()].dropna():
                raise InputError(
                    f"{name}: column {column.label!r} holds {value!r}; {options.real} never"
                )
            frame[column.label] = pd.Categorical(found, categories=list(column.levels))
    if not ours:
        return from_frame(frame, options)
    static = [column.label for column in real.table.columns if column.static]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what a table of ours looks like is known
        return SequenceDataset.from_frame(
            frame[[*front, *labels]], time="step", group=group, static=static
        )


def _describe_table(options: argparse.Namespace) -> None:
    """Rows, columns and what they hold, as `timegan train` would read them."""
    frame = read_csv(options.thing, dialect(options))
    print(f"{options.thing}: a table of {len(frame):,} rows and {frame.shape[1]} columns")
    about = pd.DataFrame(
        {
            "type": frame.dtypes.astype(str),
            "missing": frame.isna().sum(),
            "different": frame.nunique(),
            "first": frame.iloc[0] if len(frame) else "",
        }
    )
    print(about.to_string())


def _wanted(texts: list[str] | None) -> dict[str, str] | None:
    """Static features by name, each once."""
    pairs = [_pair(text, "--static") for text in texts or ()]
    for name, _ in pairs:
        if [other for other, _ in pairs].count(name) > 1:
            raise InputError(f"--static names {name!r} more than once")
    return dict(pairs) or None


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"{option} {text}: write it as name=value, such as sex=F")
    return name, value


def _steps(model: TimeGAN) -> str:
    return ", ".join(f"{phase} {done:,}" for phase, done in model.steps_done.items()) + " steps"
