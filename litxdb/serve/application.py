"""The whole service as one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from litxdb.database import Database
from litxdb.serve.cached import Cached
from litxdb.serve.endpoints import NEON_SECONDS, Endpoints
from litxdb.serve.guard import Guard
from litxdb.serve.metrics import metrics
from litxdb.serve.overview import Overview, look
from litxdb.serve.page import dashboard, policy

EXAMINE_SECONDS = 300.0
METRICS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


def application(
    db: Database,
    token: str | None = None,
    interval_seconds: float | None = None,
    examine_seconds: float | None = None,
) -> ASGIApp:
    """Return the service: health endpoints, /metrics and the dashboard; without a token for this machine alone."""
    return Pages(db, interval_seconds, examine_seconds).application(token)


class Pages:
    """Health, and what is known of the database as a whole, looked at once in `examine_seconds` at most."""

    def __init__(self, db: Database, interval_seconds: float | None, examine_seconds: float | None) -> None:
        self.db, self.endpoints = db, Endpoints(db, interval_seconds)
        least = self.endpoints.health.interval_seconds
        seconds = (least if least >= NEON_SECONDS else EXAMINE_SECONDS) if examine_seconds is None else examine_seconds
        self.overview: Cached[Overview] = Cached(lambda: look(db), seconds, "litxdb overview")

    def application(self, token: str | None) -> ASGIApp:
        """Return the application."""
        return Starlette(
            routes=[*self.endpoints.routes, Route("/metrics", self.metrics), Route("/", self.dashboard)],
            middleware=[Middleware(Guard, token=token)],
            lifespan=self._lifespan,
        )

    async def metrics(self, request: Request) -> Response:
        """Answer Prometheus."""
        health = await self.endpoints.health.ask()
        self.overview.begin()
        known, cause = self.overview.known, self.endpoints.cause
        text = await run_in_threadpool(metrics, str(self.db.endpoint), health, cause, known)
        return PlainTextResponse(text, 200, METRICS)

    async def dashboard(self, request: Request) -> Response:
        """Show a person how the database is."""
        health = await self.endpoints.health.ask()
        await self.overview.ask()
        known, cause, seconds = self.overview.known, self.endpoints.cause, self.overview.interval_seconds
        page = await run_in_threadpool(dashboard, str(self.db.endpoint), health, cause, known, seconds)
        return HTMLResponse(page, 200, {"Content-Security-Policy": policy()})

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(self.endpoints.health.begin)  # the first thread costs 100 ms: nobody waits for it yet
        yield
        await run_in_threadpool(self.endpoints.probe.close)
