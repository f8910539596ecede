"""Time tsgm's TimeGAN by its own `fit`: run by the Python of an environment that has tsgm.

It prints one line of JSON. The model's inner functions are only watched, not changed: a time stamp at
every call of an update, so that a step is what passes between two of them, data and logging included.
"""

import argparse
import contextlib
import io
import itertools
import json
import logging
import os
import platform
import resource
import statistics
import time
from importlib.metadata import version

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

SIZES = {"batch": 128, "length": 24, "features": 6, "hidden": 24, "layers": 3, "windows": 2000}


def resident_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--skip", type=int, default=6, help="steps left out: tracing, warming up")
    for name, value in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()

    import tsgm

    logging.getLogger("models").setLevel(logging.WARNING)
    model = tsgm.models.timeGAN.TimeGAN(
        seq_len=given.length, module="gru", hidden_dim=given.hidden, n_features=given.features,
        n_layers=given.layers, batch_size=given.batch,
    )  # fmt: skip
    model.compile()
    stamps: dict[str, list[tuple[float, float, float]]] = {"I": [], "II": [], "III": []}

    def watch(name: str, phase: str) -> None:
        function = getattr(model, name)

        def watched(*arguments):
            stamps[phase].append((time.perf_counter(), time.process_time(), resident_mb()))
            return function(*arguments)

        object.__setattr__(model, name, watched)

    watch("_train_autoencoder", "I")
    watch("_train_supervisor", "II")
    watch("_train_generator", "III")  # called twice a joint step
    data = np.random.default_rng(0).random((given.windows, given.length, given.features))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        model.fit(data=data.astype("float32"), epochs=given.steps)

    result: dict = {
        name: version(name) for name in ("tsgm", "keras", "tensorflow", "numpy")
    } | {"python": platform.python_version(), "steps": given.steps}  # fmt: skip
    for phase, seen in stamps.items():
        seen = seen[:: 2 if phase == "III" else 1][given.skip :]
        pairs = list(itertools.pairwise(seen))
        result[phase] = {
            "ms": statistics.median(b[0] - a[0] for a, b in pairs) * 1e3,
            "cpu_ms": statistics.median(b[1] - a[1] for a, b in pairs) * 1e3,
            "growth_mb_per_step": (seen[-1][2] - seen[0][2]) / (len(seen) - 1),
        }
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps(result))


if __name__ == "__main__":
    main()
