"""The work of a report: the same numbers on any number of cores, a bar that says what it does, and an
estimate of the time beforehand."""

import io
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from timegan_lib import InputError, ar_gaussian, evaluation
from timegan_lib.cli import main
from timegan_lib.evaluation import candidates, distances, evaluate, forecast_scores, pace, work
from timegan_lib.evaluation.companions import block_bootstrap
from timegan_lib.evaluation.distances import nearest
from timegan_lib.evaluation.inputs import aligned
from timegan_lib.evaluation.scores.forecasting import forecast_error
from timegan_lib.evaluation.scores.privacy import _nearest_of_each
from timegan_lib.evaluation.work import Work, default_jobs, do_all, said, single


@pytest.fixture(scope="module")
def data():
    """(train, synthetic, held-out)."""
    train, held_out = ar_gaussian(n=300, length=6, features=3).split()
    return train, block_bootstrap(train, seed=5), held_out


@pytest.fixture
def few_steps(monkeypatch):
    for name in ("discriminative", "predictive", "forecast_error", "forecast"):
        call = getattr(candidates, f"{name}_work")
        monkeypatch.setattr(candidates, f"{name}_work", partial(call, steps=30))


# ---- side by side ----


def test_the_report_is_the_same_to_the_last_bit_whatever_the_number_of_jobs(data, few_steps):
    train, fake, held_out = data
    rules = ["x1 < 2"]
    found = [
        evaluate(train, fake, held_out, rules, 2, progress=False, jobs=jobs) for jobs in (1, 3)
    ]
    assert found[0].to_dict() == found[1].to_dict()
    scores = found[0].scores
    assert np.isfinite(scores.loc["synthetic", ["discriminative", "predictive", "forecast"]]).all()
    assert scores.loc["frozen", ["discriminative", "predictive", "forecast"]].isna().all()
    assert np.isfinite(scores.loc["frozen", ["values", "movement", "copies", "broken"]]).all()
    assert scores.loc["frozen", "movement"] == 1  # real ones move, these do not at all


def test_results_keep_the_order_of_the_works_and_of_their_parts():
    """The first parts are the last to end."""

    def late(k):
        time.sleep(0.05 * (3 - k))
        return k

    works = [
        ("a", Work("one", [partial(late, k) for k in range(3)], tuple)),
        ("b", single("two", dict)),
    ]
    for jobs in (1, 4):
        assert do_all(works, jobs, progress=False) == [(0, 1, 2), {}]
    assert works[0][1].alone(progress=False) == (0, 1, 2)


def test_so_many_parts_are_done_at_a_time():
    meet, most, now, lock = threading.Barrier(2, timeout=10), [], [0], threading.Lock()

    def part(wait):
        with lock:
            now[0] += 1
            most.append(now[0])
        if wait:
            meet.wait()  # breaks unless two are here together
        time.sleep(0.02)
        with lock:
            now[0] -= 1

    do_all([("a", Work("w", [partial(part, True)] * 4, list))], 2, progress=False)
    assert max(most) == 2
    most.clear()
    do_all([("a", Work("w", [partial(part, False)] * 4, list))], 1, progress=False)
    assert max(most) == 1


def test_linear_algebra_has_one_thread_in_each():
    """Its sums depend on how many there are, and as many jobs as cores leave it no more than one."""

    def threads():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2):
        before = threads()
        assert do_all([("a", single("w", threads))], 2, progress=False) == [{1}]
        assert threads() == before


def test_after_an_error_nothing_more_is_begun():
    begun = []

    def fails():
        raise InputError("no use")

    parts = [fails, *[lambda: (begun.append(1), time.sleep(0.05))] * 50]
    with pytest.raises(InputError, match="no use"):
        do_all([("a", Work("w", parts, list))], 1, progress=False)
    assert len(begun) < 10


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", True])
def test_what_is_no_number_of_jobs(jobs, data):
    with pytest.raises(InputError, match="jobs="):
        evaluate(*data, repeats=0, progress=False, jobs=jobs)


def test_jobs_follow_the_threads_that_were_chosen(monkeypatch):
    monkeypatch.setattr(work.joblib, "cpu_count", lambda: 4)
    for chosen, jobs in ((0, 4), (1, 1), (3, 3), (9, 4)):
        monkeypatch.setattr(work, "threads_now", lambda n=chosen: (1, n))
        assert default_jobs() == jobs


# ---- the bar ----


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch):
    """Not as a fixture: between setup and test, pytest puts its own streams back."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def test_the_bar_names_what_is_done_and_moves_while_a_part_takes_its_time(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(work, "REFRESH", 0.02)
    works = [
        ("synthetic", Work("discriminative", [partial(time.sleep, 0.3)] * 3, list)),
        ("noise", single("privacy", dict)),
    ]
    assert said("synthetic", works[0][1], 1) == "judging: synthetic, discriminative 2 of 3"
    do_all(works, 1)
    shown = screen.getvalue().split("\r")
    for words in (
        "synthetic, discriminative 1 of 3: ",
        "synthetic, discriminative 3 of 3: ",
        "noise, privacy: ",
    ):
        assert any(f"judging: {words}" in line for line in shown), words
    assert sum("discriminative 2 of 3" in line for line in shown) > 5  # in three tenths of a second
    assert "4/4" in shown[-1]


def test_without_a_terminal_there_is_no_bar(data, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    evaluate(*data, repeats=0)
    assert not screen.getvalue()


# ---- nothing is done twice ----


def test_distances_to_many_draws_are_those_to_each(monkeypatch):
    monkeypatch.setattr(distances, "BLOCK", 7)
    rng = np.random.default_rng(0)
    a, b = rng.random((30, 5)), rng.random((40, 5))
    draws = [np.arange(40), rng.permutation(40)[:9], np.array([3])]
    for found, rows in zip(_nearest_of_each(a, b, draws), draws, strict=True):
        np.testing.assert_array_equal(found, nearest(a, b[rows], 2))


def test_what_is_forecast_from_the_synthetic_data_is_trained_once(data):
    """`forecast_scores` has the errors of each repeat that `forecast_error` would give."""
    real, fake, other = aligned(data[0], synthetic=data[1], held_out=data[2])
    found = forecast_scores(real, other, fake, 2, 30, seed=3, progress=False)
    expected = forecast_error(fake, other, 2, 30, seed=3)
    np.testing.assert_array_equal(found.by_repeat["TSTR"], expected)
    assert expected[0] != expected[1]
    assert set(found.by_repeat) == set(found.table.index)


# ---- how long it will take ----


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "10 seconds"), (34, "30 seconds"), (49, "50 seconds"), (51, "1 minute"), (95, "2 minutes"),
     (150.1, "3 minutes"), (3000, "50 minutes")],
)  # fmt: skip
def test_a_time_in_words(seconds, words):
    assert pace.in_words(seconds) == f"about {words}"


def test_the_estimate_counts_every_training_and_every_pair(data, monkeypatch):
    """A clock on which a training takes a second and a step a hundredth of one, and nothing else time."""
    now = [0.0]

    def work_of(name):
        def made(*sides_and_repeats):
            steps = sides_and_repeats[-1]
            return Work(name, [lambda: now.__setitem__(0, now[0] + 1 + (steps - 1) / 100)], list)

        return made

    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])
    for name in ("discriminative", "predictive", "forecast_error"):
        monkeypatch.setattr(pace, f"{name}_work", work_of(name))
    # five judges of 1 + 20 seconds, five predictors of 1 + 50, six forecasters of 1 + 20
    whole = 3 * (5 * 21 + 5 * 51 + 6 * 21)
    assert pace.seconds_ahead(*data, repeats=3, jobs=1) == pytest.approx(whole)
    assert pace.seconds_ahead(*data, repeats=3, jobs=2) == pytest.approx(whole / 2)
    assert pace.seconds_ahead(*data[:2], repeats=1, jobs=1) == pytest.approx(4 * 21 + 4 * 51)
    assert pace.seconds_ahead(*data, repeats=0) == 0
    monkeypatch.setattr(pace, "coverage", lambda *_: now.__setitem__(0, now[0] + 2.0))
    train, fake, other = data
    pairs = (2 * len(train) + len(other)) * (5 * len(fake) + len(other))
    expected = pace.DISTANCES * 2.0 / len(fake) / len(train) * pairs
    assert pace.seconds_ahead(*data, repeats=0, jobs=1) == pytest.approx(expected)


@pytest.mark.slow
def test_the_estimate_is_right_within_a_factor_of_four(data):
    """Roughly: a machine that others use is no clock."""
    with threadpool_limits(1):
        guess = pace.seconds_ahead(*data, repeats=1, jobs=1)
        begin = time.perf_counter()
        evaluate(*data, repeats=1, progress=False, jobs=1)
        took = time.perf_counter() - begin
    assert took / 4 < guess < 4 * took


def test_the_command_says_beforehand_how_long_it_will_take(data, tmp_path, monkeypatch):
    screen = terminal(monkeypatch)
    for name, part in zip(("real.csv", "made.csv"), data, strict=False):
        part.to_frame().to_csv(tmp_path / name, index=False)
    asked = {}
    monkeypatch.setattr(
        "timegan_lib.cli.commands.seconds_ahead", lambda *a: asked.update(a=a) or 130.0
    )
    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **options: screen.getvalue())
    line = ["evaluate", str(tmp_path / "made.csv"), "--real", str(tmp_path / "real.csv")]
    line += ["--group", "sequence", "--time", "step", "--repeats", "2"]
    assert main(line) == 0
    assert screen.getvalue() == "judging takes about 2 minutes on this machine\n"
    assert asked["a"][2:] == (None, 2, 2000)
    monkeypatch.setattr(screen, "isatty", lambda: False)
    screen.truncate(0)
    assert main(line) == 0 and "minutes" not in screen.getvalue()
