"""The health endpoints, which any Starlette or FastAPI application can mount.

GET /health, /db-health     what is known, with its age; 503 with the cause when the database does not answer
GET /health/quick           only whether it answered last; waits for nothing
GET /health/readiness       only whether it answers, for Kubernetes
GET /health/liveness        that the process lives; asks no database
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, Router

from litxdb.database import Database
from litxdb.serve.cached import Cached
from litxdb.serve.probe import TIMEOUT_SECONDS, Probe

INTERVAL_SECONDS = 15.0
NEON_SECONDS = 900.0
"""Neon's compute goes to sleep after five idle minutes: with this it may, however often probes ask."""

HEADERS = {"Cache-Control": "no-store"}


def health_router(db: Database, *, interval_seconds: float | None = None, pool: Any = None) -> Router:
    """Return the endpoints: `app.include_router(health_router(db))` in FastAPI, `Mount("/", …)` in Starlette.

    `pool` is the SQLAlchemy pool whose figures are shown, such as `async_db.engine.pool`; by default the database's.
    """
    kind: type[Router] = Router
    with contextlib.suppress(ImportError):  # FastAPI's own, where it is, for it includes no other
        from fastapi import APIRouter

        kind = APIRouter
    return kind(routes=Endpoints(db, interval_seconds, pool).routes)


def suitable_interval(db: Database) -> float:
    """Return how often to touch a database, in seconds."""
    return NEON_SECONDS if any(host.endswith(".neon.tech") for host in db.endpoint.hosts) else INTERVAL_SECONDS


class Endpoints:
    """The health of one database, as HTTP; touches it at most once an interval."""

    def __init__(self, db: Database, interval_seconds: float | None = None, pool: Any = None) -> None:
        seconds = suitable_interval(db) if interval_seconds is None else interval_seconds
        self.probe = Probe(db, seconds, pool)
        self.health = Cached(self.probe, seconds, "litxdb probe")
        self.routes = [
            Route("/health", self.full),
            Route("/db-health", self.full),
            Route("/health/quick", self.quick),
            Route("/health/readiness", self.readiness),
            Route("/health/liveness", self.liveness),
        ]

    async def full(self, request: Request) -> JSONResponse:
        """Answer with all that is known."""
        known = await self.health.ask()
        health, cause = known.answer, self.cause
        body = {
            "status": "unhealthy" if cause else "healthy",
            "timestamp": health.timestamp.isoformat() if health else None,
            "age_seconds": None if known.age_seconds is None else round(known.age_seconds, 3),
            "interval_seconds": self.health.interval_seconds,
            "milliseconds": round(health.milliseconds, 3) if health else None,
            "checks": {
                "connection": bool(health and health.connection),
                "query": bool(health and not cause),
                "pool": dataclasses.asdict(self.probe.pool_figures()) if health else None,
            },
            "error": cause,
        }
        return JSONResponse(body, 503 if cause else 200, HEADERS)

    async def quick(self, request: Request) -> JSONResponse:
        """Answer with the verdict alone, at once."""
        self.health.begin()
        return self._verdict()

    async def readiness(self, request: Request) -> JSONResponse:
        """Answer with the verdict alone, as fresh as may be."""
        await self.health.ask()
        return self._verdict()

    async def liveness(self, request: Request) -> JSONResponse:
        """Answer."""
        return JSONResponse({"status": "alive"}, 200, HEADERS)

    @property
    def cause(self) -> str | None:
        """Why the database counts as not healthy; None if it does."""
        known = self.health.known
        if known.reading_seconds is not None and known.reading_seconds > TIMEOUT_SECONDS:
            return f"no answer for {known.reading_seconds:.0f} s"
        if known.answer is None:
            return known.error or "not known yet: the first answer is awaited"
        return known.answer.error

    def _verdict(self) -> JSONResponse:
        cause = self.cause
        return JSONResponse({"status": "unhealthy" if cause else "healthy"}, 503 if cause else 200, HEADERS)
