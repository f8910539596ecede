"""Every public name of the library is taught on a page, and that page shows it."""

import ast
import re
from functools import cache

import pytest
from helpers import ROOT, by_path, code_of_page

HANDS_OUT = ("timegan_lib", "evaluation")
SOURCES = sorted((ROOT / "timegan_lib").rglob("*.py"))


def public(body):
    """The functions and classes that are defined here and meant for others."""
    return [
        node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node)
    ]


@cache
def exported():
    """What `timegan_lib` and `timegan_lib.evaluation` hand out."""
    inits = [path for path in SOURCES if path.stem == "__init__" and path.parent.name in HANDS_OUT]
    lists = [path.read_text(encoding="utf-8").partition("__all__ = ")[2] for path in inits]
    return {name for text in lists for name in ast.literal_eval(text)}


def taught_in(*nodes):
    """The pages that the innermost docstring with a "Taught in" names."""
    for node in nodes:
        docstring = ast.get_docstring(node) or ""
        if sentence := re.search(r"Taught in\s+((?:[\w/-]+\.\w+|and|,|\s+)+)\.", docstring):
            return re.findall(r"[\w/-]+\.\w+", sentence[1])
    return []


def shows(page, name, source):
    """Whether the page has the name in its code; for what is not exported, its file or folder will do."""
    if not (ROOT / page).is_file():
        return False
    code = code_of_page(ROOT / page)
    ways = [rf"\b{name}\b"]
    if name not in exported():
        ways += [rf"\b{source.stem}\.py\b", rf"\bimport\b.*\b{source.stem}\b"]
        if source.parent.name != "timegan_lib":
            ways += [rf"\b{source.parent.name}/", rf"\bimport\b.*\b{source.parent.name}\b"]
    return any(re.search(way, code) for way in ways)


@pytest.mark.parametrize("source", SOURCES, ids=by_path)
def test_every_public_name_is_shown_on_the_page_that_teaches_it(source):
    module = ast.parse(source.read_text(encoding="utf-8"))
    found = [(node.name, node.name, taught_in(node, module)) for node in public(module.body)]
    for holder in public(module.body):
        if isinstance(holder, ast.ClassDef):
            found += [
                (f"{holder.name}.{node.name}", holder.name, taught_in(node, holder, module))
                for node in public(holder.body)
            ]
    wrong = [
        f"{name}: {' and '.join(pages) or 'taught nowhere'}"
        for name, shown, pages in found
        if not any(shows(page, shown, source) for page in pages)
    ]
    assert wrong == [], "not shown there:\n" + "\n".join(wrong)


@pytest.mark.parametrize("source", SOURCES, ids=by_path)
def test_taught_in_a_page_that_exists(source):
    pages = re.findall(r"\bbook/[\w/-]+\.\w+", source.read_text(encoding="utf-8"))
    assert [page for page in pages if not (ROOT / page).is_file()] == []
