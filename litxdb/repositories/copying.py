"""Bulk insertion by COPY, with either driver.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS, text format.
"""

from __future__ import annotations

import enum
import io
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from litxdb.errors import ArgumentInvalid

BATCH = 1000
"""Rows that are held in memory at a time: with an embedding each they are 30 MB as text."""

ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})

Row = dict[str, Any]


def copy_in(
    session: Session,
    table: Table,
    rows: Iterable[Row],
    check: Callable[[list[Row]], None] = lambda batch: None,
    into: str | None = None,
) -> int:
    """Copy rows into the table (or into one like it, `into`), a batch at a time, and return how many.

    Columns that a row leaves out get their default, or null where the row before gave them. `check` sees each batch
    first. All within the session's transaction: with an error nothing is left of any batch.
    """
    total, waiting = 0, iter(rows)
    while batch := list(itertools.islice(waiting, BATCH)):
        check(batch)
        for names, group in itertools.groupby(batch, key=lambda row: tuple(sorted(row))):
            alike = list(group)
            defaults = _defaults(table, names)
            columns = [table.c[name] for name in (*names, *defaults)]
            lines = [_line(columns, {**row, **{name: make() for name, make in defaults.items()}}) for row in alike]
            quote = session.connection().dialect.identifier_preparer.quote
            target = f"{into or quote(table.name)} ({', '.join(quote(column.name) for column in columns)})"
            _send(session, f"copy {target} from stdin", "".join(lines).encode())
            total += len(alike)
    return total


def _defaults(table: Table, given: Iterable[str]) -> dict[str, Callable[[], Any]]:
    """Return what the application fills in by itself: COPY knows only the server's defaults."""
    made: dict[str, Callable[[], Any]] = {}
    for column in table.columns:
        if column.default is not None and column.name not in given:
            made[column.name] = _maker(column.default)
    return made


def _maker(default: Any) -> Callable[[], Any]:
    return lambda: default.arg(None) if default.is_callable else default.arg


def _line(columns: Iterable[Column[Any]], row: Mapping[str, Any]) -> str:
    return "\t".join(_text(column, row[column.name]) for column in columns) + "\n"


def _text(column: Column[Any], value: Any) -> str:
    r"""Write a value as COPY reads it.

    >>> from sqlalchemy import Text
    >>> _text(Column("a", Text), "one\ttwo\\N"), _text(Column("a", JSONB), {"a": None}), _text(Column("a", Text), None)
    ('one\\ttwo\\\\N', '{"a": null}', '\\N')
    """
    if value is None:
        return "\\N"
    if isinstance(column.type, JSONB):
        return json.dumps(value, ensure_ascii=False).translate(ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):  # a vector
        return f"[{','.join(map(repr, value))}]"
    text = str(value)
    if "\0" in text:
        raise ArgumentInvalid(f"{column.name} holds the character NUL, which PostgreSQL cannot store.")
    return text.translate(ESCAPES)


def _send(session: Session, statement: str, data: bytes) -> None:
    connection = session.connection()
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        _copy(driver, statement, data)
    except Exception as error:
        if driver.closed:  # SQLAlchemy has not seen it: it would roll back, which fails, and that would be told instead
            connection.invalidate(error)
        raise


def _copy(driver: Any, statement: str, data: bytes) -> None:
    if hasattr(driver, "get_backend_pid"):
        with driver.cursor() as cursor:
            cursor.copy_expert(statement, io.BytesIO(data))
        return
    from sqlalchemy.util import await_only

    async def copy() -> None:
        async with driver.cursor() as cursor, cursor.copy(statement) as writer:
            await writer.write(data)

    await_only(copy())
