"""Runs side by side on this machine, each in a process of its own.

One process for each run at a time, so that a process that dies takes no other run with it, and it is
known whose it was. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from tqdm import tqdm

from timegan_lib.data import SequenceDataset
from timegan_lib.study.making import failed, make
from timegan_lib.study.plan import Run
from timegan_lib.study.states import CLAIMED

TRIES = 2  # of a run whose process dies
SECONDS = 60.0  # that a stopped run may take to save
AGAIN = "again"  # its process died, and it is begun once more


def make_here(
    runs: Sequence[Run], tables: Mapping[str, SequenceDataset], jobs: int, options: dict[str, Any]
) -> dict[str, str]:
    """Make the runs, `jobs` at a time, and return the state of each by its name.

    tables: name -> data. options: those of `make`. A run whose process dies (killed, out of memory) is
    begun once more, from its checkpoint. A KeyboardInterrupt lets every run save first; where some do
    not in time, it says how many. Where this process itself dies, the others save their runs and end.
    Taught in book/how-the-code-is-built.md.
    """
    queue, deaths, waited = deque(runs), Counter[str](), set[str]()
    outcomes: dict[str, str] = {}
    made = [_process() for _ in range(min(jobs, len(runs)))]  # all there ever were
    idle = list(made)
    busy: dict[Future, tuple[Run, ProcessPoolExecutor]] = {}
    try:
        while queue or busy:
            while queue and idle:
                run, process = queue.popleft(), idle.pop()
                busy[_ask(process, run, tables[run.table], options)] = run, process
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                run, process = busy.pop(future)
                if future.exception() is not None:
                    process.shutdown(kill_workers=True)
                    process = _process()
                    made.append(process)
                idle.append(process)
                outcome = _outcome(run, future, deaths)
                if outcome in (AGAIN, CLAIMED):
                    queue.append(run)
                else:
                    outcomes[run.name] = outcome
                if outcome == CLAIMED and run.name not in waited:
                    waited.add(run.name)
                    said = f"waiting for {run.name}, which is being made elsewhere"
                    tqdm.write(said, file=sys.stderr)
    except KeyboardInterrupt:
        for process in made:
            if process not in idle:
                _let_it_save(process)
        late = len(wait(busy, timeout=SECONDS).not_done)
        if late:
            raise KeyboardInterrupt(
                f"stopped; {late} of {len(busy)} runs did not save within {SECONDS:.0f} seconds and lose "
                "the steps since their checkpoint"
            ) from None
        raise
    finally:
        done = [process for future, (_, process) in busy.items() if future.done()]
        for process in made:
            process.shutdown(kill_workers=process not in [*idle, *done])
    return outcomes


def _ask(
    process: ProcessPoolExecutor, run: Run, data: SequenceDataset, options: dict[str, Any]
) -> Future:
    """Ask a process for a run; where it has died, or cannot begin, the error is that of the future."""
    try:
        return process.submit(_make, os.getpid(), run, data, options)
    except Exception as error:
        future: Future = Future()
        future.set_exception(error)
        return future


def _outcome(run: Run, future: Future, deaths: Counter[str]) -> str:
    """What the process says of its run, or what its end means; CLAIMED and AGAIN: ask once more."""
    error = future.exception()
    if error is None:
        return future.result()
    if not isinstance(error, BrokenProcessPool | KeyboardInterrupt):
        story = "".join(traceback.format_exception(error))
        return failed(run, str(error) or type(error).__name__, story)
    deaths[run.name] += 1
    if deaths[run.name] < TRIES:
        return AGAIN
    return failed(run, f"its process died {TRIES} times; was it killed, or out of memory?")


def _let_it_save(process: ProcessPoolExecutor) -> None:
    for number in list(process._processes or ()):
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGTERM)


# ---- in the other processes ----


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, initializer=_listen, initargs=(os.getpid(),))


def _listen(parent: int) -> None:
    """Ctrl-C reaches every process of a terminal; here the first process alone says what is stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would break into the saving
    raise KeyboardInterrupt


def _outlive(parent: int) -> None:
    """Where the first process has died, let the run save, and end."""
    while os.getppid() == parent:
        time.sleep(1)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(SECONDS)
    os._exit(1)


def _make(parent: int, run: Run, data: SequenceDataset, options: dict[str, Any]) -> str:
    try:
        return make(run, data, **options)
    finally:
        if os.getppid() != parent:
            os._exit(1)  # nobody takes what it hands back
