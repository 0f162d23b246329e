"""How far sequences, and the columns that they fill, are from their end

A column ends with its type: an integer under a bigint sequence fails at 2,147,483,647, and so does an integer key that
the application fills itself ("assigned", read by max()). `days_left` goes by the snapshots of at least a day.
"""

from __future__ import annotations

from datetime import timedelta

from litxdb import catalog
from litxdb.queries import Column
from litxdb.reports.asking import Asking, Found

COLUMNS = (
    Column("table", "text", "The table, with its schema; null for a sequence that fills no column"),
    Column("column", "text", "The column"),
    Column("type", "text", "Its type, a domain's base type"),
    Column("kind", "text", "serial, identity, default (of a sequence that is not its own), free or assigned"),
    Column("sequence", "text", "The sequence; null for an assigned key"),
    Column("used_percent", "percent", "How much is used; null when that is not known, or it begins anew"),
    Column("last_value", "count", "The latest value; null before the first"),
    Column("end", "count", "The last value that fits"),
    Column("left", "count", "Values left"),
    Column("days_left", "days", "How long they last at the pace of the snapshots; null without them"),
    Column("unread", "text", "Why the value is not known"),
)


def read(asking: Asking) -> Found:
    """Read all sequences, and the highest values of integer keys without one."""
    found = [*catalog.read_sequences(asking.connection), *catalog.read_assigned_keys(asking.connection)]
    pace = _values_a_day(asking)
    rows = [
        {
            **{column.name: getattr(each, column.name, None) for column in COLUMNS},
            "days_left": _days_left(each, pace.get(each.oid)),
        }
        for each in sorted(found, key=lambda each: (each.unread is not None, -(each.used_percent or 0)))
    ]
    denied = [each for each in found if each.unread == "no privilege"]
    notes: tuple[str, ...] = ()
    if denied:
        one = f"sequence {denied[0].sequence}" if denied[0].sequence else str(denied[0].table)
        grant = f"grant select on {one} to {asking.reader.role}"
        notes = (f"{len(denied)} of {len(found)} values may not be read. For one of them: {grant}",)
    unseen = sum(each.unread is not None for each in found)
    return Found(rows, len(found) - unseen, unseen, notes)


def _values_a_day(asking: Asking) -> dict[int, float]:
    """Return how far each sequence moves in a day, by the snapshots; only what moved."""
    newest, older = asking.history.newest, asking.history.before(timedelta(days=7))
    if newest is None or older is None or (days := (newest.taken_at - older.taken_at) / timedelta(days=1)) < 1:
        return {}
    ways = {
        oid: (figures.last_value or 0) - (older.sequences[oid].last_value or 0)
        for oid, figures in newest.sequences.items()
        if oid in older.sequences
    }
    return {oid: way / days for oid, way in ways.items() if way}


def _days_left(each: catalog.Sequence, pace: float | None) -> float | None:
    if each.left is None or pace is None or pace * each.increment < 0:
        return None
    return each.left * abs(each.increment) / abs(pace)
