"""COPY in its binary format, of one column of text: the format whose letters nobody has to look at one by one.

https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

COPY = "copy ({select}) to stdout with (format binary)"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
BEFORE_ROW = 6
"""Bytes that tell a row's columns, always one, and their length."""
TRAILER = b"\xff\xff"


def rows(messages: list[bytes]) -> list[bytes]:
    r"""Return the rows within messages of COPY, of which the first also has the header; the last is the trailer.

    There is a row in each: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY

    >>> rows([HEADER + b"\0\1\0\0\0\2{}", b"\0\1\0\0\0\1x"]), rows([b"\0\1\0\0\0\1y", TRAILER])
    ([b'{}', b'x'], [b'y'])
    >>> rows([HEADER, TRAILER]), rows([HEADER + TRAILER]), rows([])
    ([], [], [])
    """
    if messages:
        messages[0] = messages[0].removeprefix(HEADER)
    return [message[BEFORE_ROW:] for message in messages if message and message != TRAILER]
