"""Samples are Z through generator, supervisor and recovery, as many as are asked for, fixed by their seed."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import FEATURES, LENGTH, tiny_model

from timegan_lib.sampling import BATCH
from timegan_lib.training import NOISE, stream

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(scope="module")
def model():
    """Trained on 40 sequences; below it makes more than one batch of new ones."""
    tf.config.run_functions_eagerly(True)
    return tiny_model()


@pytest.mark.parametrize("average", [False, True], ids=["last weights", "averaged weights"])
def test_samples_are_noise_through_generator_supervisor_and_recovery(model, average):
    made = model.sample(BATCH + 10, seed=5, average=average)
    networks, parts = model.networks, []
    sampling = networks.weights("generator", "supervisor", "recovery")
    last = [weight.numpy() for weight in sampling]
    if average:
        for weight, mean in zip(sampling, model.training.average, strict=True):
            weight.assign(mean)
    for batch in range(2):
        z = NOISE["uniform"]((BATCH, LENGTH, FEATURES), stream(5, 3, batch, 0))
        parts.append(networks.recovery(networks.supervisor(networks.generator(z))).numpy())
    for weight, value in zip(sampling, last, strict=True):
        weight.assign(value)
    np.testing.assert_allclose(made.scaled, np.concatenate(parts)[: BATCH + 10], atol=1e-6)


def test_the_seed_fixes_the_samples_and_fewer_are_the_first_of_more(model):
    many = model.sample(BATCH + 10, seed=5).values
    np.testing.assert_array_equal(model.sample(7, seed=5).values, many[:7])
    assert len(np.unique(many, axis=0)) == len(many)  # no batch repeats another
    other = model.sample(7, seed=6).values
    assert len(np.unique(np.concatenate([many, other]), axis=0)) == len(many) + 7
