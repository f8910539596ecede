"""Shows the library's plain docstrings on the page "Functions and classes" (a Sphinx extension).

The docstrings are written to be read in an editor: paragraphs, columns of names and what they mean, code
in single backquotes, the page that teaches a thing by its file. Sphinx wants reStructuredText.
"""

import re
from typing import Any

PAGE = re.compile(r"book/([\w/-]+)\.(?:ipynb|md)")
ROW = re.compile(r"(\S+(?:, \S+)*) {2,}(\S.*)")  # "name, name   what they mean"
UNDERLINE = re.compile(r"-{3,}")


def text(line: str) -> str:
    """A line in which nothing is markup but `code` and the link to a page."""
    found = []
    for k, part in enumerate(re.split(r"`([^`]+)`", line.strip())):
        if k % 2:
            found.append(f"``{part}``")
        elif PAGE.search(part):
            found.append(PAGE.sub(r":doc:`/book/\1`", part))
        else:
            found.append(re.sub(r"([*|\\_<`])", r"\\\1", part))
    return "".join(found)


def convert(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Rewrite one docstring in place: columns become definitions, the rest paragraphs."""
    found: list[str] = []
    column = False
    for line in lines:
        row = ROW.fullmatch(line)
        if UNDERLINE.fullmatch(line):
            found.pop()  # the word "Parameters": the definitions speak for themselves
        elif row and not line.startswith(" "):
            names = ", ".join(f"``{each}``" for each in row[1].split(", "))
            found += ["", names, f"   {text(row[2])}"]
            column = True
        elif column and line.startswith(" "):
            found.append(f"   {text(line)}")
        else:
            found += ["", text(line)] if column else [text(line)]
            column = False
    lines[:] = found


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", convert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
