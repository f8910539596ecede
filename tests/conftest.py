"""Fixtures of the unit tests."""

import pytest
import tensorflow as tf
from helpers import Compiled

from timegan_lib import model

COMPILED = Compiled()


@pytest.fixture
def eager():
    """Run what is compiled otherwise line by line: for a few steps that is ten times as fast."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def compiled(monkeypatch):
    """Let TimeGAN.fit take trainings that are compiled already; see helpers.Compiled."""
    monkeypatch.setattr(model, "make_training", COMPILED.training)
    yield COMPILED
    COMPILED.give_back()
