"""What runs in the pages: it computes what the library computes, and answers whoever moves a control."""

import json
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT
from test_html import BUILT, new_tab, show

from timegan_lib import SequenceDataset, TimeGAN, TimeGANConfig
from timegan_lib.browser import model_script
from timegan_lib.data import DATA

pytestmark = pytest.mark.html

STATIC = ROOT / "book" / "_static"
SETTINGS = {"hidden": 4, "layers": 2, "batch_size": 8}
FORMS = {  # every kind of form
    "price": "log changes as scores", "high": "above price,low", "low": "below price", "half": "relative to price",
    "rain": "values as scores", "level": "changes", "floor": "at least level", "roof": "at most level",
    "drift": "changes relative to level", "big": "log",
}  # fmt: skip
VARIANTS = {
    "as it is": {},
    "forms": {"represent": FORMS},
    "dense recovery": {"recovery": "dense"},
    "no embedding": {"embedding": False},
    "wiener noise": {"noise": "wiener", "noise_size": 2},
    "autoregressive": {"represent": FORMS},
}


def table():
    """Twelve sequences of ten features, one for each form."""
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(12, 8)), axis=1).ravel()
    price = np.round(np.exp(walk / 10), 2) + 1
    rain = np.where(rng.random(96) < 0.6, 0.0, rng.exponential(size=96))
    return pd.DataFrame({
        "who": np.repeat(np.arange(12), 8), "price": price, "high": price + rng.exponential(size=96),
        "low": price - 0.1 * rng.random(96), "half": np.round(price / 2, 3), "rain": rain, "level": walk,
        "floor": walk + rng.exponential(size=96), "roof": walk - rng.exponential(size=96),
        "drift": walk + rng.normal(size=96), "big": np.exp(5 + walk),
    })  # fmt: skip


@cache
def model(name):
    if name not in VARIANTS:
        return TimeGAN.load(DATA / "runs" / name)
    settings = {**SETTINGS, **VARIANTS[name]}
    represent = settings.pop("represent", None)
    if name == "autoregressive":
        config = TimeGANConfig.recipe(name).replace(steps=(0, 20, 1), **settings)
    else:
        config = TimeGANConfig(steps=(1, 1, 1), **settings)
    found = TimeGAN(config, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = SequenceDataset.from_frame(table(), group="who")
    found.fit(data, progress=False, represent=represent)
    return found


def in_page(browser, sampler, z, bits):
    """What the page makes of the noise, as the networks make it and in the data's units."""
    tab = browser.new_page()
    tab.add_script_tag(path=STATIC / "sampler.js")
    tab.add_script_tag(content=model_script(sampler, "it", bits))
    compute = """noises => {
      const model = timeganSampler.load(timeganModels.it), list = (rows) => rows.map((row) => Array.from(row));
      return [timeganSampler.made, timeganSampler.window].map((f) => noises.map((z) => list(f(model, z))));
    }"""
    made, values = map(np.array, tab.evaluate(compute, z.tolist()))
    tab.close()
    return made, values


def in_python(sampler, z):
    made = sampler.networks.generate(z, None, None)[0].numpy()
    represented = sampler.represented
    return made, (sampler.template.scaler if represented is None else represented).inverse(made)


@pytest.mark.parametrize("name", ["google", "recipe-google-seed3", *VARIANTS])
def test_the_page_computes_what_the_library_computes(browser, name, eager):
    sampler = model(name).sampler
    z = sampler.noise(seed=5, batch=0)[:32].numpy()
    made, values = in_page(browser, sampler, z, bits=32)
    expected, own_units = in_python(sampler, z)
    assert np.abs(made - expected).max() < 1e-5 * max(1, np.abs(expected).max())
    span = sampler.template.scaler.maximum - sampler.template.scaler.minimum
    widest = 3e-4 * span  # in a column that is learned as a log an error grows with the value
    assert (np.abs(values - own_units).max(axis=(0, 1)) <= widest).all()


@pytest.mark.parametrize("name", ["google", "recipe-google-seed3"])
def test_16_bits_move_the_numbers_as_far_as_the_page_says(browser, name):
    sampler = model(name).sampler
    z = sampler.noise(seed=0, batch=0).numpy()
    made, _ = in_page(browser, sampler, z, bits=16)
    off = np.abs(made - in_python(sampler, z)[0])
    script = (STATIC / f"sampler-{'google' if name == 'google' else 'recipe'}.js").read_text()
    says = json.loads(script.partition("] = ")[2].rstrip(";\n"))["rounding"]
    assert off.max() == pytest.approx(says["most"], abs=1e-5)
    assert np.median(off) == pytest.approx(says["half"], abs=1e-5)


def test_the_noise_of_a_page_is_what_the_models_were_trained_on(browser):
    tab = browser.new_page()
    tab.add_script_tag(path=STATIC / "sampler.js")
    draw = """kind => {
      const random = timeganSampler.randomFrom(1), model = { noise: { kind, size: 5 }, length: 2000 };
      return timeganSampler.noise(model, random);
    }"""
    uniform, gaussian, wiener = (
        np.array(tab.evaluate(draw, kind)) for kind in ("uniform", "gaussian", "wiener")
    )
    assert uniform.min() >= 0 and uniform.max() < 1 and abs(uniform.mean() - 0.5) < 0.02
    assert abs(gaussian.mean()) < 0.04 and abs(gaussian.std() - 1) < 0.04
    assert abs(np.diff(wiener, axis=0).std() * 2000**0.5 - 1) < 0.04


# ---- the sampler on its pages

SAMPLERS = {"book/first-synthetic-series": 2, "book/networks/generator": 1}  # models shown


@pytest.fixture(params=SAMPLERS)
def sampler(browser, request):
    tab = show(new_tab(browser), request.param)
    yield tab, tab.locator(".live-box")
    assert tab.errors == []
    tab.close()


def lines(box):
    return [line.get_attribute("points") for line in box.locator("polyline").all()]


def test_ten_more_are_ten_others(sampler):
    _, box = sampler
    before = lines(box)
    assert box.locator("polyline.made").count() == 10 and box.locator("polyline.real").count() == 40
    box.get_by_role("button", name="Make ten more").click()
    assert not set(before[40:]) & set(lines(box)[40:])


def test_nothing_moves_before_the_day_that_is_changed(sampler):
    tab, box = sampler
    for day in (0, 12, 23):
        box.get_by_role("slider", name="day").fill(str(day))
        slider = box.get_by_role("slider", name="becomes")
        slider.focus()
        tab.keyboard.press("End")
        assert f"moves from day {day} on, by up to " in box.locator("[data-part=said]").inner_text()
        box.get_by_role("button", name="Make ten more").click()
        assert "Move the last slider" in box.locator("[data-part=said]").inner_text()


def test_every_control_has_a_name_and_changes_what_is_drawn(sampler):
    _, box = sampler
    before = lines(box)
    box.get_by_label("Show").select_option("Volume")
    assert "Volume (shares)" in box.inner_text() and lines(box) != before
    box.get_by_role("slider", name="Window").fill("3")
    assert "Window 3, closer" in box.inner_text()
    box.get_by_label("number").select_option("0")
    assert "Number 1 of day 5" in box.inner_text()


def test_the_other_model_is_a_choice_away(browser):
    tab = show(new_tab(browser), "book/first-synthetic-series")
    box = tab.locator(".live-box")
    said = box.locator("[data-part=about]").inner_text()
    box.get_by_label("Model").select_option("1")
    assert box.locator("[data-part=about]").inner_text() != said
    assert box.get_by_label("number").locator("option").count() == 13
    assert box.locator("polyline.made").count() == 10


# ---- the training to watch

LONG = "book/fifty-thousand-steps"


def test_one_slider_moves_windows_cloud_and_losses_together(browser):
    tab = show(new_tab(browser), LONG)
    box = tab.locator(".live-box")
    drawn = []
    for step in ("1,000", "2,000", "5,000", "10,000", "20,000", "30,000", "40,000", "50,000"):
        assert f"After {step} joint steps: discriminator" in box.inner_text()
        windows, cloud, losses = box.locator("svg").all()
        assert windows.locator("polyline.made").count() == 12
        parts = (
            windows.locator("polyline.made").first,
            cloud.locator("path.made"),
            losses.locator(".at"),
        )
        drawn += [part.get_attribute("points") or part.get_attribute("d") for part in parts]
        box.get_by_role("slider", name="Joint steps").focus()
        tab.keyboard.press("ArrowRight")
    assert len(set(drawn)) == len(drawn) == 24
    assert tab.errors == []


PAGES = [*SAMPLERS, LONG]


@pytest.mark.parametrize("page", PAGES)
def test_without_scripts_a_picture_stands_there(browser, page):
    tab = new_tab(browser, java_script_enabled=False)
    tab.goto((BUILT / f"{page}.html").as_uri())
    picture = tab.locator(".live img")
    assert picture.is_visible() and "synthetic" in picture.get_attribute("alt").lower()
    assert tab.locator(".live-box").count() == 0


@pytest.mark.parametrize("page", PAGES)
def test_the_scripts_of_a_page_are_small_and_only_where_they_are_needed(page):
    files = [STATIC / name for name in scripts(page)]
    assert len(files) >= 3
    assert sum(file.stat().st_size for file in files) < 1_500_000
    assert scripts("book/privacy") == []


def test_a_page_without_formulas_does_not_load_what_draws_them():
    for page in BUILT.glob("book/**/*.html"):
        html = page.read_text(encoding="utf-8")
        assert ("tex-chtml-full.js" in html) == ('class="math' in html), page


def scripts(page):
    html = (BUILT / f"{page}.html").read_text(encoding="utf-8")
    own = sorted(file.name for file in STATIC.glob("*.js") if file.name != "book.js")
    return [name for name in own if f"_static/{name}?" in html or f'_static/{name}"' in html]
