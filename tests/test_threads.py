"""Threads are set before TensorFlow begins, and whoever comes too late is told so."""

import os
import subprocess
import sys

import pytest
from helpers import ROOT

from timegan_lib import InputError
from timegan_lib.cli import main
from timegan_lib.threads import use_threads

CODE = """
import tensorflow as tf
from timegan_lib import InputError
from timegan_lib.threads import use_threads
use_threads(3)
tf.constant(1.0) + 1
assert tf.config.threading.get_intra_op_parallelism_threads() == 1
assert tf.config.threading.get_inter_op_parallelism_threads() == 3
use_threads(3)
try:
    use_threads(2)
except InputError as error:
    assert "comes too late" in str(error) and "1 and 3" in str(error)
    print("told")
"""


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=os.environ | environment, capture_output=True,
        text=True,
    )  # fmt: skip


def test_threads_are_set_in_a_new_process_and_not_later():
    done = run("-c", CODE)
    assert done.stdout == "told\n", done.stderr


def test_numbers_from_the_environment_count():
    code = "import tensorflow as tf; from timegan_lib.threads import use_threads; tf.constant(1.0) + 1; "
    code += "use_threads(2); print('same'); use_threads(1)"
    done = run("-c", code, TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="2")
    assert done.stdout == "same\n" and "comes too late" in done.stderr


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True])
def test_what_is_no_number_of_threads(n):
    with pytest.raises(InputError, match="threads="):
        use_threads(n)


def test_the_commands_take_threads(tmp_path, capsys):
    words = ["train", "ar_gaussian", "--length", "4", "--option", "n=20"]
    words += ["--out", str(tmp_path / "run")]
    words += ["--steps", "1", "0", "0", "--set", "hidden=3", "--set", "layers=1", "--quiet"]
    words += ["--set", "batch_size=8", "--threads"]
    assert run("-m", "timegan_lib.cli", *words, "2").returncode == 0
    assert main([*words, "0"]) == 2
    assert "threads=0 must be a whole number" in capsys.readouterr().err
