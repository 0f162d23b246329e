"""Names and texts as SQL has them, for statements that no driver fills in: DDL, and what people are to paste."""

from __future__ import annotations

import re

RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with
    """.split()  # noqa: SIM905 - a hundred string literals are no easier to read
)
"""Words that no role, database or table can be called unquoted, of all versions:
https://www.postgresql.org/docs/current/sql-keywords-appendix.html
"""


def quoted(name: str) -> str:
    """Quote an identifier, whatever is in it.

    >>> quoted("user"), quoted('we"ird')
    ('"user"', '"we""ird"')
    """
    return '"' + name.replace('"', '""') + '"'


def quoted_if_needed(name: str) -> str:
    """Quote an identifier where SQL needs it, for statements that a person reads.

    >>> quoted_if_needed("ada"), quoted_if_needed('A"b'), quoted_if_needed("user")
    ('ada', '"A""b"', '"user"')
    """
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) and name not in RESERVED else quoted(name)


def literal(text: str) -> str:
    r"""Write a text as a SQL string, which means the same whatever standard_conforming_strings is.

    >>> print(literal("it's 50%"), literal("a\\b"))
    'it''s 50%' e'a\\b'
    """
    doubled = text.replace("'", "''")
    return f"'{doubled}'" if "\\" not in text else "e'{}'".format(doubled.replace("\\", "\\\\"))
