"""Do prices move as prices do? Nothing here is trained.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan_lib.evaluation.inputs import Sequences, pair


def price_facts(real: Sequences, synthetic: Sequences, names: str | Sequence[str]) -> pd.DataFrame:
    """What all prices share (Cont 2001), one row a named feature and side, each a correlation in [-1, 1].

    returns    of the return r_t with the one before it; near 0, or prices could be forecast
    sizes      of |r_t| with |r_(t-k)|, mean over k = 1..5: above 0, since restless days come together
    leverage   of r_t with |r_(t+1)|: below 0, since falls make restless

    r_t = log(x_t / x_(t-1)) in own units, around one mean for all pairs inside windows. Steps from or to
    a value of 0 or below are left out. 0 where nothing moves. Raises InputError.
    """
    sides, rows = pair(real, synthetic), {}
    for name in [names] if isinstance(names, str) else names:
        for which, side in zip(("real", "synthetic"), sides, strict=True):
            x = np.where(side.mask & (side.feature(name) > 0), side.feature(name), np.nan)
            r = np.diff(np.log(x), axis=1)
            sizes = [_correlation(np.abs(r), np.abs(r), k) for k in range(1, 6)]
            rows[name, which] = [
                _correlation(r, r, 1),
                np.mean(sizes),
                _correlation(r, np.abs(r), 1),
            ]
    return pd.DataFrame(rows, index=["returns", "sizes", "leverage"]).T


def _correlation(a: np.ndarray, b: np.ndarray, lag: int) -> float:
    """Of a at t with b at t + lag, over all windows, where both are known."""
    before, after = a[:, : max(0, a.shape[1] - lag)], b[:, lag:]
    both = np.isfinite(before) & np.isfinite(after)
    before, after = before[both], after[both]
    if len(before) < 2 or min(before.std(), after.std()) < 1e-12:
        return 0.0
    return float(np.corrcoef(before, after)[0, 1])
