"""The table of runs: every model scored once, and nothing scored that is not finished."""

import csv
import json
import shutil
from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pandas as pd
import pytest
from helpers import fit
from pytest import approx

from timegan_lib import InputError, TimeGAN
from timegan_lib.cli import main
from timegan_lib.data import load_dataset
from timegan_lib.evaluation import report
from timegan_lib.study import table
from timegan_lib.study.table import REAL, judge_seed, read_index

TINY = ["--set", "hidden=3", "--set", "layers=1", "--set", "batch_size=8", "--quiet"]
DATA = ["ar_gaussian", "--length", "4", "--option", "n=60", "--option", "features=2"]
SECRET = ["membership", "membership p-value", "copies"]
NEW = [
    "told apart", "by chance", "p-value", "movement", "memory of sizes", "order in time",
    "rare changes", "precision", "recall", *SECRET,
]  # fmt: skip


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


def watched(patch):
    """No network that judges is trained; the scores asked for, (repeats, sequences, seed) each."""
    asked = []

    def score(real, made, repeats, seed, progress):
        asked.append((repeats, len(made), seed))
        return SimpleNamespace(
            scores=np.zeros(repeats), mean=0.2, sd=0.1, floor=0.05, median=0.3, persistence=0.4
        )

    patch.setattr(table, "discriminative_score", score)
    patch.setattr(table, "predictive_score", score)
    return asked


@pytest.fixture
def judged(monkeypatch):
    return watched(monkeypatch)


@pytest.fixture(scope="module")
def indexed(trained, tmp_path_factory):
    """The runs, scored; copy the folder, do not change it."""
    folder = tmp_path_factory.mktemp("indexed") / "runs"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("index.csv"))
    with pytest.MonkeyPatch.context() as patch:
        watched(patch)
        assert main(["index", str(folder)]) == 0
    return folder


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


def texts(file, without=()):
    """{(run, step, weights): {column: text}} of the cells as they are written."""
    with file.open(newline="") as lines:
        found = list(csv.DictReader(lines))
    keys = [(row["run"], row["step"], row["weights"]) for row in found]
    assert len(set(keys)) == len(keys)
    kept = [{name: row[name] for name in row if name not in without} for row in found]
    return dict(zip(keys, kept, strict=True))


def test_each_row_has_judges_of_its_own_whatever_else_is_scored(trained, judged):
    (trained / "index.csv").unlink(missing_ok=True)
    assert main(["index", str(trained)]) == 0
    rows = read_index(trained)
    seeds = rows["judge seed"].tolist()
    assert len(set(seeds)) == len(seeds) == 7  # and written with all their digits
    assert sorted(seed for *_, seed in judged) == sorted(seeds * 2)  # both judges
    first = rows.iloc[0]
    key = (first["run"], first["data"], int(first["step"]), first["weights"])
    assert (
        first["judge seed"] == judge_seed(key) == crc32("\n".join(map(str, key)).encode()) % 10**6
    )


@pytest.fixture
def older(indexed, judged, tmp_path):
    """A folder whose table an older version wrote, as far as it goes: it lacks the average of run a and
    the new scores; and its last row is of a model that is gone. And the table with all of them, in which
    one score is what the older version said."""
    folder = tmp_path / "runs"
    shutil.copytree(indexed, folder)
    known = read_index(folder)
    known["values"] = 0.123457  # nobody computes that again
    known.to_csv(folder / "index.csv", index=False, float_format="%.6g")
    whole = texts(folder / "index.csv")
    known = known[(known["run"] != "a") | (known["weights"] == "last")].drop(columns=NEW)
    gone = known[known["run"] == "b"].iloc[-1:].assign(run="gone", step=7)
    with (folder / "index.csv").open("w", newline="") as file:
        pd.concat([known, gone]).to_csv(file, index=False, float_format="%.6g")
    return folder, whole


def test_older_rows_get_the_scores_they_lack_and_nothing_else_changes(older, judged, capsys):
    folder, whole = older
    before = texts(folder / "index.csv")
    assert main(["index", str(folder), "--fill"]) == 0
    said = capsys.readouterr().err
    assert "warning: not filled, since the model is not there: gone (7)" in said
    after = texts(folder / "index.csv")
    assert texts(folder / "index.csv", NEW) == before and list(after) == list(before)
    assert not judged, "a judge was trained"
    gone = after.pop(("gone", "7", "last"))
    assert {gone[name] for name in NEW} == {""}
    assert after == {key: whole[key] for key in after} and len(after) == 5
    last = (folder / "index.csv").read_bytes()
    assert main(["index", str(folder), "--fill"]) == 0
    assert (folder / "index.csv").read_bytes() == last


def test_without_fill_older_rows_are_filled_and_missing_ones_added(older, judged):
    folder, whole = older
    assert main(["index", str(folder)]) == 0
    after = {key: row for key, row in texts(folder / "index.csv").items() if key[0] != "gone"}
    assert set(after) == set(whole)
    assert len(judged) == 4  # two judges for each row that was not there
    assert all(after[key] == row for key, row in whole.items() if key[::2] != ("a", "average"))


def test_a_stop_while_filling_loses_one_row(older, monkeypatch):
    folder, whole = older
    score, calls = table.unseen, []

    def stops(*given, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return score(*given, **options)

    monkeypatch.setattr(table, "unseen", stops)
    assert main(["index", str(folder), "--fill"]) == 130
    assert read_index(folder)["precision"].notna().sum() == 2
    assert main(["index", str(folder), "--fill"]) == 0
    assert len(calls) == 3 + 3  # five rows in all, the third twice
    after = texts(folder / "index.csv")
    assert all(whole[key] == after[key] for key in set(after) & set(whole))


def test_the_new_scores_are_those_of_the_report(indexed):
    rows = read_index(indexed).set_index(["run", "step", "weights"])
    train, held_out = load_dataset("ar_gaussian", n=60, length=4, features=2).split()
    for kind in ("last", "average"):
        made = TimeGAN.load(indexed / "a").sample(len(train), seed=1, average=kind == "average")
        told = report.evaluate(train, made, held_out, repeats=0, progress=False)
        said = told.scores.loc["synthetic"].reindex(NEW)
        said["membership p-value"] = told.privacy.p_value
        assert rows.loc[("a", 2, kind), NEW].astype(float).to_numpy() == approx(said, rel=1e-5)
    said = told.scores.loc["held-out"].reindex(NEW).drop("membership p-value")
    real = rows.loc[(REAL, 0, ""), said.index].astype(float)
    assert real.to_numpy() == approx(said, rel=1e-5)
    lacks = rows.loc["b"][NEW].isna().all()  # nothing was held out there
    assert set(lacks.index[lacks]) == set(SECRET)


def test_any_generators_samples_are_scored_like_those_of_a_run(indexed, judged):
    row = read_index(indexed).set_index(["run", "step", "weights"]).loc[("a", 2, "last")]
    sides = load_dataset("ar_gaussian", n=60, length=4, features=2).split()
    made = TimeGAN.load(indexed / "a").sample(table.sequences_seen(sides[0]), seed=1)
    untrained = table.scores_of(sides, made, "ar_gaussian", repeats=0)
    assert not judged and "discriminative" not in untrained
    scores = table.scores_of(sides, made, "ar_gaussian", repeats=4)
    assert len(judged) == 2 and scores["discriminative"] == 0.2 and set(untrained) < set(scores)
    found = row[list(scores)].drop("repeats").astype(float)
    assert [scores[name] for name in found.index] == approx(found.to_numpy(), rel=1e-5)
    assert {"values", "held-out values", "told apart", *SECRET} <= set(scores)


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
    assert main(["index", str(tmp_path), "--fill"]) == 2
    assert "there is no" in capsys.readouterr().err
    assert main(["index", str(tmp_path)]) == 2
    assert "holds no run to score" in capsys.readouterr().err
    assert main(["train", "google", "--option", "phi=1", "--out", str(tmp_path / "x")]) == 2
    assert "phi= is no option of 'google'" in capsys.readouterr().err
