"""Runs side by side on this machine, each in a process of its own.

One process for each run at a time, so that a process that dies takes no other run with it, and it is
known whose it was. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor

from timegan_lib.data import SequenceDataset
from timegan_lib.study.making import failed, make
from timegan_lib.study.plan import Run
from timegan_lib.study.states import CLAIMED

TRIES = 2  # of a run whose process dies
SECONDS = 60.0  # that a stopped run may take to save


def make_here(
    runs: Sequence[Run], tables: Mapping[str, SequenceDataset], jobs: int, options: dict[str, Any]
) -> dict[str, str]:
    """Make the runs, `jobs` at a time, and return the state of each by its name.

    tables: name -> data. options: those of `make`. A run whose process dies (killed, out of memory) is
    begun once more, from its checkpoint. A KeyboardInterrupt lets every run save first.
    Taught in book/how-the-code-is-built.md.
    """
    queue, deaths = deque(runs), Counter[str]()
    outcomes: dict[str, str] = {}
    idle = [_process() for _ in range(min(jobs, len(runs)))]
    busy: dict[Any, tuple[Run, ProcessPoolExecutor]] = {}
    try:
        while queue or busy:
            while queue and idle:
                run, process = queue.popleft(), idle.pop()
                future = process.submit(make, run, tables[run.table], **options)
                busy[future] = run, process
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                run, process = busy.pop(future)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    process.shutdown(kill_workers=True)
                    process = _process()
                    deaths[run.name] += 1
                    outcome = CLAIMED if deaths[run.name] < TRIES else failed(run, _died())
                idle.append(process)
                if outcome == CLAIMED:
                    queue.append(run)
                else:
                    outcomes[run.name] = outcome
    except KeyboardInterrupt:
        for _, process in busy.values():
            _let_it_save(process)
        wait(busy, timeout=SECONDS)
        raise
    finally:
        stuck = any(not future.done() for future in busy)
        for process in [*idle, *(process for _, process in busy.values())]:
            process.shutdown(kill_workers=stuck)
    return outcomes


def _died() -> str:
    return f"its process died {TRIES} times; was it killed, or out of memory?"


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, initializer=_listen)


def _listen() -> None:
    """Ctrl-C reaches every process of a terminal; here the first process alone says what is stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _let_it_save(process: ProcessPoolExecutor) -> None:
    for number in list(process._processes or ()):
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGTERM)
