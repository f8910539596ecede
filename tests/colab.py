"""Runs every notebook as Colab does: `make test-colab`. To run some: `tests/colab.py book/the-data.ipynb`.

Each page lies alone in an empty folder outside the repository, so its first cell finds no library,
fetches the repository and goes on. A clone of the last commit stands in for the address.
Outputs are not compared: other versions give other digits.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def said(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def installed():
    return said(sys.executable, "-m", "pip", "freeze", "--all", "--disable-pip-version-check")


def as_on_colab(address, clone):
    """The environment of the pages: no setting of ours, and git takes the clone for the address."""
    ours = ("PYTHON", "TF_", "TQDM_", "GIT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no remarks of the debugger
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }


def run(place, wanted):
    """Run the pages in this folder; returns what is wrong, or nothing."""
    said("git", "clone", "--quiet", str(ROOT), str(clone := place / "clone"))
    project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"]
    folders = {}
    for page in wanted or sorted(clone.glob("book/**/*.ipynb")):
        page = (clone / page).relative_to(clone)
        folders[page] = place / page.with_suffix("")
        folders[page].mkdir(parents=True)
        shutil.copy(clone / page, folders[page])

    before = installed()
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", "--no-header", f"--rootdir={place}", *folders.values()]
    failed = subprocess.run(command, cwd=place, env=as_on_colab(address, clone)).returncode
    if failed:
        return "the cells above fail with the versions of Colab."
    if installed() != before:
        return "a page changed the packages of its environment."
    library = Path(address.split("/")[-1], "timegan_lib", "__init__.py")
    if alone := [str(page) for page in folders if not (folders[page] / library).exists()]:
        return f"the first cell did not fetch the repository: {', '.join(alone)}."
    print(f"{len(folders)} pages ran; each fetched {address}; no package was changed.")


if __name__ == "__main__":
    if changed := said("git", "status", "--porcelain"):
        print(f"The last commit is tested, without what was changed since:\n{changed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(run(Path(folder).resolve(), sys.argv[1:]))
