"""Directories and files that litxdb makes beside a data directory, private and safe to write as root."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litxdb.errors import ConfigurationInvalid, LockHeld

LOCK_SECONDS = 120


def same_directory(one: Path, other: Path) -> bool:
    """Tell whether both exist and are one directory, whatever they are called."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def make_directory(path: Path, mode: int) -> None:
    """Make a directory and its missing parents with this mode; those that exist stay as they are."""
    if path.is_dir():
        return
    make_directory(path.parent, mode)
    try:
        path.mkdir(mode)  # at once: a run that is ended here must not leave one that the server's account cannot enter
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(mode)  # for a stricter umask


def open_private(path: Path, flags: int) -> int:
    """Open a file of ours, made with mode 0600 when missing; a symbolic link in its place is refused.

    Root makes it for the owner of the directory, who may come as himself the next time.
    """
    flags |= os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a cluster: one process at a time creates, starts, stops or deletes it.

    The file stays for ever: unlinking it would let two processes lock two files of the same name. A killed process
    releases it, and the server does not inherit it (Python's descriptors close on exec).
    """
    import fcntl

    descriptor = open_private(path, os.O_RDWR)
    try:
        patience = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > patience:
                    raise LockHeld(
                        f"Another litxdb has been busy with {path.parent} for {LOCK_SECONDS} seconds.",
                        f"See who holds {path}, wait for it, or end it.",
                    ) from None
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Turn the system's refusals (permission, read-only or full disk) into an error that names the place."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise ConfigurationInvalid(
            f"The local PostgreSQL cannot use {error.filename or directory}: {error.strerror or error}.",
            "Free some space, or set LITXDB_HOME to a directory on another disk."
            if full
            else "Mend its permissions, or set LITXDB_HOME to a directory that can be written.",
        ) from error
