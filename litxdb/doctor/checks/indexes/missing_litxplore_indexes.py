"""Indexes that LitXplore needs are not there

Without one of them a page of LitXplore that took milliseconds reads a whole table, the slower the more there is, and
without a unique one two accounts may share an address. Somebody dropped it, or a restore left it out. The remedy builds
it while reads and writes go on. `litxdb index list` says what each is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.indexes.present import spellings
from litxdb.indexes.wanted import WANTED

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from litxdb.indexes import Definition

DEPLOYED = "create_simplified_tasks_table"
"""The revision of databases that the deployed backend has made; what comes after it is ours."""

CHECK = Declaration(
    threshold="a unique one missing crit, another one missing or different warn (LitXplore's schema)",
    remedy="litxdb index create NAME",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table",
)


def judge(*, connection: Connection) -> Judgement:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_attribute where attrelid = to_regclass('users') and attname = 'clerk_id')"
            " and to_regclass('literature_reviews') is not null"
        )
        if cursor.fetchone() != (True,):
            raise Skip(Reason.NOTHING_THERE, "LitXplore's tables are not here.")
        if stamped(cursor) == DEPLOYED:
            raise Skip(Reason.NOT_APPLICABLE, "The migrations that make most of them are pending.", "litxdb migrate")
        cursor.execute(
            "select t.relname, c.relname, i.indexrelid, i.indisunique from pg_class t"
            " left join pg_index i on i.indrelid = t.oid left join pg_class c on c.oid = i.indexrelid"
            " where t.oid = to_regclass(quote_ident(t.relname)) and t.relname = any(%s)",
            [list({wish.table for wish in WANTED})],
        )
        rows = cursor.fetchall()
    tables = {table for table, *_ in rows}
    there = {(table, name): (oid, unique) for table, name, oid, unique in rows}
    wishes = [wish for wish in WANTED if wish.table in tables]
    spelled = spellings(connection, [there[wish.table, wish.name][0] for wish in wishes if _key(wish) in there])
    found = (_judge(wish, there.get(_key(wish)), spelled) for wish in wishes)
    return Judgement(len(wishes), tuple(defect for defect in found if defect))


def stamped(cursor: Cursor) -> str | None:
    """Return the revision that the database is at, if it says one."""
    cursor.execute("select to_regclass('alembic_version') is not null")
    if cursor.fetchone() != (True,):
        return None
    cursor.execute("select min(version_num) from alembic_version")
    found = cursor.fetchone()
    return str(found[0]) if found else None


def _key(wish: Definition) -> tuple[str, str]:
    return wish.table, wish.name


def _judge(wish: Definition, index: tuple[int, bool] | None, spelled: Any) -> Defect | None:
    level = Status.CRIT if wish.unique else Status.WARN
    unique = "unique, " if wish.unique else ""
    if index is None:
        remedy = f"litxdb index create {wish.name}"
        return Defect(level, wish.name, f"missing on {wish.table}: {unique}{wish.reason}", remedy)
    oid, is_unique = index
    target = spelled[oid].target if oid in spelled else wish.target
    if (target, is_unique) == (wish.target, wish.unique):
        return None
    remedy = f"litxdb index drop {wish.name};\nlitxdb index create {wish.name}"
    return Defect(level, wish.name, f"is {target}; LitXplore wants {unique}{wish.target}", remedy)
