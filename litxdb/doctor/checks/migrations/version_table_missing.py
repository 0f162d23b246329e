"""LitXplore's tables are there, but no record of their revision

`litxdb migrate` would begin at the first revision and fail on the first table that exists. A restore without
alembic_version, or tables made by the models instead of the migrations, look like this. Record the revision that the
schema is at, then let `litxdb drift` compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.history import recorded
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LAST = {
    "ix_sources_content_fts": "0012_sources_full_text",
    "bookmarks": "0011_growth",
    "preference_weights": "0010_agent_system_tables",
    "digest_items": "0009_research_agent",
    "chat_messages": "0008_chat",
    "notes": "0007_research_library",
    "tasks": "create_simplified_tasks_table",
}
"""A table or an index that each revision makes, the newest first."""

CHECK = Declaration(threshold="crit", remedy="litxdb stamp create_simplified_tasks_table", fix=Fix.MANUAL, lock="none")


def judge(*, connection: Connection, context: Context) -> Judgement:
    current = recorded(connection, context)
    if current is not None:
        return Judgement(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "select name from unnest(%s) name where to_regclass(quote_ident(name)) is not null", [list(LAST)]
        )
        found = {name for (name,) in cursor}
    newest = next((revision for table, revision in LAST.items() if table in found), None)
    if newest is None:
        raise Skip(Reason.NOTHING_THERE, "LitXplore's tables are not here.", "litxdb migrate")
    measured = f"no row in alembic_version; by its tables the schema is at {newest}"
    return Judgement(1, (Defect(Status.CRIT, "alembic_version", measured, f"litxdb stamp {newest} && litxdb drift"),))
