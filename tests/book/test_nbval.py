"""What `pytest --nbval` sees and what it lets pass, cell by cell; and that no page hides an output from it."""

import subprocess
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from helpers import NOTEBOOKS, ROOT, by_path, code_cells
from nbformat.v4 import new_code_cell, new_notebook, new_output

PRINTS = 'print("the loss fell to", 0.25)'
WARNS = f"import sys\n{PRINTS[:-1]}, file=sys.stderr)"
SHOWS = 'display({"%s": "%s", "text/plain": "a table"}, raw=True)'


def printed(text, name="stdout"):
    return [new_output("stream", name=name, text=text)]


def shown(kind, value, plain="a table"):
    return [new_output("display_data", data={kind: value, "text/plain": plain})]


TRUE = printed("the loss fell to 0.25\n")
TABLE, PICTURE = SHOWS % ("text/html", "<b>0.25</b>"), SHOWS % ("image/png", "QUJD")

# What is wrong with a cell: (its code, its stored outputs, its number or None if it was not run).
COMPARED = {
    "a number": (PRINTS, printed("the loss fell to 0.26\n"), 1),
    "a word": (PRINTS, printed("the loss rose to 0.25\n"), 1),
    "a number on stderr": (WARNS, printed("the loss fell to 0.26\n", "stderr"), 1),
    "stdout that is stderr now": (WARNS, TRUE, 1),
    "a value": ("0.5 / 2", [new_output("execute_result", data={"text/plain": "0.26"})], 1),
    "a table": (TABLE, shown("text/html", "<b>0.26</b>"), 1),
    "what stands for a table in text": (TABLE, shown("text/html", "<b>0.25</b>", "a list"), 1),
    "what stands for a picture in text": (PICTURE, shown("image/png", "QUJD", "a list"), 1),
    "an output that is not stored": (PRINTS, [], 1),
    "an output that no longer comes": ("pass", TRUE, 1),
    "an output of a cell that was not run": (PRINTS, TRUE, None),
}
NOT_COMPARED = {
    "nothing": (PRINTS, TRUE, 1),
    "a picture": (PICTURE, shown("image/png", "REVG"), 1),
    "a cell that was not run": (PRINTS, [], None),
    "a cell that asks for it": (f"# NBVAL_IGNORE_OUTPUT\n{PRINTS}", [], 1),
}


@pytest.fixture(scope="module")
def passed(tmp_path_factory):
    """{what is wrong with the cell: whether it passed}: all cells in one notebook, run once."""
    folder, cases = tmp_path_factory.mktemp("nbval"), COMPARED | NOT_COMPARED
    cells = [
        new_code_cell(source, outputs=outputs, execution_count=count)
        for source, outputs, count in cases.values()
    ]
    nbformat.write(new_notebook(cells=cells), folder / "page.ipynb")
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", folder]
    command += ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    command += ["--junitxml", folder / "report.xml", folder / "page.ipynb"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    results = list(ElementTree.parse(folder / "report.xml").iter("testcase"))
    assert len(results) == len(cases), run.stdout + run.stderr
    return {
        case: result.find("failure") is None for case, result in zip(cases, results, strict=True)
    }


@pytest.mark.parametrize("case", COMPARED)
def test_nbval_fails_on(case, passed):
    assert not passed[case]


@pytest.mark.parametrize("case", NOT_COMPARED)
def test_nbval_passes(case, passed):
    assert passed[case]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=by_path)
def test_no_cell_asks_not_to_be_compared(page):
    for cell in code_cells(page):
        asks = " ".join(["".join(cell["source"]), *cell["metadata"].get("tags", [])])
        for word in ("nbval", "pytest_validate", "raises-exception"):
            assert word not in asks.lower(), asks
