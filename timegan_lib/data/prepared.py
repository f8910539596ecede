"""What the networks see of a data set: made once, handed down.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timegan_lib.config import InputError
from timegan_lib.data import windows
from timegan_lib.data.numbers import Ints
from timegan_lib.data.proposal import chosen_forms
from timegan_lib.data.representation import Representation
from timegan_lib.data.scaling import Floats, Scaler
from timegan_lib.data.sequences import SequenceDataset

Scaled = NDArray[np.float32]

ASIDE = (6, 12)  # to check by: the second of every six of twelve blocks of time
MOST_CHECKED = 500  # sequences of them


class Lengths:
    """The lengths of the training sequences: how long new ones may be, and the scale of a length.

    Where lengths vary and there are static features, the length is one more of them, scaled to [0, 1].
    """

    def __init__(self, lengths: np.ndarray):
        self.all = np.asarray(lengths, np.int64)
        self.shortest, self.longest = int(self.all.min()), int(self.all.max())
        self.vary = self.shortest < self.longest

    def scale(self, lengths: np.ndarray) -> Scaled:
        span = max(1, self.longest - self.shortest)
        return ((lengths - self.shortest) / span).astype(np.float32)

    def inverse(self, scaled: np.ndarray) -> np.ndarray:
        lengths = self.shortest + scaled * (self.longest - self.shortest)
        return np.rint(lengths).astype(np.int64)

    def blocks(self, template: SequenceDataset) -> tuple[int, ...]:
        """The widths of the static features, the length among them where it is one; () without any."""
        blocks = template.static_blocks
        return (*blocks, 1) if blocks and self.vary else blocks


@dataclass(frozen=True, eq=False)
class Represented:
    """A representation, and where networks need numbers in [0, 1] the range of what it makes of the data."""

    representation: Representation
    scaler: Scaler | None

    @classmethod
    def fit(cls, data: SequenceDataset, forms: Mapping[str, str], unit: bool = True) -> Represented:
        representation = Representation.fit(data, forms)
        if not unit:
            return cls(representation, None)
        rows = representation.forward(data.values, data.lengths)[data.mask]
        return cls(representation, Scaler.fit(rows, np.zeros(rows.shape[1], bool)))

    def forward(self, data: SequenceDataset) -> Scaled:
        """(N, T, D), T the longest length; 0 at padding. In [0, 1] for the data of the fit, or about N(0, 1)."""
        longest = int(data.lengths.max())
        represented = self.representation.forward(data.values[:, :longest], data.lengths)
        scaled = represented if self.scaler is None else self.scaler.scale(represented)
        return np.where(data.mask[:, :longest, None], scaled, 0.0).astype(np.float32)

    def inverse(self, scaled: ArrayLike) -> Floats:
        """(N, T, D) in own units. What stands at padding means nothing."""
        represented = scaled if self.scaler is None else self.scaler.inverse(scaled)
        return self.representation.inverse(represented)

    def to_dict(self) -> dict[str, Any]:
        scaler = None if self.scaler is None else self.scaler.to_dict()
        return {"representation": self.representation.to_dict(), "scaler": scaler}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Represented:
        representation = Representation.from_dict(plain["representation"])
        scaler = plain["scaler"]
        return cls(representation, None if scaler is None else Scaler.from_dict(scaler))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set, scaled and described.

    values (N, T, D) in [0, 1] or about N(0, 1), T the longest length; static (N, Ds) in [0, 1], the length
    its last column where it varies, or None; blocks: the width of each static feature; template: names, units
    and ranges, enough to turn such arrays back into data; fingerprint: a short hash of the data and of
    how they are represented; represented: how they are, where they are learned in other forms. apart: rows to learn
    from and rows to check by, where some can be set aside (`set_aside`).
    """

    values: Scaled
    lengths: Lengths
    static: Scaled | None
    blocks: tuple[int, ...]
    template: SequenceDataset
    fingerprint: str
    represented: Represented | None = None
    apart: tuple[Ints, Ints] | None = None

    @property
    def representation(self) -> Representation | None:
        return None if self.represented is None else self.represented.representation

    @property
    def forms(self) -> dict[str, str] | None:
        """Feature -> the form in which it is learned, or None where all are learned as they are."""
        return None if self.representation is None else self.representation.describe()


def prepare(
    data: SequenceDataset, represent: Mapping[str, str] | str | None = None, unit: bool = True
) -> Prepared:
    """All that training and sampling need of a data set.

    represent: feature -> form, as `Representation.fit` takes them; "propose": those of `propose`; None:
    values as they are, scaled to [0, 1]. unit: of represented values, whether these are scaled to [0, 1] too,
    or stay about N(0, 1). Raises InputError.
    """
    represented = None
    if represent is not None:
        represented = Represented.fit(data, chosen_forms(data, represent), unit)
    lengths = Lengths(data.lengths)
    values, static = data.scaled[:, : lengths.longest], data.static_scaled
    if static is not None and lengths.vary:
        static = np.column_stack([static, lengths.scale(lengths.all)])
    digest = hashlib.sha256(f"{values.shape}".encode())
    for array in (values, lengths.all, static):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    if represented is not None:
        # by its forms: the last bits of a logarithm differ between machines
        digest.update(json.dumps(represented.representation.describe()).encode())
        values = represented.forward(data)
    template = data.template()
    blocks, fingerprint = lengths.blocks(template), digest.hexdigest()[:16]
    apart = None if unit else set_aside(data)  # what learns from [0, 1] sets nothing aside
    return Prepared(values, lengths, static, blocks, template, fingerprint, represented, apart)


def set_aside(data: SequenceDataset) -> tuple[Ints, Ints] | None:
    """Rows (to learn from, to check by), blocks of time with a gap as in `split`, or None of too few data.

    Taught in book/how-the-code-is-built.md.
    """
    starts, ends, gap = data.extent()
    first, last = int(starts.min()), int(ends.max())
    try:
        chosen = windows.interleave(last - first, *ASIDE)
        learned, checked = windows.split_apart(starts - first, ends - first, chosen, gap)
    except InputError:
        return None
    some = np.random.default_rng(0).permutation(checked)[:MOST_CHECKED]
    return learned, np.sort(some)
