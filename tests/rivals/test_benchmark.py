"""The table of generators: a row once, written at once, and nothing where one cannot learn."""

import importlib.util
import sys

import pandas as pd
import pytest
from helpers import ROOT

from timegan_lib import load_dataset
from timegan_lib.evaluation import horizon_errors
from timegan_lib.evaluation.candidates import untrained
from timegan_lib.study import scores_of

DATA = "ar_gaussian n=80 length=5 features=2"


@pytest.fixture
def benchmark(monkeypatch):
    path = ROOT / "benchmarks" / "rivals.py"
    spec = importlib.util.spec_from_file_location("rivals_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "make_row_apart", module.make_row)  # here, not in a new process
    return module


def test_rows_are_made_once_and_scored_like_a_run(benchmark, tmp_path, capsys):
    out = tmp_path / "rivals.csv"
    line = ["--data", DATA, "--repeats", "0", "--out", str(out)]
    line += ["--generator", "autoregression", "bootstrap"]
    benchmark.main([*line, "--seeds", "3"])
    first = out.read_text()
    benchmark.main([*line, "--seeds", "3"])
    assert out.read_text() == first
    benchmark.main([*line, "--seeds", "3", "4", "--split", "development"])
    table = pd.read_csv(out)
    assert table[["generator", "split", "seed"]].to_numpy().tolist() == [
        ["autoregression", "development", 3], ["autoregression", "development", 4],
        ["bootstrap", "development", 3], ["bootstrap", "development", 4],
        ["autoregression", "test", 3], ["bootstrap", "test", 3],
    ]  # fmt: skip
    assert (table["minutes"] > 0).all() and (table["threads"] == 2).all()
    assert set(table["data"]) == {DATA} and table["told apart"].notna().all()
    assert "autoregression on ar_gaussian" in capsys.readouterr().out

    learned, held_out = load_dataset("ar_gaussian", n=80, length=5, features=2).split()
    assert benchmark.load(DATA, "test")[1].values.tolist() == held_out.values.tolist()
    fit, development = learned.split(blocks=13)
    parts = benchmark.load(DATA, "development")
    assert [side.values.tolist() for side in parts] == [
        fit.values.tolist(),
        development.values.tolist(),
    ]
    made = benchmark.GENERATORS["autoregression"](learned, 3, {}).sample(len(learned), seed=1)
    expected = scores_of((learned, held_out), made, DATA, repeats=0)
    row = table[(table["split"] == "test") & (table["generator"] == "autoregression")].iloc[0]
    assert row[list(expected)].to_dict() == pytest.approx(expected, rel=1e-5, nan_ok=True)
    errors = horizon_errors(learned, held_out, made).loc["all"]
    assert row["forecast synthetic"] == pytest.approx(errors["synthetic"], rel=1e-5)


def test_of_an_ar_process_its_two_numbers_are_found(benchmark):
    data = load_dataset("ar_gaussian", phi=0.3, length=20)
    found = benchmark.more_scores(data, data, data, "ar_gaussian phi=0.3")
    assert found["phi"] == pytest.approx(0.3, abs=0.01)
    assert found["noise"] == pytest.approx(1.0, abs=0.01)
    assert found["forecast real"] == found["forecast synthetic"] < found["forecast persistence"]
    google, _ = load_dataset("google").split()
    assert "phi" not in benchmark.more_scores(google, google, google, "google")


def test_who_cannot_learn_is_named_and_left_out(benchmark, tmp_path, capsys):
    out = tmp_path / "rivals.csv"
    line = ["--data", "storms", "--generator", "variational", "--seeds", "3", "--out", str(out)]
    benchmark.main(line)
    assert not out.exists()
    assert "variational on storms is left out" in capsys.readouterr().out


def test_timegan_is_a_generator_like_the_others(benchmark):
    data, _ = benchmark.load(DATA, "test")
    model = benchmark.timegan(steps=1, hidden=3, layers=1, batch_size=8)(data, 5, {"hidden": 2})
    assert model.seed == 5 and model.config.hidden == 2
    assert model.sample(3, seed=1).values.shape == (3, 5, 2)


def test_settings_are_part_of_a_generators_name(benchmark, tmp_path, capsys):
    assert benchmark.with_settings("bootstrap, represented block=4") == (
        "bootstrap, represented", {"block": 4},
    )  # fmt: skip
    out = tmp_path / "rivals.csv"
    line = ["--data", DATA, "--repeats", "0", "--seeds", "3", "--out", str(out)]
    benchmark.main([*line, "--generator", "autoregression", "autoregression order=1"])
    table = pd.read_csv(out)
    assert table["generator"].tolist() == ["autoregression", "autoregression order=1"]
    assert table["values"].nunique() == 2
    with pytest.raises(SystemExit):
        benchmark.main([*line, "--generator", "nobody order=1"])
    assert "no generator 'nobody'" in capsys.readouterr().err


STAND_IN = """#!{python}
import sys
import numpy as np
_, script, windows, out, *settings = sys.argv
assert script.endswith("tsgm_samples.py") and sorted(settings) == ["--seed=3", "--steps=2"]
np.save(out, np.load(windows)[::-1])
"""


def test_another_library_is_asked_in_its_own_environment(benchmark, tmp_path, capsys, monkeypatch):
    out = tmp_path / "rivals.csv"
    line = ["--data", DATA, "--repeats", "0", "--seeds", "3", "--out", str(out)]
    line += ["--generator", "tsgm steps=2"]
    with pytest.raises(SystemExit):
        benchmark.main(line)
    assert "give its Python with --tsgm" in capsys.readouterr().err
    monkeypatch.setenv("TSGM_PYTHON", "")  # so that what main sets is taken back
    python = tmp_path / "python"
    python.write_text(STAND_IN.format(python=sys.executable))
    python.chmod(0o755)
    benchmark.main([*line, "--tsgm", str(python)])
    row = pd.read_csv(out).iloc[0]
    assert row["values"] == pytest.approx(0, abs=1e-6)  # the same windows, last first
    assert row["cpu minutes"] > 0


def test_held_out_data_are_judged_like_a_generator(benchmark, tmp_path):
    out = tmp_path / "rivals.csv"
    line = ["--data", DATA, "--repeats", "0", "--seeds", "3", "--out", str(out)]
    benchmark.main([*line, "--generator", "held-out data"])
    row = pd.read_csv(out).iloc[0]
    learned, held_out = benchmark.load(DATA, "test")
    assert row["values"] == pytest.approx(untrained(learned, held_out)["values"], rel=1e-5)
    assert 0.3 < row["told apart"] < 0.7  # from what was learned from
