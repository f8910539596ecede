"""Memory stays flat however long a run is, and nothing is compiled twice."""

import os
from pathlib import Path

import pytest
from helpers import fit, run_config, tiny_data

from timegan_lib import TimeGANConfig, sines
from timegan_lib.training import Training

MB = 2**20
STEPS = 3_000


def test_each_phase_is_compiled_once(tmp_path):
    model = fit(tmp_path, snapshots=[1, 4], checkpoint_every=5)
    for phase in ("autoencoder", "supervisor", "joint", "autoencoder"):
        for count in (1, 2, 9, 30):
            model.training.run(phase, count)
    counts = [run.experimental_get_tracing_count() for run in model.training._compiled]
    assert counts == [1, 1, 1]


def test_sampling_is_compiled_once():
    model = fit(config=run_config(steps=1))
    for n, seed, average in [(1, 0, False), (300, 5, True), (2, 2**31 - 1, False)]:
        model.sample(n, seed, average=average)
    assert model._sampler._compiled.experimental_get_tracing_count() == 1


@pytest.mark.slow
def test_six_models_in_one_process_bring_no_warning(caplog):
    """TensorFlow would say that one function is traced again and again."""
    for seed in range(6):
        fit(config=run_config(steps=1), seed=seed).sample(1)
    said = [record.getMessage() for record in caplog.records if record.name == "tensorflow"]
    assert said == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
@pytest.mark.parametrize("size", ["tiny", "default"])
def test_memory_is_flat(monkeypatch, tmp_path, size):
    """Less than 5 MB in any 2,000 steps after the first 500 of a phase, files being written."""
    original, found = Training.run, {"autoencoder": [], "supervisor": [], "joint": []}

    def run(self, phase, steps):
        losses = original(self, phase, steps)
        found[phase].append((int(self.steps_done[phase]), resident()))
        return losses

    monkeypatch.setattr(Training, "run", run)
    if size == "tiny":
        fit(tmp_path, run_config(steps=STEPS), tiny_data())
    else:
        fit(tmp_path, TimeGANConfig(steps=(1, 1, STEPS)), sines(n=1_000, seed=0))
    for phase, memory in found.items():
        late = [(step, used) for step, used in memory if step >= 500]
        growth = [
            (later - used, step)
            for step, used in late
            for other, later in late
            if step < other <= step + 2_000
        ]
        most, step = max(growth, default=(0, 0))
        assert most < 5 * MB, f"{most / MB:.1f} MB in the {phase} phase after step {step}"
    assert len(found["joint"]) > 100


def resident():
    """Bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
