"""Units of work: a session that is one transaction, bound by limits, and whose end is known or said to be unknown."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, SessionTransaction

from litxdb.database.limits import Limits
from litxdb.database.refusals import refusal
from litxdb.database.silence import bound
from litxdb.errors import CommitUnknown, ConnectionLost, LitxdbError, PoolExhausted

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

IDENTITY = """
select pg_current_xact_id_if_assigned()::text, (select stats_reset::text from pg_stat_wal)
"""
"""The transaction's number, if it has written, and since when the server counts: a crash begins that anew."""


class UnitSession(Session):
    """A session that is one transaction; `info` holds its limits and how far it is."""


@event.listens_for(UnitSession, "after_begin")
def _limit(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Bound what follows by SET LOCAL: behind a transaction pooler anything else would bind a stranger."""
    if transaction.nested:
        return
    limits: Limits = session.info["limits"]
    session.info["begun"] = True
    bound(connection.connection.driver_connection, limits.statement_seconds or None)
    connection.exec_driver_sql(
        f"select set_config('statement_timeout', '{limits.statement_seconds * 1000:.0f}', true), "
        f"set_config('idle_in_transaction_session_timeout', '{limits.idle_seconds * 1000:.0f}', true)"
    )


@contextlib.contextmanager
def unit(engine: Engine, limits: Limits, *, resolvable: bool) -> Iterator[Session]:
    """Run a block as one transaction: committed at its end, rolled back on any exception."""
    session = UnitSession(engine, expire_on_commit=False, info={"limits": limits, "resolvable": resolvable})
    try:
        with session, session.begin():
            yield session
            _prepare_commit(session)
    except Exception as error:
        if problem := explained(error, session.info):
            raise problem from error
        raise


@contextlib.asynccontextmanager
async def async_unit(engine: AsyncEngine, limits: Limits, *, resolvable: bool) -> AsyncIterator[AsyncSession]:
    """Run a block as `unit` does."""
    from sqlalchemy.ext.asyncio import AsyncSession

    info = {"limits": limits, "resolvable": resolvable}
    session = AsyncSession(engine, sync_session_class=UnitSession, expire_on_commit=False, info=info)
    try:
        async with session, session.begin():
            yield session
            await session.run_sync(_prepare_commit)
    except Exception as error:
        if problem := explained(error, session.info):
            raise problem from error
        raise


def _prepare_commit(session: Session) -> None:
    """Write what is still to be written, so that nothing but the COMMIT itself comes after this."""
    session.flush()
    if session.info.get("begun"):
        if session.info["resolvable"]:
            session.info["identity"] = tuple(session.connection().exec_driver_sql(IDENTITY).one())
        session.info["committing"] = True


def explained(error: Exception, info: dict[Any, Any]) -> LitxdbError | None:
    """Name what went wrong between a unit and its server; None for what was wrong with its statements."""
    if isinstance(error, PoolTimeout):
        limits: Limits = info["limits"]
        return PoolExhausted(
            f"All {limits.connections} connections of the pool (size {limits.pool_size}, overflow "
            f"{limits.max_overflow}) are in use, and none came free within {limits.pool_seconds:g} s.",
            "Make units of work shorter, or give the process more connections (litxdb.database.Limits).",
        )
    problem = refusal(error)
    if not isinstance(problem, ConnectionLost):
        return None
    if info.get("committing"):
        return CommitUnknown(
            f"{problem.message.removesuffix('.')} while it committed: it is not known whether it did.",
            "Look whether the rows are there before writing them again.",
            *info.get("identity", ()),
        )
    return problem
