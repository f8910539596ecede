"""Draws the one sheet to print, A4 across: `make pictures`.

Sizes and weights are counted on the library's networks, what an update changes is asked of its optimizers,
factors and steps are the configuration's, scores come from data/runs, commands from the program's own help.
"""

import re
import sys
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from diagram import NETWORKS, reach

import timegan_lib.cli
from timegan_lib import TimeGANConfig, load_dataset
from timegan_lib.config import PHASES
from timegan_lib.data import DATA
from timegan_lib.networks import Networks

SHEET = Path(__file__).parent.parent / "_static" / "one-sheet.svg"
WIDTH, HEIGHT = 1122, 794  # 297 mm x 210 mm
ROMAN = dict(zip(PHASES, ("I", "II", "III"), strict=True))
TIMES = {1: "once", 2: "twice"}
CONFIG = TimeGANConfig()

STYLE = """
text { font: 11px "DejaVu Sans", Verdana, Arial, sans-serif; fill: black; }
.title { font-size: 22px; font-weight: bold; } .head { font-size: 14px; font-weight: bold; }
.label { fill: #444; font-size: 10px; } .code { font-family: "DejaVu Sans Mono", monospace; font-size: 10.5px; }
line { stroke: #888; stroke-width: 0.6; } .rule { stroke: black; stroke-width: 1.4; }
"""


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """A line of text; `L_{R}` has a lower R."""
    parts, back = [], ""
    for k, part in enumerate(re.split(r"_\{(.*?)\}", words)):
        if k % 2:
            parts.append(f'<tspan dy="3" font-size="75%">{escape(part)}</tspan>')
            back = ' dy="-3"'
        elif part:
            parts.append(f"<tspan{back}>{escape(part)}</tspan>")
    return f'<text x="{x}" y="{y}" class="{kind}" xml:space="preserve">{"".join(parts)}</text>'


def table(
    x: float, y: float, title: str, columns: dict[str, float], rows: list[list[str]], end: float
) -> str:
    """A heading, a line of labels, and rows 19 apart. columns: {label: where it begins}."""
    lines = [text(x, y, title, "head")]
    lines += [text(x + at, y + 20, name, "label") for name, at in columns.items()]
    for k, row in enumerate(rows):
        below = y + 40 + 19 * k
        lines += [text(x + at, below, cell) for at, cell in zip(columns.values(), row, strict=True)]
        lines.append(f'<line x1="{x}" x2="{end}" y1="{below + 6}" y2="{below + 6}"/>')
    return "\n".join(lines)


# ---- what stands there


def network_rows() -> list[list[str]]:
    features = len(load_dataset("google").names)
    networks, marks = Networks(CONFIG, features), reach()
    data, code = f"(24, {features})", f"(24, {CONFIG.hidden})"
    ways = {
        "embedder": ("e: X → H", data, code),
        "recovery": ("r: H → X̃", code, data),
        "generator": ("g: Z → Ê", data, code),
        "supervisor": ("s: H → s(H), Ê → Ĥ", code, code),
        "discriminator": ("d: H, Ĥ, Ê → Y", code, "(24, 1)"),
    }
    rows = []
    for name in NETWORKS:
        weights = [tuple(w.shape) for w in getattr(networks, name).weights]
        count = sum(int(np.prod(shape)) for shape in weights)
        layers = len(getattr(networks, name).stacks[0])
        changed = {phase for (phase, _, _), m in marks.items() if m.get(name) == "changed"}
        moved = ", ".join(ROMAN[phase] for phase in PHASES if f"{phase} phase" in changed)
        way, *shapes = ways[name]
        rows.append([name, way, " → ".join(shapes), str(layers), f"{count:,}", moved])
    return rows


def loss_rows() -> list[list[str]]:
    return [
        ["reconstruction L_{R}", "mean (X − X̃)²", "is anything lost on the way?"],
        ["supervised L_{S}", "mean (H_{t} − s(H)_{t−1})²", "is the next step foreseen?"],
        ["unsupervised U, U_{e}", "BCE(1, d(Ĥ)), BCE(1, d(Ê))", "is the discriminator fooled?"],
        [
            "discriminator’s L_{D}", "BCE(1, d(H)) + BCE(0, d(Ĥ)) + γ BCE(0, d(Ê))", "told apart?",
        ],
        ["moments V", "mean |sd(X̂) − sd(X)| + mean |μ(X̂) − μ(X)|", "means and spreads right?"],
    ]  # fmt: skip


def phase_rows() -> list[list[str]]:
    c = CONFIG
    autoencoder, supervisor, joint = (f"{steps:,}" for steps in c.phase_steps)
    changes: dict[tuple[str, str], list[str]] = {}
    for (phase, update, _), marks in reach().items():
        moved = [name for name in NETWORKS if marks.get(name) == "changed"]
        changes[phase, update] = sorted(
            {*changes.get((phase, update), []), *moved}, key=NETWORKS.index
        )
    by = [", ".join(names) for names in changes.values()]
    objectives = [
        f"{c.reconstruction_weight:g} √L_{{R}}",
        "L_{S}",
        f"U + γ U_{{e}} + {c.supervised_weight:g} √L_{{S}} + {c.moments_weight:g} V",
        f"{c.reconstruction_weight:g} √L_{{R}} + {c.embedder_supervised_weight:g} L_{{S}}",
        f"L_{{D}}, where it is above {c.discriminator_threshold:g}",
    ]
    inner = TIMES[c.inner_updates]
    when = [
        f"I. autoencoder, {autoencoder} steps", f"II. supervisor, {supervisor} steps",
        f"III. joint, {joint} steps: {inner}", f"… {inner}", "… then once",
    ]  # fmt: skip
    return [list(row) for row in zip(when, objectives, by, strict=True)]


SCORES = {"discriminative": 2, "predictive": 3, "told apart": 2, "broken": 2}


def letter_rows() -> list[list[str]]:
    return [
        ["X, X̃, X̂", "real data; the same, back from its code; made-up data"],
        ["H, s(H)", "the code of real data; the next step as the supervisor foresees it"],
        ["Z, Ê, Ĥ", "noise; the generator’s code; that code after the supervisor"],
        ["Y, y", "the discriminator’s verdict, and its logits, high where it says “real”"],
        ["T, μ, sd", "steps of a sequence; mean and spread over a batch, at each step"],
    ]


def score_rows() -> list[list[str]]:
    """Lowest and highest of the stored seeds, last weights; the recipe as its tests have it."""
    index, rivals = (pd.read_csv(DATA / "runs" / f"{name}.csv") for name in ("index", "rivals"))
    google = rivals[(rivals["data"] == "google") & (rivals["split"] == "test")]
    long = index[index["run"].str.startswith("google-50k-") & (index["weights"] == "last")]
    groups = {"real, held out": google[google["generator"] == "held-out data"]}
    for step in (1_000, 5_000, 20_000, 50_000):
        groups[f"default, {step:,} joint steps"] = long[long["step"] == step]
    groups["the recipe"] = google[google["generator"] == "timegan autoregressive"]
    rows = []
    for name, group in groups.items():
        cells = []
        for score, digits in SCORES.items():
            low, high = (f"{edge:.{digits}f}" for edge in (group[score].min(), group[score].max()))
            cells.append(low if low == high else f"{low}–{high}")
        rows.append([name, str(len(group)), *cells])
    return rows


def command_lines() -> list[list[str]]:
    said = (timegan_lib.cli.__doc__ or "").splitlines()
    return [re.split(r"\s{2,}", line) for line in said if line.startswith("timegan ")]


def sheet() -> str:
    c = CONFIG
    parts = [
        text(30, 44, "TimeGAN on one sheet", "title"),
        text(330, 44, "New sequences: X̂ = r(s(g(Z))). Read the page “TimeGAN on a page” for what it means."),
        f'<line class="rule" x1="30" x2="{WIDTH - 30}" y1="56" y2="56"/>',
        table(
            30, 82, "Five networks",
            {"": 0, "from → to": 92, "shapes (T, size)": 232, "layers": 350, "weights": 395, "phases": 450},
            network_rows(), 580,
        ),
        table(30, 242, "Four kinds of loss", {"": 0, "formula": 122, "asks": 380}, loss_rows(), 580),
        table(
            30, 402, "Three phases", {"": 0, "minimizes": 195, "changes": 390}, phase_rows(), 580,
        ),
        text(
            30, 556, f"A batch is {c.batch_size} sequences. Five optimizers: Adam, step size {c.learning_rate:g}. "
            f"γ = {c.gamma:g}. Layers are {c.cell.upper()}, {c.hidden} units. Noise: {c.noise}.",
        ),
        table(
            620, 82, "Numbers to expect (google)",
            {"": 0, "seeds": 151, "discriminative": 187, "predictive": 273, "told apart": 347, "broken": 414},
            score_rows(), WIDTH - 30,
        ),
    ]  # fmt: skip
    parts.append(table(620, 402, "Letters", {"": 0, "  ": 80}, letter_rows(), WIDTH - 30))
    notes = [
        "discriminative: 0 is right, 0.5 the worst. predictive: as low as with real data.",
        "told apart: 0.5 is right, 1 the worst (windows of other times than it learned from).",
        "broken: the share of windows that break a rule of trading; 0 is right.",
        "The lowest and the highest of the seeds. All of it: data/runs/index.csv, rivals.csv.",
    ]
    parts += [text(620, 250 + 16 * k, note, "label") for k, note in enumerate(notes)]
    parts.append(text(30, 600, "Commands", "head"))
    for k, (command, meaning) in enumerate(command_lines()):
        parts += [text(30, 624 + 20 * k, command, "code"), text(420, 624 + 20 * k, meaning)]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm" viewBox="0 0 {WIDTH} {HEIGHT}">\n'
        f"<title>TimeGAN on one sheet</title>\n<style>{STYLE}@page {{ size: A4 landscape; margin: 0; }}</style>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SHEET
    path.write_text(sheet(), encoding="utf-8")
