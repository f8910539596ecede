"""What the sampler in the pages computes with is what book/_scripts/sampler_files.py writes now."""

import json

import pytest
from matplotlib.testing.compare import compare_images


@pytest.fixture(scope="module")
def written(scripts, tmp_path_factory):
    module = scripts("sampler_files")
    folder = tmp_path_factory.mktemp("files")
    module.write(folder)
    return module, folder


def content(file):
    """The values that a script assigns."""
    _, _, told = file.read_text(encoding="utf-8").partition(" = {")
    return json.loads("{" + told.rstrip(";\n"))


@pytest.mark.parametrize("name", ["google", "recipe", "real"])
def test_a_script_is_not_stale(written, name):
    module, folder = written
    stored, now = (content(place / f"sampler-{name}.js") for place in (module.STATIC, folder))
    if "rounding" in stored:  # a measurement: its last digits are the machine's
        assert now.pop("rounding") == pytest.approx(stored.pop("rounding"), rel=0.02)
    assert now == stored


def test_the_picture_is_not_stale(written):
    module, folder = written
    difference = compare_images(
        str(module.STATIC / "sampler.png"), str(folder / "sampler.png"), tol=5
    )
    assert difference is None, difference
