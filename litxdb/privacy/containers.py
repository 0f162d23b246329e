"""The two forms of an export, written as the rows come: a zip with a file for each table, and one JSON document."""

from __future__ import annotations

import contextlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, Any, BinaryIO, Protocol, Self

from litxdb.privacy import copied
from litxdb.privacy.writing import Piece

LEVEL = 1
"""zlib's quickest; igzip's is several times as quick, and smaller. The server would wait for higher ones."""
SHOWN_ROWS = 100
LONGEST_TEXT = 2000
"""Rows of each table on the page, and characters of each value: the files have all."""
CHUNK_BYTES = 1 << 18


class Rows:
    """Where COPY writes the rows of a table: counts them, and keeps the first for the page."""

    def __init__(self, piece: Piece) -> None:
        self.rows = 0
        self.told: Callable[[], None] = lambda: None
        self.shown: list[dict[str, Any]] = []
        self._piece, self._messages, self._bytes = piece, list[bytes](), 0

    def write(self, message: bytes) -> int:
        """Take a message of COPY, which is a row; called a million times, so it does next to nothing."""
        self._messages.append(message)
        self._bytes += len(message)
        if self._bytes >= CHUNK_BYTES:
            self.flush()
        return len(message)

    def flush(self) -> None:
        """Pass on what has been collected, a line for each row."""
        rows = copied.rows(self._messages)
        self._messages, self._bytes = [], 0
        self.shown += map(_read, rows[: SHOWN_ROWS - len(self.shown)])
        self.rows += len(rows)
        self._piece.write(b"\n".join([*rows, b""]))
        self.told()


class Container(Protocol):
    """A form of an export, as a context manager: after a failure what was written is worth nothing."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

    def table(
        self, name: str, *, single: bool = False, referenced: bool = False
    ) -> contextlib.AbstractContextManager[tuple[str, Piece, Rows]]:
        """Open the part for a table's rows; returns the name of its file as well."""
        ...

    def text(self, name: str, content: str) -> Piece | None:
        """Write a file whole, where there are files."""
        ...

    def close(self, manifest: str) -> None:
        """Write the manifest, and end."""
        ...


class Zip:
    """A zip: data/*.jsonl, referenced/*.jsonl, and whatever is written whole."""

    def __init__(self, file: BinaryIO, at: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._at = at
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):  # it is closed already, or the file is given up
            self._zip.close()

    @contextlib.contextmanager
    def table(self, name: str, *, single: bool = False, referenced: bool = False) -> Iterator[tuple[str, Piece, Rows]]:
        """Open a file of JSON lines."""
        name = self._unused(f"{'referenced' if referenced else 'data'}/{safe(name)}", ".jsonl")
        with self._entry(name) as entry, Piece(entry.write) as piece:
            rows = Rows(piece)
            yield name, piece, rows
            rows.flush()

    def text(self, name: str, content: str) -> Piece:
        """Write a file whole."""
        with self._entry(name) as entry, Piece(entry.write) as piece:
            piece.write(content.encode(errors="replace"))
        return piece

    def close(self, manifest: str) -> None:
        """Write the manifest as a file, and the zip's directory."""
        self.text("manifest.json", manifest)
        self._zip.close()

    def _entry(self, name: str) -> IO[bytes]:
        info = zipfile.ZipInfo(name, self._at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        entry = self._zip.open(info, "w", force_zip64=True)
        # zipfile lets nobody choose; should a version of it not look here, it goes on with zlib's default
        entry._compressor = _compressor()  # type: ignore[attr-defined]
        return entry

    def _unused(self, stem: str, end: str) -> str:
        names = (f"{stem}{'' if number == 1 else f'-{number}'}{end}" for number in range(1, len(self._names) + 2))
        name = next(name for name in names if name.lower() not in self._names)
        self._names.add(name.lower())
        return name


class Document:
    """One JSON object: the person under `user`, a list for each table, then what they refer to, then the manifest."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._lead, self._in_referenced = file, b"{\n", False
        self._keys = {"referenced", "manifest"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    @contextlib.contextmanager
    def table(self, name: str, *, single: bool = False, referenced: bool = False) -> Iterator[tuple[str, Piece, Rows]]:
        """Open a member of the object: a list, or with `single` the one row."""
        if referenced and not self._in_referenced:
            self._write(self._lead + b'"referenced": {\n')
            self._lead, self._in_referenced, self._keys = b"", True, set()
        while name in self._keys:
            name += "_"
        self._keys.add(name)
        self._write(self._lead + f"{json.dumps(name, ensure_ascii=False)}: {'' if single else '['}".encode())
        self._lead = b",\n"
        with Piece(_Joined(self._file).write) as piece:
            rows = Rows(piece)
            yield f"referenced.{name}" if referenced else name, piece, rows
            rows.flush()
        self._write(b"" if single else b"]")

    def text(self, name: str, content: str) -> None:
        """Leave it out: a document has no files beside it."""

    def close(self, manifest: str) -> None:
        """Write the manifest as the last member."""
        end = b"}" if self._in_referenced else b""
        self._write(end + self._lead + b'"manifest": ' + manifest.encode(errors="replace") + b"}\n")

    def _write(self, data: bytes) -> None:
        self._file.write(data)


def _compressor() -> Any:
    """Make one for zip's deflate: igzip, which is made for x86-64 and ARM64, elsewhere zlib."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return isal_zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)


class _Joined:
    """Turns lines into the members of a list: a comma between each two."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._held = file, b""

    def write(self, chunk: bytes) -> None:
        """Write a chunk; a line's end at its end waits for whether another line comes."""
        chunk = self._held + chunk
        self._held = b"\n" if chunk.endswith(b"\n") else b""
        self._file.write(chunk[: len(chunk) - len(self._held)].replace(b"\n", b",\n"))


def _read(row: bytes) -> dict[str, Any]:
    """Read a row for the page; PostgreSQL has JSON that is nested deeper than Python reads."""
    try:
        return {name: short(value) for name, value in json.loads(row, parse_int=_number).items()}
    except RecursionError:
        return {"record": short(row.decode())}


def _number(digits: str) -> int | str:
    """Read a whole number; Python refuses those of thousands of digits, which `numeric` may have."""
    return int(digits) if len(digits) < 50 else digits


def safe(name: str) -> str:
    """Make a file's name of a table's.

    >>> safe("users"), safe("../etc/x y"), safe("")
    ('users', 'etc_x_y', 'table')
    """
    return re.sub(r"[^\w-]+", "_", name).strip("_-")[:80] or "table"


def short(value: Any) -> Any:
    """Shorten a long text, also within JSON, to what fits the page."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False)
        if len(text) <= LONGEST_TEXT:
            return value
        kept = _first(value) if isinstance(value, list) else []
        return [*kept, "…"] if kept else text[:LONGEST_TEXT] + "…"
    return value


def _first(values: list[Any]) -> list[Any]:
    """Return as many as fit the page."""
    kept, room = [], LONGEST_TEXT
    for value in values:
        room -= len(json.dumps(value, ensure_ascii=False))
        if room < 0:
            break
        kept.append(value)
    return kept
