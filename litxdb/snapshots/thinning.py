"""Which snapshots make room for newer ones: dense for the last hours, sparse for the last months."""

from __future__ import annotations

from collections.abc import Sequence

HOUR, DAY = 3600, 86400
KEEP_DAYS = 90
DENSITY = ((6 * HOUR, HOUR / 6), (2 * DAY, HOUR), (14 * DAY, 6 * HOUR), (float("inf"), DAY))
"""Up to this age one is kept for so long a time: for 90 days, 36 + 48 + 48 + 77 at most."""

MOST = 500
"""More are never kept, however long."""


def surplus(taken: Sequence[float], *, keep_days: float = KEEP_DAYS) -> list[float]:
    """Return the times, in seconds, whose snapshots go; of each stretch of time the first stays, and the newest always.

    >>> surplus([0, 60, 120]), surplus([0, 300, 7200, 7260])
    ([60], [300])
    >>> surplus([0, 3 * DAY], keep_days=2)
    [0]
    """
    times = sorted(taken)
    if not times:
        return []
    newest, kept, seen = times[-1], [], set()
    for moment in times[:-1]:
        age = newest - moment
        stretch = next((width, moment // width) for limit, width in DENSITY if age <= limit)
        if age <= keep_days * DAY and stretch not in seen:
            seen.add(stretch)
            kept.append(moment)
    staying = {*kept[-(MOST - 1) :], newest}
    return [moment for moment in times if moment not in staying]
