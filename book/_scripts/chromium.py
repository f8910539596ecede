"""Finds Chromium or Chrome, which reads the book for its tests and prints it."""

import os
import shutil
import sys

BROWSERS = [
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]


class NoBrowserError(Exception):
    """Says where one was looked for, and what to do."""


def find() -> str:
    """Its program; the one that CHROMIUM names, where that is set. Raises NoBrowserError."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else BROWSERS
    if found := next(filter(None, map(shutil.which, names)), None):
        return found
    says = "install Chromium or Chrome, or set CHROMIUM=/path/to/it"
    raise NoBrowserError(f"no browser found ({', '.join(names)}); {says}")


if __name__ == "__main__":
    try:
        print(find())
    except NoBrowserError as error:
        sys.exit(f"Stopped: {error}")
