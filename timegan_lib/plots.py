"""The figures that more than one page of the book shows, in one style.

Colors are Okabe and Ito's, which people with any color vision can tell apart. Real data are blue,
synthetic data are orange, everywhere.
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from timegan_lib.config import PHASES
from timegan_lib.sequences import SequenceDataset

REAL, SYNTHETIC, OTHER, GREY = "#0072B2", "#D55E00", "#009E73", "#7F7F7F"

STYLE: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
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
    n: int = 20,
    seed: int = 0,
    units: dict[str, str] | None = None,
) -> Figure:
    """n random sequences of each set, a column a set and a row a feature, on one scale a row.

    The first set is drawn in blue, the others in orange. units: what to write beside a feature.
    """
    names = next(iter(sets.values())).names
    fig, axes = plt.subplots(
        len(names), len(sets), figsize=(2.6 * len(sets) + 1, 1.45 * len(names) + 0.5),
        sharex=True, sharey="row", squeeze=False,
    )  # fmt: skip
    for column, (title, data) in enumerate(sets.items()):
        rows = np.random.default_rng(seed).choice(len(data), min(n, len(data)), replace=False)
        for k, name in enumerate(names):
            ax = axes[k, column]
            for row in rows:
                line = data.values[row, : data.lengths[row], k]
                ax.plot(line, color=SYNTHETIC if column else REAL, alpha=0.5, linewidth=0.9)
            ax.set_ylabel(f"{name}\n{(units or {}).get(name, '')}".strip() if column == 0 else "")
        axes[0, column].set_title(title)
        axes[-1, column].set_xlabel("step")
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
        _log_axis(ax, phase)
    return fig


def _log_axis(ax: Axes, phase: str) -> None:
    ax.set(title=f"{phase} phase", xlabel="step", yscale="log")
    ax.legend(fontsize="small")
    axes = ax.get_subplotspec()
    if axes is not None and axes.is_first_col():
        ax.set_ylabel("loss")
