"""How much of a table's or a btree's file is neither data nor the room that it needs: estimated, then measured.

The estimate follows ioguix (https://github.com/ioguix/pgsql-bloat-estimation): rows times the width of a row, by the
planner's statistics. Beyond that it lays the columns out as the server does, each at a multiple of its alignment, and
knows that a btree stores equal values once. It is still an estimate; `measure` asks pgstattuple.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from litxdb import queries, reading
from litxdb.catalog.indexes import Class, Index

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PAGE = 8192
LEAST_BYTES = 1024 * 1024
"""Smaller relations are not looked at: a few pages more or less say nothing."""
PAGE_HEADER, ITEM_POINTER, ALIGNMENT = 24, 4, 8
ROW_HEADER, INDEX_HEADER = 23, 8
BTREE_SPECIAL = 16
SHORT = 126
"""Values of varying length up to here are stored with a header of one byte, and unaligned."""
POSTING_LIST = 812
"""The longest list of rows with one value that a btree's build makes: a tenth of a page."""
ROW_POINTER = 6


@dataclass(frozen=True)
class Column:
    """A column's layout and statistics; without statistics, the last three are None."""

    relation: int
    number: int
    length: int
    alignment: int
    null_fraction: float | None
    width: int | None
    distinct: float | None


@dataclass(frozen=True)
class Heap:
    """A table or materialized view of a mebibyte or more.

    `is_readable` says whether its statistics can be seen, `has_dropped` whether old rows may hold dropped columns.
    """

    oid: int
    name: str
    bytes: int
    rows: int | None
    fill_factor: int
    is_readable: bool
    has_dropped: bool


@dataclass(frozen=True)
class Relations:
    """What the estimate needs: large tables, large btrees, their columns by relation, and which classes deduplicate."""

    heaps: tuple[Heap, ...]
    btrees: tuple[Index, ...]
    columns: Mapping[int, Mapping[int, Column]]
    deduplicating: frozenset[Class]


@dataclass(frozen=True)
class Bloat:
    """How much of a relation could be given back; `unknown` says why that cannot be told.

    It is "never analyzed", "no privilege" (SELECT is missing), or "dropped columns" (old rows may still hold them).
    `is_measured` tells pgstattuple's answer from an estimate. The name is quoted and has its schema.
    """

    oid: int
    name: str
    kind: str
    table: str
    bytes: int
    wasted_bytes: int | None
    is_measured: bool = False
    unknown: str | None = None

    @property
    def wasted_percent(self) -> float | None:
        """The part that is wasted."""
        return None if self.wasted_bytes is None else 100 * self.wasted_bytes / max(1, self.bytes)


def read_relations(connection: Connection, indexes: Iterable[Index]) -> Relations:
    """Read what the estimate needs of tables and btrees of a mebibyte or more; waits for no lock."""
    version = connection.info.server_version
    heaps = [
        Heap(**row) for row in queries.load("relations", "heaps", version).run(connection, least_bytes=LEAST_BYTES)
    ]
    btrees = [each for each in indexes if each.method == "btree" and each.bytes >= LEAST_BYTES]
    oids = {heap.oid for heap in heaps} | {btree.table_oid for btree in btrees} | {btree.oid for btree in btrees}
    columns: dict[int, dict[int, Column]] = {}
    if oids:
        for row in queries.load("relations", "columns", version).run(connection, oids=sorted(oids)):
            columns.setdefault(row["relation"], {})[row["number"]] = Column(**row)
    classes = queries.load("relations", "deduplicating_classes", version).run(connection)
    deduplicating = frozenset((row["family"], row["type"]) for row in classes)
    return Relations(tuple(heaps), tuple(btrees), columns, deduplicating)


def estimate_bloat(relations: Relations) -> list[Bloat]:
    """Estimate the bloat of all these relations, the most wasteful first, those that cannot be told last."""
    found = [_of_heap(heap, relations.columns.get(heap.oid, {})) for heap in relations.heaps]
    found += [_of_btree(btree, relations) for btree in relations.btrees]
    return sorted(found, key=lambda each: (each.wasted_bytes is None, -(each.wasted_bytes or 0), each.name))


def _of_heap(heap: Heap, columns: Mapping[int, Column]) -> Bloat:
    unknown = None
    if heap.rows is None:
        unknown = "never analyzed"
    elif not heap.is_readable:
        unknown = "no privilege"
    elif heap.has_dropped:
        unknown = "dropped columns"
    elif any(column.width is None for column in columns.values()):
        unknown = "never analyzed"
    result = Bloat(heap.oid, heap.name, "table", heap.name, heap.bytes, None, unknown=unknown)
    if unknown or heap.rows is None:
        return result
    row = _item(ROW_HEADER, len(columns), list(columns.values())) + ITEM_POINTER
    room = PAGE - PAGE_HEADER - PAGE * (100 - heap.fill_factor) / 100
    needed = math.ceil(heap.rows / _items_a_page(room, row, varying=_varies(columns.values()))) * PAGE
    return replace(result, wasted_bytes=max(0, heap.bytes - needed))


def _of_btree(btree: Index, relations: Relations) -> Bloat:
    keys = _columns_of(btree, relations)
    result = Bloat(btree.oid, btree.name, "index", btree.table, btree.bytes, None)
    if btree.rows is None or any(column is None or column.width is None for column in keys):
        return replace(result, unknown="never analyzed or no privilege")
    columns = [column for column in keys if column is not None]
    entry = _item(INDEX_HEADER, len(columns), columns, bitmap=ALIGNMENT) + ITEM_POINTER
    per_row = entry
    if _deduplicates(btree, relations.deduplicating):
        per_row = _shared(entry, btree.rows / _distinct(btree.rows, columns))
    fill_factor = int(_setting(btree, "fillfactor") or 90)
    room = PAGE - PAGE_HEADER - BTREE_SPECIAL - PAGE * (100 - fill_factor) / 100 - entry  # the page's high key
    leaves = math.ceil(btree.rows * per_row / room)
    inner = math.ceil(leaves * entry / (PAGE * 0.7))  # pages above the leaves are filled to 70 %
    return replace(result, wasted_bytes=max(0, btree.bytes - (leaves + inner + 1) * PAGE))


def _columns_of(btree: Index, relations: Relations) -> list[Column | None]:
    """Return the columns of an index in order, with the statistics of the table's, or its own for expressions."""
    own, table = relations.columns.get(btree.oid, {}), relations.columns.get(btree.table_oid, {})
    numbers = [key if isinstance(key, int) else None for key in btree.keys] + sorted(btree.included)
    return [table.get(number) if number is not None else own.get(place + 1) for place, number in enumerate(numbers)]


def _item(header: int, count: int, columns: Sequence[Column], bitmap: int | None = None) -> float:
    """Return the bytes of a row, or of an index entry, on the average.

    A row with a null has a bitmap behind its header: a bit a column, or what an index entry has instead.
    """
    fractions = [column.null_fraction or 0.0 for column in columns]
    with_nulls = 1 - math.prod(1 - fraction for fraction in fractions)
    plain = _aligned(header, ALIGNMENT)
    marked = plain + bitmap if bitmap else _aligned(header + math.ceil(count / 8), ALIGNMENT)
    data = 0.0
    for column, fraction in zip(columns, fractions, strict=True):
        width = column.length if column.length > 0 else float(column.width or 0)
        packed = column.length == -1 and width <= SHORT
        padding = 0.0 if packed else _aligned(data, column.alignment) - data
        data += (padding + width) * (1 - fraction)
    total = plain * (1 - with_nulls) + marked * with_nulls + data
    # what varies ends anywhere between two multiples
    return total + (ALIGNMENT - 1) / 2 if _varies(columns) or with_nulls > 0.01 else _aligned(total, ALIGNMENT)


def _aligned(offset: float, alignment: int) -> float:
    """Return the next multiple.

    >>> _aligned(23, 8), _aligned(24, 8)
    (24, 24)
    """
    return math.ceil(offset / alignment) * alignment


def _varies(columns: Iterable[Column]) -> bool:
    return any(column.length < 0 for column in columns)


def _items_a_page(room: float, item: float, *, varying: bool) -> float:
    """Return how many items fit: whole ones, and where they vary, half of one is left over on the average."""
    return max(1.0, (room - item / 2) / item if varying else math.floor(room / item))


def _deduplicates(btree: Index, classes: frozenset[Class]) -> bool:
    """Tell whether it stores equal values once; a unique index has none worth mentioning."""
    off = _setting(btree, "deduplicate_items") in ("off", "false", "0", "no")
    return not (btree.is_unique or btree.included or off) and all(each in classes for each in btree.classes)


def _distinct(rows: int, columns: Sequence[Column]) -> float:
    """Return how many different entries there are at most."""
    found = 1.0
    for column in columns:
        distinct = column.distinct or 1.0
        found *= max(1.0, -distinct * rows if distinct < 0 else distinct)
    return max(1.0, min(found, float(rows)))


def _shared(entry: float, together: float) -> float:
    """Return the bytes of a row in an index where so many rows share an entry.

    >>> _shared(20, 1), round(_shared(20, 1000), 1)
    (20, 6.2)
    """
    if together < 2:
        return entry
    lists = math.ceil(together / ((POSTING_LIST - entry) / ROW_POINTER))
    return min(entry, (lists * entry + ROW_POINTER * together) / together)


def _setting(btree: Index, name: str) -> str | None:
    settings = dict(pair.partition("=")[::2] for pair in (btree.settings or "").split(", "))
    return settings.get(name)


def measure_bloat(connection: Connection, bloat: Bloat) -> Bloat:
    """Ask pgstattuple, which the search_path must find: reads an index whole, and of a table what is not all-visible.

    Takes ACCESS SHARE; must be in a transaction. What the server refuses, or a time-out ends, leaves the estimate.
    """
    import psycopg2

    name = "measured_table" if bloat.kind == "table" else "measured_index"
    query = queries.load("relations", name, connection.info.server_version, {"pgstattuple": "1.5"})
    try:
        with reading.apart(connection):
            (row,) = query.run(connection, oid=bloat.oid)
    except psycopg2.Error:
        return bloat
    return replace(bloat, bytes=row["bytes"], wasted_bytes=row["wasted_bytes"], is_measured=True, unknown=None)
