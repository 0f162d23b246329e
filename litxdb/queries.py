"""Finds the SQL files, reads their headers and picks the variant for the server; each runs unchanged in psql.

A file is one question. Its header is its documentation and its contract:

    -- Indexes that PostgreSQL does not use            the title
    --
    -- Prose: what a reader must know before acting
    --
    -- min-version: 15
    -- param: limit = 20
    -- column: index  text  Name with its schema

`slow_queries.pg17.sql` is the variant of `slow_queries.sql` for servers from version 17 on, with the same columns. What
reads an extension's views varies by the extension's version: `-- needs: extension pg_stat_statements 1.11`. Such a file
names the views without their schema: in psql, as in `litxdb.reading`, the search_path finds them. `-- needs:
pg_read_all_stats` names a role without which a part is missing, `-- window: database` says that the answer counts since
the statistics began.
"""

from __future__ import annotations

import functools
import re
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litxdb.errors import ToolMissing

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

KEYS = frozenset({"min-version", "needs", "param", "column", "level", "remedy", "window"})
"""The keys of any header; those of a check beside them are Declaration's fields and its area."""
CHECK_KEYS = frozenset({"area", "threshold", "fix", "lock", "tier", "triage"})
OLDEST_VERSION = 15
_KEY = re.compile(r"^(?P<key>[a-z-]+): +(?P<value>.+)$")
TAG = "/* litxdb */"
"""Stands in every statement, so that pg_stat_statements can tell ours from the application's."""

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
    def extensions(self) -> dict[str, tuple[int, ...]]:
        """The extensions that this file needs, each with its oldest version."""
        needs = (need.split() for need in self.keys.get("needs", ()))
        return {need[1]: numbered(need[2]) for need in needs if need[0] == "extension" and len(need) == 3}

    @property
    def roles(self) -> tuple[str, ...]:
        """The predefined roles without which a part of the answer is missing."""
        return tuple(need for need in self.keys.get("needs", ()) if need.startswith("pg_"))

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
        names, rows = self._ask(connection, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def read(self, connection: Connection, **parameters: object) -> list[Any]:
        """Run the query and return its rows as named tuples."""
        names, rows = self._ask(connection, parameters)
        row: Any = namedtuple("row", names)  # type: ignore[misc]  # as many fields as the file has columns
        return [row._make(values) for values in rows]

    def _ask(self, connection: Connection, parameters: dict[str, object]) -> tuple[list[str], list[Any]]:
        statement = _PARAMETER.sub(r"%(\g<name>)s", self.statement.replace("%", "%%"))
        with connection.cursor() as cursor:
            cursor.execute(tagged(statement), {**self.parameters, **parameters})
            return [column.name for column in cursor.description or ()], cursor.fetchall()


def names(folder: str) -> list[str]:
    """List a folder's queries, each once, without its variants."""
    return sorted({query.name for query in _every(folder)})


def find(folder: str, name: str) -> Query:
    """Return a query's variant for the oldest servers, for its header."""
    return min((query for query in _every(folder) if query.name == name), key=_newness)


def load(folder: str, name: str, server_version: int, extensions: Mapping[str, str] | None = None) -> Query:
    """Return the newest variant that runs on a server of this version (as libpq numbers it: 180006 is 18.6).

    `extensions` are those of the database, with their versions. Raises ToolMissing when the server or an extension is
    older than all variants need, or the extension is not there.
    """
    variants = [query for query in _every(folder) if query.name == name]
    fitting = [query for query in variants if query.min_version <= server_version // 10000]
    if not fitting:
        oldest = min((query.min_version for query in variants), default=OLDEST_VERSION)
        raise ToolMissing(f"{name} needs PostgreSQL {oldest} or newer.", "Upgrade the server.")
    there = {extension: numbered(version) for extension, version in (extensions or {}).items()}
    satisfied = [q for q in fitting if all(there.get(each, ()) >= least for each, least in q.extensions.items())]
    if not satisfied:
        raise _extension_missing(min(fitting, key=_newness), there)
    return max(satisfied, key=_newness)


def tagged(statement: str) -> str:
    """Mark a statement as ours, behind its first word: from 18 on the server drops comments before that.

    >>> tagged("select 1")
    'select /* litxdb */ 1'
    """
    first, blank, rest = re.split(r"(\s)", statement.lstrip(), maxsplit=1)
    return f"{first} {TAG}{blank}{rest}"


def numbered(version: str) -> tuple[int, ...]:
    """Turn an extension's version into numbers that compare.

    >>> numbered("1.9") < numbered("1.10"), numbered("0.8.6-beta2")
    (True, (0, 8, 6, 2))
    """
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _newness(query: Query) -> tuple[int, list[tuple[int, ...]]]:
    return query.min_version, list(query.extensions.values())


def _extension_missing(query: Query, there: Mapping[str, tuple[int, ...]]) -> ToolMissing:
    name, least = next((name, least) for name, least in query.extensions.items() if there.get(name, ()) < least)
    if name in there:
        version = ".".join(map(str, least))
        return ToolMissing(f"{query.name} needs {name} {version} or newer.", f"Run: alter extension {name} update")
    return ToolMissing(
        f"The extension {name} is not installed in this database.",
        f"Run: create extension {name}; the server must have it in shared_preload_libraries."
        if name == "pg_stat_statements"
        else f"Run: create extension {name}",
    )


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
        if match and match["key"] in KEYS | CHECK_KEYS:
            keys[match["key"]] = (*keys.get(match["key"], ()), match["value"])
        else:
            prose.append(line)
    statement = "\n".join(lines[len(header) :]).strip().removesuffix(";")
    return Query(folder, name, header[0] if header else "", "\n".join(prose).strip(), keys, statement)


def _header_length(lines: list[str]) -> int:
    return next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))


@functools.cache
def _every(folder: str) -> tuple[Query, ...]:
    directory = files("litxdb").joinpath("sql", folder)
    paths = [path for path in directory.iterdir() if path.name.endswith(".sql")] if directory.is_dir() else []
    return tuple(parse(folder, path.name.partition(".")[0], path.read_text(encoding="utf-8")) for path in paths)
