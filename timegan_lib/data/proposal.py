"""Which form each column of a data set should be learned in, and why, read from the data.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from timegan_lib.config import InputError
from timegan_lib.data.forms import ENDING, Form
from timegan_lib.data.margins import LEAST, SAME
from timegan_lib.data.representation import at_valid, constant_relation, first_copies
from timegan_lib.data.scaling import Floats
from timegan_lib.data.sequences import SequenceDataset

CLOSE = 0.6  # what a bound leaves of the spread of a column, at most
TOUCH = 0.01  # how near it comes to the bound, in spreads of what is between them
TIED = 1.5  # the spread of a relation between columns that move together, in changes of one step
FOLLOWS = 0.1  # the same for how much the relation itself moves in a step
NEAR = 0.05  # bases whose changes owe this little more to the step before are as good
WANDERS = 0.15  # a change of one step, as a share of the spread
WHITE = 0.2  # correlation of a change with the one before: up to here they are nearly independent
GROWTH = 0.8  # of the spread of what changes add up to, against that of a random walk
PATH = 0.85  # correlation of a change with the one before: from here on a path goes on as it went
WITHIN = 0.6  # of the spread, what lies within a sequence
FAR = 1.0, 5.0  # skewness and kurtosis from which a column as it is is learned as scores
NEARLY = 0.3, 4.0  # the same for changes and relations; a normal distribution has 0 and 3
BESIDE = 0.01  # of the range, what is near an end
END = 0.01  # share of a smallest or largest value that is an atom
COMMON = 0.05  # share of any other
TINY = 1e-300
COLUMNS = ["feature", "form", "reason"]


@dataclass(frozen=True, eq=False)
class Proposal:
    """A form for each feature and why: `table` with the columns feature, form and reason.

    `forms` is what `Representation.fit` and `TimeGAN.fit(represent=...)` take; change what you know
    better. Taught in book/how-the-code-is-built.md.
    """

    table: pd.DataFrame

    @classmethod
    def of(cls, found: Mapping[str, tuple[str, str]]) -> Proposal:
        """From feature -> form and reason."""
        rows = [(name, *both) for name, both in found.items()]
        return cls(pd.DataFrame(rows, columns=COLUMNS))

    @property
    def forms(self) -> dict[str, str]:
        return dict(zip(self.table["feature"], self.table["form"], strict=True))

    def __str__(self) -> str:
        names, forms = (self.table[c].str.len().max() + 2 for c in ("feature", "form"))
        rows = self.table.itertuples(index=False)
        return "\n".join(f"{n:{names}}{form:{forms}}{reason}" for n, form, reason in rows)


def chosen_forms(data: SequenceDataset, represent: Mapping[str, str] | str) -> Mapping[str, str]:
    """The forms meant by a `represent=`: those given, or for "propose" those of `propose`. Raises InputError.

    Taught in book/how-the-code-is-built.md.
    """
    if not isinstance(represent, str):
        return represent
    if represent != "propose":
        raise InputError(f'represent={represent!r} must be "propose", or a dict of feature: form')
    return propose(data).forms


def propose(data: SequenceDataset) -> Proposal:
    """A form for each feature that is no category, with a reason in a line.

    Looked for, in this order: a column that never crosses others and touches them ("above", "below", or
    where its own steps are smaller than those of what is between, "at least", "at most"), one that moves
    with another ("relative to"), a level that wanders like a price or goes on like a path ("changes"), a
    scale that is skewed ("log"); all else is learned as it is. What is far from normal, or holds one value
    again and again, is learned as scores. The same data get the same proposal. Raises InputError.
    Taught in book/how-the-code-is-built.md.
    """
    if not isinstance(data, SequenceDataset) or not len(data):
        raise InputError(f"data is {data!r}; give a SequenceDataset with sequences")
    look = _Look(data)
    kinds = [
        column.kind for column in data.table.columns if not column.static for _ in column.names
    ]
    plain = {k: "true or false" for k, kind in enumerate(kinds) if kind == "flag"}
    plain |= {k: "it never changes" for k in range(len(kinds)) if np.ptp(look.rows[:, k]) == 0}
    numbers = [k for k, kind in enumerate(kinds) if kind == "number" and k not in plain]
    found = {k: ("values", reason) for k, reason in plain.items() if kinds[k] != "category"}
    found |= _related(look, numbers)
    told = {}
    for k in sorted({*found, *numbers}):
        form, reason = found[k] if k in found else _alone(look, k)
        why = "" if k in plain else look.far_from_normal(k, form)
        told[data.names[k]] = (form + ENDING, f"{reason}; {why}") if why else (form, reason)
    return Proposal.of(told)


class _Look:
    """The data as the questions need them: each row once, though windows overlap."""

    def __init__(self, data: SequenceDataset):
        self.data, self.names, self.once = data, data.names, first_copies(data)
        self.values = at_valid(data.values, data.lengths)
        self.rows: Floats = data.values[self.once]  # (rows, D)
        self.ends = np.arange(len(data)), data.lengths - 1

    def positive(self, *features: int) -> bool:
        return bool((self.rows[:, list(features)] > 0).all())

    def series(self, form: str, k: int) -> Floats:
        """(N, T): feature k in this form, before changes are taken."""
        read = Form.read(self.names[k], form, self.names)
        others = [self.values[:, :, self.names.index(name)] for name in read.references]
        return read.settled(self.values[:, :, k], *others).level(self.values[:, :, k], *others)

    def relation(self, k: int, other: int) -> tuple[Floats, Floats]:
        """Feature k relative to another, and itself in the same units (N, T)."""
        own = self.series("log" if self.positive(k, other) else "values", k)
        return self.series(f"relative to {self.names[other]}", k), own

    def changes(self, series: Floats) -> Floats:
        """(changes,), one for each row that has a row before it."""
        return np.diff(series, axis=1)[self.once[:, 1:]]

    def memory(self, series: Floats) -> float:
        """The correlation of a change with the one before."""
        steps = np.diff(series, axis=1)
        return _correlation(steps[:, :-1][self.once[:, 2:]], steps[:, 1:][self.once[:, 2:]])

    def growth(self, series: Floats) -> float:
        """How far sequences go from their first value, against a random walk with such changes."""
        went = series[self.ends] - series[:, 0]
        walk = np.sqrt(np.mean(self.data.lengths - 1.0)) * self.changes(series).std()
        return float(went.std() / max(walk, TINY))

    def within(self, series: Floats) -> float:
        """The spread within sequences as a share of all."""
        inner = np.nanvar(np.where(self.data.mask, series, np.nan), axis=1).mean()
        return float(np.sqrt(inner) / max(series[self.data.mask].std(), TINY))

    def far_from_normal(self, k: int, form: str) -> str:
        """Why a feature in this form should be learned as scores; "" where it need not."""
        series = self.series(form, k)
        x = self.changes(series) if "changes" in form else series[self.once]
        if len(x) == 0 or np.ptp(x) <= SAME * np.abs(series[self.once]).max():
            return ""  # a constant, which comes back as it is
        shown = self.rows[:, k] if form == "log" else x  # a value is known by its own units
        own = form == "values" or form.startswith("at ")
        if heap := _heap(shown, ends_only=own):
            return heap
        z = _standardized(x)
        skew, tails = float((z**3).mean()), float((z**4).mean())
        most, heavy = FAR if own else NEARLY
        if abs(skew) > most:
            return f"skewness {skew:.1f}"
        return f"heavy tails (kurtosis {tails:.1f}, a normal one has 3)" if tails > heavy else ""


def _heap(x: Floats, ends_only: bool) -> str:
    """The value on which a sample is heaped: an end that outweighs what is near it, or any; or ""."""
    values, count = np.unique(x.round(12) + 0.0, return_counts=True)
    share = np.where(count >= LEAST, count / len(x), 0.0)
    for end, said in ((0, "smallest"), (-1, "largest")):
        beside = np.abs(values - values[end]) <= BESIDE * np.ptp(values)
        if share[end] >= END and share[end] >= 2 * (share[beside].sum() - share[end]):
            return f"{share[end]:.0%} are exactly {values[end]:.4g}, the {said}"
    if not ends_only and share.max() >= COMMON:
        return f"{share.max():.0%} are exactly {values[share.argmax()]:.4g}"
    return ""


def _alone(look: _Look, k: int) -> tuple[str, str]:
    """The form of a feature that refers to no other, and why."""
    x = look.series("values", k)
    if look.once[:, 2:].sum() > LEAST:
        step = look.changes(x).std() / max(look.rows[:, k].std(), TINY)
        memory, growth = look.memory(x), look.growth(x)
        if step < WANDERS and abs(memory) < WHITE and growth > GROWTH:
            why = f"its level wanders: a step changes it by {step:.1%} of its spread, either way"
            return ("log changes", f"above 0, and {why}") if look.positive(k) else ("changes", why)
        if step < WANDERS and memory > PATH and look.within(x) < WITHIN:
            return (
                "changes",
                f"a path that goes on as it went: a change is like the last ({memory:.2f})",
            )
    if look.positive(k):
        x, logs = look.rows[:, k], np.log(look.rows[:, k])
        skew, left = _skewness(x), _skewness(logs)
        if skew > FAR[0] and abs(left) < skew / 2:
            return "log", f"above 0 and skewed ({skew:.1f}; {left:.1f} on a log scale)"
    return "values", "it keeps to one range and to no other feature"


# ---- features that belong together ----


def _related(look: _Look, numbers: list[int]) -> dict[int, tuple[str, str]]:
    """The features that are bound to others, each with its form and why."""
    under = {k: [j for j in numbers if _never_below(look, k, j)] for k in numbers}
    over = {k: [j for j in numbers if k in under[j]] for k in numbers}
    tops = {k for k in numbers if under[k] and not over[k]}
    bottoms = {k for k in numbers if over[k] and not under[k]}
    for k in numbers:  # of features that have nobody between them the first one stays itself
        others = set(under[k] + over[k])
        if k in tops | bottoms and others <= tops | bottoms and k < min(others):
            tops.discard(k)
            bottoms.discard(k)
    found = _tied(look, [k for k in numbers if k not in tops | bottoms])
    for ends, beyond, word, said in (
        (tops, under, "above", "below"),
        (bottoms, over, "below", "above"),
    ):
        for k in sorted(ends):
            names = [look.names[j] for j in beyond[k] if j not in tops | bottoms]
            if names:
                reason = f"never {said} {' and '.join(names)} in {len(look.rows):,} rows"
                form = f"{word} {','.join(names)}"
                if _goes_its_own_way(look, k, form):
                    form = f"{'at least' if word == 'above' else 'at most'} {','.join(names)}"
                    reason += ", and its steps are smaller than those of what is between"
                found[k] = form, reason
    return found


def _goes_its_own_way(look: _Look, k: int, form: str) -> bool:
    """Whether feature k moves less in a step than what is between it and its bound, as it does in this form."""
    others = Form.read(look.names[k], form, look.names).references
    logs = look.positive(k, *(look.names.index(name) for name in others))
    own = look.series("log" if logs else "values", k)
    return bool(look.changes(own).std() < look.changes(look.series(form, k)).std())


def _never_below(look: _Look, k: int, j: int) -> bool:
    """Whether feature k is never below feature j, touches it, and has most of its spread from it."""
    gap = look.rows[:, k] - look.rows[:, j]
    if k == j or gap.min() < 0 or gap.min() > TOUCH * gap.std() or np.ptp(gap) == 0:
        return False
    return bool(gap.std() <= CLOSE * min(look.rows[:, k].std(), look.rows[:, j].std()))


def _tied(look: _Look, numbers: list[int]) -> dict[int, tuple[str, str]]:
    """The features that move with another one, the base, each with its form relative to it."""
    found: dict[int, tuple[str, str]] = {}
    for k in numbers:
        for j in numbers:
            if j < k and j not in found and k not in found and (always := _always(look, k, j)):
                found[k] = f"relative to {look.names[j]}", always
    left = [k for k in numbers if k not in found]
    bases = [k for k in left if "changes" in _alone(look, k)[0]]
    while bases:
        ties = {k: {j: tie for j in left if j != k and (tie := _tie(look, j, k))} for k in bases}
        most = max(map(len, ties.values()))
        if most == 0:
            break
        owes = {k: _owes(look, k, list(ties[k])) for k in bases if len(ties[k]) == most}
        base = min(k for k in owes if owes[k] <= min(owes.values()) + NEAR)
        found |= ties[base]
        left = [k for k in left if k != base and k not in ties[base]]
        bases = [k for k in bases if k in left]
    return found


def _always(look: _Look, k: int, j: int) -> str:
    """What feature k always is of feature j, such as 0.5 times; "" where there is no such thing."""
    few = look.rows[:: max(1, len(look.rows) // 100)][:, [k, j]]
    if np.linalg.matrix_rank(np.diff(few, axis=0), tol=1e-4 * np.abs(few).max()) > 1:
        return ""  # most pairs, seen at once
    form = Form.read(look.names[k], f"relative to {look.names[j]}", look.names)
    own, other = look.values[:, :, k], look.values[:, :, j]
    form = form.settled(own, other)
    level = form.level(own, other)
    found, _ = constant_relation(form, level, look.data.mask, own, other)
    if found is None:
        return ""
    value = found.values[0]
    if form.log:
        return f"always {np.exp(value):.5g} times {look.names[j]}"
    return f"always {look.names[j]} {'-' if value < 0 else '+'} {abs(value):.5g}"


def _tie(look: _Look, k: int, base: int) -> tuple[str, str] | None:
    """The form in which feature k is tied to a base that wanders, and why; None: it is not."""
    relation, own = look.relation(k, base)
    name, step = look.names[base], look.changes(own - relation).std()
    if (apart := relation[look.once].std() / step) <= TIED:
        return (
            f"relative to {name}",
            f"it wanders with {name}: apart by {apart:.1f} of a step's change",
        )
    if (moves := look.changes(relation).std() / max(look.changes(own).std(), TINY)) <= FOLLOWS:
        why = f"it moves with {name}: what the two differ by changes {moves:.1%} as much as it does"
        return f"changes relative to {name}", why
    return None


def _owes(look: _Look, base: int, others: list[int]) -> float:
    """The largest correlation of a change of the base with what another was relative to it before.

    A day's close owes little to how it stood to the open of the day before; the open owes it much, as
    it begins where that day's close ended.
    """
    last, found = look.once[:, 1:], []
    for k in others:
        relation, _ = look.relation(k, base)
        own = look.series("log" if look.positive(k, base) else "values", base)
        found.append(abs(_correlation(np.diff(own, axis=1)[last], relation[:, :-1][last])))
    return max(found)


def _correlation(a: Floats, b: Floats) -> float:
    """0 where one of them does not vary, or there are too few."""
    if len(a) < LEAST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _skewness(x: Floats) -> float:
    return float((_standardized(x) ** 3).mean())


def _standardized(x: Floats) -> Floats:
    """A sample that varies, by its range first: the square of a tiny number would be 0."""
    x = x / np.ptp(x)
    return (x - x.mean()) / x.std()
