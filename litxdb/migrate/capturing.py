"""Running revisions on a scratch database to learn what they send: the base of the plan, lint and rehearse.

Rendering SQL offline stops at the first revision that asks the database something, as most projects have one.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from litxdb.database import Database
from litxdb.local import scratch, scratch_database
from litxdb.migrate.captured import CapturedRevision, Statement
from litxdb.migrate.graph import Revision
from litxdb.migrate.project import Project
from litxdb.migrate.refusals import explain, starts_elsewhere
from litxdb.migrate.results import RevisionStep
from litxdb.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from litxdb.migrate.measure import Meter

REPLAY_HINT = "What needs a replay (drift, the plan, the script) is not to be had; migrate, rollback and status work."
UNTOUCHED = "That was a scratch database: no other was changed."
VOLATILE = "select distinct proname from pg_proc where provolatile = 'v' and proname = any(%s)"
_QUESTION = re.compile(r"\s*(select|show|values|table|with)\b", re.IGNORECASE)
_CHANGE = re.compile(r"\b(insert\s+into|update|delete\s+from|merge\s+into|into)\s", re.IGNORECASE)
_CALL = re.compile(r"\b(\w+)\s*\(")


@contextlib.contextmanager
def replayed(project: Project, settings: Settings, applied: Sequence[Revision]) -> Iterator[Database]:
    """Yield a scratch database where these revisions are applied, and nothing else; it is gone after the block.

    Its role is a superuser. Raises what `capture` raises when the history cannot be replayed from an empty database.
    """
    with (
        scratch(settings) as cluster,
        scratch_database(cluster) as name,
        Database(settings=Settings(url=cluster.url(name), home=settings.home), command="replay") as db,
    ):
        capture(project, db, applied, empty=True)
        yield db


def capture(
    project: Project,
    db: Database,
    revisions: Sequence[Revision],
    *,
    up: bool = True,
    measure: bool = False,
    empty: bool = False,
    watch: Callable[[RevisionStep], None] = lambda step: None,
    done: list[CapturedRevision] | None = None,
) -> tuple[CapturedRevision, ...]:
    """Really run these revisions on this database, up or down in the order given, and return what each of them sent.

    Meant for a scratch database (`replayed` makes one), which they must lead on from. Each is committed by itself, so
    that after a failure the ones before it stand. Alembic's own statements are kept apart; statements of sessions that
    a revision opens with the same engine are caught too. `measure` needs a superuser: it adds to each statement its
    `Effect`, sees scans and rewrites by an event trigger and debug messages, and takes about half as long again.

    `empty` says that the database is: what is missing there is then a matter of the history, and told so. A statement
    that does not get its lock in three seconds fails, as in `upgrade`. `watch` is told when a revision starts and when
    it is done, with the time of its statements. `done` receives what is returned, after a failure what came before it.

    Raises ServerRefused when the server refuses a statement, ServerRefused or (going down) Refused when a revision's
    Python raises, ToolMissing or ConfigurationInvalid when the project's env.py does.
    """
    import psycopg2
    from sqlalchemy.exc import DBAPIError

    from litxdb.migrate.measure import metering
    from litxdb.migrate.running import run

    recorder = _Recorder(up, watch)
    try:
        with contextlib.ExitStack() as stack:
            if measure:
                recorder.meter = stack.enter_context(metering(db, project))
            connection = stack.enter_context(db.direct_engine.connect())
            connection.exec_driver_sql("set lock_timeout = '3s'")
            connection.commit()
            stack.enter_context(_listening(db.direct_engine, recorder))
            stack.callback(_hand_over, db, recorder, done)
            run(connection, project, lambda: recorder.each(revisions), up=up, inside=recorder.inside)
    except (psycopg2.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg2.Error):
            raise
        at = recorder.current
        doing = f"Replaying revision {at.id}" if at else "Replaying"
        elsewhere = starts_elsewhere(cause, doing, project.name, REPLAY_HINT) if empty and project.foreign else None
        raise elsewhere or explain(cause, doing, UNTOUCHED) from error
    return tuple(recorder.done)


@dataclass
class _Recorder:
    """Collects statements; those sent within a revision's own function are told from Alembic's."""

    up: bool
    watch: Callable[[RevisionStep], None]
    current: Revision | None = None
    meter: Meter | None = None
    own: bool = False
    line: int | None = None
    statements: list[Statement] = field(default_factory=list)
    bookkeeping: list[str] = field(default_factory=list)
    done: list[CapturedRevision] = field(default_factory=list)

    def each(self, revisions: Sequence[Revision]) -> Iterator[Revision]:
        for revision in revisions:
            self.current, self.statements, self.bookkeeping = revision, [], []
            step = RevisionStep(revision.id, revision.message)
            self.watch(step)
            start = time.perf_counter()
            yield revision
            milliseconds = (time.perf_counter() - start) * 1000
            sent = tuple(self.statements), tuple(self.bookkeeping)
            self.done.append(CapturedRevision(revision.id, revision.message, self.up, *sent, milliseconds))
            self.watch(replace(step, milliseconds=sum(each.milliseconds for each in self.statements)))
        self.current = None

    @contextlib.contextmanager
    def inside(self, revision: Revision) -> Iterator[None]:
        self.own = True
        try:
            yield
        finally:
            self.own = False

    def before(self, cursor: Any, statement: str) -> float:
        if self.own:
            self.line = self._line()
            del cursor.connection.notices[:]
            if self.meter is not None:
                self.meter.before(cursor.connection, statement)
        return time.perf_counter()

    def after(self, cursor: Any, sent: Sequence[bytes], start: float) -> None:
        milliseconds = (time.perf_counter() - start) * 1000
        sql = b";\n".join(sent).decode(errors="replace").strip()
        if not self.own:
            if self.current is not None:
                self.bookkeeping.append(sql)
            return
        effect = self.meter.after(cursor.connection) if self.meter is not None else None
        notices = tuple(line.strip() for line in cursor.connection.notices if not line.startswith("DEBUG"))
        asked = cursor.description is not None
        outside, rows = cursor.connection.autocommit, cursor.rowcount
        self.statements.append(Statement(sql, milliseconds, outside, rows, notices, asked, effect, self.line))

    def _line(self) -> int | None:
        """Return the line of the revision's file that is being run; None when its code is somewhere else."""
        if self.current is None:
            return None
        path, frame = self.current.path.resolve(), sys._getframe()
        while frame.f_back is not None:
            name = frame.f_code.co_filename
            if name.endswith(path.name) and os.path.realpath(name) == os.fspath(path):
                return frame.f_lineno
            frame = frame.f_back
        return None


@contextlib.contextmanager
def _listening(engine: Engine, recorder: _Recorder) -> Iterator[None]:
    """Hear every statement of the engine; a stranger's env.py is given this engine's connection, whichever it makes."""
    from sqlalchemy import event

    started: list[float] = []

    def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        started.append(recorder.before(cursor, statement))

    def after(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        several = many and isinstance(parameters, list)  # else SQLAlchemy made one statement of many rows
        sent = [cursor.mogrify(statement, each) for each in parameters] if several else [cursor.query]
        recorder.after(cursor, sent, started.pop())

    listeners = {"before_cursor_execute": before, "after_cursor_execute": after}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


def _hand_over(db: Database, recorder: _Recorder, done: list[CapturedRevision] | None) -> None:
    _mark_questions(db, recorder)
    if done is not None:
        done += recorder.done


def _mark_questions(db: Database, recorder: _Recorder) -> None:
    """Decide which statements that returned rows had no other effect: `select setval(…)` is none of them."""
    asked = [each.sql for done in recorder.done for each in done.statements if each.reads]
    calls = sorted({name.lower() for sql in asked for name in _CALL.findall(sql)})
    with contextlib.closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(VOLATILE, (calls,))
        volatile = {name for (name,) in cursor.fetchall()}

    def only_asks(sql: str) -> bool:
        return (
            _QUESTION.match(sql) is not None
            and not _CHANGE.search(sql)
            and volatile.isdisjoint(name.lower() for name in _CALL.findall(sql))
        )

    for index, done in enumerate(recorder.done):
        statements = tuple(replace(each, reads=each.reads and only_asks(each.sql)) for each in done.statements)
        recorder.done[index] = replace(done, statements=statements)
