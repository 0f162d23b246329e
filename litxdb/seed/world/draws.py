"""Numbers that are the same for ever: a keyed hash of the table, the column and the row.

Nothing is drawn in sequence, so that a new column, or another order of the tables, changes no other value; and nothing
comes from Python's own generator or from floating point, whose results may differ between versions and machines.
"""

from __future__ import annotations

from hashlib import blake2b, sha256

NULL = r"\N"
"""A row's value that is not there, as COPY writes it."""

MOST = 1 << 64


class Draw:
    """The numbers of one column: from 0 to 2**64 - 1, evenly spread.

    >>> draw = Draw("1", "papers", "status")
    >>> draw(7) == draw(7), draw(7) == draw(8), draw(7) == Draw("2", "papers", "status")(7)
    (True, False, False)
    """

    __slots__ = ("_hash",)

    def __init__(self, seed: str, table: str, column: str) -> None:
        self._hash = blake2b(f"{table}.{column}".encode(), key=sha256(seed.encode()).digest(), digest_size=8)

    def __call__(self, row: int) -> int:
        """Return the row's number."""
        state = self._hash.copy()
        state.update(b" %d" % row)
        return int.from_bytes(state.digest(), "big")

    def skewed(self, row: int, below: int) -> int:
        """Return a number below that limit, small ones far oftener than large ones: the product of two draws.

        >>> numbers = [Draw("1", "a", "b").skewed(row, 100) for row in range(1000)]
        >>> min(numbers) >= 0, max(numbers) < 100, sorted(numbers)[500] < 25
        (True, True, True)
        """
        number = self(row)
        return (number >> 32) * (number & 0xFFFFFFFF) * below >> 64


def uuid(row: int, noise: int) -> str:
    """Return a row's UUID, of version 8 and of a form that only seeding makes; see UUIDS.

    >>> uuid(42, 2**64 - 1)
    '5eed0000-002a-8fff-bfff-ffffffffffff'
    """
    digits = f"5eed{row:08x}8{noise & 0xFFF:03x}b{noise >> 4:015x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


UUIDS = "^5eed[0-9a-f]{4}-[0-9a-f]{4}-8[0-9a-f]{3}-b[0-9a-f]{3}-[0-9a-f]{12}$"
"""What the UUIDs of seeding look like: other programs make versions 4 and 7."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def token(number: int, length: int) -> str:
    """Write a number as letters and digits, as the services around LitXplore name their objects.

    >>> token(12345, 6)
    '0003D7'
    """
    letters = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))
