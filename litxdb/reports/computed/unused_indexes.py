"""Indexes that no query used

Only indexes that are for queries alone: not those that keep something unique, are a constraint's, the replica identity,
or the last that serves a foreign key. Scans are counted on this server; a replica counts its own. The snapshots keep
counting when the server forgets: `observed_seconds` is how long the index has been watched without a scan. Weeks are
evidence, a day is not. An index whose last use is known, and 30 days ago, is listed as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from litxdb import catalog
from litxdb.queries import Column
from litxdb.reports.asking import Asking, Found

QUIET = timedelta(days=30)
"""An index that was not used for so long is not used (pgbot and pgdoctor ask for 7 days at the least)."""

COLUMNS = (
    Column("index", "text", "The index, with its schema"),
    Column("table", "text", "Its table"),
    Column("bytes", "bytes", "Its size, by the last VACUUM or ANALYZE"),
    Column("observed_seconds", "seconds", "How long it has been watched without a scan"),
    Column("used", "time", "Its last known use before that; null for none"),
    Column("writes", "count", "Rows written to its table and entered in it, as far as the server has counted"),
    Column("drop", "statement", "The statement that drops it"),
)


def read(asking: Asking) -> Found:
    """List the indexes without a scan, neither on the server nor in the snapshots, the largest first."""
    counted = {row["oid"]: row for row in asking.reader.ask("relations", "index_scans")}
    candidates = [each for each in asking.indexes if _for_queries_alone(each) and each.oid in counted]
    last = _LastServing(asking)
    rows = []
    for index in sorted(candidates, key=lambda each: (-each.bytes, each.name)):
        counts = counted[index.oid]
        observed, used = _quiet(asking, index.oid, counts["scans"], counts["used"])
        if observed is not None and not last.serves(index):
            rows.append(
                {
                    "index": index.name,
                    "table": index.table,
                    "bytes": index.bytes,
                    "observed_seconds": observed,
                    "used": used,
                    "writes": counts["writes"],
                    "drop": f"drop index concurrently {index.name}",
                }
            )
    return Found(rows, len(candidates), window_seconds=asking.reader.counted_seconds)


def _for_queries_alone(index: catalog.Index) -> bool:
    keeps = index.is_unique or index.is_exclusion or index.constraint or index.is_replica_identity
    return index.is_usable and not (keeps or index.is_attached or index.is_partitioned)


def _quiet(asking: Asking, oid: int, scans: int, used: datetime | None) -> tuple[float | None, datetime | None]:
    """Return for how long an index was not used, and its last use; None for the first when it was used."""
    newest = asking.history.newest
    past = newest.indexes.get(oid) if newest else None
    if past and past.used_at:
        used = max(filter(None, (used, datetime.fromtimestamp(past.used_at, UTC))))
    if not scans and not (past and past.scans):
        watched = newest.observed_seconds - past.observed_before if newest and past else 0.0
        return max(asking.reader.counted_seconds, watched), used
    quiet = datetime.now(UTC) - used if used else timedelta(0)
    return (quiet.total_seconds() if quiet >= QUIET else None), used


class _LastServing:
    """Knows which indexes are the last to serve a foreign key, once those that may go are gone."""

    def __init__(self, asking: Asking) -> None:
        self._foreign_keys = catalog.read_foreign_keys(asking.connection)
        self._keys: dict[int, list[catalog.ForeignKey]] = defaultdict(list)
        for key in self._foreign_keys.keys:
            self._keys[key.table_oid].append(key)
        self._left: dict[int, dict[int, catalog.Index]] = defaultdict(dict)
        for index in asking.indexes:
            self._left[index.table_oid][index.oid] = index

    def serves(self, index: catalog.Index) -> bool:
        """Tell whether a foreign key needs this index; if none does, it counts as gone from here on."""
        left = self._left[index.table_oid]
        others = [each for each in left.values() if each is not index]
        if len(self._uncovered(index.table_oid, others)) > len(self._uncovered(index.table_oid, left.values())):
            return True
        del left[index.oid]
        return False

    def _uncovered(self, table_oid: int, indexes: Iterable[catalog.Index]) -> list[catalog.Uncovered]:
        keys = replace(self._foreign_keys, keys=tuple(self._keys[table_oid]))
        return catalog.find_uncovered(keys, indexes)
