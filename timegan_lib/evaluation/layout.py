"""The parts of a page in HTML: tables that fold into cards on a phone, grades, and the style of it all.

Everything that comes from data is escaped here. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

GREEN, AMBER, RED, GREY = "#00694e", "#805300", "#a63d00", "#555"  # white text reads well on each
COLORS = {"good": GREEN, "yes": GREEN, "fair": AMBER, "with care": AMBER, "poor": RED, "no": RED}

STYLE = """
:root { color-scheme: light dark; --text: #222; --page: #fff; --line: #ccc; --soft: #555; --box: #f3f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --page: #16181c; --line: #444; --soft: #b0b4ba; --box: #22262c; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 66rem;
       margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
.lead { font-size: 1.25rem; } .opening li { margin: .4rem 0; } .opening { padding-left: 1.2rem; }
.note, .words, small { color: var(--soft); } .words { background: var(--box); padding: .5rem 1rem; }
.words dt { font-weight: 600; display: inline; } .words dd { display: inline; margin: 0; }
.words dd::after { content: ""; display: block; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; } .wide { overflow-x: auto; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } tbody th, th.text, td.text { text-align: left; } small { display: block; font-weight: 400; }
tr.group th { background: var(--box); text-align: left; }
td.own { font-weight: 600; } .numbers td { white-space: nowrap; }
.grade { border-radius: .3rem; padding: .1rem .5rem; white-space: nowrap; }
figure { margin: 1.5rem 0; break-inside: avoid; } figcaption { margin-bottom: .5rem; }
img { max-width: 100%; height: auto; background: #fff; border-radius: .3rem; }
@media (max-width: 45rem) {
  thead { display: none; } table, tbody, tr, th, td { display: block; } .wide { overflow-x: visible; }
  tr { border-bottom: 2px solid var(--line); padding: .5rem 0; }
  th, td { border: 0; padding: .15rem 0; text-align: left; }
  .numbers td { display: inline-block; margin-right: 1.2rem; white-space: normal; } .numbers th { width: auto; }
  td:empty { display: none !important; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); font-weight: 400; } }
@media print {
  :root { color-scheme: light; --text: #000; --page: #fff; --line: #999; --soft: #333; --box: #fff; }
  body { font-size: 11px; margin: 0; max-width: none; } .wide { overflow: visible; }
  .grade { color: #000 !important; background: none !important; border: 1px solid #000; }
  tr, h2, h3 { break-inside: avoid; } h2, h3, h2 + p, h3 + p, tr.group { break-after: avoid; }
  img { max-height: 22cm; } }
"""


def document(title: str, sections: Sequence[str]) -> str:
    """One HTML file that asks the network for nothing."""
    body = "\n".join(sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def badge(grade: str) -> str:
    """A grade or an answer. The word says it; the color only helps, and is gray for what is no answer."""
    color = COLORS.get(grade, GREY)
    style = f"background:{color};color:#fff;padding:1px 6px"
    return f'<span class="grade" style="{style}">{escape(grade)}</span>'


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of sentences: a row begins with a grade, all else is text."""
    lines = []
    for grade, *texts in rows:
        cells = "".join(
            f'<td class="text" data-label="{escape(name)}">{escape(text)}</td>'
            for name, text in zip(header[1:], texts, strict=True)
        )
        lines.append(f'<tr><td class="text">{badge(grade)}</td>{cells}</tr>')
    head = "".join(f'<th class="text">{escape(name)}</th>' for name in header)
    return _table(head, lines, "texts")


def number_table(
    header: Sequence[str],
    rows: Sequence[tuple[str, str, Sequence[str]]],
    own: str = "synthetic",
    groups: dict[int, str] | None = None,
) -> str:
    """A table of numbers, each already written: (name, what it is or nothing, cells) a row.

    header: of the first column, then of each cell. own: the column that the reader came for.
    groups: a line of its own above the row of that number.
    """
    lines = []
    for place, (name, about, cells) in enumerate(rows):
        if groups and place in groups:
            title = f'<th colspan="{len(header)}">{escape(groups[place])}</th>'
            lines.append(f'<tr class="group">{title}</tr>')
        said = f"<small>{escape(about)}</small>" if about else ""
        line = f'<th scope="row">{escape(name)}{said}</th>'
        for label, cell in zip(header[1:], cells, strict=True):
            kind = ' class="own"' if label == own else ""
            line += f'<td{kind} data-label="{escape(label)}">{escape(cell)}</td>'
        lines.append(f"<tr>{line}</tr>")
    left = '<th class="text">' + escape(header[0]) + "</th>"
    head = left + "".join(f"<th>{escape(name)}</th>" for name in header[1:])
    return _table(head, lines, "numbers")


def _table(head: str, lines: list[str], kind: str) -> str:
    rows = "".join(lines)
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<div class="wide"><table class="{kind}">{head}<tbody>{rows}</tbody></table></div>'


def number(value: float) -> str:
    """A score, to three digits behind the point, four if it is small; a dash where there is none."""
    if not np.isfinite(value):
        return "–"
    if abs(value) < 1e-6:  # rounding, of a data set compared with itself
        return "0.000"
    digits = 0 if abs(value) >= 1000 else 3 if abs(value) >= 0.01 else 4
    return f"{value:,.{digits}f}"


def amount(value: float) -> str:
    """A value in its own unit, to four digits: 1,234,000 rather than 1.234e+06."""
    if not np.isfinite(value):
        return "–"
    if value == 0 or 1e-4 <= abs(value) < 1000:
        return f"{value:.4g}"
    if abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{float(f'{value:.4g}'):,.0f}"
