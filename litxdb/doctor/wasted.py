"""Room that tables and indexes waste: estimated from statistics, and measured where the examination may read pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litxdb.catalog import Bloat, estimate_bloat, measure_bloat, read_indexes, read_relations
from litxdb.doctor.amounts import size
from litxdb.doctor.check import Context, Server, Tier
from litxdb.doctor.results import Defect, Judgement, Reason, Status
from litxdb.quoting import quoted_if_needed
from litxdb.reading import borrowed

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

MEASURED = 5
MOST_BYTES = 1 << 30
"""Measuring reads an index whole."""

COUNT = {
    "index": (
        "select count(*), count(*) filter (where c.relpages::bigint * current_setting('block_size')::int >= %s)"
        " from pg_class c join pg_am a on a.oid = c.relam"
        " where c.relkind = 'i' and a.amname = 'btree' and c.oid >= 16384"
    ),
    "table": (
        "select count(*), count(*) filter (where relpages::bigint * current_setting('block_size')::int >= %s)"
        " from pg_class where relkind in ('r', 'm') and oid >= 16384"
    ),
}
"""Of user relations (their oids begin at 16384): how many, and how many are at least so large."""


@dataclass(frozen=True)
class Limits:
    """What counts as too much: so many bytes, and such a part."""

    bytes: int
    percent: float


def judge_waste(
    connection: Connection, context: Context, server: Server, kind: str, limits: Limits, remedy: Callable[[Bloat], str]
) -> Judgement:
    """Judge all relations of a kind, "table" or "index"; where none is so large, estimating is spared."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT[kind], [limits.bytes])
        count, large = cursor.fetchone() or (0, 0)
    if not large:
        return Judgement(count)
    found = _estimated(connection, context, server, kind, limits)
    unknown = sum(each.unknown is not None for each in found if each.bytes >= limits.bytes)
    defects = tuple(_defect(each, remedy(each)) for each in found if _wasteful(each, limits))
    if not unknown:
        return Judgement(count, defects)
    detail = f"{unknown} of the large ones cannot be estimated: statistics are missing, or not to be seen."
    return Judgement(
        count - unknown,
        defects,
        unknown,
        Reason.COLD_STATISTICS if server.reads_all_data else Reason.NO_PRIVILEGE,
        detail,
        "analyze" if server.reads_all_data else f"grant pg_read_all_data to {quoted_if_needed(server.role)}",
    )


def _estimated(connection: Connection, context: Context, server: Server, kind: str, limits: Limits) -> list[Bloat]:
    """Estimate; a deep examination measures the worst and what cannot be estimated, if pgstattuple is there."""
    indexes = read_indexes(connection) if kind == "index" else []
    found = [each for each in estimate_bloat(read_relations(connection, indexes)) if each.kind == kind]
    if context.tier is Tier.FAST or "pgstattuple" not in server.extensions:
        return found
    doubtful = [each for each in found if _wasteful(each, limits) or each.unknown]
    doubtful = [each for each in doubtful if limits.bytes <= each.bytes <= MOST_BYTES][:MEASURED]
    with borrowed(connection):
        measured = {each.oid: measure_bloat(connection, each) for each in doubtful}
    return [measured.get(each.oid, each) for each in found]


def _wasteful(each: Bloat, limits: Limits) -> bool:
    return (each.wasted_bytes or 0) >= limits.bytes and (each.wasted_percent or 0.0) >= limits.percent


def _defect(each: Bloat, remedy: str) -> Defect:
    how = "measured" if each.is_measured else "estimated"
    measured = f"{size(each.wasted_bytes or 0)} of {size(each.bytes)} wasted ({each.wasted_percent:.0f} %, {how})"
    return Defect(Status.WARN, each.name, measured, remedy, value=each.wasted_bytes)
