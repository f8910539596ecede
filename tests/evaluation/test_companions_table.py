"""Which score sees what: every companion against every score that trains no network, on prices and on a
process whose truth is known.

A score catches a companion where it is off by more than twice as much as real held-out data are, and by
more than 0.05.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from timegan_lib import SequenceDataset, ar_gaussian, load_dataset
from timegan_lib.evaluation import (
    coverage,
    horizon_errors,
    inside_memory_difference,
    inside_share_difference,
    lead_lag_difference,
    tail_difference,
)
from timegan_lib.evaluation.candidates import untrained
from timegan_lib.evaluation.companions import (
    block_bootstrap,
    collapsed,
    copycat,
    frozen,
    marginal_noise,
    time_reversed,
)
from timegan_lib.evaluation.inputs import aligned, take

COMPANIONS = {
    "copycat": copycat,
    "bootstrap": block_bootstrap,
    "noise": marginal_noise,
    "reversed": time_reversed,
    "collapsed": collapsed,
    "frozen": frozen,
    "frozen prices": lambda real: frozen(real, features=real.names[:-1]),
}
OFF = {
    "classifier": 0.5,
    "spread": 1.0,
    "precision": 1.0,
    "recall": 1.0,
    "horizon": 1.0,
}  # their best
# what each companion is to be caught by, at least
MEANT = {
    "google": {
        "bootstrap": {"changes", "memory", "inside share", "tails", "lead lag", "precision", "horizon"},
        "noise": {"changes", "memory", "together", "inside memory", "precision", "horizon"},
        "reversed": {"lead lag"},
        "collapsed": {"spread", "recall", "values", "mmd"},
        "frozen": {"changes", "inside share", "inside memory", "tails", "recall"},
        "frozen prices": {"changes", "inside share", "inside memory", "tails"},
    },
    "ar": {
        "bootstrap": {"changes", "memory", "inside share", "tails", "horizon"},
        "noise": {"changes", "memory", "together", "inside memory", "precision", "horizon"},
        "reversed": set(),  # the process is the same in either direction: there is nothing to catch
        "collapsed": {"spread", "recall", "values", "mmd"},
        "frozen": {"changes", "memory", "inside share", "inside memory", "tails", "recall"},
        "frozen prices": {"changes", "memory", "inside share", "inside memory", "recall"},
    },
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def scores(train, held_out, found):
    row = untrained(train, found)
    row |= {
        "inside memory": inside_memory_difference(train, found),
        "inside memory of sizes": inside_memory_difference(train, found, sizes=True),
        "inside share": inside_share_difference(train, found),
        "lead lag": lead_lag_difference(train, found),
        "tails": tail_difference(train, found),
        "horizon": horizon_errors(train, held_out, found).loc["all", "ratio"],
    }
    covered = coverage(train, found)
    return row | {"precision": covered.precision, "recall": covered.recall}


def table(train, held_out, companions):
    """One column held-out and one a companion; how far each score is off its best."""
    train, held_out = aligned(train, held_out=held_out)
    made = {"held-out": held_out}
    made |= {name: aligned(train, made=make(train))[1] for name, make in companions.items()}
    found = pd.DataFrame({name: scores(train, held_out, data) for name, data in made.items()})
    found.loc["horizon", "held-out"] = 1.0  # learned and tested on the same data it would be below
    best = pd.Series(OFF).reindex(found.index, fill_value=0.0)
    return found.sub(best, axis=0).abs()


def catching(found, companion):
    """Names of the scores that catch it."""
    bad, ceiling = found[companion], found["held-out"]
    return set(found.index[(bad > 2 * ceiling) & (bad > 0.05)])


@pytest.fixture(scope="module")
def tables():
    train, held_out = load_dataset("google").split()
    google = table(take(train, 700, 0), held_out, COMPANIONS)
    sides = (ar_gaussian(n=700, features=3, seed=seed) for seed in range(2))
    return {"google": google, "ar": table(*sides, COMPANIONS)}


@pytest.mark.parametrize("companion", [name for name in COMPANIONS if name != "copycat"])
@pytest.mark.parametrize("name", MEANT)
def test_every_companion_is_caught_by_what_is_meant_to(tables, name, companion):
    meant, caught = MEANT[name][companion], catching(tables[name], companion)
    assert meant <= caught, meant - caught
    assert bool(meant) == bool(caught)


@pytest.mark.parametrize("name", MEANT)
def test_no_score_but_that_of_privacy_sees_a_copycat(tables, name):
    assert not catching(tables[name], "copycat") - {"classifier"}


def test_time_that_runs_backward_is_seen_by_one_score_alone(tables):
    assert catching(tables["google"], "reversed") == {"lead lag"}


# ---- faults that no companion has ----


def moved(real, changes, order=None):
    """Windows that begin as the real ones and then change so."""
    values = np.concatenate([real.values[:, :1], changes], axis=1).cumsum(axis=1)
    return replace(real, values=values, start=None, group=None)


def tamed(real):
    """No change is larger than two standard deviations."""
    changes = np.diff(real.values, axis=1)
    most = 2 * changes.std(axis=(0, 1))
    return moved(real, np.clip(changes, -most, most))


def out_of_order(real):
    """The changes of each window in another order."""
    changes = np.diff(real.values, axis=1)
    return moved(real, np.random.default_rng(0).permuted(changes, axis=1))


def restless(seed):
    """Random walks whose steps are large or small for some ten steps on end."""
    rng = np.random.default_rng(seed)
    large = (rng.random((1500, 24, 1)) < 0.1).cumsum(axis=1) + rng.integers(2, size=(1500, 1, 1))
    steps = rng.normal(size=(1500, 24, 1)) * np.where(large % 2, 2.0, 0.2)
    return SequenceDataset.from_arrays(steps.cumsum(axis=1))


def mirrored(real):
    """Half of the windows move up where they moved down: a day's high may lie below its low."""
    changes = np.diff(real.values, axis=1)
    return moved(real, changes * np.random.default_rng(0).choice([-1, 1], (len(real), 1, 1)))


def repeated(real):
    """Forty windows again and again, from the first to the last in even steps."""
    few = np.linspace(0, len(real) - 1, 40).astype(int)
    rows = few[np.random.default_rng(0).integers(0, 40, len(real))]
    return replace(real.subset(rows), start=None, group=None)


@pytest.mark.parametrize(
    ("fault", "alone"),
    [
        (tamed, {"tails"}),
        (mirrored, {"precision"}),
        (repeated, {"recall", "horizon"}),  # forty are nearly as far apart as all are
    ],
)
def test_a_fault_of_prices_that_older_scores_do_not_see(fault, alone):
    train, held_out = load_dataset("google").split()
    found = table(take(train, 700, 0), held_out, {"fault": fault})
    assert catching(found, "fault") == alone


def test_restless_days_that_do_not_come_together_are_seen_by_one_score_alone():
    found = table(restless(0), restless(1), {"out of order": out_of_order})
    assert catching(found, "out of order") == {"inside memory of sizes"}
