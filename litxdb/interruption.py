"""Ctrl-C and SIGTERM while PostgreSQL works: the statement is cancelled on the server, then the program unwinds.

psycopg2 waits in C, where Python's own signal handlers do not run. The wake-up descriptor is written even then, so a
thread that reads it can cancel what the open connections are doing; the handler itself runs when the call returns.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, TypeVar, cast

from litxdb.errors import Interrupted, Terminated

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Result = TypeVar("Result")
_connections: weakref.WeakSet[Connection] = weakref.WeakSet()


def watch(connection: Connection) -> None:
    """Have this connection's running statement cancelled when the program is told to stop."""
    _connections.add(connection)


def unwatch(connection: Connection) -> None:
    """Leave this connection's statement alone: whoever uses it has a quicker way to end it."""
    _connections.discard(connection)


def interruptible(function: Callable[[], Result], seconds: float) -> Result:
    """Run a blocking C call in a thread, so that Ctrl-C and SIGTERM are heard while it blocks.

    Raises TimeoutError after `seconds`; a connection that comes later still is closed.
    """
    outcome: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()
    abandoned = threading.Event()

    def work() -> None:
        try:
            result = function()
        except BaseException as error:
            outcome.put((None, error))
            return
        outcome.put((result, None))
        if abandoned.is_set() and hasattr(result, "close"):
            result.close()

    threading.Thread(target=work, name="litxdb blocking call", daemon=True).start()
    try:
        result, failure = outcome.get(timeout=seconds)
    except BaseException as error:
        abandoned.set()
        if isinstance(error, queue.Empty):
            raise TimeoutError from None
        raise
    if failure:
        raise failure
    return cast("Result", result)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Within this block SIGINT raises Interrupted and SIGTERM Terminated, running statements cancelled first.

    Does nothing outside the main thread, where Python takes no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    previous = {number: signal.signal(number, _raise) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_cancel_on, args=(read_end,), name="litxdb signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in previous.items():
            signal.signal(number, handler)
        os.close(write_end)
        watcher.join(timeout=1)
        os.close(read_end)


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interrupted if number == signal.SIGINT else Terminated


def _cancel_on(read_end: int) -> None:
    while number := os.read(read_end, 1):
        if number[0] in (signal.SIGINT, signal.SIGTERM):
            for connection in list(_connections):
                with contextlib.suppress(Exception):  # closed meanwhile, or the server is gone: nothing left to cancel
                    connection.cancel()
