"""Foreign keys that no index serves

Deleting a referenced row, or changing its key, reads the referencing table whole for each of them, and holds a lock
meanwhile. A partial index, BRIN, INCLUDE columns and an index with another collation do not help; the order of an
index's first columns does not matter. An index that begins with some of the columns may do.
"""

from __future__ import annotations

from litxdb import catalog
from litxdb.queries import Column
from litxdb.reports.asking import Asking, Found

COLUMNS = (
    Column("table", "text", "The referencing table, with its schema"),
    Column("foreign_key", "text", "The constraint"),
    Column("columns", "text", "Its columns"),
    Column("referenced", "text", "The referenced table"),
    Column("rows", "count", "Rows of the referencing table, estimated; null when it was never analyzed"),
    Column("bytes", "bytes", "Its heap, by the last VACUUM or ANALYZE"),
    Column("referenced_writes", "count", "Referenced rows deleted and updated, as far as is counted"),
    Column("partly", "text", "An index that begins with some of the columns"),
    Column("create", "statement", "The statement that makes an index"),
)


def read(asking: Asking) -> Found:
    """Look for an index for each foreign key."""
    foreign_keys = catalog.read_foreign_keys(asking.connection)
    rows = [
        {
            "table": each.key.table,
            "foreign_key": each.key.name,
            "columns": each.key.column_names,
            "referenced": each.key.referenced,
            "rows": each.key.rows,
            "bytes": each.key.bytes,
            "referenced_writes": each.key.referenced_writes,
            "partly": each.partly,
            "create": each.create,
        }
        for each in catalog.find_uncovered(foreign_keys, asking.indexes)
    ]
    return Found(rows, len(foreign_keys.keys))
