"""The settings read, as values that can be compared."""

from __future__ import annotations

from typing import Any

from litxdb.doctor.check import Rows

BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}


def by_name(settings: Rows) -> dict[str, Any]:
    """Return the rows by the setting's name."""
    return {row.name: row for row in settings}


def number(row: Any) -> int:
    """Return what a session of the role starts with, sizes in bytes; times stay in the setting's unit."""
    return amount(row.reset_val, row.unit)


def amount(text: str, unit: str | None) -> int:
    """Return a setting's number, sizes in bytes.

    >>> amount("4096", "kB"), amount("16384", "8kB"), amount("100", None), amount("60000", "ms")
    (4194304, 134217728, 100, 60000)
    """
    figures = "".join(sign for sign in unit or "" if sign.isdigit())
    return int(text) * int(figures or 1) * BYTES.get((unit or "").removeprefix(figures), 1)
