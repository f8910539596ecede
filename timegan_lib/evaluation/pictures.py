"""The figures of a report, each with a sentence that says what to look for and what it shows here.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import base64
import io
from html import escape

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from timegan_lib import plots
from timegan_lib.evaluation.findings import Findings
from timegan_lib.evaluation.layout import amount
from timegan_lib.evaluation.own_units import span
from timegan_lib.evaluation.scores.fidelity import LAGS, autocorrelation, marginals
from timegan_lib.evaluation.scores.projection import project

FEATURES = 8  # features drawn, the first of them; the tables have all
Drawn = tuple[str, str, Figure]  # what it is, the sentence below, the figure


def pictures(report: Findings) -> list[str]:
    """Every figure as HTML, the figures inside it."""
    steps = int(min(report.real.lengths.max(), report.synthetic.lengths.max()))
    plain = {"text.parse_math": False}  # a feature may be called "$x"
    with plt.rc_context(plots.STYLE | plain):  # type: ignore[arg-type]
        drawn = [_samples(report), _values(report)]
        if steps > 3:
            drawn += [_memory(report, min(LAGS, steps - 2)), _points(report)]
    return [_figure(*one) for one in drawn]


def _samples(report: Findings) -> Drawn:
    real = report.real
    names = real.names[:FEATURES]
    sets = {"real": real, "synthetic": report.synthetic}
    some = f" The first {len(names)} of {len(real.names)} features." if len(real.names) > 8 else ""
    return (
        "Random sequences, a row a feature",
        "Look whether the curves on the right are as rough, as high and as unlike one another as those on "
        f"the left. {_most_unlike_steps(report)}{some}",
        plots.sample_grid(sets, features=names),
    )


def _most_unlike_steps(report: Findings) -> str:
    """The feature whose steps are most too large or too small, in its unit."""
    sizes = report.features[["real change", "synthetic change"]].mul(span(report.real), axis=0)
    moving = sizes[sizes["real change"] > 0]
    if moving.empty:
        return ""
    with np.errstate(divide="ignore"):
        ratio = np.abs(
            np.log(moving["synthetic change"].to_numpy() / moving["real change"].to_numpy())
        )
    name = moving.index[int(np.argmax(ratio))]
    real, made = moving.loc[name].to_numpy()
    most = ", and that is the largest difference" if len(sizes) > 1 else ""
    return (
        f"Here {name} changes from one step to the next by {amount(real)} on average in the real data and by "
        f"{amount(made)} in the synthetic data{most}."
    )


def _values(report: Findings) -> Drawn:
    shares = report.features["histogram"].to_numpy()
    worst = int(np.argmax(shares))
    name = report.real.names[worst]
    of = f", the most of {len(shares)} features" if len(shares) > 1 else ""
    beside = ""
    if report.held_out is not None:
        reached = marginals(report.real, report.held_out)["histogram"].iloc[worst]
        beside = f" (of real held-out data {reached:.0%})"
    return (
        "How often each value occurs",
        f"Look whether the two shapes lie on one another. Here {shares[worst]:.0%} of the synthetic values of "
        f"{name} would have to stand elsewhere{beside}{of}.",
        plots.marginals_plot(report.real, report.synthetic),
    )


def _memory(report: Findings, lags: int) -> Drawn:
    sets = {"real": report.real, "synthetic": report.synthetic}
    if report.held_out is not None and report.held_out.lengths.max() > lags + 1:
        sets["held-out"] = report.held_out
    curves = {
        title: {name: autocorrelation(data, lags, move).mean(axis=1) for name, data in sets.items()}
        for title, move in (("values", False), ("changes from step to step", True))
    }
    first = {title: {name: curve[1] for name, curve in found.items()} for title, found in curves.items()}  # fmt: skip
    told = "; ".join(
        f"of the {title} " + ", ".join(f"{value:.2f} ({name})" for name, value in found.items())
        for title, found in first.items()
    )
    return (
        "Memory: how values, and changes, go with those some steps (the lag) earlier; mean over features",
        "Look whether the lines lie on one another: where the orange one is lower, the synthetic data forget "
        f"faster. One step earlier the correlation is: {told}.",
        plots.autocorrelation_plot(curves),
    )


def _points(report: Findings) -> Drawn:
    ways = {"plane of the real data": "pca", "plane of both": "pca_joint"}
    clouds = {title: project(report.real, report.synthetic, way) for title, way in ways.items()}
    real, made, _ = clouds["plane of the real data"]
    width = np.where(real.std(axis=0) > 0, real.std(axis=0), 1.0)
    wide, off = made.std(axis=0) / width, np.abs(made.mean(axis=0) - real.mean(axis=0)) / width
    return (
        "Whole sequences as points, along their principal components",
        "Look whether the orange cloud covers the blue one: a smaller cloud lacks kinds of sequences, one "
        f"beside it has others. On the left it is {wide[0]:.2f} times as wide as the blue one along axis 1 and "
        f"{wide[1]:.2f} times along axis 2, and its middle is {off.max():.2f} standard deviations away.",
        plots.projection_plot(clouds),
    )


def _figure(title: str, text: str, figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f"<figure><figcaption><b>{escape(title)}.</b> {escape(text)}</figcaption>"
        f'<img alt="{escape(title)}" src="data:image/png;base64,{data}"></figure>'
    )
