"""The journal of what litxdb changed in databases, each change with the statement that undoes it.

JSON lines in `journal.jsonl` of the settings' state directory, for the eyes of its owner only (0600). A line is added
before the statement runs and another after it, each of them on the disk before anything else happens: whatever becomes
of the program, what could have been changed is there, and how to undo it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from litxdb.errors import ConfigurationInvalid, LitxdbError
from litxdb.publishing import sync_directory

FILE = "journal.jsonl"


@dataclass(frozen=True)
class Entry:
    """A change of a database; `outcome` is begun, done, interrupted, or failed with the reason behind a colon."""

    when: datetime
    database: str
    statement: str
    undo: str | None
    outcome: str


class Journal:
    """The journal in a directory, which is made at need; several programs may write at the same time."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE

    @contextmanager
    def recording(
        self, database: str, statement: str, undo: str | None, notify: Callable[[str], None] = lambda line: None
    ) -> Iterator[None]:
        """Record the statement that the block runs: before it, and after it with what came of it.

        `database` is the endpoint as shown, without a password. When the first line cannot be written, the block does
        not run and ConfigurationInvalid is raised; that the last one could not is only told to `notify`.
        """
        outcome = "interrupted"
        self.append(database, statement, undo, "begun")
        try:
            yield
            outcome = "done"
        except Exception as error:
            outcome = f"failed: {error}".partition("\n")[0]
            raise
        finally:
            try:
                self.append(database, statement, undo, outcome)
            except LitxdbError as error:
                notify(f"warning: {error.message} It lacks: {statement}: {outcome}")

    def append(self, database: str, statement: str, undo: str | None, outcome: str) -> None:
        """Add a line and have it on the disk; raises ConfigurationInvalid where that is not possible."""
        entry = asdict(Entry(datetime.now(UTC), database, statement, undo, outcome))
        line = json.dumps(entry, ensure_ascii=False, default=datetime.isoformat).encode() + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.path.exists()
            # one write at the end of the file: lines of two programs do not run into one another
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                line = _mending(file) + line
                if os.write(file, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            finally:
                os.close(file)
            if new:
                sync_directory(self.path.parent)
        except OSError as error:
            raise ConfigurationInvalid(
                f"The journal {self.path} cannot be written: {error.strerror}.",
                "Mend that, or set LITXDB_STATE to another directory.",
            ) from error

    def entries(self) -> tuple[Entry, ...]:
        """Read it, the oldest first; a line that a crash cut short is left out."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        return tuple(entry for line in lines if (entry := _parse(line)) is not None)


def _parse(line: bytes) -> Entry | None:
    try:
        fields = json.loads(line)
        return Entry(**{**fields, "when": datetime.fromisoformat(fields["when"])})
    except (ValueError, TypeError, KeyError):
        return None


def _mending(file: int) -> bytes:
    """Return the end of line that the last write, cut short by a crash, did not write."""
    length = os.fstat(file).st_size
    return b"\n" if length and os.pread(file, 1, length - 1) != b"\n" else b""
