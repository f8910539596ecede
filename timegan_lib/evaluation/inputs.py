"""What the scores see: two sets of sequences with the same features, on the scale of the real one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from timegan_lib.config import InputError
from timegan_lib.sequences import SequenceDataset

Sequences = SequenceDataset | ArrayLike


def as_dataset(data: Sequences, name: str = "data") -> SequenceDataset:
    """A SequenceDataset as it is; an array (N, T, D) in any units as one. Raises InputError."""
    if isinstance(data, SequenceDataset):
        found = data
    else:
        values = np.asarray(data, np.float64)
        if values.ndim != 3 or 0 in values.shape:
            raise InputError(
                f"{name} has shape {values.shape}; (N, T, D) is needed, none of them 0"
            )
        found = SequenceDataset.from_arrays(values)
    if len(found) < 2:
        raise InputError(f"{name} holds {len(found)} sequences; a score needs at least 2")
    return found


def pair(real: Sequences, other: Sequences, name: str = "synthetic") -> list[SequenceDataset]:
    """[real, other], `other` as a reader of its table would meet it, both scaled by the real ranges.

    Categories of `other` are one-hot and its whole numbers whole (`SequenceDataset.rounded`): otherwise
    a judge would see at once which side came out of a network. Both are padded to the same T.
    Raises InputError where the features differ.
    """
    real, other = as_dataset(real, "real"), as_dataset(other, name)
    for which in ("names", "static_names"):
        ours, theirs = getattr(other, which), getattr(real, which)
        if ours != theirs:
            kind = "features" if which == "names" else "static features"
            raise InputError(
                f"the {name} data have the {kind} {', '.join(ours) or 'none'}, the real data "
                f"{', '.join(theirs) or 'none'}; they must be the same, in the same order"
            )
    other = replace(other.rounded(), scaler=real.scaler, static_scaler=real.static_scaler)
    steps = max(real.values.shape[1], other.values.shape[1])
    return [_longer(data, steps) for data in (real, other)]


def take(data: SequenceDataset, most: int, seed: int) -> SequenceDataset:
    """At most `most` sequences, drawn without replacement, in their own order."""
    if len(data) <= most:
        return data
    rows = np.random.default_rng(seed).choice(len(data), most, replace=False)
    return data.subset(np.sort(rows))


def _longer(data: SequenceDataset, steps: int) -> SequenceDataset:
    missing = steps - data.values.shape[1]
    return replace(data, values=np.pad(data.values, [(0, 0), (0, missing), (0, 0)]))
