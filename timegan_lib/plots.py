"""The figures that more than one page of the book shows, in one style.

Colors are Okabe and Ito's, which people with any color vision can tell apart. Real data are blue,
synthetic data are orange, everywhere. Taught in book/first-synthetic-series.ipynb.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullFormatter

from timegan_lib.config import PHASES
from timegan_lib.data import SequenceDataset

REAL, SYNTHETIC, OTHER, GREY = "#0072B2", "#D55E00", "#009E73", "#7F7F7F"

STYLE: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 90,
    "figure.facecolor": "white",  # also on a dark page
    "axes.facecolor": "white",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "font.size": 10,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
}


def use_style() -> None:
    """Draw every figure from now on in the style of the book."""
    plt.rcParams.update(STYLE)  # type: ignore[arg-type]


def sample_grid(
    sets: dict[str, SequenceDataset],
    n: int = 12,
    seed: int = 0,
    units: dict[str, str] | None = None,
    features: Sequence[str] | None = None,
) -> Figure:
    """n random sequences of each set, a column a set and a row a feature, on one scale a row.

    The first set is drawn in blue, the others in orange. units: what to write beside a feature.
    features: the names to show, else all.
    """
    names = next(iter(sets.values())).names
    shown = names if features is None else tuple(features)
    fig, axes = plt.subplots(
        len(shown), len(sets), figsize=(2.6 * len(sets) + 1, 1.45 * len(shown) + 0.5),
        sharex=True, sharey="row", squeeze=False,
    )  # fmt: skip
    for column, (title, data) in enumerate(sets.items()):
        rows = np.random.default_rng(seed).choice(len(data), min(n, len(data)), replace=False)
        axes[0, column].set_title(title)
        axes[-1, column].set_xlabel("step")
        for ax, name in zip(axes[:, column], shown, strict=True):
            values = data.values[:, :, names.index(name)]
            for row in rows:
                line = values[row, : data.lengths[row]]
                ax.plot(line, color=SYNTHETIC if column else REAL, alpha=0.5, linewidth=0.9)
            if values.max() >= 1e5:
                ax.yaxis.set_major_formatter(EngFormatter())  # 25 M rather than 2.5 and a 1e7
            if column == 0:
                ax.set_ylabel(f"{name}\n{(units or {}).get(name, '')}".strip())
    fig.align_ylabels()
    return fig


def history_plot(history: pd.DataFrame, losses: dict[str, list[str]]) -> Figure:
    """How losses changed over the steps: a panel a phase, on a logarithmic scale."""
    shown = [phase for phase in PHASES if phase in losses]
    fig, axes = plt.subplots(1, len(shown), figsize=(2.8 * len(shown) + 0.6, 2.8), squeeze=False)
    styles = ["-", "--", ":", "-."]
    for ax, phase in zip(axes[0], shown, strict=True):
        rows = history[history["phase"] == phase]
        for loss, style in zip(losses[phase], styles, strict=False):
            ax.plot(rows["step"], rows[loss], style, label=loss)
        ax.set(title=f"{phase} phase", xlabel="step", yscale="log")
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.legend(fontsize="small")
    axes[0, 0].set_ylabel("loss")
    return fig


def marginals_plot(real: SequenceDataset, synthetic: SequenceDataset, columns: int = 3) -> Figure:
    """A panel a feature: the histogram of its valid values in both sets."""
    rows = -(-len(real.names) // columns)
    fig, axes = plt.subplots(
        rows, columns, figsize=(2.6 * columns + 0.4, 1.7 * rows + 0.4), squeeze=False
    )
    for k, ax in enumerate(axes.flat):
        if k >= len(real.names):
            ax.remove()
            continue
        a, b = (data.values[..., k][data.mask] for data in (real, synthetic))
        edges = np.histogram_bin_edges(np.concatenate([a, b]), 30)
        for values, color, label in ((a, REAL, "real"), (b, SYNTHETIC, "synthetic")):
            share = np.full(len(values), 1 / len(values))
            ax.hist(values, edges, weights=share, color=color, alpha=0.5, label=label)
        ax.set_title(real.names[k])
        ax.tick_params(labelsize="small")
        if max(a.max(), b.max()) >= 1e5:
            ax.xaxis.set_major_formatter(EngFormatter())
    axes[0, 0].set_ylabel("share of steps")
    axes[0, 0].legend(fontsize="small")
    return fig


def autocorrelation_plot(curves: dict[str, dict[str, np.ndarray]]) -> Figure:
    """A panel for each kind of series, in it a line for each set: (lags + 1,) mean autocorrelations.

    Taught in book/why-time-is-hard.ipynb.
    """
    fig, axes = plt.subplots(
        1, len(curves), figsize=(3.8 * len(curves) + 0.4, 2.8), sharey=True, squeeze=False
    )
    colors = [REAL, SYNTHETIC, OTHER, GREY]
    for ax, (title, sets) in zip(axes[0], curves.items(), strict=True):
        for (name, values), color in zip(sets.items(), colors, strict=False):
            ax.plot(values, "o-", markersize=3, color=color, label=name)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set(title=title, xlabel="lag in steps")
        ax.legend(fontsize="small")
    axes[0, 0].set_ylabel("autocorrelation")
    return fig


def projection_plot(
    clouds: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]], marker_size: float = 6
) -> Figure:
    """A panel for each projection: points of real and synthetic sequences, as `project` returns them."""
    fig, axes = plt.subplots(1, len(clouds), figsize=(3.4 * len(clouds) + 0.4, 3.1), squeeze=False)
    for ax, (title, (a, b, share)) in zip(axes[0], clouds.items(), strict=True):
        for points, color, label in ((a, REAL, "real"), (b, SYNTHETIC, "synthetic")):
            ax.scatter(*points.T, s=marker_size, color=color, alpha=0.4, linewidth=0, label=label)
        known = np.isfinite(share).all()
        names = [f"axis {k + 1}" + (f" ({share[k]:.0%})" if known else "") for k in range(2)]
        ax.set(title=title, xlabel=names[0], ylabel=names[1])
        ax.legend(fontsize="small", markerscale=2)
    return fig
