"""The claim on a run directory: while one process trains in it, no other does.

The claim is a lock on a file in the folder, which the operating system holds for the process. It ends
with the process, however that dies, and cannot be left behind; the file may be, and means nothing then.
Where there are no such locks (Windows, some mounted drives) nothing is claimed: there, do not train in
one folder twice at a time. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from timegan_lib.config import InputError

try:
    import fcntl

    LOCKS = True
except ImportError:  # Windows
    LOCKS = False

NAME = ".claim"
TAKEN = (BlockingIOError, PermissionError)  # some drives say EACCES where others say EAGAIN
TRIES = 100  # to open the file and have it, where others remove it or its folder meanwhile


class ClaimedError(InputError):
    """Another process is training in this folder. Taught in book/how-the-code-is-built.md."""


@contextlib.contextmanager
def claim(folder: Path | None) -> Iterator[None]:
    """Hold the claim on a folder, which is made if need be; None: there is nothing to claim.

    Raises ClaimedError, an InputError that names the host and the process, where another holds it.
    Taught in book/how-the-code-is-built.md.
    """
    if folder is None or not LOCKS:
        yield
        return
    file = folder / NAME
    stream = _take(file)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)  # before the lock goes, so that only its holder removes it
        stream.close()


def is_claimed(folder: Path) -> bool:
    """Whether a process is training in a folder now. Taught in book/how-the-code-is-built.md."""
    if not LOCKS:
        return False
    try:
        stream = open(folder / NAME)  # noqa: SIM115 - closed below
    except OSError:
        return False
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except TAKEN:
            return True
        except OSError:
            return False
    return False


def _take(file: Path) -> IO[str]:
    """The locked file, open. The lock lasts until it is closed."""
    for _ in range(TRIES):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            stream = open(file, "a+")  # noqa: SIM115 - it stays open as long as the claim
        except FileNotFoundError:  # the folder was removed between our two lines
            continue
        except OSError as error:
            raise InputError(f"cannot write {file}: {error.strerror or error}") from None
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except TAKEN:
            stream.seek(0)
            who = stream.read().strip() or "unknown"
            stream.close()
            raise ClaimedError(
                f"{file.parent} is being trained by another process ({who}); wait until it ends, or give "
                "another folder"
            ) from None
        except OSError:
            return stream  # this drive has no locks
        if _is_there(file, stream):
            stream.truncate(0)
            stream.write(f"host {socket.gethostname()}, pid {os.getpid()}")
            stream.flush()
            return stream
        stream.close()  # whoever held it removed it between our two lines
    raise InputError(f"cannot hold {file}: it is not there when looked at, {TRIES} times in a row")


def _is_there(file: Path, stream: IO[str]) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False
