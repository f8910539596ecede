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

OURS = ("GruStack", "GruStackGrad")  # operations of our own kernel


def main() -> None:
    settings = json.loads(sys.argv[1])
    if settings["threads"] is not None:  # None: as TensorFlow comes, oneDNN included
        intra, inter = settings["threads"]
        os.environ |= {"TF_NUM_INTRAOP_THREADS": str(intra), "TF_NUM_INTEROP_THREADS": str(inter)}
    else:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    if not settings.get("own_kernel", True):
        os.environ["TIMEGAN_KERNEL"] = "off"
    answers, sys.stdout = sys.stdout, sys.stderr
    import timegan_lib  # noqa: F401  before anything that imports TensorFlow

    commands = {
        "run": run, "profile": profile, "kernels": kernels, "memory": memory, "sample": sample,
    }  # fmt: skip
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


def sample(contestant, count: int) -> dict:
    """Seconds for `count` windows, scaled back to the data's units, and for the first few."""
    import numpy as np

    from timegan_lib import SequenceDataset, TimeGAN

    data = SequenceDataset.from_arrays(contestant.draws.values.numpy())
    model = TimeGAN(contestant.config.replace(steps=1), seed=0)
    model.fit(data, progress=False)
    seconds = []
    for n in (1, count):
        start = time.perf_counter()
        model.sample(n)
        seconds.append(time.perf_counter() - start)
    return dict(zip(("first_s", "s"), np.round(seconds, 3).tolist(), strict=True))


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
    whole = time_of["(function)"]
    return {
        kind: {"share": spent / whole, "count": count_of[kind] / steps}
        for kind, spent in time_of.most_common()
        if (hasattr(tf.raw_ops, kind) or kind in OURS) and spent > 0.003 * whole
    }


def kernels(contestant) -> dict:
    """GFLOP/s of single operations on one thread, each the fastest of some runs."""
    import tensorflow as tf

    from timegan_lib.kernel import kernel

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

    operations, rates = kernel().operations, {}
    w = [v for _ in range(3) for v in (uniform(48, 48), uniform(48), uniform(48, 24), uniform(24))]
    for rows in (128, 256, 384):
        x, w_ru, b_ru, w_c, b_c = uniform(rows, 24), *w[:4]
        cell = {"h_prev": uniform(rows, 24), "w_ru": w_ru, "w_c": w_c, "b_ru": b_ru, "b_c": b_c}
        rates[f"TensorFlow's cell {rows}"] = rate(
            6 * rows * 24 * 48,
            lambda x=x, cell=cell: tf.raw_ops.GRUBlockCell(x=x.read_value(), **cell).h,
        )
        flops = 3 * 24 * 6 * rows * 24 * 48
        x, d = uniform(rows, 24, 24), uniform(rows, 24, 24)
        kept = tf.Variable(operations.gru_stack(x=x, w=w)[1])

        def forward(x=x):
            return operations.gru_stack(x=x.read_value(), w=w)[0]

        def backward(x=x, d=d, kept=kept, wanted=1):
            read = x.read_value()
            return operations.gru_stack_grad(x=read, d_states=d, kept=kept, w=w, wanted=wanted)[0]

        rates[f"stack {rows}"] = rate(flops, forward, many=4)
        rates[f"stack, gradient {rows}"] = rate(2 * flops, backward, many=4)
        rates[f"stack, gradient of x alone {rows}"] = rate(
            flops, lambda run=backward: run(wanted=0), many=4
        )
    a, b = uniform(3072, 24), uniform(24, 24)
    rates["dense"] = rate(2 * 3072 * 24 * 24, lambda: tf.matmul(a.read_value(), b))
    big = uniform(1024, 1024)
    rates["big product"] = rate(2 * 1024**3, lambda: tf.matmul(big.read_value(), big), many=1)
    return rates


def median(answers: list[dict]) -> dict:
    return {key: statistics.median(answer[key] for answer in answers) for key in answers[0]}


if __name__ == "__main__":
    main()
