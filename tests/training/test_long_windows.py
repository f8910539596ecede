"""Long windows: trained block by block, and announced before they take their time."""

import numpy as np
import pytest
from helpers import fit, run_config, snapshot, tiny_data, tiny_training, tiny_values

from timegan_lib.kernel import SWITCH
from timegan_lib.networks import recurrent
from timegan_lib.training import Training, loop


@pytest.fixture
def progress(monkeypatch):
    """Training that does nothing, and progress shown: the tests set TQDM_DISABLE otherwise."""
    monkeypatch.delenv("TQDM_DISABLE", raising=False)

    def run(self, phase, steps):
        self.steps[loop.PHASES.index(phase)].assign_add(steps)
        return {"loss": 0.0}

    monkeypatch.setattr(Training, "run", run)


def said(capsys):
    """What was written to stderr but for the bars and the line that names the kernel."""
    lines = capsys.readouterr().err.replace("\r", "\n").split("\n")
    lines = [line.strip() for line in lines if line.strip() and "step/s" not in line]
    assert lines[:1] == [
        line for line in lines if line.startswith("kernel of the recurrent layers")
    ]
    return lines[1:]


@pytest.mark.parametrize("cell", ["gru", pytest.param("lstm", marks=pytest.mark.slow)])
def test_training_in_blocks_is_the_same_training(monkeypatch, cell):
    """The compiled loop over steps around the loop over blocks, in every phase."""
    config = run_config(cell=cell)
    monkeypatch.setattr(recurrent, "BLOCK", 3)
    monkeypatch.setenv(SWITCH, "off")
    ends = []
    for longest in (7, 0):
        monkeypatch.setattr(recurrent, "LONGEST", longest)
        training = tiny_training(config, tiny_values(20, 7))
        losses = [loss for p in loop.PHASES for loss in training.run(p, 3).values()]
        ends.append([np.array(losses), *snapshot(training).values()])
    for whole, blocks in zip(*ends, strict=True):
        np.testing.assert_allclose(blocks, whole, atol=1e-4, rtol=1e-4)


def test_compiling_is_announced_once_a_phase(progress, capsys):
    fit(config=run_config(steps=3), progress=True)
    compiling = [line for line in said(capsys) if "compiling" in line]
    assert compiling == [f"compiling the {phase} phase, T = 4" for phase in loop.PHASES]


def test_a_phase_that_is_over_is_not_compiled(progress, capsys):
    fit(config=run_config(steps=(0, 0, 2)), progress=True)
    assert [line for line in said(capsys) if "compiling" in line] == [
        "compiling the joint phase, T = 4"
    ]
    fit(config=run_config(steps=(0, 0, 0)), data=tiny_data(length=201), progress=True)
    assert said(capsys) == []


def test_long_windows_are_warned_of_before_anything_is_compiled(progress, capsys):
    data = tiny_data(length=201)
    fit(config=run_config(steps=1), data=data, progress=True)
    first, second, *_ = said(capsys)
    assert first == (
        "windows of 201 steps: a training step takes roughly 8 times as long as with windows of 24; "
        "try a shorter window first"
    )
    assert second == "compiling the autoencoder phase, T = 201"
    fit(config=run_config(steps=1), data=tiny_data(length=200), progress=True)
    assert not any("windows" in line for line in said(capsys))


# the most steps without an estimate: 2,000 for windows of up to 24, then as much work
@pytest.mark.parametrize("most, length", [(2000, 4), (2000, 24), (1000, 48), (200, 240)])
def test_the_estimate_depends_on_steps_and_window(progress, capsys, most, length):
    for steps in (most, most + 1):
        fit(config=run_config(steps=(0, 0, steps)), data=tiny_data(length=length), progress=True)
        lines = said(capsys)
        assert any(f"{steps:,} steps, about" in line for line in lines) == (steps > most)
        assert sum("compiling" in line for line in lines) == 1


@pytest.mark.parametrize("switch", ["progress", "TQDM_DISABLE"])
def test_without_progress_all_is_silent(progress, monkeypatch, capsys, switch):
    if switch == "TQDM_DISABLE":
        monkeypatch.setenv("TQDM_DISABLE", "1")
    config = run_config(steps=(0, 0, 300))
    fit(config=config, data=tiny_data(length=250), progress=switch != "progress")
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""
