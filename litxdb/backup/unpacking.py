"""From a store to a file that pg_restore can read: proven to its end, in a private directory that goes afterwards."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from litxdb.backup import archive
from litxdb.backup.archive import Decrypt
from litxdb.backup.manifest import Manifest
from litxdb.backup.store import Store
from litxdb.errors import BackupDamaged, ConfigurationInvalid

PREFIX = "litxdb-unpacked-"
LOCK = "lock"
CHUNK = 1 << 20
Watch = Callable[[int], None]


@dataclass(frozen=True)
class Unpacked:
    """What pg_dump wrote, as pg_restore reads it: a file or a directory; with `script` it is SQL, for psql.

    `major` is the first version that can read it, `server` that of the server that was dumped, where it is known.
    """

    path: Path
    major: int
    parallel: bool = True
    script: bool = False
    server: int | None = None


@contextlib.contextmanager
def unpacked(
    store: Store, manifest: Manifest, decrypt: Decrypt | None = None, watch: Watch = lambda count: None
) -> Iterator[Unpacked]:
    """Unpack an archive for the time of the block; every byte is as it was written, or BackupDamaged is raised.

    `watch` is told the number of bytes unpacked so far. Raises ConfigurationInvalid where there is no room.
    """
    if manifest.archive.recipients and decrypt is None:
        raise ConfigurationInvalid(
            f"{manifest.archive.file} is encrypted.", "Name the file with the identity (the private key)."
        )
    with workplace(manifest.archive.raw_bytes) as folder:
        target = folder / "dump"
        with archive.raw(store, manifest, decrypt) as reading, room(folder):
            if manifest.archive.format == "directory":
                extract(reading, target)
                while reading.read(CHUNK):
                    pass
            else:
                copy(reading, target, watch)
        major = int(manifest.client.version.partition(".")[0])
        yield Unpacked(target, major, server=manifest.source.server_version // 10000)


def copy(reading: BinaryIO, target: Path, watch: Watch) -> None:
    """Copy to the end, where the reader has proven everything."""
    with target.open("xb") as writing:
        count = 0
        while data := reading.read(CHUNK):
            writing.write(data)
            count += len(data)
            watch(count)


def extract(reading: BinaryIO, target: Path) -> None:
    """Unpack the tar of a directory dump, whose entries are plain files; raises BackupDamaged for any other."""
    target.mkdir()
    try:
        with tarfile.open(fileobj=reading, mode="r|") as tar:
            for member in tar:
                if not member.isfile() or Path(member.name).name != member.name:
                    raise BackupDamaged(f"The archive holds {member.name!r}, which is no file of pg_dump's.")
                tar.extract(member, target, filter="data")
    except tarfile.TarError as error:
        raise BackupDamaged(f"The archive cannot be unpacked: {error}.", "Take another backup.") from None


@contextlib.contextmanager
def workplace(needed: int) -> Iterator[Path]:
    """Make a private directory with so much room for the time of the block, and clear away what a kill -9 left.

    A lock that is held as long as the directory is used tells one from the other.
    """
    _sweep()
    folder, held = _locked()
    try:
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise ConfigurationInvalid(
                f"{folder.parent} has {free / 1e6:,.0f} MB free, and unpacking takes {needed / 1e6:,.0f} MB.",
                "Free some space there, or set TMPDIR to a directory on a larger disk.",
            )
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


@contextlib.contextmanager
def room(folder: Path) -> Iterator[None]:
    """Turn a full disk into an error that names the place."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ConfigurationInvalid(
            f"{folder.parent} is full: the archive could not be unpacked.",
            "Free some space there, or set TMPDIR to a directory on a larger disk.",
        ) from None


def _locked() -> tuple[Path, int]:
    """Make a directory and lock it; a run that finds it before it is locked takes it for left over, and removes it."""
    import fcntl

    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        if os.fstat(held).st_nlink:
            return folder, held
        os.close(held)


def _sweep() -> None:
    """Remove the directories of our own account whose user is gone."""
    import fcntl

    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another account's, or just removed
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
