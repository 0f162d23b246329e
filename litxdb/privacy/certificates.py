"""Certificates: on the disk before an erasure is committed, so that no erasure is without one, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from litxdb.database import Database
from litxdb.errors import CommitUnknown, Refused
from litxdb.privacy import ledger
from litxdb.privacy.writing import explained, whole_file
from litxdb.publishing import sync_directory

PENDING = ".pending"


class Promised:
    """A file about something that cannot be undone: on the disk before it is done, and under its name afterwards.

    Until `write` it has no name; then its name has some digits and `.pending` at its end, and a process killed before
    the end of the block leaves it so: `settle` looks at these. However else the block ends, the file is removed, unless
    that end leaves open what was done: CommitUnknown, a signal. Raises Refused if the name is taken.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.pending = path, path.with_name(f"{path.name}.{secrets.token_hex(4)}{PENDING}")
        self.written = False
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        _require_free(self.path)
        self._file = self._open.enter_context(whole_file(self.pending))
        return self

    def write(self, content: bytes) -> None:
        """Put the whole content on the disk."""
        _require_free(self.path)
        with explained(self.pending):
            self._file.write(content)
            self._open.close()
        self.written = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            _keep(self.pending, self.path)
        elif not self.written:
            self._open.__exit__(kind, error, trace)
        elif isinstance(error, Exception) and not isinstance(error, CommitUnknown):
            self.pending.unlink(missing_ok=True)


def settle(db: Database, directory: Path) -> tuple[Path, ...]:
    """Give the certificates of killed runs their names, if this database has their erasures; returns these.

    The others may be of an erasure that was never committed, or of another database.
    """
    found = {path: _number(path) for path in sorted(directory.glob(f"*{PENDING}"))}
    if not any(found.values()):
        return ()
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as connection:
        done = {each.id for each in ledger.read_table(connection)}
    settled = [path for path, number in found.items() if number in done]
    for path in settled:
        _keep(path, _named(path))
    return tuple(map(_named, settled))


def _number(path: Path) -> str | None:
    """Return the number of the erasure that a certificate is about; None for what is none, or is not whole."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return str(json.loads(path.read_bytes())["entry"]["id"])
    return None


def _named(pending: Path) -> Path:
    """Return the name that it shall have.

    >>> str(_named(Path("c.json.01234567.pending")))
    'c.json'
    """
    return pending.with_suffix("").with_suffix("")


def _keep(pending: Path, path: Path) -> None:
    """Take the name's end off, without replacing another file; another run may do the same just now."""
    with explained(path):
        try:
            os.link(pending, path)
        except FileNotFoundError:
            if not path.exists():
                raise
        except FileExistsError:
            if pending.exists() and not path.samefile(pending):
                raise Refused(
                    f"{path} exists already: the certificate of what was done is {pending}.", "Give it another name."
                ) from None
        pending.unlink(missing_ok=True)
        sync_directory(path.parent)


def _require_free(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise Refused(f"{path} exists already.", "Put it elsewhere, or name another file.")
