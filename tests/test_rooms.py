"""The library's rooms: who may use whom, how large a file and a class may be, and what each room says."""

import ast

import pytest
from helpers import ROOT

LIBRARY = ROOT / "timegan_lib"
SOURCES = sorted(LIBRARY.rglob("*.py"))
# a row may use the rows above it, and its own
ORDER = (
    "config", "messages", "files", "threads", "kernel", "data", "networks", "training", "sampling", "browser",
    "model", "plots", "evaluation", "rivals", "study", "cli",
)  # fmt: skip
ROOMS = sorted(path.parent for path in LIBRARY.rglob("__init__.py") if path.parent != LIBRARY)


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """The modules of the library that a file imports, wherever in it."""
    known, found = {name_of(source) for source in SOURCES}, set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("timegan_lib"):
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (below & known) or {node.module}
    return found


def row(module):
    first = module.split(".")[1] if "." in module else ""
    return ORDER.index(first) if first in ORDER else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_room_uses_those_above_it(path):
    own = row(name_of(path))
    if own is None:  # timegan_lib itself hands out the public names; reading.py uses none of them
        return
    below = {module for module in imports(path) if (row(module) or 0) > own}
    assert not below, f"{name_of(path)} stands above {sorted(below)}"


def test_no_two_files_import_one_another_however_far_around():
    graph = {name_of(path): imports(path) for path in SOURCES}
    inits = {name for name, path in zip(graph, SOURCES, strict=True) if path.stem == "__init__"}
    done = set()

    def visit(module, way):
        assert module not in way, " -> ".join([*way, module])
        if module not in done:
            for other in sorted(graph.get(module, ())):
                if other not in inits or not f"{module}.".startswith(f"{other}."):
                    visit(other, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_files_and_classes_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= 200, node.name


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.name)
def test_a_room_says_what_comes_in_what_goes_out_and_what_to_read(room):
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    for file in room.glob("*.py"):
        if not file.stem.startswith("__"):
            assert f"`{file.stem}`" in said or f"`{file.stem}_" in said, file.stem
    assert len(said.splitlines()) <= 14
    if room.name not in ("cli", "scores"):
        assert "In: " in said and "Out: " in said and "Read " in said
