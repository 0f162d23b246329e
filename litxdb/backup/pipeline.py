"""From pg_dump's bytes to the archive: compressed in threads, perhaps encrypted, and hashed as they reach the store."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import queue
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from litxdb.errors import ToolMissing
from litxdb.write_behind import WriteBehind

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CHUNK = 1 << 20
MAGIC = b"PGDMP"
"""How pg_dump's archives begin."""
LEVEL = 1
"""zstd's level: 3 takes twice as long, and makes the digits of vectors larger."""
MATCHES = {"window_log": 18, "hash_log": 13, "min_match": 6}
"""Where level 1 looks for repetitions, so that it stays within a processor's cache: vectors take a tenth less time and
become 2 % smaller than by zstd's own choice, texts up to 5 % larger."""
SPARE_PROCESSORS = 2
"""zstd's own threads are for machines with more: they copy all that they compress, a tenth of the time on two."""

Encrypt = Callable[[BinaryIO], contextlib.AbstractContextManager[BinaryIO]]
"""Makes a writer of plaintext out of one of ciphertext; at the end of the block all has been written."""


class Hashing(io.RawIOBase):
    """Passes on what is written, and knows its length and its SHA-256."""

    def __init__(self, target: BinaryIO) -> None:
        self._target, self._sha256 = target, hashlib.sha256()
        self.count = 0

    @property
    def sha256(self) -> str:
        """The checksum of what was written so far, in hexadecimal."""
        return self._sha256.hexdigest()

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Pass it on."""
        self._sha256.update(data)
        size = memoryview(data).nbytes
        self.count += size
        self._target.write(data)
        return size


class Packing(io.RawIOBase):
    """Compresses what is written into it, and counts it; `watch` is told the count."""

    def __init__(self, target: BinaryIO, watch: Callable[[int], None]) -> None:
        import zstandard

        threads = 2 if (os.cpu_count() or 1) > SPARE_PROCESSORS else 0
        parameters = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, **MATCHES, threads=threads, write_checksum=True
        )
        compressor = zstandard.ZstdCompressor(compression_params=parameters)
        self._stream = compressor.stream_writer(target, write_size=CHUNK, closefd=False)
        self._watch = watch
        self.head = b""
        self.count = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Compress it; what comes of it goes on in its own time."""
        view = memoryview(data)
        self.head = self.head or bytes(view[: len(MAGIC)])
        self._stream.write(view)
        size = view.nbytes
        self.count += size
        self._watch(self.count)
        return size

    def finish(self) -> None:
        """Write the end of the frame; without it the archive is cut short."""
        self._stream.close()  # type: ignore[no-untyped-call]  # zstandard's close() has no types


@contextlib.contextmanager
def packing(
    target: BinaryIO, encrypt: Encrypt | None, watch: Callable[[int], None]
) -> Iterator[tuple[Packing, Hashing]]:
    """Yield where pg_dump's bytes go, and what is known of the archive once the block has ended."""
    hashing = Hashing(target)
    sink = cast("BinaryIO", hashing)
    with encrypt(sink) if encrypt else contextlib.nullcontext(sink) as inner:
        pack = Packing(inner, watch)
        yield pack, hashing
        pack.finish()


def copy(source: BinaryIO, target: io.RawIOBase, first: Callable[[], None]) -> None:
    """Copy until the end, reading on while the target is busy; `first` is called when bytes have come."""
    with WriteBehind(target.write, "litxdb archive") as behind:
        while chunk := source.read(CHUNK):
            first()
            behind.write(chunk)


def require_archive(head: bytes) -> None:
    """Raise ToolMissing if this is not the beginning of one of pg_dump's archives."""
    if head[: len(MAGIC)] != MAGIC:
        raise ToolMissing(
            "What was run as pg_dump wrote no archive.", "Name the right one's directory in LITXDB_PG_BIN."
        )


class Collecting:
    """Puts the files of a directory dump into a tar one by one as pg_dump finishes them, and removes them.

    So the disk holds the uncompressed text only of those tables that are being dumped.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def finished(self, number: int | None) -> None:
        """Be told that the file of this number is whole, or, by None, that pg_dump has ended, well or not."""
        self._ready.put(number)

    def copy(self, target: io.RawIOBase, check: Callable[[], None]) -> None:
        """Write the tar until pg_dump has ended; then `check` raises if that went wrong, and the rest follows."""
        with tarfile.open(fileobj=target, mode="w|", bufsize=CHUNK, format=tarfile.PAX_FORMAT) as tar:
            while (number := self._ready.get()) is not None:
                self._move(tar, self._folder / f"{number}.dat")
            check()
            table_of_contents = self._folder / "toc.dat"
            require_archive(table_of_contents.read_bytes() if table_of_contents.exists() else b"")
            for path in sorted(self._folder.iterdir()):
                self._move(tar, path)

    def _move(self, tar: tarfile.TarFile, path: Path) -> None:
        if not path.exists():  # a table without rows has no file
            return
        entry = tarfile.TarInfo(path.name)
        entry.size = path.stat().st_size
        with path.open("rb") as file:
            tar.addfile(entry, file)
        path.unlink()
