"""Training by the autoregressive recipe: it learns what is known, and what a run must be able to do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from timegan_lib import InputError, SequenceDataset, TimeGAN, TimeGANConfig, ar_gaussian
from timegan_lib.data import prepare
from timegan_lib.data.prepared import ASIDE
from timegan_lib.networks import make_networks
from timegan_lib.training import AutoregressiveTraining, make_training
from timegan_lib.training.autoregressive import ALONE, CHECK, NONE_YET

pytestmark = pytest.mark.usefixtures("compiled")
SMALL = {"hidden": 4, "components": 2, "batch_size": 16}


def config(steps=(0, 60, 4), **changes) -> TimeGANConfig:
    return TimeGANConfig.recipe("autoregressive", steps=steps, **SMALL | changes)


def training_of(data: SequenceDataset, **changes) -> AutoregressiveTraining:
    prepared, settings = prepare(data, "propose", unit=False), config(**changes)
    networks = make_networks(settings, len(data.names), prepared.blocks, 0)
    return make_training(settings, networks, prepared, 0)


def walks(n: int = 60, statics: bool = False) -> SequenceDataset:
    """Sequences of 3 to 9 steps; statics: whose slope is told by a category and a number."""
    rng = np.random.default_rng(0)
    lengths, kind, size = rng.integers(3, 10, n), rng.integers(0, 2, n), rng.random(n)
    step = np.arange(9)[None]
    slope = np.where(kind == 1, 1.0, -1.0) * (1 + size)
    values = (slope[:, None] * step + 0.1 * rng.standard_normal((n, 9)))[..., None]
    static = np.column_stack([kind, size]) if statics else None
    return SequenceDataset.from_arrays(values, lengths=lengths, static=static)


def test_it_recovers_the_process_that_made_the_data():
    data = ar_gaussian(n=4_000, length=12, features=3, phi=0.6, sigma=0.3)
    model = TimeGAN(config((0, 400, 0), batch_size=128, hidden=8), seed=0)
    model.fit(data, progress=False)
    with pytest.warns(UserWarning, match="no joint step"):
        made = model.sample(4_000).values
    before, after = made[:, :-1].reshape(-1, 3), made[:, 1:].reshape(-1, 3)
    phi = np.linalg.lstsq(before, after, rcond=None)[0]
    np.testing.assert_allclose(phi, 0.6 * np.eye(3), atol=0.05)
    left = np.cov((after - before @ phi).T)
    np.testing.assert_allclose(left, 0.3 + 0.7 * np.eye(3), atol=0.08)


def test_at_first_no_adversary_moves_the_generator():
    data = ar_gaussian(n=100, length=5, features=2)
    moved = {}
    for weight in (0.0, 5.0):  # without L_S there is nothing but the adversary to move it
        training = training_of(data, steps=(0, 2, 2), supervised_weight=weight)
        for place, step in (("early", 0), ("late", ALONE)):
            training.steps[2].assign(step)
            weights = training.networks.all_weights
            kept = [w.numpy() for w in weights]
            training.run("joint", 1)
            changed = [np.abs(w - k).max() > 0 for w, k in zip(weights, kept, strict=True)]
            names = [w.name.split("/")[0] for w in weights]
            moved[weight, place] = {n for n, c in zip(names, changed, strict=True) if c}
    both = {"generator", "discriminator"}
    assert moved == {
        (0.0, "early"): {"discriminator"}, (0.0, "late"): both, (5.0, "early"): both, (5.0, "late"): both,
    }  # fmt: skip


def test_phase_three_begins_with_the_weights_that_were_best_on_what_was_set_aside():
    data = ar_gaussian(n=200, length=6, features=2)
    training = training_of(data, learning_rate=0.05)  # wild, so that the last are not the best
    training.run("supervisor", 10 * CHECK)
    aside = float(training.supervised(training.aside))
    best = [w.numpy() for w in training.best]
    assert float(training.best_loss) < aside
    training.run("joint", 1)
    taken, found = training.networks.weights("generator"), float(training.best_loss)
    for weight, kept in zip(taken, best, strict=True):  # one step of 1e-4 away
        assert np.abs(weight - kept).max() < 1e-3
    assert float(training.supervised(training.aside)) == pytest.approx(found, abs=0.05)


def test_what_was_set_aside_is_not_learned_in_phase_two():
    data = ar_gaussian(n=120, length=6, features=2)
    training = training_of(data)
    learned, checked = prepare(data, "propose", unit=False).apart
    assert not set(learned) & set(checked) and len(learned) + len(checked) == 120
    assert len(training.learned.values) == len(learned)
    assert len(training.draws.values) == 120
    rows = training.draws.values.numpy()[checked]
    found = training.learned.values.numpy()
    assert not (found[:, None] == rows[None]).all((2, 3)).any()


def test_too_few_sequences_to_set_some_aside_use_the_last_weights():
    data = ar_gaussian(n=17, length=6, features=2)
    training = training_of(data)
    assert training.aside is None
    training.run("supervisor", CHECK)
    assert training.best_loss == NONE_YET
    before = [w.numpy() for w in training.networks.weights("generator")]
    training.run("joint", 1)
    after = training.networks.weights("generator")
    assert max(np.abs(a - b).max() for a, b in zip(after, before, strict=True)) < 1e-3


def test_lengths_and_statics_are_learned_together(tmp_path):
    data = walks(200, statics=True)
    model = TimeGAN(config((0, 300, 2), batch_size=64, hidden=8, learning_rate=5e-3), seed=0)
    model.fit(data, run_dir=tmp_path / "run", progress=False)
    made = model.sample(500)
    assert made.lengths.min() >= 3 and made.lengths.max() <= 9
    wanted = model.sample(50, static={"s1": 1, "s2": 0.5}, lengths=9)
    falling = model.sample(50, static={"s1": 0, "s2": 0.5}, lengths=9)
    assert wanted.values[:, -1, 0].mean() > 5 and falling.values[:, -1, 0].mean() < -5
    again = TimeGAN.load(tmp_path / "run").sample(500)
    np.testing.assert_array_equal(again.values, made.values)
    np.testing.assert_array_equal(again.static, made.static)


@pytest.mark.parametrize("stop", [(0, 55, 0), (0, 60, 2)])  # past the first look, and in phase III
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path, stop):
    data = walks()
    whole = TimeGAN(config(), seed=1)
    whole.fit(data, run_dir=tmp_path / "whole", progress=False)
    TimeGAN(config(stop), seed=1).fit(data, run_dir=tmp_path / "run", progress=False)
    resumed = TimeGAN(config(), seed=1)
    resumed.fit(data, run_dir=tmp_path / "run", progress=False)
    pairs = zip(whole.training.state.values(), resumed.training.state.values(), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_reconstruction_is_exact_and_the_supervisor_sees_the_real_steps_before():
    data = ar_gaussian(n=200, length=8, features=2)
    model = TimeGAN(config(), seed=0)
    model.fit(data, progress=False)
    np.testing.assert_allclose(model.reconstruct(data).values, data.values, rtol=1e-4, atol=1e-4)
    ahead = model.supervised(data).values
    np.testing.assert_allclose(ahead[:, 0], data.values[:, 0], rtol=1e-4, atol=1e-4)
    told = np.corrcoef(ahead[:, 1:].ravel(), data.values[:, :-1].ravel())[0, 1]
    assert told > 0.6  # phi is 0.8


def test_a_smaller_n_gives_the_first_ones_and_seeds_differ():
    model = TimeGAN(config(), seed=1)
    model.fit(walks(), progress=False)
    few, many, other = model.sample(5), model.sample(300), model.sample(5, seed=1)
    np.testing.assert_array_equal(few.values, many.values[:5])
    assert np.abs(few.values - other.values).max() > 0


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name, value", [
    ("components", 3), ("least_spread", 0.5), ("joint_learning_rate", 0.01), ("supervised_weight", 1.0),
    ("discriminator_threshold", 5.0), ("hidden", 5), ("layers", 2), ("inner_updates", 2),
])  # fmt: skip
def test_a_setting_changes_what_is_made(name, value):
    made = []
    for changes in ({}, {name: value}):
        model = TimeGAN(config((0, 1, 2), **changes), seed=0)
        model.fit(ar_gaussian(n=40, length=4, features=2), progress=False)
        weights = model.networks.all_weights
        made.append(np.concatenate([w.numpy().ravel() for w in weights]))
    assert made[0].shape != made[1].shape or np.abs(made[0] - made[1]).max() > 0


@pytest.mark.parametrize(
    "changes",
    [{"embedding": True}, {"moments": True}, {"noise": "uniform"}, {"cell": "lstm"}, {"static_hidden": 3}],
)  # fmt: skip
def test_settings_that_mean_nothing_with_it_are_refused(changes):
    name = next(iter(changes))
    with pytest.raises(InputError, match=f"generator='autoregressive' needs {name}="):
        TimeGANConfig.recipe("autoregressive", **changes)


def test_settings_of_its_own_mean_nothing_without_it():
    with pytest.raises(InputError, match="joint_learning_rate needs generator"):
        TimeGANConfig(joint_learning_rate=1e-4)
    with pytest.raises(InputError, match="generator is 'diffusion'"):
        TimeGANConfig(generator="diffusion")
    with pytest.raises(InputError, match="recipe is 'best'; it must be one of reference, autoreg"):
        TimeGANConfig.recipe("best")
    assert TimeGANConfig.from_dict({"recipe": "reference", "hidden": 8}) == TimeGANConfig(hidden=8)


def test_the_page_says_the_numbers_of_the_recipe():
    page = (Path(__file__).parents[2] / "book" / "past-the-paper.ipynb").read_text(encoding="utf-8")
    cells = json.loads(page)["cells"]
    prose = " ".join(" ".join("".join(cell["source"]) for cell in cells).split())
    settings = TimeGANConfig.recipe("autoregressive")
    words = {2: "two", 5: "five", 12: "twelve"}
    every, blocks = ASIDE
    for text in (
        f"$U + {settings.supervised_weight:.0f} L_S$",
        f"a mixture of {words[settings.components]} Gaussians",
        f"in the first {ALONE} it does not listen yet",
        f"{settings.steps[1]:,} steps; the weights",
        f"{settings.steps[2]:,} small steps",
        f"{words[blocks // every]} of {words[blocks]} blocks of time, set aside for that",
        f"while its loss is above {settings.discriminator_threshold}",
    ):
        assert text in prose, text
