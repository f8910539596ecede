"""Files that are written whole: a reader finds the old one or the new one, never half of one.

What is no plain file (a pipe, a device, a descriptor such as /dev/stdout) is written through, and a link
is followed: nothing is replaced that the user did not name. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from timegan_lib.config import InputError

STANDARD_OUTPUT = "-"
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": partial(gzip.compress, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
MOST_LINKS = 40  # as many as Linux follows


def write_text(file: Path, text: str) -> None:
    """Write a text to a file, packed where its name ends in .gz, .bz2 or .xz; the path - is standard
    output. Raises InputError."""
    if str(file) != STANDARD_OUTPUT:
        pack = PACK.get(Path(file).suffix.lower(), bytes)
        _write(file, pack(text.encode()))
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as `| head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_stream(file: str | Path) -> bool:
    """Whether what is written there flows on, as through - or a pipe, instead of staying in a file."""
    try:
        return str(file) == STANDARD_OUTPUT or _is_open_elsewhere(_behind_links(Path(file)))
    except OSError:
        return False


def write_arrays(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Named arrays as one .npz file without pickle. Raises InputError."""
    _write(file, arrays_to_bytes(arrays))


def arrays_to_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Named arrays as the bytes of an .npz file."""
    buffer = io.BytesIO()
    try:
        np.savez_compressed(buffer, **dict(arrays))  # type: ignore[arg-type]
    except ValueError as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # which zipfile hides
            raise error.__context__ from None
        raise
    return buffer.getvalue()


def read_arrays(file: Path | io.BytesIO) -> dict[str, np.ndarray]:
    """Every array of an .npz file, or InputError if the file is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"there is no file {file}") from None
    except Exception:  # NumPy, zip and zlib each have several errors for a damaged file
        raise InputError(f"{file} is damaged or not a file of this library") from None


def _write(file: Path, content: bytes) -> None:
    try:
        goal = _behind_links(Path(file))
        if _is_open_elsewhere(goal):
            with open(goal, "ab") as stream:
                stream.write(content)
        else:
            _replace(goal, content)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}") from None


def _behind_links(file: Path) -> Path:
    """What a chain of links names at its end, whether or not it is there; descriptors are not followed."""
    for _ in range(MOST_LINKS):
        if _is_descriptor(file) or not file.is_symlink():
            return file
        file = file.parent / os.readlink(file)
    raise OSError("too many links lead on from it")


def _is_descriptor(file: Path) -> bool:
    """Whether a path names an open file of a process, as /dev/stdout does in the end."""
    folder = os.path.realpath(file.parent)
    return bool(re.fullmatch(r"/proc/[^/]+(/task/\d+)?/fd|/dev/fd", folder))


def _is_open_elsewhere(file: Path) -> bool:
    """Whether a file is no plain one, so that bytes go through it and nothing may stand in its place."""
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(None, "it is a folder")
    return _is_descriptor(file) or not stat.S_ISREG(mode)


def _replace(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if file.exists():
            shutil.copymode(file, temporary)
        os.replace(temporary, file)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # some mounted drives cannot sync a folder
        folder = os.open(file.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
