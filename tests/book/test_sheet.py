"""The one sheet to print is what book/_scripts/sheet.py draws now, and a page leads to it."""

import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from helpers import ROOT

from timegan_lib import TimeGAN
from timegan_lib.data import DATA


@pytest.fixture(scope="module")
def sheet(scripts):
    return scripts("sheet")


def test_the_sheet_is_not_stale(sheet):
    assert sheet.sheet() == sheet.SHEET.read_text(encoding="utf-8"), "`make pictures` draws it"


def test_weights_are_those_of_a_stored_model(sheet):
    networks = TimeGAN.load(DATA / "runs" / "google-50k-seed0").networks
    for name, *_, count, _ in sheet.network_rows():
        stored = sum(int(weight.shape.num_elements()) for weight in getattr(networks, name).weights)
        assert stored == int(count.replace(",", ""))


def test_scores_are_those_of_the_table(sheet):
    index = pd.read_csv(DATA / "runs" / "index.csv")
    rows = index[index["run"].str.fullmatch(r"google-50k-seed\d")]
    rows = rows[(rows["step"] == 50_000) & (rows["weights"] == "last")]
    shown = {row[0]: row for row in sheet.score_rows()}["default, 50,000 joint steps"]
    low, high = map(float, shown[2].split("–"))
    assert (low, high) == pytest.approx(
        (rows["discriminative"].min(), rows["discriminative"].max()), abs=0.005
    )


def test_every_line_of_text_stays_on_the_sheet(sheet):
    """A letter of 11 px is at most 5.9 wide on average, one of code 6.4."""
    for node in ET.fromstring(sheet.sheet()).iter("{http://www.w3.org/2000/svg}text"):
        wide = len("".join(node.itertext())) * {"title": 14, "head": 9, "code": 6.4}.get(
            node.get("class"), 5.9
        )
        assert float(node.get("x")) + wide < sheet.WIDTH, "".join(node.itertext())
        assert float(node.get("y")) < sheet.HEIGHT - 10


def test_a_page_leads_to_the_sheet(sheet):
    page = ROOT / "book" / "timegan-on-a-page.md"
    (found,) = re.findall(r"\((_static/one-sheet\.\w+)\)", page.read_text(encoding="utf-8"))
    assert (page.parent / found).read_bytes() == sheet.SHEET.read_bytes()
