"""What a report says in plain English: its opening, the reasons for its answers, the words of the trade.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import re
from html import escape, unescape

from timegan_lib.evaluation.findings import Findings
from timegan_lib.evaluation.limits import FAIR, GOOD, OPEN, POOR, UNTOLD
from timegan_lib.evaluation.verdicts import USES

MAY = ("yes", "with care")
WORST_FIRST = (POOR, UNTOLD, OPEN, FAIR, GOOD)
WEIGHS = {"no": (POOR,), "with care": (FAIR,), "yes": ()}  # the grades that led to an answer

TOPICS = {
    "values": "single values",
    "dynamics": "movement from step to step",
    "together": "features together",
    "statics": "static features and lengths",
    "judge": "a trained judge's view",
    "training": "what a model learns from them",
    "diversity": "variety",
    "rules": "obedience to the rules of the data",
    "privacy": "privacy of the training data",
}
SAID = {FAIR: "only fair", POOR: "poor", UNTOLD: "cannot be told", OPEN: "not judged"}
EXTREMES, PRIVATE = "study extremes", "stand in for data that must stay private"
MISSING = "so nothing can be learned from them about extremes"
ALONE = "a stand-in has to be fit for something, and no other purpose got a yes"

# words of the trade, each explained in the first section that has it
TERMS = {
    r"held[- ]out": ("held-out data", "real data that were kept aside, so that the generator never saw them. "
                     "They show what a perfect generator would get: nothing can be asked to do better"),
    r"\bAUC\b": ("AUC", "how often a judge who is shown one of each kind says rightly which is which: 0.5 is "
                 "guessing, 1 is always right"),
    r"p-value": ("p-value", "how often chance alone gives as much where nothing is wrong. Below 0.05, chance is an "
                 "unlikely reason; a large one proves nothing"),
    r"\bsd\b|standard deviation": ("sd, standard deviation", "the usual distance from the mean"),
    r"95 % (interval|of)|\binterval\b": ("95 % interval", "a range made so that it misses the true value in one of "
                                         "twenty cases"),
    r"(?<!auto)correlation": ("correlation", "1 where two numbers rise and fall together, -1 where one rises as the "
                              "other falls, 0 where neither says anything about the other"),
    r"\bmemory\b|autocorrelation": ("memory, autocorrelation", "the correlation of a series with itself some steps "
                                    "earlier: near 1 where it hardly moves on, 0 where it forgets"),
    r"discriminative": ("discriminative score", "of the TimeGAN paper: how much more often than by guessing a "
                        "trained network tells synthetic from real sequences; 0 is guessing, 0.5 always right. It "
                        "learns from neighbors of what it is asked about, so even real data get more than guessing"),
    r"predictive": ("predictive score", "of the TimeGAN paper: the mean error, on real data, of a network that "
                    "learned to forecast from these; all values lie between 0 and 1"),
    r"\bMMD\b|\bmmd\b": ("MMD", "maximum mean discrepancy: are sequences nearer to their own kind than to the other? "
                         "0 on average for one source, often a little below; it has no unit, so read it beside "
                         "that of held-out data and that of noise"),
    r"\bnoise\b": ("noise", "the right values in no order: what a generator without any skill would give"),
    r"\bmembers?\b|membership": ("members", "the sequences that the generator was trained on"),
    r"\bcollapsed?\b": ("collapsed", "it makes nearly the same sequence again and again"),
    r"\bstatic": ("static features", "those with one value for a whole sequence, such as an age"),
    r"persistence": ("persistence", "the forecast that nothing will change"),
    r"principal component": ("principal components", "the directions along which sequences differ most: a sequence "
                             "of many numbers becomes one point"),
    r"\bR2\b": ("R2", "the share of the variation that a forecast explains: 1 is all, 0 or less is none"),
    r"\bpercentile|\b1 %": ("1 %, 25 %, ...", "that share of the values lies below"),
    r"\bmedian\b": ("median", "half of the values lie below it"),
    r"logistic regression|linear classifier": ("linear classifier, logistic regression", "a judge that adds up a few "
                                               "numbers about each sequence, each with its own weight"),
}  # fmt: skip


def lead(report: Findings) -> str:
    """One sentence: what was judged against what, whether it may be used, and for what."""
    s = report.settings
    aside = f" and with {s['held_out']:,} real ones kept aside" if s["held_out"] else ""
    return (
        f"{s['synthetic']:,} synthetic sequences were compared with {s['real']:,} real ones that they should "
        f"be like{aside}: {_may(report)}."
    )


def _may(report: Findings) -> str:
    answers = _answers(report)
    yes, care = ([use for use, answer in answers.items() if answer == way] for way in MAY)
    if _only_private(report):
        return "do not use them, though nothing shows that they give the real ones away"
    if not yes and not care:
        none = set(answers.values()) == {"no"}
        return "do not use them" if none else "nothing shows that they are fit for use"
    plain = "to " + _joined(yes, ", to ", " and to ") if yes else ""
    careful = "with care, to " + _joined(care, ", to ", " and to ") if care else ""
    parts = " and, ".join(filter(None, [plain, careful])) if plain else f", {careful}"
    rest = ", and for nothing else" if len(answers) > len(yes) + len(care) else ""
    return f"they may be used {parts}{rest}".replace(" ,", ",")


def _joined(texts: list[str], comma: str, last: str) -> str:
    return comma.join(texts[:-1]) + last + texts[-1] if texts[1:] else texts[0]


def _only_private(report: Findings) -> bool:
    """Whether the only answer that is not a no says that they are private: that alone is no use."""
    return [use for use, answer in _answers(report).items() if answer in MAY] == [PRIVATE]


def _answers(report: Findings) -> dict[str, str]:
    return {str(use): str(answer) for use, answer in report.uses["answer"].items()}


def opening(report: Findings) -> list[tuple[str, str]]:
    """Three lines: what to use them for, what not, and what nobody can say. (label, text) each."""
    answers = _answers(report)
    if _only_private(report):
        del answers[PRIVATE]
    groups = {
        "You may": [use for use, answer in answers.items() if answer in MAY],
        "Do not": [use for use, answer in answers.items() if answer == "no"],
        "Not known": [use for use, answer in answers.items() if answer not in (*MAY, "no")],
    }
    none = {
        "You may": f"nothing: {ALONE}." if _only_private(report) else "no purpose below got a yes.",
        "Do not": "no purpose below is ruled out, which is no proof that they are fit for all.",
        "Not known": "every purpose below got an answer.",
    }
    before = {"Not known": "whether they can be used to "}
    lines = []
    for label, found in groups.items():
        told = [f"{use} ({_in_short(report, use)})" for use in found]
        lines.append(
            (label, before.get(label, "") + "; ".join(told) + "." if told else none[label])
        )
    return lines


def _in_short(report: Findings, use: str) -> str:
    care = "with care; " if _answers(report)[use] == "with care" else ""
    return care + why(report, use).split("; ")[0]


def _grades(report: Findings, use: str) -> list[tuple[str, str]]:
    """(question, grade) of all that a use depends on, the worst first."""
    found = {verdict.name: verdict.grade for verdict in report.verdicts}
    needed = [(name, found[name]) for name in USES.get(use, []) if name in found]
    return sorted(needed, key=lambda pair: WORST_FIRST.index(pair[1]))


def depends(report: Findings, use: str) -> str:
    """What a use depends on and the grade of each, the worst first."""
    if use == EXTREMES:
        return "whether they hold values beyond those of the real data, and whether these are right"
    return "; ".join(f"{TOPICS.get(name, name)}: {grade}" for name, grade in _grades(report, use))


def why(report: Findings, use: str) -> str:
    """Why a use got its answer: what decided, by its grade, then what `uses` has to add.

    Where the words of `uses` alone would read like praise of a no, also what follows from them.
    """
    answer, because = (str(report.uses.loc[use, column]) for column in ("answer", "because"))
    if use == EXTREMES:
        return f"{because}, {MISSING}" if answer == "no" else because
    decided = WEIGHS.get(answer, (UNTOLD, OPEN))
    by_grade: dict[str, list[str]] = {}
    for name, grade in _grades(report, use):
        if grade in decided and (name, grade) != ("rules", OPEN):
            by_grade.setdefault(SAID[grade], []).append(TOPICS.get(name, name))
    found = [f"{said}: {', '.join(names)}" for said, names in by_grade.items()]
    first, *rest = because.split("; ")
    if use == PRIVATE and _only_private(report):
        rest = [*rest, ALONE]
    return "; ".join([", ".join(found) or first, *rest])


def explained(sections: list[str]) -> list[str]:
    """The sections, each followed by the words of the trade that first stand in it."""
    left, done = dict(TERMS), []
    for section in sections:
        text = unescape(re.sub(r"<[^>]*>", " ", section))
        new = [pattern for pattern in left if re.search(pattern, text)]
        while True:  # an explanation may have a word that needs one
            said = " ".join(left[pattern][1] for pattern in new)
            more = [p for p in left if p not in new and re.search(p, said)]
            if not more:
                break
            new += more
        items = "".join("<dt>{}</dt><dd>: {}.</dd>".format(*map(escape, left.pop(p))) for p in new)
        done.append(f'{section}<dl class="words">{items}</dl>' if items else section)
    return done
