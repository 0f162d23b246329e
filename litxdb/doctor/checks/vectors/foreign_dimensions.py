"""Embeddings of another length than the column takes

Storing an embedding fails when the model's vectors are longer or shorter than the column's, so new sources are neither
found nor compared with those that are there. The model and its dimensions are in LitXplore's digest settings, which an
operator may edit. Another model means a new column, and every source embedded again: vectors of two models cannot be
compared, even when they are equally long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.seed.baseline import STATE

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SETTINGS = "digest_settings"

CHECK = Declaration(
    threshold="any difference crit (LitXplore's model has 1536 dimensions)",
    remedy="update system_state …",
    fix=Fix.ASKS,
    lock="ROW EXCLUSIVE on system_state",
    needs=("extension vector",),
)


def judge(*, connection: Connection) -> Judgement:
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.atttypmod from pg_attribute a"
            " where a.attrelid = to_regclass('sources') and a.attname = 'embedding' and not a.attisdropped"
        )
        column = cursor.fetchone()
        cursor.execute("select to_regclass('system_state') is not null")
        if column is None or cursor.fetchone() != (True,):
            raise Skip(Reason.NOTHING_THERE, "LitXplore's sources are not here.")
        cursor.execute("select value ->> 'embedding_dimensions' from system_state where key = %s", [SETTINGS])
        found = cursor.fetchone()
    told = (found and found[0]) or str(STATE[SETTINGS]["embedding_dimensions"])
    if column[0] == -1 or told == str(column[0]):
        return Judgement(1)
    remedy = (
        f"update system_state set value = jsonb_set(value, '{{embedding_dimensions}}', '{column[0]}')"
        f" where key = '{SETTINGS}'"
    )
    measured = f"the column takes {column[0]} dimensions, {SETTINGS} says {told}"
    return Judgement(1, (Defect(Status.CRIT, "sources.embedding", measured, remedy),))
