"""The pool of the asynchronous door: in the order of their coming, nobody passed over, no connection lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.util.queue import Full

from litxdb.database import Limits
from litxdb.database.fair_pool import FairQueue
from litxdb.errors import PoolExhausted
from litxdb.repositories import AsyncDatabase

ONE = Limits(pool_size=1, max_overflow=0)

Use = Callable[[str], Awaitable[None]]


def served(url: str, limits: Limits, work: Callable[[AsyncDatabase, Use], Awaitable[None]]) -> list[str]:
    """Return in which order units of work got their connection."""
    order: list[str] = []

    async def run() -> None:
        async with AsyncDatabase(url, limits=limits) as db:

            async def use(name: str) -> None:
                connection = await db.engine.connect()
                order.append(name)
                await connection.execute(text("select 1"))
                await connection.close()  # as the end of a block would, but this task goes on at once

            await work(db, use)

    asyncio.run(run())
    return order


def test_whoever_comes_again_waits_behind_those_who_wait(db_url: str) -> None:
    async def work(db: AsyncDatabase, use: Use) -> None:
        async def again_and_again(name: str) -> None:
            for turn in range(3):
                await use(f"{name}{turn}")

        await asyncio.gather(*map(again_and_again, "abcd"))

    assert served(db_url, ONE, work) == [f"{name}{turn}" for turn in range(3) for name in "abcd"]


def test_whoever_gave_up_is_passed_over_and_loses_no_connection(db_url: str) -> None:
    async def work(db: AsyncDatabase, use: Use) -> None:
        tasks = [asyncio.ensure_future(use(name)) for name in "abc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in done] == [type(None), asyncio.CancelledError, type(None)]
        await use("d")

    assert served(db_url, ONE, work) == ["a", "c", "d"]


def test_nobody_waits_longer_than_the_limit_and_the_next_is_served(db_url: str) -> None:
    async def work(db: AsyncDatabase, use: Use) -> None:
        async with db.session() as one, db.session() as two:
            for session in (one, two):
                await session.execute(text("select 1"))
            with pytest.raises(PoolExhausted):
                async with db.session() as late:
                    await late.execute(text("select 1"))
            waits = asyncio.ensure_future(use("next"))
            await asyncio.sleep(0)
        await waits

    assert served(db_url, Limits(pool_size=1, max_overflow=1, pool_seconds=1), work) == ["next"]


def test_a_connection_that_is_lost_makes_room_for_the_next(db_url: str) -> None:
    async def work(db: AsyncDatabase, use: Use) -> None:
        lost = await db.engine.connect()
        waits = asyncio.ensure_future(use("next"))
        await asyncio.sleep(0)
        await lost.invalidate()
        await lost.close()
        await waits

    assert served(db_url, ONE, work) == ["next"]


@pytest.mark.parametrize("others", [0, 1])
def test_what_was_handed_to_somebody_who_is_cancelled_goes_to_the_next(others: int) -> None:
    async def run() -> None:
        from sqlalchemy.util.concurrency import greenlet_spawn

        queue = FairQueue(1)
        first, *rest = (asyncio.ensure_future(greenlet_spawn(queue.get)) for _ in range(1 + others))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        queue.put("a connection")
        if not others:
            queue.put("another")  # it is full now, and what comes back must be kept all the same
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        if others:
            assert await rest[0] == "a connection"
        else:
            assert {queue.get_nowait(), queue.get_nowait()} == {"a connection", "another"}
        assert queue.empty()

    asyncio.run(run())


def test_no_more_are_kept_than_fit() -> None:
    queue = FairQueue(1)
    queue.put("one")
    with pytest.raises(Full):
        queue.put_nowait("two")
    assert (queue.qsize(), queue.get_nowait(), queue.qsize()) == (1, "one", 0)
