"""What all operations have in common: the log, the spans, a FastAPI application's session, a quick import."""

import asyncio
import contextlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from litxdb.database import Database
from litxdb.errors import AlreadyExists, ServerRefused
from litxdb.repositories import AsyncDatabase, Repositories, get_async_session, operation, shared_database
from tests.bed.repositories import KINDS, opened

SECRET = "ada@example.com"


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_is_logged_with_its_time_and_without_its_values(
    kind: str, db_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "litxdb.repositories")
    with opened(kind, db_url) as door:
        ada = door.do(lambda r: r.users.create(clerk_id="user_ada", email=SECRET))
        with pytest.raises(AlreadyExists):
            door.do(lambda r: r.users.create(clerk_id="user_ada", email=SECRET))
        door.do(lambda r: r.for_user(ada).reviews.list())
    records: list[Any] = [each for each in caplog.records if each.name == "litxdb.repositories"]
    assert [(each.operation, each.outcome) for each in records] == [
        ("users.create", "done"),
        ("users.create", "AlreadyExists"),
        ("reviews.list", "done"),
    ]
    assert all(each.milliseconds > 0 for each in records)
    assert {(each.levelno == logging.WARNING) == (each.milliseconds > 500) for each in records} == {True}
    assert records[1].sqlstate == "23505"
    assert not any("ada" in each.getMessage() or SECRET in str(vars(each)) for each in records)


def test_a_slow_operation_is_a_warning(
    db: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "SLOW_MILLISECONDS", 0.0)
    with db.session() as session:
        Repositories(session).users.list()
    assert [each.levelname for each in caplog.records if each.name == "litxdb.repositories"] == ["WARNING"]


@pytest.fixture(scope="module")
def spans() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def test_where_one_traces_an_operation_is_a_span(db: Database, spans: InMemorySpanExporter) -> None:
    spans.clear()
    with db.session() as session:
        Repositories(session).users.identify(SECRET)
    for failure in (None, ServerRefused):
        with contextlib.nullcontext() if failure is None else pytest.raises(failure), db.session() as session:
            Repositories(session).for_user(1).reviews.get(1 if failure is None else SECRET)  # type: ignore[arg-type]
    found = spans.get_finished_spans()
    assert [(span.name, span.status.status_code.name) for span in found] == [
        ("litxdb users.identify", "UNSET"),
        ("litxdb reviews.get", "UNSET"),
        ("litxdb reviews.get", "ERROR"),
    ]
    assert SECRET not in str([span.to_json() for span in found])


@pytest.fixture
def application(db_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setenv("DATABASE_URL", db_url)
    shared_database.cache_clear()
    app = FastAPI()
    Session = Annotated[AsyncSession, Depends(get_async_session, scope="function")]

    @app.post("/users/{name}")
    async def create(name: str, session: Session) -> int:
        return await Repositories(session).users.create(clerk_id=name, email=name)

    @app.post("/broken/{name}")
    async def broken(name: str, session: Session) -> int:
        await Repositories(session).users.create(clerk_id=name, email=name)
        raise RuntimeError

    @app.post("/late/{name}")
    async def late(name: str, session: Session) -> int:
        """What is refused at COMMIT only."""
        await session.execute(
            text("create temp table late (id int unique deferrable initially deferred) on commit drop")
        )
        await session.execute(text("insert into late values (1), (1)"))
        return await Repositories(session).users.create(clerk_id=name, email=name)

    yield app
    shared_database.cache_clear()


def test_a_request_has_a_session_and_its_answer_comes_after_the_commit(application: FastAPI, db: Database) -> None:
    async def ask() -> list[int]:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://litx") as client:
            answers = [await client.post(f"/{path}/{path}") for path in ("users", "broken", "late")]
        await shared_database().close()
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200, 500, 500]
    with db.session() as session:
        assert session.execute(text("select clerk_id from users")).scalars().all() == ["users"]


def test_a_coroutine_that_is_cancelled_leaves_nothing(db: Database, db_url: str) -> None:
    async def work(database: AsyncDatabase, began: asyncio.Event) -> None:
        async with database.session() as session:
            await Repositories(session).users.create(clerk_id="user_ada", email=SECRET)
            began.set()
            await session.execute(text("select pg_sleep(60)"))

    async def cancel() -> int:
        async with AsyncDatabase(db_url) as database:
            began = asyncio.Event()
            task = asyncio.create_task(work(database, began))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with database.session() as session:
                assert await Repositories(session).users.identify("user_ada") is None
            return (await database.health()).pool.checkedout

    assert asyncio.run(cancel()) == 0


def test_an_async_database_works_in_one_loop_after_another(db_url: str) -> None:
    database = AsyncDatabase(db_url)

    async def use() -> bool:
        async with database:
            return (await database.health()).healthy

    assert [asyncio.run(use()), asyncio.run(use())] == [True, True]


def test_the_base_package_does_not_wait_for_the_library() -> None:
    script = (
        "import sys, litxdb.cli\n"
        "litxdb.cli.main(['--help'])\n"
        "heavy = {'litxdb.repositories', 'sqlalchemy', 'psycopg', 'purgatory', 'opentelemetry'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


def test_without_the_extra_threads_have_it_all_and_coroutines_are_told(db_url: str) -> None:
    script = (
        "import sys\n"
        "sys.modules['greenlet'] = sys.modules['psycopg'] = None\n"
        "from litxdb.repositories import AsyncDatabase, Database, Repositories\n"
        f"with Database({db_url!r}) as db, db.session() as session:\n"
        "    assert Repositories(session).sources.list().items == ()\n"
        "try:\n"
        f"    AsyncDatabase({db_url!r})\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True)
    assert (done.stdout, done.stderr) == ("ToolMissing Run: pip install 'litxdb[async]'\n", "")
