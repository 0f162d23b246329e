"""A session for each request of a FastAPI application.

    Session = Annotated[AsyncSession, Depends(get_async_session, scope="function")]

With this scope the end of the session comes before the answer: what could not be committed is not reported as done.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from litxdb.database.asynchronous import AsyncDatabase

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


@functools.cache
def shared_database() -> AsyncDatabase:
    """Return the database that the settings name, one for the process: `await shared_database().close()` at its end."""
    return AsyncDatabase()


async def get_async_session() -> AsyncIterator[AsyncSession]:
    """Give a request a session: committed when the request has succeeded, rolled back when it raised."""
    async with shared_database().session() as session:
        yield session
