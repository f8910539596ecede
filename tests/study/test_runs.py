"""The table of runs: every model scored once, and nothing scored that is not finished."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import fit

from timegan_lib import InputError
from timegan_lib.cli import main
from timegan_lib.study import table
from timegan_lib.study.table import REAL, read_index

TINY = ["--set", "hidden=3", "--set", "layers=1", "--set", "batch_size=8", "--quiet"]
DATA = ["ar_gaussian", "--length", "4", "--option", "n=60", "--option", "features=2"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two runs, one of them stopped early, as far as its files tell."""
    folder = tmp_path_factory.mktemp("runs")
    more = ["--hold-out", "--steps", "2", "--snapshots", "1", "2"]
    assert main(["train", *DATA, *TINY, *more, "--out", str(folder / "a")]) == 0
    more = ["--steps", "1", "--option", "phi=0.2", "--seed", "5", "--set", "gamma=2"]
    assert main(["train", *DATA, *TINY, *more, "--out", str(folder / "b")]) == 0
    assert main(["train", *DATA, *TINY, "--steps", "1", "--out", str(folder / "c")]) == 0
    config = json.loads((folder / "c" / "config.json").read_text())
    config["settings"]["steps"] = 9
    (folder / "c" / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def judged(monkeypatch):
    """The scores asked for, (repeats, sequences) each; no network is trained."""
    asked = []

    def score(real, made, repeats, progress):
        asked.append((repeats, len(made)))
        return SimpleNamespace(
            scores=np.zeros(repeats), mean=0.2, sd=0.1, floor=0.05, median=0.3, persistence=0.4
        )

    monkeypatch.setattr(table, "discriminative_score", score)
    monkeypatch.setattr(table, "predictive_score", score)
    return asked


def test_every_finished_model_has_its_rows(trained, judged, capsys):
    command = ["index", str(trained), "--repeats", "4", "--snapshot-repeats", "2"]
    assert main(command) == 0
    table = read_index(trained)
    found = table[table["run"] != REAL]
    assert found[["run", "step", "weights", "repeats"]].to_numpy().tolist() == [
        ["a", 1, "average", 2], ["a", 1, "last", 2], ["a", 2, "average", 4], ["a", 2, "last", 4],
        ["b", 1, "average", 4], ["b", 1, "last", 4],
    ]  # fmt: skip
    b = table[table["run"] == "b"].iloc[0]
    assert b["seed"] == 5 and "gamma=2" in b["settings"] and "phi=0.2" in b["data"]
    assert found["held-out values"].notna().tolist() == [True] * 4 + [False] * 2
    assert len(table) == len(found) + 1  # only run a held something out
    assert (found["discriminative"] == 0.2).all() and np.isfinite(found["minutes"]).all()
    count = len(judged)
    before = (trained / "index.csv").read_bytes()
    assert main(command) == 0 and len(judged) == count
    assert (trained / "index.csv").read_bytes() == before
    assert "average" in capsys.readouterr().out


def test_a_stop_loses_one_row(trained, judged, monkeypatch):
    (trained / "index.csv").unlink(missing_ok=True)
    score, calls = table.discriminative_score, []

    def stops(*given, **options):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return score(*given, **options)

    monkeypatch.setattr(table, "discriminative_score", stops)
    assert main(["index", str(trained)]) == 130
    assert len(read_index(trained)) == 3
    monkeypatch.setattr(table, "discriminative_score", score)
    assert main(["index", str(trained)]) == 0
    assert len(read_index(trained)) == 7


def test_one_kind_of_weights_alone_can_be_scored(trained, judged):
    (trained / "index.csv").unlink(missing_ok=True)
    assert main(["index", str(trained), "--weights", "last"]) == 0
    table = read_index(trained)
    assert set(table["weights"]) == {"", "last"} and len(table) == 4
    assert main(["index", str(trained)]) == 0
    assert read_index(trained)["weights"].tolist().count("average") == 3


def test_runs_made_from_python_are_passed_over(trained, judged, tmp_path, capsys):
    fit(tmp_path / "runs" / "mine")
    assert main(["index", str(tmp_path / "runs")]) == 2
    said = capsys.readouterr().err
    assert "warning: not scored" in said and said.splitlines()[0].endswith(": mine")
    assert f"{tmp_path / 'runs'} holds no run to score" in said and "model.timegan" in said
    shutil.copytree(trained / "b", tmp_path / "runs" / "b")
    assert main(["index", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().err.count("mine") == 1
    assert set(read_index(tmp_path / "runs")["run"]) == {"b"}


def test_what_cannot_be_indexed_is_said(tmp_path, capsys):
    with pytest.raises(InputError, match="timegan index"):
        read_index(tmp_path)
    assert main(["index", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is no folder" in capsys.readouterr().err
    assert main(["index", str(tmp_path)]) == 2
    assert "holds no run to score" in capsys.readouterr().err
    assert main(["train", "google", "--option", "phi=1", "--out", str(tmp_path / "x")]) == 2
    assert "phi= is no option of 'google'" in capsys.readouterr().err
