"""Some rows of a table, from all over it."""

from __future__ import annotations

ROWS = 1000
"""So many vectors tell a hundredth, and are 6 MB at 1536 dimensions."""
LARGE_ROWS = 1_000_000


def portion(rows: int, wanted: int = ROWS) -> str:
    """Return the clause that has so many rows read, and some to spare, from all over a table.

    Of a large table only some pages are read; there are enough of them to be like the others.

    >>> portion(1500), portion(100_000), portion(3_000_000, 10)
    ('', 'tablesample bernoulli (3) repeatable (1)', 'tablesample system (0.1) repeatable (1)')
    """
    method, wanted = ("system", max(wanted, ROWS)) if rows >= LARGE_ROWS else ("bernoulli", wanted)
    share = 100 * 3 * wanted / max(1, rows)
    return "" if share >= 100 else f"tablesample {method} ({share:g}) repeatable (1)"
