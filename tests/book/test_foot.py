"""The foot of every built page, and the notebooks in one file."""

import json
import re
import subprocess
import zipfile
from html import unescape
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from helpers import NOTEBOOKS, PAGES, ROOT, by_path

BUILT = ROOT / "_build" / "html"
built = pytest.mark.skipif(not BUILT.exists(), reason="the book is not built (make book)")


@pytest.fixture(scope="module")
def foot(scripts):
    return scripts("foot")


def below(page):
    """The foot of a built page."""
    text = (BUILT / by_path(page)).with_suffix(".html").read_text(encoding="utf-8")
    (found,) = re.findall(r'<p class="page-foot">(.*?)</p>', text)
    return found


@built
def test_every_page_leads_to_an_issue_with_its_name():
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    repository = re.search(r'^Repository = "(.*)"', pyproject, re.M)[1]
    for page in PAGES:
        (link,) = re.findall(r'href="(https:[^"]*)"', below(page))
        parts = urlsplit(unescape(link))
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{repository}/issues/new"
        name = by_path(page.with_suffix(""))
        assert parse_qs(parts.query)["title"] == [f"{name}: "]


@built
def test_all_notebooks_lie_in_one_file_as_they_are_stored(foot):
    assert f'href="../{foot.NOTEBOOKS}"' in below(ROOT / "book" / "index.md")
    with zipfile.ZipFile(BUILT / foot.NOTEBOOKS) as packed:
        assert sorted(packed.namelist()) == sorted(map(by_path, NOTEBOOKS))
        for page in NOTEBOOKS:
            assert json.loads(packed.read(by_path(page)))["nbformat"] == 4


def test_the_file_of_notebooks_is_the_same_from_the_same_notebooks(foot, tmp_path):
    (tmp_path / "page.ipynb").write_text("{}", encoding="utf-8")
    paths = {"page": str(tmp_path / "page.ipynb"), "other": str(tmp_path / "other.md")}
    env = SimpleNamespace(all_docs=paths, doc2path=paths.get)
    app = SimpleNamespace(
        env=env, srcdir=tmp_path, outdir=tmp_path, builder=SimpleNamespace(name="html")
    )
    found = []
    for _ in range(2):
        foot.pack(app, None)
        found.append((tmp_path / foot.NOTEBOOKS).read_bytes())
        (tmp_path / "page.ipynb").touch()
    assert found[0] == found[1]
    assert zipfile.ZipFile(tmp_path / foot.NOTEBOOKS).namelist() == ["page.ipynb"]


# ---- when a page last changed


@pytest.fixture
def page(tmp_path):
    """A page that was committed on the second of March 2026."""
    (tmp_path / "page.md").write_text("# Page\n", encoding="utf-8")
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "First"]):
        day = {"GIT_COMMITTER_DATE": "2026-03-02T12:00:00Z", "PATH": "/usr/bin:/bin:/usr/local/bin"}
        subprocess.run(["git", *words], cwd=tmp_path, env=day, check=True)
    return tmp_path / "page.md"


def shown(foot, page):
    context = {"body": ""}
    theme = SimpleNamespace(
        html_theme_options={"repository_url": "https://x.org"}, root_doc="index"
    )
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"),
        config=theme,
        env=SimpleNamespace(doc2path=lambda _: page),
    )
    foot.add(app, "page", "page.html", context, doctree=object())
    return context["body"]


def test_the_last_change_is_told_where_it_is_asked_for(foot, page, monkeypatch):
    monkeypatch.delenv("BOOK_LAST_CHANGES", raising=False)
    assert "Last changed" not in shown(foot, page)
    monkeypatch.setenv("BOOK_LAST_CHANGES", "1")
    assert "Last changed on 2026-03-02." in shown(foot, page)


def test_where_git_does_not_know_nothing_is_told(foot, page, tmp_path, monkeypatch):
    monkeypatch.setenv("BOOK_LAST_CHANGES", "1")
    (page.parent / "new.md").write_text("# New\n", encoding="utf-8")
    assert "Last changed" not in shown(foot, page.parent / "new.md")
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", page.parent.as_uri(), "shallow"],
        cwd=tmp_path,
        check=True,
    )
    (tmp_path / "outside").mkdir()
    assert foot.last_change(tmp_path / "shallow" / "page.md") == ""
