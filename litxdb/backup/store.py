"""Where backups live: the few operations that a directory and an object store have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Stored:
    """A file in a store, whole; `modified` by the store's own clock."""

    file: str
    bytes: int
    modified: datetime


class Store(Protocol):
    """A flat folder of files, each whole or not there.

    Whatever goes wrong with the store itself (permission, full, not reachable) is raised as StoreUnusable. A file that
    is missing is FileNotFoundError; one that exists already, FileExistsError.
    """

    where: str
    """How a person calls it, and what --store takes; without any secret."""

    def list(self) -> Iterable[Stored]:
        """List the whole files, in any order; half-written ones are not among them."""
        ...

    def open(self, file: str) -> BinaryIO:
        """Open a file for reading from its beginning to its end."""
        ...

    def read(self, files: Sequence[str], largest: int) -> dict[str, bytes]:
        """Read small files, in any order; one that is missing is left out, one that is larger is not whole."""
        ...

    def create(self, file: str) -> AbstractContextManager[BinaryIO]:
        """Write a file that appears under its name at the end of the block, durable and whole, and not before.

        If the block raises, nothing remains. A killed process may leave something that `list` does not show and that
        `remove` takes away. Raises FileExistsError rather than replace anything.
        """
        ...

    def replace(self, file: str, content: bytes) -> None:
        """Write a small file in one go, in place of the one that is there."""
        ...

    def remove(self, file: str) -> None:
        """Remove a file and whatever a killed process left of it; nothing happens when there is neither."""
        ...

    def leftovers(self) -> Iterable[Stored]:
        """List what is half-written, of runs that live and of runs that were killed, by the names it was to have."""
        ...

    def folder(self, file: str) -> AbstractContextManager[Path]:
        """Make a private directory on this machine for work on this file; at the end of the block it is gone."""
        ...

    def free_bytes(self) -> int | None:
        """Say how much room there is; None where that cannot be known."""
        ...

    def lock(self, name: str, subject: str) -> AbstractContextManager[int | None]:
        """Hold a lock for the time of the block; raises LockHeld, which names the `subject`, when somebody else does.

        Yields a file descriptor that holds it, to be passed to child processes, which then hold it as well; None where
        the store knows no locks: the database's advisory lock stands alone then.
        """
        ...
