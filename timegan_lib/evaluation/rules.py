"""Rules of the data, such as "High >= Low": read, and asked of every step of every sequence.

A rule is a comparison of columns as pandas' `eval` reads it. It sees one sequence at a time, so that
`level.diff()` never reaches into the sequence before. Where a side of a comparison has no value, as the
first change of a sequence has none, the step passes. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import ast
import copy
import io
import operator
import re
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from timegan_lib.config import InputError

QUOTED = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]+)`"""
)  # texts, names in backticks
WORDS = {"&": " and ", "|": " or "}  # as pandas reads them: they bind less than a comparison
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
COMPARING = {"between", "eq", "ge", "gt", "isin", "le", "lt", "ne"}  # methods that compare
STEP_BY_STEP = COMPARING | {"abs", "dt", "isna", "isnull", "notna", "notnull", "round", "str"}


@dataclass(frozen=True)
class Rule:
    """A rule as a tree; `columns` says which column of the table a name in it means."""

    text: str
    tree: ast.expr
    columns: dict[str, Any]

    @classmethod
    def read(cls, text: str, columns: pd.Index) -> Rule:
        """Raises InputError for a text that is no expression of these columns."""
        longest = max(len(str(column)) for column in columns)
        quoted: dict[str, Any] = {}

        def plain_name(found: re.Match[str]) -> str:
            if found[1] is None:  # a text
                return found[0]
            if found[1] not in columns:
                raise unreadable(text, f"name {found[1]!r} is not defined", columns)
            name = f"{'_' * longest}{len(quoted)}"  # longer than any column's
            quoted[name] = found[1]
            return name

        plain = QUOTED.sub(plain_name, str(text).strip())
        try:
            words = tokenize.generate_tokens(io.StringIO(plain).readline)
            plain = tokenize.untokenize((kind, WORDS.get(word, word)) for kind, word, *_ in words)
            body = ast.parse(plain).body
        except (SyntaxError, ValueError, tokenize.TokenError) as error:
            raise unreadable(text, error.args[0], columns) from None
        if len(body) != 1 or not isinstance(body[0], ast.Expr):  # such as an assignment
            raise no_comparison(text)
        words_used = {node.id for node in ast.walk(body[0]) if isinstance(node, ast.Name)}
        named = {name: name for name in words_used if name in columns}
        return cls(str(text), body[0].value, named | quoted)

    @property
    def looks_around(self) -> bool:
        """Whether the answer at a step may depend on other steps: by a method, or an index."""
        return any(
            isinstance(node, ast.Subscript)
            or (isinstance(node, ast.Attribute) and node.attr not in STEP_BY_STEP)
            for node in ast.walk(self.tree)
        )

    def kept(self, frame: pd.DataFrame, lengths: NDArray[np.integer]) -> NDArray[np.bool_]:
        """(rows,), True where the rule holds or says nothing; in `frame` sequences stand end to end.

        Raises InputError where pandas cannot compute it, or finds no answer for every step.
        """
        ends = np.cumsum(lengths) if self.looks_around else np.array([len(frame)])
        used = {name: frame[column].reset_index(drop=True) for name, column in self.columns.items()}
        parts, start = [], 0
        for end in ends:
            part = {name: column.iloc[start:end] for name, column in used.items()}
            if start:
                part = {name: column.reset_index(drop=True) for name, column in part.items()}
            try:
                flags = _Answers(part, end - start).flags(self.tree)
            except _NoFlags:
                raise no_comparison(self.text) from None
            except Exception as error:  # whatever pandas says of what it cannot compute
                raise unreadable(self.text, error, frame.columns) from None
            parts.append(flags.fillna(True).to_numpy(bool))
            start = end
        if not self.columns:
            raise no_comparison(self.text)
        return np.concatenate(parts)


class _NoFlags(Exception):
    """A part of a rule that should be true or false at every step is not."""


class _Answers:
    """What the parts of a rule are for `columns`, each (steps,), of one sequence.

    What is true, false or unknown is a pandas BooleanArray, whose and, or and not know the third value.
    """

    def __init__(self, columns: dict[str, pd.Series], steps: int):
        self.columns, self.steps = columns, steps

    def flags(self, node: ast.expr) -> Any:
        """(steps,): true, false, or unknown where a side of a comparison has no value."""
        if isinstance(node, ast.BoolOp):
            join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
            return reduce(join, map(self.flags, node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return ~self.flags(node.operand)
        if isinstance(node, ast.Compare):
            chain = [node.left, *node.comparators]
            return reduce(operator.and_, map(self.pair, chain, node.ops, chain[1:]))
        return self._checked(self.value(node), *map(self.value, filter(_may_miss, _compared(node))))

    def pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Any:
        """(steps,): the flags of one comparison."""
        sides = [left, right]
        if type(op) in COMPARE and all(map(_may_miss, sides)):
            values = [self.value(side) for side in sides]
            return self._checked(COMPARE[type(op)](*values), *values)
        # `in`, or a list: pandas' == looks into it too
        found = self._by_pandas(ast.Compare(left, [op], [right]))
        return self._checked(found, *map(self.value, filter(_may_miss, [left])))

    def value(self, node: ast.expr) -> Any:
        """A Series (steps,), a number, a text or a list."""
        if isinstance(node, ast.Name) and node.id in self.columns:
            return self.columns[node.id]
        if _is_logic(node):
            return pd.Series(self.flags(node))
        try:
            return ast.literal_eval(node)
        except ValueError:
            return self._by_pandas(node)

    def _by_pandas(self, node: ast.expr) -> Any:
        """pandas' value; comparisons further in are computed here, so that they know what is unknown."""
        inner = _Inner(self)
        if any(_is_logic(part) for part in ast.walk(node) if part is not node):
            node = copy.deepcopy(node)
            inner.generic_visit(node)
        return pd.eval(
            ast.unparse(node), engine="python", local_dict={}, global_dict={},
            resolvers=[self.columns | inner.found],
        )  # fmt: skip

    def _checked(self, found: Any, *sides: Any) -> Any:
        """`found` as flags, unknown where it or one of the `sides` has no value."""
        missing = reduce(operator.or_, (np.asarray(pd.isna(side)) for side in (found, *sides)))
        found = np.asarray(found)
        if found.dtype == object and found.shape == missing.shape:
            known = found[~missing]
            if all(isinstance(flag, bool | np.bool_) for flag in known.flat):
                found = np.where(missing, False, found).astype(bool)
        shapes = (), (self.steps,)
        if found.dtype != bool or found.shape not in shapes or missing.shape not in shapes:
            raise _NoFlags
        found, missing = (np.broadcast_to(side, self.steps).copy() for side in (found, missing))
        return pd.arrays.BooleanArray(found, missing)


class _Inner(ast.NodeTransformer):
    """Puts a name in place of each comparison; `found` has its value."""

    def __init__(self, answers: _Answers):
        self.answers = answers
        self.found: dict[str, pd.Series] = {}

    def visit(self, node: ast.AST) -> Any:
        if not _is_logic(node):
            return self.generic_visit(node)
        name = f"{'_' * max(map(len, self.answers.columns), default=1)}inner{len(self.found)}"
        self.found[name] = pd.Series(self.answers.flags(node))
        return ast.Name(name, ast.Load())


def _is_logic(node: ast.AST) -> TypeGuard[ast.expr]:
    unary = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert)
    return unary or isinstance(node, ast.Compare | ast.BoolOp)


def _compared(node: ast.expr) -> list[ast.expr]:
    """What a method such as `between` compares: what stands before it, and what it is given."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return []
    sides = [node.func.value, *node.args, *(word.value for word in node.keywords)]
    return sides if node.func.attr in COMPARING else []


def _may_miss(node: ast.expr) -> bool:
    """Whether it may have no value at a step; a list is not asked."""
    return not isinstance(node, ast.List | ast.Tuple)


def no_comparison(text: str) -> InputError:
    return InputError(f"rule {text!r} is not a comparison that is true or false at every step")


def unreadable(text: str, error: object, columns: pd.Index) -> InputError:
    told = " ".join(str(error).split())
    return InputError(
        f"rule {text!r} cannot be read: {told}; write a comparison of the columns "
        f"{', '.join(map(str, columns[2:]))}"
    )
