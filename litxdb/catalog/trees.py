"""Expressions as the catalog keeps them: trees in text form, of which two are compared, and one is looked into.

pg_get_expr() and pg_get_indexdef() would say the same more legibly, and wait for whoever locks the table.
https://www.postgresql.org/docs/current/catalog-pg-index.html
"""

from __future__ import annotations

import re
from collections.abc import Collection

_WRITTEN = re.compile(r" :(?:location|list_start|list_end|\w*format) -?\d+")
"""Where an expression stood in its statement, and how it was spelt: PostgreSQL itself compares without these."""

_NOT_NULL = re.compile(
    r"\{NULLTEST :arg \{VAR :varno 1 :varattno (?P<column>\d+) [^{}]*\} :nulltesttype 1 :argisrow false\}"
)
_ALL_OF_NOTHING = re.compile(r"|\{BOOLEXPR :boolop and :args \( *\)\}")


def plain(tree: str) -> str:
    """Take out of a tree what does not change its meaning.

    >>> plain("{VAR :varno 1 :varattno 2 :location 27}")
    '{VAR :varno 1 :varattno 2}'
    """
    return _WRITTEN.sub("", tree)


def split(trees: str) -> tuple[str, ...]:
    r"""Take a list of trees apart; a backslash keeps the brace after it from counting.

    >>> split(r"({A :b {C}} {D :e \{})")
    ('{A :b {C}}', '{D :e \\{}')
    """
    found, depth, start = [], 0, 0
    for match in re.finditer(r"\\.|[{}]", trees, re.DOTALL):
        if match[0] == "{":
            depth += 1
            start = match.start() if depth == 1 else start
        elif match[0] == "}":
            depth -= 1
            if depth == 0:
                found.append(trees[start : match.end()])
    return tuple(found)


def demands_only_values(tree: str, columns: Collection[int]) -> bool:
    """Tell whether a predicate demands nothing but that some of these columns are not null.

    Then an index with it serves a search for values of these columns, which null never equals.
    """
    wanted = {int(match["column"]) for match in _NOT_NULL.finditer(tree)}
    return wanted <= set(columns) and _ALL_OF_NOTHING.fullmatch(_NOT_NULL.sub("", tree)) is not None
