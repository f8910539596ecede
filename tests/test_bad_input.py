"""What cannot be used is refused: one line that names it, exit code 2, nothing written or lost."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import fit, hashes, run_config, tiny_data, tiny_values

from timegan_lib import InputError, SequenceDataset, TimeGAN, TimeGANConfig, load_dataset
from timegan_lib.cli import main
from timegan_lib.evaluation import evaluate

pytestmark = pytest.mark.usefixtures("compiled")
ROOT = Path(__file__).parent.parent
ROWS = 60
SMALL = ["--length", "4", "--steps", "2", "0", "0"]
SMALL += ["--set", "hidden=4", "--set", "layers=1", "--set", "batch_size=8"]


def table(**columns):
    values = tiny_values(1, ROWS, 2)[0]
    made = {"day": range(ROWS), "a": values[:, 0], "b": values[:, 1]}
    return pd.DataFrame({k: v for k, v in {**made, **columns}.items() if v is not None})


def with_one(value):
    """Column a with one other value in it."""
    return [value if row == 7 else row * 0.5 for row in range(ROWS)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder of good and bad files."""
    folder = tmp_path_factory.mktemp("shelf")
    for name, frame in {
        "good": table(),
        "one": table().head(1),
        "short": table().head(3),
        "seven": table().head(7),
        "text": table(b=[f"station {row}" for row in range(ROWS)]),
        "written": table(b=[f"{row},5" for row in range(ROWS)]),
        "nan": table(a=with_one(None)),
        "marked": table(
            a=with_one("M"), b=[-999 if row in (20, 21, 22) else row for row in range(ROWS)]
        ),
        "infinite": table(a=with_one(np.inf)),
        "constant": table(b=3.5),
        "other": table(c=range(ROWS)),
        "backward": table(day=range(ROWS)[::-1]),
        "mixed": table(day=[*range(30), *range(30)]),
        "days": table(day=["soon"] * ROWS),
        "onlytime": table(a=None, b=None),
        "grouped": table(storm=["x"] * 30 + ["y"] * 30, season=range(ROWS)),
        "kinds": table(b=["calm", "wild", "calm"] * 20),
        "reserved": table(step=range(ROWS)),
    }.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    table().to_csv(folder / "index.csv")
    (folder / "twice.csv").write_text("day,a,a\n" + "1,2,3\n" * ROWS)
    (folder / "ragged.csv").write_text("day,a\n" + "1,2,3\n" * ROWS)
    (folder / "torn.csv").write_text("day,a\n1,2\n1,2,3,4\n")
    (folder / "empty.csv").write_text("")
    (folder / "header.csv").write_text("day,a,b\n")
    (folder / "bytes.csv").write_bytes(bytes(range(256)))
    model = fit(folder / "run", run_config(steps=2), tiny_data())
    model.save(folder / "model.timegan")
    content = (folder / "model.timegan").read_bytes()
    (folder / "truncated.timegan").write_bytes(content[: len(content) // 2])
    (folder / "random.timegan").write_bytes(np.random.default_rng(0).bytes(5_000))
    with open(folder / "array.timegan", "wb") as stream:
        np.save(stream, np.ones(3))
    np.savez(folder / "foreign.npz", ones=np.ones(3))
    shutil.copy(next((folder / "run").glob("checkpoint*")), folder / "checkpoint.timegan")
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter.txt").write_text("mine")
    (folder / "void").mkdir()
    return folder


@pytest.fixture
def here(shelf, tmp_path, monkeypatch):
    """A copy of that folder, and the place where commands run."""
    copy = shutil.copytree(shelf, tmp_path / "work")
    monkeypatch.chdir(copy)
    return Path(copy)


def train(data, *more, out="new"):
    return ["train", data, "--out", out, *SMALL, *more]


def evaluated(synthetic, real, *more):
    return ["evaluate", synthetic, "--real", real, *more]


COMMANDS = {
    # the table
    "file missing": (train("nowhere.csv"), ["no file 'nowhere.csv'", "google"]),
    "a folder for a file": (train("thesis"), ["thesis is not readable"]),
    "empty file": (train("empty.csv"), ["empty.csv", "No columns"]),
    "only a header": (train("header.csv"), ["0 rows"]),
    "one row": (train("one.csv"), ["1 rows"]),
    "no table": (train("bytes.csv"), ["bytes.csv"]),
    "text column": (train("text.csv"), ["'b'", "60 different values", "station 0"]),
    "numbers written as text": (train("written.csv"), ["'b'", "'0,5'"]),
    "missing value": (train("nan.csv"), ["'a' misses 1", "interpolate"]),
    "infinite value": (train("infinite.csv"), ["'a'", "1 infinite"]),
    "duplicate names": (train("twice.csv"), ["twice.csv", "more than one column 'a'"]),
    "column without a name": (train("index.csv"), ["index.csv: column 1 has no name", "index=False"]),
    "more cells than names": (train("ragged.csv"), ["ragged.csv", "more cells"]),
    "torn rows": (train("torn.csv"), ["torn.csv", "line 3"]),
    "no feature left": (train("onlytime.csv", "--time", "day"), ["no feature column"]),
    "reserved name": (train("reserved.csv"), ["'step'", "rename"]),
    "fewer rows than a window": (train("short.csv"), ["length=4", "3 rows"]),
    "batch larger than data": (train("seven.csv"), ["batch_size is 8", "only 4 sequences"]),
    # its roles
    "unknown time": (train("good.csv", "--time", "hour"), ["time='hour'", "'day'"]),
    "unknown group": (train("good.csv", "--group", "storm"), ["group='storm'"]),
    "unknown static": (train("grouped.csv", "--group", "storm", "--static", "size"), ["'size'"]),
    "static that varies": (
        train("grouped.csv", "--group", "storm", "--static", "season"), ["'season' varies", "'x'"],
    ),
    "static without group": (train("good.csv", "--static", "a"), ["static=['a'] needs group="]),
    "time in disorder": (train("mixed.csv", "--time", "day"), ["time='day' is out of order"]),
    "time of no kind": (train("days.csv", "--time", "day"), ["time='day'", "soon"]),
    "length 0": (train("good.csv", "--length", "0"), ["length=0"]),
    "stride -1": (train("good.csv", "--stride", "-1"), ["stride=-1"]),
    "too short to split": (train("seven.csv", "--hold-out"), ["split"]),
    "role of a data set": (train("google", "--time", "Date"), ["time=", "'google'"]),
    # switches and settings
    "no command": ([], ["COMMAND"]),
    "unknown command": (["trein"], ["trein", "sample"]),
    "unknown switch": (train("good.csv", "--stpes", "3"), ["--stpes"]),
    "no --out": (["train", "good.csv"], ["--out"]),
    "steps of the wrong type": (train("good.csv", "--steps", "ten"), ["--steps", "'ten'"]),
    "two steps": (train("good.csv", "--steps", "1", "2"), ["steps is (1, 2)", "three"]),
    "negative steps": (train("good.csv", "--steps", "-5"), ["steps is -5"]),
    "negative seed": (train("good.csv", "--seed", "-1"), ["seed=-1"]),
    "huge seed": (train("good.csv", "--seed", "99999999999"), ["seed=99999999999"]),
    "snapshot 0": (train("good.csv", "--snapshots", "0"), ["snapshots=0"]),
    "checkpoint every 0": (train("good.csv", "--checkpoint-every", "0"), ["checkpoint_every=0"]),
    "unknown setting": (train("good.csv", "--set", "hiddn=8"), ["'hiddn'", "hidden"]),
    "setting without a value": (train("good.csv", "--set", "hidden"), ["--set hidden", "name=value"]),
    "setting of the wrong type": (train("good.csv", "--set", "hidden=big"), ["hidden is 'big'", "int"]),
    "setting out of range": (train("good.csv", "--set", "hidden=0"), ["hidden is 0"]),
    "setting not finite": (train("good.csv", "--set", "gamma=1e999"), ["gamma is inf"]),
    "unknown word": (train("good.csv", "--set", "cell=rnn"), ["'rnn'", "'gru', 'lstm'"]),
    "settings that clash": (
        train("good.csv", "--set", "embedding=False", "--set", "joint=False"), ["joint=False"],
    ),
    "policy of no kind": (train("good.csv", "--missing", "guess"), ["--missing", "'guess'"]),
    # folders
    "folder of another run": (train("good.csv", out="run"), ["run holds a run", "another folder"]),
    "foreign folder": (train("good.csv", out="thesis"), ["'thesis'", "not a run directory"]),
    "file for a folder": (train("good.csv", out="good.csv"), ["'good.csv' is a file"]),
    "unwritable folder": (train("good.csv", out="good.csv/run"), ["cannot write good.csv/run"]),
    # sample
    "no model": (["sample", "nowhere", "--out", "new.csv"], ["no file nowhere"]),
    "truncated model": (["sample", "truncated.timegan", "--out", "new.csv"], ["truncated.timegan is damaged"]),
    "random bytes": (["sample", "random.timegan", "--out", "new.csv"], ["random.timegan is damaged"]),
    "another array": (["sample", "array.timegan", "--out", "new.csv"], ["array.timegan"]),
    "other arrays": (["sample", "foreign.npz", "--out", "new.csv"], ["foreign.npz is not a model"]),
    "checkpoint for a model": (["sample", "checkpoint.timegan", "--out", "new.csv"], ["not a model"]),
    "table for a model": (["sample", "good.csv", "--out", "new.csv"], ["good.csv is damaged or not"]),
    "empty folder": (["sample", "void", "--out", "new.csv"], ["no file void/model.timegan"]),
    "folder without a model": (["sample", "thesis", "--out", "new.csv"], ["no file thesis/model.timegan"]),
    "zero samples": (["sample", "run", "--out", "new.csv", "-n", "0"], ["n=0", "at least 1"]),
    "half a sample": (["sample", "run", "--out", "new.csv", "-n", "1.5"], ["-n", "'1.5'"]),
    "negative sample seed": (["sample", "run", "--out", "new.csv", "--seed", "-3"], ["seed=-3"]),
    "samples into a folder": (["sample", "run", "--out", "thesis"], ["cannot write thesis"]),
    "samples below a file": (["sample", "run", "--out", "good.csv/s.csv"], ["cannot write good.csv/s.csv"]),
    # evaluate and info
    "other columns": (
        evaluated("good.csv", "other.csv", "--length", "4"), ["day, a, b,", "day, a, b, c"],
    ),
    "other columns than the model": (evaluated("run", "good.csv", "--length", "4"), ["x1, x2", "day, a, b"]),
    "another category": (
        evaluated("good.csv", "kinds.csv", "--length", "4"), ["good.csv", "'b'", "kinds.csv never"],
    ),
    "nothing synthetic": (evaluated("nowhere.csv", "good.csv", "--length", "4"), ["nowhere.csv"]),
    "nothing real": (evaluated("run", "nowhere.csv"), ["nowhere.csv"]),
    "no --real": (["evaluate", "run"], ["--real"]),
    "report below a file": (
        evaluated("good.csv", "good.csv", "--length", "4", "--repeats", "0", "--out", "good.csv/r"),
        ["cannot write good.csv/r/report.json"],
    ),
    "info on nothing": (["info", "nowhere"], ["no file nowhere"]),
    "info on a broken model": (["info", "truncated.timegan"], ["truncated.timegan is damaged"]),
}  # fmt: skip


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_refuses(here, capsys, case):
    arguments, named = COMMANDS[case]
    before = hashes(here)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert_one_clear_line(said, named)
    assert hashes(here) == before


def assert_one_clear_line(said, named):
    assert said.startswith("timegan: ") and said.count("\n") == 1 and said.endswith("\n"), said
    assert "Traceback" not in said and len(said) < 500
    for word in named:
        assert word in said, f"{word!r} is not in {said!r}"


def test_a_process_refuses_in_one_line(here):
    arguments, named = COMMANDS["missing value"]
    before = hashes(here)
    done = subprocess.run(
        [sys.executable, "-m", "timegan_lib.cli", *arguments],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2 and not done.stdout
    assert_one_clear_line(done.stderr, named)
    assert hashes(here) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (train("good.csv", "--time", "day"), ""),
        (train("constant.csv", "--time", "day"), ""),
        (train("backward.csv", "--time", "day"), "warning: time='day' runs backward"),
        (train("nan.csv", "--missing", "interpolate"), "warning: missing='interpolate' filled 1"),
        (train("nan.csv", "--missing", "drop"), "left out 4 of 57 sequences"),
        (
            train("marked.csv", "--missing", "drop", "--missing-mark", "M", "-999"),
            "left out 10 of 57",
        ),
    ],
)
def test_a_command_takes(here, capsys, arguments, said):
    assert main(arguments) == 0
    error = capsys.readouterr().err
    assert error.count("\n") == bool(said) and said in error
    assert (here / "new" / "model.timegan").exists()


# ---- the same from Python ----


def read(here, name, **roles):
    return SequenceDataset.from_frame(pd.read_csv(here / f"{name}.csv"), **{"length": 4} | roles)


def refit(here, **options):
    config = options.pop("config", run_config(steps=2))
    return TimeGAN(config).fit(options.pop("data", tiny_data()), **{"progress": False} | options)


def load(here):
    return TimeGAN.load(here / "run")


CALLS = {
    "one row": (lambda here: read(here, "one"), "1 rows"),
    "text column": (lambda here: read(here, "text"), "'b' is text"),
    "missing value": (lambda here: read(here, "nan"), "'a' misses 1"),
    "infinite value": (lambda here: read(here, "infinite"), "infinite"),
    "window too long": (lambda here: read(here, "good", length=61), "length=61 .* 60 rows"),
    "arrays with a NaN": (
        lambda here: SequenceDataset.from_arrays(np.full((3, 4, 2), np.nan)), "24 values",
    ),
    "two axes": (lambda here: SequenceDataset.from_arrays(np.ones((3, 4))), r"shape \(3, 4\)"),
    "no data set": (lambda here: load_dataset("gogle"), "name='gogle'.*google"),
    "unknown setting": (lambda here: TimeGANConfig.from_dict({"hiddn": 1}), "'hiddn'"),
    "setting of the wrong type": (lambda here: TimeGANConfig(hidden=2.5), "hidden is 2.5"),
    "true for a number": (lambda here: TimeGANConfig(layers=True), "layers is True"),
    "word for a switch": (lambda here: TimeGANConfig(moments="no"), "moments is 'no'"),
    "two steps": (lambda here: TimeGANConfig(steps=(1, 2)), r"steps is \(1, 2\)"),
    "half a step": (lambda here: TimeGANConfig(steps=(1, 2, 2.5)), "2.5"),
    "no configuration": (lambda here: TimeGAN({"hidden": 4}), "config is {'hidden': 4}"),
    "negative seed": (lambda here: TimeGAN(seed=-1), "seed=-1"),
    "seed of the wrong type": (lambda here: TimeGAN(seed="0"), "seed='0'"),
    "a table for data": (lambda here: refit(here, data=table()), "data is a DataFrame"),
    "batch larger than data": (
        lambda here: refit(here, config=run_config(batch_size=21)), "batch_size is 21 .* 20 seq",
    ),
    "snapshot 0": (lambda here: refit(here, run_dir="new", snapshots=[0]), "snapshots=0"),
    "snapshot -1": (lambda here: refit(here, run_dir="new", snapshots=[5, -1]), "snapshots=-1"),
    "snapshots no list": (lambda here: refit(here, run_dir="new", snapshots=5), "snapshots=5"),
    "snapshots nowhere": (lambda here: refit(here, snapshots=[5]), r"\[5\] need a run_dir"),
    "checkpoint every 0": (
        lambda here: refit(here, run_dir="new", checkpoint_every=0), "checkpoint_every=0",
    ),
    "folder of another run": (lambda here: refit(here, run_dir="run", data=read(here, "good")), "run"),
    "foreign folder": (lambda here: refit(here, run_dir="thesis"), "'thesis' holds other files"),
    "condition without statics": (
        lambda here: refit(here, config=run_config(condition_on_real=True)), "condition_on_real",
    ),
    "untrained model": (lambda here: TimeGAN().sample(3), "not trained"),
    "untrained model saved": (lambda here: TimeGAN().save("new.timegan"), "not trained"),
    "zero samples": (lambda here: load(here).sample(0), "n=0"),
    "samples of the wrong type": (lambda here: load(here).sample("3"), "n='3'"),
    "2**40 samples": (lambda here: load(here).sample(2**40), "n=1099511627776"),
    "negative sample seed": (lambda here: load(here).sample(3, seed=-1), "seed=-1"),
    "static of none": (lambda here: load(here).sample(1, static=[[1.0]]), "without static"),
    "lengths too long": (lambda here: load(here).sample(2, lengths=[4, 5]), "4 to 5.* 1 to 4"),
    "lengths of 0": (lambda here: load(here).sample(2, lengths=0), "0 to 0"),
    "lengths too many": (lambda here: load(here).sample(2, lengths=[1, 2, 3]), r"\[1, 2, 3\]"),
    "lengths not whole": (lambda here: load(here).sample(2, lengths=[1.5, 2.0]), "1.5"),
    "save below a file": (lambda here: load(here).save("good.csv/x.timegan"), "good.csv/x.timegan"),
    "truncated model": (lambda here: TimeGAN.load("truncated.timegan"), "damaged"),
    "no model": (lambda here: TimeGAN.load("nowhere.timegan"), "no file nowhere.timegan"),
    "other columns": (
        lambda here: evaluate(read(here, "good"), read(here, "other")), "day, a, b, c",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS)
def test_a_call_refuses(here, case):
    call, named = CALLS[case]
    before = hashes(here)
    with pytest.raises(InputError, match=named) as caught:
        call(here)
    assert "\n" not in str(caught.value)
    assert hashes(here) == before
