"""The bulk reads of an examination: each once, on at most three connections, under one deadline.

No read can wait for long: a lock is waited for 200 ms, a statement runs 3 s at most and never past the deadline. What
fails becomes a Skip, and the other reads go on. Where the network has died no time-out of the server's is heard: then
the socket is shut down from here, and the thread that waits on it comes back.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.database.connecting import failed
from litxdb.doctor.check import Server
from litxdb.doctor.needs import quoted
from litxdb.doctor.results import Reason, Skip
from litxdb.doctor.tagging import tag
from litxdb.errors import LitxdbError, ToolMissing
from litxdb.interruption import interruptible, unwatch
from litxdb.reading import borrowed

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from litxdb.activity import Session
    from litxdb.database import Database

LOCK_MILLISECONDS = 200
STATEMENT_MILLISECONDS = 3000
"""Or half of the deadline, where somebody has given much time."""

OUR_NAME = "litxdb doctor"
"""By this application_name the reads leave out what doctor itself does, whoever calls it."""

CONNECTIONS = 3
"""A full server must not be filled further."""

FEW = 6
"""So many reads are done sooner on one connection than others are opened."""

GRACE_SECONDS = 0.5
"""For the server to cancel what ran into its time-out, and to say so."""

JSON = ("extensions", "available")
FOLDERS = ("doctor", "relations", "statements", "reports")
"""Where the bulk reads are: doctor's own, and those that the reports read too."""

_OPENING = {
    "pg_read_all_data": re.compile("permission denied for (table|view|sequence|schema)"),
    "pg_stat_scan_tables": re.compile("permission denied for function pgstat"),
}
"""Predefined roles, and what they open: https://www.postgresql.org/docs/current/predefined-roles.html"""

Read = Callable[["Connection"], Any]


@dataclass(frozen=True)
class Task:
    """A read under its name; one of a user's tables goes `apart`: its locks would stay until the transaction ends."""

    name: str
    read: Read
    apart: bool = False


class Deadline:
    """The moment by which an examination has its verdict."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds until the end, never negative."""
        return max(0.0, self.seconds - self.elapsed)


class Reader:
    """One connection in read-only transactions with time-outs; SET LOCAL, because a pooler forgets anything else."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self.connection = connection
        self._deadline = deadline
        self._milliseconds = 0
        # Ctrl-C shuts the socket instead: a cancel request would hang where the network has died, and everything with
        # it, as psycopg2 keeps Python's lock meanwhile.
        unwatch(connection)
        connection.set_session(readonly=True)
        tag(connection)

    @classmethod
    def open(cls, db: Database, deadline: Deadline) -> Reader:
        """Connect within the deadline, under a name that other examinations leave out. Raises ConnectionFailed."""
        try:
            return cls(interruptible(lambda: db.connect(retry=False, command="doctor"), deadline.left), deadline)
        except TimeoutError:
            raise failed(db.endpoint, "timeout expired") from None

    def __call__(self, read: Read, *, apart: bool = False) -> Any:
        """Return what the read returns, or the Skip that its failure means; `apart` ends the transaction after it."""
        import psycopg2

        if self._deadline.left <= 0:
            return out_of_time(self._deadline)
        try:
            self._limit()
            return read(self.connection)
        except Skip as skip:
            return skip
        except (psycopg2.Error, LitxdbError) as error:
            apart = True
            return circumstance(error, self._deadline)
        finally:
            if apart:
                self._end()

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return bool(self.connection.closed)

    def abandon(self) -> None:
        """Shut the socket, without waiting for whoever reads from it: he gets an error and closes the connection."""
        import psycopg2

        with (
            contextlib.suppress(OSError, psycopg2.Error),
            socket.socket(fileno=os.dup(self.connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, outside any transaction: a pooler would throw its server connection away."""
        self._end()
        self.connection.close()

    def _limit(self) -> None:
        longest = max(STATEMENT_MILLISECONDS, self._deadline.seconds * 500)
        milliseconds = max(1, round(min(longest, self._deadline.left * 1000)))
        if milliseconds != self._milliseconds:
            settings = {
                "application_name": OUR_NAME,
                "statement_timeout": milliseconds,
                "lock_timeout": LOCK_MILLISECONDS,
                "idle_in_transaction_session_timeout": 10_000,
                "jit": "off",
            }
            with self.connection.cursor() as cursor:
                cursor.execute(";".join(f"set local {name} = '{value}'" for name, value in settings.items()))
            self._milliseconds = milliseconds

    def _end(self) -> None:
        import psycopg2

        self._milliseconds = 0
        with contextlib.suppress(psycopg2.Error):  # the connection is gone: the next read says so
            self.connection.commit()  # what only read is no rollback, which frequent_rollbacks counts


def read_server(reader: Reader, deadline: Deadline) -> Server | Skip:
    """Read what every check may want to know of the server; a Skip by the deadline, even when nothing answers.

    When it cannot be read, the connection is of no further use, and is closed.
    """

    def read(connection: Connection) -> Server:
        row = queries.load("doctor", "server", connection.info.server_version).run(connection)[0]
        return Server(
            **{
                name: json.loads(value) if isinstance(value, str) and name in JSON else value
                for name, value in row.items()
            }
        )

    answer: Server | Skip = out_of_time(deadline)
    try:
        with contextlib.suppress(TimeoutError):
            answer = interruptible(lambda: reader(read), deadline.left + GRACE_SECONDS)
    finally:
        if not isinstance(answer, Server):
            reader.abandon()
    return answer


def read_rows(name: str, version: int) -> Read:
    """Return a read by its name: a function of COMPOSED, or the SQL file of the first of FOLDERS that has it.

    With a folder before the name it is that folder's.
    """
    if name in COMPOSED:
        return COMPOSED[name]

    def read(connection: Connection) -> list[Any]:
        folder, _, stem = name.rpartition("/")
        folder = folder or next((each for each in FOLDERS if stem in queries.names(each)), "")
        if not folder:
            raise LookupError(f"there is no SQL file {stem}")
        if queries.find(folder, stem).extensions:
            return _of_extension(connection, folder, stem)
        return queries.load(folder, stem, version).read(connection)

    return read


def _of_extension(connection: Connection, folder: str, name: str, **parameters: object) -> list[Any]:
    """Read what an extension has, by its version and schema."""
    import psycopg2

    try:
        with borrowed(connection) as reader:
            return reader.query(folder, name).read(connection, **parameters)
    except (psycopg2.errors.UndefinedFunction, psycopg2.errors.UndefinedTable) as error:  # in a schema kept from us
        raise _hidden(connection, queries.find(folder, name)) or error from None
    except ToolMissing as missing:
        raise Skip(Reason.NO_EXTENSION, missing.message, (missing.hint or "").removeprefix("Run: ")) from None


def _statements(connection: Connection) -> list[Any]:
    return _of_extension(connection, "statements", "top", least_mean_ms=LEAST_MEAN_MS, most=MOST_STATEMENTS)


LEAST_MEAN_MS, MOST_STATEMENTS = 20, 200
"""Of all statements these are read: quick ones are nobody's trouble."""


def _hidden(connection: Connection, query: queries.Query) -> Skip | None:
    """Return the Skip of an extension whose schema the role may not use; its names do not exist for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.extname, quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace"
            " where e.extname = any(%s) and not has_schema_privilege(n.oid, 'usage')",
            [list(query.extensions)],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    grant = f"grant usage on schema {found[1]} to {quoted(connection.info.user)}"
    return Skip(
        Reason.NO_PRIVILEGE, f"The schema {found[1]} of the extension {found[0]} is kept from this role.", grant
    )


def _others(connection: Connection) -> list[Session]:
    from litxdb.activity import read_sessions

    return [session for session in read_sessions(connection) if session.application != OUR_NAME]


def _composed(module: str, function: str) -> Read:
    """Return a read that is somebody else's function, imported when it is called: --triage needs few of them."""

    def read(connection: Connection) -> Any:
        return getattr(importlib.import_module(module), function)(connection)

    return read


COMPOSED: Mapping[str, Read] = {
    "sessions": _others,
    "prepared": _composed("litxdb.activity", "read_prepared"),
    "statements": _statements,
    "indexes": _composed("litxdb.doctor.spare_indexes", "read"),
    "foreign_keys": _composed("litxdb.catalog", "read_foreign_keys"),
    "sequences": _composed("litxdb.catalog", "read_sequences"),
}
"""Reads that are more than one query; their answers are what litxdb.activity and litxdb.catalog make of them."""


def read_all(db: Database, first: Reader, tasks: Sequence[Task], deadline: Deadline) -> dict[str, Any]:
    """Run the reads, in this order, on `first` and on further connections, all of which are closed afterwards.

    Every read has an answer by the deadline, even when the network has died: what hangs is left behind.
    """
    work = _Work(db, first, tasks, deadline)
    try:
        return work.answers()
    finally:
        work.end()


class _Work:
    """The reads of one examination: threads, each with a connection, take the next one until there is none."""

    def __init__(self, db: Database, first: Reader, tasks: Sequence[Task], deadline: Deadline) -> None:
        self._db, self._tasks, self._deadline = db, tasks, deadline
        self._waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
        self._complete = False
        for task in tasks:
            self._waiting.put(task)
        self._readers: list[tuple[Reader, threading.Thread]] = []
        self._threads = [threading.Thread(target=self._run, args=(lambda: first,), daemon=True)]
        if len(tasks) > FEW:
            another = (lambda: Reader.open(db, deadline),)
            self._threads += [
                threading.Thread(target=self._run, args=another, daemon=True) for _ in range(CONNECTIONS - 1)
            ]

    def answers(self) -> dict[str, Any]:
        """Return the answer of each read by its name."""
        for thread in self._threads:
            thread.start()
        got: dict[str, Any] = {}
        running = len(self._threads)
        with contextlib.suppress(queue.Empty):
            while running and len(got) < len(self._tasks):
                done = self._done.get(timeout=self._deadline.left + GRACE_SECONDS)
                if done is None:
                    running -= 1
                else:
                    got[done[0]] = done[1]
        self._complete = len(got) == len(self._tasks)
        rest = _lost("it ended before this was read") if self._deadline.left > 0 else out_of_time(self._deadline)
        return {task.name: got.get(task.name, rest) for task in self._tasks}

    def end(self) -> None:
        """Have the connections closed: in order when all is read, at once when something hangs."""
        for reader, thread in self._readers:
            if not self._complete:
                reader.abandon()
            thread.join(GRACE_SECONDS)

    def _run(self, connect: Callable[[], Reader]) -> None:
        try:
            with contextlib.suppress(LitxdbError, queue.Empty):  # no further connection is to be had: others do it all
                reader = connect()
                self._readers.append((reader, threading.current_thread()))
                with contextlib.closing(reader):
                    while not reader.lost:
                        self._do(reader, self._waiting.get_nowait())
        finally:
            self._done.put(None)

    def _do(self, reader: Reader, task: Task) -> None:
        try:
            answer = reader(task.read, apart=task.apart)
        except Exception as error:  # a bug in one read is not the end of the others
            answer = error
        self._done.put((task.name, answer))


def out_of_time(deadline: Deadline) -> Skip:
    """Return the Skip of whatever the deadline leaves no time for."""
    longer = f"litxdb doctor --deadline {max(10, round(deadline.seconds * 4))}"
    return Skip(Reason.OUT_OF_TIME, f"{deadline.seconds:g} s were not enough.", longer)


def _lost(cause: str) -> Skip:
    return Skip(Reason.NO_CONNECTION, f"The connection was lost: {cause}.", "litxdb ping")


def circumstance(error: Exception, deadline: Deadline) -> Exception:
    """Translate what the server said; an error that is no circumstance but a mistake stays itself."""
    said: Any = error.__cause__ if isinstance(error, LitxdbError) and error.__cause__ else error
    code: str | None = getattr(said, "pgcode", "")
    text = str(said).strip().partition("\n")[0]
    match code:
        case "42501":
            opened = next((role for role, denied in _OPENING.items() if denied.match(text)), None)
            role = said.cursor.connection.info.user if said.cursor else None  # nobody's on a connection that is closed
            grant = f"grant {opened} to {quoted(role)}" if opened and role else ""
            return Skip(Reason.NO_PRIVILEGE, f"{text[:1].upper()}{text[1:]}.", grant)
        case "55000" if "shared_preload_libraries" in text:
            return Skip(Reason.NO_EXTENSION, f"{text[:1].upper()}{text[1:]}.", "litxdb doctor --only extensions")
        case "55P03":
            return Skip(Reason.LOCKED, f"A table stayed locked for {LOCK_MILLISECONDS} ms.", "litxdb locks")
        case "57014":
            return out_of_time(deadline)
        case None | "57P01" | "57P02" | "57P03" | "25P03":
            return _lost(text)
    return error


def failures(names: Sequence[str], answers: Mapping[str, Any]) -> Exception | None:
    """Return the first of these reads' failures."""
    return next((answer for name in names if isinstance(answer := answers.get(name), Exception)), None)
