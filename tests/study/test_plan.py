"""The plan of a study: which runs, under which names, by which lines, and what is refused before the first."""

import shlex

import pandas as pd
import pytest
from helpers import fit, hashes, run_config, tiny_data, tiny_static, tiny_values

from timegan_lib import InputError, SequenceDataset, TimeGAN
from timegan_lib.cli import main
from timegan_lib.cli.options import parse
from timegan_lib.cli.sweeping import read_seeds, read_values
from timegan_lib.study import sweep
from timegan_lib.study.making import make
from timegan_lib.study.plan import check_plan, make_plan
from timegan_lib.study.states import FINISHED

AR = ["ar_gaussian", "--length", "4", "--option", "n=60", "--option", "features=2"]
PLAN = """
data = ["ar_gaussian", "sines_code"]
out = "study"
seeds = "0-1"
steps = [3, 2, 3]
length = 4
option = ["n=60", "features=2"]
hold-out = true
[set]
hidden = [3, 4]
steps = 5
"""


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("3", [3]), ("0-4", [0, 1, 2, 3, 4]), ("0,2,5", [0, 2, 5]), ("7, 1-2", [7, 1, 2])],
)
def test_seeds_are_read(text, seeds):
    assert read_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("hidden=8,24,64", [8, 24, 64]),
        ("steps=[10,10,20]", [[10, 10, 20]]),
        ("steps=[10,10,20],[5,5,5],7", [[10, 10, 20], [5, 5, 5], 7]),
        ("cell=gru,lstm", ["gru", "lstm"]),
        ("noise_size=None,3", [None, 3]),
        ("joint=False,true", [False, True]),
        ("learning_rate=1e-3, 0.01", [0.001, 0.01]),
    ],
)
def test_values_are_read_and_lists_stay_whole(text, values):
    assert read_values(text) == (text.partition("=")[0], values)


def test_the_plan_is_the_product_and_a_name_says_what_a_run_is(tmp_path):
    runs = make_plan(["a", "b"], tmp_path, range(2), {"layers": 1, "hidden": [8, 24]}, steps=9)
    assert [run.name for run in runs] == [
        f"{table}-hidden={hidden}-layers=1-seed={seed}"
        for table in "ab" for hidden in (8, 24) for seed in (0, 1)
    ]  # fmt: skip
    assert {run.config.steps for run in runs} == {9}
    (run,) = make_plan(["a"], tmp_path, 4, {"steps": [[1, 2, 3]]})
    assert run.name == "steps=1,2,3-seed=4" and run.config.steps == (1, 2, 3)
    assert run.total == 6 and run.folder == tmp_path / run.name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seeds", "4-0"], "4-0 counts down; write it as 0-4"),
        (["--seeds", "a"], "'a' is no seed"),
        (["--seeds", "1,1"], "gives 1 more than once"),
        (["--set", "hidden"], "hidden=8,24"),
        (["--set", "hiddem=3"], "unknown setting 'hiddem'"),
        (["--set", "hidden=3,big"], "hidden is 'big'"),
        (["--set", "hidden=3,,4"], "a value is missing"),
        (["--set", "steps=[3,3"], "a bracket is missing"),
        (["--set", "hidden=3", "--set", "hidden=4"], "'hidden' more than once"),
        (["--set", "hidden=3,3"], "are the same run"),
        (["--set", "steps=3", "--steps", "4"], "steps is given twice"),
        (["--jobs", "0"], "jobs=0"),
        (["--index", "1"], "this plan has the runs 0 to 0"),
        (["--snapshots", "0"], "snapshots=0"),
        (["--checkpoint-every", "0"], "checkpoint_every=0"),
        (["--set", "batch_size=8,61"], "batch_size is 61 but there are only 60"),
        (["--set", "static_hidden=3"], "need data with static features"),
        (["google.csv"], "is for shipped data sets; google.csv is a file"),
        (["ar_gaussian"], "ar_gaussian is given more than once"),
        (["a/d.csv", "../a/d.csv"], "a/d.csv: another table would give its runs the same names"),
        (["a/d.csv", "b/D.csv"], "a/d.csv: another table would give its runs the same names"),
        (["--nope"], "unrecognized arguments: --nope"),
    ],
)
def test_what_cannot_be_made_is_refused_before_the_first_run(
    tmp_path, monkeypatch, capsys, words, said
):
    monkeypatch.chdir(tmp_path)
    first = words[:1] if not words[0].startswith("-") else []
    command = ["sweep", *AR[:1], *first, "--out", "study", *AR[1:], *words[len(first) :]]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_data_or_folder_left_out(tmp_path, capsys):
    assert main(["sweep", "--out", "study"]) == 2 and "sweep lacks data" in capsys.readouterr().err
    assert main(["sweep", "google"]) == 2 and "sweep lacks --out" in capsys.readouterr().err
    with pytest.raises(InputError, match="seeds is empty"):
        sweep(tiny_data(), tmp_path, [])
    with pytest.raises(InputError, match="hidden has no values"):
        sweep(tiny_data(), tmp_path, settings={"hidden": []})
    with pytest.raises(InputError, match="'b' is a list"):
        sweep({"a": tiny_data(), "b": [1]}, tmp_path)


def test_folders_that_hold_something_else_are_refused(tmp_path):
    tables = {"data": tiny_data(count=130)}  # a batch of the default size
    fit(tmp_path / "study" / "hidden=4-seed=0")
    before = hashes(tmp_path)
    for settings, said in (({"hidden": [4]}, "hidden=4-seed=0 holds a run with"), ({}, None)):
        runs = make_plan(["data"], tmp_path / "study", 0, settings)
        if said:
            with pytest.raises(InputError, match=said):
                check_plan(runs, tables)
        else:
            check_plan(runs, tables)
    for out, said in (
        (tmp_path / "study" / "hidden=4-seed=0", "is a run directory"),
        (tmp_path / "study" / "hidden=4-seed=0" / "config.json", "is a file"),
    ):
        with pytest.raises(InputError, match=said):
            make_plan(["data"], out)
    assert hashes(tmp_path) == before


def test_a_run_that_has_more_steps_is_refused_before_the_first(tmp_path):
    tables, small = {"data": tiny_data()}, {"hidden": 4, "layers": 1, "batch_size": 8}
    fit(tmp_path / "study" / "batch_size=8-hidden=4-layers=1-seed=1", seed=1)
    before = hashes(tmp_path)
    with pytest.raises(InputError, match=r"seed=1 holds 6 joint steps and steps asks for 5; ask"):
        sweep(*tables.values(), tmp_path / "study", range(2), small, steps=(7, 5, 5))
    assert hashes(tmp_path) == before
    for steps in ((7, 5, 6), (7, 5, 9), (1, 1, 6)):
        check_plan(make_plan(["data"], tmp_path / "study", 1, small, steps), tables)


def test_a_number_has_one_name_however_it_is_written(tmp_path):
    (whole,), (real,) = (make_plan(["data"], tmp_path, 0, {"gamma": x}) for x in (1, 1.0))
    assert whole == real and whole.name == "gamma=1.0-seed=0" and whole.settings == {"gamma": 1.0}


def test_what_python_gives_wrongly_is_named(tmp_path):
    with pytest.raises(InputError, match="seeds gives more than 100,000"):
        make_plan(["data"], tmp_path, range(100_001))
    with pytest.raises(InputError, match="snapshots=5 must be a list"):
        sweep(tiny_data(), tmp_path, settings={"batch_size": 8}, snapshots=5)


def test_data_that_do_not_fit_a_setting_are_refused(tmp_path):
    static = SequenceDataset.from_arrays(tiny_values(), static=tiny_static(blocks=(1, 1)))
    with pytest.raises(InputError, match="no place for static features"):
        sweep(
            static,
            tmp_path / "study",
            settings={"embedding": [True, False], "batch_size": 8},
            steps=1,
        )
    assert not (tmp_path / "study").exists()


def test_a_line_of_train_has_what_the_line_of_sweep_had(tmp_path, monkeypatch, capsys):
    """Every option, in a form that is read the same."""
    from timegan_lib.cli import sweeping

    seen = []
    monkeypatch.setattr(sweeping, "_read", lambda name, options: tiny_data())
    monkeypatch.setattr(sweeping, "make_all", lambda runs, *_, **__: seen.extend(runs) or 1 / 0)
    table = ["--time", "day", "--time", "clock", "--group", "a b", "--length", "4", "--stride", "2"]
    table += [
        "--static",
        "s",
        "t",
        "--missing-mark",
        "M",
        "-999",
        "--separator",
        ";",
        "--no-header",
    ]
    table += ["--missing", "interpolate", "--max-gap", "5", "--categorical", "c", "--blocks", "7"]
    more = [
        "--steps",
        "1",
        "2",
        "3",
        "--hold-out",
        "--snapshots",
        "2",
        "3",
        "--checkpoint-every",
        "9",
    ]
    more += ["--represent", "x1=changes", "x2=above x1"]
    command = ["sweep", "my file.csv", "--out", "the study", *table, *more]
    with pytest.raises(ZeroDivisionError):
        main(
            [*command, "--quiet", "--seeds", "5", "--set", "hidden=8,9", "--set", "noise_size=None"]
        )
    words = shlex.split(seen[1].command)
    train = ["train", "my file.csv", "--out", "the study/hidden=9-noise_size=None-seed=5", *table]
    own = ["--seed", "5", "--threads", "1", "--set", "hidden=9", "--set", "noise_size=None"]
    expected = parse([*train, *more, *own])
    assert words[0] == "timegan" and parse(words[1:]) == expected


def test_paths_that_begin_with_a_dash_are_no_options(tmp_path, monkeypatch):
    from timegan_lib.cli import sweeping

    seen = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweeping, "_read", lambda name, options: tiny_data())
    monkeypatch.setattr(sweeping, "make_all", lambda runs, *_, **__: seen.extend(runs) or 1 / 0)
    (tmp_path / "plan.toml").write_text("data = '-x.csv'\nout = '-s'")
    for line in (["--out=-s", "--", "-x.csv"], ["--plan", "plan.toml"]):
        with pytest.raises(ZeroDivisionError):
            main(["sweep", *line])
        options = parse(shlex.split(seen.pop().command)[1:])
        assert (options.data, options.out, options.threads) == ("./-x.csv", "-s/seed=0", 1)


def test_tables_have_short_names_that_differ(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = ["a/data.csv", "b/data.csv", "c/other.csv.gz", "google"]
    assert main(["sweep", *names, "--out", "study", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0  a-data.csv-seed=0  not begun", "1  b-data.csv-seed=0  not begun",
        "2  other-seed=0  not begun", "3  google-seed=0  not begun",
    ]  # fmt: skip
    assert main(["sweep", "a/data.csv", "./a/data.csv", "--out", "study", "--list"]) == 2


# ---- plans in a file ----


def listed(capsys, *words):
    assert main(["sweep", *words, "--list"]) == 0
    return [line.split()[1] for line in capsys.readouterr().out.splitlines()]


def test_a_plan_says_what_a_line_says_and_the_line_goes_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN.replace("steps = [3, 2, 3]", ""))
    plan = ["--plan", "plan.toml"]
    names = listed(capsys, *plan)
    assert len(names) == 8 and names[0] == "ar_gaussian-hidden=3-steps=5-seed=0"
    line = ["ar_gaussian", "sines_code", "--out", "study", "--seeds", "0-1"]
    line += ["--set", "hidden=3,4", "--set", "steps=5"]
    assert listed(capsys, *line) == names
    more = ["ibm", "--seeds", "7", "--set", "hidden=9"]
    assert listed(capsys, *plan, *more) == ["hidden=9-steps=5-seed=7"]
    assert listed(capsys, *more, *plan) == ["hidden=9-steps=5-seed=7"]


def test_the_steps_of_a_plan_take_no_words_of_the_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text("out = 'study'\nsteps = [3, 2, 3]")
    for line in (["ibm", "--plan", "plan.toml"], ["--plan", "plan.toml", "ibm"]):
        assert listed(capsys, *line) == ["seed=0"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("seed = 3", "'seed' is no word of a plan; did you mean 'seeds'?"),
        ("hold_out = true", "'hold_out' is no word of a plan; did you mean 'hold-out'?"),
        ("list = true", "'list' is no word of a plan"),
        ("set = 3", "set must be a table"),
        ("quiet = 3", "write quiet = true or false"),
        ("stride = true", "stride = True is not what stride takes"),
        ("stride = 'far'", "invalid int value: 'far'"),
        ("jobs = [1, 2]", "jobs takes one value"),
        ("a = = 3", "not readable as TOML"),
        ("[set]\nhiddem = 3", "unknown setting 'hiddem'"),
        ("[set]\nhidden = {a = 1}", "no value of a setting"),
    ],
)
def test_a_wrong_plan_is_named(tmp_path, capsys, change, said):
    plan = tmp_path / "plan.toml"
    plan.write_text(f"data = 'google'\nout = 'study'\n{change}\n")
    assert main(["sweep", "--plan", str(plan), "--list"]) == 2
    assert said in capsys.readouterr().err
    assert main(["sweep", "--plan", str(tmp_path / "no.toml")]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_all_of_a_plan_reaches_the_runs(tmp_path, monkeypatch):
    from timegan_lib.cli import sweeping

    seen = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sweeping,
        "make_all",
        lambda runs, tables, options, **more: (
            seen.update(runs=runs, tables=tables)
            or pd.DataFrame({"run": ["x"], "state": ["finished"]})
        ),
    )
    (tmp_path / "plan.toml").write_text(PLAN.replace("steps = 5", ""))
    assert main(["sweep", "--plan", "plan.toml", "--quiet"]) == 0
    assert {run.config.steps for run in seen["runs"]} == {(3, 2, 3)}
    assert {len(data) for data in seen["tables"].values()} < set(range(30, 60))
    assert run_config().steps != (3, 2, 3)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("represent = 'propose'", ["propose"]),
        (
            "represent = {x1 = 'changes', \"a b\" = 'above x1,x2'}",
            ["x1=changes", "a b=above x1,x2"],
        ),
        ("[represent]\nx1 = 'log changes'", ["x1=log changes"]),
    ],
)
def test_a_plan_names_forms(tmp_path, capsys, written, words):
    from timegan_lib.cli.sweeping import _with_plan

    plan = tmp_path / "plan.toml"
    plan.write_text(f"data = 'google'\nout = 'study'\n{written}\n")
    assert _with_plan(str(plan), []).represent == words
    line = ["--represent", "x2=log"]
    assert _with_plan(str(plan), line).represent == ["x2=log"]  # the line goes first
    plan.write_text("data = 'google'\nout = 'study'\nrepresent = {x1 = 3}\n")
    assert main(["sweep", "--plan", str(plan), "--list"]) == 2
    assert 'represent, x1 = 3; write x1 = "log changes"' in capsys.readouterr().err


def test_a_study_trains_on_forms_and_refuses_others(tmp_path):
    tables, forms = {"data": tiny_data()}, {"x1": "values as scores"}
    settings = {"hidden": 4, "layers": 1, "batch_size": 8}
    (run,) = make_plan(["data"], tmp_path / "study", 0, settings, 1)
    assert make(run, tables["data"], represent={"data": forms, "other": {"y": "log"}}) == FINISHED
    assert TimeGAN.load(run.folder).representation.describe()["x1"] == "values as scores"
    check_plan([run], tables, {"data": forms})
    for other in ({}, {"data": "propose"}):
        with pytest.raises(InputError, match="same represent"):
            check_plan([run], tables, other)
    with pytest.raises(InputError, match="no feature"):
        sweep(tables, tmp_path / "new", settings=settings, steps=1, represent={"y": "log"})
    assert not (tmp_path / "new").exists()
