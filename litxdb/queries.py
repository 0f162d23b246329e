"""Finds the SQL files, reads their headers and picks the variant for the server; each runs unchanged in psql.

A file is one question. Its header is its documentation and its contract:

    -- Indexes that PostgreSQL does not use            the title
    --
    -- Prose: what a reader must know before acting
    --
    -- min-version: 15
    -- param: limit = 20
    -- column: index  text  Name with its schema

`slow_queries.pg17.sql` is the variant of `slow_queries.sql` for servers from version 17 on, with the same columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litxdb.errors import ToolMissing

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

KEYS = frozenset({"min-version", "needs", "param", "column", "level", "remedy"})
OLDEST_VERSION = 15
_KEY = re.compile(r"^(?P<key>[a-z-]+): +(?P<value>.+)$")
_PARAMETER = re.compile(r"(?<![:\w]):(?P<name>[a-z_]+)\b")


@dataclass(frozen=True)
class Column:
    """One column of a query's answer: its name, its type (text, bytes, integer…) and what it says."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Query:
    """One SQL file: what its header says, and its statement as psql would run it."""

    folder: str
    name: str
    title: str
    prose: str
    keys: dict[str, tuple[str, ...]]
    statement: str

    @property
    def min_version(self) -> int:
        """The oldest major version of PostgreSQL that this file runs on."""
        return int(self.key("min-version", str(OLDEST_VERSION)))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the answer, in order: the contract of the JSON output."""
        return tuple(Column(*value.split(None, 2)) for value in self.keys.get("column", ()))

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters and their defaults."""
        pairs = (value.partition("=") for value in self.keys.get("param", ()))
        return {name.strip(): default.strip() for name, _, default in pairs}

    def key(self, name: str, default: str = "") -> str:
        """Return the value of a key that stands once."""
        return self.keys.get(name, (default,))[0]

    def run(self, connection: Connection, **parameters: object) -> list[dict[str, Any]]:
        """Run the query and return its rows by column name; parameters that are left out take their defaults."""
        statement = _PARAMETER.sub(r"%(\g<name>)s", self.statement.replace("%", "%%"))
        with connection.cursor() as cursor:
            cursor.execute(statement, {**self.parameters, **parameters})
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def names(folder: str) -> list[str]:
    """List a folder's queries, each once, without its variants."""
    return sorted({query.name for query in _every(folder)})


def load(folder: str, name: str, server_version: int) -> Query:
    """Return the newest variant that runs on a server of this version (as libpq numbers it: 180006 is 18.6).

    Raises ToolMissing when the server is older than all of them.
    """
    variants = sorted((query for query in _every(folder) if query.name == name), key=lambda query: query.min_version)
    fitting = [query for query in variants if query.min_version <= server_version // 10000]
    if not fitting:
        oldest = variants[0].min_version if variants else OLDEST_VERSION
        raise ToolMissing(f"{name} needs PostgreSQL {oldest} or newer.", "Upgrade the server.")
    return fitting[-1]


def parse(folder: str, name: str, text: str) -> Query:
    """Read a file's header: the title, the prose, the keys.

    >>> query = parse("checks", "ones", "-- One\\n--\\n-- Always.\\n-- column: one  int  The number\\nselect 1 as one")
    >>> query.title, query.prose, query.columns[0].meaning, query.statement
    ('One', 'Always.', 'The number', 'select 1 as one')
    """
    lines = text.splitlines()
    header = [line[2:].strip() for line in lines[: _header_length(lines)]]
    keys: dict[str, tuple[str, ...]] = {}
    prose: list[str] = []
    for line in header[1:]:
        match = _KEY.match(line)
        if match and match["key"] in KEYS:
            keys[match["key"]] = (*keys.get(match["key"], ()), match["value"])
        else:
            prose.append(line)
    statement = "\n".join(lines[len(header) :]).strip().removesuffix(";")
    return Query(folder, name, header[0] if header else "", "\n".join(prose).strip(), keys, statement)


def _header_length(lines: list[str]) -> int:
    return next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))


def _every(folder: str) -> Iterator[Query]:
    for path in files("litxdb").joinpath("sql", folder).iterdir():
        if path.name.endswith(".sql"):
            yield parse(folder, path.name.partition(".")[0], path.read_text(encoding="utf-8"))
