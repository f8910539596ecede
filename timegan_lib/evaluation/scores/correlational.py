"""The correlational score of other papers, to compare with their tables.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import numpy as np

from timegan_lib.evaluation.inputs import Sequences, pair
from timegan_lib.evaluation.scores.fidelity import correlations


def correlational_score(real: Sequences, synthetic: Sequences) -> float:
    """A tenth of the summed absolute difference of the correlations between features; 0 is right.

    In [0, D (D - 1) / 10]: it grows with the number of features, so compare it for one data set only. It
    is `correlation_difference` times D (D - 1) / 20, and sees nothing else. Sources: Yuan and Qiao 2024
    (Diffusion-TS), after Liao et al. 2020 (Conditional Sig-Wasserstein GANs). The formula in the former
    sums all i and j; its code, which made its tables, each pair once, as here. Raises InputError.
    """
    a, b = (correlations(side) for side in pair(real, synthetic))
    pairs = np.tril_indices(len(a))
    return float(np.abs(a - b)[pairs].sum() / 10)
