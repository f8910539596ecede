"""Min-max scaling, to [0, 1] and back. Taught in book/how-the-code-is-built.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scaler:
    """Min-max scaling of each feature to [0, 1]: `minimum` and `maximum`, both (D,).

    A constant feature is scaled to 0 and comes back exact. The minimum and the maximum of every
    feature come back exact too. Taught in book/how-the-code-is-built.md.
    """

    minimum: Floats
    maximum: Floats

    @classmethod
    def fit(cls, rows: Floats, onehot: NDArray[np.bool_]) -> Scaler:
        """Fit on (rows, D); the columns of a one-hot stay as they are."""
        return cls(np.where(onehot, 0.0, rows.min(axis=0)), np.where(onehot, 1.0, rows.max(axis=0)))

    def scale(self, values: ArrayLike) -> Floats:
        """Own units to [0, 1], (..., D). Values beyond the fitted ones land beyond 0 and 1."""
        span = self.maximum - self.minimum
        scaled = (np.asarray(values, np.float64) - self.minimum) / np.where(span > 0, span, 1.0)
        return np.where(span > 0, scaled, 0.0)

    def inverse(self, scaled: ArrayLike) -> Floats:
        """[0, 1] to own units, (..., D). This form of the line is exact at both ends."""
        scaled = np.asarray(scaled, np.float64)
        values = self.minimum * (1 - scaled) + self.maximum * scaled
        return np.where(self.maximum > self.minimum, values, self.minimum)

    def to_dict(self) -> dict[str, Any]:
        return {"minimum": self.minimum.tolist(), "maximum": self.maximum.tolist()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Scaler:
        return cls(np.array(plain["minimum"], float), np.array(plain["maximum"], float))
