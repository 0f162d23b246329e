"""Sessions that hold locks and sessions that wait for them, each statement where a test wants it."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType
from typing import Any, Self

import psycopg2

WAIT_SECONDS = 20


class Queue:
    """Sessions of one database: `hold` runs a statement to its end, `wait` one that waits for a lock."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._watch = psycopg2.connect(url)
        self._watch.autocommit = True
        self._sessions: list[Any] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all sessions, and roll back what was prepared."""
        with self._watch.cursor() as cursor:
            for session in self._sessions:
                cursor.execute("select pg_terminate_backend(%s)", [session.info.backend_pid])
            cursor.execute("select gid from pg_prepared_xacts where database = current_database()")
            for (gid,) in cursor.fetchall():
                cursor.execute("rollback prepared %s", [gid])
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        for session in (*self._sessions, self._watch):
            session.close()

    def hold(self, statement: str, *, autocommit: bool = False, application: str = "holder") -> int:
        """Run a statement in a session of its own, in a transaction that stays open; return the session's pid."""
        session = self._open(application)
        session.autocommit = autocommit
        session.cursor().execute(statement)
        return int(session.info.backend_pid)

    def wait(self, statement: str, *, application: str = "victim") -> int:
        """Start a statement in a session of its own, and return its pid once it waits."""
        session = self._open(application)
        pid = int(session.info.backend_pid)
        self._follow(session, statement)
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if self.ask("select 1 from pg_locks where pid = %s and not granted", pid):
                return pid
            time.sleep(0.01)
        raise AssertionError(f"nobody waits: {statement}")

    def deadlock(self, first: str, second: str) -> tuple[int, int]:
        """Let two sessions each hold one advisory lock and wait for the other's; the server looks only after a day."""
        sessions = [self._open("deadlocked") for _ in range(2)]
        locks = (first, second)
        for session, lock in zip(sessions, locks, strict=True):
            session.cursor().execute(f"set deadlock_timeout = '1d'; select pg_advisory_xact_lock({lock})")
        for session, lock in zip(sessions, reversed(locks), strict=True):
            self._follow(session, f"select pg_advisory_xact_lock({lock})")
        pids = [int(session.info.backend_pid) for session in sessions]
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.ask("select 1 from pg_locks where pid = any(%s) and not granted", pids)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return pids[0], pids[1]

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement in a session that holds nothing."""
        with self._watch.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()

    def _open(self, application: str) -> Any:
        session = psycopg2.connect(self.url, application_name=application)
        self._sessions.append(session)
        return session

    def _follow(self, session: Any, statement: str) -> None:
        def run() -> None:
            with contextlib.suppress(psycopg2.Error):  # it is terminated in the end
                session.cursor().execute(statement)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)
