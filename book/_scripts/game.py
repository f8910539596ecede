"""Makes what the game "Real or made up?" on the first page plays with: `make pictures`.

Held-out windows of google and windows of two trained models; what two judges say of each; and what gave it
away. The judges have seen none of these windows: the classifier learns from the training windows and from other
samples, blocks that could be exchanged; the rules learn nothing.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from timegan_lib import SequenceDataset, TimeGAN, load_dataset, plots
from timegan_lib.data import DATA
from timegan_lib.evaluation import RULES
from timegan_lib.evaluation.exchange import exchangeable
from timegan_lib.evaluation.rules import Rule
from timegan_lib.evaluation.scores.classifier import classifier, summaries

STATIC = Path(__file__).parent.parent / "_static"
MODELS = {"default": "google-50k-seed0", "recipe": "recipe-google-seed3"}
COUNT = 100  # windows of each source
UNITS = {"Open": 0.01, "High": 0.01, "Low": 0.01, "Close": 0.01, "Volume": 10_000}
ASPECTS = (
    "mean", "spread", "change from the first day to the last", "usual step from day to day",
    "largest step", "turning back and going on",
)  # fmt: skip # what `summaries` holds of each feature, in its order


def movement(windows: SequenceDataset) -> np.ndarray:
    """(N,) the usual step of the closing price from a day to the next, as a part of the price."""
    close = windows.values[..., windows.names.index("Close")]
    return np.abs(np.diff(np.log(np.maximum(close, 1e-9)))).mean(axis=1)


def level(windows: SequenceDataset) -> np.ndarray:
    return windows.values[..., windows.names.index("Close")].mean(axis=1)


def below(known: np.ndarray, value: float) -> int:
    """How many percent of the known values are less."""
    return round(100 * float((known < value).mean()))


def broken_rules(windows: SequenceDataset) -> list[dict[str, int]]:
    """For each window, on how many days it breaks a rule; rules that it keeps are left out."""
    frame, found = windows.to_frame(), [{} for _ in range(len(windows))]
    for text in RULES["google"]:
        kept = Rule.read(text, frame.columns).kept(frame, windows.lengths)
        for window, days in zip(found, (~kept).reshape(len(windows), -1).sum(1), strict=True):
            window |= {text: int(days)} if days else {}
    return found


class Judge:
    """The library's classifier, taught real against one model's windows."""

    def __init__(self, train: SequenceDataset, model: TimeGAN):
        sides = exchangeable(train, model.sample(len(train), seed=1))
        known = [summaries(side) for side in (sides.real, sides.other)]
        self.fitted = classifier().fit(np.concatenate(known), np.repeat([0, 1], [*map(len, known)]))
        self.train = summaries(train)

    def verdicts(self, windows: SequenceDataset) -> list[dict[str, Any]]:
        """Percent "made up", and the column that said most for that verdict: [aspect, feature, percent below]."""
        scaler, regression = self.fitted[0], self.fitted[1]
        columns = summaries(windows)
        says = scaler.transform(columns) * regression.coef_[0]
        found = []
        for row, said, sure in zip(
            columns, says, self.fitted.predict_proba(columns)[:, 1], strict=True
        ):
            most = int(np.argmax(said if sure > 0.5 else -said))
            aspect, feature = divmod(most, len(windows.names))
            place = below(self.train[:, most], row[most])
            found.append({"made_up": round(100 * float(sure)), "why": [aspect, feature, place]})
        return found


def make() -> dict[str, Any]:
    """All that the game knows."""
    train, held_out = load_dataset("google").split()
    models = {key: TimeGAN.load(DATA / "runs" / run) for key, run in MODELS.items()}
    judges = {key: Judge(train, model) for key, model in models.items()}
    drawn = np.sort(np.random.default_rng(0).permutation(len(held_out))[:COUNT])
    sources = {"real": held_out.subset(drawn)}
    sources |= {key: model.sample(COUNT, seed=2) for key, model in models.items()}
    windows = []
    for source, data in sources.items():
        asked = {
            key: judge.verdicts(data) for key, judge in judges.items() if source in ("real", key)
        }
        places = zip(level(data), movement(data), broken_rules(data), strict=True)
        for n, (mean, moves, rules) in enumerate(places):
            window = {"source": source, "judge": {key: said[n] for key, said in asked.items()}}
            window |= {
                "level": below(level(train), mean),
                "movement": below(movement(train), moves),
            }
            window |= {"rules": rules}
            columns = [data.values[n, :, data.names.index(name)] / UNITS[name] for name in UNITS]
            windows.append(window | {"values": np.rint(columns).astype(int).tolist()})
    steps = models["default"].config.phase_steps[-1]
    titles = {"default": f"the default, {steps:,} steps a phase", "recipe": "the recipe"}
    return {
        "units": list(UNITS.values()), "shown": list(UNITS), "features": list(train.names), "aspects": ASPECTS,
        "runs": MODELS, "titles": titles, "windows": windows,
    }  # fmt: skip


def as_script(game: dict[str, Any]) -> str:
    """A script that a page can load from a disk; a window a line."""
    windows = ",\n".join(json.dumps(w, separators=(",", ":")) for w in game["windows"])
    rest = json.dumps({key: value for key, value in game.items() if key != "windows"})
    head = "// Made by book/_scripts/game.py. Nothing here is typed by hand.\n"
    return f"{head}globalThis.GAME = {rest};\nGAME.windows = [\n{windows},\n];\n"


def _candles(ax: Axes, bars: Axes, window: dict[str, Any]) -> None:
    first, high, low, last, volume = (
        np.array(window["values"]) * np.array([*UNITS.values()])[:, None]
    )
    days = np.arange(len(first)) + 1
    ax.vlines(days, low, high, color="black", linewidth=0.8)
    fall = np.where(last < first, "black", "white")
    height = np.maximum(np.abs(last - first), (high.max() - low.min()) / 200)
    ax.bar(
        days,
        height,
        0.7,
        np.minimum(first, last),
        color=fall,
        edgecolor="black",
        linewidth=0.8,
        zorder=2,
    )
    bars.bar(days, volume / 1e6, 0.7, color=plots.GREY)


def draw(game: dict[str, Any], path: Path) -> None:
    """The picture that stands where no scripts run: four windows, the answer in small letters."""
    plots.use_style()
    by_source = {
        key: [w for w in game["windows"] if w["source"] == key] for key in ("real", *MODELS)
    }
    four = [by_source["default"][0], *by_source["real"][40:60:19], by_source["recipe"][0]]
    four = [four[k] for k in np.random.default_rng(1).permutation(4)]
    size = {"height_ratios": [3, 1], "hspace": 0.1, "wspace": 0.35}
    fig, axes = plt.subplots(2, 4, figsize=(9, 3.2), sharex=True, gridspec_kw=size)
    for letter, window, ax, bars in zip("ABCD", four, *axes, strict=True):
        _candles(ax, bars, window)
        ax.set_title(letter)
        bars.set(xlabel="day", xticks=[1, 12, 24])
    axes[0, 0].set_ylabel("price (dollars)")
    axes[1, 0].set_ylabel("shares (10⁶)")
    says = {"real": "real", "default": "made up by the default", "recipe": "made up by the recipe"}
    answer = ", ".join(f"{k} {says[w['source']]}" for k, w in zip("ABCD", four, strict=True))
    fig.text(0.5, -0.08, answer, ha="center", fontsize=6, rotation=180)
    fig.savefig(path, dpi=130, metadata={"Software": None}, bbox_inches="tight")
    plt.close(fig)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC
    game = make()
    (folder / "game-data.js").write_text(as_script(game), encoding="utf-8")
    draw(game, folder / "real-or-made-up.png")
