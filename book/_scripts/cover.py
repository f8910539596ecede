"""Draws the picture on the first page and in the README: `make pictures`."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from timegan_lib import TimeGAN, load_dataset, plots
from timegan_lib.data import DATA

COVER = Path(__file__).parent.parent / "_static" / "real-and-synthetic.png"


def draw(path: Path) -> None:
    plots.use_style()
    _, held_out = load_dataset("google").split()
    synthetic = TimeGAN.load(DATA / "runs" / "google").sample(1_000, seed=1)
    fig = plots.sample_grid(
        {"real": held_out, "synthetic": synthetic},
        units={"Close": "(dollars)", "Volume": "(shares)"},
        features=["Close", "Volume"],
    )
    fig.savefig(path, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else COVER)
