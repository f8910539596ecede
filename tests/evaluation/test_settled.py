"""The answer on a generator, from several samples of it."""

import pandas as pd

from timegan_lib import ar_gaussian
from timegan_lib.evaluation import evaluate
from timegan_lib.evaluation.companions import frozen
from timegan_lib.evaluation.settled import settled
from timegan_lib.evaluation.verdicts import FAIR, GOOD, OPEN, POOR, UNTOLD, Verdict


def verdicts(*grades):
    return [Verdict(f"q{k}", "?", grade, f"{grade} here") for k, grade in enumerate(grades)]


def test_the_middle_grade_decides_and_differences_are_said():
    samples = [verdicts(GOOD, POOR, OPEN), verdicts(FAIR, POOR, OPEN), verdicts(FAIR, POOR, OPEN)]
    first, second, third = settled(samples)
    assert first.grade == FAIR
    assert first.because == "fair here; 3 samples of the same source got good, fair, fair"
    assert (second, third) == (samples[0][1], samples[0][2])


def test_of_two_the_worse_and_what_cannot_be_told_is_between_fair_and_poor():
    assert settled([verdicts(GOOD), verdicts(FAIR)])[0].grade == FAIR
    assert settled([verdicts(POOR), verdicts(UNTOLD), verdicts(FAIR)])[0].grade == UNTOLD


def test_one_sample_is_left_as_it_is():
    assert settled([verdicts(GOOD, POOR)]) == verdicts(GOOD, POOR)


def test_further_samples_move_answers_and_no_number():
    """Two of three samples never move; the one whose numbers are shown does."""
    data, _ = ar_gaussian(phi=0.8, n=400, length=8, features=2, seed=0).split()
    moving = ar_gaussian(phi=0.8, n=150, length=8, features=2, seed=1)
    still = frozen(moving)
    options = {"repeats": 0, "progress": False}
    alone = evaluate(data, moving, **options)
    report = evaluate(data, moving, again=[still, still], **options)
    pd.testing.assert_frame_equal(report.scores, alone.scores)
    grades = [{v.name: v.grade for v in one.verdicts}["dynamics"] for one in (alone, report)]
    assert grades == ["good", "poor"]
    (said,) = (v.because for v in report.verdicts if v.name == "dynamics")
    assert said.endswith("; 3 samples of the same source got good, poor, poor")
    assert (alone.settings["samples"], report.settings["samples"]) == (1, 3)
    assert report.uses.loc["study how the series behaves", "answer"] == "no"
