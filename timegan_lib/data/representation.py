"""Each column in the form in which it is learned: as it is, as changes, relative to others, as scores.

A rule such as High >= Open, Close cannot be broken by a column that is learned as what it has above the
two, nor a price fall below 0 that is learned as log changes. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timegan_lib.config import InputError, whole_number
from timegan_lib.data.forms import Form, in_order
from timegan_lib.data.margins import SAME, Margin, ends
from timegan_lib.data.scaling import Floats
from timegan_lib.data.sequences import SequenceDataset

ROUNDING = 1e-6  # a relation that varies by less may be a constant, blurred by rounded decimals
FILL = 1  # the last of the seeds: a plain default_rng(0), which may have made the data, is another stream


@dataclass(frozen=True, eq=False)
class Representation:
    """How each feature of a data set is represented for learning, and the way back.

    names     (D,) the features; `forms` the form of each, `order` in which they are computed
    margins   (D,) the maps to roughly N(0, 1): of the first step and of all after it, which differ only
              where changes are learned, as a level is no change
    decimals  (D,) to how many a feature is rounded on the way back; None: not at all
    Taught in book/how-the-code-is-built.md.
    """

    names: tuple[str, ...]
    forms: tuple[Form, ...]
    margins: tuple[tuple[Margin, Margin], ...]
    decimals: tuple[int | None, ...]
    seed: int = 0

    @classmethod
    def fit(cls, data: SequenceDataset, forms: Mapping[str, str], seed: int = 0) -> Representation:
        """Learn the margins of a data set. forms: feature -> form; one that is not named is "values".

        "values", "log", "changes" (the first value, then x_t - x_(t-1)), "log changes";
        "relative to A": log(x / A) where both are above 0 in the data, else x - A; "changes relative
        to A": the changes of that; "above A,B": log(x / max(A, B)), or the difference, and never below
        0; "below A,B": log(min(A, B) / x) likewise; "at least A,B", "at most A,B": the value itself, which
        cannot come back beyond them. Each may end in " as scores": normal scores, in
        which a value that is 0.5 % of all or more, such as a wind of 0, takes a range of its own.

        Raises InputError for an unknown feature or form, references that go in a circle, and data that
        a form cannot hold.
        """
        if not isinstance(data, SequenceDataset) or not len(data):
            raise InputError(f"data is {data!r}; give a SequenceDataset with sequences")
        if not isinstance(forms, Mapping):
            raise InputError(
                f'the forms are {forms!r}; give a dict of feature: form, such as {{"{data.names[0]}": "changes"}}'
            )
        read = _read(data, forms)
        valid = at_valid(data.values, data.lengths)
        settled, margins, decimals = [], [], []
        once = first_copies(data)
        for k, form in enumerate(read):
            form = form.settled(*_pick(form, data.names, valid, k))
            level = form.level(*_pick(form, data.names, valid, k))
            constant, digits = constant_relation(
                form, level, data.mask, *_pick(form, data.names, valid, k)
            )
            found = (constant,) * 2 if constant else _margins(form, level, data.mask, once)
            settled.append(form)
            margins.append(found)
            decimals.append(digits)
        seed = whole_number("seed", seed, 0)
        return cls(data.names, tuple(settled), tuple(margins), tuple(decimals), seed)

    def forward(self, values: ArrayLike, lengths: ArrayLike, seed: int = 0) -> Floats:
        """Own units (N, T, D) to what is learned, (N, T, D): roughly N(0, 1) each, 0 at padding.

        seed: of the numbers that spread an atom over its range of scores. Values beyond those of the
        fit are represented too. Raises InputError for a value that a form cannot hold, such as 0 for
        "log" or a High below Open for "above Open".
        """
        values, lengths = np.asarray(values, np.float64), np.asarray(lengths, np.int64)
        if values.ndim != 3 or values.shape[2] != len(self.names):
            raise InputError(
                f"values has shape {values.shape}; (N, T, {len(self.names)}) is needed"
            )
        mask = np.arange(values.shape[1]) < lengths[:, None]
        valid = at_valid(values, lengths)
        represented = np.zeros(values.shape)
        for k, (form, (first, rest)) in enumerate(zip(self.forms, self.margins, strict=True)):
            level = form.level(*_pick(form, self.names, valid, k))
            rng = np.random.default_rng([self.seed, whole_number("seed", seed, 0), k, FILL])
            steps = form.steps(level)
            fill = while_it_stays(rng.random(mask.shape), steps)
            represented[:, 0, k] = first.forward(steps[:, 0], fill[:, 0])
            represented[:, 1:, k] = rest.forward(steps[:, 1:], fill[:, 1:])
        return np.where(mask[:, :, None], represented, 0.0)

    def inverse(self, represented: ArrayLike) -> Floats:
        """What is learned, (N, T, D), to own units. What stands at padding means nothing."""
        represented = np.asarray(represented, np.float64)
        values = np.zeros(represented.shape)
        for k in in_order(self.names, self.forms):
            form, (first, rest) = self.forms[k], self.margins[k]
            steps = np.concatenate(
                [first.inverse(represented[:, :1, k]), rest.inverse(represented[:, 1:, k])], axis=1
            )
            level = np.cumsum(steps, axis=1) if form.changes else steps
            found = form.value(level, *_pick(form, self.names, values, k)[1:])
            digits = self.decimals[k]
            values[:, :, k] = found if digits is None else np.round(found, digits)
        return values

    def describe(self) -> dict[str, str]:
        """Feature -> its form, for all D features."""
        return {name: form.text for name, form in zip(self.names, self.forms, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` is the inverse."""
        return {
            "names": list(self.names),
            "forms": [form.to_dict() for form in self.forms],
            "margins": [
                [margin.to_dict() for margin in (pair if form.changes else pair[:1])]
                for form, pair in zip(self.forms, self.margins, strict=True)
            ],
            "decimals": list(self.decimals),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Representation:
        names = tuple(plain["names"])
        forms = tuple(Form.from_dict(form) for form in plain["forms"])
        found = [[Margin.from_dict(margin) for margin in several] for several in plain["margins"]]
        pairs = tuple((several[0], several[-1]) for several in found)
        return cls(names, forms, pairs, tuple(plain["decimals"]), plain["seed"])


def _read(data: SequenceDataset, forms: Mapping[str, str]) -> list[Form]:
    """The form of every feature, checked; InputError."""
    given = {str(name): text for name, text in forms.items()}
    owners = [str(owner) for owner in data.table.owners(static=False)]
    words = {n for n, yes in zip(data.names, data.table.onehot(static=False), strict=True) if yes}
    words |= {owner for n, owner in zip(data.names, owners, strict=True) if n in words}
    for name, text in given.items():
        if name in words and text != "values":
            raise InputError(
                f"{name!r} cannot be learned as {text!r}: it is a category, which stays as it is; "
                "leave it out of the forms"
            )
        if name not in data.names and name not in words:
            raise InputError(f"{name!r} is no feature; there are {', '.join(data.names)}")
    read = [Form.read(n, given.get(n, "values"), data.names, words) for n in data.names]
    in_order(data.names, read)
    return read


def _pick(form: Form, names: tuple[str, ...], values: Floats, k: int) -> list[Floats]:
    """Feature k and those that its form refers to, each (N, T)."""
    return [values[:, :, j] for j in (k, *(names.index(name) for name in form.references))]


def at_valid(values: Floats, lengths: NDArray[Any]) -> Floats:
    """The same with 1.0 behind each sequence, which every form can hold.

    Taught in book/how-the-code-is-built.md.
    """
    mask = np.arange(values.shape[1]) < lengths[:, None]
    return np.where(mask[:, :, None], values, 1.0)


def while_it_stays(fill: Floats, steps: Floats) -> Floats:
    """The same numbers (N, T), but each kept for as long as a value stays exactly what it was."""
    new = np.concatenate([np.ones((len(steps), 1), bool), np.diff(steps, axis=1) != 0], axis=1)
    last = np.maximum.accumulate(np.where(new, np.arange(steps.shape[1]), 0), axis=1)
    return np.take_along_axis(fill, last, axis=1)


def first_copies(data: SequenceDataset) -> NDArray[np.bool_]:
    """(N, T), True at the valid steps that are the first copy of their row: windows overlap.

    Taught in book/how-the-code-is-built.md.
    """
    if data.start is None:
        return data.mask
    rows = data.start[:, None] + np.arange(data.values.shape[1])
    rows = np.where(data.mask, rows, -1)
    once = np.zeros(rows.size, bool)
    once[np.unique(rows, return_index=True)[1]] = True
    return once.reshape(rows.shape) & data.mask


def _margins(
    form: Form, level: Floats, mask: NDArray[np.bool_], once: NDArray[np.bool_]
) -> tuple[Margin, Margin]:
    """The margins of the first step and of the rest."""
    steps = form.steps(level)
    exact = form.as_it_is and not form.changes
    grain = 0.0 if exact else SAME * form.size(level, mask)

    def margin(chosen: NDArray[np.bool_]) -> Margin:
        sample = steps[chosen]
        floor, ceiling = ends(sample[once[chosen]]) if exact else (-np.inf, np.inf)
        if form.never_negative and (sample >= 0).all():
            floor = max(floor, 0.0)
        if form.scores:
            return Margin.scores(sample, once[chosen], floor, grain, ceiling)
        if len(sample) and np.ptp(sample) <= grain:
            return Margin.constant(float(np.median(sample)))
        return Margin.standard(sample, floor, ceiling)

    if not form.changes:
        return (margin(mask),) * 2
    first = mask & (np.arange(mask.shape[1]) == 0)
    return margin(first), margin(mask & ~first)


def constant_relation(
    form: Form, level: Floats, mask: NDArray[np.bool_], own: Floats, *others: Floats
) -> tuple[Margin | None, int | None]:
    """The constant that a "relative to" is, and decimals to round to; None for one that is none.

    level, own, others: (N, T). It is one to float precision, or where a single constant gives back every
    value within half of the last decimal it was written with; it then comes back exactly. A narrow
    spread alone is no reason: it may be all there is to learn. Taught in
    book/how-the-code-is-built.md.
    """
    if form.kind != "relative" or form.changes:
        return None, None
    size, spread = form.size(own, mask), np.ptp(level[mask])
    if spread <= SAME * size:
        return Margin.constant(float(np.median(level[mask]))), None
    digits = _digits(own[mask])
    if spread > ROUNDING * size or digits is None:
        return None, None
    half = 0.5 * 10.0**-digits
    if form.log and own.min() <= half:
        return None, None
    least = form.level(own - half, *others)[mask].max()
    most = form.level(own + half, *others)[mask].min()
    return (Margin.constant(float(least + most) / 2), digits) if least <= most else (None, None)


def _digits(values: Floats) -> int | None:
    """How many decimals the values were written with, at most 12; None: more."""
    for digits in range(13):
        if (np.round(values, digits) == values).all():
            return digits
    return None
