"""The figures stored on pages that train nothing are those that the pages draw now: `make test-figures`.

`pytest --nbval` compares text, not pictures. A page that trains draws a little differently on each kind of
processor, so only those that train nothing are held to their pictures.
"""

import base64
import io
import re

import nbformat
import numpy as np
import pytest
from helpers import NOTEBOOKS, by_path, code_cells
from matplotlib.image import imread
from nbclient import NotebookClient

pytestmark = pytest.mark.figures

TRAINS = re.compile(r"TimeGAN\(|Training\(|\.minimize\(|[Jj]udge\(|\w_score\(|\bevaluate\(")
TOLERANCE = 0.0005  # mean difference of a pixel, of 1: ten times less than a curve is worth


def trains(page):
    return any(TRAINS.search("".join(cell["source"])) for cell in code_cells(page))


def figures(notebook):
    """(name of the figure, picture) of every PNG, in order."""
    return [
        (
            cell["metadata"]["mystnb"]["figure"]["name"],
            imread(io.BytesIO(base64.b64decode(output["data"]["image/png"])), format="png"),
        )
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]


@pytest.mark.parametrize("page", [page for page in NOTEBOOKS if not trains(page)], ids=by_path)
def test_the_figures_are_not_stale(page):
    notebook = nbformat.read(page, as_version=4)
    stored = figures(notebook)
    NotebookClient(notebook, resources={"metadata": {"path": str(page.parent)}}).execute()
    drawn = figures(notebook)
    assert [name for name, _ in drawn] == [name for name, _ in stored]
    for (name, new), (_, old) in zip(drawn, stored, strict=True):
        assert new.shape == old.shape, f"{name} has another size"
        difference = float(np.abs(new - old).mean())
        assert difference < TOLERANCE, f"{name} differs by {difference:.4f} a pixel"
