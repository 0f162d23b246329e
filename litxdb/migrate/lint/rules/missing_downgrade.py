"""A revision that cannot be reverted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    if not any(examined.changes):
        return
    functions = [node for node in ast.walk(ast.parse(examined.source)) if isinstance(node, ast.FunctionDef)]
    downgrade = next((node for node in functions if node.name == "downgrade"), None)
    if downgrade is None:
        yield Hit("there is no downgrade()")
    elif all(map(_nothing, downgrade.body)):
        yield Hit("downgrade() does nothing, and upgrade() does something", line=downgrade.lineno)
    elif all(isinstance(node, ast.Raise) or _nothing(node) for node in downgrade.body):
        yield Hit("downgrade() only raises", line=downgrade.lineno)


def _nothing(node: ast.stmt) -> bool:
    """Tell whether a statement is `pass`, a docstring, `...` or a bare return."""
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass) or (isinstance(node, ast.Return) and node.value is None)


RULE = Rule(
    id="missing-downgrade",
    level="warning",
    what="No downgrade(), or one that does nothing or only raises.",
    why="If the release is taken back, the database stays ahead of the code. A downgrade that does nothing is worse: "
    "the version says that it was reverted, and the next upgrade fails.",
    remedy="Write the downgrade; if there can be none, say so with # litxdb: accept missing-downgrade REASON.",
    find=find,
)
