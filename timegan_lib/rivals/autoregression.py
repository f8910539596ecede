"""A vector autoregression with bootstrapped residuals: least squares, and no network at all.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.config import InputError, whole_number
from timegan_lib.data import SequenceDataset
from timegan_lib.messages import warn
from timegan_lib.rivals.base import Array, Parts, Rival, above_zero

FIRSTS = ("gaussian", "real")


class Autoregression(Rival):
    """z_t = c + A_1 z_(t-1) + ... + A_p z_(t-p) + B x_S + e_t, on standardized features z, statics x_S.

    order      p, the steps that a step depends on
    first      where the first p steps come from. "gaussian": drawn from one Gaussian fitted to them, its
               mean linear in s. "real": those of a real sequence, which flatters every score
    ridge      penalty on the coefficients, in variances of a standardized feature
    shrinkage  of the Gaussian's covariance toward its diagonal; tiny, since features that nearly
               determine one another, such as a day's high and low, would come apart

    e_t is bootstrapped: the whole vector of residuals at a random step of a random sequence, so that what
    happens together stays together; that large ones follow large ones is lost. Lengths and statics are
    those of real sequences, drawn with replacement. Where the largest root of A (its `radius`) is above
    1, A_k is multiplied by radius^-k, which brings that root to 1: a random walk, no explosion.
    Source: Lütkepohl 2005, chapters 2 and 3. Taught in book/how-the-code-is-built.md.
    """

    def __init__(
        self, order: int = 3, first: str = "gaussian", ridge: float = 1e-4,
        shrinkage: float = 1e-6, seed: int = 0,
    ):  # fmt: skip
        super().__init__(seed)
        if first not in FIRSTS:
            raise InputError(f"first={first!r} must be one of {', '.join(map(repr, FIRSTS))}")
        above_zero(ridge=ridge, shrinkage=shrinkage)
        if shrinkage > 1:
            raise InputError(f"shrinkage={shrinkage!r} must be at most 1")
        self.order, self.first = whole_number("order", order, 1), first
        self.ridge, self.shrinkage = ridge, shrinkage

    def check(self, data: SequenceDataset) -> None:
        p = self.order
        if (data.lengths > p).sum() < 2:
            raise InputError(
                f"order={p} needs sequences of at least {p + 1} steps, two or more of them, and the longest "
                f"has {data.lengths.max()}; use a smaller order"
            )

    def learn(self, encoded: Array, lengths: Array, static: Array | None) -> None:
        p, z = self.order, encoded.astype(np.float64)
        self.steps, self.features = z.shape[1:]
        self.lengths, self.static = lengths, static
        self.inputs = np.column_stack([np.ones(len(z)), *_standardized(static)])  # (N, 1 + Ds)
        seen, following = self._steps_and_before(z)
        self.fixed, self.lags = self._parted(_ridge(seen, following, self.ridge))
        self.radius = _radius(self.lags)
        if self.radius > 1:
            if self.radius**self.steps > 2:
                warn(
                    f"left alone this autoregression would grow {self.radius**self.steps:.3g}-fold over "
                    f"{self.steps} steps; it is brought back to a random walk. Are features to be learned "
                    "as changes?"
                )
            self.lags = self.lags / self.radius ** np.arange(1, p + 1)[:, None, None]
        pairs = zip(seen, following, strict=True)
        self.residuals = np.concatenate([now - before @ self._joined() for before, now in pairs])
        self.fixed[0] += self.residuals.mean(0)  # nothing unless the lags were shrunk
        self.residuals -= self.residuals.mean(0)
        self._fit_first(z, lengths >= p)

    def _steps_and_before(self, z: Array) -> tuple[list[Array], list[Array]]:
        """For each step t what it depends on, (n, 1 + Ds + p D), and itself, (n, D): inputs, then the p
        steps before, newest first, of the sequences that are longer than t."""
        p, seen, following = self.order, [], []
        for t in range(p, self.steps):
            there = self.lengths > t
            seen.append(_before(self.inputs[there], z[there, t - p : t]))
            following.append(z[there, t])
        return seen, following

    def _parted(self, coefficients: Array) -> tuple[Array, Array]:
        """(1 + Ds + p D, D) as those of the inputs (1 + Ds, D) and of the lags (p, D, D)."""
        width = self.inputs.shape[1]
        lags = coefficients[width:].reshape(self.order, self.features, self.features)
        return coefficients[:width], lags

    def _joined(self) -> Array:
        return np.concatenate([self.fixed, self.lags.reshape(-1, self.features)])

    def _fit_first(self, z: Array, long_enough: Array) -> None:
        """The first p steps: kept, or a Gaussian of the flattened vector (p D,) given the inputs."""
        self.starts = z[:, : self.order].reshape(len(z), -1)
        if self.first == "gaussian":
            x, first = self.inputs[long_enough], self.starts[long_enough]
            self.start_mean = _ridge([x], [first], self.ridge)  # (1 + Ds, p D)
            covariance = np.atleast_2d(np.cov(first - x @ self.start_mean, rowvar=False))
            covariance += self.shrinkage * (np.diag(np.diag(covariance)) - covariance)
            values, vectors = np.linalg.eigh(covariance)
            self.start_root = (
                vectors * np.sqrt(np.maximum(values, 0.0))
            ).T  # root' root = covariance
            del self.starts

    def draw(self, n: int, seed: int) -> Parts:
        p, real = self.order, self.generator(seed, 0).integers(0, len(self.lengths), n)
        x, made = self.inputs[real], np.empty((n, self.steps, self.features))
        if self.first == "gaussian":
            noise = self.generator(seed, 1).standard_normal((n, len(self.start_root)))
            first = x @ self.start_mean + noise @ self.start_root
        else:
            first = self.starts[real]
        made[:, :p] = first.reshape(n, p, -1)
        which = self.generator(seed, 2).integers(0, len(self.residuals), (n, self.steps - p))
        coefficients = self._joined()
        for t in range(p, self.steps):
            expected = _before(x, made[:, t - p : t]) @ coefficients
            made[:, t] = expected + self.residuals[which[:, t - p]]
        return made, self.lengths[real], None if self.static is None else self.static[real]


def _before(inputs: Array, past: Array) -> Array:
    """Inputs (n, 1 + Ds) and the p steps before, (n, p, D) in their order, as one row a sequence."""
    return np.column_stack([inputs, past[:, ::-1].reshape(len(past), -1)])


def _standardized(static: Array | None) -> list[Array]:
    """[(N, Ds)] less the mean over the standard deviation, or [] without static features."""
    if static is None:
        return []
    spread = static.std(0)
    return [(static - static.mean(0)) / np.where(spread > 0, spread, 1.0)]


def _ridge(rows: list[Array], wanted: list[Array], ridge: float) -> Array:
    """Coefficients (k, D) from parts of rows (n, k) to parts of (n, D). The first column, of ones, is
    not penalized."""
    square = np.sum([part.T @ part for part in rows], axis=0)
    penalty = np.full(len(square), ridge * sum(map(len, rows)))
    penalty[0] = 0.0
    right = np.sum([part.T @ y for part, y in zip(rows, wanted, strict=True)], axis=0)
    return np.linalg.solve(square + np.diag(penalty), right)


def _radius(lags: Array) -> float:
    """The largest absolute root of the autoregression with these coefficients (p, D, D)."""
    order, features, _ = lags.shape
    companion = np.eye(order * features, k=-features)
    companion[:features] = np.concatenate([lag.T for lag in lags], axis=1)
    return float(np.abs(np.linalg.eigvals(companion)).max())
