"""Files that are written whole: a reader finds the old one or the new one, never half of one.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from timegan_lib.config import InputError


def write_text(file: Path, text: str) -> None:
    _write(file, text.encode())


def write_arrays(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Named arrays as one .npz file without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(arrays))  # type: ignore[arg-type]
    _write(file, buffer.getvalue())


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """Every array of an .npz file, or InputError if the file is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"there is no file {file}") from None
    except Exception:  # NumPy, zip and zlib each have several errors for a damaged file
        raise InputError(f"{file} is damaged or not a file of this library") from None


def _write(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise InputError(f"cannot write {file}: {error.strerror or error}") from None
    with contextlib.suppress(OSError):  # some mounted drives cannot sync a folder
        folder = os.open(file.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
