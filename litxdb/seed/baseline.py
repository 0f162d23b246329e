"""The baseline: what LitXplore expects to find in any database, a production one included."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.results import Seeded

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, FromClause

    from litxdb.models import Base

USER = {"clerk_id": "user_default", "email": "user@example.com", "first_name": "Default", "last_name": "User"}
PROFILE = {"display_name": "Default User"}
STATE: dict[str, Any] = {
    "feature_flags": {"daily_digest": True, "paper_chat": True, "semantic_deduplication": True},
    "digest_settings": {
        "digest_hour": 8,
        "items_per_digest": 10,
        "similarity_threshold": 0.85,
        "embedding_model": "text-embedding-3-small",
        "embedding_dimensions": 1536,
    },
}
FETCHERS = ("arxiv", "kaggle", "huggingface", "web_search")


def baseline(db: Database, *, heads: Collection[str], dry_run: bool = False) -> tuple[Seeded, ...]:
    """Insert the baseline rows that are missing, in one transaction; rows that exist are never changed.

    `heads` are the revisions that the schema must stand at: Refused otherwise. Two runs at once wait for each other
    (an advisory lock of the transaction, so it works behind a pooler too). With `dry_run` everything is rolled back.
    """
    with db.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtextextended('litxdb seed', 0))")
        _require(connection, heads)
        seeded = (*_default_user(connection), *_system_rows(connection))
        if dry_run:
            transaction.rollback()
    return seeded


def _require(connection: Connection, heads: Collection[str]) -> None:
    exists = connection.exec_driver_sql("select to_regclass('alembic_version') is not null").scalar_one()
    current = set(connection.exec_driver_sql("select version_num from alembic_version").scalars()) if exists else set()
    if current != set(heads):
        stands = f"stands at {', '.join(sorted(current))}" if current else "is empty"
        raise Refused(f"The schema {stands}, the seed needs {', '.join(sorted(heads))}.", "Run: litxdb migrate")


def _default_user(connection: Connection) -> tuple[Seeded, Seeded]:
    from sqlalchemy import or_

    from litxdb.models import User, UserProfile

    known = or_(User.clerk_id == USER["clerk_id"], User.email == USER["email"])
    user_id, user = _insert_missing(connection, User, known, USER)
    known = UserProfile.user_id == user_id
    _, profile = _insert_missing(connection, UserProfile, known, {"user_id": user_id, **PROFILE})
    return user, profile


def _insert_missing(
    connection: Connection, model: type[Base], known: ColumnElement[bool], values: dict[str, Any]
) -> tuple[int, Seeded]:
    """Insert the row unless one is known; it is number 1 in an empty table, and the next number works afterwards."""
    from sqlalchemy import func, insert, select

    table = model.__table__
    number = connection.execute(select(table.c.id).where(known).order_by(table.c.id).limit(1)).scalar()
    if number is not None:
        return int(number), Seeded(str(table), inserted=0, kept=1)
    _advance_sequence(connection, table)
    empty = connection.execute(select(func.count()).select_from(select(table.c.id).limit(1).subquery())).scalar() == 0
    values = {"id": 1, **values} if empty else values
    number = connection.execute(insert(model).values(**values).returning(table.c.id)).scalar_one()
    _advance_sequence(connection, table)
    return int(number), Seeded(str(table), inserted=1, kept=0)


def _advance_sequence(connection: Connection, table: FromClause) -> None:
    """Move the sequence behind `id` past the largest one, for rows that came with theirs; never back."""
    from sqlalchemy import func, select

    sequence = func.pg_get_serial_sequence(str(table), "id")
    largest = connection.execute(select(func.max(table.c.id))).scalar() or 0
    if largest > (connection.execute(select(func.pg_sequence_last_value(sequence))).scalar() or 0):
        connection.execute(select(func.setval(sequence, largest)))


def _system_rows(connection: Connection) -> tuple[Seeded, Seeded]:
    from sqlalchemy.dialects.postgresql import insert

    from litxdb.models import FetcherState, SystemState

    wanted: tuple[tuple[type[Base], list[dict[str, Any]]], ...] = (
        (SystemState, [{"key": key, "value": value} for key, value in STATE.items()]),
        (FetcherState, [{"fetcher": name, "status": "idle", "consecutive_errors": 0} for name in FETCHERS]),
    )
    seeded = []
    for model, rows in wanted:
        added = connection.execute(insert(model).values(rows).on_conflict_do_nothing()).rowcount
        seeded.append(Seeded(model.__tablename__, inserted=added, kept=len(rows) - added))
    return seeded[0], seeded[1]
