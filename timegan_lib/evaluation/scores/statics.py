"""Static features and lengths: are they spread as in the real data, and do sequences follow them?

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.inputs import Sequences, pair
from timegan_lib.evaluation.scores.fidelity import STILL


def static_marginals(real: Sequences, synthetic: Sequences) -> pd.DataFrame:
    """One row a static number (a level of a category is one) and one for the length.

    distance is the Wasserstein distance in units of the real range: for a level of a category the
    difference of its two shares, for the length a share of the longest. Raises InputError.
    Taught in book/how-the-code-is-built.md.
    """
    a, b = (_numbers(side) for side in pair(real, synthetic))
    return pd.DataFrame({
        "real mean": a.mean(), "synthetic mean": b.mean(),
        "real std": a.std(ddof=0), "synthetic std": b.std(ddof=0),
        "distance": [wasserstein_distance(a[name], b[name]) for name in a],
    }, index=a.columns)  # fmt: skip


def dependence(data: SequenceDataset) -> pd.DataFrame:
    """How sequences go with their static numbers and length: correlations, a row a static number.

    The columns are the mean and the spread of every feature over a sequence. 0 where one of the two
    does not vary.
    """
    count, mask = data.lengths[:, None], data.mask[..., None]
    mean = data.scaled.sum(axis=1) / count
    spread = np.sqrt((np.square(data.scaled - mean[:, None]) * mask).sum(axis=1) / count)
    spread[spread < STILL] = 0.0
    static = _numbers(data)
    moving = np.concatenate([mean, spread], axis=1)
    columns = [f"{kind} {name}" for kind in ("mean", "spread") for name in data.names]
    both = np.concatenate([static, moving], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.nan_to_num(np.corrcoef(both, rowvar=False))
    return pd.DataFrame(
        found[: static.shape[1], static.shape[1] :], index=static.columns, columns=columns
    )


def dependence_difference(real: Sequences, synthetic: Sequences) -> float:
    """Mean absolute difference of `dependence` over all its entries. Raises InputError."""
    a, b = (dependence(side) for side in pair(real, synthetic))
    return float(np.abs((a - b).to_numpy()).mean())


def has_statics(data: SequenceDataset) -> bool:
    """Whether there is anything here to judge: static features, or lengths that vary."""
    return data.static is not None or bool(np.ptp(data.lengths))


def _numbers(data: SequenceDataset) -> pd.DataFrame:
    """(N, Ds + 1) static numbers in [0, 1] and the length as a share of T."""
    static = data.static_scaled
    table = pd.DataFrame(
        np.empty((len(data), 0)) if static is None else static, columns=list(data.static_names)
    )
    return table.assign(length=data.lengths / data.values.shape[1])
