"""Our kernel gives what TensorFlow's kernels give, the same bits on any number of threads, and steps
aside wherever it cannot be built."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from helpers import fit, run_config

from timegan_lib.kernel import SWITCH, build, kernel
from timegan_lib.networks.recurrent import recurrent_stack, weight_shapes

with (
    pytest.MonkeyPatch.context() as patch
):  # the switch may be off outside: these tests turn it themselves
    patch.delenv(SWITCH, raising=False)
    OURS = build._kernel()
needs_ours = pytest.mark.skipif(OURS.operations is None, reason=OURS.why)
# batch, T, inputs, units, layers: whole and broken blocks, one of everything, inputs wider than units
SIZES = [
    (128, 24, 6, 24, 3), (1, 1, 1, 1, 1), (33, 4, 2, 7, 2), (31, 3, 28, 5, 1), (65, 2, 3, 100, 2), (7, 150, 2, 3, 1),
]  # fmt: skip


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)


@pytest.fixture
def fresh(monkeypatch):
    """The kernel is looked for anew, on a machine without a GPU."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    build._kernel.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    build._kernel.cache_clear()


def weights_of(inputs, units, layers, scale=0.5):
    rng = np.random.default_rng(0)
    return [
        [
            tf.constant(rng.normal(0, scale, shape), tf.float32)
            for shape in weight_shapes("gru", inputs if k == 0 else units, units).values()
        ]
        for k in range(layers)
    ]


def states_and_gradients(x, layers, train=True):
    flat = [weight for layer in layers for weight in layer]
    weighting = np.random.default_rng(1).normal(size=(*x.shape[:2], flat[-1].shape[0]))
    with tf.GradientTape() as tape:
        tape.watch([x, *flat])
        states = recurrent_stack(x, layers, "gru", train)
        objective = tf.reduce_sum(states * tf.constant(weighting, tf.float32))
    return [states, *tape.gradient(objective, [x, *flat])]


def on_both(monkeypatch, *arguments):
    ours = states_and_gradients(*arguments)
    monkeypatch.setenv(SWITCH, "off")
    return ours, states_and_gradients(*arguments)


def batch(shape, seed=2):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@needs_ours
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_both_kernels_give_the_same(monkeypatch, size):
    rows, length, inputs, units, layers = size
    x, weights = batch((rows, length, inputs)), weights_of(inputs, units, layers)
    for a, b in zip(*on_both(monkeypatch, x, weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * max(1.0, np.abs(b).max()))


@needs_ours
def test_weights_that_are_not_trained_have_no_gradient(monkeypatch):
    x, weights = batch((5, 4, 2)), weights_of(2, 3, 2)
    whole = states_and_gradients(x, weights)
    for found in on_both(monkeypatch, x, weights, False):
        np.testing.assert_allclose(found[1], whole[1], atol=1e-6)
        assert found[2:] == [None] * 8


@needs_ours
@pytest.mark.parametrize("rows", [40, 128, 300])
def test_bits_do_not_depend_on_threads(monkeypatch, rows):
    x, weights = batch((rows, 6, 3)), weights_of(3, 5, 2)
    found = []
    for n in (1, 2, 7):
        monkeypatch.setattr(build, "_threads", lambda n=n: n)
        found.append([a.numpy().tobytes() for a in states_and_gradients(x, weights)])
    assert found[0] == found[1] == found[2]


@needs_ours
def test_threads_at_work_are_those_allowed_and_stay(tmp_path):
    """A call on n threads leaves n - 1 helpers, and later calls make no more."""
    code = """
import os, tensorflow as tf
from timegan_lib.kernel import build
from timegan_lib.networks.recurrent import recurrent_stack
def call(n):
    build._threads = lambda: n
    recurrent_stack(tf.ones((300, 4, 2)), w, "gru")
    return len(os.listdir("/proc/self/task"))
w = [[tf.ones((5, 6)) / 9, tf.ones(6), tf.ones((5, 3)) / 9, tf.zeros(3)]]
one = call(1)
print([call(n) - one for n in (1, 2, 2, 4, 4, 1)])
"""
    if not Path("/proc/self/task").exists():
        pytest.skip("counts threads as Linux does")
    assert in_new_processes(1, code, tmp_path) == ["[0, 1, 1, 3, 3, 3]"]


@needs_ours
def test_calls_at_the_same_time_do_not_disturb_each_other():
    weights = weights_of(3, 5, 2)
    batches = [batch((100, 9, 3), seed) for seed in range(8)]
    alone = [recurrent_stack(x, weights, "gru").numpy().tobytes() for x in batches]
    with ThreadPoolExecutor(4) as pool:
        run = pool.map(lambda x: recurrent_stack(x, weights, "gru").numpy().tobytes(), batches * 5)
        assert list(run) == alone * 5


@needs_ours
def test_a_number_that_is_none_stays_in_its_sequence():
    """NaN reaches every later step of its own sequence, and no other sequence."""
    x, weights = batch((40, 5, 2)).numpy(), weights_of(2, 3, 2)
    clean = recurrent_stack(tf.constant(x), weights, "gru").numpy()
    x[7, 2, 1] = np.nan
    found = recurrent_stack(tf.constant(x), weights, "gru").numpy()
    assert np.isnan(found[7, 2:]).all()
    found[7, 2:] = clean[7, 2:]
    np.testing.assert_array_equal(found, clean)


@needs_ours
@pytest.mark.parametrize("value", [1e-41, 1e-20, 50.0, 1e30, np.inf])
def test_the_smallest_and_largest_numbers(monkeypatch, value):
    x, weights = np.full((3, 4, 2), value, np.float32), weights_of(2, 3, 1)
    states = recurrent_stack(tf.constant(x), weights, "gru").numpy()
    monkeypatch.setenv(SWITCH, "off")
    theirs = recurrent_stack(tf.constant(x), weights, "gru").numpy()
    np.testing.assert_allclose(states, theirs, atol=2e-6)


def test_the_switch(monkeypatch):
    monkeypatch.setenv(SWITCH, "off")
    assert kernel().name == "tensorflow" and f"{SWITCH}=off" in str(kernel())


def test_an_lstm_runs_on_the_kernels_of_tensorflow():
    assert kernel("lstm").name == "tensorflow" and "LSTM" in str(kernel("lstm"))


def falls_back(words):
    found = kernel()
    assert found.name == "tensorflow" and found.operations is None
    assert words in found.why
    return recurrent_stack(batch((2, 3, 2)), weights_of(2, 3, 1), "gru")  # works all the same


def test_without_a_compiler(fresh, tmp_path):
    fresh.setenv("PATH", str(tmp_path))
    fresh.delenv("CC", raising=False)
    falls_back("there is no C compiler")


@pytest.mark.parametrize(
    "script, words",
    [
        ("exit 1", "exit status 1"),
        ('case "$*" in *-dM*) exit 0;; esac; { echo "x.c:1: error: no such thing" >&2; exit 1; }', "no such thing"),
        ("echo 1", "file too short"),  # fails in silence
    ],
)  # fmt: skip
def test_a_compiler_that_fails(fresh, tmp_path, script, words):
    compiler = tmp_path / "cc"
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    fresh.setenv("CC", str(compiler))
    fresh.setenv(build.CACHE, str(tmp_path / "cache"))
    falls_back(words)
    assert not list(
        (tmp_path / "cache").glob("*")
    )  # nothing is left that could be taken for a kernel


@needs_ours
def test_a_compiler_of_several_words(fresh, tmp_path):
    through = tmp_path / "through"
    through.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path / "said"}\nexec "$@"\n')
    through.chmod(0o755)
    fresh.setenv("CC", f"{through} cc")
    fresh.setenv(build.CACHE, str(tmp_path / "cache"))
    assert build._built(build._compiler()).exists()
    assert "-shared" in (tmp_path / "said").read_text()


def test_a_compiler_whose_words_cannot_be_read(fresh):
    fresh.setenv("CC", 'cc "')
    falls_back("No closing quotation")


@needs_ours
@pytest.mark.parametrize("inputs, units", [(3, 3), (2, 4)])
def test_shapes_that_do_not_fit(inputs, units):
    """The operation reads memory by these shapes."""
    weights = [weights_of(2, 3, 1)[0], weights_of(3, units, 1)[0]]
    with pytest.raises(ValueError, match="takes weights of shapes"):
        recurrent_stack(batch((2, 3, inputs)), weights, "gru")


@needs_ours
def test_the_cache_may_be_a_folder_by_a_relative_name_and_shared(fresh, tmp_path):
    fresh.chdir(tmp_path)
    fresh.setenv(build.CACHE, ".")
    library = build._built(build._compiler())
    assert library.is_absolute() and library.stat().st_mode & 0o777 == 0o755


def test_a_cache_folder_that_cannot_be_made(fresh, tmp_path):
    (tmp_path / "file").write_text("")
    fresh.setenv(build.CACHE, str(tmp_path / "file" / "cache"))
    if shutil.which("cc"):
        falls_back("Not a directory")


def in_new_processes(count, code, cache):
    """What each of them prints."""
    run = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
            env=os.environ | {build.CACHE: str(cache)},
        )
        for _ in range(count)
    ]  # fmt: skip
    return [process.communicate(timeout=120)[0].strip() for process in run]


@needs_ours
def test_two_processes_that_build_at_once(tmp_path):
    code = "from timegan_lib.kernel import kernel; print(kernel().name)"
    assert in_new_processes(2, code, tmp_path) == ["own"] * 2
    assert len(list(tmp_path.iterdir())) == 1


@needs_ours
def test_another_processor_gets_a_kernel_of_its_own(tmp_path):
    code = """
from timegan_lib.kernel import build
build._machine = lambda command: "another one"
print(build.kernel().name)
"""
    assert in_new_processes(1, code, tmp_path) == ["own"]
    assert [file.name for file in tmp_path.iterdir()] != [Path(OURS.why).name]


@needs_ours
def test_a_forked_process_can_use_it(tmp_path):
    code = """
import os, numpy as np, tensorflow as tf
from timegan_lib.networks.recurrent import recurrent_stack
w = [tf.ones((5, 6)) / 9, tf.ones(6), tf.ones((5, 3)) / 9, tf.zeros(3)]
x = tf.ones((100, 4, 2))
before = recurrent_stack(x, [w], "gru").numpy()
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(recurrent_stack(x, [w], "gru").numpy(), before) else 3)
print(os.waitpid(child, 0)[1])
"""
    assert in_new_processes(1, code, tmp_path) == ["0"]


@needs_ours
def test_a_run_says_its_kernel_and_when_it_goes_on_with_the_other(eager, monkeypatch, tmp_path):
    def recorded():
        return json.loads((tmp_path / "config.json").read_text())["kernel"]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(tmp_path, run_config(steps=(1, 1, 1)))
    assert recorded() == "own"
    monkeypatch.setenv(SWITCH, "off")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(tmp_path, run_config(steps=(1, 1, 1)))  # nothing is left to train
    with pytest.warns(UserWarning, match="made on the kernel 'own' and goes on on 'tensorflow'"):
        fit(tmp_path, run_config(steps=(1, 1, 2)))
    assert recorded() == "own, then tensorflow"
    monkeypatch.delenv(SWITCH)
    with pytest.warns(UserWarning, match=f"{SWITCH}=off chooses TensorFlow's"):
        fit(tmp_path, run_config(steps=(1, 1, 3)))
    assert recorded() == "own, then tensorflow, then own"
