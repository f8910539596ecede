"""From C to an operation of TensorFlow: built once for this machine, then kept in a cache folder.

Nothing of it may stop a training: where something is missing, TensorFlow's kernels take over, and
`Kernel.why` says what was missing. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs
import tensorflow as tf

from timegan_lib.threads import threads_now

SWITCH = "TIMEGAN_KERNEL"  # environment variable; "off" chooses TensorFlow's kernels
CACHE = "TIMEGAN_CACHE"  # environment variable; another folder for what is built
SOURCES = [Path(__file__).with_name(name) for name in ("operations.c", "gru.c", "threads.c")]
PATIENCE = 120  # seconds for the compiler, which needs one
OURS, TENSORFLOWS = "own", "tensorflow"


class Kernel(NamedTuple):
    """Which kernel runs the GRU layers: "own" or "tensorflow", why, and our operations where it is "own"."""

    name: str
    why: str
    operations: Any = None

    def __str__(self) -> str:
        return f"{'our own, in C' if self.name == OURS else 'those of TensorFlow'}: {self.why}"


def kernel(cell: str = "gru") -> Kernel:
    """The kernel that recurrent layers of this cell run on. Ours is built when it is first asked for,
    which takes a second. Never raises. Taught in book/how-the-code-is-built.md.
    """
    if cell != "gru":
        return Kernel(TENSORFLOWS, f"ours has no {cell.upper()}")
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no", "false"):
        return Kernel(TENSORFLOWS, f"{SWITCH}={os.environ[SWITCH]}")
    ours = _kernel()
    if ours.operations is not None:
        ctypes.CDLL(ours.why).gru_threads(_threads())  # as chosen by now
    return ours


@functools.cache
def _kernel() -> Kernel:
    compiler, library = [""], Path()
    try:
        compiler = _compiler()
        if not compiler:
            return Kernel(TENSORFLOWS, "there is no C compiler")
        if tf.config.list_physical_devices("GPU"):
            return Kernel(TENSORFLOWS, "there is a GPU")
        library = _built(compiler)
        operations = tf.load_op_library(str(library))
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if "error" in line] or [str(error)]
        return Kernel(TENSORFLOWS, f"{compiler[0]} says: {said[0].split('error:')[-1].strip()}")
    except tf.errors.OpError as error:  # what lies there cannot be loaded
        with contextlib.suppress(OSError):
            library.unlink(missing_ok=True)
        return Kernel(TENSORFLOWS, str(error).splitlines()[0])
    except Exception as error:  # whatever it is, no training shall end of it
        return Kernel(TENSORFLOWS, (str(error) or type(error).__name__).splitlines()[0])
    return Kernel(OURS, str(library), operations)


def _compiler() -> list[str]:
    """The words that call it: those of CC, which may be several ("ccache gcc"), or cc, or gcc; [] for none."""
    for words in (shlex.split(os.environ.get("CC", "")), ["cc"], ["gcc"]):
        if words and (found := shutil.which(words[0])):
            return [found, *words[1:]]
    return []


def _built(compiler: list[str]) -> Path:
    """The shared library, from the cache or built now. Its name holds all that it depends on."""
    arm = platform.machine().lower() in ("arm64", "aarch64")
    command = [*compiler, "-O3", "-mcpu=native" if arm else "-march=native", "-ffp-contract=fast",
               "-std=gnu11", "-w", "-shared", "-fPIC", f"-I{tf.sysconfig.get_include()}"]  # fmt: skip
    depends = [source.read_text(encoding="utf-8") for source in SOURCES]
    depends += [*command, tf.__version__, *platform.libc_ver(), _machine(command)]
    key = hashlib.sha256("\0".join(depends).encode()).hexdigest()[:16]
    folder = Path(os.environ.get(CACHE) or platformdirs.user_cache_dir("timegan_lib"))
    folder = folder.expanduser().absolute()
    library = folder / f"gru-{key}.so"
    if library.exists():
        return library
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=folder, prefix=".gru-", suffix=".so")
    os.close(descriptor)
    try:
        command += ["-o", part, str(SOURCES[0]), *tf.sysconfig.get_link_flags(), "-lpthread", "-lm"]
        _run(command)
        os.chmod(part, 0o755)  # others may share the folder
        if not library.exists():  # what somebody has loaded stays
            os.replace(part, library)
    finally:
        Path(part).unlink(missing_ok=True)
    return library


def _run(command: list[str]) -> str:
    """What the command says, in English."""
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=True, timeout=PATIENCE,
        env=os.environ | {"LC_ALL": "C"},
    ).stdout  # fmt: skip


def _machine(command: list[str]) -> str:
    """What the compiler defines for this processor: its own version, and each instruction it may use."""
    return _run([*command, "-dM", "-E", "-x", "c", os.devnull])


def _threads() -> int:
    """As many as TensorFlow uses between operations: those that were chosen, or all there are."""
    _, chosen = threads_now()
    affinity = getattr(os, "sched_getaffinity", None)
    return chosen or (len(affinity(0)) if affinity else os.cpu_count() or 1)
