"""What a statement is about, read from its text: enough to say which tables and no more.

The server has already run it, so that the text is known to be right; what it did is measured, not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from litxdb.migrate.captured import Statement
from litxdb.migrate.lint.relations import Relation

_SILENT = re.compile(
    r"--[^\n]*"
    r"|/\*.*?\*/"
    r"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
    r"|\b[eE]'(?:[^'\\]|\\.|'')*'"
    r"|'(?:[^']|'')*'",
    re.DOTALL,
)
_NAME = r"(?:\"[^\"]+\"|\w+)(?:\s*\.\s*(?:\"[^\"]+\"|\w+))?"
_GUARD = r"(?:if\s+(?:not\s+)?exists\s+)?"
_ABOUT = re.compile(
    rf"""^\s*(?:
        alter\s+(?:foreign\s+)?table\s+{_GUARD}(?:only\s+)?(?P<altered>{_NAME})
      | alter\s+(?:materialized\s+view|index)\s+{_GUARD}(?P<other>{_NAME})
      | create\s+(?:unique\s+)?index\b.*?\bon\s+(?:only\s+)?(?P<indexed>{_NAME})
      | create\s+(?:or\s+replace\s+)?(?:constraint\s+)?(?:trigger|rule|policy)\b.*?\bon\s+(?P<watched>{_NAME})
      | drop\s+(?:table|materialized\s+view|index(?:\s+concurrently)?)\s+{_GUARD}(?P<dropped>{_NAME}(?:\s*,\s*{_NAME})*)
      | truncate\s+(?:table\s+)?(?:only\s+)?(?P<truncated>{_NAME}(?:\s*,\s*{_NAME})*)
      | lock\s+(?:table\s+)?(?:only\s+)?(?P<locked>{_NAME}(?:\s*,\s*{_NAME})*)
      | refresh\s+materialized\s+view\s+(?:concurrently\s+)?(?P<refreshed>{_NAME})
      | vacuum\b(?:\s*\([^)]*\)|\s+(?:full|freeze|verbose|analyze)\b)*\s+(?P<vacuumed>{_NAME})
      | cluster\s+(?:\([^)]*\)\s*)?(?:verbose\s+)?(?P<clustered>{_NAME})
      | reindex\s+(?:\([^)]*\)\s*)?(?:table|index)\s+(?:concurrently\s+)?(?P<reindexed>{_NAME})
    )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_WRITTEN = re.compile(
    rf"\b(?:update\s+(?:only\s+)?(?P<updated>{_NAME})(?:\s*\*)?(?:\s+(?:as\s+)?\w+)?\s+set\b"
    rf"|delete\s+from\s+(?:only\s+)?(?P<deleted>{_NAME}))",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"^\s*create\s+(?:or\s+replace\s+)?(?:unlogged\s+|materialized\s+|recursive\s+)*"
    r"(?:table|view|type|domain|sequence|schema|function|procedure|extension)\s+"
    rf"(?:if\s+not\s+exists\s+)?(?P<name>{_NAME})",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"^\s*(?:drop|alter)\s+(?:view|type|domain|sequence|schema|function|procedure|extension)\s+"
    rf"(?:if\s+exists\s+)?(?P<name>{_NAME})",
    re.IGNORECASE,
)
_SETTING = re.compile(r"\s*(set|reset|show|select|begin|commit|rollback|savepoint|release|analyze|$)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """One SQL statement out of what was sent as one.

    `words` is the text with comments and literals blanked out; `tables` are those it is about that were there before.
    `made` is the name of what it creates, `gone` of what else it drops or alters, neither with a schema.
    """

    statement: Statement
    sql: str
    words: str
    tables: tuple[Relation, ...]
    written: tuple[Relation, ...]
    made: str | None
    gone: str | None

    @property
    def changes(self) -> bool:
        """Whether it changes anything but settings."""
        return not self.statement.reads and _SETTING.match(self.words) is None

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The existing tables that its statement rewrote."""
        return self.statement.effect.rewrites if self.statement.effect else ()

    def says(self, pattern: str) -> bool:
        """Whether its words, literals aside, match; upper and lower case are the same."""
        return re.search(pattern, self.words, re.IGNORECASE | re.DOTALL) is not None


def pieces(statement: Statement, existing: Mapping[str, Relation]) -> Iterator[Piece]:
    """Take a statement apart at its semicolons.

    >>> there = {"public.users": Relation("public.users", indexes=("ix_email",))}
    >>> sent = Statement("UPDATE users SET name = 'a;b' WHERE id = 1;\\ndrop index ix_email -- users", 1)
    >>> [(each.words.split()[0], [t.name for t in each.tables]) for each in pieces(sent, there)]
    [('UPDATE', ['public.users']), ('drop', ['public.users'])]
    """
    blanked = _SILENT.sub(lambda match: _blank(match[0]), statement.sql)
    start = 0
    for end in (*(match.start() for match in re.finditer(";", blanked)), len(blanked)):
        words = blanked[start:end]
        if words.strip():
            yield _piece(statement, statement.sql[start:end].strip(), words.strip(), existing)
        start = end + 1


def bare(name: str) -> str:
    """Return a name as the catalog has it, without its schema.

    >>> bare('public."Users"'), bare("Users")
    ('Users', 'users')
    """
    last = re.split(r"\.(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", name)[-1].strip()
    return last[1:-1] if last.startswith('"') else last.lower()


def _piece(statement: Statement, sql: str, words: str, existing: Mapping[str, Relation]) -> Piece:
    about = _ABOUT.match(words)
    listed = next((value for value in about.groupdict().values() if value), "") if about else ""
    written = [match["updated"] or match["deleted"] for match in _WRITTEN.finditer(words)]
    made, gone = _MADE.match(words), _GONE.match(words)
    changed = tuple(_known(written, existing))
    return Piece(
        statement=statement,
        sql=sql,
        words=words,
        tables=tuple(dict.fromkeys((*_known(re.findall(_NAME, listed), existing), *changed))),
        written=changed,
        made=bare(made["name"]) if made else None,
        gone=bare(gone["name"]) if gone else None,
    )


def _known(names: list[str], existing: Mapping[str, Relation]) -> Iterator[Relation]:
    """Find the tables meant, by their own names or by those of their indexes."""
    for name in names:
        schema = bare(name.rpartition(".")[0]) if "." in name else None
        for relation in existing.values():
            where, _, table = relation.name.partition(".")
            if bare(name) in (bare(table), *relation.indexes) and schema in (None, bare(where)):
                yield relation


def _blank(text: str) -> str:
    """Keep the length, so that places in the text stay what they are; a literal still stands for a word."""
    return " " * len(text) if text.startswith(("--", "/*")) else f"'{' ' * (len(text) - 2)}'"
