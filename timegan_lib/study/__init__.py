"""The room of many runs. In: a folder of run directories. Out: a table, one row a model and its scores.

Read `table`. Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.study.table import WEIGHTS, Parts, index, read_index

__all__ = ["WEIGHTS", "Parts", "index", "read_index"]
