"""Numbers as they stand in the sentences of findings."""

from __future__ import annotations

UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def age(seconds: float) -> str:
    """Write a time by the one unit that a reader needs.

    >>> age(0.42), age(59), age(200), age(5400), age(200_000)
    ('0.4 s', '59 s', '3.3 min', '1.5 h', '2.3 d')
    """
    for unit, length in UNITS:
        if seconds >= length:
            return f"{_short(seconds / length)} {unit}"
    return f"{_short(seconds)} s"


def size(number: float) -> str:
    """Write a number of bytes.

    >>> size(700), size(4 << 20), size(134217728 * 12)
    ('700 bytes', '4 MB', '1.5 GB')
    """
    if number < 1024:
        return f"{number:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        number /= 1024
        if number < 1024:
            return f"{_short(number)} {unit}"
    return f"{_short(number / 1024)} TB"


def signed(number: float) -> str:
    """Write by how many bytes something grew, or shrank.

    >>> signed(4 << 20), signed(-700)
    ('+4 MB', '-700 bytes')
    """
    return f"{'-' if number < 0 else '+'}{size(abs(number))}"


def many(number: int, thing: str) -> str:
    """Write a number of things.

    >>> many(1, "session"), many(1200, "row")
    ('1 session', '1,200 rows')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _short(number: float) -> str:
    """Write one decimal below ten, unless it is nought.

    >>> _short(3.04), _short(3.14), _short(31.4)
    ('3', '3.1', '31')
    """
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:,.0f}"
