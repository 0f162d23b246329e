"""What the snapshots of a database say of its last weeks, as lines to draw."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from litxdb.doctor.results import Trend

if TYPE_CHECKING:
    from litxdb.snapshots import DatabaseFigures, History, Snapshot

    Moment = tuple[Snapshot, DatabaseFigures]

MOST_POINTS = 60
"""More than a chart has pixels to tell apart."""


def trends(past: History) -> tuple[Trend, ...]:
    """Return the figures that two snapshots at least have."""
    spread = past.spread(MOST_POINTS)
    moments = tuple((each, figures) for each in spread if (figures := each.database) is not None)
    pairs = tuple(itertools.pairwise(moments))
    found = (
        Trend("Size of the database", "bytes", _levels(moments, lambda figures: figures.bytes)),
        Trend("Connections", "", _levels(moments, lambda figures: figures.connections)),
        Trend("Transactions a second", "/s", _rates(pairs, lambda figures: figures.commits + figures.rollbacks)),
        Trend("Blocks found in shared_buffers", "percent", _shares(pairs)),
    )
    return tuple(trend for trend in found if len(trend.points) > 1)


def _levels(
    moments: Sequence[Moment], figure: Callable[[DatabaseFigures], float | None]
) -> tuple[tuple[datetime, float], ...]:
    found = ((snapshot.taken_at, figure(figures)) for snapshot, figures in moments)
    return tuple((when, value) for when, value in found if value is not None)


def _rates(
    pairs: Sequence[tuple[Moment, Moment]], total: Callable[[DatabaseFigures], float]
) -> tuple[tuple[datetime, float], ...]:
    return tuple(
        (new.taken_at, (total(after) - total(before)) / seconds)
        for (old, before), (new, after) in pairs
        if (seconds := new.observed_seconds - old.observed_seconds) > 0
    )


def _shares(pairs: Sequence[tuple[Moment, Moment]]) -> tuple[tuple[datetime, float], ...]:
    found = []
    for (_, before), (new, after) in pairs:
        hit = after.blocks_hit - before.blocks_hit
        blocks = hit + after.blocks_read - before.blocks_read
        if blocks > 0:
            found.append((new.taken_at, 100 * hit / blocks))
    return tuple(found)
