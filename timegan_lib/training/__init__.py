"""The third room: the three phases, the loop around them, and what it leaves on disk.

In: scaled arrays, networks, a configuration. Out: trained weights, a history, a run directory.

Read `phases` (the updates: the algorithm), `draws` (batches and noise), `adam`, `statics`; then `loop`
(how many steps in one call, what a NaN leads to), `checkpoint` (the run directory), `claim` (one process
a folder) and `resume`.
Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.training.adam import Adam
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

__all__ = [
    "LOSSES",
    "NOISE",
    "SAMPLING",
    "Adam",
    "Batch",
    "Draws",
    "Fit",
    "Noise",
    "RunDirectory",
    "Statics",
    "Training",
    "TrainingError",
    "assign",
    "compiled",
    "draw_gaussian",
    "draw_uniform",
    "draw_wiener",
    "stream",
]
