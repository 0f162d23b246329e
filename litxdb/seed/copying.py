"""Rows on their way into COPY: made while the server takes in those before them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from litxdb.errors import STOPPED
from litxdb.seed.world import Row, Table

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

CHUNK = 1 << 16
BINARY_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
BINARY_END = struct.pack("!h", -1)


class Stream(io.RawIOBase):
    """A file over pieces that are made when they are read; it counts them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self.count = 0
        self.failure: BaseException | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return about so many bytes; what goes wrong is kept, as COPY makes a message of it."""
        parts, length = [self._rest], len(self._rest)
        try:
            for piece in self._pieces:
                parts.append(piece)
                length += len(piece)
                self.count += 1
                if length >= size:
                    break
        except (Exception, *STOPPED) as failure:
            self.failure = failure
            raise
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


def encoded(rows: Iterable[Row]) -> Iterator[bytes]:
    r"""Write rows in COPY's text format. No text of a world holds a tab or a backslash, other than `\N` for null.

    >>> list(encoded([("1", "a\nb", r"\N")]))
    [b'1\ta\\nb\t\\N\n']
    """
    for row in rows:
        yield ("\t".join(row).replace("\n", "\\n") + "\n").encode()


def copy(cursor: Cursor, table: Table) -> int:
    """Send a table's rows, and return how many."""
    import psycopg2

    if table.binary is None:
        stream, options = Stream(encoded(table.rows())), ""
    else:
        stream, options = Stream(chain([BINARY_HEAD], table.binary(), [BINARY_END])), " with (format binary)"
    columns = ", ".join(table.columns)
    try:
        cursor.copy_expert(f"copy {table.name} ({columns}) from stdin{options}", _file(stream), size=CHUNK)
    except psycopg2.Error as error:
        if stream.failure is not None:
            raise stream.failure from error
        raise
    return stream.count - 2 if table.binary else stream.count


def _file(stream: Stream) -> Any:
    return stream
