"""What stands at the foot of every built page, and the notebooks in one file (a Sphinx extension).

The repository's address is the one that the theme has from _config.yml. When a page last changed is told only
where BOOK_LAST_CHANGES is set, as it is for the published book: a build does not depend on git otherwise.
"""

import os
import subprocess
import zipfile
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

NOTEBOOKS = "notebooks.zip"


def last_change(source: Path) -> str:
    """The day of the last commit that changed the file; empty where git does not know all of them."""

    def git(*words: str) -> str:
        said = subprocess.run(
            ["git", *words], cwd=source.parent, capture_output=True, text=True, check=False
        )
        return said.stdout.strip() if said.returncode == 0 else ""

    if git("rev-parse", "--is-shallow-repository") != "false":
        return ""
    return git("log", "-1", "--format=%cs", "--", source.name)


def issue(repository: str, page: str) -> str:
    """The address of a new issue with the page's name filled in."""
    asks = {"title": f"{page}: ", "body": "What was not clear, or is wrong? Where on the page?\n\n"}
    return f"{repository}/issues/new?{urlencode(asks)}"


def add(app: Any, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the foot below a page; on the first one also the way to the notebooks."""
    if app.builder.name != "html" or doctree is None:
        return
    address = issue(app.config.html_theme_options["repository_url"], pagename)
    said = [f'Was this page clear? <a href="{escape(address)}">Say what was not</a>.']
    if os.environ.get("BOOK_LAST_CHANGES") and (
        day := last_change(Path(app.env.doc2path(pagename)))
    ):
        said.append(f"Last changed on {day}.")
    if pagename == app.config.root_doc:
        up = "../" * pagename.count("/")
        said.insert(0, f'<a href="{up}{NOTEBOOKS}">All notebooks in one file</a> (zip).')
    context["body"] += f'<p class="page-foot">{" ".join(said)}</p>\n'


def pack(app: Any, error: Exception | None) -> None:
    """The notebooks of the book as they are stored; the same file from the same notebooks."""
    if error or app.builder.name != "html":
        return
    sources = [Path(app.env.doc2path(page)) for page in sorted(app.env.all_docs)]
    with zipfile.ZipFile(Path(app.outdir) / NOTEBOOKS, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in (path for path in sources if path.suffix == ".ipynb"):
            entry = zipfile.ZipInfo(str(path.relative_to(app.srcdir).as_posix()))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, path.read_bytes())


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", add)
    app.connect("build-finished", pack)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
