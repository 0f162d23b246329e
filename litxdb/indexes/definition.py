"""Putting an index into words: from a table, columns and options to what CREATE INDEX says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from litxdb.errors import ArgumentInvalid
from litxdb.indexes.present import ask, find, tables
from litxdb.indexes.results import Definition

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LONGEST_NAME = 63
"""Bytes of an identifier; PostgreSQL cuts longer ones: https://www.postgresql.org/docs/current/limits.html"""

ORDER = re.compile(
    r"(?P<key>.*?)(?P<order>(?:\s+(?:asc|desc))?(?:\s+nulls\s+(?:first|last))?)\s*$", re.IGNORECASE | re.S
)
OPTION = re.compile(r"(?P<name>[a-z_][a-z0-9_.]*)=(?P<value>[^']+)$", re.IGNORECASE)
WORD = re.compile(r"[a-z_][a-z0-9_$]*", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """An index of a person's own: `columns` are names or SQL expressions, with ASC, DESC, NULLS FIRST if need be.

    `options` are the access method's storage parameters, such as m of hnsw. Without a `name` it is made of the table's
    and the columns'.
    """

    table: str
    columns: tuple[str, ...]
    using: str = "btree"
    where: str | None = None
    name: str | None = None
    unique: bool = False
    opclass: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def define(connection: Connection, request: Request) -> Definition:
    """Say what the request means for this database, and change nothing; raises ArgumentInvalid."""
    table = find(request.table, tables(connection), "table")
    known = {row["name"]: row["quoted"] for row in ask(connection, "columns", table=table.oid)}
    foreign = [column for column in request.columns if column not in known]
    for text in (*foreign, request.where or "", request.using, request.opclass or ""):
        _check_whole(text)
    keys = [item for column in request.columns for item in ([column] if column in known else split(column))]
    opclass = f" {request.opclass}" if request.opclass else ""
    spelled = ", ".join(_key(key, known, opclass) for key in keys)
    options = ", ".join(f"{name} = '{value}'" for name, value in request.options.items())
    words = [f"USING {request.using} ({spelled})"]
    if options:
        words.append(f"WITH ({options})")
    if request.where:
        words.append(f"WHERE ({request.where})")
    name = request.name or shortened("_".join(["ix", table.name, *(_word(key, known) for key in keys)]))
    return Definition(name, table.quoted, " ".join(words), unique=request.unique)


def split(columns: str) -> list[str]:
    """Take a list of columns apart at its commas, but for those within parentheses and quotes.

    >>> split('user_id, lower(title), coalesce(a, b) desc, "x, y"')
    ['user_id', 'lower(title)', 'coalesce(a, b) desc', '"x, y"']
    """
    parts = [""]
    for char, depth in _scan(columns):
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def parse_option(text: str) -> tuple[str, str]:
    """Take a storage parameter apart. Raises ArgumentInvalid when it is none.

    >>> parse_option("m=32")
    ('m', '32')
    """
    match = OPTION.match(text.strip())
    if match is None:
        raise ArgumentInvalid(f"{text} is no storage parameter.", "Write it as name=value, such as m=16.")
    return match["name"], match["value"]


def shortened(name: str) -> str:
    """Cut a name to what PostgreSQL keeps of it, telling apart those that begin alike.

    >>> shortened("ix_tasks_user_id"), len(shortened("ü" * 60).encode())
    ('ix_tasks_user_id', 63)
    """
    if len(name.encode()) <= LONGEST_NAME:
        return name
    mark = "_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return name.encode()[: LONGEST_NAME - len(mark)].decode(errors="ignore") + mark


def _scan(text: str) -> Iterator[tuple[str, int | None]]:
    """Give each character with the number of parentheses that are open behind it; None within quotes."""
    depth, quote = 0, ""
    for char in text:
        if quote or char in "'\"":
            quote = "" if char == quote else quote or char
            yield char, None
        else:
            depth += (char == "(") - (char == ")")
            yield char, depth


def _check_whole(text: str) -> None:
    """Refuse what would end the statement, or reach beyond its own place in it."""
    scanned = list(_scan(f"{text} "))
    if scanned[-1][1] != 0 or any(depth is not None and (depth < 0 or char == ";") for char, depth in scanned):
        raise ArgumentInvalid(
            f"{text} is not one whole expression.", "Close parentheses and quotes, and leave out semicolons."
        )


def _key(text: str, known: Mapping[str, str], opclass: str) -> str:
    """Spell a key: a column that is there quoted, anything else as the expression that it must be."""
    column, order = _apart(text, known)
    return f"{known.get(column, f'({column})')}{opclass}{order}"


def _apart(text: str, known: Mapping[str, str]) -> tuple[str, str]:
    if text in known:
        return text, ""
    match = ORDER.match(text)
    assert match is not None
    key: str = match["key"]
    names = {quoted: name for name, quoted in known.items()}
    return next((name for name in (key, names.get(key, key), key.lower()) if name in known), key), match["order"]


def _word(text: str, known: Mapping[str, str]) -> str:
    """Return what a key adds to the index's name.

    >>> _word("created_at desc", {"created_at": "created_at"}), _word("lower(title)", {})
    ('created_at', 'lower_title')
    """
    column, _ = _apart(text, known)
    return column if column in known else "_".join(_words(column)) or "expr"


def _words(expression: str) -> Iterator[str]:
    return (match[0] for match in WORD.finditer(expression))
