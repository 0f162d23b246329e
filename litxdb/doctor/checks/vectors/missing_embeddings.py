"""Sources without an embedding

A source without an embedding is in no search by meaning, in no digest, and is never told for a near-duplicate. Sources
are embedded soon after they are fetched: one that is older than a day was forgotten, or its embedding failed. Have the
application embed those that the remedy lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Declaration, Tier
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.vectors.sampling import portion

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SHARE = 0.01
ROWS = 10_000
FORGOTTEN = "embedding is null and fetched_at < now() - interval '1 day'"

CHECK = Declaration(
    threshold="1 % of the sources older than a day warn (our own; a digest is made daily)",
    remedy=f"select id, url from sources where {FORGOTTEN} order by fetched_at",
    fix=Fix.MANUAL,
    lock="none",
    tier=Tier.DEEP,
)


def judge(*, connection: Connection) -> Judgement:
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.reltuples::bigint from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where c.oid = to_regclass('sources') and a.attname = 'embedding' and not a.attisdropped"
        )
        found = cursor.fetchone()
        if found is None:
            raise Skip(Reason.NOTHING_THERE, "LitXplore's sources are not here.", "litxdb migrate")
        cursor.execute(
            f"select count(*), count(*) filter (where {FORGOTTEN})"
            f" from (select * from sources {portion(found[0], ROWS)} limit {ROWS}) s"
        )
        rows, forgotten = cursor.fetchone() or (0, 0)
    if forgotten <= SHARE * rows:
        return Judgement(rows)
    measured = f"{forgotten:,} of {rows:,} sources read have no embedding after a day"
    return Judgement(rows, (Defect(Status.WARN, "sources.embedding", measured, value=forgotten / rows),))
