"""What tests of the book share: the browser that opens the built pages, and the programs of book/_scripts."""

import importlib.util
import sys

import pytest
from helpers import ROOT

SCRIPTS = ROOT / "book" / "_scripts"


def script(name):
    """A program of book/_scripts, imported; one may import another."""
    if str(SCRIPTS) not in sys.path:
        sys.path.append(str(SCRIPTS))
    path = SCRIPTS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser():
    chromium = script("chromium")
    try:
        found = chromium.find()
    except chromium.NoBrowserError as error:
        pytest.exit(str(error), returncode=1)
    if not (ROOT / "_build" / "html").exists():
        pytest.exit("the book is not built; `make test-html` builds it", returncode=1)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scripts():
    return script
