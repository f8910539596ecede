"""How often verdicts accuse the innocent, and whom they catch. No network is trained.

The innocent: samples of the very process, and stretches of real series held against other stretches of
them. 210 cases of seven kinds. Cases of one real series are not independent: they share its rows.
"""

import contextlib
import math
import sys
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from threadpoolctl import threadpool_limits

from timegan_lib import InputError, SequenceDataset, ar_gaussian, load_dataset, sines
from timegan_lib.evaluation import candidates, evaluate, limits, planted, told_apart
from timegan_lib.evaluation.candidates import unseen, untrained
from timegan_lib.evaluation.companions import (
    block_bootstrap,
    collapsed,
    copycat,
    frozen,
    marginal_noise,
    time_reversed,
)
from timegan_lib.evaluation.exchange import runs_of, stretches
from timegan_lib.evaluation.inputs import aligned
from timegan_lib.evaluation.report import SCORES
from timegan_lib.evaluation.scores import attack
from timegan_lib.evaluation.scores.attack import Attack
from timegan_lib.evaluation.verdicts import uses, verdicts

NOMINAL = 0.05


def skipped(*_, **__):
    raise InputError("only asked of what a verdict looks at")


def told(real, made, seed):
    found = told_apart(real, made, deals=49, seed=seed)
    return {"told apart": found.score, "by chance": found.chance[1], "p-value": found.p_value}


@pytest.fixture(scope="module", autouse=True)
def fast():
    """One thread; fewer deals, and none of what no verdict rests on."""
    place = sys.modules["timegan_lib.evaluation.scores.privacy"]
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
        patch.setattr(candidates, "told_apart", skipped)
        patch.setattr(candidates, "classifier_auc", lambda *_: math.nan)
        patch.setattr(candidates.fidelity, "mmd", lambda *_: math.nan)
        patch.setattr(attack, "SPLITS", 59)
        patch.setattr(place, "DRAWS", 1)
        patch.setattr(place, "density_attack", lambda *_: Attack(math.nan, math.nan, ()))
        yield


def patients(count, seed):
    """Age and sex, and per visit a pressure that goes with age, and a pulse; 5 to 9 visits."""
    rng = np.random.default_rng(seed)
    ages = rng.normal(60, 12, count).round()
    rows = []
    for k, age in enumerate(ages):
        level, slow = 110 + 0.4 * (age - 60) + rng.normal(0, 12), 0.0
        for visit in range(rng.integers(5, 10)):
            slow = 0.6 * slow + rng.normal(0, 6)
            pulse = 70 + 0.3 * slow + rng.normal(0, 4)
            rows.append((k, visit, age, "fm"[k % 2], level + slow, pulse))
    frame = pd.DataFrame(rows, columns=["id", "visit", "age", "sex", "pressure", "pulse"])
    return SequenceDataset.from_frame(
        frame, time="visit", group="id", static=["age", "sex"], max_length=9
    )


def process(make, sizes):
    """(seed) -> train, held-out and made sequences of one source."""
    return lambda seed: [make(n, 3 * seed + k) for k, n in enumerate(sizes)]


@cache
def series(name):
    return load_dataset(name, stride={"google": 2, "weather": 24}[name])


def stretch(name):
    """A third of the held-out runs plays the synthetic set: as many as play it in innocent splits."""

    def cut(seed):
        rng, data = np.random.default_rng(seed), series(name)
        data = data.subset(slice(int(rng.integers(len(data) // 5)), None))
        train, held_out = data.split(held_out=2, blocks=int(rng.choice([14, 16, 18])))
        runs = runs_of(held_out)
        order = rng.permutation(len(runs))
        sides = [np.sort(np.concatenate([runs[k] for k in some]))
                 for some in np.split(order, [len(runs) // 3])]  # fmt: skip
        return train, held_out.subset(sides[1]), held_out.subset(sides[0])

    return cut


KINDS = {
    "ar": (process(lambda n, s: ar_gaussian(n, 6, 2, (0.2, 0.5, 0.8)[s // 3 % 3], seed=s), (150, 40, 150)), 55),
    "long ar": (process(lambda n, s: ar_gaussian(n, 12, 3, seed=s), (300, 75, 300)), 10),
    "sines": (process(lambda n, s: sines("code", n, 8, 2, seed=s), (150, 40, 150)), 40),
    "patients": (process(patients, (100, 25, 100)), 25),
    "few": (process(lambda n, s: ar_gaussian(n, 6, 2, seed=s), (25, 5, 25)), 30),
    "google": (stretch("google"), 30),
    "weather": (stretch("weather"), 20),
}  # fmt: skip


def judged(train, held_out, made, seed=0, noise=None):
    """Verdicts from the scores they rest on."""
    train, held_out, made = aligned(train, held_out=held_out, made=made)
    rows = {name: untrained(train, side) | unseen(train, side, seed)
            for name, side in (("synthetic", made), ("held-out", held_out))}  # fmt: skip
    rows["synthetic"]["missed"] = candidates._missed(train, held_out, made)
    with contextlib.suppress(InputError):  # too few stretches
        rows["synthetic"] |= told(train, made, seed)
        rows["noise"] = told(train, marginal_noise(train, len(made)), seed)
    scores = (
        pd.DataFrame({"noise": {}, "copycat": {}} | rows)
        .T.reindex(columns=list(SCORES))
        .astype(float)
    )
    private = candidates._private(train, held_out, made, "synthetic", seed)
    return verdicts(
        scores,
        None,
        math.nan,
        private,
        [stretches(side) for side in (train, made, held_out)],
        len(train.names),
    )


def grades(found):
    return {verdict.name: verdict.grade for verdict in found}


@pytest.fixture(scope="module")
def innocent():
    """{kind: [{question: grade}]}"""
    return {
        kind: [grades(judged(*make(seed), seed=seed)) for seed in range(count)]
        for kind, (make, count) in KINDS.items()
    }


QUESTIONS = ["values", "dynamics", "together", "statics", "judge", "diversity", "privacy"]


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_innocent_are_poor_as_rarely_as_is_said(innocent, question):
    """Of 210 cases (25 with statics) at most what 99.9 % of binomial counts at 0.05 are."""
    said = [case[question] for cases in innocent.values() for case in cases if question in case]
    assert len(said) == (25 if question == "statics" else 210)
    assert said.count("poor") <= binom.ppf(0.999, len(said), NOMINAL), Counter(said)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_data_is_accused_more_often(innocent, kind):
    """Each question at its own rate; no pattern of one kind hides among the others."""
    for question in QUESTIONS:
        said = [case[question] for case in innocent[kind] if question in case]
        assert said.count("poor") <= binom.ppf(0.999, len(said), NOMINAL), question


# ---- the guilty ----

COMPANIONS = {
    "frozen": frozen, "noise": marginal_noise, "collapsed": collapsed, "bootstrap": block_bootstrap,
    "reversed": time_reversed, "copycat": copycat,
}  # fmt: skip


@cache
def guilty(kind, companion):
    train, held_out, _ = KINDS[kind][0](1)
    return grades(judged(train, held_out, COMPANIONS[companion](train, len(train), seed=1)))


@pytest.mark.parametrize("kind", ["long ar", "sines", "google", "weather"])
@pytest.mark.parametrize("companion", ["frozen", "noise", "collapsed", "bootstrap"])
def test_the_guilty_are_poor_somewhere(kind, companion):
    assert "poor" in guilty(kind, companion).values()


def test_time_that_runs_backward_is_poor_where_it_can_be_seen():
    """Of share prices with few stretches it cannot be told; a process of this kind is the same both ways."""
    found = guilty("sines", "reversed")
    assert found["dynamics"] == found["judge"] == "poor"
    assert guilty("google", "reversed")["dynamics"] == "cannot be told"
    assert "poor" not in guilty("long ar", "reversed").values()


def followers(count, seed):
    """The second feature is the first of the step before, and a little noise."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(count, 13))
    second = first[:, :-1] + 0.5 * rng.normal(size=(count, 12))
    return SequenceDataset.from_arrays(np.stack([first[:, 1:], second], axis=2))


def test_time_that_runs_backward_is_seen_by_the_order_in_time_alone():
    train, held_out, made = (followers(n, k) for k, n in enumerate((200, 50, 200)))
    assert grades(judged(train, held_out, made))["dynamics"] == "good"
    found = judged(train, held_out, time_reversed(made))
    (verdict,) = (one for one in found if one.name == "dynamics")
    assert verdict.grade == "poor" and verdict.because.startswith("order in time")
    assert verdict.because.count("good to") == 1


@pytest.mark.parametrize("kind", ["ar", "long ar", "sines", "google", "weather"])
def test_a_copycat_is_caught_by_privacy_alone(kind):
    found = guilty(kind, "copycat")
    assert [name for name, said in found.items() if said == "poor"] == ["privacy"]


def test_a_leak_is_convicted_as_often_as_it_is_said_to_be_visible():
    """Where a share is said to be visible, a leak of half of the sequences is seen nearly always."""
    seen = []
    for seed in range(12):
        train, held_out, made = KINDS["ar"][0](seed)
        leaked = planted(train, made, 0.5, 0.02, seed + 50)
        found = candidates._private(
            *aligned(train, held_out=held_out, made=leaked), "synthetic", seed
        )
        clean = candidates._private(
            *aligned(train, held_out=held_out, made=made), "synthetic", seed
        )
        if clean.visible <= 0.5:
            seen.append(found.p_value < 0.025)
    assert len(seen) >= 6 and np.mean(seen) >= 0.8


# ---- small sets ----


def changed(data, values=None, static=None):
    """The data with other values, or other static features, a number a sequence."""
    return replace(
        data, values=data.values if values is None else np.where(data.mask[..., None], values, 0.0),
        static=data.static if static is None else static,
    )  # fmt: skip


def of_age(data, age):
    """Every age set to one, or moved toward the mean."""
    static, place = data.static.copy(), data.static_names.index("age")
    static[:, place] = age(static[:, place])
    return changed(data, static=static)


FAULTS = {
    "ages collapsed": ("statics", lambda data: of_age(data, lambda x: x.mean() + 0.2 * (x - x.mean()))),
    "every age 55": ("statics", lambda data: of_age(data, lambda x: np.full_like(x, 55))),
    "8 mmHg on all": ("values", lambda data: changed(data, data.values + np.array([8.0, 0.0]))),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fault", FAULTS)
def test_with_five_held_out_patients_no_fault_is_good(fault, seed):
    """The loosest limits that five can set let all of these pass once."""
    name, spoil = FAULTS[fault]
    train, held_out = patients(25, 2 * seed), patients(5, 2 * seed + 1)
    found = judged(train, held_out, spoil(patients(25, seed + 100)))
    verdict = next(one for one in found if one.name == name)
    assert verdict.grade in ("cannot be told", "poor"), verdict.because
    assert "5 stretches of data" in verdict.because or verdict.grade == "poor"
    table = uses(found, 0.0)["answer"]
    assert table["study how the series behaves"] in ("unknown", "no")
    assert table["demonstrate or test software"] in ("unknown", "no")


@pytest.mark.parametrize("fault", FAULTS)
def test_with_many_patients_the_faults_are_seen(fault):
    """A sixth of the age range, or half a standard deviation of the pressure."""
    name, spoil = FAULTS[fault]
    found = judged(patients(400, 0), patients(100, 1), spoil(patients(400, 2)))
    assert grades(found)[name] in ("fair", "poor")


@pytest.mark.slow
def test_few_innocent_sequences_are_neither_convicted_nor_acquitted(innocent):
    said = Counter(case["privacy"] for case in innocent["few"])
    assert set(said) == {"cannot be told"}


def test_a_stretch_is_what_could_be_exchanged():
    """Of 100 windows of 24 steps the two blocks that fit; of sequences each."""
    data = load_dataset("google")
    assert stretches(data.subset(slice(0, 100))) == (100 + 23) // 47 == 2
    assert (
        stretches(data.subset(slice(0, 100, 6))) == 2 and stretches(data.subset(slice(0, 5))) == 1
    )
    parts = np.r_[0:10, 500:510]
    assert stretches(data.subset(parts)) == 2
    assert stretches(patients(7, 0)) == 7 and stretches(ar_gaussian(9, 6, 2)) == 9


def test_the_number_is_that_of_the_smallest_side():
    real, held_out, made = (ar_gaussian(n, 6, 2, seed=k) for k, n in enumerate((60, 30, 8)))
    for train, other, few in (
        (real, held_out, made), (real, made, held_out), (real, None, made), (made, None, real),
    ):  # fmt: skip
        found = evaluate(train, few, other, repeats=0, progress=False).verdicts
        assert any("8 stretches" in verdict.because for verdict in found)
    found = evaluate(real, real, held_out, repeats=0, progress=False).verdicts
    assert not any("stretches of data" in verdict.because for verdict in found)
    assert limits.FEWEST > 8
