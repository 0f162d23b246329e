"""Names and texts as SQL has them, for statements that no driver fills in: DDL, and what people are to paste."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Quote an identifier, whatever is in it.

    >>> quoted("user"), quoted('we"ird')
    ('"user"', '"we""ird"')
    """
    return '"' + name.replace('"', '""') + '"'


def quoted_if_needed(name: str) -> str:
    """Quote an identifier where SQL needs it, for statements that a person reads.

    >>> quoted_if_needed("ada"), quoted_if_needed('A"b')
    ('ada', '"A""b"')
    """
    plain = name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()
    return name if plain and not name[:1].isdigit() else quoted(name)


def literal(text: str) -> str:
    r"""Write a text as an SQL string, which means the same whatever standard_conforming_strings is.

    >>> print(literal("it's 50%"), literal("a\\b"))
    'it''s 50%' e'a\\b'
    """
    doubled = text.replace("'", "''")
    return f"'{doubled}'" if "\\" not in text else "e'{}'".format(doubled.replace("\\", "\\\\"))
