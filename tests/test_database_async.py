"""The asynchronous door: the same endpoint, TLS, patience and words as the other one."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.repositories import AsyncDatabase
from litxdb.settings import Settings
from tests.bed.faults import error, reset
from tests.bed.neon import Neon
from tests.bed.proxy import Proxy
from tests.bed.servers import Server, free_port


def ask(settings: Settings, statement: str = "select 1", notify: Callable[[str], None] = lambda line: None) -> Any:
    """Run one statement and return its one value."""

    async def work() -> Any:
        async with AsyncDatabase(settings=settings, notify=notify) as db, db.session() as session:
            return (await session.execute(text(statement))).scalar_one()

    return asyncio.run(work())


def test_a_server_that_wants_tls_and_a_password(pg15: Server) -> None:
    assert ask(Settings(url=pg15.url()), "select ssl from pg_stat_ssl where pid = pg_backend_pid()") is True


def test_a_password_that_is_wrong_is_not_retried_and_not_shown(pg15: Server) -> None:
    said: list[str] = []
    settings = Settings(url=pg15.url(password="hunter22"))
    with pytest.raises(ConnectionFailed, match="password authentication failed") as caught:
        ask(settings, notify=said.append)
    assert "hunter22" not in f"{caught.value} {caught.value.hint} {AsyncDatabase(settings=settings)!r} {said}"
    assert said == []


def test_a_url_that_is_wrong_is_said_to_be() -> None:
    with pytest.raises(ConfigurationInvalid):
        ask(Settings(url="mysql://ada@localhost/x"))


def test_what_passes_is_waited_for(db_url: str, proxy: Callable[..., Proxy]) -> None:
    said: list[str] = []
    door = proxy(db_url, reset, error("57P03", "the database system is starting up"))
    assert ask(Settings(url=door.url, retry_seconds=30), notify=said.append) == 1
    assert door.seen == 3
    assert "retrying for up to 30 s" in said[0]


def test_what_does_not_pass_ends_in_time() -> None:
    settings = Settings(url=f"postgresql://ada@127.0.0.1:{free_port()}/x", retry_seconds=0.5)
    with pytest.raises(ConnectionFailed, match="Connection refused"):
        ask(settings)

    async def health() -> Any:
        async with AsyncDatabase(settings=Settings(url=settings.url, retry_seconds=0)) as db:
            return await db.health()

    found = asyncio.run(health())
    assert (found.healthy, found.connection) == (False, False)
    assert "Connection refused" in found.error


def test_behind_a_proxy_that_tells_names_apart_by_sni(neon: Neon) -> None:
    assert ask(Settings(url=neon.pooled_url), "select current_user::text") == "neondb_owner"
    assert ask(Settings(url=neon.pooled_url), "show statement_timeout") == "30s"


def test_many_coroutines_share_a_pool(db_url: str) -> None:
    async def work() -> tuple[int, int]:
        async with AsyncDatabase(db_url) as db:

            async def one() -> int:
                async with db.session() as session:
                    return int((await session.execute(text("select pg_backend_pid()"))).scalar_one())

            pids = await asyncio.gather(*(one() for _ in range(60)))
            return len(set(pids)), (await db.health()).pool.checkedout

    backends, out = asyncio.run(work())
    assert 1 <= backends <= 15
    assert out == 0
