"""Repeating a whole unit of work after what passes, without ever doing it twice."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

from litxdb.database.asynchronous import AsyncDatabase
from litxdb.database.refusals import lost, sqlstate
from litxdb.database.sessions import Database
from litxdb.errors import CommitUnknown, ConnectionFailed, ConnectionLost

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

P = ParamSpec("P")
R = TypeVar("R")

PASSING = {"40001", "40P01", "55P03", "53300"}
"""Serialisation failure, deadlock, lock timeout, no connection free: the same unit may succeed the next time."""

OUTCOME = """
select pg_xact_status(cast(:number as xid8)), (select stats_reset::text from pg_stat_wal) is not distinct from :counted
"""
"""What became of a transaction (https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT)."""

FUTURE = "22023"
"""What the server answers about a number that it has not given to any transaction yet: a crash undid ours."""

UNHEARD = "unheard"
"""The question, too, lost its connection: it says nothing about the transaction, and is no reason to repeat that."""

SETTLING_SECONDS = 10.0
"""How long a server may take to notice that it has lost a client in the middle of a transaction, or to come back."""
POLL_SECONDS = 0.1


class Undone(ConnectionLost):
    """The connection was lost while it committed, and the server did not commit."""


@overload
def retried(
    db: AsyncDatabase, *, attempts: int = ...
) -> Callable[[Callable[Concatenate[AsyncSession, P], Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]: ...
@overload
def retried(
    db: Database, *, attempts: int = ...
) -> Callable[[Callable[Concatenate[Session, P], R]], Callable[P, R]]: ...
def retried(db: Any, *, attempts: int = 3) -> Any:
    """Make a function of a session, and of what else it takes, a unit of work that is repeated after transient errors.

    Repeated are deadlocks, serialisation failures, lock time-outs, and a connection that was lost before COMMIT. When
    it was lost during COMMIT, the server is asked what became of the transaction: done is done, and only what was not
    committed is repeated. CommitUnknown is raised where that cannot be known, as after a crash of the server. Between
    attempts lie up to two seconds, growing and random. The function has to do all its work through the session.
    """
    from tenacity import AsyncRetrying, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

    options: dict[str, Any] = {
        "retry": retry_if_exception(passes),
        "wait": wait_random_exponential(multiplier=0.1, max=2),
        "stop": stop_after_attempt(attempts),
        "reraise": True,
    }

    def decorate(work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def call(*args: Any, **kwargs: Any) -> Any:
            return Retrying(**options)(_once, db, work, *args, **kwargs)

        @functools.wraps(work)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            return await AsyncRetrying(**options)(_once_async, db, work, *args, **kwargs)

        return call_async if isinstance(db, AsyncDatabase) else call

    return decorate


def passes(error: BaseException) -> bool:
    """Whether the same unit of work may succeed the next time, and has left nothing behind."""
    if isinstance(error, CommitUnknown):
        return False
    state = sqlstate(error)
    return isinstance(error, ConnectionLost) or state in PASSING or lost(state)


def _once(db: Database, work: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    try:
        with db.session(resolvable=True) as session:
            result = work(session, *args, **kwargs)
    except CommitUnknown as unknown:
        deadline = time.monotonic() + SETTLING_SECONDS
        while not _settled(unknown, _ask(db, unknown), deadline):
            time.sleep(POLL_SECONDS)
    return result


async def _once_async(db: AsyncDatabase, work: Callable[..., Awaitable[R]], *args: Any, **kwargs: Any) -> R:
    try:
        async with db.session(resolvable=True) as session:
            result = await work(session, *args, **kwargs)
    except CommitUnknown as unknown:
        deadline = time.monotonic() + SETTLING_SECONDS
        while not _settled(unknown, await _ask_async(db, unknown), deadline):
            await asyncio.sleep(POLL_SECONDS)
    return result


def _ask(db: Database, unknown: CommitUnknown) -> str:
    if unknown.transaction is None:
        return "committed"  # it had written nothing
    try:
        with db.session() as session:
            return _outcome(session, unknown)
    except ConnectionFailed:
        return UNHEARD


async def _ask_async(db: AsyncDatabase, unknown: CommitUnknown) -> str:
    if unknown.transaction is None:
        return "committed"
    try:
        async with db.session() as session:
            return await session.run_sync(_outcome, unknown)
    except ConnectionFailed:
        return UNHEARD


def _outcome(session: Session, unknown: CommitUnknown) -> str:
    """Ask what became of the transaction.

    A crash may lose a transaction of which nobody was told, and give its number to another one, so that after a crash
    only "aborted" says something about ours.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    try:
        status, same = session.execute(text(OUTCOME), {"number": unknown.transaction, "counted": unknown.counted}).one()
    except DBAPIError as error:
        if sqlstate(error) != FUTURE:
            raise
        session.rollback()
        return "aborted"
    return str(status) if same or status == "aborted" else "unknown"


def _settled(unknown: CommitUnknown, outcome: str, deadline: float) -> bool:
    """Whether it was committed; False while it is still going on. Raises Undone when it was not."""
    if outcome == "aborted":
        raise Undone(unknown.message.replace("it is not known whether it did", "it did not"), unknown.hint) from unknown
    if outcome in ("in progress", UNHEARD) and time.monotonic() < deadline:
        return False
    if outcome != "committed":
        raise unknown
    return True
