"""What a score must be read against: data sets that are good at one thing and bad at another.

Each takes real sequences and returns as many made ones as are wanted, with the same features, lengths
and static features. Taught in book/what-scores-miss.ipynb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, as_dataset


def copycat(real: Sequences, n: int | None = None, seed: int = 0) -> SequenceDataset:
    """Real sequences, handed out as if they were made. Perfect for every score but privacy."""
    data, rows = _drawn(real, n, seed)
    return _made(data, rows, data.values[rows])


def block_bootstrap(
    real: Sequences, n: int | None = None, block: int | None = None, seed: int = 0
) -> SequenceDataset:
    """Sequences joined from blocks of `block` steps (T / 3) of different real ones, each at its own
    place in time. Right inside a block, wrong at the joints."""
    data, rows = _drawn(real, n, seed)
    rng = np.random.default_rng([seed, 1])
    steps = data.values.shape[1]
    block = max(1, steps // 3) if block is None else block
    values = data.values[rows].copy()
    for begin in range(block, steps, block):
        end = min(begin + block, steps)
        need = np.minimum(data.lengths[rows], end)  # a donor must be valid as far as its block is
        for reach in np.unique(need[need > begin]):
            takers = np.flatnonzero(need == reach)
            donors = rng.choice(np.flatnonzero(data.lengths >= reach), len(takers))
            values[takers, begin:end] = data.values[donors, begin:end]
    return _made(data, rows, values)


def marginal_noise(real: Sequences, n: int | None = None, seed: int = 0) -> SequenceDataset:
    """Every value drawn by itself from all real values of its feature: right marginals, nothing else.

    Lengths and static features are drawn each by itself too.
    """
    data, rows = _drawn(real, n, seed)
    rng = np.random.default_rng([seed, 1])
    blocks = [len(column.names) for column in data.table.columns if not column.static]
    shape = (len(rows), data.values.shape[1])
    values = _shuffled(data.values[data.mask], blocks, shape, rng)
    static = None
    if data.static is not None:
        static = _shuffled(data.static, list(data.static_blocks), shape[:1], rng)
    return replace(_made(data, rows, values), static=static)


def time_reversed(real: Sequences, n: int | None = None, seed: int = 0) -> SequenceDataset:
    """Real sequences that run backward."""
    data, rows = _drawn(real, n, seed)
    step = data.lengths[rows, None] - 1 - np.arange(data.values.shape[1])
    values = np.take_along_axis(data.values[rows], np.maximum(step, 0)[..., None], axis=1)
    return _made(data, rows, values)


def collapsed(real: Sequences, n: int | None = None, seed: int = 0) -> SequenceDataset:
    """One real sequence again and again, a hundredth of the range of noise added."""
    data, rows = _drawn(real, n, seed)
    rng = np.random.default_rng([seed, 1])
    rows = np.full_like(rows, rows[0])
    spread = 0.01 * (data.scaler.maximum - data.scaler.minimum)
    noise = rng.standard_normal((len(rows), *data.values.shape[1:])) * spread
    return _made(data, rows, data.values[rows] + noise)


def frozen(
    real: Sequences,
    n: int | None = None,
    seed: int = 0,
    features: str | Sequence[str] | None = None,
) -> SequenceDataset:
    """Real sequences that stand still at their first step: right levels, right differences between
    sequences, no movement. features: only these stand still, the others stay as they are."""
    data, rows = _drawn(real, n, seed)
    names = (
        data.names if features is None else [features] if isinstance(features, str) else features
    )
    values = data.values[rows].copy()
    for name in names:
        data.feature(name)  # raises InputError where there is none
        place = data.names.index(name)
        values[:, :, place] = values[:, :1, place]
    return _made(data, rows, values)


def _shuffled(
    pool: np.ndarray, blocks: list[int], shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """(*shape, D) values, each column (of `blocks` numbers) drawn by itself from the rows of pool."""
    columns = np.split(pool, np.cumsum(blocks)[:-1], axis=1)
    return np.concatenate(
        [column[rng.integers(0, len(pool), shape)] for column in columns], axis=-1
    )


def _drawn(real: Sequences, n: int | None, seed: int) -> tuple[SequenceDataset, np.ndarray]:
    """The data, and the rows to start from: different ones as far as they last."""
    data = as_dataset(real, "real")
    n = len(data) if n is None else n
    rng = np.random.default_rng([seed, 0])
    whole, rest = divmod(n, len(data))
    parts = [rng.permutation(len(data)) for _ in range(whole)] + [rng.permutation(len(data))[:rest]]
    return data, np.concatenate(parts)


def _made(data: SequenceDataset, rows: np.ndarray, values: np.ndarray) -> SequenceDataset:
    """Values with the lengths and static features of `rows`, of no known origin, 0.0 at padding."""
    lengths = data.lengths[rows]
    valid = np.arange(values.shape[1]) < lengths[:, None]
    return replace(
        data,
        values=np.where(valid[..., None], values, 0.0),
        lengths=lengths,
        static=None if data.static is None else data.static[rows],
        group=None,
        start=None,
    )
