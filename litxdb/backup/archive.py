"""Reading an archive back: what pg_dump wrote, with every byte checked against the manifest on the way."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from litxdb.backup.manifest import Archive, Manifest
from litxdb.backup.store import Store
from litxdb.errors import BackupDamaged, ConfigurationInvalid

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
Decrypt = Callable[[BinaryIO], contextlib.AbstractContextManager[BinaryIO]]
"""Makes a reader of plaintext out of one of ciphertext; age.decryption() has it."""


class Undecryptable(Exception):
    """Raised by the reader of plaintext: the ciphertext is not, or not to its end, what was encrypted."""


@contextlib.contextmanager
def raw(store: Store, manifest: Manifest, decrypt: Decrypt | None = None) -> Iterator[BinaryIO]:
    """Open what pg_dump wrote: its custom format, or a tar of its directory format (manifest.archive.format).

    Whoever reads to the end, where `read` returns nothing more, knows that the archive is the one that was written: if
    it is not, reading raises BackupDamaged, at the latest there. Nothing read before the end is proven. An encrypted
    archive needs `decrypt`, from age.decryption().
    """
    import zstandard

    archive = manifest.archive
    if archive.recipients and decrypt is None:
        raise ConfigurationInvalid(f"{archive.file} is encrypted, and no identity was given.", "Give --identity.")
    try:
        stored = store.open(archive.file)
    except FileNotFoundError:
        raise BackupDamaged(f"{archive.file} is missing in {store.where}.", "Take another backup.") from None
    with contextlib.ExitStack() as stack:
        checked = _Checked(stack.enter_context(contextlib.closing(stored)), archive)
        plain = stack.enter_context(decrypt(cast("BinaryIO", checked))) if decrypt else cast("BinaryIO", checked)
        unpacked = zstandard.ZstdDecompressor().stream_reader(plain, read_size=CHUNK)
        yield cast("BinaryIO", io.BufferedReader(_Unpacked(unpacked, plain, checked, archive), CHUNK))


def check(store: Store, manifest: Manifest, watch: Callable[[int], None] = lambda count: None) -> None:
    """Read the file as it lies there and compare its length and checksum; needs no key. Raises BackupDamaged.

    `watch` is told the number of bytes read so far.
    """
    archive = manifest.archive
    try:
        stored = store.open(archive.file)
    except FileNotFoundError:
        raise BackupDamaged(f"{archive.file} is missing in {store.where}.", "Take another backup.") from None
    with contextlib.closing(stored):
        checked = _Checked(stored, archive)
        while checked.read(CHUNK):
            watch(checked.count)
        checked.finish()


class _Checked(io.RawIOBase):
    """The stored file, hashed as it is read."""

    def __init__(self, stored: BinaryIO, archive: Archive) -> None:
        self._stored, self._archive = stored, archive
        self._sha256 = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        data = self._stored.read(memoryview(buffer).nbytes)
        self._sha256.update(data)
        self.count += len(data)
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def finish(self) -> None:
        """Read what is left, and raise BackupDamaged if the file is another than the manifest's."""
        while self.read(CHUNK):
            pass
        if self.count != self._archive.bytes:
            raise _damaged(self._archive, f"it has {self.count} bytes instead of {self._archive.bytes}")
        if self._sha256.hexdigest() != self._archive.sha256:
            raise _damaged(self._archive, "its checksum is not the manifest's")


class _Unpacked(io.RawIOBase):
    """What was compressed; at its end the whole file has been checked."""

    def __init__(self, unpacked: BinaryIO, plain: BinaryIO, checked: _Checked, archive: Archive) -> None:
        self._unpacked, self._plain, self._checked, self._archive = unpacked, plain, checked, archive
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        import zstandard

        try:
            count = self._unpacked.readinto(buffer)  # type: ignore[attr-defined]  # BinaryIO knows no readinto
        except (zstandard.ZstdError, Undecryptable) as error:
            self._finish()
            raise _damaged(self._archive, f"it cannot be unpacked: {error}") from None
        self._count += count
        if not count:
            self._finish()
            if self._count != self._archive.raw_bytes:  # zstandard takes a frame cut short for its end
                reason = f"it holds {self._count} bytes of pg_dump's instead of {self._archive.raw_bytes}"
                raise _damaged(self._archive, reason)
        return int(count)

    def _finish(self) -> None:
        """Read what is left, on the way on which all of it came, and raise BackupDamaged if it is not as written."""
        undecryptable = None
        try:
            while self._plain.read(CHUNK):
                pass
        except Undecryptable as error:
            undecryptable = error
        self._checked.finish()
        if undecryptable:
            raise _damaged(self._archive, f"it cannot be decrypted: {undecryptable}")


def _damaged(archive: Archive, reason: str) -> BackupDamaged:
    return BackupDamaged(f"{archive.file} is damaged: {reason}.", "Take another backup; litxdb backups lists them.")
