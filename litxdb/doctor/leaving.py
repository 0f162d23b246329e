"""Reading what may hang, and is no PostgreSQL: in a thread that is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Answer = TypeVar("Answer")


def leave_running(read: Callable[[], Answer], name: str) -> Future[Answer]:
    """Read in a thread of its own, which nobody has to wait for."""
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(read())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=work, name=f"litxdb doctor {name}", daemon=True).start()
    return answer
