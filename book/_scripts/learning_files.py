"""Writes what the page on long runs needs to show a training at eight moments, and its picture: `make pictures`."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from timegan_lib import TimeGAN, load_dataset, plots
from timegan_lib.data import DATA
from timegan_lib.evaluation.scores.projection import project

STATIC = Path(__file__).parent.parent / "_static"
RUN = DATA / "runs" / "google-50k-seed0"
STEPS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000)
LOSSES = ("discriminator", "unsupervised", "moments")
POINTS, SYNTHETIC, REAL = 300, 12, 40  # windows in the cloud, and those drawn as lines
ROWS = 5  # of the history in one point of a curve


def numbers() -> dict[str, Any]:
    """Closing prices, points of the plane and losses at each of STEPS. The noise is always the same."""
    train, _ = load_dataset("google").split()
    close, clouds = [], []
    for step in STEPS:
        file = RUN / ("model.timegan" if step == STEPS[-1] else f"snapshot-joint-{step}.timegan")
        made = TimeGAN.load(file).sample(POINTS, seed=1)
        real, cloud, share = project(train, made, "pca", most=POINTS)
        clouds.append(cloud)
        close.append(made.feature("Close")[:SYNTHETIC])
    some = np.random.default_rng(0).choice(len(train), REAL, replace=False)
    history = TimeGAN.load(RUN).history
    joint = history[history["phase"] == "joint"]
    means = joint.groupby(np.arange(len(joint)) // ROWS)[["step", *LOSSES]].mean()
    return {
        "steps": list(STEPS),
        "close": {
            "real": train.feature("Close")[some].round(1).tolist(),
            "made": np.round(close, 1).tolist(),
        },
        "cloud": {
            "real": real.astype(float).round(3).tolist(),
            "made": np.asarray(clouds, float).round(3).tolist(),
            "share": share.round(2).tolist(),
        },
        "losses": {name: means[name].round(4).tolist() for name in ("step", *LOSSES)},
    }


def draw(found: dict[str, Any], path: Path) -> None:
    """Four of the moments beside each other."""
    plots.use_style()
    shown = (0, 2, 4, 7)
    fig, axes = plt.subplots(2, len(shown), figsize=(8.6, 4), sharex="row", sharey="row")
    for (top, bottom), k in zip(axes.T, shown, strict=True):
        top.plot(np.transpose(found["close"]["made"][k]), color=plots.SYNTHETIC, alpha=0.6)
        top.set(title=f"{found['steps'][k]:,} steps", xlabel="day")
        for kind, color in (("real", plots.REAL), ("made", plots.SYNTHETIC)):
            points = found["cloud"]["made"][k] if kind == "made" else found["cloud"]["real"]
            bottom.scatter(*np.transpose(points), s=4, color=color, alpha=0.4, linewidth=0)
        bottom.set(xlabel="PCA axis 1")
    axes[0, 0].set_ylabel("Close (dollars)")
    axes[1, 0].set_ylabel("PCA axis 2")
    fig.savefig(path, dpi=100, metadata={"Software": None})


def write(folder: Path) -> None:
    found = numbers()
    told = json.dumps(found, separators=(",", ":"))
    head = f"// A training at {len(STEPS)} moments: written by `make pictures`."
    text = f"{head}\nglobalThis.timeganLearning = {told};\n"
    (folder / "learning-data.js").write_text(text, encoding="utf-8")
    draw(found, folder / "learning.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC)
