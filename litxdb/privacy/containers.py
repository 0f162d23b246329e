"""The two forms of an export, written as the rows come: a zip with a file for each table, and one JSON document."""

from __future__ import annotations

import contextlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, Protocol, Self

from litxdb.privacy.writing import Piece

LEVEL = 1
"""zlib's quickest: the server sends rows faster than a higher one compresses them, for some per cent of size."""
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
        self._piece, self._pending, self._line = piece, bytearray(), bytearray()

    def write(self, data: bytes) -> int:
        """Take what COPY sends: a row, or a part of one; called a million times, so it does next to nothing."""
        self._pending += data
        if len(self._pending) >= CHUNK_BYTES:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Pass on what has been collected."""
        chunk = bytes(self._pending)
        self._pending.clear()
        if len(self.shown) < SHOWN_ROWS:
            self._keep(chunk)
        self.rows += chunk.count(b"\n")
        self._piece.write(chunk)
        self.told()

    def _keep(self, data: bytes) -> None:
        self._line += data
        while b"\n" in self._line and len(self.shown) < SHOWN_ROWS:
            line, _, rest = bytes(self._line).partition(b"\n")
            self._line = bytearray(rest)
            row = json.loads(line, parse_int=_number)
            self.shown.append({name: short(value) for name, value in row.items()})
        if len(self.shown) == SHOWN_ROWS:
            self._line.clear()


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
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
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
        with self._zip.open(self._info(name), "w", force_zip64=True) as entry, Piece(entry.write) as piece:
            rows = Rows(piece)
            yield name, piece, rows
            rows.flush()

    def text(self, name: str, content: str) -> Piece:
        """Write a file whole."""
        with self._zip.open(self._info(name), "w", force_zip64=True) as entry, Piece(entry.write) as piece:
            piece.write(content.encode(errors="replace"))
        return piece

    def close(self, manifest: str) -> None:
        """Write the manifest as a file, and the zip's directory."""
        self.text("manifest.json", manifest)
        self._zip.close()

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = LEVEL  # type: ignore[attr-defined]  # public only from Python 3.13 on
        info.external_attr = 0o600 << 16
        return info

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


class _Joined:
    """Turns lines into the members of a list: a comma between each two."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._held = file, b""

    def write(self, chunk: bytes) -> None:
        """Write a chunk; a line's end at its end waits for whether another line comes."""
        chunk = self._held + chunk
        self._held = b"\n" if chunk.endswith(b"\n") else b""
        self._file.write(chunk[: len(chunk) - len(self._held)].replace(b"\n", b",\n"))


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
        return value if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
    return value
