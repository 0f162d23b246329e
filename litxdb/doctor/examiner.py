"""A connection that examines: read-only, under the deadline, and in nobody's way.

A lock is waited for 200 ms, a statement runs 3 s at most and never past the deadline. Where the network has died no
time-out of the server's is heard: then the socket is shut down from here, and the thread that waits on it comes back.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from litxdb.database.connecting import failed
from litxdb.doctor.circumstances import LOCK_MILLISECONDS, circumstance
from litxdb.doctor.deadline import Deadline, out_of_time
from litxdb.doctor.results import Skip
from litxdb.doctor.tagging import tag
from litxdb.errors import LitxdbError
from litxdb.interruption import interruptible, unwatch

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from litxdb.database import Database

STATEMENT_MILLISECONDS = 3000
"""Or half of the deadline, where somebody has given much time."""

OUR_NAME = "litxdb doctor"
"""By this application_name the reads leave out what doctor itself does, whoever calls it."""

Read = Callable[["Connection"], Any]


class Examiner:
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
    def open(cls, db: Database, deadline: Deadline) -> Examiner:
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
