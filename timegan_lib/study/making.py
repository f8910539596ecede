"""One run of a plan, made in whatever process it is called in. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Mapping
from typing import Any

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset
from timegan_lib.files import write_text
from timegan_lib.model import TimeGAN
from timegan_lib.study.plan import Run
from timegan_lib.study.states import CLAIMED, FAILED, FINISHED, is_finished
from timegan_lib.threads import use_threads
from timegan_lib.training.claim import ClaimedError

PAUSE = 4.0  # seconds to wait for whoever is training the same run


def make(
    run: Run, data: SequenceDataset, snapshots: tuple[int, ...] = (), checkpoint_every: int = 500,
    represent: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """Make a run, or go on with it, on one thread: FINISHED, CLAIMED, or "failed: " and why.

    A finished run is left as it is. One that another process is training is left to that after a
    pause: ask again. No error is raised; the text of one is kept in `run.failed_file`. represent: name of
    a table -> the forms in which it is learned.
    Taught in book/how-the-code-is-built.md.
    """
    with contextlib.suppress(InputError):  # a worker that has begun with other threads
        use_threads(1)
    if is_finished(run):
        return _finished(run)
    try:
        TimeGAN(run.config, run.seed).fit(
            data, run.folder, snapshots=snapshots, checkpoint_every=checkpoint_every,
            progress=False, command=run.command, represent=(represent or {}).get(run.table),
        )  # fmt: skip
    except ClaimedError:
        time.sleep(PAUSE)
        return CLAIMED
    except Exception as error:
        return failed(run, str(error) or type(error).__name__, traceback.format_exc())
    return _finished(run)


def failed(run: Run, reason: str, story: str = "") -> str:
    """Keep why a run failed, in its file and as its state. Taught in book/how-the-code-is-built.md."""
    line = " ".join(reason.split())
    with contextlib.suppress(InputError):  # a full disk, which may be the reason
        write_text(run.failed_file, f"{line}\n\n{story}".rstrip() + "\n")
    return f"{FAILED}: {line}"


def _finished(run: Run) -> str:
    with contextlib.suppress(OSError):  # another may have removed the folder
        run.failed_file.unlink(missing_ok=True)
    return FINISHED
