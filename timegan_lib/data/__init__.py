"""The first room: a table becomes numbers, windows, [0, 1], and comes back.

In: a pandas DataFrame, a CSV file, arrays, or the name of a shipped set. Out: a `SequenceDataset`, and
from it `Prepared`, the scaled arrays that networks see. Knows nothing of networks or training.

Read `columns` (one column and its numbers), `frames` (a whole table, checked, with `roles`, `cells`,
`times` and `hints`), `windows` and `cutting` (rows to sequences), `scaling`, `arrays` and `sequences` (the
class), `prepared`. `representation` is how columns are learned (their `forms`, and `margins`: normal
scores); `proposal` finds one. `numbers`, `csv_files` and `wanted` read arrays, files and wished-for static
features; `shipped` and `generated` are the book's data. Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.data.generated import ar_gaussian, sines
from timegan_lib.data.prepared import Lengths, Prepared, Represented, prepare
from timegan_lib.data.proposal import Proposal, propose
from timegan_lib.data.representation import Representation
from timegan_lib.data.sequences import SequenceDataset
from timegan_lib.data.shipped import DATA, DATASETS, load_dataset, read_table

__all__ = [
    "DATA",
    "DATASETS",
    "Lengths",
    "Prepared",
    "Proposal",
    "Representation",
    "Represented",
    "SequenceDataset",
    "ar_gaussian",
    "load_dataset",
    "prepare",
    "propose",
    "read_table",
    "sines",
]
