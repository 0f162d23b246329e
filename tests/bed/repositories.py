"""Repositories on either kind of session, by one name: what holds for threads must hold for coroutines."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from litxdb.database import Limits
from litxdb.repositories import AsyncDatabase, Database, Repositories, retried
from litxdb.settings import Settings

KINDS = ("sync", "async")


class Door(Protocol):
    """A database, and one unit of work on it at a time."""

    db: Any

    def do(self, work: Callable[[Any], Any], *, repeat: bool = False) -> Any:
        """Run `work(repositories)` as one unit, which with `repeat` is repeated as `retried` does."""

    def call(self, result: Any) -> Any:
        """Return the result, awaited if it has to be."""


class SyncDoor:
    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.db = Database(settings=settings, limits=limits)

    def do(self, work: Callable[[Any], Any], *, repeat: bool = False) -> Any:
        if repeat:
            return retried(self.db)(lambda session: work(Repositories(session)))()
        with self.db.session() as session:
            return work(Repositories(session))

    def call(self, result: Any) -> Any:
        return result

    def close(self) -> None:
        self.db.close()


class AsyncDoor:
    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.runner = asyncio.Runner()
        self.db = AsyncDatabase(settings=settings, limits=limits)

    def do(self, work: Callable[[Any], Any], *, repeat: bool = False) -> Any:
        async def unit(session: Any) -> Any:
            return await _awaited(work(Repositories(session)))

        async def once() -> Any:
            async with self.db.session() as session:
                return await unit(session)

        return self.runner.run(retried(self.db)(unit)() if repeat else once())

    def call(self, result: Any) -> Any:
        return self.runner.run(_awaited(result))

    def close(self) -> None:
        self.runner.run(self.db.close())
        self.runner.close()


async def _awaited(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


@contextmanager
def opened(kind: str, url: str, limits: Limits | None = None, **settings: Any) -> Iterator[Door]:
    """Open a door of this kind."""
    made: type[SyncDoor | AsyncDoor] = AsyncDoor if kind == "async" else SyncDoor
    door = made(Settings(url=url, **settings), limits or Limits())
    try:
        yield door
    finally:
        door.close()
