"""TimeGAN in TensorFlow: small, tested, fast on a CPU. The book walks through all of it."""

import os

__version__ = "0.1.0"


def _import_tensorflow() -> None:
    """Import TensorFlow without its log lines, and repeatable, unless the user decided otherwise.

    Its compiled part writes to the process's standard error before any setting can reach it, so that
    stream is closed off while it is imported.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "3":
        import tensorflow

        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


_import_tensorflow()

from timegan_lib.config import InputError, TimeGANConfig  # noqa: E402
from timegan_lib.data import (  # noqa: E402
    DATASETS,
    SequenceDataset,
    ar_gaussian,
    load_dataset,
    sines,
)
from timegan_lib.model import TimeGAN  # noqa: E402
from timegan_lib.training import TrainingError  # noqa: E402

__all__ = [
    "DATASETS",
    "InputError",
    "SequenceDataset",
    "TimeGAN",
    "TimeGANConfig",
    "TrainingError",
    "ar_gaussian",
    "load_dataset",
    "sines",
]
