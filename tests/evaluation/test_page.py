"""The page a report is written on: what it says first, in which words, in which units, and what it escapes."""

import re
from dataclasses import replace
from html import escape, unescape

import numpy as np
import pandas as pd
import pytest

from timegan_lib import SequenceDataset
from timegan_lib.evaluation import evaluate
from timegan_lib.evaluation.findings import SCORES
from timegan_lib.evaluation.layout import STYLE, amount, badge, number, number_table, text_table
from timegan_lib.evaluation.own_units import describe, errors, shares
from timegan_lib.evaluation.page import GROUPS, _forecasts, page, summary
from timegan_lib.evaluation.scores.forecasting import Forecasts
from timegan_lib.evaluation.verdicts import USES, Verdict, uses
from timegan_lib.evaluation.wording import (
    ALONE,
    EXTREMES,
    PRIVATE,
    TERMS,
    TOPICS,
    depends,
    explained,
    lead,
    opening,
    why,
)

WRITTEN = {"judged": "mine.csv", "date": "2026-01-02 03:04", "versions": {"numpy": "2"}}
UNTOLD = "cannot be told"


def wards(n, seed):
    """n patients of six visits: pressure around 120, one of two wards, an age, sick or not."""
    rng = np.random.default_rng(seed)
    visits = 6
    frame = pd.DataFrame({
        "patient": np.repeat(np.arange(n), visits),
        "visit": np.tile(np.arange(visits), n),
        "pressure": np.rint(rng.normal(120, 10, n * visits)),
        "ward": rng.choice(["A", "B"], n * visits, p=[0.3, 0.7]),
        "age": np.repeat(rng.integers(30, 90, n), visits),
        "sick": np.repeat(rng.random(n) < 0.4, visits),
    })  # fmt: skip
    return SequenceDataset.from_frame(frame, time="visit", group="patient", static=["age", "sick"])


@pytest.fixture(scope="module")
def found():
    real, held_out = wards(60, 0).split(blocks=12)
    made = wards(40, 1)
    middle = 120 + (made.values[..., :1] - 120) / 2  # half the pressure's spread, so half its steps
    made = replace(made, values=np.concatenate([middle, made.values[..., 1:]], axis=2))
    return evaluate(real, made, held_out, ["pressure > 0"], repeats=0, progress=False)


@pytest.fixture(scope="module")
def html(found):
    """The page as it is saved, figures and all."""
    return page(found, WRITTEN)


@pytest.fixture
def undrawn(monkeypatch):
    """Pages without their figures, which take seconds."""
    monkeypatch.setattr("timegan_lib.evaluation.page.pictures", lambda report: ["<p>a figure</p>"])


def graded(found, outside=0.0, **grades):
    """The same findings with these grades; all others are good."""
    verdicts = [
        Verdict(name, f"Is {name} right?", grades.get(name, "good"), f"{name} 0.12")
        for name in TOPICS
    ]
    return replace(found, verdicts=verdicts, uses=answered(verdicts, outside))


def answered(verdicts, outside):
    """`uses`, whether or not it knows the grade that says that nothing can be told."""
    known = [replace(v, grade="not judged") if v.grade == UNTOLD else v for v in verdicts]
    return uses(known, outside)


def text_of(html):
    """What a reader sees."""
    without = re.sub(r"<style>.*?</style>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", without)))


# ---- the opening ----


def test_it_opens_with_a_sentence_three_lines_the_uses_and_the_questions(found, undrawn):
    found = graded(found, dynamics="fair", rules="poor")
    html = page(found, WRITTEN)
    said = text_of(html)
    first = (
        "40 synthetic sequences were compared with 45 real ones that they should be like and with 15 real ones "
        "kept aside: they may be used"
    )
    places = [said.index(part) for part in (
        "Can these synthetic data be used?", first, "You may:", "Do not:", "Not known:", "Judged: mine.csv",
        "What may they be used for?", "The questions behind it", "Figures", "All scores",
    )]  # fmt: skip
    assert places == sorted(places)
    head = r"<h1>[^<]*</h1><p class=lead>[^<]*\.</p><ul class=opening>(<li>.*?</li>){3}</ul>"
    assert re.search(head, html)
    for word in ("AUC", "p-value", "discriminative", "correlation", "score", "MMD", "0."):
        assert word not in said[: places[5]], word


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ({}, "they may be used to demonstrate or test software, to study how the series behaves and to train or "
             "enlarge the training data of a model and, with care, to stand in for data that must stay private, "
             "and for nothing else."),
        ({"dynamics": "poor", "values": "fair", "privacy": "poor"},
         "they may be used, with care, to demonstrate or test software, and for nothing else."),
        ({"values": "poor", "dynamics": "poor", "privacy": "poor"}, ": do not use them."),
        ({"values": "poor", "dynamics": "poor", "privacy": UNTOLD}, ": nothing shows that they are fit for use."),
        ({"values": "poor", "dynamics": "poor"},
         ": do not use them, though nothing shows that they give the real ones away."),
    ],
)  # fmt: skip
def test_the_first_sentence_says_what_they_may_be_used_for(found, grades, expected):
    found = graded(found, **grades)
    assert lead(found).endswith(expected) and lead(found).count(".") == 1
    assert lead(found) in unescape(summary(found))


def test_every_use_stands_in_one_of_the_three_lines_with_its_reason(found):
    found = graded(found, values="fair", dynamics="poor", privacy="not judged")
    lines = dict(opening(found))
    assert list(lines) == ["You may", "Do not", "Not known"]
    for use, row in found.uses.iterrows():
        labels = {"yes": "You may", "with care": "You may", "no": "Do not"}
        label = labels.get(row["answer"], "Not known")
        assert [line for line, text in lines.items() if use in text] == [label], use
    assert "demonstrate or test software (with care; only fair: single values)" in lines["You may"]
    assert "study how the series behaves (poor: movement from step to step)" in lines["Do not"]
    assert "(not judged: privacy of the training data)" in lines["Not known"]


def test_privacy_alone_is_no_use(found):
    """Data that are private and good for nothing else stand in for nothing."""
    found = graded(found, values="poor", dynamics="poor")
    assert found.uses.loc[PRIVATE, "answer"] == "with care"
    assert dict(opening(found))["You may"] == f"nothing: {ALONE}."
    assert why(found, PRIVATE).endswith(ALONE)
    assert ALONE not in why(graded(found, values="poor"), PRIVATE)


# ---- no praise in a no ----


@pytest.mark.parametrize("name", [name for name in TOPICS if name != "statics"])
def test_a_no_and_what_nobody_knows_never_read_like_praise(found, name):
    for grade in ("poor", "not judged", UNTOLD):
        judged = graded(found, **{name: grade})
        for use, row in judged.uses.iterrows():
            if row["answer"] in ("yes", "with care"):
                continue
            reason = why(judged, use)
            assert "good" not in reason and "yes" not in reason
            if use == EXTREMES:
                assert reason.endswith("so nothing can be learned from them about extremes")
            else:
                assert reason.startswith(f"{grade}: {TOPICS[name]}")
                assert depends(judged, use).startswith(f"{TOPICS[name]}: {grade}")
    assert EXTREMES in dict(opening(graded(found)))["Do not"]


def test_what_a_use_depends_on_stands_beside_it_the_worst_first(found):
    found = graded(found, together="poor", judge="fair", values=UNTOLD)
    for use, names in USES.items():
        told = depends(found, use).split("; ")
        assert sorted(told) == sorted(
            f"{TOPICS[n]}: {v.grade}" for n in names for v in found.verdicts if v.name == n
        )
    assert [part.split(": ")[1] for part in depends(found, "study how the series behaves").split("; ")] == [
        "poor", UNTOLD, "fair", "good", "good",
    ]  # fmt: skip


def test_a_grade_is_a_word_and_no_pass_is_green():
    colors = {}
    for grade in ("good", "yes", "fair", "with care", "poor", "no", "not judged", UNTOLD, "unknown"):  # fmt: skip
        colors[grade] = re.search(r"background:(#\w+)", badge(grade))[1]
        assert text_of(badge(grade)).strip() == grade
    assert colors["good"] == colors["yes"] and colors["poor"] == colors["no"]
    assert len({colors[g] for g in ("good", "fair", "poor", UNTOLD)}) == 4
    assert colors[UNTOLD] == colors["unknown"] == colors["not judged"]


def test_that_nothing_can_be_told_is_said_to_be_no_pass(found, undrawn):
    said = text_of(page(graded(found, privacy=UNTOLD), WRITTEN))
    assert "cannot be told : the data are too few for an answer, which is no pass" in said
    assert "nothing was there to judge it by, which is no pass either" in said


# ---- words ----


def test_every_score_is_explained_and_has_a_place_and_a_yardstick():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(SCORES)
    for name, text in SCORES.items():
        assert re.fullmatch(r".{10,} \([^()]+\)", text), f"{name}: what is the best value?"


@pytest.mark.parametrize("pattern", TERMS)
def test_a_word_of_the_trade_is_explained_once_where_it_first_stands(pattern, html):
    name, explanation = TERMS[pattern]
    before = re.sub(r'<dl class="words">.*?</dl>', " ", html)
    used = re.search(pattern, text_of(before))
    said, seen = f"{name} : {explanation}.", text_of(html)
    assert seen.count(said) == 1 or not used
    if used:  # in the same section, so before the next heading or figure
        rest = html[re.search(pattern, html).start() :]
        section = re.split(r"</dl>", rest)[0]
        assert explanation in unescape(section) or used is None


def test_words_come_after_the_section_that_has_them_first_and_bring_their_own():
    first, second = explained(["<p>no word</p>", '<p title="AUC">an autocorrelation</p>'])
    assert first == "<p>no word</p>"
    assert second.count("<dt>") == 2 and "memory, autocorrelation" in second
    assert "<dt>correlation</dt>" in second and "<dt>AUC</dt>" not in second
    again = explained(["<p>AUC of 0.7</p>", "<p>AUC of 0.8</p>"])
    assert "<dt>AUC</dt>" in again[0] and again[1] == "<p>AUC of 0.8</p>"


# ---- yardsticks and units ----


def test_beside_every_score_stand_held_out_data_chance_and_noise(found, html):
    table = html[html.index("All scores") : html.index("The same, compared")]
    (row,) = re.findall(r'<tr><th scope="row">told apart<.*?</tr>', table)
    cells = dict(re.findall(r'<td[^>]*data-label="([^"]*)">([^<]*)</td>', row))
    scores = found.scores["told apart"]
    assert cells == {
        "synthetic": number(scores["synthetic"]), "at best": "0.5",
        "without skill": number(found.scores.loc["synthetic", "by chance"]),
        "real held-out": number(scores["held-out"]), "noise": number(scores["noise"]),
        "bootstrap": number(scores["bootstrap"]), "copycat": number(scores["copycat"]),
    }  # fmt: skip


def test_features_and_statics_are_in_their_own_units(found, html):
    sets = {"synthetic": found.synthetic, "real": found.real}
    for static in (False, True):
        table = describe(sets, static)
        for (name, which), row in table.iterrows():
            frame = sets[which].to_frame()
            if static:
                frame = frame.groupby(frame.columns[0]).first()
            values = frame[name] if name in frame else pd.Series(sets[which].lengths)
            assert row["mean"] == pytest.approx(values.mean())
            assert row["sd"] == pytest.approx(values.std(ddof=0))
            assert row["25 %"] == pytest.approx(values.quantile(0.25))
            assert row["99 %"] == pytest.approx(values.quantile(0.99))
    assert list(describe(sets).index.levels[0]) == ["pressure"]
    assert set(describe(sets, True).index.levels[0]) == {"age", "length (steps)"}
    frame = found.real.to_frame()
    steps = frame.groupby(frame.columns[0])["pressure"].diff().abs().mean()
    assert describe(sets).loc[("pressure", "real"), "mean change"] == pytest.approx(steps)
    text = text_of(html)
    mean = amount(describe(sets).loc[("pressure", "synthetic"), "mean"])
    assert f"pressure synthetic {mean}" in text and "110" < mean < "130"


def test_steps_past_the_end_of_a_sequence_do_not_count():
    """Changes of 2, 4 and 6; the fall from 12 to the padding is none."""
    data = SequenceDataset.from_arrays([[[10.0], [12.0]], [[0.0], [4.0], [10.0]]])
    row = describe({"real": data}).loc[("x1", "real")]
    assert row["mean change"] == 4 and row["mean"] == 36 / 5 and row["median"] == 10
    assert describe({"real": data}, static=True).loc[("length (steps)", "real"), "mean"] == 2.5


def test_categories_and_flags_are_shares_in_percent(found, html):
    sets = {"synthetic": found.synthetic, "real": found.real}
    frame = found.real.to_frame()
    assert list(shares(sets).index) == ["ward=A", "ward=B"]
    assert shares(sets).loc["ward=B", "real"] == pytest.approx((frame["ward"] == "B").mean())
    sick = frame.groupby(frame.columns[0])["sick"].first().mean()
    assert shares(sets, True).loc["sick", "real"] == pytest.approx(sick)
    made = shares(sets, True).loc["sick", "synthetic"]
    assert f"sick {made:.1%} {sick:.1%}" in text_of(html)


def test_errors_have_a_row_for_each_feature_so_that_many_fit_on_paper(found):
    ways = ["TRTR", "TSTR", "mixture", "TRTS", "persistence", "median"]
    table = pd.DataFrame(0.1, index=ways, columns=["MAE", "MAE sd", "R2", "R2 sd"])
    by_feature = pd.DataFrame(0.1, index=ways, columns=list(found.real.names))
    page = _forecasts(replace(found, forecasts=Forecasts(table, by_feature)))
    body = page.split("of each feature")[1]
    assert re.findall('<th scope="row">(.*?)<', body) == list(found.real.names)
    assert re.findall("<th>(.*?)<", body) == ways


def test_errors_are_turned_into_the_units_of_the_features(found):
    scaled = pd.DataFrame(0.1, index=["TSTR"], columns=list(found.real.names))
    values = found.real.values[found.real.mask][:, 0]
    assert errors(scaled, found.real).loc["TSTR", "pressure"] == pytest.approx(np.ptp(values) / 10)
    assert errors(scaled, found.real).loc["TSTR", "ward=A"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (number, 0.1234, "0.123"), (number, 0.00123, "0.0012"), (number, 1e-15, "0.000"),
        (number, -1e-15, "0.000"), (number, np.nan, "–"), (number, 12345.6, "12,346"),
        (amount, 1234567.0, "1,235,000"), (amount, 556.84, "556.8"), (amount, 0.0, "0"),
        (amount, 2e-6, "2.0e-06"), (amount, np.nan, "–"), (amount, -3.5, "-3.5"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_people(write, value, expected):
    assert write(value) == expected


# ---- figures ----


def test_each_figure_says_what_to_look_for_and_what_it_shows_here(found, html):
    captions = re.findall(r"<figure><figcaption>(.*?)</figcaption><img alt=\"([^\"]+)\"", html)
    assert len(captions) == 4
    for caption, alt in captions:
        assert "Look whether" in caption and re.search(r"\d", caption.split("Look whether")[1])
        assert alt
    name = re.search(r"Here (\S+) changes from", captions[0][0])[1]
    for side in (found.real, found.synthetic):
        changes = np.diff(side.values[..., side.names.index(name)], axis=1)
        assert f"by {amount(np.abs(changes).mean())} " in captions[0][0]
    share = found.features["histogram"].max()
    assert f"Here {share:.0%} of the synthetic values" in captions[1][0]


# ---- what must not break it ----

HOSTILE = '$\\bad$<img src=x onerror="alert(1)">&<script>'


def test_what_comes_from_outside_is_escaped():
    """Names of features, of categories, of what was judged, versions, rules and verdicts."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(2):
        frame = pd.DataFrame({
            "who": np.repeat(np.arange(12), 5),
            HOSTILE: rng.uniform(size=60),
            "kind": rng.choice([HOSTILE + "a", "b"], 60),
            "still": np.repeat(rng.choice([HOSTILE + "c", "d"], 12), 5),
        })  # fmt: skip
        made.append(SequenceDataset.from_frame(frame, group="who", static=["still"]))
    found = evaluate(*made, rules=f"`{HOSTILE}` < 2", repeats=0, progress=False, judged=HOSTILE)
    found = replace(found, verdicts=[replace(v, because=HOSTILE) for v in found.verdicts])
    html = page(found, WRITTEN | {"judged": HOSTILE, "versions": {HOSTILE: HOSTILE}})
    for text in (html, summary(found)):
        assert "<script" not in text and 'onerror="' not in text and "<img src=x" not in text
    assert html.count("&lt;script&gt;") > 10
    assert f"Judged: {HOSTILE}" in text_of(html)


def test_a_table_escapes_its_head_its_labels_and_every_cell():
    numbers = number_table((HOSTILE,) * 2, [(HOSTILE, HOSTILE, [HOSTILE])], groups={0: HOSTILE})
    for table, places in ((numbers, 7), (text_table((HOSTILE,) * 2, [(HOSTILE, HOSTILE)]), 5)):
        assert table.count(escape(HOSTILE)) == places and "<img" not in table
        assert 'onerror="' not in table


def test_a_table_has_a_label_in_every_cell_for_a_phone_and_can_be_printed(html):
    cells = re.findall(r"<td[^>]*>", html)
    assert all("data-label=" in cell for cell in cells if cell != '<td class="text">')
    badges = re.findall(r'<td class="text"><span class="grade"', html)
    assert len(badges) == cells.count('<td class="text">')
    for part in ("prefers-color-scheme: dark", "max-width: 45rem", "@media print"):
        assert part in STYLE and part in html
    own = number_table(("a", "real", "synthetic"), [("x", "", ["1", "2"])])
    assert '<td class="own" data-label="synthetic">2</td>' in own


def test_a_column_that_has_no_place_yet_is_shown_all_the_same(found, undrawn, monkeypatch):
    monkeypatch.setitem(SCORES, "brand new", "how new they are (0)")
    found = replace(found, scores=found.scores.assign(**{"brand new": 0.5}))
    said = text_of(page(found, WRITTEN))
    assert "Others brand new how new they are 0.500 0" in said
