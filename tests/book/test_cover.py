"""The picture on the first page is what book/_scripts/cover.py draws now."""

import importlib.util

from helpers import ROOT
from matplotlib.testing.compare import compare_images

SOURCE = ROOT / "book" / "_scripts" / "cover.py"


def test_the_cover_is_not_stale(tmp_path):
    spec = importlib.util.spec_from_file_location("cover", SOURCE)
    cover = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cover)
    cover.draw(tmp_path / "cover.png")
    difference = compare_images(str(cover.COVER), str(tmp_path / "cover.png"), tol=5)
    assert difference is None, difference
