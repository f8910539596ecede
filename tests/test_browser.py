"""A model as a script for a web page: what it says, what it refuses. tests/book/test_live.py computes with it."""

import base64
import json
import re

import numpy as np
import pytest

from timegan_lib import InputError, TimeGAN, TimeGANConfig, sines
from timegan_lib.browser import model_script, packed
from timegan_lib.cli import main
from timegan_lib.data import DATA, SequenceDataset

SMALL = {"steps": (1, 1, 1), "hidden": 4, "layers": 1, "batch_size": 8}


@pytest.fixture(scope="module")
def google():
    return TimeGAN.load(DATA / "runs" / "google")


def content(script):
    """The name and the values of a script."""
    name, told = re.fullmatch(r"//.*\n.*\[(\".*?\")\] = (\{.*\});\n", script).groups()
    return json.loads(name), json.loads(told)


@pytest.mark.parametrize("bits, letter, tolerance", [(16, "<f2", 1e-3), (32, "<f4", 0)])
def test_an_array_comes_back_from_its_text(bits, letter, tolerance):
    array = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    told = packed(array, bits)
    found = np.frombuffer(base64.b64decode(told["data"]), letter).reshape(told["shape"])
    assert np.abs(found - array).max() <= tolerance


def test_the_script_says_what_rounding_the_weights_changes(google):
    before = google.sample(8, seed=1).values
    name, exact = content(model_script(google.sampler, 'a "name"', 32))
    assert name == 'a "name"' and exact["rounding"] == {"half": 0, "most": 0}
    rounding = content(model_script(google.sampler, "google"))[1]["rounding"]
    assert 0 < rounding["half"] < rounding["most"] < 0.01
    assert np.array_equal(google.sample(8, seed=1).values, before)  # the model is what it was


def test_a_weight_too_large_for_16_bits_is_refused():
    with pytest.raises(InputError, match="too large for 16 bits"), np.errstate(over="ignore"):
        packed([1e6], 16)


def test_what_a_page_cannot_compute_is_refused(google, eager):
    with pytest.raises(InputError, match="bits=8"):
        model_script(google.sampler, "google", 8)
    model = TimeGAN(TimeGANConfig(cell="lstm", **SMALL))
    model.fit(sines("code", n=8), progress=False)
    with pytest.raises(InputError, match="cell='lstm'"):
        model_script(model.sampler, "lstm")


@pytest.mark.parametrize("what", ["categories", "different length", "static"])
def test_data_that_a_page_cannot_show_are_refused(what, eager, tmp_path):
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"who": np.repeat(np.arange(12), 4), "x": rng.normal(size=48)})
    if what == "categories":
        frame["kind"] = rng.choice(["a", "b"], 48)
    frame["age"] = frame["who"] % 5 if what == "static" else rng.normal(size=48)
    frame = frame.drop(index=3) if what == "different length" else frame
    static = ["age"] if what == "static" else []
    model = TimeGAN(TimeGANConfig(**SMALL))
    model.fit(SequenceDataset.from_frame(frame, group="who", static=static), progress=False)
    with pytest.raises(InputError, match=what):
        model_script(model.sampler, "mine")


def test_the_command_writes_a_script(tmp_path, capsys):
    file = tmp_path / "model.js"
    assert main(["export-js", str(DATA / "runs" / "google"), str(file)]) == 0
    name, told = content(file.read_text())
    assert name == "google" and told["names"][0] == "Open" and told["length"] == 24
    assert "google, 78 kB" in capsys.readouterr().out
    assert main(["export-js", str(tmp_path / "none"), str(file)]) == 2
