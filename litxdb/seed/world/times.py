"""Times as seconds since 1970, UTC, and how a column writes them."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta

DAY = 86400
EPOCH = date(1970, 1, 1)
HOURS = (*range(7, 24), *range(8, 20), *range(8, 20), *range(9, 18), *range(9, 13), *range(13, 18), *range(14, 18), 0)
"""When people work: each hour of the day as often as it is likely, 64 in all."""


@functools.cache
def day_text(day: int) -> str:
    """Write a day since 1970.

    >>> day_text(20000)
    '2024-10-04'
    """
    return (EPOCH + timedelta(days=day)).isoformat()


MINUTES = tuple(f" {minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
SECONDS = tuple(f"{second:02}" for second in range(60))


def naive(time: int) -> str:
    """Write a time as LitXplore's oldest tables keep it: UTC, without a zone.

    >>> naive(1_700_000_000)
    '2023-11-14 22:13:20'
    """
    minutes, second = divmod(time, 60)
    day, minute = divmod(minutes, 1440)
    return day_text(day) + MINUTES[minute] + SECONDS[second]


def stamp(time: int) -> str:
    """Write a time with its zone.

    >>> stamp(1_700_000_000)
    '2023-11-14 22:13:20+00'
    """
    return naive(time) + "+00"


def seconds(moment: datetime) -> int:
    """Return the seconds since 1970, whole."""
    return int(moment.astimezone(UTC).timestamp())


def at_work(day: int, number: int) -> int:
    """Choose a time of the day from 64 random bits, mostly in working hours; most of the weekend moves to Friday.

    >>> stamp(at_work(20000, 12345678)), day_text(at_work(20001, 1) // DAY)
    ('2024-10-04 10:23:45+00', '2024-10-04')
    """
    weekday = (day + 3) % 7
    if weekday > 4 and number & 3:
        day -= weekday - 4
    hour: int = HOURS[(number >> 2) & 63]
    return day * DAY + hour * 3600 + (number >> 8) % 3600
