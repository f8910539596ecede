"""What the scores see: two sets of sequences with the same features, on the scale of the real one.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from timegan_lib.config import InputError
from timegan_lib.data import SequenceDataset

Sequences = SequenceDataset | ArrayLike


def as_dataset(data: Sequences, name: str = "data") -> SequenceDataset:
    """A SequenceDataset as it is; an array (N, T, D) in any units as one. Raises InputError."""
    if isinstance(data, SequenceDataset):
        found = data
    elif isinstance(data, pd.DataFrame):
        raise InputError(f"{name} is a DataFrame; read it with SequenceDataset.from_frame")
    else:
        try:
            found = SequenceDataset.from_arrays(data)
        except (InputError, ValueError, TypeError) as error:
            text = f"{name}: {error}".replace(f"{name}: values ", f"{name} ")
            raise InputError(text) from None
    if len(found) < 2:
        raise InputError(f"{name} holds {len(found)} sequences; a score needs at least 2")
    return found


def aligned(real: Sequences, **others: Sequences) -> list[SequenceDataset]:
    """[real, *others], the others as a reader of their tables would meet them, all on the real scale.

    Categories of the others are one-hot and their whole numbers whole (`SequenceDataset.rounded`):
    otherwise a judge would see at once which side came out of a network. All are as long as the longest
    sequence among them. Raises InputError where the features differ.
    """
    real = as_dataset(real, "real")
    sides = [real]
    for keyword, data in others.items():
        name = keyword.replace("_", "-")
        other = as_dataset(data, name)
        for which in ("names", "static_names"):
            theirs, ours = getattr(other, which), getattr(real, which)
            if ours != theirs:
                kind = "features" if which == "names" else "static features"
                raise InputError(
                    f"the {name} data have the {kind} {', '.join(theirs) or 'none'}, the real data "
                    f"{', '.join(ours) or 'none'}; they must be the same, in the same order"
                )
        other = replace(other, table=real.table).rounded()
        sides.append(replace(other, scaler=real.scaler, static_scaler=real.static_scaler))
    steps = max(int(side.lengths.max()) for side in sides)
    return [_of_length(side, steps) for side in sides]


def pair(real: Sequences, synthetic: Sequences) -> list[SequenceDataset]:
    """The two sides of a comparison, `aligned`."""
    return aligned(real, synthetic=synthetic)


def step_median(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(1, T, D) medians over the sequences that reach a step; 0.5 where none does. mask: (N, T)."""
    masked = np.ma.array(values, mask=~np.broadcast_to(mask[..., None], values.shape))
    return np.ma.median(masked, axis=0, keepdims=True).filled(0.5)


def whole(*sides: SequenceDataset) -> list[np.ndarray]:
    """(n, T, D) of each side in units of the real range, for what needs windows of one length: T is the
    longest length that every side reaches; shorter sequences are left out, longer ones cut."""
    steps = min(int(side.lengths.max()) for side in sides)
    return [side.scaler.scale(side.values[side.lengths >= steps, :steps]) for side in sides]


def take(data: SequenceDataset, most: int, seed: int) -> SequenceDataset:
    """At most `most` sequences, drawn without replacement, in their own order."""
    if len(data) <= most:
        return data
    rows = np.random.default_rng(seed).choice(len(data), most, replace=False)
    return data.subset(np.sort(rows))


def _of_length(data: SequenceDataset, steps: int) -> SequenceDataset:
    values = data.values[:, :steps]
    return replace(data, values=np.pad(values, [(0, 0), (0, steps - values.shape[1]), (0, 0)]))
