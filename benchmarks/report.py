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
        if name in results:
            new = f"<!-- {name} -->\n{block(results[name], results)}\n<!-- end -->"
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
    for phase, bar, goal in (("autoencoder", 2, 3), ("supervisor", 2, 3), ("joint", 4, 5)):
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
        *([earlier(part["earlier_runs"])] if "earlier_runs" in part else []),
    ])  # fmt: skip


def earlier(runs: dict) -> str:
    each = "; ".join(
        f"phase {PHASES[phase]} {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
        for phase, ratios in runs.items()
    )
    return (
        "This is the last of several whole runs. The earlier ones, at normal priority beside busier "
        f"programs, gave for the best port on Keras's loop: {each}."
    )


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
        f"A joint step of this library, just before and after: {r['library']['ms']:.0f} ms. "
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
        "GRUBlockCell": (flop["cells, forward"], rate["cell 128"]),
        "GRUBlockCellGrad": (flop["cells, backward"], rate["cell gradient 128"]),
        "MatMul": (flop["weights of the cells"] + flop["dense layers"], rate["weight gradient 48"]),
    }
    limits, at_big = [], 0.0
    kernels_only = sum(operations[kind]["share"] for kind in parts) * cpu
    for kind, (work, alone) in parts.items():
        ms = operations[kind]["share"] * cpu
        at_big += work / big * 1e3
        limits.append([
            kind, f"{work:.2f}", f"{ms:.1f}", f"{work / ms * 1e3:.0f}", f"{alone:.0f}",
            f"{work / big * 1e3:.1f}",
        ])  # fmt: skip
    whole = sum(work for work, _ in parts.values())
    limits.append(["whole step", f"{whole:.2f}", f"{cpu:.1f}", f"{whole / cpu * 1e3:.0f}", "",
                   f"{at_big:.1f}"])  # fmt: skip
    head = ["part", "GFLOP", "ms", "GFLOP/s in the step", "GFLOP/s alone", "ms at the big rate"]
    names = {"cell": "GRUBlockCell", "cell gradient": "GRUBlockCellGrad", "product gates": "x W, gates",
             "product candidate": "x W, candidate"}  # fmt: skip
    kernels = [
        [label, *(f"{rate[f'{name} {rows_}']:.0f}" for rows_ in (128, 256, 384))]
        for name, label in names.items()
    ]
    inside = cell_time(rate)
    return "\n\n".join([
        f"{measured_on(part)} One thread; a joint step takes {cpu:.0f} ms of processor time.",
        table(["operation", "in one step", "share", "ms"], rows),
        table(head, limits),
        f"One product of 1,024 x 1,024 matrices runs at {big:.0f} GFLOP/s on one core. The cells' kernels "
        "alone, in GFLOP/s, by the number of rows (128 is one batch, 256 and 384 are two and three "
        "latents in one call):",
        table(["kernel", "128 rows", "256 rows", "384 rows"], kernels),
        f"A cell call of 128 rows takes {inside['cell']:.1f} µs; its two matrix products alone take "
        f"{inside['products']:.1f} µs of them, the sigmoids, the tanh and the copies the other "
        f"{inside['cell'] - inside['products']:.1f}.",
        f"So {100 * sum(operations[kind]['share'] for kind in parts):.0f} % of a step are these three "
        f"kinds of kernels, at {whole / cpu * 1e3:.0f} GFLOP/s over the whole step. Were every product "
        f"as fast as a big one and all else free, a step would take {at_big:.0f} ms instead of "
        f"{cpu:.0f}: a bound that products this small cannot reach. With the kernels as they are, and "
        f"nothing between them, it would take {kernels_only:.0f} ms.",
    ])  # fmt: skip


def cell_time(rate: dict) -> dict[str, float]:
    """Microseconds of one cell call of 128 rows, and of its two products."""
    gates, candidate = 2 * 128 * 48 * 48 / 1e3, 2 * 128 * 48 * 24 / 1e3
    return {
        "cell": (gates + candidate) / rate["cell 128"],
        "products": gates / rate["product gates 128"] + candidate / rate["product candidate 128"],
    }


def growth(part: dict, results: dict) -> str:
    blocks = [measured_on(part)]
    for letter, sizes in part["table"].items():
        head = [UNITS[letter], *(f"{int(size):,}" for size in sizes)]
        cpu = ["times the default's CPU time", *(f"{r['cpu_ratio']:.2f}" for r in sizes.values())]
        blocks.append(table(head, [cpu]))
    return "\n\n".join(blocks)


def tried(part: dict, results: dict) -> str:
    rows = [
        [idea, ", ".join(f"{100 * (ratio - 1):+.0f} %" for ratio in runs)]
        for idea, runs in part["table"].items()
    ]
    return "\n\n".join([measured_on(part), table(["idea", "CPU time of a joint step"], rows)])


BLOCKS = {block.__name__: block for block in (contest, memory, tsgm, where, growth, tried)}
