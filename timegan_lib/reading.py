"""The library's own lines, for pages that explain them. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable


def code_of(thing: Callable) -> str:
    """The source of a function, a method or a class as it runs, without the docstring."""
    source = textwrap.dedent(inspect.getsource(thing))
    lines = source.rstrip().splitlines()
    definition = ast.parse(source).body[0]
    if isinstance(definition, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(definition):
        text = definition.body[0]
        end = text.end_lineno or text.lineno
        while end < len(lines) and not lines[end].strip():
            end += 1
        del lines[text.lineno - 1 : end]
    return "\n".join(lines)
