"""Running pg_dump: it dies when this process does, and what it says becomes one of litxdb's errors."""

from __future__ import annotations

import contextlib
import logging
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from litxdb.backup import children
from litxdb.backup.tools import Tool
from litxdb.database.failures import cause, classify
from litxdb.database.programs import Route
from litxdb.errors import ConnectionFailed, LitxdbError, ServerRefused, StoreUnusable

log = logging.getLogger("litxdb.pg_dump")

LOCK_TIMEOUT = "30s"
"""How long pg_dump waits for a table that somebody holds exclusively; others queue behind it all that time."""
PIPE_BYTES = 1 << 20
"""Of the pipe between pg_dump and us; Linux's 64 kB are full too soon."""

_SAID = re.compile(r"^pg_dump: (?P<level>error|warning|detail|hint): (?P<text>.*)$")
_FINISHED = re.compile(r"^pg_dump: finished item (?P<number>\d+) TABLE DATA ")
_FORBIDDEN = re.compile(r"permission denied for (?P<what>.+)|affected by row-level security policy for (?P<hidden>.+)")


class PgDump:
    """A running pg_dump. `messages` is what it said so far, an error or a warning a line."""

    def __init__(
        self, process: subprocess.Popen[bytes], began: Callable[[], None], finished: Callable[[int | None], None]
    ) -> None:
        self.process = process
        self._began = began
        self.messages: list[tuple[str, str]] = []
        self._finished = finished
        self._listener = threading.Thread(target=self._listen, name="litxdb pg_dump's messages", daemon=True)
        self._listener.start()

    @property
    def output(self) -> BinaryIO:
        """Where a dump in the custom format comes out."""
        assert self.process.stdout
        return self.process.stdout  # type: ignore[return-value]  # Popen says IO[bytes]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What it warned of, though it went on."""
        return tuple(f"pg_dump: {text}" for level, text in self.messages if level == "warning")

    def finish(self) -> None:
        """Wait for its end, and raise what it failed of."""
        code = self.process.wait()
        self._listener.join()
        if code:
            raise failure([text for level, text in self.messages if level in {"error", "detail"}], code)

    def end(self) -> None:
        """End it if it still runs: politely first, when it cancels its statement on the server as well."""
        children.end(self.process)
        self._listener.join(children.GRACE_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def _listen(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            text = line.decode(errors="replace").rstrip()
            log.debug(text)
            if match := _SAID.match(text):
                self.messages.append((match["level"], match["text"]))
            elif text.startswith("pg_dump: dumping contents"):
                self._began()
            elif match := _FINISHED.match(text):
                self._finished(int(match["number"]))
            elif self.messages and not text.startswith("pg_dump: "):  # a message of several lines
                level, before = self.messages.pop()
                self.messages.append((level, f"{before}\n{text}"))
        self._finished(None)


@contextlib.contextmanager
def running(
    tool: Tool,
    route: Route,
    *,
    snapshot: str,
    folder: Path | None = None,
    jobs: int = 1,
    holds: Sequence[int] = (),
    began: Callable[[], None] = lambda: None,
    finished: Callable[[int | None], None] = lambda number: None,
) -> Iterator[PgDump]:
    """Start pg_dump on an exported snapshot: its custom format to `output`, or its directory format into a folder.

    Nothing is compressed: zstd does that better. `holds` are descriptors that it keeps open as long as it lives. Of the
    directory format one hears when it `began` with a table; `finished` is told the number of each that is whole, and at
    pg_dump's end None. When the block ends, it is gone.
    """
    target = ["-Fd", "-j", str(jobs), "-f", str(folder), "--verbose"] if folder else ["-Fc"]
    command = [str(tool.path), *target, "-Z0", "-w", "--no-sync", *route.arguments]
    command += [f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_TIMEOUT}"]
    stdout = subprocess.DEVNULL if folder else subprocess.PIPE
    process = children.spawn(command, route.environment, stdout=stdout, holds=holds)
    pg_dump = PgDump(process, began, finished)
    try:
        if process.stdout:
            widen(process.stdout.fileno())
        yield pg_dump
    finally:
        pg_dump.end()


def failure(errors: Sequence[str], code: int) -> LitxdbError:
    """Say what pg_dump failed of, from its errors and their details.

    >>> print(failure(["query failed: ERROR:  permission denied for table secrets"], 1))
    pg_dump may not read table secrets: the backup would lack it.
    """
    text = errors[0] if errors else f"it ended with {code}" if code > 0 else f"it was killed by signal {-code}"
    whole = "\n".join(errors) or text
    if match := _FORBIDDEN.search(whole):
        what = (match["what"] or f"all rows of {match['hidden']}").splitlines()[0].strip()
        return ServerRefused(
            f"pg_dump may not read {what}: the backup would lack it.",
            "Back up as the owner of all tables, or as a role with pg_read_all_data and BYPASSRLS.",
        )
    if "No space left on device" in whole or "Disk quota exceeded" in whole:
        return StoreUnusable("The backup did not fit: no space left on device.", "Free some space there.")
    if "LOCK TABLE" in whole and "canceling statement due to" in whole:
        return ServerRefused(
            f"A table was locked for more than {LOCK_TIMEOUT}, so it could not be dumped.",
            "Find who holds it in pg_stat_activity, or run this again later.",
        )
    _, told, by_server = whole.partition("Error message from server: ")
    reason = cause(by_server if told else text.removeprefix("query failed: "))
    if children.LOST.search(whole):
        return ConnectionFailed(f"pg_dump lost its connection: {reason}.", classify(whole).hint)
    return ServerRefused(f"pg_dump failed: {reason}.", "See all that it said with: litxdb --debug backup")


def widen(pipe: int) -> None:
    """Have a pipe hold as much as is read at once, where the system can."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with contextlib.suppress(OSError):  # more than an ordinary user may have
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
