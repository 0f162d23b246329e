"""The releases of PostgreSQL that this litxdb knows of: newest minor release and end of life of each major version.

Minor releases come at least every three months, on a Thursday that is announced in advance; a major version's last one
comes in the November five years after its first (https://www.postgresql.org/support/versioning/ and
/developer/roadmap/).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 22)
"""When the table was last compared with the world."""

QUARTER_DAYS = 98
"""The longest time between two scheduled minor releases: fourteen weeks."""


@dataclass(frozen=True)
class Branch:
    """A major version: its newest minor release, when that came out, and the day after which nothing is mended."""

    minor: int
    released: date
    end: date


BRANCHES = {
    15: Branch(20, date(2026, 11, 12), date(2027, 11, 11)),
    16: Branch(15, date(2026, 8, 13), date(2028, 11, 9)),
    17: Branch(11, date(2026, 8, 13), date(2029, 11, 8)),
    18: Branch(6, date(2026, 8, 13), date(2030, 11, 14)),
}


def age(branch: Branch, today: date) -> str:
    """Say how old this knowledge is, and whether a newer release must be expected.

    >>> age(BRANCHES[18], date(2026, 9, 1))
    'litxdb knows of releases up to 2026-08-13'
    >>> age(BRANCHES[18], date(2027, 1, 1))
    'litxdb knows of releases up to 2026-08-13: newer ones are to be expected'
    """
    said = f"litxdb knows of releases up to {branch.released}"
    expected = (today - branch.released).days > QUARTER_DAYS
    return f"{said}: newer ones are to be expected" if expected else said
