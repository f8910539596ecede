"""What holds the pages together, whatever they are about. Nothing here runs a page."""

import ast
import json
import platform
import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from helpers import NOTEBOOKS, PAGES, ROOT, by_path, cells, code_cells, outputs
from markdown_it import MarkdownIt
from pybtex.database import parse_file

BOOK = ROOT / "book"
REFERENCES = parse_file(BOOK / "references.bib").entries
CITE = re.compile(r"\{cite[:\w]*\}`([^`]+)`")

NO_WORDS = re.compile(r"```\{math\}.*?```|\$\$.*?\$\$|<[^>]+>", re.S)  # formulas, tags of HTML
SHELL = re.compile(r"^\s*(?:!|%%?[a-z]).*$", re.M)

per_notebook = pytest.mark.parametrize("page", NOTEBOOKS, ids=by_path)


def markdown(page):
    """The Markdown of a page, cell by cell."""
    if page.suffix == ".md":
        return [page.read_text(encoding="utf-8")]
    return ["".join(cell["source"]) for cell in cells(page) if cell["cell_type"] == "markdown"]


def source(page):
    """The code of a page that is Python, cell by cell; without the first cell."""
    texts = ["".join(cell["source"]) for cell in code_cells(page)[1:]]
    return [SHELL.sub("", text) for text in texts]


def captions(page):
    figures = [cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in code_cells(page)]
    return [figure.get("caption", "") for figure in figures]


# ---- how a page opens


def opening(page):
    """The title and the first sentence."""
    title, _, text = markdown(page)[0].partition("\n")
    return title, re.split(r"(?<=[.!?:])\s", " ".join(text.split()))[0]


def test_every_page_begins_with_a_title_of_its_own():
    titles = Counter(opening(page)[0] for page in PAGES)
    assert [title for title in titles if not re.match(r"# \w", title)] == []
    assert [title for title, count in titles.items() if count > 1] == []


def test_no_two_pages_open_with_the_same_sentence():
    sentences = Counter(opening(page)[1] for page in PAGES)
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


@per_notebook
def test_the_opening_says_how_long_to_read_and_to_run(page):
    def says(sentence):
        wanted = r"\b(second|minute|hour)", r"\b(reading|plan)\b", r"\b(running|machine)\b"
        return all(re.search(word, sentence, re.I) for word in wanted)

    sentences = re.split(r"(?<=[.!?])\s", " ".join(markdown(page)[0].split()))
    assert [sentence for sentence in sentences if says(sentence)] != []


COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve", "thirteen", "fourteen")  # fmt: skip
WORDS_A_MINUTE, MINUTES_A_FIGURE = 200, 0.5


def words(page):
    text = NO_WORDS.sub(" ", "\n".join(markdown(page)))
    return sum(any(letter.isalpha() for letter in word) for word in text.split())


@per_notebook
def test_reading_takes_as_long_as_the_opening_says(page):
    figures = sum("image/png" in output.get("data", {}) for _, output in outputs(page))
    minutes = words(page) / WORDS_A_MINUTE + figures * MINUTES_A_FIGURE
    said = re.search(r"(\w+) minutes", " ".join(markdown(page)[0].split()))
    assert abs(COUNTS.index(said[1].lower()) - minutes) < 1.5


def test_a_readers_time_is_scarce():
    """Tables, formulas and addresses count here as well: all that stands between two spaces."""
    lengths = [len("\n".join(markdown(page)).split()) for page in PAGES]
    assert max(lengths) <= 2_500 and sum(lengths) <= 45_000


# ---- numbers

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
DECIMAL = rf"(?<![\w.])(?:({NUMBER})\s?(?:%|percent\b)|((?:\d[\d,]*)?\.\d+))(?!\.?\d)"


def value(number):
    return float(number.replace(",", ""))


def prose(text):
    """Markdown without mathematics, code, addresses; a citation becomes `@`."""
    text = CITE.sub("@", text)
    text = re.sub(r"^```(?:\{math\}|\w+)$.*?^```$", "", text, flags=re.M | re.S)
    for away in (r"\$\$.*?\$\$", r"`[^`]*`", r"\]\([^)]*\)", r"https?://\S+", r"\$[^$]*\$"):
        text = re.sub(away, " ", text, flags=re.S)
    return text


def sentences(text):
    """Sentences, list items and rows of tables."""
    ends = r"\n\s*\n|\n(?=\s*(?:[|:]|[-*] |\d+\. ))|(?<=[.!?:])[*_)\"”]*\s+(?=[*_(\"“]*[A-Z@])"
    return re.split(ends, text)


@per_notebook
def test_a_number_in_prose_is_one_that_the_page_computes_or_cites(page):
    shown = [
        text
        for _, output in outputs(page)
        for text in (output.get("text", ""), output.get("data", {}).get("text/plain", ""))
    ]
    computed = "\n".join(source(page) + ["".join(text) for text in shown])
    known = {value(n) for n in re.findall(rf"(?<![\w.])(?:{NUMBER})", computed)}
    known |= {float(n) for n in re.findall(r"(?<![\w.])\d+(?:\.\d+)?e-?\d+", computed)}
    text = "\n\n".join(markdown(page) + captions(page))
    strange = [
        (percent or decimal, " ".join(sentence.split()))
        for sentence in sentences(prose(text))
        if "@" not in sentence
        for percent, decimal in re.findall(DECIMAL, sentence)
        if not {value(percent or decimal), value(percent or decimal) / (100 if percent else 1)}
        & known
    ]
    assert strange == [], "\n".join(f"{number}: {sentence}" for number, sentence in strange)


# ---- cells for readers


def tags(cell):
    return set(cell["metadata"].get("tags", []))


@per_notebook
def test_what_proves_sets_up_or_draws_is_folded(page):
    """The first cell is left out of the page; asserts, imports and figures can be unfolded."""
    first, *rest = code_cells(page)
    assert tags(first) == {"remove-cell"}
    proofs = [cell for cell in rest if re.search(r"^\s*assert\b", "".join(cell["source"]), re.M)]
    assert all(tags(cell) == {"hide-cell"} for cell in proofs)
    drawn = [cell for cell in rest if "mystnb" in cell["metadata"]]
    assert all(tags(cell) & {"hide-input", "hide-cell"} for cell in drawn)
    style = [cell for cell in rest if "use_style()" in "".join(cell["source"])]
    assert all(tags(cell) == {"hide-input"} for cell in style)


# ---- references (the strict build finds labels given twice, targets and keys that do not exist)


def test_every_entry_of_the_bibliography_is_cited():
    texts = [text for page in PAGES for text in markdown(page)]
    texts += [text for page in NOTEBOOKS for text in captions(page)]
    cited = {key.strip() for keys in CITE.findall("\n".join(texts)) for key in keys.split(",")}
    assert sorted(REFERENCES.keys() - cited) == []


@pytest.mark.parametrize("key", REFERENCES)
def test_a_reference_can_be_found(key):
    fields = REFERENCES[key].fields
    assert REFERENCES[key].persons.get("author") and fields.get("title")
    assert re.fullmatch(r"\d{4}", fields.get("year", ""))
    places = {"booktitle", "journal", "publisher", "institution", "howpublished", "eprint", "doi"}
    assert places & fields.keys()


# ---- where a page was made, and what it leans on

PLACES = [
    r"(?<![\w.])/(home|root|tmp|work|Users|mnt|opt|private|var/folders)\b",
    r"\b[A-Z]:\\",
    r"\bpypi\.|\bpythonhosted\.|\blocalhost\b|\b127\.0\.0\.1\b",
    *(re.escape(str(p)) for p in (ROOT, Path.home(), Path(tempfile.gettempdir())) if p.name),
    *([rf"\b{re.escape(platform.node())}\b"] if re.search(r"[\d-]", platform.node()) else []),
]


def strings(node):
    """Every string of a notebook, pictures left out; lines of one text joined."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        joined = all(isinstance(child, str) for child in node)
        yield from ["".join(node)] if joined else (s for child in node for s in strings(child))
    elif isinstance(node, dict):
        yield from node
        for key, child in node.items():
            yield from () if key.startswith("image/") else strings(child)


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_no_sentence_turns_into_a_list(page):
    """As one does whose line happens to begin with "+ " or "1. "."""
    for text in markdown(page):
        tokens = MarkdownIt().parse(text)
        for paragraph, _, _, after in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
            if paragraph.type == "paragraph_open" and after.type.endswith("list_open"):
                last = text.splitlines()[after.map[0] - 1]  # empty, or an option of a directive
                assert paragraph.level or not last or last.startswith(":"), last


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_no_page_tells_where_it_was_made(page):
    text = page.read_text(encoding="utf-8")
    texts = strings(json.loads(text)) if page.suffix == ".ipynb" else [text]
    told = [m[0] for text in texts for place in PLACES for m in re.finditer(place, text)]
    assert told == []


@per_notebook
def test_metadata_hold_what_the_book_uses_and_no_more(page):
    notebook = json.loads(page.read_text(encoding="utf-8"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert notebook["metadata"].pop("kernelspec") == kernel
    assert notebook["metadata"].keys() <= {"language_info"}
    used = {key for cell in notebook["cells"] for key in cell["metadata"]}
    assert used <= {"mystnb", "tags"}
    assert [output for _, output in outputs(page) if output.get("metadata")] == []


def test_the_notebooks_are_small_enough_to_clone():
    assert sum(page.stat().st_size for page in NOTEBOOKS) < 20_000_000


# Calls that touch files: the path is the first argument, or what stands before the dot.
BY_ARGUMENT = {
    *("open", "load", "loadtxt", "genfromtxt", "imread", "copyfile", "copytree", "chdir"),
    *("read_csv", "read_json", "read_pickle", "read_parquet", "read_excel", "read_html"),
    *("save", "savez", "savefig", "to_csv", "to_json", "to_pickle", "to_parquet", "to_html"),
}
BY_OWNER = {"read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "iterdir", "glob"}
CONTENTS = (BY_ARGUMENT | BY_OWNER) - {"open", "iterdir", "glob"}  # these give no path on


def called(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def path_of(call):
    """The path that a call reads or writes, or None."""
    for keyword in call.keywords:
        if keyword.arg == "run_dir":
            return keyword.value
    if called(call) in BY_OWNER and isinstance(call.func, ast.Attribute):
        return call.func.value
    return call.args[0] if called(call) in BY_ARGUMENT and call.args else None


def names(node):
    found = list(ast.walk(node))
    return {child.id for child in found if isinstance(child, ast.Name)} | {
        child.attr for child in found if isinstance(child, ast.Attribute)
    }


def flows(tree):
    """(a value, the place it goes to): assignments, loops, with, calls of the page's own functions."""
    functions = {n.name: n.args.args for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((node.value, target) for target in node.targets)
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.iter, node.target
        elif isinstance(node, ast.withitem) and node.optional_vars:
            yield node.context_expr, node.optional_vars
        elif isinstance(node, ast.Call) and called(node) in functions:
            for given, wanted in zip(node.args, functions[called(node)], strict=False):
                yield given, ast.Name(wanted.arg)


@per_notebook
def test_a_page_reads_and_writes_only_below_data_and_in_temporary_folders(page):
    tree = ast.parse("\n".join(source(page)))
    places, before = {"DATA", "tempfile", "StringIO", "BytesIO"}, set()
    while places != before:
        before = set(places)
        for value, target in flows(tree):
            if not (isinstance(value, ast.Call) and called(value) in CONTENTS):
                places |= names(target) if names(value) & places else set()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and path_of(node)]
    assert [ast.unparse(call) for call in calls if not names(path_of(call)) & places] == []
    shell = "\n".join(
        line for cell in code_cells(page)[1:] for line in SHELL.findall("".join(cell["source"]))
    )
    assert re.findall(r"(?<!\S)[^\s{$]+\.\w+|\.\./", shell) == []


@per_notebook
def test_no_code_names_another_page(page):
    tree = ast.parse("\n".join(source(page)))
    texts = [str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    pages = {other.name for other in PAGES} | {"book"}
    assert [text for text in texts if pages & set(text.split("/"))] == []


# ---- tests that pages name


def test_a_test_that_a_page_names_exists():
    """`test_...` in a text is a function, `test_....py` a file, in tests/; and one function only."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    found = Counter(
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.M)
    )
    found |= Counter(file.name for file in files)
    named = {
        name
        for page in PAGES
        for name in re.findall(r"`(?:tests/)?(?:[a-z]+/)?(test_[\w.]+)`", page.read_text("utf-8"))
    }
    assert len(named) > 50
    assert {name: found[name] for name in named if found[name] != 1} == {}
