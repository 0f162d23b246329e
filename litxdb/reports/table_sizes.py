"""How large tables are, and how much they have grown since the last snapshot."""

from __future__ import annotations

from litxdb import snapshots
from litxdb.database import Database
from litxdb.queries import Column
from litxdb.reading import reading
from litxdb.reports.results import Report

COLUMNS = (
    Column("table", "text", "The table, with its schema"),
    Column("bytes", "bytes", "Heap, TOAST and indexes together"),
    Column("share_percent", "percent", "Its part of all tables"),
    Column("heap_bytes", "bytes", "The heap"),
    Column("index_bytes", "bytes", "Its indexes"),
    Column("toast_bytes", "bytes", "Its TOAST table"),
    Column("rows", "count", "Estimated rows; null when it was never analyzed"),
    Column("dead_rows", "count", "Estimated dead rows"),
    Column("grown_bytes", "bytes", "How much larger it is than in the last snapshot; null when that has it not"),
    Column("is_measured", "boolean", "Whether its files were measured; else as of the last VACUUM or ANALYZE"),
)


def table_sizes(db: Database) -> Report:
    """List all tables, the largest first; waits for no lock.

    Files are measured without their free space and visibility maps. A table that somebody locks has the sizes of the
    last VACUUM or ANALYZE.
    """
    with reading(db) as reader:
        tables = snapshots.read_tables(reader)
        past = snapshots.history(db, reader.connection)
    before = past.newest.tables if past.newest else {}
    total = sum(table.total_bytes for table in tables)
    rows = [
        {
            "table": table.name,
            "bytes": table.total_bytes,
            "share_percent": 100 * table.total_bytes / total if total else None,
            "heap_bytes": table.figures.bytes,
            "index_bytes": table.figures.index_bytes,
            "toast_bytes": table.figures.toast_bytes,
            "rows": table.figures.rows,
            "dead_rows": table.figures.dead_rows,
            "grown_bytes": table.total_bytes - before[table.oid].total_bytes if table.oid in before else None,
            "is_measured": table.is_measured,
        }
        for table in sorted(tables, key=lambda table: (-table.total_bytes, table.name))
    ]
    locked = sum(not table.is_measured for table in tables)
    notes = [f"{locked} of {len(tables)} tables are locked: theirs are the sizes of the last VACUUM."] if locked else []
    if past.trouble:
        notes.append(f"{past.trouble.message} {past.trouble.hint}")
    elif past.newest:
        notes.append(f"Grown since the snapshot of {past.newest.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        notes.append("Growth is known once there is a snapshot: litxdb snapshot")
    about = "Sizes are of files, without free space and visibility maps."
    return Report("table-sizes", "Tables by size", about, COLUMNS, tuple(rows), len(rows), notes=tuple(notes))
