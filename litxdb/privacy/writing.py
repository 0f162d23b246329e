"""Files that hold a person's data: for their owner's eyes only, whole under their name or nowhere at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.publishing import sync_directory
from litxdb.write_behind import WriteBehind


@contextlib.contextmanager
def whole_file(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """Write a file that has its name only once the block has ended, is on the disk, and 0600.

    Until then it has none, so that not even kill -9 leaves a part of it; where the file system cannot do that, it has
    a name that begins with a dot and ends in .partial. Raises Refused if the name is taken, unless `force`.
    """
    if not force and (path.exists() or path.is_symlink()):
        raise _taken(path)
    with explained(path):
        descriptor, partial = _open(path)
    file = os.fdopen(descriptor, "w+b")
    try:
        yield file
        with explained(path):
            file.flush()
            os.fsync(descriptor)
            partial = _give_name(descriptor, partial, path, force=force)
            sync_directory(path.parent)
    finally:
        with contextlib.suppress(OSError):
            file.close()
        if partial is not None:
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say what the system refused, of which file, and what to do."""
    try:
        yield
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise ConfigurationInvalid(
            f"{path} cannot be written: {error.strerror or error}.",
            "Free some space, or write to another disk."
            if full
            else "Name a file in a directory that you may write to.",
        ) from error


@contextlib.contextmanager
def passing_file() -> Iterator[BinaryIO]:
    """Open a file without a name, for what goes elsewhere once it is whole. Raises ConfigurationInvalid."""
    try:
        with tempfile.TemporaryFile() as file:
            yield file
    except OSError as error:
        raise ConfigurationInvalid(
            f"The export cannot be kept in a temporary file on its way: {error.strerror or error}.",
            "Name a file with -o, free some space, or set TMPDIR to a directory on a larger disk.",
        ) from error


class Piece(WriteBehind):
    """A stream of bytes on its way into a file, counted and hashed, while the server sends the next."""

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        super().__init__(self._take, "litxdb writer")
        self.bytes = 0
        self._into, self._digest = sink, hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The checksum of all bytes, once the block has ended."""
        return self._digest.hexdigest()

    def _take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.bytes += len(chunk)
        self._into(chunk)


def _open(path: Path) -> tuple[int, Path | None]:
    directory = path.parent
    if hasattr(os, "O_TMPFILE"):
        try:
            return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600), None
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                raise
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", suffix=".partial", dir=directory)
    return descriptor, Path(name)


def _give_name(descriptor: int, partial: Path | None, path: Path, *, force: bool) -> Path | None:
    """Give the file its name, which fails if that was taken meanwhile; returns what is to be removed still."""
    if force:
        if partial is None:
            partial = path.with_name(f".{path.name[:50]}.{os.getpid()}.partial")
            _link(descriptor, partial)
        partial.replace(path)
        return None
    if partial is None:
        _link(descriptor, path)
    else:
        os.link(partial, path)
    return partial


def _link(descriptor: int, path: Path) -> None:
    """Link a file without a name; only with a directory's descriptor does Python follow the link in /proc."""
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(directory)


def _taken(path: Path) -> Refused:
    return Refused(f"{path} exists already.", "Name another file, or replace this one with --force.")
