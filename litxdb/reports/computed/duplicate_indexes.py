"""Indexes that another one makes superfluous

Each write pays for every index, and the planner has to think about it. "duplicate" is the same index, storage
parameters aside; "redundant" begins another one; "reversed" is another one read backwards, and probably superfluous.
What carries a constraint, is the replica identity or a foreign key's target is never the one that goes.
"""

from __future__ import annotations

from litxdb import catalog
from litxdb.queries import Column
from litxdb.reports.asking import Asking, Found

COLUMNS = (
    Column("likeness", "text", "duplicate, redundant or reversed"),
    Column("index", "text", "The index that can go, with its schema"),
    Column("covered_by", "text", "The one that stays"),
    Column("table", "text", "Their table"),
    Column("bytes", "bytes", "The index that can go, by the last VACUUM or ANALYZE"),
    Column("drop", "statement", "The statement that drops it"),
)


def read(asking: Asking) -> Found:
    """Compare all indexes."""
    found = catalog.find_duplicates(asking.indexes)
    rows = [{column.name: getattr(each, column.name) for column in COLUMNS} for each in found]
    return Found(rows, len(asking.indexes))
