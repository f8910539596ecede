"""The form of one feature, such as "above Open,Close as scores": read, checked, computed and undone.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timegan_lib.config import InputError
from timegan_lib.data.scaling import Floats

ENDING = " as scores"
PLAIN = ("values", "log", "changes", "log changes")
KNOWN = (
    '"values", "log", "changes", "log changes", "relative to A", "changes relative to A", "above A,B", '
    f'"below A,B", "at least A,B" or "at most A,B", each with or without "{ENDING}"'
)
RELATIONS = {
    "relative to ": "relative", "above ": "above", "below ": "below", "at least ": "least", "at most ": "most"
}  # fmt: skip
OWN = ("values", "least", "most")  # kinds that learn the feature itself
LARGEST = 600.0  # of a logarithm, so that no product of two numbers overflows
MOST = 1e300


@dataclass(frozen=True)
class Form:
    """What of a feature is learned.

    kind: "values", "relative", "above", "below", "least" or "most". log: of the value, or of the ratio; for
    a relation the data decide. changes: from step to step. scores: as normal scores. Taught in
    book/how-the-code-is-built.md.
    """

    feature: str
    text: str
    kind: str = "values"
    references: tuple[str, ...] = ()
    log: bool = False
    changes: bool = False
    scores: bool = False

    @classmethod
    def read(
        cls, feature: str, text: Any, names: Sequence[str], words: Collection[str] = ()
    ) -> Form:
        """From its text; names: all features, words: those of categories. Raises InputError."""
        if not isinstance(text, str):
            raise InputError(f"the form of {feature!r} is {text!r}; it must be {KNOWN}")
        plain = " ".join(text.split())
        scores = plain.endswith(ENDING)
        plain = plain.removesuffix(ENDING)
        if plain in PLAIN:
            return cls(feature, text, log="log" in plain, changes="changes" in plain, scores=scores)
        changes = plain.startswith("changes relative to ")
        for start, kind in RELATIONS.items():
            rest = plain.removeprefix("changes ") if changes else plain
            if rest.startswith(start):
                references = _references(feature, text, rest.removeprefix(start), names, words)
                if kind == "relative" and len(references) > 1:
                    raise InputError(
                        f"{feature!r}: {text!r} names {len(references)} features; one is needed"
                    )
                return cls(feature, text, kind, references, changes=changes, scores=scores)
        raise InputError(f"{feature!r}: {text!r} is no form; it must be {KNOWN}")

    @property
    def never_negative(self) -> bool:
        """Whether data that are never negative in this form stay so."""
        return self.kind in ("above", "below") or self.as_it_is

    @property
    def as_it_is(self) -> bool:
        """Whether the values themselves are learned, or their changes."""
        return self.kind in OWN and not self.log

    def settled(self, own: Floats, *others: Floats) -> Form:
        """The same form, which for these data, each (N, T), takes ratios or differences."""
        if self.kind in OWN:
            return self
        return replace(self, log=all(bool((values > 0).all()) for values in (own, *others)))

    def level(self, own: Floats, *others: Floats) -> Floats:
        """(N, T), what is learned before changes are taken. Raises InputError."""
        if self.log:
            for name, values in zip((self.feature, *self.references), (own, *others), strict=True):
                self._refuse(
                    values <= 0, values, name, "is not above 0, and a logarithm needs that",
                    "changes" if self.changes else "values",
                )  # fmt: skip
        if self.kind == "values":
            return np.log(own) if self.log else own
        edge = self._edge(others)
        if self.kind in ("above", "least"):
            self._refuse(own < edge, own, self.feature, f"is below {self._named}", self._relative)
        elif self.kind in ("below", "most"):
            self._refuse(own > edge, own, self.feature, f"is above {self._named}", self._relative)
        if self.kind in ("least", "most"):
            return own
        if self.kind == "below":
            return np.log(edge / own) if self.log else edge - own
        return np.log(own / edge) if self.log else own - edge

    def value(self, level: Floats, *others: Floats) -> Floats:
        """The way back of `level`, (N, T)."""
        if self.log:
            level = np.exp(np.clip(level, -LARGEST, LARGEST))
        if self.kind == "values":
            return level
        edge = self._edge(others)
        if self.kind in ("least", "most"):
            return (np.maximum if self.kind == "least" else np.minimum)(level, edge)
        if self.kind == "below":
            return edge / level if self.log else edge - level
        with np.errstate(over="ignore"):
            found = edge * level if self.log else edge + level
        return np.clip(found, -MOST, MOST)

    def steps(self, level: Floats) -> Floats:
        """(N, T): the level, or where changes are learned its first value and then its changes."""
        return np.diff(level, axis=1, prepend=0.0) if self.changes else level

    def size(self, level: Floats, mask: NDArray[np.bool_]) -> float:
        """How large the numbers are that were subtracted, which says how exact the difference is."""
        return 1.0 if self.log else float(np.abs(level[mask]).max())

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "references": list(self.references)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Form:
        return cls(**{**plain, "references": tuple(plain["references"])})

    @property
    def _named(self) -> str:
        return " or ".join(self.references)

    @property
    def _relative(self) -> str:
        return f"relative to {self.references[0]}"

    def _edge(self, others: tuple[Floats, ...]) -> Floats:
        """The one feature that this is relative to, or the largest or the smallest of several."""
        return reduce(np.minimum if self.kind in ("below", "most") else np.maximum, others)

    def _refuse(
        self, wrong: NDArray[np.bool_], values: Floats, name: str, why: str, instead: str
    ) -> None:
        if wrong.any():
            sequence, step = np.argwhere(wrong)[0]
            raise InputError(
                f"{self.feature!r} cannot be learned as {self.text!r}: {name} = {values[sequence, step]:.6g} "
                f"in sequence {sequence}, step {step} {why}; mend the data, or learn it as {instead!r}"
            )


def _references(
    feature: str, text: str, listed: str, names: Sequence[str], words: Collection[str]
) -> tuple[str, ...]:
    """The features of a list such as "Open,Close"; a comma may be part of a name. InputError."""
    parts = [listed] if listed in names else [part.strip() for part in listed.split(",")]
    for part in parts:
        if part not in names or part in words:
            raise InputError(
                f"{feature!r}: {text!r} names {part!r}, which is no feature with numbers; there are "
                f"{', '.join(name for name in names if name not in words)}"
            )
    return tuple(dict.fromkeys(parts))


def in_order(names: Sequence[str], forms: Sequence[Form]) -> list[int]:
    """The numbers of the features, each after those it refers to. Raises InputError for a circle.

    Taught in book/how-the-code-is-built.md.
    """
    done: list[int] = []

    def visit(k: int, way: tuple[str, ...]) -> None:
        if names[k] in way:
            circle = " -> ".join([*way[way.index(names[k]) :], names[k]])
            raise InputError(
                f"the forms go in a circle: {circle}; give one of them a form without the others"
            )
        if k not in done:
            for reference in forms[k].references:
                visit(list(names).index(reference), (*way, names[k]))
            done.append(k)

    for k in range(len(names)):
        visit(k, ())
    return done
