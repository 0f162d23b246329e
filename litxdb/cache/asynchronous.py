"""The cache as the services use it, from asyncio: the same entries, limits and promises as Cache."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from litxdb.cache.flow import Ask, Found, Load, Pause, Step, loading
from litxdb.cache.kinds import Kind
from litxdb.cache.patience import READER_SECONDS, Budget, Unavailable
from litxdb.cache.synchronous import Cache, checked
from litxdb.settings import Settings

Answer = TypeVar("Answer")


class AsyncCache:
    """What Cache is, for one event loop: `await cache.load("analysis", paper_id, make)`, where make is a coroutine.

    Whoever waits may be cancelled; the loader that others wait for goes on.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        reader_seconds: float = READER_SECONDS,
        lease_seconds: float = 120.0,
    ) -> None:
        self._cache = Cache(url, settings=settings, reader_seconds=reader_seconds, lease_seconds=lease_seconds)
        self.endpoint, self.reader_seconds = self._cache.endpoint, reader_seconds
        self._flights: dict[tuple[str, str], asyncio.Task[Found]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self._cache.close)

    async def get(self, kind: str, id: str) -> Any:
        """Return an entry's value; None if there is none, or no Redis."""
        known = checked(kind, id)
        try:
            found = await self._ask(lambda: self._cache.entries.look(known, id), Budget(self.reader_seconds))
        except Unavailable:
            return None
        return found.value

    async def set(self, kind: str, id: str, value: Any) -> bool:
        """Store a value for its kind's time to live; False if Redis did not take it."""
        known = checked(kind, id)
        payload = known.encode(value)
        try:
            await self._ask(lambda: self._cache.entries.put(known, id, payload), Budget(self.reader_seconds))
        except Unavailable:
            return False
        return True

    async def load(self, kind: str, id: str, loader: Callable[[], Awaitable[Any]]) -> Any:
        """Return an entry's value, or make it with the loader, which runs once however many ask."""
        known = checked(kind, id)
        flight = self._flights.get((known.name, id))
        if flight is not None:
            return known.decode((await asyncio.shield(flight)).payload or b"")
        mine = self._flights[known.name, id] = asyncio.create_task(self._drive(known, id, loader))
        mine.add_done_callback(lambda _: self._flights.pop((known.name, id), None))
        return (await asyncio.shield(mine)).value

    async def _drive(self, kind: Kind, id: str, loader: Callable[[], Awaitable[Any]]) -> Found:
        steps = loading(self._cache.entries, kind, id, self._cache.lease_seconds)
        budget = Budget(self.reader_seconds)
        step = next(steps)
        while not isinstance(step, Found):
            try:
                answer = await self._do(step, kind, loader, budget)
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
        return step

    async def _do(self, step: Step, kind: Kind, loader: Callable[[], Awaitable[Any]], budget: Budget) -> Any:
        if isinstance(step, Ask):
            if step.background:
                return self._cache.patience.put(step.call)
            return await self._ask(step.call, budget)
        if isinstance(step, Load):
            return kind.encode(await loader())
        assert isinstance(step, Pause)
        budget.seconds = self.reader_seconds
        return await asyncio.sleep(step.seconds)

    async def _ask(self, call: Callable[[], Answer], budget: Budget) -> Answer:
        patience = self._cache.patience
        with budget.spending() as until:
            future = asyncio.wrap_future(patience.begin(call))
            try:
                return await asyncio.wait_for(future, max(0.0, until - time.perf_counter()))
            except Exception as error:
                raise patience.failed(error) from None
