"""Answers that do not depend on which sample of a generator was drawn.

Another sample of the same model is another draw: where an answer is near a limit, it may turn out otherwise.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from timegan_lib.evaluation.limits import ORDER
from timegan_lib.evaluation.verdicts import Verdict


def settled(samples: Sequence[Sequence[Verdict]]) -> list[Verdict]:
    """One verdict for each question: the middle grade of all samples, of two middle ones the worse.

    samples: the verdicts on each sample, in the same order of questions. `because` has the numbers of the
    first sample with that grade, and says what the samples got where they differ.
    """
    answers = []
    for same in zip(*samples, strict=True):
        grades = [verdict.grade for verdict in same]
        middle = sorted(grades, key=ORDER.index)[len(grades) // 2]
        answer = same[grades.index(middle)]
        if len(set(grades)) > 1:
            said = f"; {len(grades)} samples of the same source got {', '.join(grades)}"
            answer = replace(answer, because=answer.because + said)
        answers.append(answer)
    return answers
