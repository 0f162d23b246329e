"""A store that is a directory of this machine."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from litxdb.backup.naming import PARTIAL
from litxdb.backup.store import Stored
from litxdb.errors import LockHeld, StoreUnusable
from litxdb.publishing import sync_directory

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

FLUSH_BYTES = 16 << 20
"""So often the system is told to begin writing to the disk: else nearly all would be left for the end."""


class Directory:
    """A directory, private to its owner; made, but not its parents, by the first file.

    A missing parent is an error: it may be a disk that is not mounted.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self.where = str(self.path)

    def list(self) -> Iterator[Stored]:
        """List the whole files; a directory that does not exist is an error, not an empty one."""
        return (each for each, is_file in self._entries() if is_file and not each.file.endswith(PARTIAL))

    def leftovers(self) -> Iterator[Stored]:
        """List what is half-written, folders for work included."""
        for each, _ in self._entries():
            if each.file.endswith(PARTIAL):
                yield replace(each, file=each.file.removesuffix(PARTIAL))

    def open(self, file: str) -> BinaryIO:
        """Open a file for reading."""
        with self._explained(missing=False):
            return (self.path / file).open("rb")

    def read(self, files: Sequence[str], largest: int) -> dict[str, bytes]:
        """Read small files."""
        found = {}
        for file in files:
            with contextlib.suppress(FileNotFoundError), self._explained(missing=False), self.open(file) as reading:
                found[file] = reading.read(largest)
        return found

    @contextlib.contextmanager
    def create(self, file: str) -> Iterator[BinaryIO]:
        """Write a file that was not there."""
        target = self.path / file
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        with self._written(target) as writing:
            yield cast("BinaryIO", writing)

    def replace(self, file: str, content: bytes) -> None:
        """Write a small file in place of the one that is there, which stays whole until then."""
        with self._written(self.path / file) as writing:
            writing.write(content)

    @contextlib.contextmanager
    def _written(self, target: Path) -> Iterator[_Writing]:
        """Write to a file beside, sync it to the disk, rename it, and sync the directory."""
        partial = target.with_name(f"{target.name}{PARTIAL}")
        with self._explained():
            self._make()
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        writing = _Writing(descriptor, self._explained)
        try:
            yield writing
            writing.finish()
            with self._explained():
                partial.rename(target)
                sync_directory(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        finally:
            os.close(descriptor)

    def remove(self, file: str) -> None:
        """Remove a file and its half-written twin."""
        with self._explained():
            for path in (self.path / file, self.path / f"{file}{PARTIAL}"):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def folder(self, file: str) -> Iterator[Path]:
        """Make a directory on the store's own disk."""
        path = self.path / f"{file}.d{PARTIAL}"
        with self._explained():
            self._make()
            path.mkdir(0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def free_bytes(self) -> int:
        """Say how much room an ordinary user has."""
        with self._explained():
            self._make()
            return shutil.disk_usage(self.path).free

    @contextlib.contextmanager
    def lock(self, name: str, subject: str) -> Iterator[int]:
        """Hold an flock on a file that is never removed: unlinking would let two runs lock two files of one name."""
        import fcntl

        path = self.path / f".{name}.lock"
        with self._explained():
            self._make()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            try:
                with self._explained():
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
                raise LockHeld(
                    f"{subject} is running in {self.where}{f' ({holder})' if holder else ''}.",
                    "Wait until it is done.",
                ) from None
            mine = f"pid {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n"
            with contextlib.suppress(OSError):  # it is for the message only, and a full disk is to be pruned
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, mine.encode(), 0)
            yield descriptor
        finally:
            os.close(descriptor)

    def _entries(self) -> Iterator[tuple[Stored, bool]]:
        with self._explained():
            for path in self.path.iterdir():
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    seen = path.lstat()
                    modified = datetime.fromtimestamp(seen.st_mtime, UTC)
                    yield Stored(path.name, seen.st_size, modified), stat.S_ISREG(seen.st_mode)

    def _make(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.path.mkdir(0o700)

    @contextlib.contextmanager
    def _explained(self, *, missing: bool = True) -> Iterator[None]:
        """Turn the system's refusals into an error that names the place; `missing` includes what is not there."""
        try:
            yield
        except OSError as error:
            if isinstance(error, (FileExistsError, BlockingIOError)) or (
                isinstance(error, FileNotFoundError) and not missing and self.path.is_dir()
            ):
                raise
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise StoreUnusable(
                f"The backup store {self.where} cannot be used: {error.strerror or error}.",
                "Free some space there, or give --store a directory on another disk."
                if full
                else "Mend its permissions, mount its disk, or give --store another directory.",
            ) from error


class _Writing(io.RawIOBase):
    """A file being written, which explains its own failures only: not what else goes wrong in the caller's block."""

    def __init__(self, descriptor: int, explained: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._descriptor, self._explained = descriptor, explained
        self._written = self._flushed = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        """Write all of it, at once."""
        left = memoryview(data).cast("B")
        size = left.nbytes
        with self._explained():
            while left:
                left = left[os.write(self._descriptor, left) :]
        self._written += size
        if self._written - self._flushed >= FLUSH_BYTES:
            self._flush()
        return size

    def finish(self) -> None:
        """Bring everything to the disk."""
        with self._explained():
            os.fsync(self._descriptor)

    def _flush(self) -> None:
        """Begin to bring it to the disk, and out of the memory that the database may want; macOS has no such call."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, 0, self._written, os.POSIX_FADV_DONTNEED)
        self._flushed = self._written
