"""The tables and sentences of README.md that hold numbers, all of them from results.json.

README.md marks each place: what lies between <!-- NAME --> and <!-- end --> is written here.
"""

import re
from pathlib import Path

PHASES = {"autoencoder": "I", "supervisor": "II", "joint": "III"}
OURS = {"ms": ["library"], "cpu_ms": ["library", "library, one thread"]}
UNITS = {"T": "T, steps", "D": "D, features", "h": "h, units", "batch": "batch", "N": "N, windows"}


def write_report(results: dict, readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for name, block in BLOCKS.items():
        if all(part in results for part in NEEDS.get(name, [name])):
            new = f"<!-- {name} -->\n{block(results[NEEDS.get(name, [name])[0]], results)}\n<!-- end -->"
            text = re.sub(rf"<!-- {name} -->.*?<!-- end -->", lambda _, n=new: n, text, flags=re.S)
    readme.write_text(text, encoding="utf-8")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def measured_on(part: dict) -> str:
    m = part["machine"]
    busy = "" if m["load_before"] < 0.5 * m["cores"] else (
        f" Other programs were running (load {m['load_before']:.1f}):"
        " read the ratios, not the milliseconds."
    )  # fmt: skip
    return (
        f"Measured on {m['date']}: {m['cpu']}, {m['cores']} cores, {m['system']}, Python {m['python']}, "
        f"TensorFlow {m['tensorflow']}, Keras {m['keras']}, NumPy {m['numpy']}.{busy} {m.get('note', '')}"
    )


def best(rows: dict, phase: str, unit: str, unrolled: bool) -> float:
    """The fastest of the ports on Keras's own loop, or of the unrolled ones, in the library's times."""
    ports = [name for name in rows if name.startswith("port") and ("unrolled" in name) == unrolled]
    fastest = min(rows[name][phase][unit] for name in ports)
    return fastest / min(row[phase][unit] for name, row in rows.items() if name in OURS[unit])


def contest(part: dict, results: dict) -> str:
    rows, lines = part["table"], []
    for name, row in rows.items():
        cells = []
        for phase in PHASES:
            times = row[phase]["ms"] / rows["library"][phase]["ms"]
            cells.append(f"{row[phase]['ms']:.1f} ({times:.2f})")
        cpu = f"{row['joint']['cpu_ms']:.0f}"
        first = sum(row[f"{phase} first call s"] for phase in PHASES)
        lines.append([name, *cells, cpu, f"{row['peak_mb']:.0f}", f"{first:.0f}"])
    head = ["way", *(f"phase {p}, ms" for p in PHASES.values())]
    head += ["III, CPU ms", "peak memory, MB", "compiling, s"]
    verdicts = []
    for phase, bar, goal in (("autoencoder", 4, 4), ("supervisor", 4, 4), ("joint", 5, 6)):
        plain = best(rows, phase, "ms", False)
        word = "goal met" if plain >= goal else "bar met" if plain >= bar else "bar missed"
        verdicts.append([
            f"phase {PHASES[phase]}", f"{bar}", f"{goal}", f"{plain:.2f}", word,
            *(f"{best(rows, phase, *which):.2f}"
              for which in (("cpu_ms", False), ("ms", True), ("cpu_ms", True))),
        ])  # fmt: skip
    head_2 = ["times the library's time", "bar", "goal", "best port on Keras's loop", "verdict"]
    head_2 += ["its CPU time", "best unrolled port", "its CPU time"]
    imports = rows["library"]["imports_mb"]
    return "\n\n".join([
        measured_on(part),
        table(head, lines),
        "In brackets: how many times the library's time (its row is 1.00). CPU: processor time of all "
        f"threads. Of the peak memory, {imports:.0f} MB are there as soon as the library is imported "
        "and the networks are made. Compiling: the first call of all three phases together.",
        table(head_2, verdicts),
    ])  # fmt: skip


def story(part: dict, results: dict) -> str:
    """From the package that people install to this library, a step of phase III at a time."""
    rows, limit = part["table"], results["where"]["table"]
    around = results["tsgm"]["table"]
    ours, theirs = (
        rows[name]["joint"]["ms"] for name in ("library", "library, TensorFlow's kernels")
    )
    bound = sum(limit["gflop"].values()) / limit["gflops_per_second"]["big product"] * 1e3
    ways = [
        ("tsgm, its own fit", around["III"]["ms"] / around["library"]["ms"] * theirs,
         "a program that dies for want of memory before step 50,000"),
        ("the same method on Keras layers", rows["port"]["joint"]["ms"],
         "one compiled function an update, batches drawn inside it, nothing done twice"),
        ("the same, its loops unrolled", rows["port, unrolled"]["joint"]["ms"],
         "no loop over steps for TensorFlow to manage; compiling takes a minute"),
        ("the same, with the library's savings", rows["port, unrolled, our savings"]["joint"]["ms"],
         "two latents in one call, H computed once for two updates, many steps in one compiled loop"),
        ("the library on TensorFlow's kernels", theirs,
         "one fused operation for a step of the cell, gradients by hand"),
        ("**the library on its own kernel**", ours,
         "one operation for a whole stack, in C, blocks of sequences shared by the cores"),
        ("every product as fast as a big one, all else free", bound / 2,
         "a bound for two cores that products this small cannot reach"),
    ]  # fmt: skip
    lines, before = [], None
    for name, ms, means in ways:
        step = f"{before / ms:.1f}" if before else ""
        lines.append([name, f"{ms:,.0f}", step, f"{ms / ours:.1f}", means])
        before = ms
    head = [
        "way",
        "joint step, ms",
        "times faster than the row above",
        "in our times",
        "what it does",
    ]
    return "\n\n".join([
        measured_on(part),
        table(head, lines),
        "The first row comes from a run of its own: tsgm's time in times of this library's on TensorFlow's "
        "kernels, just before and after it.",
    ])  # fmt: skip


def memory(part: dict, results: dict) -> str:
    rows = [
        [name, f"{r['settle']}", f"{r['steps']}", f"{r['before_mb']:.0f}", f"{r['grown_mb']:+.1f}"]
        for name, r in part["table"].items()
    ]
    head = ["", "joint steps before", "joint steps measured", "resident, MB", "grown by, MB"]
    return table(head, rows)


def tsgm(part: dict, results: dict) -> str:
    r = part["table"]
    times = r["III"]["ms"] / r["library"]["ms"]
    rows = [
        [f"phase {p}", f"{r[p]['ms']:.0f}", f"{r[p]['cpu_ms']:.0f}", f"{r[p]['growth_mb_per_step']:.2f}"]
        for p in PHASES.values()
    ]  # fmt: skip
    return "\n\n".join([
        f"tsgm {r['tsgm']} with Keras {r['keras']}, TensorFlow {r['tensorflow']}, Python {r['python']}, "
        f"{r['steps']} steps a phase; peak memory {r['peak_mb']:.0f} MB. {measured_on(part)}",
        table(["tsgm, its own fit", "ms a step", "CPU ms a step", "memory grows, MB a step"], rows),
        f"A joint step of this library on TensorFlow's kernels, just before and after: {r['library']['ms']:.0f} ms. "
        f"tsgm takes {times:.1f} times that.",
    ])  # fmt: skip


def where(part: dict, results: dict) -> str:
    t = part["table"]
    cpu, operations, flop, rate = (
        t["joint"]["cpu_ms"], t["operations"], t["gflop"], t["gflops_per_second"],
    )  # fmt: skip
    rows = [
        [kind, f"{o['count']:.0f}", f"{100 * o['share']:.1f} %", f"{o['share'] * cpu:.1f}"]
        for kind, o in operations.items()
    ]
    rest = 1.0 - sum(o["share"] for o in operations.values())
    rows.append(["everything else", "", f"{100 * rest:.1f} %", f"{rest * cpu:.1f}"])
    big = rate["big product"]
    parts = {
        "GruStack": flop["cells, forward"],
        "GruStackGrad": flop["cells, backward"] + flop["weights of the cells"],
        "MatMul": flop["dense layers"],
    }
    limits = []
    for kind, work in parts.items():
        ms = operations[kind]["share"] * cpu
        limits.append(
            [kind, f"{work:.2f}", f"{ms:.1f}", f"{work / ms * 1e3:.0f}", f"{work / big * 1e3:.1f}"]
        )
    whole = sum(parts.values())
    limits.append(["whole step", f"{whole:.2f}", f"{cpu:.1f}", f"{whole / cpu * 1e3:.0f}",
                   f"{whole / big * 1e3:.1f}"])  # fmt: skip
    head = ["part", "GFLOP", "ms", "GFLOP/s in the step", "ms at the big rate"]
    kernels = [
        [name, *(f"{rate[f'{name} {rows_}']:.0f}" for rows_ in (128, 256, 384))]
        for name in ("stack", "stack, gradient", "stack, gradient of x alone", "TensorFlow's cell")
    ]
    ours = sum(operations[kind]["share"] for kind in ("GruStack", "GruStackGrad"))
    return "\n\n".join([
        f"{measured_on(part)} One thread; a joint step takes {cpu:.0f} ms of processor time.",
        table(["operation", "in one step", "share", "ms"], rows),
        table(head, limits),
        f"One product of 1,024 x 1,024 matrices runs at {big:.0f} GFLOP/s on one core. The kernels alone, "
        "in GFLOP/s, by the number of sequences (128 is one batch, 256 and 384 are two and three latents "
        "in one call):",
        table(["kernel", "128", "256", "384"], kernels),
        f"So {100 * ours:.0f} % of a step are our two operations, at "
        f"{(parts['GruStack'] + parts['GruStackGrad']) / (ours * cpu) * 1e3:.0f} GFLOP/s. The whole step "
        f"runs at {whole / cpu * 1e3:.0f}, {100 * whole / cpu * 1e3 / big:.0f} % of what a big product "
        "reaches on this core.",
    ])  # fmt: skip


def sampling(part: dict, results: dict) -> str:
    rows = [
        [name, f"{r['count']:,}", f"{r['s']:.1f}", f"{r['first_s']:.1f}"]
        for name, r in part["table"].items()
    ]
    head = ["way", "windows of 24 steps", "seconds", "the first window, compiling"]
    return "\n\n".join([measured_on(part), table(head, rows)])


def growth(part: dict, results: dict) -> str:
    blocks = [measured_on(part)]
    for letter, sizes in part["table"].items():
        head = [UNITS[letter], *(f"{int(size):,}" for size in sizes)]
        cpu = ["times the default's CPU time", *(f"{r['cpu_ratio']:.2f}" for r in sizes.values())]
        blocks.append(table(head, [cpu]))
    return "\n\n".join(blocks)


def jobs(part: dict, results: dict) -> str:
    one = part["table"]["1"]["s"]
    rows = [
        [at_a_time, f"{r['s']:.0f}", f"{one / r['s']:.2f}"]
        for at_a_time, r in part["table"].items()
    ]
    first = part["table"]["1"]
    head = ["runs at a time", "seconds", "times faster"]
    return "\n\n".join([
        f"{measured_on(part)} {first['runs']} runs of {first['steps']} steps a phase, each on one thread, "
        "compiling and the start of the processes included.",
        table(head, rows),
    ])  # fmt: skip


BLOCKS = {
    block.__name__: block for block in (story, contest, memory, tsgm, where, growth, sampling, jobs)
}
NEEDS = {"story": ["contest", "where", "tsgm"]}  # a block of several parts
