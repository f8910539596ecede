"""The library's certificate: the numbers of the authors' own code, value by value and weight by weight.

tests/reference/README.md says how they were made. Everything here runs through the functions that
training compiles, `Training.autoencoder_update`, `supervisor_update` and `joint_update`.
"""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from timegan_lib import TimeGANConfig
from timegan_lib.networks import Networks
from timegan_lib.networks.losses import batch_moments
from timegan_lib.training import LOSSES, Batch, Noise, Training

TOLERANCE = 1e-5
CASES = {"gru": {"hidden": 12, "layers": 3}, "lstm": {"hidden": 8, "layers": 2}}


class Reference:
    """One file of reference numbers and a Training that starts from its weights."""

    def __init__(self, cell):
        folder = Path(__file__).parent.parent / "reference"
        with np.load(folder / f"{cell}_small.npz") as archive:
            self.numbers = {key: archive[key] for key in archive.files}
        batch, _, features = self["X|0"].shape
        config = TimeGANConfig(cell=cell, batch_size=batch, **CASES[cell])
        self.networks = Networks(config, features)
        for weight in self.networks.all_weights:
            weight.assign(self[f"w0|{reference_name(weight, cell)}"])
        self.training = Training(config, self.networks, self["X|0"])
        self.cell = cell

    def __getitem__(self, key):
        return self.numbers[key]

    def batch(self, i):
        return Batch(tf.constant(self[f"X|{i}"]))

    def draws(self, *indices):
        return [(self.batch(i), Noise(tf.constant(self[f"Z|{i}"]))) for i in indices]


def reference_name(weight, cell):
    """The name of this library's weight in the authors' checkpoint."""
    network, layer, *part = weight.name[:-2].split("/")
    if layer == "output":
        return f"{network}/fully_connected/{'weights' if part == ['kernel'] else 'biases'}"
    kind = "gru_cell" if cell == "gru" else "basic_lstm_cell"
    number = layer.removeprefix("layer_")
    return f"{network}/rnn/multi_rnn_cell/cell_{number}/{kind}/{'/'.join(part)}"


def relative_error(value, expected):
    value = np.asarray(value)
    assert value.shape == expected.shape
    return np.abs(value - expected).max() / np.abs(expected).max()


@pytest.fixture(params=list(CASES))
def reference(request):
    return Reference(request.param)


def test_values(reference):
    networks = reference.networks
    x, z = tf.constant(reference["X|0"]), tf.constant(reference["Z|0"])
    latent, generated = networks.embedder(x), networks.generator(z)
    supervised_latent = networks.supervisor(generated)
    synthetic = networks.recovery(supervised_latent)
    (mean_s, variance_s), (mean_x, variance_x) = batch_moments(synthetic), batch_moments(x)
    spread = np.abs(np.sqrt(variance_s + 1e-6) - np.sqrt(variance_x + 1e-6)).mean()
    values = {
        "H": latent,
        "E_hat": generated,
        "H_hat": supervised_latent,
        "H_hat_supervise": networks.supervisor(latent),
        "X_tilde": networks.recovery(latent),
        "X_hat": synthetic,
        "Y_real": networks.discriminator(latent),
        "Y_fake": networks.discriminator(supervised_latent),
        "Y_fake_e": networks.discriminator(generated),
        "G_loss_V1": spread,
        "G_loss_V2": np.abs(mean_s - mean_x).mean(),
    }
    for name, value in values.items():
        assert relative_error(value, reference[f"val|{name}"]) < TOLERANCE, name


def test_losses_and_gradients(reference):
    """Every loss and gradient on batch 0, taken from the updates themselves with Adam left out."""
    training, gradients = reference.training, {}

    def record(adam, loss):
        names = [reference_name(weight, reference.cell) for weight in adam.weights]

        def apply(found):
            assert all(gradient is not None for gradient in found)
            gradients[loss] = dict(zip(names, found, strict=True))
            return tf.constant(0)

        adam._apply = apply

    record(training.autoencoder_adam, "E_loss0")
    record(training.supervisor_adam, "G_loss_S")
    record(training.generator_adam, "G_loss")
    record(training.embedder_adam, "E_loss")
    record(training.discriminator_adam, "D_loss")
    (reconstruction,) = training.autoencoder_update(reference.batch(0))
    (supervised,) = training.supervisor_update(reference.batch(0))
    joint = training.joint_update(reference.draws(0, 0, 0))
    losses = dict(zip(LOSSES["joint"], joint, strict=True))
    expected = {
        "E_loss_T0": reconstruction,
        "E_loss0": 10 * np.sqrt(reconstruction),
        "G_loss_S": supervised,
        "G_loss_U": losses["unsupervised"],
        "G_loss_U_e": losses["unsupervised_latent"],
        "G_loss_V": losses["moments"],
        "G_loss": losses["generator"],
        "E_loss": losses["embedder"],
        "D_loss": losses["discriminator"],
    }
    for name, value in expected.items():
        assert relative_error(value, reference[f"val|{name}"]) < TOLERANCE, name

    keys = [key for key in reference.numbers if key.startswith("grad|")]
    assert len(keys) == sum(len(found) for found in gradients.values())
    for key in keys:
        _, loss, name = key.split("|")
        assert relative_error(gradients[loss][name], reference[key]) < TOLERANCE, key


def test_trajectory(reference):
    """2 + 2 + 3 steps of the three phases end on the reference's weights."""
    training = reference.training
    autoencoder, supervisor = map(
        tf.function, (training.autoencoder_update, training.supervisor_update)
    )
    joint = tf.function(training.joint_update)

    def check(stage):
        for weight in reference.networks.all_weights:
            name = reference_name(weight, reference.cell)
            error = np.abs(weight.numpy() - reference[f"{stage}|{name}"]).max()
            assert error < TOLERANCE, f"{stage} {name}"

    autoencoder(reference.batch(0))
    autoencoder(reference.batch(1))
    check("w1")
    supervisor(reference.batch(2))
    supervisor(reference.batch(3))
    check("w2")
    for first in (4, 7, 10):
        joint(reference.draws(first, first + 1, first + 2))
    check("w3")
