"""The commands, from a table of one's own to new sequences and back, in the order of use."""

import json
import signal
import warnings

import numpy as np
import pandas as pd
import pytest

from timegan_lib import DATASETS, SequenceDataset, TimeGAN, __version__, cli, load_dataset
from timegan_lib.cli import main
from timegan_lib.training import RunDirectory, Training

pytestmark = pytest.mark.usefixtures("compiled")
SMALL = ["--steps", "4", "3", "5", "--checkpoint-every", "2"]
SMALL += ["--set", "hidden=4", "--set", "layers=1", "--set", "batch_size=8"]
ROLES = ["--group", "storm", "--time", "hour", "--static", "season", "sea"]


def table():
    """Twenty groups of 2 to 5 rows: numbers, whole numbers, categories, true and false, statics."""
    rng, rows = np.random.default_rng(0), []
    for storm in range(20):
        for hour in range(2 + storm % 4):
            rows.append(
                {
                    "season": 2_000 + storm,
                    "hour": hour,
                    "wind": 30 + 5 * (storm % 5) + hour,
                    "kind": ["calm", "storm", "gale"][(storm + hour) % 3],
                    "storm": f"storm {storm}",
                    "pressure": 990.5 + rng.normal(),
                    "sea": ["north", "south"][storm % 2],
                    "night": bool(hour % 2),
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the table, a run that was stopped in phase III and went on, and samples of it."""
    folder = tmp_path_factory.mktemp("cli")
    table().to_csv(folder / "storms.csv", index=False)
    train = ["train", "storms.csv", "--out", "run", *SMALL, *ROLES, "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with patch.context() as stop:
            original, count = Training.run, iter(range(100))

            def run(self, phase, steps):
                if next(count) == 9:
                    signal.raise_signal(signal.SIGINT)
                return original(self, phase, steps)

            stop.setattr(Training, "run", run)
            codes = [main(train)]
        stopped = TimeGAN.load("run").steps_done
        codes += [main(train)]
        codes += [main(["sample", "run", "--out", "new/synthetic.csv", "-n", "30", "--seed", "2"])]
    assert codes == [130, 0, 0]
    assert stopped == {"autoencoder": 4, "supervisor": 3, "joint": 2}
    return folder


@pytest.fixture
def here(place, monkeypatch):
    monkeypatch.chdir(place)
    return place


def test_the_same_line_again_goes_on(here):
    model = TimeGAN.load("run")
    assert model.steps_done == {"autoencoder": 4, "supervisor": 3, "joint": 5}
    assert list(model.history["step"]) == [1, 2, 3, 4, 1, 2, 3, 1, 2, 3, 4, 5]


def test_stopped_by_hand_it_says_so_in_one_line(here, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Training, "run", lambda *_: signal.raise_signal(signal.SIGINT))
    assert main(["train", "storms.csv", "--out", str(tmp_path / "run"), *SMALL, *ROLES]) == 130
    said = capsys.readouterr().err
    assert said == (
        "timegan: stopped at autoencoder 0, supervisor 0, joint 0 steps, and saved; "
        "the same line goes on from here\n"
    )


def test_the_command_and_the_versions_are_recorded(here):
    about = RunDirectory("run").read_config()
    assert about["command"] == (
        "timegan train storms.csv --out run --steps 4 3 5 --checkpoint-every 2 --set hidden=4 "
        "--set layers=1 --set batch_size=8 --group storm --time hour --static season sea --quiet"
    )
    assert about["seed"] == 0 and about["versions"]["timegan_lib"] == __version__
    assert about["settings"]["steps"] == [4, 3, 5]


def test_samples_come_back_as_the_table_was(here):
    synthetic, real = pd.read_csv("new/synthetic.csv"), pd.read_csv("storms.csv")
    columns = [name for name in real.columns if name not in ("hour", "storm")]
    assert list(synthetic.columns) == ["storm", "step", *columns]
    for name in columns:
        assert synthetic[name].dtype == real[name].dtype, name
        if real[name].dtype == object or real[name].dtype.kind not in "if":
            assert set(synthetic[name]) <= set(real[name])
        else:
            assert synthetic[name].between(real[name].min(), real[name].max()).all(), name
    sampled = TimeGAN.load("run").sample(30, seed=2)
    numbers = sampled.values[sampled.mask]  # wind, three kinds, pressure, night
    np.testing.assert_array_equal(synthetic["wind"], np.rint(numbers[:, 0]))
    kinds = np.array(["calm", "gale", "storm"])[numbers[:, 1:4].argmax(axis=1)]
    assert list(synthetic["kind"]) == list(kinds)
    groups = synthetic.groupby("storm")
    assert len(groups) == 30
    assert groups.size().between(2, 5).all() and groups.size().nunique() > 1
    assert (groups[["season", "sea"]].nunique() == 1).all(axis=None)
    assert (synthetic["step"] == groups.cumcount()).all()


def test_samples_are_those_of_python(here, tmp_path, capsys):
    for more, options in [((), {}), (("--average",), {"average": True})]:
        out = str(tmp_path / "samples.csv")
        assert main(["sample", "run", "--out", out, "-n", "7", "--seed", "5", *more]) == 0
        expected = TimeGAN.load("run").sample(7, seed=5, **options).to_frame()
        pd.testing.assert_frame_equal(pd.read_csv(out), expected, check_dtype=False)
        said = capsys.readouterr()
        assert "7 sequences" in said.out and "samples.csv" in said.out and not said.err


@pytest.mark.parametrize(
    "synthetic", ["new/synthetic.csv", "run", "run/model.timegan", "storms.csv"]
)
def test_evaluate_takes_tables_runs_and_models(here, tmp_path, capsys, synthetic):
    command = ["evaluate", synthetic, "--real", "storms.csv", *ROLES, "-n", "30", "--seed", "2"]
    assert main([*command, "--repeats", "0", "--out", str(tmp_path / "report")]) == 0
    said = capsys.readouterr()
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    numbers, written = report["features"], report["written"]
    of_run = "; 30 samples of its own, seed 2" in written["judged"]
    assert of_run == synthetic.startswith("run") and written["judged"].startswith(synthetic)
    assert written["versions"]["timegan_lib"] == __version__ and written["date"].startswith("20")
    names = ["wind", "kind=calm", "kind=gale", "kind=storm", "pressure", "night"]
    assert list(numbers) == names and not said.err
    html = (tmp_path / "report" / "report.html").read_text()
    assert all(name in html for name in [*names, f"Judged: {written['judged']}", written["date"]])
    assert "report.html" in said.out
    assert np.isfinite([value for row in numbers.values() for value in row.values()]).all()
    if synthetic == "storms.csv":
        assert all(row["distance"] < 1e-6 for row in numbers.values())
    elif synthetic == "new/synthetic.csv":  # the same 30 sequences, rounded as the table is
        sampled = TimeGAN.load("run").sample(30, seed=2)
        wind = pd.read_csv("storms.csv")["wind"]
        mean = sampled.values[sampled.mask][:, 0].mean()
        assert numbers["wind"]["synthetic mean"] == pytest.approx(
            (mean - wind.min()) / (wind.max() - wind.min()), abs=0.02
        )


def test_a_category_that_was_never_sampled_is_no_other_column(here, tmp_path, capsys):
    synthetic = pd.read_csv("new/synthetic.csv")
    synthetic["kind"] = "gale"
    synthetic.to_csv(tmp_path / "gale.csv", index=False)
    command = ["evaluate", str(tmp_path / "gale.csv"), "--real", "storms.csv", *ROLES]
    assert main([*command, "--repeats", "0", "--out", str(tmp_path)]) == 0
    assert "kind=calm" in json.loads((tmp_path / "report.json").read_text())["features"]


def test_windows_of_a_table(here, tmp_path, capsys):
    out, table = str(tmp_path / "run"), str(tmp_path / "windows.csv")
    read = ["--length", "2", "--group", "storm", "--time", "hour"]
    frame = pd.read_csv("storms.csv").drop(columns=["season", "sea", "kind"])
    frame.to_csv(tmp_path / "frame.csv", index=False)
    csv = str(tmp_path / "frame.csv")
    assert main(["train", csv, "--out", out, *SMALL, *read, "--snapshots", "2"]) == 0
    assert "50 sequences of 2 steps" in capsys.readouterr().out
    snapshot = f"{out}/snapshot-joint-2.timegan"
    assert main(["sample", snapshot, "--out", table, "-n", "12"]) == 0
    synthetic = pd.read_csv(table)
    assert list(synthetic.columns) == ["sequence", "step", "wind", "pressure", "night"]
    assert len(synthetic) == 24
    assert main(["evaluate", table, "--real", csv, *read, "--repeats", "0"]) == 0


def test_gaps_and_marks_are_read_as_in_python(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(TimeGAN, "fit", lambda self, data, **_: seen.append(data))
    frame = pd.DataFrame({"hour": range(40), "x": np.arange(40) * 0.5})
    frame.loc[10:14, "x"] = np.nan
    frame.fillna(-999).to_csv(tmp_path / "marked.csv", index=False)
    command = ["train", str(tmp_path / "marked.csv"), "--out", str(tmp_path / "run"), "--quiet"]
    command += ["--time", "hour", "--length", "4", "--missing", "interpolate"]
    command += ["--missing-mark", "M", "-999"]
    for more in ([], ["--max-gap", "5"]):
        assert main([*command, *more]) == 0
    assert [len(data) for data in seen] == [29, 37]  # the gap of five left out, and filled
    assert seen[1].values.min() == 0


def test_hold_out_trains_on_the_train_part(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(TimeGAN, "fit", lambda self, data, **_: seen.append(data))
    for more in ([], ["--hold-out"]):
        assert main(["train", "ibm", "--out", str(tmp_path), "--quiet", *more]) == 0
    whole, part = seen
    assert isinstance(part, SequenceDataset)
    np.testing.assert_array_equal(part.values, load_dataset("ibm").split()[0].values)
    assert len(part) < len(whole)


def test_settings_reach_the_configuration(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(TimeGAN, "fit", lambda self, data, **_: seen.append((self, data)))
    command = ["train", "ar_gaussian", "--out", str(tmp_path), "--quiet", "--seed", "3"]
    command += ["--length", "7", "--steps", "1", "2", "3", "--set", "cell=lstm", "--set", "gamma=2"]
    command += ["--set", "joint=False", "--set", "moments=true", "--set", "noise_size=None"]
    assert main(command) == 0
    ((model, data),) = seen
    assert model.seed == 3 and data.values.shape[1] == 7
    settings = model.config
    assert (settings.steps, settings.cell, settings.gamma) == ((1, 2, 3), "lstm", 2.0)
    assert (settings.joint, settings.moments, settings.noise_size) == (False, True, None)


def test_info_on_a_run_and_on_a_model(here, capsys):
    assert main(["info", "run"]) == 0
    said = capsys.readouterr().out
    for words in (
        "steps     autoencoder 4, supervisor 3, joint 5",
        "command   timegan train storms.csv --out run",
        "seed      0",
        "batch_size=8, hidden=4, layers=1",
        "discriminator",
        f"timegan_lib {__version__}",
    ):
        assert words in said
    assert main(["info", "run/model.timegan"]) == 0
    assert "joint 5" in capsys.readouterr().out
    assert not list(RunDirectory("run").path.glob(".*"))


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in ("weather", "storms")])
def test_info_on_a_data_set(name, capsys):
    assert main(["info", name]) == 0
    said = capsys.readouterr().out
    assert said.startswith("SequenceDataset(") and "24 steps" in said
    for feature in load_dataset(name).names:
        assert feature in said


def test_a_failed_training_has_its_own_code(here, tmp_path, capsys):
    command = ["train", "storms.csv", "--out", str(tmp_path / "run"), *SMALL, *ROLES, "--quiet"]
    assert main([*command, "--set", "learning_rate=3e38"]) == 1
    warned, failed = capsys.readouterr().err.splitlines()
    assert warned.startswith("timegan: warning: ") and "smaller learning_rate" in failed


@pytest.mark.parametrize("command", [[], ["train"], ["sample"], ["evaluate"], ["info"]])
def test_help_is_help(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([*command, "--help"])
    assert done.value.code == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"usage: {' '.join(['timegan', *command])} ") and not said.err


def test_the_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"timegan {__version__}\n"


def test_threads_are_set_unless_the_user_did(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "7")
    assert main(["info", "nowhere"]) == 2
    environment = cli.os.environ
    assert environment["TF_NUM_INTRAOP_THREADS"] == "1"
    assert environment["TF_NUM_INTEROP_THREADS"] == "7"


def test_dates_and_statics_can_be_asked_for(here, tmp_path, capsys):
    out = str(tmp_path / "s.csv")
    wanted = ["--static", "season=2003", "sea=south", "--start", "2030-01-01", "--freq", "6h"]
    assert main(["sample", "run", "--out", out, "-n", "5", *wanted]) == 0
    made = pd.read_csv(out, parse_dates=["hour"])
    assert set(made["season"]) == {2003} and set(made["sea"]) == {"south"}
    assert (made["hour"] == pd.Timestamp("2030-01-01") + made["step"] * pd.Timedelta("6h")).all()
    assert main(["evaluate", out, "--real", "storms.csv", *ROLES, "--repeats", "0"]) == 0
    for wrong, said in (
        (["--static", "sea=south"], "no column 'season'"), (["--static", "sea"], "sea=F"),
        (["--static", "season=2003", "sea=west"], "'west', a category the data do not have; there are north, south"),
        (["--freq", "6h"], "go together"),
    ):  # fmt: skip
        assert main(["sample", "run", "--out", out, *wrong]) == 2
        assert said.replace("sea=F", "name=value") in capsys.readouterr().err


def test_a_synthetic_table_is_known_by_its_content(here, tmp_path, capsys):
    """Whatever it is called, in whatever order, with a column of dates, with categories as decimals."""
    frame = pd.read_csv("new/synthetic.csv")
    frame["hour"] = pd.date_range("2030-01-01", periods=len(frame), freq="h")
    frame[frame.columns[::-1]].to_csv(tmp_path / "S.TXT", index=False)
    command = ["evaluate", str(tmp_path / "S.TXT"), "--real", "storms.csv", *ROLES]
    assert main([*command, "--repeats", "0"]) == 0
    coded = pd.read_csv("storms.csv").assign(
        kind=lambda t: t["kind"].map({"calm": 1, "gale": 2, "storm": 3})
    )
    coded.to_csv(tmp_path / "coded.csv", index=False)
    frame["kind"] = frame["kind"].map({"calm": 1.0, "gale": 2.0, "storm": 3.0})
    frame.to_csv(tmp_path / "made.csv", index=False)
    command = [
        "evaluate",
        str(tmp_path / "made.csv"),
        "--real",
        str(tmp_path / "coded.csv"),
        *ROLES,
    ]
    assert main([*command, "--categorical", "kind", "sea", "--repeats", "0"]) == 0
    assert not capsys.readouterr().err


def test_a_dialect_can_be_said(here, tmp_path, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(TimeGAN, "fit", lambda self, data, **_: seen.append(data))
    frame = pd.read_csv("storms.csv")
    frame.to_csv(tmp_path / "german.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    frame.to_csv(tmp_path / "bare.csv", index=False, header=False)
    train = ["--out", str(tmp_path / "run"), *ROLES, "--quiet"]
    assert main(["train", "storms.csv", *train]) == 0
    dialect = ["--separator", ";", "--decimal", ",", "--encoding", "cp1252"]
    assert main(["train", str(tmp_path / "german.csv"), *train, *dialect]) == 0
    np.testing.assert_array_equal(seen[0].values, seen[1].values)
    assert main(["train", str(tmp_path / "german.csv"), *train]) == 2
    assert "--decimal ," in capsys.readouterr().err
    assert main(["train", str(tmp_path / "bare.csv"), "--out", "x", "--time", "x2", "--group", "x5",
                 "--no-header", "--quiet"]) == 0  # fmt: skip
    assert len(seen[2].names) == 9
    assert main(["info", str(tmp_path / "german.csv"), *dialect]) == 0
    assert "a table of 70 rows and 8 columns" in capsys.readouterr().out


def test_blocks_of_the_split_can_be_chosen(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(TimeGAN, "fit", lambda self, data, **_: seen.append(data))
    pd.DataFrame({"x": np.arange(200) % 17}).to_csv(tmp_path / "short.csv", index=False)
    train = ["train", str(tmp_path / "short.csv"), "--out", str(tmp_path / "run"), "--hold-out"]
    assert main(train) == 2 and "--blocks" in capsys.readouterr().err
    assert main([*train, "--blocks", "3", "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "short.csv")
    expected = SequenceDataset.from_frame(frame, length=24).split(blocks=3)[0]
    np.testing.assert_array_equal(seen[0].values, expected.values)


@pytest.mark.parametrize(
    "line", [["train"], ["train", "a.csv", "--nope"], ["train", "a.csv", "--out", "r", "b"]]
)
def test_help_is_offered_for_the_command_in_question(line, capsys):
    assert main(line) == 2
    assert "`timegan train --help`" in capsys.readouterr().err


def test_columns_can_be_learned_in_other_forms(here, tmp_path, capsys):
    """--represent: said before training with its reasons, kept in the run, known to the other commands."""
    train = ["train", "storms.csv", "--out", str(tmp_path / "run"), *SMALL, *ROLES]
    forms = ["--represent", "pressure=changes as scores", "wind=log"]
    assert main([*train, *forms]) == 0
    assert "wind      log                as you say" in capsys.readouterr().out
    about = RunDirectory(tmp_path / "run").read_config()
    assert about["represent"]["pressure"] == "changes as scores"
    assert about["represent"]["night"] == about["represent"]["kind=calm"] == "values"
    assert main([*train, *forms, "--quiet"]) == 0  # the same line goes on
    assert main([*train, "--quiet"]) == 2
    assert "same represent" in capsys.readouterr().err
    assert main(["info", str(tmp_path / "run")]) == 0
    assert "represent wind=log, " in capsys.readouterr().out
    assert main(["sample", str(tmp_path / "run"), "--out", str(tmp_path / "s.csv"), "-n", "9"]) == 0
    made = pd.read_csv(tmp_path / "s.csv")
    assert (made["wind"] > 0).all() and set(made["kind"]) <= {"calm", "storm", "gale"}
    judge = ["evaluate", str(tmp_path / "run"), "--real", "storms.csv", *ROLES, "--repeats", "0"]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*was not trained on these data")
        assert main([*judge, "-n", "8", "--samples", "1"]) == 0


def test_forms_can_be_proposed(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(TimeGAN, "fit", lambda self, data, represent, **_: seen.append(represent))
    command = ["train", "google", "--out", str(tmp_path)]
    assert main([*command, "--represent", "propose", "Volume=log"]) == 0
    said = capsys.readouterr().out
    assert "never below Open and Close in 2,148 rows" in said and "as you say" in said
    assert seen[0]["High"] == "above Open,Close as scores" and seen[0]["Volume"] == "log"
    assert main([*command, "--quiet"]) == 0 and seen[1] is None
    for words, error in (
        (["propos"], "--represent propos: write propose, or column=form"),
        (["High=log", "High=values"], "names 'High' more than once"),
    ):
        assert main([*command, "--represent", *words]) == 2
        assert error in capsys.readouterr().err
