"""Waiting for an asynchronous psycopg2 connection, with a deadline that libpq itself does not offer."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def finished(connection: Connection, deadline: float, progress: Callable[[], None] = lambda: None) -> bool:
    """Wait until the connection or its query is ready; False when the deadline (time.monotonic) comes first.

    `progress` is called after each thing the server did. Raises psycopg2.Error as the server or the network does.
    """
    from psycopg2.extensions import POLL_OK, POLL_READ

    while (state := connection.poll()) != POLL_OK:
        progress()
        left = max(0.0, deadline - time.monotonic())
        waiting = ([connection], []) if state == POLL_READ else ([], [connection])
        if not any(select.select(*waiting, [], left)):
            return False
    progress()
    return True
