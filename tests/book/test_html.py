"""The built book as its readers use it: in a browser, from the disk, without a network.

Run by `make test-html`, which builds the book first. Needs Chromium or Chrome; CHROMIUM=/path/to/it names one.
"""

import os
from functools import cache
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from helpers import ROOT

pytestmark = pytest.mark.html

BUILT = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [TOC["root"], *(page["file"] for part in TOC["parts"] for page in part["chapters"])]
PAGES = [*CHAPTERS, "search", "genindex", "py-modindex"]

WIDTHS = {"desktop": 1280, "phone": 390}
VIEWS = list(product(WIDTHS, ["light", "dark"]))


@pytest.fixture(scope="session")
def tabs(browser):
    """One tab for each width and theme."""
    return {view: new_tab(browser, *view) for view in VIEWS}


def label(page_and_view):
    page, view = page_and_view
    return f"{page}, {', '.join(view)}"


@pytest.fixture(scope="module", params=product(PAGES, VIEWS), ids=label)
def tab(tabs, request):
    """A page in a tab. pytest runs all tests on it before it opens the next."""
    page, view = request.param
    return show(tabs[view], page)


def new_tab(browser, width="desktop", theme="light", **more):
    tab = browser.new_page(
        viewport={"width": WIDTHS[width], "height": 850},
        color_scheme=theme,
        is_mobile=width == "phone",
        has_touch=width == "phone",
        offline=True,
        permissions=["clipboard-read", "clipboard-write"],
        **more,
    )
    tab.set_default_navigation_timeout(120_000)  # a busy machine
    tab.width, tab.theme, tab.requests, tab.errors = WIDTHS[width], theme, [], []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.on("requestfailed", lambda request: tab.errors.append(f"not loaded: {request.url}"))
    tab.on("console", lambda said: tab.errors.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    return tab


def show(tab, page):
    tab.requests.clear()
    tab.errors.clear()
    tab.goto((BUILT / f"{page}.html").as_uri())
    tab.evaluate("window.MathJax?.startup?.promise")  # until the formulas are drawn
    return tab


# ---- every page, at both widths, in both themes


def test_the_theme_is_the_one_asked_for(tab):
    assert tab.evaluate("document.documentElement.dataset.theme") == tab.theme


def test_nothing_comes_from_the_network(tab):
    assert [url for url in tab.requests if not url.startswith(("file:", "data:"))] == []


def test_the_console_shows_no_error(tab):
    assert tab.errors == []


def test_the_page_does_not_scroll_sideways(tab):
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.width


def test_every_image_is_there(tab):
    missing = "all => all.filter(image => !image.naturalWidth).map(image => image.src)"
    assert tab.eval_on_selector_all("img", missing) == []


def test_every_formula_is_drawn(tab):
    raw = "all => all.filter(m => !m.querySelector('mjx-container')).map(m => m.textContent)"
    assert tab.eval_on_selector_all(".math", raw) == []
    wrong = "mjx-merror, mjx-container [style*='color: red']"  # the second: an unknown command
    assert tab.eval_on_selector_all(wrong, "all => all.map(m => m.textContent)") == []


def test_axe_finds_nothing_serious(tab):
    from axe_playwright_python.sync_playwright import Axe

    # The insides of formulas have the colors of the text around them; a phone has those of the desktop.
    contrast = {"enabled": tab.width != WIDTHS["phone"]}
    options = {
        "resultTypes": ["violations"],
        "preload": False,
        "rules": {"color-contrast": contrast},
    }
    found = Axe().run(tab, {"exclude": [["mjx-container > *"]]}, options).response["violations"]
    assert [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ] == []


def test_the_copy_button_copies_the_code(tab):
    for cell in tab.locator(".cell_input .highlight:visible").all()[-1:]:
        tab.evaluate("navigator.clipboard.writeText('nothing')")
        cell.locator("button.copybtn").click()
        assert tab.evaluate("navigator.clipboard.readText()") == cell.inner_text().strip()


# ---- links


class Links(HTMLParser):
    """What a page links to, and the anchors that it offers."""

    def __init__(self, page):
        super().__init__()
        self.links, self.anchors = set(), {"", "top"}
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.add(value)
            elif name == "id" or (tag, name) == ("a", "name"):
                self.anchors.add(value)


links = cache(Links)


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_every_link_leads_somewhere(page):
    broken = []
    for link in sorted(links(BUILT / f"{page}.html").links):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        place = Path(os.path.normpath((BUILT / page).parent / unquote(parts.path)))
        place = place if parts.path else BUILT / f"{page}.html"
        anchor = unquote(parts.fragment) if place.suffix == ".html" else ""
        if not place.is_file() or (anchor and anchor not in links(place).anchors):
            broken.append(link)
    assert broken == []


def test_every_built_page_is_tested():
    built = [*BUILT.glob("*.html"), *BUILT.glob("book/**/*.html")]
    assert {str(p.relative_to(BUILT).with_suffix("")) for p in built} == {"index", *PAGES}


# ---- walking and searching


@pytest.mark.parametrize(
    "button, pages", [(".right-next", CHAPTERS), (".left-prev", CHAPTERS[::-1])]
)
def test_next_and_previous_walk_the_whole_book(browser, button, pages):
    tab = new_tab(browser, java_script_enabled=False)  # links need none, and this is faster
    tab.goto((BUILT / f"{pages[0]}.html").as_uri())
    walked = [tab.url]
    while tab.locator(button).count() and len(walked) <= len(pages):
        with tab.expect_navigation(wait_until="domcontentloaded"):
            tab.click(button)
        walked.append(tab.url)
    assert walked == [(BUILT / f"{page}.html").as_uri() for page in pages]


def test_the_front_door_opens_the_first_page(browser):
    tab = new_tab(browser)
    tab.goto((BUILT / "index.html").as_uri())
    tab.wait_for_url((BUILT / f"{CHAPTERS[0]}.html").as_uri())


def test_search_finds_what_is_typed(browser):
    tab = show(new_tab(browser), CHAPTERS[0])
    tab.keyboard.press("Control+k")
    tab.keyboard.type("supervised loss")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("text=Search finished")
    tab.locator("#search-results").get_by_text("The supervised loss", exact=True).click()
    tab.wait_for_url("**/book/losses/supervised.html*")
    assert tab.errors == []
