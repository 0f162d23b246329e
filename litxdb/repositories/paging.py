"""Pages of a list by keyset: each begins where the one before ended, whatever was written in between."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Select, Uuid, bindparam, tuple_

from litxdb.errors import ArgumentInvalid

R = TypeVar("R")

MOST = 1000
"""Rows of a page, at most."""
LIMIT, AFTER = "litxdb_limit", "litxdb_after_"
"""Names of parameters."""


@dataclass(frozen=True)
class Page(Generic[R]):
    """Some rows of a list; `next` is the cursor of the page after it, None on the last one."""

    items: tuple[R, ...]
    next: str | None


def in_order(statement: Select[Any], columns: Sequence[Column[Any]], descending: bool, after: bool) -> Select[Any]:
    """Order by columns that are unique together and never change, and cut; `positioned` gives the parameters."""
    if after:
        here = tuple_(*columns)
        there = tuple_(*(bindparam(f"{AFTER}{column.name}", type_=column.type) for column in columns))
        statement = statement.where(here < there if descending else here > there)
    keys = [column.desc() if descending else column.asc() for column in columns]
    return statement.order_by(*keys).limit(bindparam(LIMIT, type_=Integer))


def positioned(limit: int, cursor: str | None, scope: str, columns: Sequence[Column[Any]]) -> dict[str, Any]:
    """Return where a page begins and how many rows are read: one more than it has. Raises ArgumentInvalid."""
    checked_limit(limit)
    if cursor is None:
        return {LIMIT: limit + 1}
    position = decode(cursor, scope, columns)
    names = (f"{AFTER}{column.name}" for column in columns)
    return {LIMIT: limit + 1, **dict(zip(names, position, strict=True))}


def checked_limit(limit: int, most: int = MOST) -> int:
    """Return the number of rows that is asked for. Raises ArgumentInvalid for what is none, or too many."""
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= most:
        raise ArgumentInvalid(f"Nobody gets {limit!r} rows.", f"Ask for 1 to {most} rows.")
    return limit


def scope_of(name: str, filters: Mapping[str, Any]) -> str:
    """Name a list and what it is narrowed to: a cursor of one list is none of another."""
    return f"{zlib.crc32(repr((name, sorted(filters.items()))).encode(errors='surrogatepass')):08x}"


def encode(scope: str, position: Sequence[Any]) -> str:
    """Write a position as a cursor: text that fits into a URL, whose contents are nobody's business.

    >>> decode(encode("a", [7]), "a", [Column("id", Integer)])
    [7]
    """
    values = [value.isoformat() if isinstance(value, date) else value for value in position]
    text = json.dumps([scope, *values], default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, scope: str, columns: Sequence[Column[Any]]) -> list[Any]:
    """Read a cursor of this list. Raises ArgumentInvalid for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if found[0] != scope or len(found) != 1 + len(columns):
            raise ValueError
        return [_value(column, value) for column, value in zip(columns, found[1:], strict=True)]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, binascii.Error):
        raise ArgumentInvalid(
            "The cursor is none of this list.", "Give back `next` of a page of the same list unchanged, or none."
        ) from None


def _value(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, Integer):
        most = 2**63 if isinstance(column.type, BigInteger) else 2**31
        if not isinstance(value, int) or isinstance(value, bool) or not -most <= value < most:
            raise ValueError
        return value
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    if isinstance(column.type, DateTime):
        moment = datetime.fromisoformat(value)
        if (moment.tzinfo is None) == column.type.timezone:
            raise ValueError
        return moment
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, Uuid):
        return uuid.UUID(value)
    value.encode()
    return value
