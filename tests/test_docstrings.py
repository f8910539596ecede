"""Every page that a docstring names as the one that teaches it exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "timegan_lib").rglob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_taught_in_a_page_that_exists(source):
    text = source.read_text(encoding="utf-8")
    pages = re.findall(r"Taught in\s+(\S+\.(?:ipynb|md))", text)
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_the_library_names_its_pages():
    text = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    assert len(re.findall(r"Taught in\s+book/", text)) > 20
