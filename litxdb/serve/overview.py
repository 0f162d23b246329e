"""All that the dashboard and the metrics show of a database: the verdict of doctor, and each part as far as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from litxdb.database import Database
from litxdb.doctor import Examination, examine, read_ignores
from litxdb.doctor.check import Context
from litxdb.doctor.deadline import Deadline
from litxdb.doctor.ignore_file import FILE
from litxdb.doctor.results import Skip
from litxdb.doctor.stored import Stored, stored
from litxdb.errors import LitxdbError

if TYPE_CHECKING:
    from litxdb.activity import Link
    from litxdb.backup import Objective
    from litxdb.migrate import Entry, Status
    from litxdb.reports import Report

Answer = TypeVar("Answer")

DEADLINE_SECONDS = 10.0
STATEMENTS = 20
"""Slow ones that are shown; those that take most of the time first."""


@dataclass(frozen=True)
class Backups:
    """What the store holds of this database; no objective where nothing was ever backed up."""

    stored: Stored
    objective: Objective | None


@dataclass(frozen=True)
class Overview:
    """What was seen. A part that could not be is None, and `troubles` says why, by the part's name."""

    at: datetime
    examined: Examination
    sizes: Report | None = None
    growth: Report | None = None
    slow: Report | None = None
    connections: Report | None = None
    replication: Report | None = None
    waiting: tuple[Link, ...] | None = None
    backups: Backups | None = None
    migrations: Status | None = None
    history: tuple[Entry, ...] | None = None
    troubles: dict[str, str] = field(default_factory=dict)


def look(db: Database) -> Overview:
    """Look at a database; reads only, adds to its snapshots, and waits for no lock."""
    from litxdb import reports

    ignores = read_ignores(Path(FILE)) if Path(FILE).exists() else ()
    examined = examine(db, deadline_seconds=DEADLINE_SECONDS, ignores=ignores, snapshot=True, trends=True)
    parts: dict[str, Callable[[], Any]] = {"backups": lambda: _backups(db)}
    if examined.connected:
        parts |= {
            "sizes": lambda: reports.table_sizes(db),
            "growth": lambda: reports.run(db, "growth"),
            "slow": lambda: reports.slow_queries(db, most=STATEMENTS),
            "connections": lambda: reports.run(db, "connections"),
            "replication": lambda: reports.run(db, "replication"),
            "waiting": lambda: _waiting(db),
            "migrations": lambda: _migrations(db),
            "history": lambda: _history(db),
        }
    seen: dict[str, Any] = {}
    troubles: dict[str, str] = {}
    for name, read in parts.items():
        try:
            seen[name] = read()
        except LitxdbError as error:
            troubles[name] = " ".join(filter(None, (error.message, error.hint)))
        except Skip as skip:
            troubles[name] = skip.detail
        except Exception as error:  # one part's bug must not cost the others
            troubles[name] = f"{type(error).__name__}: {error}".partition("\n")[0]
    return Overview(datetime.now(UTC), examined, **seen, troubles=troubles)


def _waiting(db: Database) -> tuple[Link, ...]:
    from litxdb.activity import lock_tree, read_prepared, read_sessions
    from litxdb.reading import reading

    with reading(db) as reader:
        return tuple(lock_tree(read_sessions(reader.connection), read_prepared(reader.connection)))


def _migrations(db: Database) -> Status:
    from litxdb import migrate

    return migrate.status(db)


def _history(db: Database) -> tuple[Entry, ...]:
    from litxdb import migrate

    return tuple(migrate.history(db))


def _backups(db: Database) -> Backups | None:
    """Return what the store of the settings holds of this database; None where none is configured."""
    from litxdb import backup

    if db.settings.backup_store is None:
        return None
    found = stored(Context(db, deadline=Deadline(DEADLINE_SECONDS)))
    aims = backup.objectives(backup.Inventory("", found.backups, (), ()))
    return Backups(found, aims[0] if aims else None)
