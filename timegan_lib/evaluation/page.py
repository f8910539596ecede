"""A report as a web page that needs no other file, and as a short summary for a notebook.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from timegan_lib import plots
from timegan_lib.evaluation.findings import SCORES, Findings
from timegan_lib.evaluation.scores.fidelity import LAGS, autocorrelation
from timegan_lib.evaluation.scores.projection import project

FEATURES = 8  # features drawn, the first of them; the tables have all
COLORS = {
    "good": "#00694e", "yes": "#00694e", "fair": "#8a5a00", "with care": "#8a5a00",
    "poor": "#a63d00", "no": "#a63d00",
}  # fmt: skip
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 62rem;
       margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; margin: .5rem 0; } .wide { overflow-x: auto; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td.text, th.text { text-align: left; } td.text { white-space: normal; }
.meaning td:last-child { text-align: left; white-space: normal; min-width: 20rem; }
.grade { color: #fff; border-radius: .3rem; padding: .1rem .5rem; white-space: nowrap; }
img { max-width: 100%; height: auto; } .note { color: #555; }
"""


def summary(report: Findings) -> str:
    """The verdicts and the uses, as HTML."""
    answers = [(v.grade, v.question, v.because) for v in report.verdicts]
    uses = [(row["answer"], str(use), row["because"]) for use, row in report.uses.iterrows()]
    return (
        _graded_table(("", "question", "because"), answers)
        + _graded_table(("", "can they be used to", "because"), uses)
    )  # fmt: skip


def page(report: Findings, written: dict[str, Any]) -> str:
    """The whole report, with figures, as one HTML document. written: what was judged, date, versions."""
    s = report.settings
    held_out = f" and {s['held_out']:,} held-out ones" if s["held_out"] else ""
    sections = [
        "<h1>Can these synthetic data be used?</h1>",
        f"<p>{s['synthetic']:,} synthetic sequences, compared with {s['real']:,} real ones{held_out}; up to "
        f"{s['steps']} steps, {len(s['features'])} features.</p>",
        _written(written),
        summary(report),
        "" if s["held_out"] else "<p class=note>No held-out data were given, so nothing here says whether "
        "the generator copies, and no score of real data stands beside those of the synthetic ones.</p>",
        "<h2>Samples</h2>", *_pictures(report),
        "<h2>All scores, beside those of the companions</h2>",
        "<p>Every score is computed in the same way for: <b>synthetic</b>, the data in question; "
        "<b>held-out</b>, real data that the generator has not seen; <b>copycat</b>, training data handed out "
        "as if they were made (its predictive and forecast scores are real data's own); <b>bootstrap</b>, "
        "real pieces joined at random; <b>noise</b>, the right values in no order. Compared with the "
        "training data:</p>",
        _table(report.scores.T, SCORES),
    ]  # fmt: skip
    if report.trivial:
        trivial = ", ".join(f"{name} {value:.4f}" for name, value in report.trivial.items())
        sections.append(
            f"<p class=note>Predictors that learn nothing, for the predictive score: {trivial}. A judge that "
            f"guesses has the discriminative score {report.floor:.3f}.</p>"
        )
    if report.against_held_out is not None:
        text = "<h2>The same, compared with the held-out data</h2>"
        sections += [text, _table(report.against_held_out.T)]
    if report.forecasts is not None:
        sections += [
            "<h2>Forecasts, one step ahead</h2>",
            "<p>TRTR: train on real, test on real. TSTR: train on synthetic, test on real. mixture: train on "
            "both, test on real. TRTS: train on real, test on synthetic.</p>",
            _table(report.forecasts.table), "<p>Mean absolute error of each feature:</p>",
            _table(report.forecasts.by_feature),
        ]  # fmt: skip
    sections += ["<h2>Feature by feature</h2>", _table(report.features), _table(report.quantiles)]
    if report.statics is not None:
        sections += ["<h2>Static features and length</h2>", _table(report.statics)]
    if s["rules"]:
        shares = report.rules.map("{:.1%}".format)
        sections += ["<h2>Rules: the share that breaks them</h2>", _table(shares)]
    seeds = (
        f"Networks trained {s['repeats']} times a score; seed {s['seed']}." if s["repeats"] else ""
    )
    sections.append(
        f"<p class=note>{seeds} Distances are in units of the real range unless said.</p>"
    )
    body = "\n".join(sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Can these synthetic data be used?</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _written(written: dict[str, Any]) -> str:
    judged = f"Judged: {written['judged']}. " if written["judged"] else ""
    with_ = ", ".join(f"{name} {number}" for name, number in written["versions"].items())
    return f"<p class=note>{escape(judged)}Written {written['date']} with {escape(with_)}.</p>"


def _pictures(report: Findings) -> list[str]:
    real, synthetic = report.real, report.synthetic
    shown = real.names[:FEATURES]
    with plt.rc_context(plots.STYLE):  # type: ignore[arg-type]
        figures = [
            (plots.sample_grid({"real": real, "synthetic": synthetic}, features=shown),
             "Random sequences, real (left) and synthetic (right), one row a feature"),
            (plots.marginals_plot(real, synthetic), "How often each value occurs"),
        ]  # fmt: skip
        steps = int(min(real.lengths.max(), synthetic.lengths.max()))
        if steps > 3:
            lags = min(LAGS, steps - 2)
            sets = {"real": real, "synthetic": synthetic}
            curves = {
                title: {
                    name: autocorrelation(data, lags, changes).mean(axis=1)
                    for name, data in sets.items()
                }
                for title, changes in (("values", False), ("changes from step to step", True))
            }
            text = "How values, and steps, go with those some steps earlier; mean over features"
            figures.append((plots.autocorrelation_plot(curves), text))
            clouds = {
                title: project(real, synthetic, way)
                for title, way in (
                    ("plane of the real data", "pca"), ("plane of both", "pca_joint")
                )
            }  # fmt: skip
            text = "Whole sequences as points: principal components"
            figures.append((plots.projection_plot(clouds), text))
    return [_image(figure, text) for figure, text in figures]


def _image(figure: Figure, text: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<p>{escape(text)}.</p><img alt="{escape(text)}" src="data:image/png;base64,{data}">'


def _graded_table(header: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    head = "".join(f'<th class="text">{escape(name)}</th>' for name in header)
    lines = []
    for grade, *texts in rows:
        color = COLORS.get(grade, "#555")
        cells = "".join(f'<td class="text">{escape(text)}</td>' for text in texts)
        badge = f'<span class="grade" style="background:{color};color:#fff;padding:1px 6px">{grade}</span>'
        lines.append(f'<tr><td class="text">{badge}</td>{cells}</tr>')
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(lines)}</table></div>'


def _table(table: pd.DataFrame, meaning: dict[str, str] | None = None) -> str:
    """Numbers with three digits; rows without any number are left out. meaning: a last column."""
    table = table.dropna(how="all")
    text = table.map(lambda value: value if isinstance(value, str) else _short(value))
    if meaning is not None:
        text["what it is (if perfect)"] = [meaning[name] for name in text.index]
    kind = "dataframe" if meaning is None else "meaning"
    with pd.option_context("display.max_colwidth", None):
        return f'<div class="wide">{text.to_html(border=0, classes=kind)}</div>'


def _short(value: float) -> str:
    if not np.isfinite(value):
        return ""
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1e}"
