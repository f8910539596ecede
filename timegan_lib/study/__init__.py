"""The room of many runs. In: data, seeds and settings. Out: a folder of runs, and tables of them.

Read `plan` (which runs there are), `making` (one of them), `local` and `cluster` (many of them, here or
on other machines), `states` (how far they are) and `sweeping` (all of it in one call); then `table`: a
row for each model and its scores. Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.study.sweeping import sweep
from timegan_lib.study.table import (
    WEIGHTS,
    Parts,
    index,
    read_index,
    scores_of,
    sequences_seen,
)

__all__ = [
    "WEIGHTS",
    "Parts",
    "index",
    "read_index",
    "scores_of",
    "sequences_seen",
    "sweep",
]
