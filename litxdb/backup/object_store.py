"""A store in a bucket: Amazon S3 and what speaks its language, Google Cloud Storage, Azure Blob Storage, by obstore.

Nothing here knows locks: the database's advisory lock stands alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast
from urllib.parse import quote, urlsplit

from litxdb.backup import naming
from litxdb.backup.object_failures import NO_BUCKET, explain
from litxdb.backup.s3_uploads import Uploads
from litxdb.backup.store import Stored
from litxdb.errors import ConfigurationInvalid, StoreUnusable, ToolMissing
from litxdb.interruption import interruptible
from litxdb.redaction import remember

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

SCHEMES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
"""The kinds of stores, and how the variables of each begin."""
PART_BYTES = 16 << 20
"""Of an upload, which has 10,000 parts at most: archives of up to 160 GB. Three are in memory at a time."""
CLIENT = {"connect_timeout": "10s", "timeout": "120s"}
RETRY = {"max_retries": 5}
AT_ONCE = 16
"""Small files that are read at a time."""
CALL_SECONDS = 900
"""For one call with all its retries; each has shorter limits of its own."""
_SECRET = ("SECRET_ACCESS_KEY", "TOKEN", "ACCOUNT_KEY", "SAS_KEY")
_HERE = ("localhost", "127.0.0.1", "::1")
Result = TypeVar("Result")


class ObjectStore:
    """A prefix of a bucket; a file appears there when its upload is complete, and not before."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigurationInvalid(
                "The backup store is no bucket's address.",
                "Write s3://bucket/prefix; credentials belong into the environment, such as AWS_ACCESS_KEY_ID.",
            )
        self.where = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        kind = SCHEMES[parts.scheme]
        self._options = {name: value for name, value in options.items() if name.startswith(kind)}
        path = parts.path.strip("/")
        self._prefix = f"{path}/" if path else ""
        own_key = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= set(self._options)
        self._uploads = Uploads(parts.netloc, self._options) if own_key else None
        for name, value in self._options.items():
            if name.endswith(_SECRET):
                remember(value)

    def list(self) -> Iterator[Stored]:
        """List the whole files; a bucket that does not exist is an error."""
        found = self._call(lambda: self._obstore.list_with_delimiter(self._client))
        return (Stored(each["path"], each["size"], each["last_modified"]) for each in found["objects"])

    def open(self, file: str) -> BinaryIO:
        """Open a file for reading, a part at a time."""
        found = self._call(lambda: self._obstore.get(self._client, file), missing=False)
        size = found.meta["size"]
        if size <= PART_BYTES:
            return io.BytesIO(self._call(lambda: bytes(found.bytes()), missing=False))
        return io.BufferedReader(_Reading(lambda start, end: self._range(file, start, end), size), 1 << 20)

    def read(self, files: Sequence[str], largest: int) -> dict[str, bytes]:
        """Read small files, several at a time: each takes as long as an answer from afar."""
        found: dict[str, bytes] = {}

        async def read_all() -> None:
            left = iter(files)

            async def read_some() -> None:
                for file in left:
                    with contextlib.suppress(FileNotFoundError):
                        answer = await self._obstore.get_async(self._client, file)
                        found[file] = bytes(await answer.bytes_async()) if answer.meta["size"] <= largest else b""

            await asyncio.gather(*(read_some() for _ in range(AT_ONCE)))

        self._call(lambda: asyncio.run(read_all()))
        return found

    @contextlib.contextmanager
    def create(self, file: str) -> Iterator[BinaryIO]:
        """Write a file that was not there; what is small, such as a manifest, on that very condition."""
        if self._exists(file):
            raise FileExistsError(file)
        uploading = _Uploading(self, file)
        try:
            yield cast("BinaryIO", uploading)
            uploading.finish()
        except FileExistsError:
            raise
        except BaseException:
            uploading.abort()
            with contextlib.suppress(StoreUnusable):
                self.remove(file)  # the answer may have been lost, and not the file
            raise

    def replace(self, file: str, content: bytes) -> None:
        """Write a small file in place of the one that is there."""
        self._call(lambda: self._obstore.put(self._client, file, content, use_multipart=False))

    def remove(self, file: str) -> None:
        """Remove a file, and parts of one: only archives are large enough for parts."""
        with contextlib.suppress(FileNotFoundError):
            self._call(lambda: self._obstore.delete(self._client, file), missing=False)
        known = naming.parse(file)
        if self._uploads and known and known.kind is naming.Kind.archive:
            with contextlib.suppress(OSError):  # not everybody may; it costs money, and breaks nothing
                for upload in self._uploads.list(f"{self._prefix}{file}"):
                    if upload.key == f"{self._prefix}{file}":
                        self._uploads.abort(upload)

    def leftovers(self) -> Iterator[Stored]:
        """List uploads to S3 that have not ended, if that is allowed; other stores clear them away themselves."""
        with contextlib.suppress(OSError):
            for upload in self._uploads.list(self._prefix) if self._uploads else ():
                yield Stored(upload.key.removeprefix(self._prefix), 0, upload.begun)

    @contextlib.contextmanager
    def folder(self, file: str) -> Iterator[Path]:
        """Make a directory on this machine's disk for temporary files."""
        with tempfile.TemporaryDirectory(prefix="litxdb-", ignore_cleanup_errors=True) as path:
            yield Path(path)

    def free_bytes(self) -> None:
        """Say that nobody knows."""
        return

    @contextlib.contextmanager
    def lock(self, name: str, subject: str) -> Iterator[None]:
        """Hold nothing."""
        yield None

    def put_new(self, file: str, content: bytes) -> None:
        """Write a small file on the condition that there is none. Raises FileExistsError."""
        try:
            self._call(lambda: self._obstore.put(self._client, file, content, mode="create", use_multipart=False))
        except FileExistsError:
            with contextlib.closing(self.open(file)) as there:
                if there.read() != content:  # else it is ours: the first answer was lost
                    raise

    def writer(self, file: str) -> Any:
        """Begin an upload in parts."""
        return self._call(
            lambda: self._obstore.open_writer(self._client, file, buffer_size=PART_BYTES, max_concurrency=2)
        )

    def _exists(self, file: str) -> bool:
        try:
            self._call(lambda: self._obstore.head(self._client, file), missing=False)
        except FileNotFoundError:
            return False
        return True

    def _range(self, file: str, start: int, end: int) -> bytes:
        return self._call(lambda: bytes(self._obstore.get_range(self._client, file, start=start, end=end)))

    @cached_property
    def _obstore(self) -> Any:
        try:
            import obstore
        except ImportError:
            raise ToolMissing(
                f"{self.where} is an object store, and obstore is not installed.", "pip install 'litxdb[s3]'"
            ) from None
        return obstore

    @cached_property
    def _client(self) -> Any:
        from obstore.store import from_url

        endpoint = next((value for name, value in self._options.items() if name.startswith("AWS_ENDPOINT_URL")), "")
        plain = {"allow_http": True} if urlsplit(endpoint).hostname in _HERE else {}
        with self._explained():
            return from_url(  # type: ignore[call-overload]  # its options differ by the kind of store
                quote(self.where, safe=":/"),
                config=self._options,
                client_options={**CLIENT, **plain},
                retry_config=RETRY,
            )

    def call(self, act: Callable[[], Result]) -> Result:
        """Do it so that Ctrl-C is heard meanwhile, and explain what goes wrong."""
        return self._call(act)

    def _call(self, act: Callable[[], Result], *, missing: bool = True) -> Result:
        """Do it; `missing` says that a file that is not there means that the bucket is not."""
        self._obstore, self._client  # noqa: B018 (their own errors first)
        with self._explained(missing=missing):
            return interruptible(act, CALL_SECONDS)

    @contextlib.contextmanager
    def _explained(self, *, missing: bool = True) -> Iterator[None]:
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            yield
        except AlreadyExistsError:
            raise FileExistsError(self.where) from None
        except (BaseError, FileNotFoundError, PermissionError, TimeoutError) as error:
            text = str(error)
            if isinstance(error, FileNotFoundError) and not missing and not NO_BUCKET.search(text):
                raise FileNotFoundError(self.where) from None
            reason, hint = explain(text)
            raise StoreUnusable(f"The backup store {self.where} cannot be used: {reason}.", hint) from None


class _Uploading(io.RawIOBase):
    """A file on its way: kept in memory as long as it fits into one part, then uploaded in parts."""

    def __init__(self, store: ObjectStore, file: str) -> None:
        self._store, self._file = store, file
        self._head = bytearray()
        self._writer: Any = None

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Take all of it; returns when no more than three parts wait."""
        size = memoryview(data).nbytes
        if self._writer is None and len(self._head) + size <= PART_BYTES:
            self._head += data
            return size
        if self._writer is None:
            self._writer = self._store.writer(self._file)
            self._send(bytes(self._head))
            self._head.clear()
        self._send(bytes(data))
        return size

    def finish(self) -> None:
        """Make it a file. Raises FileExistsError."""
        if self._writer is None:
            self._store.put_new(self._file, bytes(self._head))
        else:
            self._store.call(self._writer.close)

    def abort(self) -> None:
        """Have the parts removed."""
        if self._writer is not None and not self._writer.closed():
            with contextlib.suppress(StoreUnusable):
                self._store.call(lambda: self._writer.__exit__(InterruptedError, InterruptedError(), None))

    def _send(self, data: bytes) -> None:
        self._store.call(lambda: self._writer.write(data))


class _Reading(io.RawIOBase):
    """A file read a part at a time, so that no request lasts long."""

    def __init__(self, part: Callable[[int, int], bytes], size: int) -> None:
        self._part, self._size = part, size
        self._at = 0
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._left and self._at < self._size:
            end = min(self._at + PART_BYTES // 2, self._size)
            self._left = memoryview(self._part(self._at, end))
            self._at = end
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
