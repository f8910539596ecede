"""Draws the two diagrams of "How the code is built": `make pictures`.

What reaches what is not drawn by hand: `reach` asks the library's own losses and optimizers.
"""

import itertools
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

import timegan_lib as tg
from timegan_lib import plots
from timegan_lib.networks import Networks, losses
from timegan_lib.plots import GREY, OTHER, REAL, SYNTHETIC
from timegan_lib.training import Training

STATIC = Path(__file__).parent.parent / "_static"
NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")
PURPLE = "#CC79A7"  # Okabe and Ito's: what is compared


# ---- the flow of data ----


def _network(ax: Axes, x: float, y: float, name: str, letter: str) -> None:
    box = FancyBboxPatch(
        (x - 0.5, y - 0.24), 1.0, 0.48, boxstyle="round,pad=0.02,rounding_size=0.08",
        facecolor="#F2F2F2", edgecolor="black", linewidth=1.1, zorder=2,
    )  # fmt: skip
    ax.add_patch(box)
    ax.text(
        x,
        y,
        f"{name} ${letter}$",
        ha="center",
        va="center",
        fontsize=9,
        zorder=3,
    )


def _tensor(ax: Axes, x: float, y: float, letter: str, color: str) -> None:
    ax.text(
        x, y, f"${letter}$", ha="center", va="center", fontsize=13, color="white", zorder=3,
        bbox={"boxstyle": "circle,pad=0.28", "facecolor": color, "edgecolor": color},
    )  # fmt: skip


def _arrow(ax: Axes, points: list[tuple[float, float]], color: str) -> None:
    *path, end = points
    for a, b in itertools.pairwise(path):
        ax.plot(
            *zip(a, b, strict=True),
            color=color,
            linewidth=1.6,
            solid_capstyle="projecting",
            zorder=1,
        )
    ax.annotate(
        "",
        end,
        path[-1],
        arrowprops={"arrowstyle": "-|>", "color": color, "lw": 1.6},
        zorder=1,
    )


def _compared(
    ax: Axes,
    points: list[tuple[float, float]],
    at: tuple[float, float],
    loss: str,
):
    ax.plot(
        *zip(*points, strict=True),
        color=PURPLE,
        linewidth=1.4,
        linestyle=(0, (3, 2)),
        zorder=1,
    )
    ax.text(
        *at, loss, ha="center", va="center", fontsize=9, zorder=4,
        bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": PURPLE},
    )  # fmt: skip


def draw_flow(path: Path) -> None:
    """Five networks, the tensors between them, and which tensors each loss compares."""
    plots.use_style()
    fig, ax = plt.subplots(figsize=(8.4, 4.7))
    ax.set(xlim=(-0.6, 7.6), ylim=(-0.35, 4.1))
    ax.axis("off")
    ax.axvspan(1.66, 4.96, ymax=0.84, color=OTHER, alpha=0.10, linewidth=0)
    ax.text(4.4, 3.25, "latent space", ha="center", va="center", color="#006B4E")

    _arrow(ax, [(0, 3), (0.48, 3)], REAL)
    _arrow(ax, [(1.52, 3), (1.84, 3)], REAL)
    _arrow(ax, [(2, 3), (5.48, 3)], REAL)
    _arrow(ax, [(6.52, 3), (6.84, 3)], REAL)
    _arrow(ax, [(2, 3), (2, 2), (2.78, 2)], REAL)
    _arrow(ax, [(3.82, 2), (4.36, 2)], REAL)
    _arrow(ax, [(2, 2), (2, 1.07), (2.78, 1.07)], REAL)
    _arrow(ax, [(0, 0), (0.48, 0)], SYNTHETIC)
    _arrow(ax, [(1.52, 0), (1.84, 0)], SYNTHETIC)
    _arrow(ax, [(2, 0), (2.78, 0)], SYNTHETIC)
    _arrow(ax, [(3.82, 0), (4.44, 0)], SYNTHETIC)
    _arrow(ax, [(4.6, 0), (5.48, 0)], SYNTHETIC)
    _arrow(ax, [(6.52, 0), (6.84, 0)], SYNTHETIC)
    _arrow(ax, [(2, 0), (2, 0.93), (2.78, 0.93)], SYNTHETIC)
    _arrow(ax, [(4.6, 0), (4.6, 1), (3.82, 1)], SYNTHETIC)

    for x, y, name, letter in (
        (1.0, 3, "embedder", "e"), (6.0, 3, "recovery", "r"), (3.3, 2, "supervisor", "s"),
        (3.3, 1, "discriminator", "d"), (1.0, 0, "generator", "g"), (3.3, 0, "supervisor", "s"),
        (6.0, 0, "recovery", "r"),
    ):  # fmt: skip
        _network(ax, x, y, name, letter)
    for x, y, letter, color in (
        (0, 3, "X", REAL), (2, 3, "H", REAL), (7, 3, r"\tilde{X}", REAL), (4.6, 2, "s(H)", REAL),
        (0, 0, "Z", GREY), (2, 0, r"\hat{E}", SYNTHETIC), (4.6, 0, r"\hat{H}", SYNTHETIC),
        (7, 0, r"\hat{X}", SYNTHETIC),
    ):  # fmt: skip
        _tensor(ax, x, y, letter, color)

    _compared(
        ax,
        [(0, 3), (0, 3.55), (7, 3.55), (7, 3)],
        (6.0, 3.55),
        "reconstruction $L_R$",
    )
    _compared(ax, [(2, 3), (4.6, 2)], (3.3, 2.5), "supervised $L_S$")
    border = [(0, 3), (-0.5, 3), (-0.5, 3.9), (7.5, 3.9), (7.5, 0), (7, 0)]
    _compared(ax, border, (6.0, 3.9), "moments $V$")
    _compared(ax, [(3.3, 1), (3.3, 1.5)], (3.3, 1.5), "unsupervised $U$, $U_e$, $L_D$")
    fig.savefig(path, dpi=130, metadata={"Software": None})
    plt.close(fig)


# ---- which loss reaches which weights ----


def reach() -> dict[tuple[str, str, str], dict[str, str]]:
    """For each loss of each update, {network: "changed" or "passed"}; neither where nothing arrives.

    "changed": the loss has a gradient there and the update's optimizer holds the weights. "passed":
    the loss depends on these weights, and the update leaves them as they are.
    """
    import tensorflow as tf

    config = tg.TimeGANConfig(batch_size=8, steps=1)
    rng = np.random.default_rng(0)
    x, z = (tf.constant(rng.random((8, 6, 3)), tf.float32) for _ in range(2))
    networks = Networks(config, 3)
    training = Training(config, networks, x.numpy())
    with tf.GradientTape(persistent=True) as tape:
        latent, generated = networks.embedder(x), networks.generator(z)
        ahead, made = (
            networks.supervisor(latent),
            networks.supervisor(generated),
        )
        judged = [networks.discriminator(h) for h in (latent, made, generated)]
        reconstruction = losses.reconstruction_loss(x, networks.recovery(latent))
        supervised = losses.supervised_loss(latent, ahead)
        moments = losses.moments_loss(x, networks.recovery(made))
        fooled, fooled_early = (losses.real_loss(judgment) for judgment in judged[1:])
        told = losses.real_loss(judged[0]) + sum(map(losses.fake_loss, judged[1:]))
    autoencoder, supervisor = training.autoencoder_adam, training.supervisor_adam
    generator, embedder = training.generator_adam, training.embedder_adam
    terms = [
        ("autoencoder phase", "embedder, recovery", "$L_R$", autoencoder, reconstruction),
        ("supervisor phase", "supervisor", "$L_S$", supervisor, supervised),
        ("joint phase", "generator, supervisor", "$U$", generator, fooled),
        ("joint phase", "generator, supervisor", "$U_e$", generator, fooled_early),
        ("joint phase", "generator, supervisor", "$L_S$", generator, supervised),
        ("joint phase", "generator, supervisor", "$V$", generator, moments),
        ("joint phase", "embedder, recovery", "$L_R$", embedder, reconstruction),
        ("joint phase", "embedder, recovery", "$L_S$", embedder, supervised),
        ("joint phase", "discriminator", "$L_D$", training.discriminator_adam, told),
    ]
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for *key, adam, loss in terms:
        held = {id(weight) for weight in adam.weights}
        marks = found.setdefault(tuple(key), {})
        for name in NETWORKS:
            weights = getattr(networks, name).weights
            gradients = tape.gradient(loss, weights)
            if any(g is not None and np.any(g.numpy()) for g in gradients):
                marks[name] = "changed" if id(weights[0]) in held else "passed"
    return found


def draw_reach(path: Path) -> None:
    """A row a loss, a column a network, a mark where the gradient arrives."""
    plots.use_style()
    rows = reach()
    fig, ax = plt.subplots(figsize=(8.4, 3.9))
    ax.set(xlim=(-3.6, len(NETWORKS) - 0.4), ylim=(len(rows) + 0.7, -1.0))
    ax.axis("off")
    for k, name in enumerate(NETWORKS):
        ax.text(k, -0.75, name, ha="center", va="center")
    before = None
    for y, ((phase, update, loss), marks) in enumerate(rows.items()):
        if (phase, update) != before:
            ax.axhline(y - 0.5, color=GREY, linewidth=0.6)
            ax.text(-3.55, y, phase, va="center", fontsize=9)
            ax.text(-2.15, y, update, va="center", fontsize=9, color="#555555")
            before = phase, update
        ax.text(-0.62, y, loss, ha="center", va="center", fontsize=11)
        for name, mark in marks.items():
            fill = OTHER if mark == "changed" else "white"
            ax.scatter(
                NETWORKS.index(name),
                y,
                s=110,
                facecolor=fill,
                edgecolor=OTHER,
                linewidth=1.6,
                zorder=2,
            )
    ax.axhline(len(rows) - 0.5, color=GREY, linewidth=0.6)
    for x, fill, text in (
        (-2.9, OTHER, "this update changes these weights"),
        (0.4, "white", "the loss depends on them, this update leaves them"),
    ):
        ax.scatter(
            x,
            len(rows) + 0.2,
            s=110,
            facecolor=fill,
            edgecolor=OTHER,
            linewidth=1.6,
        )
        ax.text(x + 0.18, len(rows) + 0.2, text, va="center", fontsize=9)
    fig.savefig(path, dpi=130, metadata={"Software": None})
    plt.close(fig)


PICTURES = {
    "networks-and-losses.png": draw_flow,
    "which-loss-reaches-what.png": draw_reach,
}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        draw((Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC) / name)
