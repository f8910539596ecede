"""What several test files share: tiny data and trainings, and ways to look at what a step did."""

import numpy as np

from timegan_lib import TimeGANConfig
from timegan_lib.networks import Networks
from timegan_lib.training import LOSSES, Training

BATCH, LENGTH, FEATURES = 16, 6, 3


def tiny_config(**settings):
    small = {"hidden": 4, "layers": 2, "batch_size": BATCH, "steps": 2}
    return TimeGANConfig(**small | settings)


def tiny_values(count=40, length=LENGTH, features=FEATURES, seed=0):
    """Smooth series in [0, 1], (count, length, features), no two alike."""
    rng = np.random.default_rng(seed)
    phase, pace = rng.uniform(0, 6, (2, count, 1, features))
    return ((np.sin(pace * np.arange(length)[:, None] / 4 + phase) + 1) / 2).astype(np.float32)


def tiny_training(config=None, values=None, lengths=None, static=None, blocks=(), seed=0):
    values = tiny_values() if values is None else values
    config = config or tiny_config()
    networks = Networks(config, values.shape[2], blocks, seed)
    return Training(config, networks, values, lengths, static, seed)


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
    batch = training.draw_batch(0, step, 0)
    found = {
        "autoencoder": training.autoencoder_update(batch),
        "supervisor": training.supervisor_update(batch),
        "joint": training.joint_update(training.draw_joint(step)),
    }
    for phase, values in found.items():
        losses |= {(phase, n): float(v) for n, v in zip(LOSSES[phase], values, strict=True)}
    return losses, {key: None if g is None else np.asarray(g) for key, g in gradients.items()}
