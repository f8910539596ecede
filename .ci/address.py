"""Writes the repository's address, which pyproject.toml gives, wherever the old one stands: `make address`.

The old one is read from CITATION.cff.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def forms(address):
    """What depends on the address: itself, the place of the built book, the folder a first cell fetches."""
    if not (parts := re.fullmatch(r"https://github\.com/([\w.-]+)/(?!.*\.git$)([\w.-]+)", address)):
        sys.exit(f"Stopped: {address} is not like https://github.com/OWNER/NAME.")
    owner, name = parts.groups()
    fetched = f'sys.path.insert(0, \\"{name}\\")'
    return [form.encode() for form in (address, f"{owner}.github.io/{name}/", fetched)]


project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
new = forms(project["urls"]["Repository"])
old = forms(re.search(r'^repository-code: "(.*)"', citation, re.M)[1])
tracked = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
)
for path in tracked.stdout.splitlines():
    before = after = (ROOT / path).read_bytes()
    for a, b in zip(old, new, strict=True):
        after = after.replace(a, b)
    if after != before:
        (ROOT / path).write_bytes(after)
        print(path)
