"""The third room: the three phases, the loop around them, and what it leaves on disk.

In: scaled arrays, networks, a configuration. Out: trained weights, a history, a run directory.

Read `phases` (the updates: the algorithm), `draws` (batches and noise), `adam`, `statics`, `progress` (what
is kept, and many steps in one call); `autoregressive` (the updates of the other recipe); then `loop`
(how many steps in one call, what a NaN leads to), `checkpoint` (the run directory), `claim` (one process
a folder) and `resume`.
Taught in book/how-the-code-is-built.md.
"""

from typing import Any

from timegan_lib.config import TimeGANConfig
from timegan_lib.data import Prepared
from timegan_lib.training.adam import Adam
from timegan_lib.training.autoregressive import AutoregressiveTraining
from timegan_lib.training.checkpoint import RunDirectory
from timegan_lib.training.draws import (
    NOISE,
    Batch,
    Draws,
    Noise,
    draw_gaussian,
    draw_uniform,
    draw_wiener,
    stream,
)
from timegan_lib.training.loop import Fit, TrainingError
from timegan_lib.training.phases import LOSSES, Training
from timegan_lib.training.progress import SAMPLING, Progress, assign, compiled
from timegan_lib.training.statics import Statics


def make_training(config: TimeGANConfig, networks: Any, data: Prepared, seed: int) -> Progress:
    """The training that the configuration asks for. Taught in book/how-the-code-is-built.md."""
    arrays = (data.values, data.lengths.all, data.static)
    if config.generator == "autoregressive":
        return AutoregressiveTraining(config, networks, *arrays, seed, data.apart)
    return Training(config, networks, *arrays, seed)


__all__ = [
    "LOSSES",
    "NOISE",
    "SAMPLING",
    "Adam",
    "AutoregressiveTraining",
    "Batch",
    "Draws",
    "Fit",
    "Noise",
    "Progress",
    "RunDirectory",
    "Statics",
    "Training",
    "TrainingError",
    "assign",
    "compiled",
    "draw_gaussian",
    "draw_uniform",
    "draw_wiener",
    "make_training",
    "stream",
]
