"""What tables and btrees of a mebibyte and more could give back

Estimated from the planner's statistics; the five that waste most, and what cannot be estimated, are measured where
pgstattuple is there and may be used (pg_monitor may), up to 1 GiB each. A few pages in ten are no reason to act: VACUUM
makes them usable again, and only VACUUM FULL, pg_repack or REINDEX CONCURRENTLY give them back.
"""

from __future__ import annotations

from litxdb import catalog
from litxdb.queries import Column
from litxdb.reports.asking import Asking, Found

MEASURED = 5
MOST_BYTES = 1024**3
"""pgstattuple reads the file: larger ones take more than a moment."""

COLUMNS = (
    Column("object", "text", "The table or index, with its schema"),
    Column("kind", "text", "table or index"),
    Column("bytes", "bytes", "Its size"),
    Column("wasted_bytes", "bytes", "What it could give back; null when that is not known"),
    Column("wasted_percent", "percent", "Its part"),
    Column("method", "text", "estimated or measured"),
    Column("unknown", "text", "Why it is not known"),
)


def read(asking: Asking) -> Found:
    """Estimate all, and measure those that matter."""
    relations = catalog.read_relations(asking.connection, asking.indexes)
    found = catalog.estimate_bloat(relations)
    if "pgstattuple" in asking.reader.extensions:
        worst = [each for each in found if each.bytes <= MOST_BYTES and each.unknown is None][:MEASURED]
        unknown = [each for each in found if each.bytes <= MOST_BYTES and each.unknown][:MEASURED]
        measured = {
            each.oid: catalog.measure_bloat(asking.connection, each)
            for each in (*worst, *unknown)
            if asking.seconds_left > asking.seconds / 2
        }
        found = [measured.get(each.oid, each) for each in found]
        found.sort(key=lambda each: (each.unknown is not None, -(each.wasted_bytes or 0)))
    rows = [
        {
            "object": each.name,
            "kind": each.kind,
            "bytes": each.bytes,
            "wasted_bytes": each.wasted_bytes,
            "wasted_percent": each.wasted_percent,
            "method": "measured" if each.is_measured else None if each.unknown else "estimated",
            "unknown": each.unknown,
        }
        for each in found
    ]
    unseen = sum(each.unknown is not None for each in found)
    return Found(rows, len(found) - unseen, unseen, _notes(asking, found))


def _notes(asking: Asking, found: list[catalog.Bloat]) -> tuple[str, ...]:
    notes = []
    if not found:
        notes.append("No table or btree is larger than 1 MiB: there is nothing to estimate.")
    if any("privilege" in (each.unknown or "") for each in found):
        role = asking.reader.role
        notes.append(
            f"Role {asking.reader.role} does not see all statistics: grant pg_read_all_data to {role};"
            f" or, with the extension pgstattuple: grant pg_monitor to {role}"
        )
    if any("never analyzed" in (each.unknown or "") for each in found):
        notes.append("What was never analyzed cannot be estimated. Run: analyze")
    return tuple(notes)
