"""The report: the order that must hold, its verdicts, its forms, and the command that writes it."""

import json
import math
import re
import sys
from dataclasses import replace
from functools import partial
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from helpers import tiny_values
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from timegan_lib import InputError, SequenceDataset, ar_gaussian, evaluation, load_dataset, sines
from timegan_lib.cli import main
from timegan_lib.evaluation import (
    RULES,
    autocorrelation_difference,
    candidates,
    classifier_auc,
    correlation_difference,
    dependence_difference,
    discriminative_score,
    diversity,
    evaluate,
    limits,
    marginals,
    mmd,
    predictive_score,
    privacy,
    report,
    static_marginals,
    validity,
)
from timegan_lib.evaluation.companions import (
    block_bootstrap,
    collapsed,
    copycat,
    marginal_noise,
    time_reversed,
)
from timegan_lib.evaluation.judge import Judge
from timegan_lib.evaluation.report import MOST, SCORES
from timegan_lib.evaluation.scores.forecasting import Forecasts
from timegan_lib.evaluation.scores.privacy import Privacy, halves
from timegan_lib.evaluation.verdicts import uses, verdicts

COMPANIONS = ["held-out", "copycat", "bootstrap", "noise", "frozen"]
TRAINED = [
    "discriminative", "discriminative sd", "predictive", "predictive sd", "forecast", "forecast sd",
]  # fmt: skip
plain = partial(evaluate, repeats=0, progress=False)


@pytest.fixture(scope="module", autouse=True)
def fast():
    """Small matrices on one thread, and the AUC by ranks: scikit-learn's takes milliseconds each."""

    def auc(label, score):
        inside = np.asarray(label) == 1
        n = inside.sum()
        return (rankdata(score)[inside].sum() - n * (n + 1) / 2) / (n * (~inside).sum())

    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
        place = sys.modules["timegan_lib.evaluation.scores.privacy"]
        patch.setattr(place, "roc_auc_score", auc, raising=False)
        yield


def frozen(data):
    """Data that cannot be changed."""
    for array in (data.values, data.lengths, data.static, data.scaler.minimum, data.scaler.maximum):
        if array is not None:
            array.setflags(write=False)
    return data


def parts(data):
    return tuple(map(frozen, data.split()))


@pytest.fixture(scope="module")
def ar():
    """(train, held-out) of known truth: 480 and 120 sequences of six steps."""
    return parts(ar_gaussian(n=600, length=6, features=4))


@pytest.fixture(scope="module")
def fresh(ar):
    """The report on new data of the same source, which is what a perfect generator gives."""
    return plain(ar[0], frozen(ar_gaussian(n=480, length=6, features=4, seed=7)), ar[1])


@pytest.fixture(scope="module")
def copied(ar):
    return plain(ar[0], copycat(ar[0], seed=5), ar[1])


@pytest.fixture(scope="module")
def alone(ar):
    """The report on a copycat where nothing was held out."""
    return plain(ar[0], copycat(ar[0], seed=5))


@pytest.fixture(scope="module")
def google():
    """The report on a bootstrap of a few windows of real prices."""
    train, held_out = parts(load_dataset("google", stride=6))
    return plain(train, block_bootstrap(train, seed=5), held_out, rules=RULES["google"])


@pytest.fixture(scope="module")
def storms():
    """Statics, categories and lengths that vary; soft categories, as from a network."""
    train, held_out = (
        part.subset(slice(90)) for part in load_dataset("storms", max_length=8).split()
    )
    made = block_bootstrap(train, 70, seed=5)
    softer = train.like(made.scaled, made.lengths, 0.1 + 0.8 * made.static_scaled)
    rules = ["wind >= 40", "-90 <= lat <= 90"]
    return plain(train, softer, held_out, rules=rules)


@pytest.fixture
def few_steps(monkeypatch):
    shorten(monkeypatch, 20)


def shorten(patch, steps, judge_steps=None):
    """Let `evaluate` train its networks for so many steps."""
    for name in ("discriminative", "predictive", "forecast_error", "forecast"):
        count = judge_steps if judge_steps and name == "discriminative" else steps
        work = getattr(candidates, f"{name}_work")
        patch.setattr(candidates, f"{name}_work", partial(work, steps=count))


@pytest.fixture(scope="module")
def trained(ar):
    """The report on noise, with networks."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch, 200, 1000)
        return evaluate(
            ar[0], marginal_noise(ar[0], seed=5), ar[1], ["x1 < 99"], 2, seed=3, progress=False
        )


def grades(found):
    return {verdict.name: verdict.grade for verdict in found.verdicts}


# ---- the order that must hold ----


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("fresh", ["changes", "memory", "mmd", "classifier"]),
        ("google", ["changes", "memory", "mmd", "classifier"]),
    ],
)
def test_held_out_data_beat_every_companion_that_does_not_copy(name, columns, request):
    scores = request.getfixturevalue(name).scores
    assert list(scores.index) == ["synthetic", *COMPANIONS]
    for column in columns:
        for companion in ("bootstrap", "noise"):
            assert scores.loc["held-out", column] < scores.loc[companion, column], column
    for column in ("together", "together in changes", "onnd"):
        assert scores.loc["held-out", column] < scores.loc["noise", column] / 1.3, column


def test_a_perfect_generator_is_good_and_ends_where_held_out_data_do(fresh):
    found = grades(fresh)
    for name in ("values", "dynamics", "together", "diversity"):
        assert found[name] == "good", name
    for column in ("changes", "memory", "together", "mmd", "classifier"):
        bootstrap = "noise" if column == "together" else "bootstrap"
        assert fresh.scores.loc["synthetic", column] < fresh.scores.loc[bootstrap, column], column


def test_a_copycat_ties_on_fidelity_and_fails_privacy(copied):
    scores, found = copied.scores, grades(copied)
    for column in ("values", "changes", "memory", "memory of changes", "together", "onnd", "innd"):
        for name in ("synthetic", "copycat"):
            assert scores.loc[name, column] == pytest.approx(0, abs=1e-9), column
    for name in ("values", "dynamics", "together", "diversity"):
        assert found[name] == "good"
    assert found["privacy"] == "poor"
    assert copied.uses.loc["stand in for data that must stay private", "answer"] == "no"
    assert copied.privacy.copies == 1 and copied.privacy.membership_auc > 0.99
    assert copied.privacy.membership_range[0] > 0.99
    assert "100.0% are copies" in str(copied)
    assert (scores.loc[["synthetic", "copycat"], "copies"] == 1).all()
    assert (scores.loc[["synthetic", "copycat"], "membership"] > 0.99).all()
    assert (scores.loc[["held-out", "bootstrap", "noise", "frozen"], "copies"] == 0).all()


def test_data_from_the_source_pass_privacy(fresh):
    assert grades(fresh)["privacy"] in ("good", "fair")
    assert fresh.privacy.p_value > 0.05 and fresh.privacy.visible < 1
    low, high = fresh.privacy.membership_range
    assert fresh.privacy.copies == 0 and low < 0.5 < high
    assert fresh.scores.loc["held-out", "copies"] == 0
    assert fresh.scores.loc["held-out", "membership"] == pytest.approx(0.5, abs=0.1)
    answer = fresh.uses.loc["stand in for data that must stay private"]
    assert (
        answer["answer"] == "with care" and "no test of samples proves privacy" in answer["because"]
    )


def test_held_out_data_handed_in_pass_privacy(ar):
    """Judged against their other half; and they are what no generator can be better than."""
    made, rest = halves(ar[1])
    found = plain(ar[0], made, rest)
    assert grades(found)["privacy"] != "poor" and found.privacy.copies == 0
    assert found.scores.loc["synthetic", "membership"] == pytest.approx(0.5, abs=0.1)


def test_noise_fails_the_dynamics(trained):
    found = grades(trained)
    assert (found["values"], found["dynamics"], found["together"]) == ("good", "poor", "poor")
    assert trained.uses.loc["study how the series behaves", "answer"] == "no"


def test_a_collapsed_generator_fails_diversity(ar):
    found = plain(ar[0], collapsed(ar[0]))
    assert grades(found)["diversity"] == "poor" and "the generator has collapsed" in str(found)
    answer = found.uses.loc["train or enlarge the training data of a model"]
    assert answer["answer"] == "no" and "diversity poor" in answer["because"]


def test_time_reversed_data_fail_the_dynamics(google):
    data = sines("code", n=150, length=6, features=4)
    found = plain(data, time_reversed(data))
    assert (grades(found)["values"], grades(found)["dynamics"]) == ("good", "poor")
    assert found.scores.loc["synthetic", "changes"] > 1
    backward = marginals(google.real, time_reversed(google.real))["change distance"].mean()
    assert backward > 1.3 * google.scores.loc["held-out", "changes"]


def test_the_networks_keep_the_order(trained):
    scores = trained.scores
    assert math.isnan(scores.loc["held-out", "forecast"])  # it would be tested on what it learned
    for column in ("discriminative", "forecast"):
        for companion in ("copycat", "bootstrap"):
            for noise in ("noise", "synthetic"):
                assert scores.loc[companion, column] < scores.loc[noise, column], column
    assert grades(trained)["judge"] in ("fair", "poor")
    table = trained.forecasts.table["MAE"]
    assert table["TRTR"] < table["TSTR"]


# ---- what is in it ----


def test_every_column_is_the_score_of_that_name(storms):
    """Of the synthetic data, against the train part; and against the held-out part."""
    pairs = {
        "changes": lambda a, b: marginals(a, b)["change distance"].mean(),
        "memory": autocorrelation_difference,
        "memory of changes": partial(autocorrelation_difference, changes=True),
        "together": correlation_difference,
        "together in changes": partial(correlation_difference, changes=True),
        "mmd": mmd,
        "classifier": classifier_auc,
        "onnd": lambda a, b: diversity(a, b).onnd,
        "innd": lambda a, b: diversity(a, b).innd,
        "spread": lambda a, b: diversity(a, b).spread,
        "statics": lambda a, b: static_marginals(a, b)["distance"].mean(),
        "worst static": lambda a, b: static_marginals(a, b)["distance"].max(),
        "dependence": dependence_difference,
        "values": lambda a, b: (
            marginals(a, b)["distance"] / marginals(a, b)["real std"]
        ).mean(),
    }  # fmt: skip
    for against, table in (
        (storms.real, storms.scores),
        (storms.held_out, storms.against_held_out),
    ):
        for column, score in pairs.items():
            expected = score(against, storms.synthetic)
            assert table.loc["synthetic", column] == pytest.approx(expected), column
    assert list(storms.scores.columns) == list(SCORES)
    assert storms.scores.loc["synthetic", "broken"] == storms.rules.loc["any rule"][
        ("synthetic", "sequences")
    ]  # fmt: skip
    assert list(storms.against_held_out.index) == ["synthetic", *COMPANIONS[1:]]


def test_the_private_columns_are_those_of_privacy(storms):
    found = privacy(storms.real, storms.held_out, storms.synthetic)
    assert storms.privacy == found
    row = storms.scores.loc["synthetic", ["nearer train", "membership", "copies"]]
    assert list(row) == [found.nearer_train, found.membership_auc, found.copies]
    a, b = halves(storms.held_out)
    other = privacy(storms.real, b, a)
    assert storms.scores.loc["held-out", "membership"] == other.membership_auc


def test_networks_fill_their_columns(trained, ar):
    found = trained.scores[TRAINED]
    assert found.loc["frozen"].isna().all()  # no network is trained for it
    assert np.isfinite(found.drop(index=["held-out", "frozen"])).all(axis=None)
    assert np.isfinite(found.loc["held-out"].drop(["forecast", "forecast sd"])).all()
    assert found.loc["held-out", ["forecast", "forecast sd"]].isna().all()
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch, 200, 1000)
        sides = ar[0], trained.synthetic, 2
        told = candidates.discriminative_work(*sides, seed=3).alone(progress=False)
        used = candidates.predictive_work(*sides, seed=3).alone(progress=False)
    row = trained.scores.loc["synthetic"]
    assert (row["discriminative"], row["discriminative sd"]) == (told.mean, told.sd)
    assert (row["predictive"], row["predictive sd"]) == (used.mean, used.sd)
    assert (row["accuracy"], row["judge AUC"]) == (told.accuracies.mean(), told.aucs.mean())
    assert (row["accuracy low"], row["accuracy high"]) == told.interval
    assert trained.floor == told.floor
    assert trained.trivial == {
        "median": used.median, "constant": used.constant, "persistence": used.persistence,
    }  # fmt: skip
    mae = trained.forecasts.table["MAE"]
    assert trained.scores.loc["copycat", "forecast"] == pytest.approx(mae["TRTR"], rel=0.2)
    assert row["forecast"] == pytest.approx(mae["TSTR"], rel=1e-6)


def test_with_repeats_0_no_network_is_trained(monkeypatch, ar):
    monkeypatch.setattr(Judge, "__init__", lambda *_: pytest.fail("a network was made"))
    found = plain(ar[0], ar[1])
    assert found.scores[TRAINED].isna().all(axis=None)
    assert found.forecasts is None and found.trivial == {} and math.isnan(found.floor)
    assert grades(found)["training"] == "not judged" and grades(found)["judge"] == "good"
    assert "discriminative score" not in str(found)


def test_without_held_out_data_privacy_is_not_judged(alone, saved):
    found = alone
    assert grades(found)["privacy"] == "not judged"
    assert found.privacy is found.held_out is found.against_held_out is None
    assert list(found.scores.index) == ["synthetic", *COMPANIONS[1:]]
    assert found.scores[["nearer train", "membership", "copies"]].isna().all(axis=None)
    assert found.uses.loc["stand in for data that must stay private", "answer"] == "unknown"
    assert "No held-out data were given" in saved("alone").read_text()


def test_statics_and_unequal_lengths_are_judged(storms, saved):
    assert {"month", "latitude", "length"} <= set(storms.statics.index)
    assert grades(storms)["statics"] in ("good", "fair", "poor")
    assert np.isfinite(storms.scores[["statics", "dependence"]]).all(axis=None)
    share = validity(storms.synthetic, ["wind >= 40"]).loc["wind >= 40", "sequences"]
    assert 0 < share == storms.scores.loc["synthetic", "broken"]
    assert list(storms.rules.index) == ["wind >= 40", "-90 <= lat <= 90", "any rule"]
    assert storms.settings["static_features"] == list(storms.real.static_names)
    onehot = storms.synthetic.static[:, storms.real.table.onehot(static=True)]
    assert set(onehot.ravel()) == {0, 1}
    text = saved("storms").read_text()
    assert "Static features and length" in text and "Rules: the share that breaks them" in text


def test_rules_that_real_data_keep_and_made_ones_break(google):
    """Blocks of different days join prices of one day: within it the rules still hold."""
    assert not google.rules.to_numpy().any() and grades(google)["rules"] == "good"
    assert google.scores.loc["noise", "broken"] > 0.9
    assert google.settings["rules"] == list(RULES["google"])


def test_arrays_are_judged_as_data_sets_are(ar):
    rng = np.random.default_rng(0)
    a, b = rng.uniform(2, 5, (2, 40, 6, 2))
    found = plain(a, b.tolist())
    expected = plain(SequenceDataset.from_arrays(a), SequenceDataset.from_arrays(b))
    assert found.to_dict() == expected.to_dict()
    assert found.settings["features"] == ["x1", "x2"]


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
@pytest.mark.parametrize("features", [1, 2])
def test_sequences_of_one_step_have_a_report(features, tmp_path, few_steps):
    a, b = np.random.default_rng(0).uniform(size=(2, 30, 1, features))
    found = evaluate(a, b, a[:9] + 0.01, repeats=1, progress=False)
    assert np.isfinite(found.scores.loc["synthetic", "discriminative"])
    assert np.isnan(found.scores.loc["synthetic", ["predictive", "forecast"]]).all()
    assert found.save(tmp_path).exists()


def test_a_single_feature_has_a_report(few_steps, tmp_path):
    a, b = np.random.default_rng(0).uniform(size=(2, 30, 6, 1))
    found = evaluate(a, b, repeats=1, progress=False)
    row = found.scores.loc["synthetic"]
    assert np.isfinite(row[["discriminative", "predictive", "memory", "classifier"]]).all()
    assert found.save(tmp_path).exists()


def test_the_same_seed_gives_the_same_report(few_steps, ar):
    made = marginal_noise(ar[0], seed=5)
    found = [evaluate(ar[0], made, None, (), 1, seed=s, progress=False) for s in (3, 3, 4)]
    assert found[0].to_dict() == found[1].to_dict()
    different = found[0].scores.drop(columns="copies") != found[2].scores.drop(columns="copies")
    assert different.loc["noise", "memory"] and different.loc["synthetic", "discriminative"]


def test_no_input_is_changed(ar):
    """They are frozen; and what comes back is not what went in."""
    made = np.random.default_rng(0).normal(size=(40, 6, 4))
    real, copy = ar[0].values.copy(), made.copy()
    made.setflags(write=False)
    plain(ar[0], made)
    np.testing.assert_array_equal(ar[0].values, real)
    np.testing.assert_array_equal(made, copy)


def test_at_most_so_many_sequences_are_judged(monkeypatch):
    monkeypatch.setattr(report, "MOST", 30)
    a, b = np.random.default_rng(0).uniform(size=(2, 50, 3, 2))
    found = plain(a, b)
    assert (found.settings["real"], found.settings["synthetic"]) == (30, 30)
    assert MOST == 2000


def test_copies_of_any_training_sequence_are_found(monkeypatch, ar, copied):
    """Also where the train part has more sequences than are judged."""
    monkeypatch.setattr(report, "MOST", 120)
    found = plain(ar[0], copied.synthetic, ar[1])
    assert found.privacy.copies == 1


# ---- its forms ----


def walk(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, str)
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield from walk(item, (*path, k))
    else:
        yield path, value


@pytest.mark.parametrize("name", ["trained", "storms", "fresh"])
def test_as_plain_values_it_is_json_and_holds_every_number(name, request):
    found = request.getfixturevalue(name)
    plain_values = found.to_dict()
    again = json.loads(json.dumps(plain_values, allow_nan=False))
    for path, value in walk(again):
        assert value is None or isinstance(value, str | int | float | bool), path
    tables = {
        "scores": found.scores, "against_held_out": found.against_held_out,
        "features": found.features, "rules": found.rules, "quantiles": found.quantiles,
        "statics": found.statics, "uses": found.uses,
        "forecasts": found.forecasts and found.forecasts.table,
        "forecasts_by_feature": found.forecasts and found.forecasts.by_feature,
    }  # fmt: skip
    for key, table in tables.items():
        if table is None:
            assert again[key] is None
            continue
        assert len(again[key]) == len(table)
        for row, values in zip(again[key].values(), table.to_numpy(), strict=True):
            for value, expected in zip(row.values(), values, strict=True):
                missing = isinstance(expected, float) and math.isnan(expected)
                assert value is None if missing else value == expected, key
    assert again["scores"]["synthetic"]["memory"] == found.scores.loc["synthetic", "memory"]
    assert [v["grade"] for v in again["verdicts"]] == [v.grade for v in found.verdicts]
    assert again["privacy"]["membership_auc"] == found.privacy.membership_auc
    assert again["trivial"] == found.trivial and again["settings"] == found.settings
    assert set(again["meaning"]) == set(again["scores"]["synthetic"])


class Page(HTMLParser):
    """What a page refers to, and its cells by class."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.links, self.tags, self.grades, self.badge = [], [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.badge = attributes.get("class") == "grade"
        if "src" in attributes:
            self.sources.append(attributes["src"])
        self.links += [attributes[k] for k in ("href", "data", "action") if k in attributes]

    def handle_data(self, text):
        if self.badge:
            self.grades.append(text)
            self.badge = False


@pytest.fixture(scope="module")
def saved(tmp_path_factory, request):
    """The page of a report by the fixture's name, saved once."""
    paths = {}

    def save(name):
        if name not in paths:
            folder = tmp_path_factory.mktemp(name) / "new" / "report"
            paths[name] = request.getfixturevalue(name).save(folder)
            assert paths[name] == folder / "report.html"
        return paths[name]

    return save


@pytest.mark.parametrize(("name", "pictures"), [("trained", 4), ("storms", 4)])
def test_it_is_saved_as_one_page_that_needs_nothing_else(name, pictures, request, saved):
    found, path = request.getfixturevalue(name), saved(name)
    assert sorted(p.name for p in path.parent.iterdir()) == ["report.html", "report.json"]
    numbers = json.loads((path.parent / "report.json").read_text())
    assert numbers.pop("written")["date"] in path.read_text(encoding="utf-8")
    assert numbers == json.loads(json.dumps(found.to_dict()))
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert text.startswith("<!doctype html>") and 'charset="utf-8"' in text
    assert "http://" not in text and "https://" not in text and "url(" not in text
    assert len(page.sources) == pictures and not page.links
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    for name in (*found.real.names, *found.real.static_names, "bootstrap", "noise"):
        assert escape(name) in text
    shown = [column for column in SCORES if found.scores[column].notna().any()]
    for column in SCORES:
        explanation, best = SCORES[column].removesuffix(")").rsplit(" (", 1)
        row = f'<th scope="row">{escape(column)}<small>{escape(explanation)}</small></th>'
        assert (row in text) == (column in shown), column
        assert (f">{escape(best)}</td>" in text) or column not in shown, column


@pytest.mark.parametrize("name", ["trained", "storms", "alone"])
def test_text_notebook_and_page_carry_the_same_verdicts(name, request, saved):
    found, page = request.getfixturevalue(name), saved(name).read_text()
    text, notebook = str(found), found._repr_html_()
    lines = text.split("\n")
    assert len(lines) == len(found.verdicts) + 1 + len(found.uses)
    for verdict, line in zip(found.verdicts, lines, strict=False):
        assert line.startswith(verdict.grade) and verdict.question in line
        assert line.endswith(verdict.because)
        assert escape(verdict.because) in notebook and escape(verdict.question) in notebook
    for (use, row), line in zip(found.uses.iterrows(), lines[-len(found.uses) :], strict=True):
        assert line.startswith(row["answer"]) and use in line and line.endswith(row["because"])
        assert escape(use) in notebook
    expected = list(found.uses["answer"]) + [verdict.grade for verdict in found.verdicts]
    assert Page(notebook).grades == Page(page).grades == expected
    tables = re.findall(r"<table.*?</table>", notebook)
    assert len(tables) == 2 and all(table in page for table in tables)


def test_names_cannot_break_the_page(tmp_path):
    """Not the names of features, and not a rule."""
    values = np.random.default_rng(0).uniform(size=(2, 20, 5, 2))
    a, b = (SequenceDataset.from_arrays(v, names=["<b>high", "low&"]) for v in values)
    text = plain(a, b, rules=["`<b>high` > 0.5"]).save(tmp_path).read_text()
    assert str(tmp_path) not in text and not re.search(r"/(home|tmp|work)/", text)
    assert "<b>high" not in text and "&lt;b&gt;high" in text and "low&amp;" in text


# ---- verdicts ----


def score_table(held_out=None, noise=None, copied=None, **values):
    """A table of scores with these values of the synthetic data; everything else is perfect."""
    perfect = dict.fromkeys(SCORES, 0.0) | {"spread": 1.0, "classifier": 0.5, "membership": 0.5}
    perfect |= dict.fromkeys(("statics", "worst static", "dependence"), math.nan)
    perfect |= {"precision": 1.0, "recall": 1.0, "missed": 1.0, "p-value": 0.5}
    perfect |= {"told apart": 0.5, "by chance": 0.6}
    rows = {
        "synthetic": perfect | values,
        "copycat": perfect | (copied or {}),
        "noise": perfect | {"told apart": 0.99, "p-value": 0.01} | (noise or {}),
    }
    if held_out is not None:
        rows["held-out"] = perfect | held_out
    return pd.DataFrame(rows).T.astype(float)


def graded(name, forecasts=None, privacy=None, stretches=None, **values):
    sides = None if stretches is None else (10**6, 10**6, stretches)
    found = verdicts(score_table(**values), forecasts, 0.01, privacy, sides)
    (verdict,) = (v for v in found if v.name == name)
    return verdict.grade, verdict.because


LIMITS = [
    (name, column, *limits.LIMITS[name][column])
    for name in limits.LIMITS
    for column in limits.LIMITS[name]
    if column not in limits.OFF
]


def test_every_score_that_no_network_gives_is_graded_or_shown_beside_one():
    graded = {column for scores in limits.LIMITS.values() for column in scores}
    assert len(LIMITS) == 13 and graded <= set(SCORES)
    assert {"movement", "memory of sizes", "order in time", "rare changes"} <= graded


@pytest.mark.parametrize(
    ("name", "column", "good", "fair"), [*LIMITS, ("rules", "broken", 0.01, 0.1)]
)
def test_grades_change_at_their_limits(name, column, good, fair):
    both = {"statics": 0.0, "worst static": 0.0, "dependence": 0.0} if name == "statics" else {}
    for value, grade in ((0, "good"), (good, "good"), (good + 1e-6, "fair"), (fair, "fair"),
                         (fair + 1e-6, "poor")):  # fmt: skip
        assert graded(name, **both | {column: value})[0] == grade, value
    said = graded(name, **both | {column: fair + 0.3})[1]
    assert f"{fair + 0.3:.2f}" in said or f"{fair + 0.3:.1%}" in said


@pytest.mark.parametrize(("name", "column", "good", "fair"), LIMITS)
def test_a_limit_follows_held_out_data_and_is_poor_nowhere_below_them(name, column, good, fair):
    """Up to what they reach is good, up to twice that fair; as far as a limit may go."""

    def found(value, reached, stretches=None):
        both = {"statics": 0.0, "worst static": 0.0, "dependence": 0.0} if name == "statics" else {}
        both[column] = value
        return graded(name, held_out=both | {column: reached}, stretches=stretches, **both)[0]

    between = (good + fair) / 2
    assert found(between, between) == "good" != found(between + 0.001, between)
    assert found(2 * between, between) == "fair" and found(2 * between + 0.001, between) == "poor"
    assert found(good, good / 2) == "good" and found(fair, good / 2) == "fair"  # never stricter
    far = 2 * fair  # so far that a limit does not follow
    for value, grade in ((fair, "good"), (fair + 0.001, "fair"), (2 * fair, "fair"),
                         (2 * fair + 0.001, "cannot be told"), (4 * fair, "cannot be told"),
                         (4 * fair + 0.001, "poor")):  # fmt: skip
        assert found(value, far) == grade, value
    gross = limits.GROSS * far
    for value, grade in ((good, "good"), (good + 0.001, "cannot be told"),
                         (gross, "cannot be told"), (gross + 0.001, "poor")):  # fmt: skip
        assert found(value, far, stretches=limits.FEWEST - 1) == grade, value
    assert found(fair, far, stretches=limits.FEWEST) == "good"


def test_a_correlation_is_poor_nowhere_below_what_chance_reaches():
    """Of 200 sequences that tell one thing each it is off by 0.1 = sqrt(2 / 200), the mean of many by 0.08."""

    def found(question, features=2, **values):
        given = verdicts(score_table(**values), None, 0.01, None, (200, 200, 500), features)
        return next(verdict.grade for verdict in given if verdict.name == question)

    for value, said in ((0.15, "fair"), (0.247, "cannot be told"), (0.249, "poor")):
        assert found("together", together=value) == said
        many = "fair" if value <= 0.15 else "poor"
        assert found("together", features=100, together=value) == many
        assert found("dynamics", memory=value) == many
    assert found("statics", statics=0, dependence=0, **{"worst static": 0.151}) == "poor"
    few = score_table(statics=0, dependence=0, **{"worst static": 0.24})
    given = verdicts(few, None, 0.01, None, (50, 50, 20))
    assert [v.grade for v in given if v.name == "statics"] == ["cannot be told"]  # up to 0.25


@pytest.mark.parametrize("features", [2, 3, 8])
def test_chance_reaches_so_far_in_less_than_one_of_fifty_cases(features):
    rng, pairs, beyond = np.random.default_rng(0), np.triu_indices(features, 1), 0
    limit = limits.by_chance("together", (100, 200), features)
    for _ in range(400):
        a, b = (np.corrcoef(rng.normal(size=(features, n))) for n in (100, 200))
        beyond += np.abs(a - b)[pairs].mean() > limit
    assert beyond / 400 < 0.02
    assert limits.by_chance("changes", (100, 200), features) == 0


def test_the_limits_shown_are_those_that_were_used():
    said = graded("values", held_out={"values": 0.2}, values=0.35)[1]
    assert "values 0.35 (good to 0.20, fair to 0.40, held-out data 0.20)" in said
    said = graded("diversity", held_out={"recall": 0.7}, recall=0.6)[1]
    assert "recall 0.60 (good from 0.70, fair from 0.40, held-out data 0.70)" in said


def test_one_poor_answer_decides_whatever_cannot_be_told():
    assert limits.worst(["good", "poor", "cannot be told"]) == "poor"
    assert limits.worst(["fair", "cannot be told", "good"]) == "cannot be told"
    assert limits.worst(["fair", "good"]) == "fair"


def test_too_few_stretches_are_said_with_their_number():
    found, said = graded("values", stretches=5, values=0.2)
    assert found == "cannot be told" and "5 stretches of data" in said
    assert graded("values", stretches=5, values=0.05)[0] == "good"
    forecasts = pd.DataFrame({"MAE": {"TRTR": 1.0, "TSTR": 1.3, "persistence": 2.0}})
    asked = {"forecasts": Forecasts(forecasts, forecasts)}
    assert graded("training", stretches=5, **asked)[0] == "cannot be told"
    assert graded("training", stretches=50, **asked)[0] == "fair"


def test_rules_that_real_data_break_too_are_held_against_no_one():
    for share, grade in (
        (0.3, "good"),
        (0.31, "good"),
        (0.32, "fair"),
        (0.4, "fair"),
        (0.41, "poor"),
    ):
        found, said = graded("rules", copied={"broken": 0.3}, broken=share)
        assert found == grade and f"{share:.1%}" in said and "30.0% of the real" in said


def test_the_worst_of_several_scores_decides():
    assert graded("dynamics", **{"changes": 0.2, "memory of changes": 0.5})[0] == "poor"
    assert graded("dynamics", **{"changes": 0.2, "memory": 0.01})[0] == "fair"
    assert graded("values", values=math.nan) == ("not judged", "nothing to compare")


@pytest.mark.parametrize(
    ("auc", "p", "high", "grade", "words"),
    [
        (0.55, 0.2, 0.6, "good", ""), (0.55, 0.01, 0.54, "good", ""), (0.3, 0.9, 0.6, "good", ""),
        (0.55, 0.4, 0.85, "cannot be told", "chance alone reaches"),
        (0.7, 0.2, 0.75, "cannot be told", "chance reaches as much"),
        (0.9, 0.06, 0.95, "cannot be told", "chance reaches as much"),
        (0.7, 0.01, 0.65, "fair", ""), (0.85, 0.01, 0.65, "poor", ""),
        (math.nan, math.nan, math.nan, "cannot be told", "too few stretches"),
    ],
)  # fmt: skip
def test_a_judge_convicts_by_its_p_value(auc, p, high, grade, words):
    found, said = graded("judge", **{"told apart": auc, "p-value": p, "by chance": high})
    assert found == grade and words in said
    if math.isfinite(auc):
        assert all(f"{number:.2f}" in said for number in (auc, high)) and f"{p:.3f}" in said


@pytest.mark.parametrize(
    ("judge", "member", "grades"),
    [
        (0.02, 0.02, ("poor", "poor")), (0.02, 0.04, ("poor", "poor")), (0.04, 0.02, ("poor", "poor")),
        (0.03, 0.5, ("cannot be told", "good")), (0.5, 0.03, ("cannot be told", "cannot be told")),
        (0.03, 0.03, ("cannot be told", "cannot be told")), (0.5, 0.02, ("cannot be told", "poor")),
        (0.04, None, ("poor", "not judged")), (math.nan, 0.04, ("cannot be told", "poor")),
    ],
)  # fmt: skip
def test_two_p_values_count_as_two(judge, member, grades):
    """The smaller must be below 0.025, then the other below 0.05; one that was not asked does not count."""
    values = {
        "told apart": 0.85 if judge == judge else math.nan,
        "p-value": judge,
        "by chance": 0.6,
    }
    safe = Privacy(
        0.1, 0.1, 0.6, (0.4, 0.8), 0.9, 0.9, 0.61, (0.5, 0.7), 0.0, parts=20, visible=0.1
    )
    private = None if member is None else replace(safe, p_value=member)
    found = verdicts(score_table(**values), None, 0.01, private)
    got = {v.name: v for v in found}
    assert (got["judge"].grade, got["privacy"].grade) == grades
    if (judge, member) == (0.03, 0.5):
        assert "p-value 0.030, 0.060 since several are asked" in got["judge"].because
    if (judge, member) == (0.03, 0.03):  # the second is no smaller than the first
        assert "p-value 0.030, 0.060 since" in got["privacy"].because


def test_p_values_of_few_runs_do_not_count():
    few = Privacy(0.1, 0.1, 0.6, (0.4, 0.8), 0.9, 0.9, 0.61, (0.5, 0.7), 0.0, 0.5, parts=5)
    assert graded("judge", privacy=few, **{"told apart": 0.85, "p-value": 0.04})[0] == "poor"


def test_holm_by_hand():
    found = limits.counted_as_many({"a": 0.03, "b": 0.01, "c": math.nan, "d": 0.04, "e": 0.9})
    assert [found[k] for k in "bade"] == pytest.approx([0.04, 0.09, 0.09, 0.9])
    assert math.isnan(found["c"]) and limits.counted_as_many({"a": 0.8, "b": 0.7}) == {
        "a": 1,
        "b": 1,
    }


def test_a_judge_that_hardly_tells_noise_has_judged_nothing():
    for noise in ({"told apart": 0.7}, {"p-value": 0.2}):
        for auc in (0.5, 0.9):
            asked = {"told apart": auc, "p-value": 0.01}
            found, said = graded("judge", noise=noise, **asked)
            assert found == "cannot be told" and "has judged nothing" in said


def test_the_leaky_score_is_only_mentioned():
    values = {"discriminative": 0.49, "noise": {"discriminative": 0.44}}
    grade, said = graded("judge", **values)
    assert grade == "good" and "which leaks" in said
    assert all(n in said for n in ("0.490", "guessing 0.010", "noise 0.440"))
    assert "leaks" not in graded("judge", discriminative=math.nan)[1]


@pytest.mark.parametrize(
    ("spread", "missed", "grade"),
    [
        (1, 1, "good"), (0.86, 1, "good"), (0.84, 1, "fair"), (0.51, 1, "fair"), (0.49, 1, "poor"),
        (1.17, 1, "good"), (1.18, 1, "fair"), (1.99, 1, "fair"), (2.01, 1, "poor"),
        (1, 1.25, "good"), (1, 1.3, "fair"), (1, 2, "fair"), (1, 2.1, "poor"), (0.6, 0.1, "fair"),
    ],
)  # fmt: skip
def test_diversity_is_spread_and_coverage(spread, missed, grade):
    found, said = graded("diversity", spread=spread, missed=missed)
    assert found == grade and "4 scores" in said
    if missed > 1.25:
        assert f"missed {missed:.2f} (good to 1.25, fair to 2.00)" in said
    elif spread not in (1, 0.86, 1.17):
        assert f"spread {spread:.2f} (good from 0.85 to 1.17, fair from 0.50 to 1.99)" in said
    assert ("collapsed" in said) == (spread < 0.5)


@pytest.mark.parametrize("column", ["precision", "recall"])
def test_wrong_and_missing_kinds_are_graded_beside_those_of_held_out_data(column):
    good, fair = limits.LIMITS["diversity"][column]
    for value, grade in (
        (1 - good + 0.01, "good"),
        (1 - good - 0.01, "fair"),
        (0.99 - fair, "poor"),
    ):
        found, said = graded("diversity", **{column: value})
        shown = f"{column} {value:.2f} (good from 0.80, fair from 0.50)"
        assert found == grade and (shown in said or grade == "good")
    assert graded("diversity", held_out={column: 0.55}, **{column: 0.55})[0] == "good"


@pytest.mark.parametrize(
    ("p", "parts", "visible", "copies", "grade", "words"),
    [
        (0.3, 20, 0.1, 0, "good", "10% of planted"), (0.3, 20, 0.5, 0, "fair", "50% of planted"),
        (0.3, 20, 1.0, 0, "cannot be told", "not even 50%"),
        (0.3, 20, math.inf, 0, "cannot be told", "not even 50%"),
        (0.01, 20, 0.1, 0, "poor", "p-value 0.010"), (0.01, 20, math.inf, 0, "poor", "0.010"),
        (0.3, 5, 0.1, 0, "cannot be told", "5 held-out runs, 6 are needed"),
        (0.01, 5, 0.1, 0, "cannot be told", "5 held-out runs, 6 are needed"),
        (0.3, 5, 0.1, 0.002, "poor", "0.2% are copies"),
    ],
)  # fmt: skip
def test_privacy_convicts_by_copies_or_a_p_value(p, parts, visible, copies, grade, words):
    found = Privacy(0.1, 0.1, 0.6, (0.4, 0.8), 0.9, 0.9, 0.61, (0.5, 0.7), copies)
    found = replace(found, p_value=p, parts=parts, visible=visible, tpr=0.07, fpr=0.05)
    found = replace(found, innocent_range=(0.42, 0.58))
    got, said = graded("privacy", privacy=found)
    assert got == grade and words in said and "0.42 to 0.58" in said and "0.61" in said


def test_copies_that_held_out_data_have_too_are_no_leak():
    found = Privacy(0.1, 0.1, 0.6, (0.4, 0.8), 0.9, 0.9, 0.5, (0.4, 0.6), 0.05, 0.5, parts=20)
    found = replace(found, visible=0.1)
    for usual, grade in ((0.03, "good"), (0.02, "poor"), (0.0, "poor")):
        assert graded("privacy", privacy=found, held_out={"copies": usual})[0] == grade


@pytest.mark.parametrize(("tstr", "grade"), [(0.109, "good"), (0.149, "fair"), (0.151, "poor")])
def test_the_use_for_training_goes_by_forecasts(tstr, grade):
    rows = {"TRTR": 0.1, "TSTR": tstr, "mixture": 0.1, "TRTS": 0.1, "persistence": 0.2}
    table = pd.DataFrame({"MAE": rows})
    found, said = graded("training", forecasts=Forecasts(table, table))
    assert found == grade and f"{tstr:.4f}" in said and "0.2000" in said


def test_the_use_for_training_says_how_sure_its_ratio_is():
    rows = {"TRTR": 0.1, "TSTR": 0.12, "mixture": 0.1, "TRTS": 0.1, "persistence": 0.2}
    table = pd.DataFrame({"MAE": rows})
    said = graded("training", forecasts=Forecasts(table, table, interval=(1.13, 1.29)))[1]
    assert (
        "1.20 times as much, between 1.13 and 1.29 by the held-out stretches (good to 1.1" in said
    )
    said = graded("training", forecasts=Forecasts(table, table))[1]
    assert "1.20 times as much (good to 1.1" in said and "between" not in said


def test_what_does_not_beat_the_present_value_is_not_good_for_training():
    rows = {"TRTR": 0.1, "TSTR": 0.105, "mixture": 0.1, "TRTS": 0.1, "persistence": 0.103}
    for persistence, expected in ((0.103, "fair"), (0.106, "good"), (0.099, "good")):
        table = pd.DataFrame({"MAE": rows | {"persistence": persistence}})
        found, said = graded("training", forecasts=Forecasts(table, table))
        assert found == expected and ("no use" in said) == (expected == "fair")


def test_uses_follow_from_the_grades():
    def answers(outside=0.0, **columns):
        forecasts = pd.DataFrame({"MAE": {"TRTR": 1.0, "TSTR": 1.0, "persistence": 2.0}})
        safe = Privacy(0.1, 0.1, 0.5, (0.5, 0.5), 1, 1, 0.5, (0.45, 0.55), 0, 0.5, parts=20)
        safe = replace(safe, visible=0.1)
        found = verdicts(score_table(**columns), Forecasts(forecasts, forecasts), 0.01, safe)
        return uses(found, outside)

    good = answers()
    assert list(good["answer"]) == ["yes", "yes", "yes", "with care", "no"]
    assert good.iloc[0]["because"] == "all it depends on is good"
    assert list(answers(values=0.2)["answer"]) == [
        "with care",
        "with care",
        "yes",
        "with care",
        "no",
    ]
    assert list(answers(memory=0.2)["answer"]) == ["yes", "no", "no", "with care", "no"]
    assert "dynamics poor" in answers(memory=0.2).iloc[1]["because"]
    assert list(answers(broken=math.nan)["answer"])[0] == "yes"  # noqa: RUF015
    assert list(answers(**{"told apart": math.nan})["answer"])[1] == "unknown"
    untold = answers(**{"told apart": math.nan}).iloc[1]["because"]
    assert untold == "judge cannot be told"
    statics = answers(statics=0.2, dependence=0.0)
    assert list(statics["answer"]) == ["no", "no", "no", "with care", "no"]
    assert all("statics poor" in text for text in statics["because"][:3])
    extremes = answers(outside=0.03).loc["study extremes"]
    assert extremes["answer"] == "unknown" and "3.0%" in extremes["because"]


# ---- what it refuses ----

FINE = tiny_values(20)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plain(FINE, FINE[..., :1]), "the synthetic data have the features x1,"),
        (lambda: plain(FINE, FINE, FINE[..., :1]), "the held-out data have the features x1,"),
        (lambda: plain(FINE[:1], FINE), "real holds 1"),
        (lambda: plain(FINE, FINE[:1]), "synthetic holds 1"),
        (lambda: plain(FINE, FINE, FINE[:1]), "held-out holds 1"),
        (lambda: plain(FINE, FINE[0]), r"synthetic has shape \(6, 3\)"),
        (lambda: evaluate(FINE, FINE, repeats=-1), "repeats=-1"),
        (lambda: evaluate(FINE, FINE, repeats=2.0), "repeats=2.0"),
        (lambda: plain(FINE, FINE, seed=-1), "seed=-1"),
        (lambda: plain(FINE, FINE, rules=["x1 >"]), "rule 'x1 >' cannot be read.* x1, x2, x3"),
    ],
)
def test_a_call_refuses(call, said):
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


# ---- the command line ----

READ = ["--time", "day", "--length", "4"]
TRAIN = ["--steps", "1", "0", "1", "--set", "hidden=4", "--set", "layers=1", "--quiet"]
TRAIN += ["--set", "batch_size=8"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Two tables with the same columns, a run on all of one and a run on its train part."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        tf.config.run_functions_eagerly(True)
        for seed, name in enumerate(("mine", "other")):
            values = tiny_values(1, 260, 2, seed)[0]
            frame = pd.DataFrame({"day": range(260), "a": values[:, 0], "b": values[:, 1]})
            frame.to_csv(f"{name}.csv", index=False)
        for run, more in (("whole", []), ("part", ["--hold-out"])):
            assert main(["train", "mine.csv", "--out", run, *TRAIN, *READ, *more]) == 0
        assert main(["sample", "part", "--out", "made.csv", "-n", "40"]) == 0
        tf.config.run_functions_eagerly(False)
    return folder


@pytest.fixture
def here(shelf, monkeypatch, eager):
    monkeypatch.chdir(shelf)
    return shelf


@pytest.fixture
def asked(monkeypatch):
    """What the command would have asked of `evaluate`."""
    seen = {}

    def record(real, synthetic, held_out, **options):
        seen.update(options, real=real, synthetic=synthetic, held_out=held_out)
        return "the report"

    monkeypatch.setattr(evaluation, "evaluate", record)
    return seen


def judged(synthetic, *more, real="mine.csv"):
    return main(["evaluate", synthetic, "--real", real, *READ, *more])


def test_hold_out_compares_with_that_part(here, tmp_path, capsys):
    code = judged("part", "--hold-out", "--repeats", "0", "-n", "50", "--out", str(tmp_path),
                  "--rule", "a < 2", "--rule", "a <= b + 1")  # fmt: skip
    said = capsys.readouterr()
    assert code == 0 and not said.err and "report.html" in said.out
    numbers = json.loads((tmp_path / "report.json").read_text())
    train, held_out = SequenceDataset.from_frame(pd.read_csv("mine.csv"), 4, "day").split()
    settings = numbers["settings"]
    assert (settings["real"], settings["held_out"]) == (len(train), len(held_out))
    assert settings["synthetic"] == 50 and settings["rules"] == ["a < 2", "a <= b + 1"]
    assert numbers["privacy"] and numbers["scores"]["held-out"]["memory"] is not None
    for verdict in numbers["verdicts"]:
        assert f"{verdict['grade']:<14} {verdict['question']}" in said.out
    assert "not judged Do they keep the training data" not in said.out


def test_hold_out_must_be_as_in_training(here, asked, capsys):
    refused = {
        ("whole", "--hold-out"): "whole was trained on all of mine.csv: nothing was held out; "
        "leave --hold-out away",
        ("part",): "part was trained with --hold-out; give it here too",
    }
    for (run, *more), words in refused.items():
        assert judged(run, *more) == 2
        said = capsys.readouterr()
        assert said.err.startswith("timegan: ") and said.err.count("\n") == 1 and not said.out
        assert words in said.err and not asked


def test_a_run_on_its_own_data_is_taken_without_a_word(here, asked, capsys):
    for run, more in (("whole", []), ("part", ["--hold-out"])):
        assert judged(run, *more) == 0
        assert not capsys.readouterr().err
        assert (asked["held_out"] is None) == (run == "whole")
        assert len(asked["synthetic"]) == len(asked["real"])


def test_a_table_too_short_to_split_is_warned_about(here, asked, capsys):
    """It has more sequences than the run was trained on, and --hold-out was given nowhere."""
    pd.read_csv("mine.csv").head(60).to_csv("sixty.csv", index=False)
    pd.read_csv("mine.csv").tail(24).to_csv("short.csv", index=False)
    assert main(["train", "short.csv", "--out", "little", *TRAIN, *READ]) == 0
    capsys.readouterr()
    assert judged("little", real="sixty.csv") == 0
    assert "warning: little was not trained on these data" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--hold-out"]])
def test_a_run_on_other_data_is_warned_about(here, asked, capsys, more):
    assert judged("whole", *more, real="other.csv") == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "warning: whole was not trained on these data" in said
    assert asked["real"].names == ("a", "b")


def test_a_table_or_a_model_file_says_nothing_of_its_training(here, asked, capsys):
    for synthetic in ("made.csv", "part/model.timegan"):
        for more in ([], ["--hold-out"]):
            assert judged(synthetic, *more) == 0
            assert not capsys.readouterr().err
    assert len(asked["held_out"]) == 50 or len(asked["held_out"]) > 10


def test_rules_repeats_and_samples_reach_the_report(here, asked, monkeypatch):
    assert judged("whole") == 0
    assert (asked["rules"], asked["repeats"]) == ((), 3)
    assert judged("whole", "--rule", "a > 0", "--repeats", "7", "-n", "11", "--seed", "4") == 0
    assert (asked["rules"], asked["repeats"], len(asked["synthetic"])) == (["a > 0"], 7, 11)
    first = asked["synthetic"].values
    assert judged("whole", "-n", "11", "--seed", "5") == 0
    assert np.any(asked["synthetic"].values != first)
    made = load_dataset("google", stride=24).to_frame()
    made.to_csv("prices.csv", index=False)
    command = ["evaluate", "prices.csv", "--real", "google", "--stride", "24"]
    assert main(command) == 0 and asked["rules"] == RULES["google"]
    assert main([*command, "--rule", "High > 0"]) == 0 and asked["rules"] == ["High > 0"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--rule", "a >", "--repeats", "0"], ["rule 'a >' cannot be read", "columns a, b"]),
        (["--rule", "c > 0", "--repeats", "0"], ["rule 'c > 0'", "'c' is not defined", "a, b"]),
        (["--rule", "a + b", "--repeats", "0"], ["rule 'a + b' is not a comparison"]),
        (["--repeats", "-1"], ["repeats=-1", "at least 0"]),
        (["--repeats", "0.5"], ["--repeats", "0.5"]),
    ],
)
def test_the_command_refuses_in_one_line(here, tmp_path, capsys, more, words):
    assert judged("made.csv", "--out", str(tmp_path / "new"), *more) == 2
    said = capsys.readouterr()
    assert said.err.startswith("timegan: ") and said.err.count("\n") == 1 and not said.out
    assert all(word in said.err for word in words) and "Traceback" not in said.err
    assert not (tmp_path / "new").exists()


# ---- what must not be claimed ----


@pytest.mark.parametrize(("shape", "name"), [((40, 1, 2), "dynamics"), ((40, 6, 1), "together")])
def test_what_was_not_compared_is_not_judged(shape, name):
    a, b = np.random.default_rng(0).uniform(size=(2, *shape))
    found = evaluate(a, b, repeats=0, progress=False)
    assert {v.name: v.grade for v in found.verdicts}[name] == "not judged"


def test_more_sequences_do_not_cover_better():
    """60 and 480 sequences of the true source, against 120 held-out ones."""
    real, other = (ar_gaussian(n=n, length=6, features=2, seed=k) for k, n in ((0, 480), (1, 120)))
    for n in (60, 480):
        made = ar_gaussian(n=n, length=6, features=2, seed=2)
        found = evaluate(real, made, other, repeats=0, progress=False)
        assert found.scores.loc["synthetic", "missed"] == pytest.approx(1, abs=0.08)


def test_one_rule_may_be_given_as_a_text():
    data = np.random.default_rng(0).uniform(-1, 1, (20, 4, 2))
    one = evaluate(data, data, rules="x1 >= 0", repeats=0, progress=False)
    assert one.settings["rules"] == ["x1 >= 0"]
    pd.testing.assert_frame_equal(
        one.rules, evaluate(data, data, rules=["x1 >= 0"], repeats=0, progress=False).rules
    )


@pytest.mark.parametrize("score", [discriminative_score, predictive_score])
def test_a_negative_seed_is_named(score):
    data = np.random.default_rng(0).uniform(size=(20, 4, 2))
    with pytest.raises(InputError, match="seed"):
        score(data, data, seed=-1, progress=False)
