"""The pending revisions as a SQL script for review, as they were sent in a real run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from litxdb.database import Database
from litxdb.migrate.ahead import Ahead, look_ahead
from litxdb.migrate.builds import PATIENCE, is_build
from litxdb.migrate.captured import CapturedRevision
from litxdb.migrate.capturing import capture
from litxdb.migrate.graph import HEAD
from litxdb.migrate.project import Project

COMPLETE = ";"
LOCK_TIMEOUT = "set lock_timeout = '3s';"


def script(db: Database, target: str = HEAD, *, steps: int | None = None, project: Project | None = None) -> str:
    """Return what an upgrade would send, captured on a scratch database that was brought to this one's revision first.

    Changes nothing here. psql takes it as it is. Where a revision asked the database something, a comment says so:
    with other answers it may send something else. Raises what `capture` raises.
    """
    ahead = look_ahead(db, target, steps=steps, project=project)
    if not ahead.steps:
        return f"-- Nothing to do: the database is at {', '.join(ahead.before) or 'base'}.\n"
    with ahead.replayed(db) as scratch:
        with closing(scratch.connect()) as connection:
            version = str(connection.info.server_version // 10000)
        captured = capture(ahead.project, scratch, ahead.steps)
    return "\n".join(_lines(ahead, captured, version)) + "\n"


def _lines(ahead: Ahead, captured: tuple[CapturedRevision, ...], version: str) -> Iterator[str]:
    way = f"from {', '.join(ahead.before) or 'base'} to {', '.join(ahead.after)}"
    yield f"-- {len(captured)} revision{'s' if len(captured) > 1 else ''} of {ahead.project.name}, {way}."
    yield f"-- Captured from a real run on a scratch database (PostgreSQL {version}, no rows) at the same revision."
    yield "-- For review: litxdb migrate runs the revisions themselves, one run at a time, and retries what can be."
    yield ""
    yield r"\set ON_ERROR_STOP on"
    yield LOCK_TIMEOUT
    if not ahead.before:
        yield ahead.project.version_creation + COMPLETE
    for done in captured:
        yield ""
        yield from _revision(done)


def _revision(done: CapturedRevision) -> Iterator[str]:
    yield f"-- {done.revision}: {done.message}"
    if done.asks:
        times = "once" if done.asks == 1 else f"{done.asks} times"
        yield f"-- It asked the database {times} (see below): with other answers it may send something else."
    within = False
    for statement in done.statements:
        if statement.reads:
            yield f"-- asked: {' '.join(statement.sql.split())}"
            continue
        if statement.autocommit is within:
            yield "commit;  -- what follows runs outside a transaction" if within else "begin;"
            within = not within
        if is_build(statement.sql):  # it is in nobody's way
            yield f"set lock_timeout = '{PATIENCE}';"
            yield _complete(statement.sql)
            yield LOCK_TIMEOUT
        else:
            yield _complete(statement.sql)
    if not within:
        yield "begin;"
    yield from map(_complete, done.bookkeeping)
    yield "commit;"


def _complete(sql: str) -> str:
    """End a statement, though its last line be a comment.

    >>> _complete("select 1"), _complete("select 1 -- one"), _complete("select 1;")
    ('select 1;', 'select 1 -- one\\n;', 'select 1;')
    """
    last = sql.rpartition("\n")[2]
    if sql.endswith(COMPLETE) and "--" not in last:
        return sql
    return f"{sql}\n{COMPLETE}" if "--" in last else sql + COMPLETE
