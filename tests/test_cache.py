"""LitXplore's cache: what is stored and found, made once, and what a reader pays for a Redis that fails."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from litxdb import cache
from litxdb.cache import AsyncCache, Cache, CacheEndpoint
from litxdb.errors import ArgumentInvalid, ConfigurationInvalid
from litxdb.settings import Settings
from tests.bed.certificates import Certificates
from tests.bed.faults import hang, http
from tests.bed.proxy import Behaviour, Client, Proxy
from tests.bed.redises import RunningRedis, serving
from tests.bed.servers import free_port

PATIENT = 30.0
"""Of readers that are not to be hurried: the machine may be busy."""
PAPER = "2307.12345"


def opened(url: str, environment: str = "development", **options: Any) -> Cache:
    return Cache(settings=at(url, environment), **{"reader_seconds": PATIENT, **options})


def at(url: str, environment: str = "development") -> Settings:
    return replace(Settings.load(redis_url=url), environment=environment, production=environment == "production")


@pytest.fixture
def store(redis_url: str) -> Iterator[Cache]:
    with opened(redis_url) as store:
        yield store


@pytest.fixture
def raw(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.mark.parametrize(
    ("environment", "kind", "value", "key", "seconds"),
    [
        ("development", "analysis", {"summary": "ünï"}, "analysis:2307.12345:v1:development", 3600),
        ("production", "analysis", ["a", 1, None], "analysis:2307.12345:v1:production", 86400),
        ("staging", "in_depth", "text", "in_depth:2307.12345:v1:staging", 3600),
        ("production", "key-insights", 0, "key_insights:2307.12345:v1:production", 86400),
        ("production", "vectorstore", b"\x00\xff\r\n", "vectorstore:2307.12345", 3600),
        ("production", "search", [], "search:2307.12345", 3600),
    ],
)
def test_what_is_stored_is_found_under_litxplore_s_own_key(
    environment: str, kind: str, value: Any, key: str, seconds: int, redis_url: str, raw: Redis
) -> None:
    with opened(redis_url, environment) as store:
        assert store.get(kind, PAPER) is None
        assert store.set(kind, PAPER, value)
        assert store.get(kind, PAPER) == value
    assert raw.keys() == [key.encode()]
    assert seconds - 60 < raw.ttl(key) <= seconds
    assert raw.get(key) == (value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode())


def test_environments_do_not_meet(redis_url: str, store: Cache) -> None:
    store.set("analysis", PAPER, 1)
    with opened(redis_url, "production") as other:
        assert other.get("analysis", PAPER) is None


@pytest.mark.parametrize("value", [b"\xff", b"{", b"", b"NaN x"])
def test_what_cannot_be_read_counts_as_nothing_and_is_made_anew(value: bytes, store: Cache, raw: Redis) -> None:
    raw.set("search:q", value)
    assert store.get("search", "q") is None
    assert store.load("search", "q", lambda: [1]) == [1]
    assert raw.get("search:q") == b"[1]"


def test_a_key_that_another_program_uses_otherwise(store: Cache, raw: Redis) -> None:
    raw.rpush("search:q", "x")
    assert store.get("search", "q") is None
    assert store.load("search", "q", lambda: 1) == 1
    assert store.get("search", "q") == 1


@pytest.mark.parametrize("id", ["", "x" * 1025, None, 2307])
def test_an_id_that_cannot_be(id: Any, store: Cache) -> None:
    with pytest.raises(ArgumentInvalid):
        store.get("analysis", id)
    with pytest.raises(ArgumentInvalid):
        store.load("analysis", id, lambda: pytest.fail("asked for nothing"))
    with pytest.raises(ArgumentInvalid, match="no kind 'x; drop table'"):
        store.get("x; drop table", PAPER)


@pytest.mark.parametrize(("kind", "value"), [("search", b"x"), ("search", float("nan")), ("vectorstore", "text")])
def test_what_cannot_be_kept_is_an_error_of_the_caller(kind: str, value: Any, store: Cache, raw: Redis) -> None:
    with pytest.raises((TypeError, ValueError)):
        store.set(kind, "q", value)
    with pytest.raises((TypeError, ValueError)):
        store.load(kind, "q", lambda: value)
    assert store.load("search", "q", lambda: "next") == "next"
    assert sorted(raw.keys()) == [b"search:q"]


class TestLoading:
    def test_what_is_made_is_kept(self, store: Cache, raw: Redis) -> None:
        assert store.load("analysis", PAPER, lambda: (1, 2)) == [1, 2]
        assert store.load("analysis", PAPER, lambda: pytest.fail("made twice")) == [1, 2]
        assert raw.keys("lock:*") == []

    def test_of_many_threads_one_makes_it(self, store: Cache) -> None:
        made, together = [], threading.Barrier(16)

        def load() -> Any:
            together.wait()
            return store.load("analysis", PAPER, lambda: made.append(1) or {"n": 1})

        with ThreadPoolExecutor(16) as pool:
            answers = [future.result() for future in [pool.submit(load) for _ in range(16)]]
        assert (made, answers) == ([1], [{"n": 1}] * 16)
        assert len({id(answer) for answer in answers}) == 16, "what one changes must not change for others"

    def test_of_several_processes_one_makes_it(self, redis_url: str, tmp_path: Path) -> None:
        script = (
            "import sys, pathlib, os, time\n"
            "from litxdb.cache import Cache\n"
            "def make():\n"
            f"    pathlib.Path({str(tmp_path)!r}, f'made-{{os.getpid()}}').touch()\n"
            "    time.sleep(0.3)\n"
            "    return 7\n"
            "sys.stdin.readline()\n"
            f"print(Cache({redis_url!r}, reader_seconds={PATIENT}).load('analysis', {PAPER!r}, make))\n"
        )
        words = [sys.executable, "-c", script]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        running = [subprocess.Popen(words, **pipes) for _ in range(3)]
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.communicate()[0] for process in running] == ["7\n"] * 3
        assert len(list(tmp_path.glob("made-*"))) == 1

    def test_a_process_that_was_forked_has_threads_of_its_own(self, redis_url: str) -> None:
        script = (
            "import os\n"
            "from litxdb.cache import Cache\n"
            f"cache = Cache({redis_url!r}, reader_seconds={PATIENT})\n"
            "assert cache.set('search', 'q', 1)\n"
            "child = os.fork()\n"
            "found = [cache.get('search', 'q') for _ in range(20)]\n"
            "assert child == 0 or os.waitpid(child, 0)[1] == 0\n"
            "os._exit(found != [1] * 20)\n"
        )
        words = [sys.executable, "-W", "ignore", "-c", script]
        assert subprocess.run(words, timeout=4 * PATIENT).returncode == 0

    def test_whoever_fails_lets_the_next_one_try(self, store: Cache, raw: Redis, redis_url: str) -> None:
        def fail() -> None:
            raise ZeroDivisionError("the model is away")

        with pytest.raises(ZeroDivisionError):
            store.load("analysis", PAPER, fail)
        with opened(redis_url) as other:
            assert other.load("analysis", PAPER, lambda: 2) == 2

    def test_whoever_never_ends_is_waited_for_until_his_lease_is_over(self, redis_url: str, raw: Redis) -> None:
        raw.set("lock:search:q", "somebody who was killed")
        with opened(redis_url, lease_seconds=0.1) as store:
            assert store.load("search", "q", lambda: 1) == 1
        assert raw.get("search:q") is None, "the lock is another's, and so is what is kept"

    def test_what_is_invalidated_while_it_is_made_is_not_kept(self, store: Cache, redis_url: str, raw: Redis) -> None:
        def make() -> str:
            cache.invalidate_paper(store.endpoint, PAPER)
            return "from the state before"

        assert store.load("analysis", PAPER, make) == "from the state before"
        assert store.get("analysis", PAPER) is None
        assert raw.keys() == []

    def test_a_version_that_comes_while_it_is_made(self, store: Cache, redis_url: str) -> None:
        def make() -> str:
            cache.bump(store.endpoint, "analysis")
            return "old"

        with opened(redis_url) as other:
            other.set("analysis", PAPER, "older")
            assert other.get("analysis", PAPER) == "older"
            assert store.load("analysis", "another", make) == "old"
            assert (other.get("analysis", PAPER), other.get("analysis", "another")) == (None, None)
            other.set("analysis", PAPER, "new")
            assert store.get("analysis", PAPER) == "new"


class TestAsyncio:
    def test_of_many_one_makes_it(self, redis_url: str) -> None:
        made = []

        async def make() -> dict[str, int]:
            made.append(1)
            await asyncio.sleep(0.01)
            return {"n": 1}

        async def main() -> list[Any]:
            async with AsyncCache(settings=at(redis_url), reader_seconds=PATIENT) as store:
                assert await store.get("analysis", PAPER) is None
                answers = await asyncio.gather(*(store.load("analysis", PAPER, make) for _ in range(50)))
                assert await store.set("search", "q", [1])
                return [*answers, await store.get("search", "q")]

        assert asyncio.run(main()) == [{"n": 1}] * 50 + [[1]]
        assert made == [1]

    def test_who_is_cancelled_leaves_the_work_to_those_who_wait(self, redis_url: str) -> None:
        async def main() -> Any:
            begun, go_on = asyncio.Event(), asyncio.Event()

            async def make() -> int:
                begun.set()
                await go_on.wait()
                return 1

            async with AsyncCache(settings=at(redis_url), reader_seconds=PATIENT) as store:
                first = asyncio.create_task(store.load("search", "q", make))
                await begun.wait()
                second = asyncio.create_task(store.load("search", "q", make))
                await asyncio.sleep(0)
                first.cancel()
                go_on.set()
                return await second

        assert asyncio.run(main()) == 1

    def test_what_the_loader_raises(self, redis_url: str) -> None:
        async def fail() -> None:
            raise ZeroDivisionError

        async def main() -> Any:
            async with AsyncCache(settings=at(redis_url), reader_seconds=PATIENT) as store:
                with pytest.raises(ZeroDivisionError):
                    await store.load("search", "q", fail)
                return await store.load("search", "q", lambda: asyncio.sleep(0, 5))

        assert asyncio.run(main()) == 5

    def test_a_redis_that_hangs(self, fake_server: Callable[..., Proxy]) -> None:
        async def main(url: str) -> Any:
            async with AsyncCache(settings=at(url)) as store:
                assert await store.get("search", "q") is None
                assert not await store.set("search", "q", 1)
                return await store.load("search", "q", lambda: asyncio.sleep(0, 5))

        assert asyncio.run(main(redis_at(fake_server(hang)))) == 5


def redis_at(door: Proxy) -> str:
    return f"redis://127.0.0.1:{door.port}/0"


async def garbage(client: Client) -> None:
    while await client.reader.read(100):
        await client.send(b"\x00\xff$-7\r\n*9999999999\r\n")


async def drip(client: Client) -> None:
    """Begin an answer, and go on with it byte by byte for ever: no time-out of a socket ends that."""
    await client.send(b"$1000000000\r\n")
    while True:
        await client.send(b"x")
        await asyncio.sleep(0.01)


class TestFaults:
    @pytest.mark.parametrize("fault", [hang, http, garbage, drip], ids=lambda fault: fault.__name__)
    def test_a_redis_that_is_none(
        self, fault: Behaviour, fake_server: Callable[..., Proxy], caplog: pytest.LogCaptureFixture
    ) -> None:
        with opened(redis_at(fake_server(fault)), reader_seconds=0.05) as store, caplog.at_level(logging.WARNING):
            assert store.get("analysis", PAPER) is None
            assert store.load("analysis", PAPER, lambda: {"made": "all the same"}) == {"made": "all the same"}
            assert not store.set("analysis", PAPER, 1)
        assert "the cache is left out for a moment" in caplog.text

    def test_nobody_waits_again_while_it_hangs(self, fake_server: Callable[..., Proxy]) -> None:
        door = fake_server(hang)
        with opened(redis_at(door), reader_seconds=0.05) as store:
            for _ in range(1000):
                assert store.get("search", "q") is None
        assert door.seen < 100

    def test_a_redis_that_nobody_runs(self) -> None:
        with opened("redis://127.0.0.1:1/0") as store:
            assert store.load("search", "q", lambda: 1) == 1

    def test_without_redis_one_of_many_threads_makes_it_all_the_same(self) -> None:
        made: list[int] = []

        def make() -> int:
            (flight,) = store._flights.values()
            made.append(1)
            deadline = time.monotonic() + PATIENT
            while len(flight._condition._waiters) < 3 and time.monotonic() < deadline:  # until the others wait
                time.sleep(0.01)
            return 1

        with opened("redis://127.0.0.1:1/0") as store, ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(store.load, "search", "q", make) for _ in range(4)]
            assert {future.result() for future in waiting} == {1}
        assert made == [1]

    def test_redis_killed_and_back(self, bed_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("litxdb.cache.patience.PAUSE_SECONDS", 0.0)
        with serving("redis", bed_directory) as running, opened(running.url) as store:
            assert store.set("search", "q", 1)
            running.process.kill()
            running.process.wait()
            assert store.get("search", "q") is None
            assert store.load("search", "q", lambda: 2) == 2
            assert not store.set("search", "q", 3)
            with serving("redis", bed_directory, port=running.port):
                assert store.set("search", "q", 4)
                assert store.get("search", "q") == 4

    @pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
    def test_redis_stopped_or_killed_under_coroutines(
        self, number: signal.Signals, bed_directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("litxdb.cache.patience.PAUSE_SECONDS", 0.0)

        async def main(running: RunningRedis) -> tuple[Any, ...]:
            async with AsyncCache(settings=at(running.url), reader_seconds=PATIENT) as store:
                assert await store.set("search", "q", 1)
                running.process.send_signal(number)
                store.reader_seconds = 0.05
                made = await asyncio.gather(
                    *(store.load("search", "q", lambda: asyncio.sleep(0, 2)) for _ in range(20))
                )
                left = await store.get("search", "q"), await store.set("search", "q", 3)
                running.process.send_signal(signal.SIGCONT)
                return made, *left

        with serving("redis", bed_directory) as running:
            assert asyncio.run(main(running)) == ([2] * 20, None, False)

    def test_a_wrong_password_costs_a_reader_nothing_and_is_never_shown(
        self, bed_directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with serving("redis", bed_directory, password="right-word") as running:
            wrong = f"redis://:wr%2Fng-word@127.0.0.1:{running.port}/0"
            with opened(wrong) as store, caplog.at_level(logging.WARNING):
                assert store.load("search", "q", lambda: 1) == 1
            with opened(running.url) as store:
                assert store.set("search", "q", 1)
        assert "invalid username-password pair" in caplog.text
        assert "ng-word" not in caplog.text + repr(store.endpoint) + str(store.endpoint)

    def test_a_redis_that_takes_no_writes_is_read_all_the_same(self, bed_directory: Path) -> None:
        with serving("redis", bed_directory) as running, closing(running.client()) as raw:
            raw.set("search:q", "[1]")
            raw.replicaof("127.0.0.1", "1")
            with opened(running.url) as store:
                assert not store.set("search", "p", 1)
                assert store.load("search", "p", lambda: 2) == 2
                assert store.get("search", "q") == [1]


@pytest.mark.parametrize("url", ["http://x", "redis://", "redis://h:port", "localhost:6379", " ", "redis://[::1"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="REDIS_URL"):
        CacheEndpoint.locate(Settings.load(redis_url=url))


def test_where_a_cache_is() -> None:
    def located(url: str) -> CacheEndpoint:
        return CacheEndpoint.locate(Settings.load(redis_url=url))

    tls = located("rediss://ada:c0mplex%2Fword@cache.example.com/2")
    assert (str(tls), tls.encrypted, tls.is_local) == ("rediss://cache.example.com:6379/2", True, False)
    assert str(located("redis://[::1]:7000")) == "redis://[::1]:7000"
    assert located("redis://[::1]:7000").is_local
    assert str(located("unix:///run/redis.sock?db=1")) == "unix:///run/redis.sock"
    assert "c0mplex" not in repr(tls)


def test_rediss_is_tls_and_verified(
    bed_directory: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    port, server = free_port(), certificates.server
    files = ("--tls-cert-file", server.file, "--tls-key-file", server.key, "--tls-ca-cert-file", certificates.ca)
    tls = ("--tls-port", port, "--tls-auth-clients", "no", *files)
    with serving("redis", bed_directory, *tls):
        settings = at(f"rediss://localhost:{port}/0")
        with Cache(settings=replace(settings, certificates=certificates.ca), reader_seconds=PATIENT) as store:
            assert store.set("search", "q", 1)
        with Cache(settings=settings, reader_seconds=PATIENT) as store, caplog.at_level(logging.WARNING):
            assert not store.set("search", "q", 1)
    assert "certificate verify failed" in caplog.text
