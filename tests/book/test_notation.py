"""One meaning a letter: the tables of notation.md, their names in the code, and the formulas of all pages."""

import ast
import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from helpers import PAGES, ROOT, by_path, cells, tiny_static, tiny_training, tiny_values

from timegan_lib import SequenceDataset
from timegan_lib.training import LOSSES

BUILT = ROOT / "_build" / "html"
NOTATION = (ROOT / "book" / "notation.md").read_text(encoding="utf-8")


def column(wanted):
    """(section, cell) for every cell of the column of this name, in the tables of notation.md."""
    for section, text in re.findall(r"^## ([^\n]+)$(.*?)(?=^## |\Z)", NOTATION, re.M | re.S):
        rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
        heads = [cell.strip() for cell in rows[0]] if rows else []
        if wanted in heads:
            yield from ((section, row[heads.index(wanted)].strip()) for row in rows[2:])


def test_no_letter_stands_twice():
    letters = Counter(
        letter for _, cell in column("letter") for letter in re.findall(r"\$([^$]+)\$", cell)
    )
    assert len(letters) > 35
    assert [letter for letter, count in letters.items() if count > 1] == []


def bound():
    """Every name that the library gives to an argument, a field or a variable."""
    for file in sorted((ROOT / "timegan_lib").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def test_every_name_in_the_code_exists():
    """A loss is a column of the history, a name with a dot is looked up, any other is bound somewhere."""
    values, static = tiny_values(), tiny_static()
    training = tiny_training(values=values, static=static, blocks=(1, 3))
    there = {
        "data": SequenceDataset.from_arrays(values, static=static),
        "networks": training.networks,
        "noise": training.draws.noise(2, 0, 0),
    }
    columns = {name for names in LOSSES.values() for name in names}
    known, found = set(bound()), 0
    for section, cell in column("in the code"):
        for name in re.findall(r"`([^`]+)`", cell):
            found += 1
            if section == "Losses":
                assert name in columns
            elif re.fullmatch(r"\w+", name):
                assert name in known
            else:
                assert eval(name, {"__builtins__": {"len": len}}, there) is not None
    assert found > 35


# ---- the formulas of the pages


MATHEMATICS = r"^```\{math\}$(.*?)^```$", r"\$\$(.*?)\$\$", r"(?<!\\)\$([^$]+)\$"
CODE = r"^```\w+$.*?^```$|`[^`\n]*`"


def formulas(page):
    """Everything a page sets as mathematics: ```{math} blocks, $$...$$ and $...$."""
    texts = [page.read_text(encoding="utf-8")]
    if page.suffix == ".ipynb":
        texts = ["".join(c["source"]) for c in cells(page) if c["cell_type"] == "markdown"]
    for text in texts:
        for way in MATHEMATICS:
            yield from re.findall(way, text, re.M | re.S)
            text = re.sub(f"{way}|{CODE}", " ", text, flags=re.M | re.S)


NEVER = {
    "V is the moments loss, no function": r"\bV\s*\(",
    "D is a number of features, no network": r"\bD\s*\(|\bD\^\{?\*|\\(?:min|max)_\{?D",
    "there is no G: the generator is g": r"\bG\b",
    "r is the recovery, no gate and no number": r"\br_\{?t|\br\s*\\odot|\br\s*[=<>]|\br\s*,\s*(?:\\;\s*)?u\b",
    "s is the supervisor; static features are x_S": r"\\(?:mathbf|boldsymbol)\s*\{?\s*s\b",
}


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_a_letter_has_one_meaning_in_all_formulas(page):
    found = list(formulas(page))
    wrong = [(why, text) for why, way in NEVER.items() for text in found if re.search(way, text)]
    if not any(r"\phi" in text for text in found):
        wrong += [("sigma goes with phi", text) for text in found if r"\sigma" in text]
    assert wrong == []


@pytest.mark.skipif(not BUILT.exists(), reason="the book is not built (make book)")
def test_no_formula_is_left_as_text():
    """As happens to one that is broken before a plus, which begins a list, or that heads a column."""
    for page in sorted(BUILT.rglob("book/**/*.html")):
        article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").article
        for part in article.select(".math, pre, code, script"):
            part.decompose()
        left = re.findall(r".{0,30}(?:\$|\\[a-z]).{0,30}", article.get_text(" "))
        assert left == [], page.relative_to(BUILT)
