"""How many threads are used in this process. Taught in book/many-runs.ipynb."""

from __future__ import annotations

import os

import tensorflow as tf

from timegan_lib.config import InputError, whole_number


def use_threads(n: int) -> None:
    """Compute with n threads in this process: n operations side by side, and as many in our own kernel.

    Within an operation TensorFlow gets one: those of a training step are too small to be shared.

    Call it before anything is trained or sampled: TensorFlow keeps the number it began with. Raises
    InputError for n below 1, and where TensorFlow has begun with another number. Taught in
    book/many-runs.ipynb.
    """
    count = whole_number("threads", n, 1)
    try:
        tf.config.threading.set_inter_op_parallelism_threads(count)
        tf.config.threading.set_intra_op_parallelism_threads(1)
    except RuntimeError:
        now = threads_now()
        if now != (1, count):
            said = " and ".join(str(number or "its own choice") for number in now)
            raise InputError(
                f"threads={count} comes too late: TensorFlow has begun in this process (threads within an "
                f"operation and side by side: {said}); set them before anything else, or in a new process"
            ) from None


def threads_now() -> tuple[int, int]:
    """Within an operation, and operations side by side; 0 where TensorFlow chooses.

    Taught in book/how-the-code-is-built.md.
    """
    asked = (
        tf.config.threading.get_intra_op_parallelism_threads(),
        tf.config.threading.get_inter_op_parallelism_threads(),
    )
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    given = (os.environ.get(name, "") for name in names)
    intra, inter = (
        number or (int(text) if text.isdigit() else 0)
        for number, text in zip(asked, given, strict=True)
    )
    return intra, inter
