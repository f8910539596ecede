"""The training to watch is what book/_scripts/learning_files.py writes now."""

import json

import numpy as np
import pytest
from matplotlib.testing.compare import compare_images


@pytest.fixture(scope="module")
def learning(scripts):
    module = scripts("learning_files")
    return module, module.numbers()


def test_the_numbers_are_not_stale(learning):
    module, now = learning
    text = (module.STATIC / "learning-data.js").read_text(encoding="utf-8")
    stored = json.loads("{" + text.partition(" = {")[2].rstrip(";\n"))
    assert stored["steps"] == now["steps"] and stored["losses"] == now["losses"]
    for group, within in (("close", 0.2), ("cloud", 0.002)):  # the last digit is the machine's
        assert stored[group].keys() == now[group].keys()
        for name, values in stored[group].items():
            assert np.abs(np.subtract(values, now[group][name])).max() <= within, name


def test_the_picture_is_not_stale(learning, tmp_path):
    module, now = learning
    module.draw(now, tmp_path / "learning.png")
    stored = str(module.STATIC / "learning.png")
    difference = compare_images(stored, str(tmp_path / "learning.png"), tol=5)
    assert difference is None, difference
