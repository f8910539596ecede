"""Runs on many machines, through Dask. Workers, scheduler and network may go and come back.

What is made is in the run directories, on a folder that all machines share; so whatever is lost, it is
enough to ask for the runs again that are not finished. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.study.making import failed, make
from timegan_lib.study.plan import Run
from timegan_lib.study.states import CLAIMED

PATIENCE = 10.0  # seconds that a scheduler may take to answer
PAUSE = 0.5  # seconds between two looks at what is asked for


def make_on_cluster(
    runs: Sequence[Run],
    tables: Mapping[str, SequenceDataset],
    address: str,
    options: dict[str, Any],
) -> dict[str, str]:
    """Make the runs on the Dask cluster at an address and return the state of each by its name.

    tables: name -> data. options: those of `make`. Dask begins a run again whose worker died; where
    the scheduler is lost, this waits for the address to answer again. Raises InputError if Dask is
    not installed, nothing answers at first, or workers do not see the folder of the runs.
    Taught in book/how-the-code-is-built.md.
    """
    client = connect(address)
    outcomes: dict[str, str] = {}
    checked = False
    with _quiet():
        while True:
            left = [run for run in runs if run.name not in outcomes]
            try:
                if left and not checked:
                    _check_shared(client, left[0].folder.parent)
                    checked = True
                if left:
                    outcomes |= _round(client, left, tables, options)
            finally:
                with contextlib.suppress(Exception):  # the scheduler may be gone
                    client.close(timeout=2)
            if len(outcomes) == len(runs):
                return outcomes
            client = _connect_again(address)


def connect(address: str) -> Any:
    """A client of the scheduler there. Raises InputError. Taught in book/how-the-code-is-built.md."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "a Dask cluster needs the package distributed; install it with `pip install distributed`"
        ) from None
    try:
        with _quiet():
            return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address}: {str(error) or type(error).__name__}; "
            "`dask scheduler` starts one and says its address"
        ) from None


def _connect_again(address: str) -> Any:
    said = False
    while True:
        try:
            return connect(address)
        except InputError:
            if not said:
                print(f"the scheduler at {address} is gone; waiting for it", file=sys.stderr)
                said = True
            time.sleep(PAUSE)


def _check_shared(client: Any, folder: Path) -> None:
    """Raise InputError unless every worker that is there now finds what is written into the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".seen-") as token:
            try:
                found = client.run(os.path.exists, token.name, on_error="return")
            except Exception:
                return  # the connection was lost: the next round sees to that
    except OSError as error:
        raise InputError(f"cannot write into {folder}: {error.strerror or error}") from None
    if blind := sorted(worker for worker, seen in found.items() if seen is False):
        raise InputError(
            f"{folder} is not seen by the workers {', '.join(blind)}; give a folder that all machines share"
        )


def _round(
    client: Any, runs: Sequence[Run], tables: Mapping[str, SequenceDataset], options: dict[str, Any]
) -> dict[str, str]:
    """Ask for all runs, and take what comes until all is done or the connection is lost."""
    outcomes: dict[str, str] = {}
    asked: dict[Any, Run] = {}
    try:
        used = {run.table for run in runs}
        data = {name: client.submit(_hand_on, tables[name], pure=False) for name in used}
        for run in runs:
            asked[client.submit(make, run, data[run.table], pure=False, **options)] = run
        while asked and client.status == "running":
            time.sleep(PAUSE)
            for future in [future for future in asked if future.done()]:
                run, status = asked.pop(future), future.status
                if status == "error":
                    outcomes[run.name] = failed(run, f"{future.exception(timeout=PATIENCE)}")
                elif status == "finished":
                    outcome = future.result(timeout=PATIENCE)
                    if outcome != CLAIMED:
                        outcomes[run.name] = outcome
    except KeyboardInterrupt:
        client.cancel(list(asked))
        raise
    except (OSError, TimeoutError, CancelledError):
        pass  # lost while we asked: what is made is in the folders
    except Exception:
        if client.status == "running":
            raise
    return outcomes


def _hand_on(data: SequenceDataset) -> SequenceDataset:
    """A task of its own, so that the data go to the scheduler once and from worker to worker."""
    return data


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log lines about lost connections are not for the user: that is said here."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
