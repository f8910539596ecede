"""Tests stop trainings by hand, however pytest itself was started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent.parent / "conftest.py"


def test_a_test_can_interrupt():
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_test_can_interrupt_where_the_shell_ignores_it():
    """`nohup make test &` starts pytest with SIGINT ignored; conftest.py at the top restores it."""
    code = f"import runpy, signal\nrunpy.run_path({str(CONFTEST)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "signal.raise_signal(signal.SIGINT)"],
        capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert done.returncode and "KeyboardInterrupt" in done.stderr, done.stderr
