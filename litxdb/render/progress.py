"""What is under way: a spinner on a terminal, a line for what is done."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from litxdb.redaction import redact
from litxdb.render.streams import console, is_terminal, printable, write_styled
from litxdb.render.wording import duration

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """What is under way and what is done, a line each on stderr; on a terminal with a spinner."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def start(self, title: str) -> None:
        """Show that this is under way."""
        if is_terminal(sys.stderr):
            self._status = console(sys.stderr).status(printable(redact(title)))
            self._status.start()

    def update(self, title: str) -> None:
        """Show that this is under way now instead, if anything is shown."""
        if self._status:
            self._status.update(printable(redact(title)))
        else:
            self.start(title)

    def finish(self, title: str, milliseconds: float | None, detail: str = "") -> None:
        """Replace it with what came of it, and its time."""
        self.stop()
        time_taken = duration(milliseconds)
        sign = ("✓".ljust(10 - len(time_taken)), "green")
        write_styled(sys.stderr, sign, (f"{time_taken}  ", "dim"), (f"{title:<12}  ", "bold"), (detail, ""))

    def stop(self) -> None:
        """Take the spinner away."""
        if self._status:
            self._status.stop()
            self._status = None


@contextlib.contextmanager
def step(title: str) -> Iterator[list[str]]:
    """Time a block and show it; the block appends what came of it to the list that it gets."""
    outcome: list[str] = []
    start = time.perf_counter()
    with spinner(title):
        yield outcome
    Progress().finish(title, (time.perf_counter() - start) * 1000, ", ".join(outcome))


@contextlib.contextmanager
def spinner(title: str) -> Iterator[None]:
    """Show a block that takes more than a moment, and nothing once it is over."""
    progress = Progress()
    progress.start(title)
    try:
        yield
    finally:
        progress.stop()
