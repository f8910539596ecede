"""One contestant in a process of its own: so it has its own threads, and its own memory to look at.

speed.py starts it and sends one JSON command a line; each answer is one line of JSON. Idle between
commands, it costs the others nothing, so several of them can take turns.
"""

import json
import os
import resource
import statistics
import sys
import time


def main() -> None:
    settings = json.loads(sys.argv[1])
    if settings["threads"] is not None:  # None: as TensorFlow comes, oneDNN included
        intra, inter = settings["threads"]
        os.environ |= {"TF_NUM_INTRAOP_THREADS": str(intra), "TF_NUM_INTEROP_THREADS": str(inter)}
    else:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    answers, sys.stdout = sys.stdout, sys.stderr
    import timegan_lib  # noqa: F401  before anything that imports TensorFlow

    commands = {"run": run, "profile": profile, "kernels": kernels, "memory": memory}
    contestant = make(settings) if settings["kind"] != "kernels" else None
    print(json.dumps(memory(contestant)), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        answer = commands[command.pop("do")](contestant, **command)
        print(json.dumps(answer), file=answers, flush=True)


def make(settings: dict):
    import numpy as np

    from timegan_lib import TimeGANConfig
    from timegan_lib.networks import Networks
    from timegan_lib.training import Training

    sizes = settings["sizes"]
    config = TimeGANConfig(batch_size=sizes["batch"], hidden=sizes["h"], layers=sizes["L"])
    shape = (sizes["N"], sizes["T"], sizes["D"])
    values = np.random.default_rng(0).random(shape, dtype=np.float32)
    if settings["kind"] == "library":
        return Training(config, Networks(config, sizes["D"]), values)
    from keras_port import KerasPort

    return KerasPort(config, values, settings.get("unroll", False), settings.get("together", False))


def run(contestant, phase: str, steps: int) -> dict:
    """Time of a step in milliseconds, by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    contestant.run(phase, steps)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"ms": wall / steps * 1e3, "cpu_ms": cpu / steps * 1e3}


def memory(contestant) -> dict:
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * resource.getpagesize() / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"resident_mb": resident, "peak_mb": peak}


def profile(contestant, phase: str, steps: int) -> dict:
    """Share of each kind of operation in the time of a step, and how often it runs in one step."""
    import collections
    import glob
    import tempfile

    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        contestant.run(phase, steps)
        tf.profiler.experimental.stop()
        space = xplane_pb2.XSpace()
        with open(glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)[0], "rb") as file:
            space.ParseFromString(file.read())
    time_of, count_of = collections.Counter(), collections.Counter()
    for plane in space.planes:
        for event in (e for line in plane.lines for e in line.events if "CPU" in plane.name):
            name = plane.event_metadata[event.metadata_id].name
            kind = name.split(":")[-1] if ":" in name else f"({name})"
            time_of[kind] += event.duration_ps
            count_of[kind] += 1
    whole = time_of[f"(_{phase})"]
    return {
        kind: {"share": spent / whole, "count": count_of[kind] / steps}
        for kind, spent in time_of.most_common()
        if hasattr(tf.raw_ops, kind) and spent > 0.003 * whole
    }


def kernels(contestant) -> dict:
    """GFLOP/s of single operations on one thread, each the fastest of some runs."""
    import tensorflow as tf

    def rate(flops: float, operation, many: int = 16) -> float:
        sinks = [tf.Variable(tf.zeros(()), shape=tf.TensorShape(None)) for _ in range(many)]

        @tf.function
        def loop(count):
            for _ in tf.range(count):
                for sink in sinks:  # an assignment cannot be optimized away, and copies nothing
                    tf.raw_ops.AssignVariableOp(resource=sink.handle, value=operation())

        times, count = [], max(1, int(2e8 / flops / many))
        loop(tf.constant(1))
        for _ in range(9):
            start = time.process_time()
            loop(tf.constant(count))
            times.append((time.process_time() - start) / count / many)
        return flops / min(times) / 1e9

    def uniform(*shape):
        return tf.Variable(tf.random.uniform(shape, -0.5, 0.5))

    rates = {}
    for rows in (128, 256, 384):
        x, h, w_ru, w_c = uniform(rows, 24), uniform(rows, 24), uniform(48, 48), uniform(48, 24)
        weights = {"w_ru": w_ru, "w_c": w_c, "b_ru": uniform(48), "b_c": uniform(24)}
        r, u, c, d_h = tf.raw_ops.GRUBlockCell(x=x, h_prev=h, **weights)
        flops = 6 * rows * 24 * 48

        def cell(x=x, h=h, weights=weights):
            return tf.raw_ops.GRUBlockCell(x=x.read_value(), h_prev=h, **weights).h

        def gradient(x=x, h=h, weights=weights, saved=(r, u, c, d_h)):
            saved = dict(zip(("r", "u", "c", "d_h"), saved, strict=True))
            return tf.raw_ops.GRUBlockCellGrad(x=x.read_value(), h_prev=h, **weights, **saved).d_x

        rates[f"cell {rows}"] = rate(flops, cell)
        rates[f"cell gradient {rows}"] = rate(flops, gradient)
        for w, name in ((w_ru, "gates"), (w_c, "candidate")):
            xh = uniform(rows, 48)
            product = lambda a=xh, b=w: tf.matmul(a.read_value(), b)  # noqa: E731
            rates[f"product {name} {rows}"] = rate(2 * rows * 48 * w.shape[1], product)
    for columns in (24, 48):
        a, b = uniform(3072, 24), uniform(3072, columns)
        product = lambda a=a, b=b: tf.matmul(a.read_value(), b, transpose_a=True)  # noqa: E731
        rates[f"weight gradient {columns}"] = rate(2 * 3072 * 24 * columns, product)
    a, b = uniform(3072, 24), uniform(24, 24)
    rates["dense"] = rate(2 * 3072 * 24 * 24, lambda: tf.matmul(a.read_value(), b))
    big = uniform(1024, 1024)
    rates["big product"] = rate(2 * 1024**3, lambda: tf.matmul(big.read_value(), big), many=1)
    return rates


def median(answers: list[dict]) -> dict:
    return {key: statistics.median(answer[key] for answer in answers) for key in answers[0]}


if __name__ == "__main__":
    main()
