"""Writes what the sampler in the pages computes with, and its picture without scripts: `make pictures`."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np

from timegan_lib import TimeGAN, load_dataset, plots
from timegan_lib.browser import model_script, packed
from timegan_lib.data import DATA

STATIC = Path(__file__).parent.parent / "_static"
MODELS = {"google": "google", "recipe": "recipe-google-seed3"}  # in the page: the run
SHOWN = {"google": "default", "recipe": "recipe of “Past the paper”"}
REAL = 40  # windows behind the synthetic ones


def real_script() -> str:
    """Some of the training windows, in their own units, and what the models are called."""
    train, _ = load_dataset("google").split()
    some = np.random.default_rng(0).choice(len(train), REAL, replace=False)
    found = {
        "names": list(train.names),
        "units": ["shares" if name == "Volume" else "dollars" for name in train.names],
        "models": SHOWN,
        "windows": packed(train.values[some], 32),
    }
    told = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    return f"// Real windows: written by `make pictures`.\nglobalThis.timeganReal = {told};\n"


def write(folder: Path) -> None:
    """The two models, the real windows, and the picture."""
    for name, run in MODELS.items():
        text = model_script(TimeGAN.load(DATA / "runs" / run).sampler, name)
        (folder / f"sampler-{name}.js").write_text(text, encoding="utf-8")
    (folder / "sampler-real.js").write_text(real_script(), encoding="utf-8")
    draw(folder / "sampler.png")


def draw(path: Path) -> None:
    plots.use_style()
    train, _ = load_dataset("google").split()
    sets = {"real": train}
    for name, run in MODELS.items():
        sets[SHOWN[name]] = TimeGAN.load(DATA / "runs" / run).sample(1_000, seed=1)
    fig = plots.sample_grid(sets, n=10, units={"Close": "(dollars)"}, features=["Close"])
    fig.savefig(path, dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC)
