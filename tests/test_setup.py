"""The files of the set-up say the same thing, and every page is complete."""

import re
import tomllib
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from helpers import NOTEBOOKS, PAGES, ROOT, by_path, code_cells, outputs
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
OWNER, NAME = REPOSITORY.split("/")[-2:]
SITE = f"https://{OWNER}.github.io/{NAME}/"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
BUILT = ROOT / "_build" / "html"

# The first code cell of every notebook: makes the page run on Colab, does nothing elsewhere.
FIRST_CELL = f"""\
import importlib.util
import sys

# On Colab: fetch the book and its library. Anywhere else: nothing.
if importlib.util.find_spec("timegan_lib") is None:
    !git clone --quiet --depth 1 {REPOSITORY}
    sys.path.insert(0, "{NAME}")"""


# ---- packages


def pins(path):
    """{name: (version, number of hashes)} of a requirements file."""
    found = {}
    for block in re.split(r"\n(?=\S)", (ROOT / path).read_text(encoding="utf-8")):
        if match := re.match(r"([\w.\-]+)==([^\s;\\]+)", block):
            found[canonicalize_name(match[1])] = (match[2], block.count("--hash=sha256:"))
    return found


def wanted(*extras):
    extra = PROJECT["optional-dependencies"]
    lines = PROJECT["dependencies"] + [line for name in extras for line in extra[name]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("path", ["requirements.txt", ".ci/colab.txt"])
def test_pins_are_hashed_and_name_no_place(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    found = pins(path)
    assert len(found) > 50
    assert [name for name, (_, hashes) in found.items() if not hashes] == []
    assert "://" not in text and "index-url" not in text and "find-links" not in text
    assert "torch" not in found


def test_pins_satisfy_pyproject():
    found = pins("requirements.txt")
    for need in wanted("book", "test"):
        version, _ = found[canonicalize_name(need.name)]
        assert need.specifier.contains(version), f"{need} is pinned to {version}"


def test_the_library_upgrades_nothing_on_colab():
    found = pins(".ci/colab.txt")
    for need in wanted():
        version, _ = found[canonicalize_name(need.name)]
        assert need.specifier.contains(version), f"{need} would replace Colab's {version}"
    asked = {
        Requirement(line).name
        for line in (ROOT / ".ci/colab.in").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    assert asked >= {"tensorflow", "keras", "numpy", "pandas", "matplotlib"}


def test_the_build_backend_is_pinned():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    for line in build["requires"]:
        need = Requirement(line)
        assert need.specifier.contains(pins("requirements.txt")[need.name][0])


def test_conda_gives_the_same_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert f"python{PROJECT['requires-python']}" in conda
    assert pip == {"pip": ["-r requirements.txt"]}


def test_python_versions_agree():
    supported = SpecifierSet(PROJECT["requires-python"])
    minors = [f"3.{minor}" for minor in range(30) if supported.contains(f"3.{minor}.0")]
    workflow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == minors
    listed = [line.split()[-1] for line in PROJECT["classifiers"] if "Python ::" in line]
    assert listed == minors


# ---- names and addresses


def test_the_version_is_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert Version(citation["version"]) == Version(PROJECT["version"]) == Version(heading[1])


def test_the_address_is_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    repository = {"url": REPOSITORY, "branch": "main", "path_to_book": ""}
    said = {
        "CITATION.cff: repository-code": (citation["repository-code"], REPOSITORY),
        "_config.yml: repository": (CONFIG["repository"], repository),
        "_config.yml: html, baseurl": (CONFIG["html"]["baseurl"], SITE),
        "_config.yml: ogp_site_url": (CONFIG["sphinx"]["config"]["ogp_site_url"], SITE),
    }
    wrong = {place: found for place, (found, wanted) in said.items() if found != wanted}
    owners = re.compile(rf"github\.com/([\w-]+)/{NAME}\b|\b([\w-]+)\.github\.io/{NAME}\b")
    for path in [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for found in owners.findall(path.read_text(encoding="utf-8")):
            wrong |= {} if OWNER in found else {by_path(path): found}
    assert wrong == {}, "`make address` writes the one of pyproject.toml there"


def test_what_names_the_book_names_it_alike():
    assert CONFIG["title"] == CONFIG["sphinx"]["config"]["ogp_site_name"]


def test_the_table_of_contents_lists_every_page():
    def files(node):
        for key, value in node.items():
            if key in ("root", "file"):
                yield value
            elif isinstance(value, list):
                for child in value:
                    yield from files(child)

    listed = sorted(files(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))
    assert listed == sorted(by_path(path.with_suffix("")) for path in PAGES)


# ---- notebooks


@pytest.fixture(params=NOTEBOOKS, ids=by_path)
def notebook(request):
    assert request.param.stat().st_size < 1_000_000, "a notebook is smaller than 1 MB"
    return request.param


def test_notebook_was_run_from_top_to_bottom(notebook):
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_notebook_begins_with_the_cell_for_colab(notebook):
    assert "".join(code_cells(notebook)[0]["source"]) == FIRST_CELL
    assert code_cells(notebook)[0]["outputs"] == []


def test_notebook_shows_no_error_and_no_stderr(notebook):
    for cell, output in outputs(notebook):
        assert output["output_type"] != "error", cell["source"]
        assert output.get("name") != "stderr", cell["source"]
        assert "image/svg+xml" not in output.get("data", {}), cell["source"]


def test_notebook_figures_have_name_caption_and_alt_text(notebook):
    for cell, output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            mystnb = cell["metadata"].get("mystnb", {})
            assert {"name", "caption"} <= mystnb.get("figure", {}).keys(), cell["source"]
            assert len(mystnb.get("image", {}).get("alt", "")) > 20, cell["source"]


def test_notebook_cells_are_short(notebook):
    for cell in code_cells(notebook):
        lines = "".join(cell["source"]).splitlines()
        folded = "hide-cell" in cell["metadata"].get("tags", [])
        assert len(lines) <= (24 if folded else 12), "\n".join(lines)


# ---- the built book


class Resources(HTMLParser):
    """What a browser fetches to show a page (`needed`), and what the page links to (`links`)."""

    def __init__(self, page):
        super().__init__()
        self.needed, self.links = [], []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio"):
            self.needed += [values["src"]] if values.get("src") else []
        elif tag == "link" and values.get("rel") in (
            "stylesheet",
            "preload",
            "icon",
            "shortcut icon",
        ):
            self.needed += [values["href"]]
        elif tag == "a" and values.get("href"):
            self.links += [values["href"]]


@pytest.mark.skipif(not BUILT.exists(), reason="the book is not built (make book)")
def test_every_notebook_opens_on_colab_with_one_click():
    start = f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/main/"
    for page in NOTEBOOKS:
        built = (BUILT / by_path(page)).with_suffix(".html")
        link = f'href="{start}{by_path(page)}"'
        assert link in built.read_text(encoding="utf-8"), f"{built} has no such button"


@pytest.mark.skipif(not BUILT.exists(), reason="the book is not built (make book)")
def test_the_built_book_reads_from_disk():
    pages = sorted(BUILT.glob("book/**/*.html"))
    assert len(pages) >= len(PAGES)
    for page in pages:
        resources = Resources(page)
        for address in resources.needed:
            parts = urlsplit(address)
            assert not parts.netloc, f"{page} fetches {address}"
        for address in resources.needed + resources.links:
            parts = urlsplit(address)
            if parts.scheme not in ("data", "mailto") and not parts.netloc and parts.path:
                assert (page.parent / unquote(parts.path)).exists(), f"{page} wants {address}"
    for sheet in BUILT.rglob("*.css"):
        away = re.findall(
            r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']+", sheet.read_text(encoding="utf-8")
        )
        assert away == [], f"{sheet} fetches {away}"
