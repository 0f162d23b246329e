"""An end to waiting for a server that says nothing: its socket is shut down, and the driver wakes up with an error.

A pooler that is stopped, or a server whose machine is, still takes every byte and acknowledges it: no time-out of TCP
ever ends that, the server's own do not come through, and libpq waits for an answer for ever.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Pool

GRACE_SECONDS = 5.0
"""For the way there and back, beyond the time that the server itself gives a statement."""


@dataclass(eq=False)
class Wait:
    """One call that waits on a socket, until when (time.monotonic), and whether it was ended."""

    fileno: int
    deadline: float
    over: bool = False


class Watchdog:
    """Ends waits whose time is over, in one thread that sleeps between deadlines; safe between threads and forks."""

    _changed: threading.Condition
    _waits: set[Wait]
    _thread: threading.Thread | None
    _next: float | None

    def __init__(self) -> None:
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def begin(self, fileno: int, seconds: float) -> Wait:
        """Watch over a call that begins now; `end` has to follow before the socket is closed."""
        wait = Wait(fileno, time.monotonic() + seconds)
        with self._changed:
            self._waits.add(wait)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="litxdb silence", daemon=True)
                self._thread.start()
            elif self._next is None or wait.deadline < self._next:
                self._changed.notify()
        return wait

    def end(self, wait: Wait) -> None:
        """Leave the socket alone from now on."""
        with self._changed:
            self._waits.discard(wait)

    def _begin_anew(self) -> None:
        self._changed, self._waits = threading.Condition(threading.Lock()), set()
        self._thread = self._next = None

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for wait in [wait for wait in self._waits if wait.deadline <= now]:
                    self._waits.discard(wait)
                    wait.over = True
                    shut(wait.fileno)
                self._next = min((wait.deadline for wait in self._waits), default=None)
                self._changed.wait(None if self._next is None else self._next - now)


watchdog = Watchdog()


def shut(fileno: int) -> None:
    """Shut a socket down in both directions: whoever reads from it gets its end, and is done."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(fileno)) as line:
        line.shutdown(socket.SHUT_RDWR)


def said(seconds: float) -> str:
    """Say that a wait was ended, as the driver says what ended a connection.

    >>> said(35.0)
    'no answer for 35 s'
    """
    return f"no answer for {seconds:g} s"


def bound_idle(pool: Pool) -> None:
    """Bound what a pool itself says on its connections, as to see whether they live; who has one sets his own bound."""
    from sqlalchemy import event

    def lent(connection: Any, record: Any, proxy: Any) -> None:
        bound(record.driver_connection, None)

    def returned(connection: Any, record: Any) -> None:
        if connection is not None:  # it was lost
            bound(record.driver_connection, 0)

    event.listen(pool, "checkout", lent)
    event.listen(pool, "checkin", returned)


def bound(connection: Any, seconds: float | None) -> None:
    """Have a connection wait for an answer so long, and GRACE_SECONDS, at most; with None as long as it takes."""
    connection.answer_seconds = None if seconds is None else seconds + GRACE_SECONDS
