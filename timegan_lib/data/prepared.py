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
from timegan_lib.data.proposal import propose
from timegan_lib.data.representation import Representation
from timegan_lib.data.scaling import Floats, Scaler
from timegan_lib.data.sequences import SequenceDataset

Scaled = NDArray[np.float32]


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
    """A representation and the range of what it makes of the data: own units to [0, 1], and back."""

    representation: Representation
    scaler: Scaler

    @classmethod
    def fit(cls, data: SequenceDataset, forms: Mapping[str, str]) -> Represented:
        representation = Representation.fit(data, forms)
        rows = representation.forward(data.values, data.lengths)[data.mask]
        return cls(representation, Scaler.fit(rows, np.zeros(rows.shape[1], bool)))

    def forward(self, data: SequenceDataset) -> Scaled:
        """(N, T, D), T the longest length; in [0, 1] for the data of the fit, 0 at padding."""
        longest = int(data.lengths.max())
        represented = self.representation.forward(data.values[:, :longest], data.lengths)
        scaled = self.scaler.scale(represented)
        return np.where(data.mask[:, :longest, None], scaled, 0.0).astype(np.float32)

    def inverse(self, scaled: ArrayLike) -> Floats:
        """(N, T, D) in own units. What stands at padding means nothing."""
        return self.representation.inverse(self.scaler.inverse(scaled))

    def to_dict(self) -> dict[str, Any]:
        return {"representation": self.representation.to_dict(), "scaler": self.scaler.to_dict()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Represented:
        representation = Representation.from_dict(plain["representation"])
        return cls(representation, Scaler.from_dict(plain["scaler"]))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set, scaled and described.

    values (N, T, D) in [0, 1], T the longest length; static (N, Ds) in [0, 1], the length its last
    column where it varies, or None; blocks: the width of each static feature; template: names, units
    and ranges, enough to turn such arrays back into data; fingerprint: a short hash of the data and of
    how they are represented; represented: how they are, where they are learned in other forms.
    """

    values: Scaled
    lengths: Lengths
    static: Scaled | None
    blocks: tuple[int, ...]
    template: SequenceDataset
    fingerprint: str
    represented: Represented | None = None

    @property
    def representation(self) -> Representation | None:
        return None if self.represented is None else self.represented.representation

    @property
    def forms(self) -> dict[str, str] | None:
        """Feature -> the form in which it is learned, or None where all are learned as they are."""
        return None if self.representation is None else self.representation.describe()


def prepare(data: SequenceDataset, represent: Mapping[str, str] | str | None = None) -> Prepared:
    """All that training and sampling need of a data set.

    represent: feature -> form, as `Representation.fit` takes them; "propose": those of `propose`; None:
    values as they are, scaled to [0, 1]. Raises InputError.
    """
    represented = None
    if represent is not None:
        if isinstance(represent, str):
            if represent != "propose":
                raise InputError(
                    f'represent={represent!r} must be "propose", or a dict of feature: form'
                )
            represent = propose(data).forms
        represented = Represented.fit(data, represent)
    lengths = Lengths(data.lengths)
    values, static = data.scaled[:, : lengths.longest], data.static_scaled
    if static is not None and lengths.vary:
        static = np.column_stack([static, lengths.scale(lengths.all)])
    digest = hashlib.sha256(f"{values.shape}".encode())
    for array in (values, lengths.all, static):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    if (
        represented is not None
    ):  # by its forms: the last bits of a logarithm differ between machines
        digest.update(json.dumps(represented.representation.describe()).encode())
        values = represented.forward(data)
    template = data.template()
    blocks, fingerprint = lengths.blocks(template), digest.hexdigest()[:16]
    return Prepared(values, lengths, static, blocks, template, fingerprint, represented)
