"""Indexes built, dropped or rebuilt CONCURRENTLY: they wait for others without being in anybody's way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

PATIENCE = "10min"
"""How long a build waits for older transactions to end. It blocks nobody meanwhile, and giving up costs the build."""

_BUILD = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:create\s+(?:unique\s+)?|drop\s+|reindex\s+(?:\(.*?\)\s*)?)(?:index|table)\s+concurrently\b",
    re.IGNORECASE | re.DOTALL,
)
_SWITCH = "select set_config('lock_timeout', %s, false) from pg_settings where name = 'lock_timeout' and setting = %s"


def is_build(statement: str) -> bool:
    """Tell whether a statement takes no lock that a reader or writer would wait for, while it waits itself.

    >>> [is_build(f"{verb} INDEX CONCURRENTLY i") for verb in ("CREATE UNIQUE", "drop", "reindex (verbose)")]
    [True, True, True]
    >>> is_build("create index i on concurrently (a)"), is_build("alter table p detach partition q concurrently")
    (False, False)
    """
    return _BUILD.match(statement) is not None


def give_builds_time(connection: Connection, lock_timeout_seconds: float) -> None:
    """Let builds on this connection wait for PATIENCE, where the revision itself has not set another lock_timeout."""
    from sqlalchemy import event

    usual = f"{lock_timeout_seconds * 1000:.0f}"
    patient = False

    def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal patient
        build = cursor.connection.autocommit and is_build(statement)
        if build is not patient:
            patient = build
            cursor.execute(_SWITCH, (PATIENCE, usual) if build else (usual, "600000"))

    event.listen(connection, "before_cursor_execute", before)
