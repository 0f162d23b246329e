"""psycopg's asynchronous connection with an end to its patience: see litxdb.database.silence."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg

from litxdb.database.silence import said, shut


class BoundedAsyncConnection(psycopg.AsyncConnection[Any]):
    """Raises OperationalError when an answer takes longer than `answer_seconds`, and is closed then.

    None, as it comes, waits for as long as it takes.
    """

    answer_seconds: float | None = None

    async def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer, as everything does that psycopg sends on an open connection."""
        seconds = self.answer_seconds
        if seconds is None or self.closed:
            return await super().wait(*args, **kwargs)
        over = False

        def end() -> None:
            nonlocal over
            over = True
            shut(self.pgconn.socket)

        timer = asyncio.get_running_loop().call_later(seconds, end)
        try:
            return await super().wait(*args, **kwargs)
        except psycopg.Error:
            if not over:
                raise
            await self.close()
            raise psycopg.OperationalError(said(seconds)) from None
        finally:
            timer.cancel()
