"""Counters that go on counting: what the server forgot at a reset, a crash or a suspend is kept.

A counter that is smaller than it was began anew, and its value is what came since. Nobody tells a whole reset from that
of one table (both move stats_reset), so smaller values are the only proof: what a reset hid is rather missed than
counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from litxdb.snapshots.parts import Part, Row


@dataclass(frozen=True)
class Moment:
    """When a snapshot was taken, by the server's clock in seconds since 1970, and for how long it knows the server.

    `observed` sums the time that the counters cover: without what passed between a snapshot and a reset. `doubtful`
    means that something was reset since the snapshot before, `reset` that all counters were.
    """

    taken_at: float
    counted_since: float
    observed: float = 0.0
    first: bool = True
    reset: bool = False
    doubtful: bool = False


def follow(now: Moment, before: Moment | None, *, decreased: bool) -> Moment:
    """Complete a moment by the one before it; `decreased` says whether a counter of the database went down.

    >>> first = follow(Moment(1000, counted_since=400), None, decreased=False)
    >>> first.observed
    600
    >>> follow(Moment(1500, 400), first, decreased=False).observed
    1100
    >>> follow(Moment(1500, 1200), first, decreased=True).observed  # they were lost at 1200
    900
    """
    if before is None:
        return replace(now, observed=now.taken_at - now.counted_since)
    since = before.taken_at
    if decreased:  # when, if nobody says so? then nothing of the interval is known
        since = now.counted_since if now.counted_since > since else now.taken_at
    return replace(
        now,
        observed=before.observed + now.taken_at - since,
        first=False,
        reset=decreased,
        doubtful=now.counted_since != before.counted_since,
    )


def decreased(part: Part[Any], raw: Mapping[int, Row], before: Mapping[int, Row]) -> bool:
    """Tell whether any counter is smaller than it was."""
    places = [index for index, name in enumerate(part.fields) if name in part.counters]
    return any(raw[key][at] < before[key][at] for key in raw.keys() & before.keys() for at in places)


def totals(
    part: Part[Any], raw: Mapping[int, Row], raw_before: Mapping[int, Row], before: Mapping[int, Row], moment: Moment
) -> dict[int, Row]:
    """Return the rows with their counters as totals, and the fields that are ours.

    `raw_before` is what the server said last time, `before` what was made of it. Something new starts with what the
    server says.
    """
    places = [index for index, name in enumerate(part.fields) if name in part.counters]
    used = part.fields.index("used_at") if "used_at" in part.fields else None
    ours = (moment.taken_at, 0.0 if moment.first else moment.observed)[: 2 * ("seen_at" in part.fields)]
    found = {}
    for key, row in raw.items():
        old, total = raw_before.get(key), before.get(key)
        new = list(row)
        if old is not None and total is not None:
            for at in places:
                new[at] = total[at] + (row[at] - old[at] if row[at] >= old[at] and not moment.reset else row[at])
        if used is not None:
            new[used] = _used_at(part, row, old, total, moment)
        found[key] = (*new, *(ours if total is None else total[len(row) :]))
    return found


def _used_at(part: Part[Any], row: Row, old: Row | None, total: Row | None, moment: Moment) -> float | None:
    """Return an index's last known use; where the server does not tell, one that was counted may have been just now."""
    at, scans = part.fields.index("used_at"), part.fields.index("scans")
    counted = row[scans] > 0 and (old is None or moment.doubtful or row[scans] > old[scans])
    known = [row[at], total[at] if total else None, moment.taken_at if counted and row[at] is None else None]
    return max((value for value in known if value is not None), default=None)
