"""Dumps that litxdb did not make, or whose manifest is gone: recognised by what is in them, not by their names."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from litxdb.backup import naming
from litxdb.backup.directory import Directory
from litxdb.backup.naming import Kind
from litxdb.backup.pg_restore import TIMEOUT, TIMEOUT_SINCE
from litxdb.backup.pipeline import MAGIC
from litxdb.backup.store import Store
from litxdb.backup.unpacking import Unpacked, copy, extract, room, workplace
from litxdb.errors import BackupDamaged, ConfigurationInvalid, Refused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
HEAD = 4096
GZIP, ZSTD, AGE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"age-encryption.org/"
TOC = "toc.dat"
SCRIPT = "restore.sql"
"""What only the tar format has beside its table of contents: how a person would restore it."""
READERS = {14: 12, 15: 16, 16: 17}
"""The first major version whose pg_restore reads archives of version 1.x (pg_backup_archiver.h)."""
_CONNECT = re.compile(rb"(?m)^\\c(?:onnect)?\s")
_BEGINNING, _END = b"-- PostgreSQL database dump", b"-- PostgreSQL database dump complete"
_CLUSTER = b"PostgreSQL database cluster dump"


def store_of(path: Path) -> tuple[Store, str] | None:
    """Return the store and the name of the backup that this file is the archive or the manifest of, if it is one."""
    known = naming.parse(path.name)
    if known is None or known.kind not in (Kind.archive, Kind.manifest):
        return None
    if not path.with_name(naming.manifest_file(known.backup)).exists():
        return None
    return Directory(path.parent), known.backup


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Unpacked]:
    """Make a dump readable for pg_restore or psql, for the time of the block.

    It may be in any format of pg_dump's (custom, directory, tar, plain SQL), or a tar of the directory format, each
    perhaps through gzip or zstd. Raises ConfigurationInvalid for what is none of these, Refused for what is not one
    database, BackupDamaged if it cannot be unpacked.
    """
    path = path.absolute()  # no name is an option
    if path.is_dir():
        toc = path / TOC
        if not toc.is_file():
            raise ConfigurationInvalid(f"{path} is no directory of pg_dump's: it has no {TOC}.", "Name another one.")
        yield Unpacked(path, _reader(toc.read_bytes()[:HEAD], path))
        return
    with _plain(path) as reading:
        head = reading.read(HEAD)
    if head.startswith(MAGIC):
        with _file(path) as file:
            yield Unpacked(file, _reader(head, path))
    elif head[257:262] == b"ustar":
        with _tar(path) as unpacked:
            yield unpacked
    elif head.startswith(AGE):
        raise ConfigurationInvalid(
            f"{path} is encrypted, and its manifest is not beside it.", "Decrypt it first: age -d -i KEY"
        )
    elif not head or b"\0" in head:
        raise ConfigurationInvalid(f"{path} is no dump of a PostgreSQL database.", "Name a file of pg_dump's.")
    elif _CLUSTER in head:
        raise Refused(
            f"{path} is a dump of a whole server, by pg_dumpall.", "Restore it with psql, or dump one database."
        )
    else:
        yield Unpacked(path, 0, parallel=False, script=True)


def script(path: Path, server_version: int) -> Iterator[bytes]:
    """Read a dump in plain SQL for a server.

    Raises Refused where it would lead psql to another database, and BackupDamaged if it has pg_dump's first line
    and not its last: psql takes rows that are cut short for all rows.
    """
    rest, first = b"", server_version < TIMEOUT_SINCE * 10000
    with _plain(path) as reading:
        head = end = b""
        while data := reading.read(CHUNK):
            head, end = head or data[:HEAD], (end + data)[-HEAD:]
            whole, newline, rest = (rest + data).rpartition(b"\n")
            if first:
                whole, first = TIMEOUT.sub(b"", whole, count=1), False
            if _CONNECT.search(whole):
                raise Refused(
                    f"{path} connects to a database of its own: it was dumped with --create.",
                    "Dump it without, or restore it with psql.",
                )
            yield whole + newline
        if _BEGINNING in head and _END not in end:
            raise BackupDamaged(f"{path} is cut short: pg_dump's last line is missing.", "Restore another backup.")
    yield rest


@contextlib.contextmanager
def _plain(path: Path) -> Iterator[BinaryIO]:
    """Read a file, uncompressed; what is wrong with the compression is BackupDamaged."""
    import zstandard

    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error.strerror}.", "Name a file of pg_dump's.") from None
    with file:
        magic = file.read(len(ZSTD))
        file.seek(0)
        reading: BinaryIO = file
        if magic.startswith(GZIP):
            reading = cast("BinaryIO", gzip.GzipFile(fileobj=file))
        elif magic == ZSTD:
            reading = cast("BinaryIO", io.BufferedReader(_Frames(file), CHUNK))
        try:
            yield reading
        except (zstandard.ZstdError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BackupDamaged(f"{path} cannot be unpacked: {error}.", "Restore another backup.") from None


class _Frames(io.RawIOBase):
    """What zstd compressed, to its end: zstandard's own reader takes a frame cut short for its end."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        self._file, self._decompressor = file, zstandard.ZstdDecompressor()
        self._frame = self._decompressor.decompressobj()
        self._left = memoryview(b"")
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        import zstandard

        while not self._left:
            data = self._frame.unused_data if self._frame.eof else b""
            data = data or self._file.read(CHUNK)
            if not data:
                if self._begun and not self._frame.eof:
                    raise zstandard.ZstdError("it is cut short")
                return 0
            if self._frame.eof:
                self._frame = self._decompressor.decompressobj()
            self._begun = True
            self._left = memoryview(self._frame.decompress(data))
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._left))
        view[:count], self._left = self._left[:count], self._left[count:]
        return count


@contextlib.contextmanager
def _file(path: Path) -> Iterator[Path]:
    """Yield the file itself if it is not compressed, else an unpacked copy."""
    with path.open("rb") as file:
        packed = not file.read(len(MAGIC)).startswith(MAGIC)
    if not packed:
        yield path
        return
    with workplace(path.stat().st_size) as folder:
        with _plain(path) as reading, room(folder):
            copy(reading, folder / "dump", lambda count: None)
        yield folder / "dump"


@contextlib.contextmanager
def _tar(path: Path) -> Iterator[Unpacked]:
    """Tell pg_dump's tar format, which pg_restore reads by itself, from a tar of its directory format."""
    with workplace(path.stat().st_size) as folder:
        target = folder / "dump"
        with _plain(path) as reading, room(folder):
            extract(reading, target)
        toc = target / TOC
        if not toc.is_file():
            raise ConfigurationInvalid(f"{path} is a tar, but none of pg_dump's.", "Name a file of pg_dump's.")
        major = _reader(toc.read_bytes()[:HEAD], path)
        if not (target / SCRIPT).exists():
            yield Unpacked(target, major)
            return
        with _plain(path) as reading, room(folder):
            copy(reading, folder / "tar", lambda count: None)
        yield Unpacked(folder / "tar", major, parallel=False)


def _reader(head: bytes, path: Path) -> int:
    """Return the first major version of PostgreSQL whose pg_restore reads an archive that begins like this."""
    if not head.startswith(MAGIC) or len(head) < 11:
        raise BackupDamaged(f"{path} does not begin as pg_dump's archives do.", "Restore another backup.")
    if head[5] == 1 and head[6] < min(READERS):
        return READERS[min(READERS)]
    return READERS.get(head[6], max(READERS.values()) + 1)
