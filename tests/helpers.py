"""What several test files share: the pages, tiny data and trainings, and ways to look at what a step did."""

import hashlib
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import tensorflow as tf

from timegan_lib import SequenceDataset, TimeGAN, TimeGANConfig
from timegan_lib.networks import Networks
from timegan_lib.training import LOSSES, Training, make_training

BATCH, LENGTH, FEATURES = 16, 6, 3

# ---- the pages of the book

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(
    p for p in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
)
PAGES = NOTEBOOKS + sorted((ROOT / "book").rglob("*.md"))


def by_path(path):
    return str(path.relative_to(ROOT))


def cells(page):
    return json.loads(page.read_text(encoding="utf-8"))["cells"]


def code_cells(page):
    return [cell for cell in cells(page) if cell["cell_type"] == "code"]


def outputs(page):
    return [(cell, output) for cell in code_cells(page) for output in cell["outputs"]]


def code_of_page(page):
    """All code of a page: its code cells, and what its Markdown sets as code."""
    if page.suffix == ".md":
        code, texts = [], [page.read_text(encoding="utf-8")]
    else:
        code = ["".join(cell["source"]) for cell in code_cells(page)]
        texts = ["".join(cell["source"]) for cell in cells(page) if cell["cell_type"] == "markdown"]
    spans = [
        "".join(found)
        for text in texts
        for found in re.findall(
            r"^```\w+$(.*?)^```$|(?<!`)`([^`\n]+)`",
            re.sub(r"\{\w+\}`[^`]*`", "", text),
            re.M | re.S,
        )
    ]
    return "\n".join(code + spans)


# ---- trainings


def tiny_config(**settings):
    small = {"hidden": 4, "layers": 2, "batch_size": BATCH, "steps": 2}
    return TimeGANConfig(**small | settings)


def tiny_values(count=40, length=LENGTH, features=FEATURES, seed=0):
    """Smooth series in [0, 1], (count, length, features), no two alike."""
    rng = np.random.default_rng(seed)
    phase, pace = rng.uniform(0, 6, (2, count, 1, features))
    return ((np.sin(pace * np.arange(length)[:, None] / 4 + phase) + 1) / 2).astype(np.float32)


def tiny_static(count=40, blocks=(1, 3), seed=1):
    """Static features of these widths, a number in [0, 1] or a one-hot category each."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.uniform(0, 1, (count, 1))
        if width == 1
        else np.eye(width)[rng.integers(width, size=count)]
        for width in blocks
    ]
    return np.concatenate(parts, 1).astype(np.float32)


def tiny_lengths(count=40, length=LENGTH, seed=2):
    """From 2 to `length`, both present."""
    lengths = np.random.default_rng(seed).integers(2, length + 1, count)
    lengths[:2] = 2, length
    return lengths


def tiny_training(config=None, values=None, lengths=None, static=None, blocks=(), seed=0):
    values = tiny_values() if values is None else values
    config = config or tiny_config()
    networks = Networks(config, values.shape[2], blocks, seed)
    return Training(config, networks, values, lengths, static, seed)


def tiny_model(data=None, seed=0, **settings):
    """A TimeGAN trained for two steps of each phase, on `tiny_values` in other units by default."""
    data = SequenceDataset.from_arrays(tiny_values() * 10 - 5) if data is None else data
    model = TimeGAN(tiny_config(**settings), seed=seed)
    model.fit(data, progress=False)
    return model


def snapshot(training):
    return {name: variable.numpy() for name, variable in training.state.items()}


def changed(before, training):
    """Names of the variables that are no longer what they were, to the last bit."""
    return {n for n, value in snapshot(training).items() if not np.array_equal(value, before[n])}


def owned_by(training, *owners):
    """Names of the variables whose first part is one of `owners`: "embedder", "steps/joint", ..."""
    return {name for name in training.state if name.startswith(tuple(f"{o}/" for o in owners))}


def losses_and_gradients(training, step=0):
    """What one step of every phase would do: losses by (phase, name), gradients by (adam, weight).

    Nothing moves: the gradients are caught where Adam would apply them.
    """
    losses, gradients = {}, {}
    for key, value in vars(training).items():
        if key.endswith("_adam"):
            value._apply = lambda found, adam=value, key=key: gradients.update(
                {(key, w.name[:-2]): g for w, g in zip(adam.weights, found, strict=True)}
            )
    batch = training.draws.batch(0, step, 0)
    found = {
        "autoencoder": training.autoencoder_update(batch),
        "supervisor": training.supervisor_update(batch),
        "joint": training.joint_update(training.draws.joint(step)),
    }
    for phase, values in found.items():
        losses |= {(phase, n): float(v) for n, v in zip(LOSSES[phase], values, strict=True)}
    return losses, {key: None if g is None else np.asarray(g) for key, g in gradients.items()}


# ---- whole runs ----


def tiny_data(count=20, length=4, features=2, seed=0):
    return SequenceDataset.from_arrays(tiny_values(count, length, features, seed))


def run_config(**settings):
    """The smallest network that still has all five parts: it compiles in two seconds."""
    return tiny_config(**{"layers": 1, "batch_size": 8, "steps": (7, 5, 6)} | settings)


def fit(run_dir=None, config=None, data=None, seed=0, **options):
    """A new model, trained quietly; where `run_dir` holds a run it goes on with that."""
    model = TimeGAN(config or run_config(), seed)
    model.fit(data or tiny_data(), run_dir, **{"progress": False} | options)
    return model


def assert_same_state(model, other):
    """Weights, Adam states, average and steps are equal to the last bit."""
    here, there = snapshot(model.training), snapshot(other.training)
    assert here.keys() == there.keys()
    differ = [name for name in here if here[name].tobytes() != there[name].tobytes()]
    assert not differ, f"{len(differ)} of {len(here)} variables differ, such as {differ[0]}"


def hashes(folder):
    """{name: hash} of everything below a folder, folders included; {} where there is none."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(Path(folder).rglob("*"))
    }


class Compiled:
    """Trainings that were compiled for an earlier test and serve again, every variable as at first.

    Compiling takes seconds, the few steps of a test nothing. Within one test no training serves
    twice, and a variable that a checkpoint forgets is back at its first value all the same.
    """

    def __init__(self):
        self.free, self.used = defaultdict(list), []

    def training(self, config, networks, data, seed):
        arrays = (data.values, data.lengths.all, data.static)
        key = (config.replace(steps=1), seed, *(None if a is None else a.tobytes() for a in arrays))
        if self.free[key]:
            training, first = self.free[key].pop()
            for variable, value in first:
                variable.assign(value)
        else:
            training = make_training(config, networks, data, seed)
            first = [(variable, variable.numpy()) for variable in variables_of(training)]
        training.config = config
        self.used.append((key, training, first))
        return training

    def give_back(self):
        for key, training, first in self.used:
            self.free[key].append((training, first))
        self.used.clear()


def variables_of(thing, seen=None):
    """Every variable that can be reached from an object of the library."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return []
    seen.add(id(thing))
    if isinstance(thing, tf.Variable):
        return [thing]
    parts = []
    if isinstance(thing, list | tuple):
        parts = thing
    elif isinstance(thing, dict):
        parts = thing.values()
    elif type(thing).__module__.startswith("timegan_lib"):
        parts = vars(thing).values()
    return [variable for part in parts for variable in variables_of(part, seen)]
