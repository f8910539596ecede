"""Prints the built book as one PDF: `make pdf`.

Joins the pages of _build/html into one, with links that stay inside, and lets Chromium print it twice: the
first print says on which page a chapter begins, the second has these numbers in its contents.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from chromium import NoBrowserError, find

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "_build" / "html"
NAME = "timegan-book.pdf"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
AWAY = "script, noscript, style, a.headerlink, button, .page-foot, #one-pdf"  # what paper has no use for
PLAIN = (
    "pre span:is(.n, .p, .o, .w, .nn, .si)"  # code without a color: each span costs a hundred bytes
)

# As on the pages; a formula is told by its source to who cannot see it.
MATHJAX = r"""
window.MathJax = {
  options: {processHtmlClass: "math", enableMenu: false, enableAssistiveMml: false},
  startup: {pageReady: () => MathJax.startup.defaultPageReady().then(() => {
    for (const one of MathJax.startup.document.math) {
      one.typesetRoot.setAttribute("role", "img");
      one.typesetRoot.setAttribute("aria-label", one.math);
    }
  })},
};
"""

STYLE = """
@page { size: A4; margin: 16mm 16mm 18mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
@page :first { @bottom-center { content: none; } }
html { font-size: 62.5%; } /* of the screen's size */
html, body { background: white; }
body { display: block; min-height: 0; }
.bd-article { padding: 0; margin: 0; }
details.hide { display: none; } /* folded cells: on paper nobody can open them */
.chapter, .contents { break-before: page; }
.cover { padding-top: 35%; text-align: center; }
:is(h1, h2, h3, h4) { break-after: avoid; }
:is(figure, .cell_output, tr, pre, .admonition-title, mjx-container[display], details) { break-inside: avoid; }
.cell_output:has(pre) { break-inside: auto; }
figure img, .cell_output img { max-width: 100% !important; max-height: 235mm; }
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; overflow: visible !important; max-height: none; }
:is(.output, .pst-scrollable-table-container, .highlight, mjx-container) { overflow: visible !important; }
.bd-article table { font-size: 0.85em; width: auto; max-width: 100%; overflow-wrap: break-word; }
.bd-article table.dataframe { white-space: normal; }
.bd-article dl.py dt { break-after: avoid; }
.contents p { margin: 0.9rem 0 0.2rem; font-weight: bold; }
.contents ol { list-style: none; margin: 0; padding: 0; }
.contents li { display: flex; gap: 0.4rem; }
.contents li::after { content: attr(data-page); order: 3; min-width: 2.2em; text-align: right; }
.contents li span { flex: 1; border-bottom: 1px dotted #999; margin-bottom: 0.3em; order: 2; }
"""


def parts() -> list[tuple[str, list[str]]]:
    """The pages in their order, below the captions of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    first = ("", [toc["root"]])
    return [first, *((p["caption"], [c["file"] for c in p["chapters"]]) for p in toc["parts"])]


def label(page: str, anchor: str = "") -> str:
    """The one name of a place in the joined page."""
    start = page.removeprefix("book/").replace("/", "-")
    return f"{start}--{anchor}" if anchor else start


def target(page: str, link: str, pages: set[str]) -> str:
    """Where a page's link leads: inside the joined page, or to the published book or the world."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link
    steps: list[str] = []
    for step in (PurePosixPath(page).parent / parts.path).parts if parts.path else ():
        steps = steps[:-1] if step == ".." else [*steps, step]
    place = "/".join(steps)
    found = place.removesuffix(".html") if parts.path else page
    if found in pages:
        return f"#{label(found, parts.fragment)}"
    return CONFIG["html"]["baseurl"] + place + (f"#{parts.fragment}" if parts.fragment else "")


def chapter(page: str, pages: set[str], html: BeautifulSoup) -> Tag:
    """The page's own part of `html`, with names and links that mean the same among all pages."""
    article = html.select_one("article.bd-article")
    assert article is not None, page
    for node in article.select(AWAY):
        node.decompose()
    for node in article.select(PLAIN):
        node.unwrap()
    for node in article.find_all(True):
        if node.get("id"):
            node["id"] = label(page, str(node["id"]))
        if node.name == "a" and node.get("href"):
            node["href"] = target(page, str(node["href"]), pages)
        if node.get("src") and not str(node["src"]).startswith("data:"):
            node["src"] = ((BUILT / page).parent / str(node["src"])).resolve().as_uri()
    article.name = "section"
    article["class"] = "chapter bd-article"
    article["id"] = label(page)
    return article


def join(numbers: dict[str, int]) -> str:
    """The book as one page of HTML; `numbers` says on which page of the print a chapter begins."""
    pages = {page for _, group in parts() for page in group}
    first = BeautifulSoup((BUILT / f"{parts()[0][1][0]}.html").read_text("utf-8"), "html.parser")
    sheets = "".join(
        f'<link rel="stylesheet" href="{(BUILT / "book" / str(node["href"]).split("?")[0]).resolve().as_uri()}">'
        for node in first.select("link[rel=stylesheet]")
    )
    contents, chapters = "", ""
    for caption, group in parts():
        rows = ""
        for page in group:
            html = BeautifulSoup(
                (BUILT / f"{page}.html").read_text(encoding="utf-8"), "html.parser"
            )
            article = chapter(page, pages, html)
            title = article.h1.get_text().strip() if article.h1 else page
            number = numbers.get(label(page), "")
            rows += (
                f'<li data-page="{number}"><a href="#{label(page)}">{title}</a><span></span></li>'
            )
            chapters += str(article)
        contents += f"<p>{caption}</p><ol>{rows}</ol>"
    mathjax = (BUILT / "_static" / CONFIG["sphinx"]["config"]["mathjax_path"]).as_uri()
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{CONFIG["title"]}</title>{sheets}
<style>{STYLE}</style><script>{MATHJAX}</script>
<script defer src="{mathjax}"></script></head><body>
<div class="cover"><h1>{CONFIG["title"]}</h1><p>{CONFIG["author"]}, {CONFIG["copyright"]}</p>
<p>{CONFIG["html"]["extra_footer"]}</p><p>Folded cells are left out; the notebooks have them.</p></div>
<div class="contents"><h1>Contents</h1>{contents}</div>
{chapters}</body></html>
"""


def printed(html: str, path: Path) -> bytes:
    """What Chromium makes of it. Raises NoBrowserError, and RuntimeError where Chromium fails."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "book.html").write_text(html, encoding="utf-8")
        said = subprocess.run(
            [
                find(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
                "--allow-file-access-from-files", "--no-pdf-header-footer", "--generate-pdf-document-outline",
                "--virtual-time-budget=120000", f"--print-to-pdf={path}", (Path(folder) / "book.html").as_uri(),
            ],
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
    if not path.exists():
        raise RuntimeError(f"the browser printed nothing; it said: {said.stderr[-2000:]}")
    return path.read_bytes()


def first_pages(pdf: bytes) -> dict[str, int]:
    """On which page each name of the joined page stands; Chromium writes these lists uncompressed."""
    leaves = sorted(int(n) for n in re.findall(rb"\n(\d+) 0 obj\n<</Type /Page\n", pdf))
    number = {leaf: k for k, leaf in enumerate(leaves, start=1)}
    places = re.findall(rb"/([\w-]+) \[(\d+) 0 R /XYZ", pdf)
    return {name.decode(): number[int(leaf)] for name, leaf in places}


def make(path: Path) -> None:
    """Print the book to `path`. Raises NoBrowserError, and RuntimeError where the browser fails."""
    numbers = first_pages(printed(join({}), path))
    printed(join(numbers), path)


def offer(path: Path) -> None:
    """A line on the built first page, which a book built anew has no longer: the link cannot be dead."""
    page = BUILT / f"{parts()[0][1][0]}.html"
    text = re.sub(r'<p id="one-pdf">.*?</p>\n', "", page.read_text(encoding="utf-8"))
    line = f'<p id="one-pdf"><a href="../{path.name}">The whole book as one PDF</a></p>\n'
    page.write_text(text.replace("</article>", f"{line}</article>", 1), encoding="utf-8")


if __name__ == "__main__":
    if not BUILT.exists():
        sys.exit("Stopped: the book is not built; `make pdf` builds it first.")
    try:
        make(BUILT / NAME)
    except (NoBrowserError, RuntimeError) as error:
        sys.exit(f"Stopped: {error}")
    offer(BUILT / NAME)
    print(BUILT / NAME)
