"""Every setting of TimeGANConfig alone against the default: it trains, samples, and does what it says.

Also the configuration itself: JSON there and back, and clear errors for what it cannot mean.
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    BATCH,
    FEATURES,
    LENGTH,
    changed,
    losses_and_gradients,
    owned_by,
    snapshot,
    tiny_config,
    tiny_lengths,
    tiny_model,
    tiny_static,
    tiny_training,
    tiny_values,
)

from timegan_lib import InputError, SequenceDataset, TimeGANConfig
from timegan_lib.training import NOISE

pytestmark = pytest.mark.usefixtures("eager")

SWITCHES = {
    "batch_size": 8,
    "learning_rate": 0.01,
    "beta_1": 0.5,
    "beta_2": 0.9,
    "epsilon": 1e-3,
    "inner_updates": 1,
    "discriminator_threshold": 5.0,
    "hidden": 5,
    "layers": 1,
    "cell": "lstm",
    "recovery": "dense",
    "bidirectional": True,
    "noise": "wiener",
    "noise_size": 2,
    "gamma": 0.5,
    "reconstruction_weight": 1.0,
    "supervised_weight": 1.0,
    "embedder_supervised_weight": 10.0,
    "moments_weight": 1.0,
    "supervised": False,
    "embedding": False,
    "joint": False,
    "freeze_autoencoder": True,
    "moments": False,
    "latent_adversary": False,
}
ELSEWHERE = {
    "steps",  # test_resume.py
    "average_decay",  # test_phases.py
    "static_hidden", "static_weight", "condition_on_real",  # test_statics.py
    "generator", "components", "least_spread", "joint_learning_rate",  # test_recipe.py
}  # fmt: skip


def test_every_setting_is_tried():
    assert SWITCHES.keys() | ELSEWHERE == {f.name for f in dataclasses.fields(TimeGANConfig)}
    default = tiny_config()
    assert all(getattr(default, name) != value for name, value in SWITCHES.items())


@pytest.fixture(scope="module")
def default():
    """Samples of a model with the default settings."""
    tf.config.run_functions_eagerly(True)
    return tiny_model().sample(20)


@pytest.mark.parametrize("name", SWITCHES)
def test_switch_alone(name, default):
    model = tiny_model(**{name: SWITCHES[name]})
    made = model.sample(20, seed=0)
    assert made.values.shape == (20, LENGTH, FEATURES) and np.isfinite(made.values).all()
    assert made.scaled.min() >= -1e-6 and made.scaled.max() <= 1 + 1e-6
    assert np.any(made.values != default.values)  # it makes a difference
    skipped = {"supervised": "supervisor", "embedding": "autoencoder"}.get(name)
    expected = {phase: 2 for phase in ("autoencoder", "supervisor", "joint")}
    assert model.steps_done == expected | ({skipped: 0} if skipped else {})
    assert set(model.history["phase"]) == expected.keys() - {skipped}
    assert np.isfinite(snapshot(model.training)["discriminator/output/kernel"]).all()


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"embedding": False}, {"bidirectional": True}, {"recovery": "dense"}, {"cell": "lstm"},
        {"noise": "gaussian", "noise_size": 3},
    ],
    ids=str,
)  # fmt: skip
def test_univariate_data(settings):
    data = SequenceDataset.from_arrays(tiny_values(features=1))
    assert tiny_model(data, **settings).sample(3).values.shape == (3, LENGTH, 1)


def test_sequences_of_one_step():
    data = SequenceDataset.from_arrays(tiny_values(length=1))
    assert tiny_model(data).sample(3).values.shape == (3, 1, FEATURES)


def test_switches_together_compiled():
    """The switches that build other networks, all at once, through the compiled path."""
    tf.config.run_functions_eagerly(False)
    model = tiny_model(
        cell="lstm", recovery="dense", bidirectional=True, noise="gaussian", noise_size=2, layers=1
    )
    assert np.isfinite(model.sample(5).values).all()


# ---- the objectives ----

WEIGHTS = {  # of U_e, root L_S, V in the generator's objective, of L_S in the embedder's
    "default": ({}, (1, 100, 100, 0.1)),
    "supervised": ({"supervised": False}, (1, 0, 100, 0)),
    "joint": ({"joint": False}, (1, 100, 100, 0)),
    "moments": ({"moments": False}, (1, 100, 0, 0.1)),
    "latent_adversary": ({"latent_adversary": False}, (0, 100, 100, 0.1)),
    "gamma": ({"gamma": 0.5}, (0.5, 100, 100, 0.1)),
    "supervised_weight": ({"supervised_weight": 7}, (1, 7, 100, 0.1)),
    "moments_weight": ({"moments_weight": 7}, (1, 100, 7, 0.1)),
    "embedder_supervised_weight": ({"embedder_supervised_weight": 7}, (1, 100, 100, 7)),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_objectives(name):
    """Each objective is the sum of its parts, with these weights; nothing else is in it."""
    settings, (gamma, supervised, moments, in_embedder) = WEIGHTS[name]
    training = tiny_training(tiny_config(inner_updates=1, **settings))
    parts = {
        n: v for (phase, n), v in losses_and_gradients(training)[0].items() if phase == "joint"
    }
    generator = parts["unsupervised"] + gamma * parts["unsupervised_latent"]
    generator += supervised * parts["supervised"] ** 0.5 + moments * parts["moments"]
    embedder = 10 * parts["reconstruction"] ** 0.5 + in_embedder * parts["supervised"]
    assert parts["generator"] == pytest.approx(generator, rel=1e-5)
    assert parts["embedder"] == pytest.approx(embedder, rel=1e-5)

    _, (batch, noise) = training.draws.joint(0)
    networks = training.networks
    generated = networks.generator(noise.z)
    latents = networks.embedder(batch.x), networks.supervisor(generated), generated
    real, fake, fake_latent = (networks.discriminator(h).numpy() for h in latents)
    loss = np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean()
    loss += gamma * np.log1p(np.exp(fake_latent)).mean()
    assert parts["discriminator"] == pytest.approx(loss, rel=1e-5)


def gradients(**settings):
    found = losses_and_gradients(tiny_training(tiny_config(**settings)))[1]
    return lambda adam: {name: g for (owner, name), g in found.items() if owner == f"{adam}_adam"}


def same(ours, theirs):
    assert ours.keys() == theirs.keys()
    return all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_supervised_loss_reaches_nothing_where_it_is_off():
    off, weighted = (gradients(supervised=False, supervised_weight=w) for w in (100, 7))
    assert same(off("generator"), weighted("generator"))
    assert not same(off("generator"), gradients()("generator"))


def test_joint_off_changes_the_embedder_only():
    off, on = gradients(joint=False), gradients()
    assert same(off("generator"), on("generator"))
    assert same(off("discriminator"), on("discriminator"))
    embedder = {name for name, g in off("embedder").items() if np.any(g != on("embedder")[name])}
    assert embedder == {name for name in on("embedder") if name.startswith("embedder/")}


# ---- what each network switch means ----


def test_without_embedding_the_latent_space_is_the_data():
    training = tiny_training(tiny_config(embedding=False))
    networks, x = training.networks, tf.constant(tiny_values()[:2])
    assert networks.embedder(x) is x and networks.recovery(x) is x
    assert not owned_by(training, "embedder", "recovery")
    assert networks.generator(x).shape == networks.supervisor(x).shape == x.shape
    kernel = training.state["generator/output/kernel"]
    assert kernel.shape == (training.config.hidden, FEATURES)  # as many units, a narrower space
    before = snapshot(training)
    training.run("joint", 1)
    owners = "generator", "supervisor", "discriminator", "average"
    adams = "generator_adam", "discriminator_adam"
    moved = owned_by(training, *owners, *adams) | {"steps/joint"}
    assert changed(before, training) == moved
    assert losses_and_gradients(training)[0]["joint", "reconstruction"] == 0.0


def test_frozen_autoencoder_stands_still_in_the_joint_phase():
    training = tiny_training(tiny_config(freeze_autoencoder=True))
    before = snapshot(training)
    training.run("autoencoder", 1)
    assert owned_by(training, "embedder", "recovery") <= changed(before, training)
    before = snapshot(training)
    training.run("joint", 2)
    still = owned_by(training, "embedder", "recovery", "embedder_adam")
    assert not changed(before, training) & still
    assert owned_by(training, "generator", "supervisor", "discriminator") <= changed(
        before, training
    )


def first_step_depends_on_the_last(network, inputs):
    x = np.random.default_rng(0).uniform(size=(2, LENGTH, inputs)).astype(np.float32)
    other = x.copy()
    other[:, -1] += 0.5
    a, b = (network(tf.constant(v)).numpy()[:, 0] for v in (x, other))
    return np.any(a != b)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_only_a_bidirectional_discriminator_sees_the_future(bidirectional):
    networks = tiny_training(tiny_config(bidirectional=bidirectional)).networks
    assert first_step_depends_on_the_last(networks.discriminator, 4) == bidirectional
    for name, inputs in (("embedder", 3), ("recovery", 4), ("generator", 3), ("supervisor", 4)):
        assert not first_step_depends_on_the_last(getattr(networks, name), inputs)
    ways = 2 if bidirectional else 1
    assert networks.discriminator.weights[-2].shape == (ways * 4, 1)  # one dense layer on both


def test_backward_stack_is_the_forward_one_reversed():
    network = tiny_training(tiny_config(bidirectional=True)).networks.discriminator
    x = tf.constant(tiny_values(count=2, features=4))
    there, back = network.stacks
    kernel = network.output[0]
    kernel.assign(tf.concat([kernel[:4], kernel[:4]], 0))
    for ours, theirs in zip(back, there, strict=True):
        for k in range(len(theirs)):
            ours[k].assign(theirs[k])
    np.testing.assert_allclose(network(tf.reverse(x, [1]))[:, ::-1], network(x), atol=1e-6)


def test_dense_recovery_looks_at_each_step_alone():
    """Two dense layers of h, then the output."""
    network = tiny_training(tiny_config(recovery="dense", hidden=5)).networks.recovery
    assert [w.shape[0] for w in network.weights[::2]] == [5, 5, 5]
    assert [w.shape[-1] for w in network.weights] == [5, 5, 5, 5, FEATURES, FEATURES]
    x = np.random.default_rng(0).uniform(size=(2, LENGTH, 5)).astype(np.float32)
    order = [3, 1, 5, 0, 2, 4]
    shuffled = network(tf.constant(x[:, order])).numpy()
    np.testing.assert_allclose(shuffled, network(tf.constant(x)).numpy()[:, order], atol=1e-6)
    assert shuffled.min() > 0 and shuffled.max() < 1


def test_cell_and_sizes():
    training = tiny_training(tiny_config(cell="lstm", hidden=5, layers=3, noise_size=2))
    shapes = {name: tuple(v.shape) for name, v in training.state.items()}
    assert shapes["embedder/layer_0/kernel"] == (FEATURES + 5, 20)
    assert shapes["generator/layer_0/kernel"] == (2 + 5, 20)
    assert "generator/layer_2/kernel" in shapes and "generator/layer_3/kernel" not in shapes
    assert "supervisor/layer_1/kernel" in shapes and "supervisor/layer_2/kernel" not in shapes
    single = tiny_training(tiny_config(layers=1))
    assert "supervisor/layer_0/gates/kernel" in single.state  # at least 1


def test_initial_weights():
    """Glorot-uniform over joint shapes; gate biases 1 in a GRU, every other bias 0."""
    for cell in ("gru", "lstm"):
        training = tiny_training(tiny_config(cell=cell, hidden=24, layers=3))
        for weight in training.networks.all_weights:
            name, value = weight.name, weight.numpy()
            if value.ndim == 1:
                assert np.all(value == (1.0 if "gates/bias" in name else 0.0)), name
            else:
                limit = (6 / sum(value.shape)) ** 0.5
                assert 0.85 * limit < np.abs(value).max() <= limit, name
                assert abs(value.mean()) < limit * 3 / (3 * value.size) ** 0.5, name


# ---- noise ----


def drawn(kind, length=8):
    return NOISE[kind]((4000, length, 2), tf.constant([1, 2], tf.int64)).numpy()


def uncorrelated(z):
    """Columns of steps and features that have nothing to do with each other."""
    found = np.corrcoef(z.reshape(len(z), -1), rowvar=False)
    return np.abs(found - np.eye(len(found))).max() < 0.07


def test_uniform_noise():
    z = drawn("uniform")
    assert z.min() >= 0 and z.max() < 1 and uncorrelated(z)
    assert np.histogram(z, 10, (0, 1))[0] / z.size == pytest.approx(0.1, abs=0.01)


def test_gaussian_noise():
    z = drawn("gaussian")
    assert z.mean() == pytest.approx(0, abs=0.02) and z.std() == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(z) < 1) == pytest.approx(0.683, abs=0.01) and uncorrelated(z)


def test_wiener_noise():
    """Steps of N(0, 1 / T), summed: the variance grows to 1 at the end."""
    z = drawn("wiener")
    steps = np.diff(z, axis=1, prepend=0)
    assert uncorrelated(steps)
    assert steps.std(axis=(0, 2)) == pytest.approx(8**-0.5, rel=0.05)
    assert z.var(axis=(0, 2)) == pytest.approx(np.arange(1, 9) / 8, rel=0.08)


# ---- what cannot be meant ----


@pytest.mark.parametrize(
    "settings",
    [
        {"embedding": False, "recovery": "dense"},
        {"embedding": False, "freeze_autoencoder": True},
        {"embedding": False, "joint": False},
        {"joint": False, "freeze_autoencoder": True},
        {"joint": False, "supervised": False},
    ],
    ids=str,
)
def test_combinations_that_were_never_meant(settings):
    with pytest.raises(InputError) as error:
        tiny_config(**settings)
    assert all(name in str(error.value) for name in settings)


@pytest.mark.parametrize(
    "settings, kind",
    [
        ({"bidirectional": True}, "lengths"),
        ({"embedding": False}, "static"),
        ({"condition_on_real": True}, "plain"),
        ({"static_weight": 0.5}, "plain"),
        ({"static_hidden": 3}, "plain"),
        ({"batch_size": 41}, "plain"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_the_data(settings, kind):
    lengths = tiny_lengths() if kind == "lengths" else None
    static = tiny_static(blocks=(1, 1)) if kind == "static" else None
    data = SequenceDataset.from_arrays(tiny_values(), lengths, static)
    with pytest.raises(InputError, match=next(iter(settings))):
        tiny_model(data, **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "rnn"}, {"noise": "Uniform"}, {"recovery": None}, {"hidden": 2.5}, {"hidden": True},
        {"hidden": 0}, {"layers": 0}, {"layers": "3"}, {"batch_size": 0}, {"inner_updates": 0},
        {"noise_size": 0}, {"static_hidden": 0}, {"steps": -1}, {"steps": (1, 2)}, {"steps": "many"},
        {"steps": (1, 2, 2.5)}, {"steps": None}, {"learning_rate": 0}, {"learning_rate": "fast"},
        {"learning_rate": float("nan")}, {"epsilon": 0.0}, {"beta_1": 1.0}, {"beta_2": -0.1},
        {"average_decay": 1}, {"gamma": -1}, {"moments_weight": float("inf")}, {"static_weight": -1},
        {"discriminator_threshold": -0.1}, {"supervised": 1}, {"embedding": "no"}, {"joint": None},
    ],
    ids=str,
)  # fmt: skip
def test_values_that_cannot_be_meant(settings):
    (name,) = settings
    with pytest.raises(InputError, match=name):
        TimeGANConfig(**settings)


# ---- JSON ----


@pytest.mark.parametrize("settings", [{}, {"steps": (1, 2, 3), "gamma": 0}, SWITCHES], ids=len)
def test_json_there_and_back(settings):
    if settings is SWITCHES:  # those that go together
        settings = {k: v for k, v in SWITCHES.items() if not isinstance(v, bool)}
    config = TimeGANConfig(**settings)
    assert TimeGANConfig.from_json(config.to_json()) == config
    assert config.replace() == config


@pytest.mark.parametrize(
    "text, says",
    [
        ('{"hiddn": 24}', "hiddn"),
        ('{"hidden": "24"}', "hidden"),
        ('{"hidden": null}', "hidden"),
        ('{"joint": 1}', "joint"),
        ("[1, 2]", "object"),
        ("{hidden: 24}", "JSON"),
        ("", "JSON"),
    ],
)
def test_json_that_cannot_be_meant(text, says):
    with pytest.raises(InputError, match=says):
        TimeGANConfig.from_json(text)


def test_replace_checks_again():
    config = tiny_config()
    assert config.replace(hidden=6).hidden == 6 and config.hidden == 4
    assert config.batch_size == BATCH
    with pytest.raises(InputError, match="hiddn"):
        config.replace(hiddn=6)
    with pytest.raises(InputError, match="layers"):
        config.replace(layers=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.hidden = 6


def test_defaults_are_the_authors():
    config = TimeGANConfig()
    assert config.phase_steps == (50_000,) * 3 and config.skips == ()
    assert (config.batch_size, config.hidden, config.layers, config.inner_updates) == (
        128,
        24,
        3,
        2,
    )
    assert (config.learning_rate, config.beta_1, config.beta_2, config.epsilon) == (
        1e-3,
        0.9,
        0.999,
        1e-8,
    )
    assert (config.discriminator_threshold, config.gamma, config.cell) == (0.15, 1, "gru")
    assert tiny_config(supervised=False, embedding=False).skips == ("autoencoder", "supervisor")
