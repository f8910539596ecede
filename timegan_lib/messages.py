"""How the library speaks to its caller. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

import sys
import warnings


def warn(text: str) -> None:
    """A UserWarning that points at the line outside of the library from which it was called."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("timegan_lib"):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, UserWarning, stacklevel=level)
