"""Encryption to age recipients (https://age-encryption.org/v1): it streams, and no plaintext touches a disk.

The machine that backs up needs public keys only. Several recipients can each decrypt alone.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from litxdb.backup.archive import Decrypt, Undecryptable
from litxdb.backup.dump import widen
from litxdb.backup.dumping import Encryption
from litxdb.backup.manifest import Archive
from litxdb.errors import ConfigurationInvalid, LitxdbError
from litxdb.redaction import remember

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
Given = TypeVar("Given")
Result = TypeVar("Result")
RECIPIENT, IDENTITY = "age1", "AGE-SECRET-KEY-1"
LARGEST = 1 << 20
"""Bytes of a file of keys that are read at most."""
MAKE_KEYS = "Make a pair of keys with age-keygen; its age1… line is the recipient, the file is the identity."


def encryption(recipients: Iterable[str]) -> Encryption | None:
    """Return what backup.make needs to encrypt to these recipients; None if there are none.

    Each is a public key (age1…) or a file with one a line. Raises ConfigurationInvalid: a run that was to encrypt never
    goes on without.
    """
    texts = tuple(recipients)
    keys = tuple(dict.fromkeys(key for text in texts for key in _public_keys(text)))
    if not keys:
        if texts:
            raise ConfigurationInvalid("There is no recipient to encrypt the backup to.", MAKE_KEYS)
        return None
    public = [_parse("Recipient", key, "a recipient") for key in keys]
    return Encryption(functools.partial(_encrypting, keys=public), tuple(map(fingerprint, keys)))


def decryption(identity: Path | None, archive: Archive) -> Decrypt | None:
    """Return what archive.raw needs to read this archive; None if it is not encrypted.

    `identity` is a file as age-keygen writes it: secret keys, one a line. Raises ConfigurationInvalid if there is none,
    or if none of the keys in it is for this archive, which the manifest's fingerprints tell before a byte is read.
    """
    if not archive.recipients:
        return None
    if identity is None:
        raise ConfigurationInvalid(
            f"{archive.file} is encrypted, and no identity was given.",
            "Give --identity the file with the secret key, or name it in LITXDB_BACKUP_IDENTITY.",
        )
    keys = _secret_keys(identity)
    fitting = [key for key in keys if fingerprint(str(key.to_public())) in archive.recipients]
    if not fitting:
        raise ConfigurationInvalid(
            f"No key in {identity} can decrypt {archive.file}: it is encrypted to {', '.join(archive.recipients)}, "
            f"and these are {', '.join(fingerprint(str(key.to_public())) for key in keys)}.",
            "Give --identity the file with the secret key of one of its recipients.",
        )
    return functools.partial(_decrypting, keys=fitting)


def fingerprint(recipient: str) -> str:
    """Return what manifests call a public key by.

    >>> fingerprint("age1yt3tfqlfrwdwx0z0ynwplcr6qxcxfaqycuprpmy89nr83ltx74tqdpszlw")
    '4f24b701de43fdcd'
    """
    return hashlib.sha256(recipient.encode()).hexdigest()[:16]


def _public_keys(text: str) -> list[str]:
    return [text.strip()] if text.strip().startswith((RECIPIENT, IDENTITY)) else _lines(Path(text), "recipients")


def _secret_keys(path: Path) -> list[Any]:
    lines = _lines(path, "identities")
    for line in lines:
        remember(line)
    if not lines:
        raise ConfigurationInvalid(f"{path} has no secret key in it.", MAKE_KEYS)
    return [_parse("Identity", line, f"a line of {path}") for line in lines]


def _lines(path: Path, kind: str) -> list[str]:
    try:
        with path.expanduser().open(encoding="ascii") as file:
            lines = [line.strip() for line in file.read(LARGEST).splitlines()]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigurationInvalid(f"The {kind} cannot be read from {path}: {reason}.", MAKE_KEYS) from None
    return [line for line in lines if line and not line.startswith("#")]


def _parse(kind: str, text: str, what: str) -> Any:
    """Make a key of its text, which appears in no message: it may be the secret one in the wrong place."""
    import pyrage  # type: ignore[import-untyped]  # it has no types

    expected = RECIPIENT if kind == "Recipient" else IDENTITY
    try:
        return getattr(pyrage.x25519, kind).from_str(text)
    except (pyrage.RecipientError, pyrage.IdentityError):
        mixed = " It is a secret key, which belongs elsewhere." if kind == "Recipient" and IDENTITY in text else ""
        raise ConfigurationInvalid(f"{what.capitalize()} is no age key ({expected}…).{mixed}", MAKE_KEYS) from None


@contextlib.contextmanager
def _encrypting(target: BinaryIO, keys: list[Any]) -> Iterator[BinaryIO]:
    """Make a writer of plaintext; what pyrage makes of it is written to the target by a thread until the block ends."""
    import pyrage

    reading, writing = _pipe()
    watched = _Watched(target)
    pump = _Pump(lambda: pyrage.encrypt_io(reading, watched, keys), reading, watched)
    try:
        with writing:
            yield writing
    except BrokenPipeError:
        pump.result()  # why nobody reads any more
        raise
    finally:
        pump.join()
    pump.result()


@contextlib.contextmanager
def _decrypting(stored: BinaryIO, keys: list[Any]) -> Iterator[BinaryIO]:
    """Make a reader of plaintext, which raises Undecryptable at its end if that is not the true one."""
    import pyrage

    reading, writing = _pipe()
    watched = _Watched(stored)
    pump = _Pump(lambda: pyrage.decrypt_io(watched, writing, keys), writing, watched)
    try:
        yield cast("BinaryIO", _Plain(reading, pump))
    finally:
        reading.close()
        pump.join()


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read_end, write_end = os.pipe()
    widen(write_end)
    return os.fdopen(read_end, "rb", CHUNK), os.fdopen(write_end, "wb", CHUNK)


class _Watched:
    """Passes on reads and writes and keeps what they raise, which pyrage would turn into an error of its own."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        return self._kept(self._inner.read, size)

    def write(self, data: bytes) -> int:
        return self._kept(self._inner.write, data)

    def flush(self) -> None:
        """Do nothing: whoever made the file brings it to the disk."""

    def _kept(self, act: Callable[[Given], Result], given: Given) -> Result:
        try:
            return act(given)
        except Exception as error:
            self.error = error
            raise


class _Pump(threading.Thread):
    """pyrage at work between the pipe and a file, until its end of the pipe is closed.

    pyrage holds the interpreter's lock while it computes, but it asks Python for each 8 kB: others get their turn.
    """

    def __init__(self, work: Callable[[], object], end: BinaryIO, watched: _Watched) -> None:
        super().__init__(name="litxdb age", daemon=True)
        self._work, self._end, self._watched = work, end, watched
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Work, and keep what goes wrong for `result`."""
        try:
            with self._end:
                self._work()
        except Exception as error:
            self._error = self._watched.error or error

    def result(self) -> None:
        """Wait for the end, and raise what went wrong."""
        self.join()
        if self._error:
            raise self._error


class _Plain(io.RawIOBase):
    """What was encrypted, as long as it is authentic."""

    def __init__(self, reading: BinaryIO, pump: _Pump) -> None:
        self._reading, self._pump = reading, pump

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._reading.readinto1(buffer)  # type: ignore[attr-defined]  # BinaryIO knows no readinto1
        if not count:
            try:
                self._pump.result()
            except LitxdbError:
                raise
            except Exception as error:
                raise Undecryptable(str(error)) from None
        return int(count)
