"""The book as one PDF: how the pages are joined, and, with a browser, what is printed."""

import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from helpers import ROOT

BUILT = ROOT / "_build" / "html"
built = pytest.mark.skipif(not BUILT.exists(), reason="the book is not built (make book)")


@pytest.fixture(scope="module")
def pdf(scripts):
    return scripts("pdf")


@pytest.fixture(scope="module")
def joined(pdf):
    return BeautifulSoup(pdf.join({"results": 7}), "html.parser")


@built
def test_links_stay_inside_the_file(joined, pdf):
    names = [node["id"] for node in joined.find_all(id=True)]
    links = [node["href"] for node in joined.find_all("a", href=True)]
    inside = {link[1:] for link in links if link.startswith("#")}
    assert len(inside) > 60 and inside <= set(names)
    assert all(link.startswith(("#", "https:", "http:", "mailto:")) for link in links)
    chapters = [pdf.label(page) for _, group in pdf.parts() for page in group]
    assert [node["id"] for node in joined.select("section.chapter")] == chapters
    assert all(names.count(name) == 1 for name in chapters)


@built
def test_contents_name_every_chapter_and_its_page(joined, pdf):
    rows = {row.a["href"][1:]: row["data-page"] for row in joined.select(".contents li")}
    assert list(rows) == [pdf.label(page) for _, group in pdf.parts() for page in group]
    assert rows["results"] == "7" and rows["privacy"] == ""


@built
def test_cells_stay_folded_and_images_are_there(joined):
    assert joined.select("details") and not joined.select("details[open]")
    for image in joined.select("img"):
        assert image["src"].startswith(("file:", "data:")), image["src"]
    assert joined.select("section script, .headerlink") == []


def test_a_link_is_followed_from_the_page_it_stands_on(pdf):
    pages = {"book/results", "book/losses/moments", "book/index"}

    def at(link):
        return pdf.target("book/losses/moments", link, pages)

    assert at("../results.html") == "#results"
    assert at("../results.html#fig-pca") == "#results--fig-pca"
    assert at("#the-floor") == "#losses-moments--the-floor"
    assert at("https://doi.org/x") == "https://doi.org/x"
    assert at("../../genindex.html") == pdf.CONFIG["html"]["baseurl"] + "genindex.html"


def test_first_pages_are_read_from_the_file(pdf):
    pages = b"".join(
        b"\n%d 0 obj\n<</Type /Page\n/Parent 99 0 R>>\nendobj" % n for n in (12, 3, 40)
    )
    names = b"<</results [12 0 R /XYZ 0 841 0]\n/losses-moments [40 0 R /XYZ 0 841 0]>>"
    assert pdf.first_pages(pages + names) == {"results": 2, "losses-moments": 3}


def test_without_a_browser_it_says_what_to_do(tmp_path):
    said = subprocess.run(
        [sys.executable, str(ROOT / "book" / "_scripts" / "chromium.py")],
        env={"PATH": str(tmp_path), "CHROMIUM": "no-such-browser"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert "no browser found (no-such-browser); install Chromium or Chrome" in said.stderr


@built
def test_the_first_page_offers_the_file_once(pdf, tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    page = tmp_path / "book" / "index.html"
    page.write_text("<article><h1>Title</h1></article>", encoding="utf-8")
    monkeypatch.setattr(pdf, "BUILT", tmp_path)
    for _ in range(2):
        pdf.offer(tmp_path / pdf.NAME)
    assert page.read_text(encoding="utf-8").count(f'href="../{pdf.NAME}"') == 1


@pytest.mark.html
def test_the_print_is_whole_and_small(pdf, tmp_path):
    from conftest import script

    script("chromium").find()
    path = tmp_path / pdf.NAME
    pdf.make(path)
    printed = path.read_bytes()
    assert len(printed) < 20_000_000
    numbers = pdf.first_pages(printed)
    firsts = [numbers[pdf.label(page)] for _, group in pdf.parts() for page in group]
    assert firsts == sorted(set(firsts)) and firsts[0] == 3
    assert len(re.findall(rb"/Type /Page\n", printed)) > 150
