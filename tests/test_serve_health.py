"""litxdb serve's health endpoints: what they say, what they cost the database, and who may ask."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Mount

from litxdb.database import Database
from litxdb.errors import Exit, Refused
from litxdb.serve import Service, application, health_router
from litxdb.serve.endpoints import NEON_SECONDS, suitable_interval
from litxdb.serve.running import prepare
from litxdb.settings import Settings
from tests.bed.backups import Shelf
from tests.bed.faults import hang_at, reset
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.servers import Server, free_port

Run = Callable[..., Outcome]
Answer = tuple[int, dict[str, str], bytes]
LOCAL = {"host": "localhost:8432"}
PATIENCE_SECONDS = 60
TOKEN = "a-long-random-word"


async def asked(app: Any, path: str, method: str = "GET", **headers: str) -> Answer:
    """Ask an application without a network between."""
    sent: list[dict[str, Any]] = []
    lines = [(name.encode(), value.encode()) for name, value in {**LOCAL, **headers}.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"http_version": "1.1", "scheme": "http", "headers": lines, "root_path": "", "client": ("127.0.0.1", 1)}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body


def ask(app: Any, path: str, **headers: str) -> Answer:
    return asyncio.run(asked(app, path, **headers))


def until(app: Any, status: int, path: str = "/health") -> dict[str, Any]:
    """Ask until the answer has this status."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        code, _, body = ask(app, path)
        if code == status:
            return json.loads(body)
        time.sleep(0.02)
    raise AssertionError(f"{path} never answered {status}, at last {code}: {body!r}")


@contextlib.contextmanager
def listening(db: Database, **options: Any) -> Iterator[str]:
    """Serve in a thread, and yield the URL."""
    where: list[str] = []
    there = threading.Event()

    def ready(url: str) -> None:
        where.append(url)
        there.set()

    server = prepare(db, Service(port=0, **options), ready)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert there.wait(PATIENCE_SECONDS)
        yield where[0]
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


class TestHealthy:
    def test_what_is_said(self, db: Database) -> None:
        body = until(application(db), 200)
        assert body["status"] == "healthy"
        assert body["checks"]["connection"] is True
        assert body["checks"]["query"] is True
        assert set(body["checks"]["pool"]) == {"size", "checkedin", "checkedout", "overflow"}
        assert (body["error"], body["interval_seconds"]) == (None, 15)
        assert body["timestamp"].endswith("+00:00")
        assert body["age_seconds"] >= 0

    def test_the_other_paths(self, db: Database) -> None:
        app = application(db)
        assert until(app, 200)["checks"] == until(app, 200, "/db-health")["checks"]
        for path in ("/health/quick", "/health/readiness"):
            assert until(app, 200, path) == {"status": "healthy"}
        assert ask(app, "/nothing")[0] == 404
        assert asyncio.run(asked(app, "/health", "POST"))[0] == 405
        assert asyncio.run(asked(app, "/health", "HEAD"))[0] == 200

    def test_an_application_s_pool(self, db: Database) -> None:
        app = health_router(db)
        with db.engine.connect() as one, db.engine.connect() as two:
            assert not one.closed
            assert not two.closed
            pool = until(app, 200)["checks"]["pool"]
        assert (pool["size"], pool["checkedout"], pool["checkedin"]) == (5, 2, 0)

    @pytest.mark.parametrize("path", ["", "/database"])
    @pytest.mark.parametrize("mounted", [False, True], ids=["included", "mounted"])
    def test_it_is_part_of_a_fastapi_application(self, mounted: bool, path: str, db: Database) -> None:
        app = FastAPI()
        app.get("/own")(lambda: {"mine": True})
        if mounted:
            app.mount(path, health_router(db))
        else:
            app.include_router(health_router(db), prefix=path)
        assert until(app, 200, f"{path}/health")["status"] == "healthy"
        assert ask(app, f"{path}/health/liveness")[0] == 200
        assert json.loads(ask(app, "/own")[2]) == {"mine": True}

    def test_without_fastapi_it_is_starlette_s(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "fastapi", None)
        app = Starlette(routes=[Mount("/database", health_router(db))])
        assert until(app, 200, "/database/health")["status"] == "healthy"


class TestCost:
    def test_a_storm_of_probes_costs_one_query(self, server: Server, db: Database) -> None:
        async def storm(app: Any) -> list[Answer]:
            return await asyncio.gather(*(asked(app, "/health") for _ in range(500)))

        app = application(db, interval_seconds=3600)
        until(app, 200)
        assert {status for status, *_ in asyncio.run(storm(app))} == {200}
        touches = (
            "select sum(calls)::int from pg_stat_statements s join pg_database d on d.oid = s.dbid where datname = %s"
        )
        server.execute("create extension if not exists pg_stat_statements", dbname="postgres")
        calls = f"{touches} and query = 'select $1'"
        assert server.execute(calls, db.endpoint.dbname, dbname="postgres") == [(1,)]

    def test_after_the_interval_it_is_asked_again(self, db: Database) -> None:
        app = application(db, interval_seconds=0.05)
        first = until(app, 200)["timestamp"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while until(app, 200)["timestamp"] == first:
            assert time.monotonic() < deadline

    def test_nobody_asks_and_nothing_is_asked(self, proxy: Callable[..., Proxy], db_url: str) -> None:
        door = proxy(db_url)
        with Database(door.url) as db:
            app = application(db, interval_seconds=0.01)
            assert ask(app, "/health/liveness")[0] == 200
            assert ask(app, "/nothing")[0] == 404
        assert door.seen == 0

    def test_neon_may_sleep(self) -> None:
        neon = "postgresql://ada@ep-x-123456.eu-central-1.aws.neon.tech/db"
        assert suitable_interval(Database(settings=Settings.load(neon))) == NEON_SECONDS


class TestUnhealthy:
    def test_nobody_listens(self) -> None:
        with Database("postgresql://ada:hidden-word@127.0.0.1:1/x?sslmode=disable") as db:
            app = application(db)
            body = until(app, 503)
            while body["timestamp"] is None:
                body = until(app, 503)
            assert body["status"] == "unhealthy"
            assert body["checks"]["connection"] is False
            assert "Connection refused" in body["error"]
            assert until(app, 503, "/health/readiness") == {"status": "unhealthy"}
            assert ask(app, "/health/liveness")[0] == 200
            assert "hidden-word" not in str(body)

    def test_a_storm_while_the_database_hangs(
        self, proxy: Callable[..., Proxy], db_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("litxdb.serve.probe.TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr("litxdb.serve.endpoints.TIMEOUT_SECONDS", 0.2)
        door = proxy(db_url, *[hang_at("select 1")] * 1000)
        with Database(door.url) as db:
            app = application(db, interval_seconds=0.5)

            async def storm() -> set[int]:
                return {(await asked(app, "/health"))[0] for _ in range(10_000)}

            assert asyncio.run(storm()) == {503}
            assert "no answer" in until(app, 503)["error"]
            door.forgive()
            body = until(app, 200)
        assert body["error"] is None
        assert door.seen < 100

    def test_a_connection_that_was_lost_meanwhile_is_no_failure(self, server: Server, db: Database) -> None:
        app = application(db, interval_seconds=0.5)  # so long that none of its questions is under way
        first = until(app, 200)["timestamp"]
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()",
            db.endpoint.dbname,
        )
        while (body := json.loads(ask(app, "/health")[2]))["timestamp"] == first:
            pass
        assert body["status"] == "healthy"

    def test_a_network_that_drops_every_connection(self, proxy: Callable[..., Proxy], db_url: str) -> None:
        with Database(proxy(db_url, then=reset).url) as db:
            assert until(application(db), 503)["status"] == "unhealthy"


class TestAccess:
    @pytest.mark.parametrize("path", ["/health", "/metrics", "/db-health", "/nothing"])
    def test_a_token_is_wanted(self, path: str, db: Database) -> None:
        app = application(db, TOKEN)
        for wrong in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic %%%"}, {"authorization": "é"}):
            status, headers, body = ask(app, path, **wrong)
            assert (status, headers["www-authenticate"][:5]) == (401, "Basic")
            assert TOKEN.encode() not in body
        basic = "Basic YW55Ym9keTphLWxvbmctcmFuZG9tLXdvcmQ="
        for right in (f"Bearer {TOKEN}", basic):
            assert ask(app, path, authorization=right, host="anywhere.example")[0] != 401

    def test_probes_need_none(self, db: Database) -> None:
        app = application(db, TOKEN)
        for path in ("/health/liveness", "/health/readiness", "/health/quick"):
            assert ask(app, path, host="10.0.0.7:8432")[0] != 401

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8432", "", "localhost.evil.example"])
    def test_without_one_only_this_machine_by_its_own_name(self, host: str, db: Database) -> None:
        assert ask(application(db), "/health", host=host)[0] == 421

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8432", "LOCALHOST:80"])
    def test_its_own_names(self, host: str, db: Database) -> None:
        assert ask(application(db), "/health/liveness", host=host)[0] == 200

    def test_every_answer_has_the_headers(self, db: Database) -> None:
        for token, path in ((None, "/health"), (None, "/nothing"), (TOKEN, "/"), (None, "/metrics")):
            _, headers, _ = ask(application(db, token), path)
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["cache-control"] == "no-store"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "server" not in headers

    def test_a_bug_of_ours_is_logged_without_a_secret(
        self, db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("password=hunter22")

        monkeypatch.setattr(sys.modules["litxdb.serve.application"], "metrics", fail)
        status, headers, body = ask(application(db), "/metrics")
        assert (status, body) == (500, b"litxdb failed; its log says how.\n")
        assert headers["x-content-type-options"] == "nosniff"
        assert "ZeroDivisionError" in caplog.text
        assert "hunter22" not in caplog.text

    def test_others_are_not_let_in_by_accident(self, run: Run, db_url: str, db: Database) -> None:
        for host in ("0.0.0.0", "::", "10.0.0.1", "example.com"):
            with pytest.raises(Refused, match="Whoever reaches"):
                prepare(db, Service(host=host))
        assert run("serve", "--host", "0.0.0.0", "--url", db_url).code == Exit.REFUSED


class TestMetrics:
    def test_its_format_is_valid(self, db: Database) -> None:
        app = application(db)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b"litxdb_doctor_up" not in (body := ask(app, "/metrics")[2]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        families = {family.name: family for family in text_string_to_metric_families(body.decode())}
        values = {name: [sample.value for sample in family.samples] for name, family in families.items()}
        assert values["litxdb_up"] == [1]
        assert values["litxdb_pool_size"] == [5]
        assert values["litxdb_pending_revisions"] == [0]
        assert values["litxdb_waiting_sessions"] == [0]
        assert sum(values["litxdb_tables_bytes"]) > 0
        assert sum(values["litxdb_connections"]) >= 1
        assert {"litxdb_doctor_findings", "litxdb_overview_age_seconds"} <= set(values)

    def test_until_the_first_look_is_over_that_is_said(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        module, may_look = sys.modules["litxdb.serve.application"], threading.Event()
        look = module.look
        monkeypatch.setattr(module, "look", lambda db: look(db) if may_look.wait(PATIENCE_SECONDS) else None)
        app = application(db)

        def known() -> tuple[float, bool]:
            families = {each.name: each for each in text_string_to_metric_families(ask(app, "/metrics")[2].decode())}
            return families["litxdb_overview_known"].samples[0].value, "litxdb_tables_bytes" in families

        assert known() == (0, False)
        may_look.set()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while known() != (1, True):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_backups_are_told_of_as_litxdb_backup_does(self, db: Database, tmp_path: Path) -> None:
        shelf = Shelf(db, tmp_path / "store")
        shelf.add(hours=30, verified=True)
        with shelf.database() as here:
            app = application(here)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while b"litxdb_backup_" not in (body := ask(app, "/metrics")[2]):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        families = {family.name: family.samples for family in text_string_to_metric_families(body.decode())}
        met = {each.labels["objective"]: each.value for each in families["litxdb_backup_objective_met"]}
        assert met == {"rpo": 0, "rto": 1}
        assert families["litxdb_backup_retained"][0].value == 1
        assert time.time() - families["litxdb_backup_last_verified_timestamp_seconds"][0].value > 29 * 3600

    def test_of_a_database_that_is_gone(self) -> None:
        with Database("postgresql://ada:hidden-word@127.0.0.1:1/x") as db:
            status, headers, body = ask(application(db), "/metrics")
        assert status == 200
        assert headers["content-type"].startswith("text/plain; version=0.0.4")
        assert b"litxdb_up{" in body
        assert b"} 0\n" in body
        assert b"hidden-word" not in body


class TestListening:
    def test_over_http(self, db: Database) -> None:
        with listening(db) as url:
            assert fetch(f"{url}/health/liveness") == (200, b'{"status":"alive"}')
            assert fetch(f"{url}/nothing")[0] == 404

    def test_whoever_is_too_slow_is_cut_off_and_nobody_waits_for_him(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("litxdb.serve.running.REQUEST_SECONDS", 2.0)
        with listening(db) as url, contextlib.ExitStack() as stack:
            host, _, port = url.removeprefix("http://").partition(":")
            slow = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(200)]
            for number, line in enumerate(slow):
                line.settimeout(PATIENCE_SECONDS)
                line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "[: 20 + number % 30])
            assert fetch(f"{url}/health/liveness")[0] == 200
            for line in slow:
                with contextlib.suppress(ConnectionResetError):
                    assert line.recv(1) == b""

    @pytest.mark.parametrize(
        "garbage",
        [b"\x00\xff" * 500, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 200_000, b"\x16\x03\x01\x02\x00\x01"],
        ids=["bytes", "words", "version", "long", "tls"],
    )
    def test_garbage(self, garbage: bytes, db: Database) -> None:
        with listening(db) as url:
            host, _, port = url.removeprefix("http://").partition(":")
            address = (host, int(port))
            with socket.create_connection(address, PATIENCE_SECONDS) as line, contextlib.suppress(ConnectionError):
                line.sendall(garbage + b"\r\n\r\n")
                answer = line.recv(1000)
                assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
            assert fetch(f"{url}/health/liveness")[0] == 200

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_well(self, number: signal.Signals, start: Callable[..., Popen[str]], db_url: str) -> None:
        port = free_port()
        service = start("serve", "--url", db_url, "--port", str(port))
        assert service.stderr
        assert f"at http://127.0.0.1:{port}" in service.stderr.readline()
        assert fetch(f"http://127.0.0.1:{port}/health/liveness")[0] == 200
        service.send_signal(number)
        assert service.wait(PATIENCE_SECONDS) == Exit.DONE
        assert service.stderr.read() == ""

    def test_a_request_that_nobody_has_read_yet_is_answered(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("LAST_SECONDS", "GRACE_SECONDS"):
            monkeypatch.setattr(f"litxdb.serve.running.{name}", PATIENCE_SECONDS)
        there = threading.Event()
        server = prepare(db, Service(port=0), lambda url: there.set())
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert there.wait(PATIENCE_SECONDS)
            address = server.servers[0].sockets[0].getsockname()
            with socket.create_connection(address, PATIENCE_SECONDS) as line:
                line.sendall(b"GET /health/liveness HTTP/1.1\r\nHost: localhost\r\n")
                while not server.server_state.connections:
                    time.sleep(0.01)
                server.should_exit = True
                while server.servers[0].is_serving():
                    time.sleep(0.01)
                line.sendall(b"\r\n")
                assert line.recv(1000).startswith(b"HTTP/1.1 200")
        finally:
            server.should_exit = server.force_exit = True
            thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    def test_a_port_that_is_taken(self, run: Run, db_url: str) -> None:
        with closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            outcome = run("serve", "--url", db_url, "--port", str(taken.getsockname()[1]))
        assert outcome.code == Exit.CONFIGURATION
        assert "cannot listen" in outcome.stderr

    def test_without_the_extra(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        outcome = run("serve")
        assert outcome.code == Exit.TOOL
        assert "pip install 'litxdb[serve]'" in outcome.stderr

    def test_the_token_of_the_environment_is_never_shown(self, start: Callable[..., Popen[str]], db_url: str) -> None:
        port = free_port()
        service = start("serve", "--url", db_url, "--port", str(port), env={"LITXDB_SERVE_TOKEN": TOKEN})
        assert service.stderr
        line = service.stderr.readline()
        assert fetch(f"http://127.0.0.1:{port}/health")[0] == 401
        service.terminate()
        assert service.wait(PATIENCE_SECONDS) == Exit.DONE
        assert TOKEN not in line + service.stderr.read()
