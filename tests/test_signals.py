"""Tests stop trainings by hand, however pytest itself was started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_test_can_interrupt():
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_test_can_interrupt_where_the_shell_ignores_it():
    """`nohup make test &` starts pytest with SIGINT ignored; conftest.py at the top restores it."""
    test = f"{__file__}::{test_a_test_can_interrupt.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        cwd=Path(__file__).parent.parent, capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
