"""The answer on a generator, from several samples of it."""

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
