"""A report as a web page that needs no other file, and as a short summary for a notebook.

For a person who has to decide and never read the book: first the answer, then the reasons, then the
numbers, each beside what it is to be read against. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from timegan_lib.evaluation.findings import SCORES, Findings
from timegan_lib.evaluation.layout import amount, document, number, number_table, text_table
from timegan_lib.evaluation.own_units import Sets, describe, errors, shares
from timegan_lib.evaluation.pictures import pictures
from timegan_lib.evaluation.scores.fidelity import marginals
from timegan_lib.evaluation.wording import depends, explained, lead, opening, why

TITLE = "Can these synthetic data be used?"
NAMES = {"held-out": "real held-out", "synthetic": "synthetic", "noise": "noise",
         "bootstrap": "bootstrap", "copycat": "copycat"}  # fmt: skip
GROUPS = {
    "Single values": ["values"],
    "From step to step": ["changes", "memory", "memory of changes", "movement", "memory of sizes",
                          "order in time", "rare changes"],
    "Features together": ["together", "together in changes"],
    "Can a judge tell them from real data?": [
        "mmd", "classifier", "told apart", "by chance", "p-value", "discriminative", "discriminative sd",
        "guessing", "accuracy", "accuracy low", "accuracy high", "judge AUC"],
    "Of use for forecasts?": ["predictive", "predictive sd", "forecast", "forecast sd"],
    "Variety": ["onnd", "innd", "spread", "precision", "recall", "missed"],
    "Privacy": ["nearer train", "membership", "copies"],
    "Static features": ["statics", "worst static", "dependence"],
    "Rules": ["broken"],
}  # fmt: skip


def summary(report: Findings) -> str:
    """The answer in a sentence, the uses and the questions, as HTML for a notebook."""
    return f"<p><b>{escape(lead(report))}</b></p>{_uses(report)}{_questions(report)}"


def page(report: Findings, written: dict[str, Any]) -> str:
    """The whole report, with figures, as one HTML document. written: what was judged, date, versions."""
    sections = [
        _opening(report, written),
        f"<h2>What may they be used for?</h2>{_uses(report)}",
        "<h2>The questions behind it</h2><p><b>good</b>: as near to the real data as can be asked. <b>fair</b>: "
        "near, with a fault to bear in mind. <b>poor</b>: too far. <b>cannot be told</b>: the data are too few "
        "for an answer, which is no pass. <b>not judged</b>: nothing was there to judge it by, which is no pass "
        f"either.</p>{_questions(report)}",
        *_figures(report),
        _scores(report),
        _again(report),
        _forecasts(report),
        _own_units(report, static=False),
        _apart(report),
        _own_units(report, static=True),
        _rules(report),
        _end(report),
    ]
    return document(TITLE, explained([section for section in sections if section]))


def _opening(report: Findings, written: dict[str, Any]) -> str:
    s = report.settings
    lines = "".join(
        f"<li><b>{escape(label)}:</b> {escape(text)}</li>" for label, text in opening(report)
    )
    judged = f"Judged: {written['judged']}. " if written["judged"] else ""
    versions = ", ".join(f"{name} {number}" for name, number in written["versions"].items())
    about = (
        f"{judged}A sequence has up to {s['steps']} steps of {len(s['features'])} "
        f"feature{'s' * (len(s['features']) != 1)}. Written {written['date']} with {versions}."
    )
    alone = (
        ""
        if s["held_out"]
        else "<p>No held-out data were given, so nothing here says whether the generator copies what it "
        "learned from, and no score of other real data stands beside those of the synthetic ones.</p>"
    )
    return (
        f"<h1>{TITLE}</h1><p class=lead>{escape(lead(report))}</p><ul class=opening>{lines}</ul>{alone}"
        f"<p class=note>{escape(about)}</p>"
    )


def _uses(report: Findings) -> str:
    rows = [
        (row["answer"], str(use), depends(report, str(use)), why(report, str(use)))
        for use, row in report.uses.iterrows()
    ]
    return text_table(("", "can they be used to", "it depends on", "because"), rows)


def _questions(report: Findings) -> str:
    rows = [(v.grade, v.question, v.because) for v in report.verdicts]
    return text_table(("", "question", "because"), rows)


def _figures(report: Findings) -> list[str]:
    first, *rest = pictures(report)
    return [f"<h2>Figures</h2><p>Real data are blue, synthetic data orange.</p>{first}", *rest]


def _scores(report: Findings) -> str:
    """Every score with its explanation, beside those of the companions."""
    table = report.scores.dropna(axis="columns", how="all")
    groups = {name: [c for c in columns if c in table] for name, columns in GROUPS.items()}
    rest = [c for c in map(str, table) if not any(c in columns for columns in GROUPS.values())]
    groups = {name: columns for name, columns in (groups | {"Others": rest}).items() if columns}
    chance = _guessing(report)
    shown = [name for name in NAMES if name in table.index]
    shown = ["synthetic", *(name for name in shown if name != "synthetic")]
    rows: list[tuple[str, str, list[str]]] = []
    titles = {}
    for title, columns in groups.items():
        titles[len(rows)] = title
        for column in columns:
            about, _, best = SCORES[column].removesuffix(")").rpartition(" (")
            cells = [number(value) for value in table.loc[shown, column].to_numpy()]
            rows.append((column, about, [cells[0], best, chance.get(column, ""), *cells[1:]]))
    header = (
        "score",
        "synthetic",
        "at best",
        "without skill",
        *(NAMES[name] for name in shown[1:]),
    )
    return (
        "<h2>All scores, each beside what to read it against</h2>"
        "<p>Everything in a row is computed in the same way. <b>at best</b>: what a perfect generator gets. "
        "<b>without skill</b>: what a judge that guesses, chance, or the best forecast that learns nothing gets. "
        "<b>real held-out</b>: real data that the generator has not seen; nothing can be asked to do "
        "better. <b>noise</b>: the right values in no order. <b>bootstrap</b>: real pieces joined at random. "
        "<b>copycat</b>: training data handed out as if they were made, so its "
        "forecasts are those of real data. Near the noise is bad in "
        "every row, near the copycat is bad in those on privacy. Compared with the training data:</p>"
        + number_table(header, rows, groups=titles)
    )


def _guessing(report: Findings) -> dict[str, str]:
    """What can be had without skill, where there is such a number."""
    row = dict(report.scores.loc["synthetic"])
    found: dict[str, float] = {
        "told apart": row["by chance"],
        "discriminative": row["guessing"],
    }
    found |= dict.fromkeys(
        ("classifier", "accuracy", "judge AUC", "membership", "nearer train"), 0.5
    )
    if report.trivial:
        found["predictive"] = min(report.trivial.values())
    if report.forecasts is not None:
        found["forecast"] = dict(report.forecasts.table["MAE"])["persistence"]
    return {name: number(value) for name, value in found.items()}


def _again(report: Findings) -> str:
    if report.against_held_out is None:
        return ""
    table = report.against_held_out.T.dropna(how="all")
    return (
        "<h2>The same, compared with the held-out data</h2><p>Where the copycat is far better above than "
        "here, so would be a generator that copies.</p>"
        + number_table(("score", *map(str, table)), _plain_rows(table, number))
    )


def _plain_rows(table: pd.DataFrame, write: Any) -> list[tuple[str, str, list[str]]]:
    """Rows of `number_table` from a table; a row label of two parts becomes a name and a first cell."""
    rows = []
    for label, values in zip(table.index, table.to_numpy(), strict=True):
        name, *more = map(str, label) if isinstance(label, tuple) else (str(label),)
        rows.append((name, "", [*more, *map(write, values)]))
    return rows


def _forecasts(report: Findings) -> str:
    if report.forecasts is None:
        return ""
    table = report.forecasts.table
    own = errors(report.forecasts.by_feature, report.real)
    return (
        "<h2>Forecasts, one step ahead</h2><p>A network learns from one set and forecasts another. "
        "<b>TSTR</b>: learned from synthetic, asked about real held-out data; to be read against <b>TRTR</b>, "
        "learned from real, asked about the same, and against <b>persistence</b> and <b>median</b>, which "
        "learn nothing. <b>mixture</b>: learned from both. <b>TRTS</b>: learned from real, asked about "
        "synthetic. MAE is the mean absolute error, as a share of the range of the real data:</p>"
        + number_table(("learned from, asked about", *map(str, table)), _plain_rows(table, number))
        + "<p>The mean absolute error of each feature, in its own unit (0 to 1 for a category):</p>"
        + number_table(("feature", *map(str, own.index)), _plain_rows(own.T, amount))
    )


def _sets(report: Findings) -> Sets:
    aside = {} if report.held_out is None else {"real held-out": report.held_out}
    return {"synthetic": report.synthetic, "real": report.real} | aside


def _own_units(report: Findings, static: bool) -> str:
    """Features, or static features and length, as the data have them."""
    if static and report.statics is None:
        return ""
    sets = _sets(report)
    numbers, parts = describe(sets, static), shares(sets, static)
    of = "sequences" if static else "steps"
    text = f"<h2>{'Static features and length' if static else 'Feature by feature'}, in their own units</h2>"
    if len(numbers):
        header = ("feature", "data", *map(str, numbers))
        text += f"<p>Compare the lines of a feature ({', '.join(sets)}). sd is its standard deviation; 25 % of "
        text += "its values lie below the column 25 %.</p>" + number_table(
            header, _plain_rows(numbers, amount)
        )
    if len(parts):
        text += f"<p>Categories, and what is true or false: the share of {of}.</p>"
        text += number_table(("value", *parts), _plain_rows(parts, "{:.1%}".format))
    return text


def _apart(report: Findings) -> str:
    """How far off each feature is, beside real held-out data."""
    sides = {"synthetic": report.features}
    if report.held_out is not None:
        sides["real held-out"] = marginals(report.real, report.held_out)
    names = {
        "distance": "shift", "histogram": "elsewhere", "below": "too low", "above": "too high", "outside": "outside",
    }  # fmt: skip
    header = ("feature", *(f"{name}, {side}" for name in names.values() for side in sides))
    rows = [
        (str(feature), "", [f"{table.loc[feature, column]:.1%}" for column in names for table in sides.values()])
        for feature in report.features.index
    ]  # fmt: skip
    return (
        "<h3>How far off each feature is</h3><p><b>shift</b>: how far values lie off on average, as a share of "
        "the real range. <b>elsewhere</b>: the share that would have to stand in another of 50 bins of the "
        "histogram. <b>too low</b>, <b>too high</b>: the share that is lower than all but 1 % of the real values, or "
        "higher; 1 % is right. <b>outside</b>: the share beyond all real values.</p>"
        + number_table(header, rows)
    )


def _rules(report: Findings) -> str:
    if not report.settings["rules"]:
        return ""
    header = (
        "rule",
        *(" ".join(map(str, label)) for label in report.rules.columns.to_flat_index()),
    )
    return (
        "<h2>Rules: the share that breaks them</h2><p>Of steps and of sequences; read the synthetic data against "
        "the real ones.</p>" + number_table(header, _plain_rows(report.rules, "{:.1%}".format))
    )


def _end(report: Findings) -> str:
    s = report.settings
    times = "once" if s["repeats"] == 1 else f"{s['repeats']} times"
    seeds = (
        f"Networks were trained {times} a score; " if s["repeats"] else "No network was trained; "
    )
    return (
        f"<p class=note>{seeds}seed {s['seed']}. Another seed, of the samples too, gives other numbers. "
        "Distances are in units of the real range unless said.</p>"
    )
