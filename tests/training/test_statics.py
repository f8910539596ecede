"""The static branch: the paper's equations 3 to 8, who trains with whom, and samples for given statics.

Two static features, a number and a category of three levels.
"""

import numpy as np
import pandas as pd
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
    tiny_model,
    tiny_static,
    tiny_training,
    tiny_values,
)
from slow import assert_equal_steps

from timegan_lib import InputError, SequenceDataset

pytestmark = pytest.mark.usefixtures("eager")

BLOCKS = (1, 3)
LEVELS = ("calm", "mild", "wild")


def training_with(static=None, **settings):
    static = tiny_static(blocks=BLOCKS) if static is None else static
    return tiny_training(tiny_config(**settings), static=static, blocks=BLOCKS)


# ---- the equations ----


@pytest.mark.parametrize("condition_on_real", [False, True])
def test_steps_equal_slow_ones(condition_on_real):
    """All three phases, every static term of every loss included, with the default weight of 1 / T."""
    training = training_with(condition_on_real=condition_on_real)
    steps = {"autoencoder": 1, "supervisor": 1, "joint": 2}
    assert_equal_steps(training, steps, blocks=BLOCKS, static_weight=1 / LENGTH)
    coins = [noise.on_real for step in range(2) for _, noise in training.draws.joint(step)]
    if condition_on_real:
        assert {bool(coin) for coin in coins} == {True, False}  # both were met above
    else:
        assert set(coins) == {None}


def test_networks():
    """One dense layer each; h_S joins the input of every temporal network but the recovery."""
    shapes = {name: tuple(v.shape) for name, v in training_with().state.items()}
    size = 4  # min(hidden, 4 * static features)
    assert shapes["static_embedder/kernel"] == (4, size)
    assert shapes["static_recovery/kernel"] == (size, 4)
    assert shapes["static_generator/kernel"] == (size, size)
    assert shapes["static_discriminator/kernel"] == (size, 1)
    inputs = {"embedder": FEATURES + size, "generator": FEATURES + size, "recovery": 4}
    inputs |= {"supervisor": 4 + size, "discriminator": 4 + size}
    for name, width in inputs.items():
        assert shapes[f"{name}/layer_0/candidate/kernel"] == (width + 4, 4)


@pytest.mark.parametrize("settings, blocks, size", [
    ({}, (1,), 4), ({"hidden": 24}, (1,), 4), ({"hidden": 24}, (1, 3), 16), ({"hidden": 5}, (9,), 5),
    ({"static_hidden": 7}, (1,), 7),
])  # fmt: skip
def test_size_of_the_static_latent(settings, blocks, size):
    static = tiny_static(blocks=blocks)
    training = tiny_training(tiny_config(**settings), static=static, blocks=blocks)
    assert training.networks.static.size == size
    assert training.draws.joint(0)[0][1].static.shape == (BATCH, size)


def test_activations():
    """Numbers in (0, 1), levels of a category that sum to 1, latents in (0, 1), a free logit."""
    networks = training_with(static_hidden=5).networks.static
    x = tf.constant(np.random.default_rng(0).normal(0, 30, (200, 5)).astype(np.float32))
    recovered = networks.recovery(x).numpy()
    np.testing.assert_allclose(recovered[:, 1:].sum(1), 1.0, atol=1e-5)
    assert recovered.min() >= 0 and recovered.max() <= 1 and recovered[:, 0].std() > 0.1
    logits = x.numpy() @ networks.recovery.weights[0].numpy()
    odds = np.exp(logits[:, 1:] - logits[:, 1:].max(1, keepdims=True))
    np.testing.assert_allclose(recovered[:, 1:], odds / odds.sum(1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(recovered[:, 0], 1 / (1 + np.exp(-logits[:, 0])), atol=1e-5)
    assert networks.generator(x).numpy().min() >= 0 and networks.generator(x).numpy().max() <= 1
    assert np.abs(networks.discriminator(x)).max() > 5


def test_static_noise_is_gaussian():
    training = training_with()
    draws = [noise.static.numpy() for i in range(30) for _, noise in training.draws.joint(i)]
    z = np.stack(draws)
    assert z.mean() == pytest.approx(0, abs=0.05) and z.std() == pytest.approx(1, abs=0.05)
    assert np.unique(z).size > 0.999 * z.size


# ---- who trains with whom ----


MOVES = {
    "autoencoder": ("embedder", "recovery", "autoencoder_adam"),
    "supervisor": ("supervisor", "supervisor_adam"),
    "joint": (
        "embedder", "recovery", "generator", "supervisor", "discriminator",
        "generator_adam", "embedder_adam", "discriminator_adam", "average",
    ),
}  # fmt: skip


@pytest.mark.parametrize("phase", MOVES)
def test_each_phase_moves_its_own_statics_only(phase):
    training = training_with()
    before = snapshot(training)
    training.run(phase, 2)
    companions = [f"static_{owner}" for owner in MOVES[phase]]
    moved = owned_by(training, *MOVES[phase], *companions) | {f"steps/{phase}"}
    assert changed(before, training) == moved


def test_who_trains_with_whom():
    """e_S and r_S with E, g_S with G, d_S with D."""
    _, gradients = losses_and_gradients(training_with())
    found = {}
    for adam, name in gradients:
        if name.startswith("static_") and name.endswith("kernel"):
            found.setdefault(adam, set()).add(name.removeprefix("static_").removesuffix("/kernel"))
    assert found == {
        "autoencoder_adam": {"embedder", "recovery"},
        "embedder_adam": {"embedder", "recovery"},
        "generator_adam": {"generator"},
        "discriminator_adam": {"discriminator"},
    }


# ---- the terms of the losses ----


def test_static_terms():
    """What a static weight of 1 adds to each loss, by hand; L_S and U_e get nothing."""
    without, with_weight = (
        losses_and_gradients(training_with(static_weight=w, inner_updates=1))[0] for w in (0, 1)
    )
    added = {key: with_weight[key] - without[key] for key in without}
    training = training_with(inner_updates=1)
    weights = {n: v.numpy() for n, v in training.state.items()}

    def layer(name, x):
        return x @ weights[f"static_{name}/kernel"] + weights[f"static_{name}/bias"]

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def recovered(h):
        y = layer("recovery", h)
        odds = np.exp(y[:, 1:])
        return np.hstack([sigmoid(y[:, :1]), odds / odds.sum(1, keepdims=True)])

    def real_and_fake(draw):
        batch, noise = draw
        s = batch.static.numpy()
        return s, sigmoid(layer("embedder", s)), sigmoid(layer("generator", noise.static.numpy()))

    first, second = training.draws.joint(0)
    s, h, h_made = real_and_fake(first)
    s_made = recovered(h_made)
    deviation = np.sqrt(s_made.var(0) + 1e-6) - np.sqrt(s.var(0) + 1e-6)
    moments = np.abs(deviation).mean() + np.abs(s_made.mean(0) - s.mean(0)).mean()
    expected = {
        "reconstruction": ((s - recovered(h)) ** 2).mean(),
        "supervised": 0,
        "unsupervised": -np.log(sigmoid(layer("discriminator", h_made))).mean(),
        "unsupervised_latent": 0,
        "moments": moments,
    }
    s, h, h_made = real_and_fake(second)
    real, made = (sigmoid(layer("discriminator", x)) for x in (h, h_made))
    expected["discriminator"] = -np.log(real).mean() - np.log(1 - made).mean()
    for name, value in expected.items():
        assert added["joint", name] == pytest.approx(value, abs=2e-6), name
    assert added["supervisor", "supervised"] == 0


def test_default_static_weight_is_one_over_the_length():
    default, given = (
        losses_and_gradients(training_with(**settings))[0]
        for settings in ({}, {"static_weight": 1 / LENGTH})
    )
    assert default == given
    double = losses_and_gradients(training_with(static_weight=2 / LENGTH))[0]
    assert all(double["joint", n] > default["joint", n] for n in ("reconstruction", "moments"))


def test_half_of_the_batches_are_conditioned_on_real_statics():
    training = training_with(condition_on_real=True)
    coins = [bool(noise.on_real) for i in range(100) for _, noise in training.draws.joint(i)]
    assert np.mean(coins) == pytest.approx(0.5, abs=0.1)


# ---- samples ----


@pytest.fixture(scope="module")
def data():
    """Forty storms with a strength and a kind each."""
    static = tiny_static(blocks=BLOCKS)
    frame = pd.DataFrame(
        tiny_values().reshape(-1, FEATURES) * 10 - 5, columns=["rain", "wind", "cold"]
    )
    rows = np.repeat(np.arange(40), LENGTH)
    frame["storm"], frame["hour"] = rows, np.tile(np.arange(LENGTH), 40)
    frame["strength"] = (static[rows, 0] * 4 + 1).astype(float)
    frame["kind"] = np.array(LEVELS)[static[rows, 1:].argmax(1)]
    return SequenceDataset.from_frame(
        frame, time="hour", group="storm", static=["strength", "kind"]
    )


@pytest.fixture(scope="module")
def model(data):
    tf.config.run_functions_eagerly(False)  # once through the compiled path
    return tiny_model(data, hidden=5, layers=1)


def test_samples_are_pairs(model, data):
    made = model.sample(30)
    assert made.values.shape == (30, LENGTH, FEATURES) and made.static.shape == (30, 4)
    np.testing.assert_allclose(made.static[:, 1:].sum(1), 1.0, atol=1e-5)
    frame = made.to_frame()
    assert set(frame["kind"]) <= set(LEVELS)
    assert frame["strength"].between(1, 5).all()
    assert frame.groupby("storm")[["strength", "kind"]].nunique().max().max() == 1


def wanted(n=12):
    return pd.DataFrame({"strength": np.linspace(1.5, 4.5, n), "kind": np.resize(LEVELS, n)})


def test_samples_for_wanted_statics_have_them(model):
    frame = model.sample(12, static=wanted()).to_frame().drop_duplicates("storm")
    np.testing.assert_allclose(frame["strength"], wanted()["strength"], atol=1e-5)
    assert list(frame["kind"]) == list(wanted()["kind"])


def test_wanted_statics_go_through_the_static_embedder(model, data):
    """e_S(s) stands where g_S(z_S) stood: each way of sampling hangs on its own network only."""
    networks = model.networks

    def samples():
        return model.sample(12).values, model.sample(12, static=wanted()).values

    free, given = samples()
    for name, moves_free, moves_given in (("generator", True, False), ("embedder", False, True)):
        weight = getattr(networks.static, name).weights[0]
        kept = weight.numpy()
        weight.assign(kept + 1.0)
        try:
            other_free, other_given = samples()
        finally:
            weight.assign(kept)
        assert np.any(other_free != free) == moves_free, name
        assert np.any(other_given != given) == moves_given, name

    context = networks.static.embedder(tf.constant(data.scale_static(wanted())))
    other = networks.static.embedder(tf.constant(data.scale_static(wanted()[::-1])))
    assert np.any(context != other)
    assert np.any(model.sample(12, static=wanted()[::-1]).values != given)


@pytest.mark.parametrize(
    "static, says",
    [
        (wanted(3), "3 rows"),
        (wanted().drop(columns="kind"), "kind"),
        (wanted().replace("mild", "windy"), "kind"),
        (np.ones((12, 2)), "shape"),
    ],
)
def test_statics_that_cannot_be_wanted(model, static, says):
    with pytest.raises(InputError, match=says):
        model.sample(12, static=static)
