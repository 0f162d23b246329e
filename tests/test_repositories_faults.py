"""Units of work when servers, poolers and networks fail: nothing lost that was reported as done, nothing twice."""

import asyncio
import inspect
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from litxdb.database import Database, Limits
from litxdb.database.silence import watchdog
from litxdb.errors import CircuitOpen, CommitUnknown, ConnectionFailed, ConnectionLost, LitxdbError, PoolExhausted
from litxdb.repositories import AsyncDatabase, Repositories, retried
from litxdb.settings import Settings
from tests.bed.faults import after_start_up, cut_at, hang, hang_at, reset
from tests.bed.pooler import pooling
from tests.bed.proxy import Proxy
from tests.bed.queueing import Queue
from tests.bed.repositories import KINDS, opened
from tests.bed.servers import Server, free_port
from tests.bed.spare import spare

ADA = "insert into users (clerk_id, email) values ('user_ada', 'ada@example.com')"
PATIENCE_SECONDS = 60.0
BEFORE, AFTER = cut_at("COMMIT"), cut_at("COMMIT", delivered=True)


def accounts(db: Database) -> int:
    with db.session() as session:
        return int(session.execute(text("select count(*) from users")).scalar_one())


def add(name: str) -> Callable[[Any], Any]:
    return lambda r: r.users.create(clerk_id=name, email=f"{name}@example.com")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_a_commit_whose_answer_is_lost_is_done_once(
    fault: Any, kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]
) -> None:
    with opened(kind, proxy(db_url, fault).url) as door:
        assert door.do(add("ada"), repeat=True) >= 1
    assert accounts(db) == 1


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_every_version_tells_what_became_of_a_commit(
    fault: Any, any_server: Server, proxy: Callable[..., Proxy]
) -> None:
    with any_server.database() as url, Database(proxy(url, fault).url) as db:
        any_server.execute("create table t (a int)", dbname=str(db.endpoint.dbname))
        retried(db)(lambda session: session.execute(text("insert into t values (1)")))()
        assert any_server.execute("select count(*) from t", dbname=str(db.endpoint.dbname)) == [(1,)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fault", "rows"), [(BEFORE, 0), (AFTER, 1)], ids=["before", "after"])
def test_without_repeating_a_lost_commit_is_said_to_be_unknown(
    fault: Any, rows: int, kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]
) -> None:
    with opened(kind, proxy(db_url, fault).url) as door, pytest.raises(CommitUnknown, match="not known whether"):
        door.do(add("ada"))
    assert accounts(db) == rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_cut_in_the_middle_undoes_the_unit(
    kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]
) -> None:
    def work(r: Any) -> Any:
        return r.users.identify("cut here")

    with opened(kind, proxy(db_url, cut_at("cut here")).url) as door:
        with pytest.raises(ConnectionLost, match="The connection was lost"):
            door.do(work)
        assert door.do(work) is None
    with opened(kind, proxy(db_url, cut_at("cut here"), cut_at("cut here")).url) as door:
        assert door.do(work, repeat=True) is None
    assert accounts(db) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_after_a_lost_commit_that_is_lost_too_repeats_nothing(
    kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]
) -> None:
    with opened(kind, proxy(db_url, AFTER, *[cut_at("pg_xact_status")] * 2).url) as door:
        assert door.do(add("ada"), repeat=True) >= 1
    assert accounts(db) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_stays_away_after_a_lost_commit_leaves_it_unknown(
    kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("litxdb.database.retrying.SETTLING_SECONDS", 0.2)
    door_to = proxy(db_url, AFTER, then=reset)
    with opened(kind, door_to.url, retry_seconds=0) as door, pytest.raises(CommitUnknown, match="not known whether"):
        door.do(add("ada"), repeat=True)
    assert accounts(db) == 1


def hurried(*after: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Do one thing after another in a unit; at its first attempt all but the first may take 0.3 s at most."""
    turns = itertools.count()

    def hurry(r: Any) -> None:
        if next(turns) == 0:
            r.users._session.connection().connection.driver_connection.answer_seconds = 0.3

    def work(r: Any) -> Any:
        first = r.users.identify("x")
        if inspect.isawaitable(first):
            return work_async(r, first)
        hurry(r)
        return [do(r) for do in after][-1:]

    async def work_async(r: Any, first: Any) -> Any:
        await first
        hurry(r)
        return [await do(r) for do in after][-1:]

    return work


class TestSilence:
    """Bytes are taken and nothing comes back, as from a pooler that is stopped, or over a network that loses all."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_unit_that_has_just_begun(self, kind: str, db_url: str, proxy: Callable[..., Proxy]) -> None:
        silent = pytest.raises(ConnectionLost, match=r"The connection was lost: no answer for 5\.2 s")
        with opened(kind, proxy(db_url, hang_at("set_config")).url, Limits(statement_seconds=0.2)) as door, silent:
            in_time(lambda: door.do(add("ada")))

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_unit_in_the_middle_is_undone(
        self, kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]
    ) -> None:
        with opened(kind, proxy(db_url, hang_at("cut here")).url) as door:
            with pytest.raises(ConnectionLost, match=r"no answer for 0\.3 s"):
                in_time(lambda: door.do(hurried(add("cut here"))))
            assert in_time(lambda: door.do(add("cut here"))) >= 1
        assert accounts(db) == 1

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("where", ["INSERT", "COMMIT"])
    def test_a_unit_is_repeated(
        self, where: str, kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]
    ) -> None:
        door_to = proxy(db_url, hang_at(where))
        with opened(kind, door_to.url) as door:
            assert in_time(lambda: door.do(hurried(add("ada")), repeat=True))
        assert accounts(db) == 1
        assert door_to.seen == 2

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_commit_is_unknown(self, kind: str, db: Database, db_url: str, proxy: Callable[..., Proxy]) -> None:
        unknown = pytest.raises(CommitUnknown, match=r"no answer for 0\.3 s while it committed")
        with opened(kind, proxy(db_url, hang_at("COMMIT")).url) as door, unknown:
            in_time(lambda: door.do(hurried()))

    @pytest.mark.parametrize("kind", KINDS)
    def test_copy(self, kind: str, db_url: str, proxy: Callable[..., Proxy]) -> None:
        def fill(r: Any) -> Any:
            return r.sources.insert_many([{"source_type": "arxiv", "url": "https://arxiv.org/abs/1", "title": "t"}])

        with opened(kind, proxy(db_url, hang_at("abs/1")).url) as door:
            with pytest.raises(ConnectionLost, match="no answer for"):
                in_time(lambda: door.do(hurried(fill)))
            assert in_time(lambda: door.do(fill)) == 1

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_connection_that_went_silent_in_the_pool_is_made_anew(
        self, kind: str, db_url: str, proxy: Callable[..., Proxy]
    ) -> None:
        door_to = proxy(db_url)
        with opened(kind, door_to.url) as door:
            assert door.do(lambda r: r.users.identify("x")) is None
            door_to.freeze()
            assert in_time(lambda: door.do(lambda r: r.users.identify("x"))) is None
        assert door_to.seen == 2

    @pytest.mark.parametrize("kind", KINDS)
    def test_connecting(self, kind: str, db_url: str, proxy: Callable[..., Proxy]) -> None:
        door_to = proxy(db_url, then=after_start_up(hang))
        settings: dict[str, Any] = {"connect_timeout_seconds": 2, "retry_seconds": 0}
        timed_out = pytest.raises(ConnectionFailed, match="timeout expired")
        with opened(kind, door_to.url, **settings) as door, timed_out:
            in_time(lambda: door.do(lambda r: r.users.identify("x")))

    @pytest.mark.parametrize("kind", KINDS)
    def test_health(self, kind: str, db_url: str, proxy: Callable[..., Proxy]) -> None:
        with opened(kind, proxy(db_url, hang_at("select 1")).url) as door:
            health = in_time(lambda: door.call(door.db.health()))
        assert (health.healthy, health.connection) == (False, True)
        assert "no answer" in health.error

    def test_only_who_waits_too_long_is_cut_off(self) -> None:
        with ExitStack() as stack:
            pairs = [[stack.enter_context(line) for line in socket.socketpair()] for _ in range(3)]
            ended = watchdog.begin(pairs[0][0].fileno(), 2)
            watchdog.end(ended)
            patient = watchdog.begin(pairs[1][0].fileno(), 3600)
            silent = watchdog.begin(pairs[2][0].fileno(), 2.5)
            pairs[2][0].settimeout(PATIENCE_SECONDS)
            assert pairs[2][0].recv(1) == b""
            assert (ended.over, patient.over, silent.over) == (False, False, True)
            for here, there in pairs[:2]:
                there.sendall(b"x")
                assert here.recv(1) == b"x"
            watchdog.end(patient)


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_not_heard_of_any_more_keeps_no_locks(kind: str, db: Database, db_url: str) -> None:
    def others() -> None:
        with db.session() as session:
            session.execute(text("lock users"))

    def work(r: Any) -> None:
        add("ada")(r)
        others()
        r.users.list()

    async def work_async(r: Any) -> None:
        await add("ada")(r)
        await asyncio.to_thread(others)
        await r.users.list()

    with opened(kind, db_url, Limits(idle_seconds=0.2)) as door, pytest.raises(ConnectionLost):
        in_time(lambda: door.do(work_async if kind == "async" else work))
    assert accounts(db) == 0


def in_time(call: Callable[[], Any]) -> Any:
    """Return what the call does; a call that waits for ever fails the test instead of stopping all."""
    outcome: Future[Any] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return outcome.result(PATIENCE_SECONDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_pass_is_not_repeated(kind: str, db_url: str) -> None:
    turns = itertools.count(1)

    def work(r: Any) -> Any:
        next(turns)
        raise KeyError("mine")

    with opened(kind, db_url) as door:
        with pytest.raises(KeyError):
            door.do(work, repeat=True)
        door.do(add("ada"))
        with pytest.raises(LitxdbError, match="has such a row"):
            door.do(lambda r: next(turns) and add("ada")(r), repeat=True)
    assert next(turns) == 3


def test_a_deadlock_is_repeated(db: Database, db_url: str) -> None:
    with db.session() as session:
        session.execute(text(ADA))
    both, turns = threading.Barrier(2), itertools.count(1)

    @retried(db)
    def cross(session: Any, first: str, second: str) -> None:
        turn = next(turns)
        session.execute(text("set local deadlock_timeout = '10ms'"))
        for name in (first, second):
            session.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
            if turn <= 2 and name == first:
                both.wait(30)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(cross, "a", "b"), threads.submit(cross, "b", "a")]:
            done.result(60)
    assert next(turns) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_statement_that_takes_too_long_is_cancelled(kind: str, db_url: str) -> None:
    with Queue(db_url) as queue, opened(kind, db_url, Limits(statement_seconds=0.2)) as door:
        queue.hold("lock table users")
        with pytest.raises(LitxdbError, match="statement timeout"):
            door.do(lambda r: r.users.identify("user_ada"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_exhausted_pool_is_named_with_its_figures(kind: str, db_url: str) -> None:
    with opened(kind, db_url, Limits(pool_size=1, max_overflow=1, pool_seconds=0.1)) as door:
        with pytest.raises(PoolExhausted, match=r"All 2 connections of the pool \(size 1, overflow 1\)"):
            door.call(three_at_once_async(door.db)) if kind == "async" else three_at_once(door.db)
        assert door.do(lambda r: r.users.identify("x")) is None


def three_at_once(db: Any) -> None:
    with db.session() as one, db.session() as two, db.session() as three:
        for session in (one, two, three):
            Repositories(session).users.identify("x")


async def three_at_once_async(db: Any) -> None:
    async with db.session() as one, db.session() as two, db.session() as three:
        for session in (one, two, three):
            await Repositories(session).users.identify("x")


@pytest.mark.parametrize("kind", KINDS)
def test_the_circuit_opens_and_closes_by_itself(kind: str, db_url: str, proxy: Callable[..., Proxy]) -> None:
    def work(r: Any) -> Any:
        return r.users.identify("x")

    door_to = proxy(db_url, reset, reset, reset)
    with opened(kind, door_to.url, Limits(breaker_failures=3, breaker_seconds=0.05), retry_seconds=0) as door:
        for _ in range(3):
            with pytest.raises(ConnectionFailed) as caught:
                door.do(work)
            assert not isinstance(caught.value, CircuitOpen)
        seen = door_to.seen
        while True:  # until the circuit lets an attempt through
            try:
                assert door.do(work) is None
                break
            except CircuitOpen:
                assert door_to.seen == seen
        assert door.do(work) is None


def test_an_open_circuit_does_not_even_try() -> None:
    settings = Settings(url=f"postgresql://ada@127.0.0.1:{free_port()}/x", retry_seconds=0)
    with Database(settings=settings, limits=Limits(breaker_failures=1, breaker_seconds=3600)) as db:
        for expected in (False, True, True):
            with pytest.raises(ConnectionFailed) as caught, db.session() as session:
                Repositories(session).users.identify("x")
            assert isinstance(caught.value, CircuitOpen) is expected
        assert "attempts in a row that failed: 1" in str(caught.value)


class Writers:
    """Threads, or coroutines in one, that add accounts and keep what they were told of each."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.settings, self.limits = (
            kind,
            Settings(url=url, retry_seconds=30),
            Limits(breaker_failures=10**6),
        )
        self.told: dict[str, str] = {}
        self._stop = threading.Event()
        self._enough = threading.Condition()

    def run(self, disturb: Callable[[Callable[[int], None]], None]) -> Counter[str]:
        """Write until `disturb` is done with its disturbing; return how often each account is there."""
        with Database(settings=self.settings, limits=self.limits) as db, ThreadPoolExecutor(4) as threads:
            if self.kind == "sync":
                running = [threads.submit(self._write, db, worker) for worker in range(4)]
            else:
                running = [threads.submit(asyncio.run, self._write_async())]
            try:
                disturb(self._await)
            finally:
                self._stop.set()
            for each in running:
                each.result(120)
            with db.session() as session:
                return Counter(session.execute(text("select clerk_id from users")).scalars())

    def _write(self, db: Database, worker: int) -> None:
        create = retried(db, attempts=10)(lambda session, name: add(name)(Repositories(session)))
        for name in self._names(worker):
            with self._telling(name):
                create(name)

    async def _write_async(self) -> None:
        async with AsyncDatabase(settings=self.settings, limits=self.limits) as db:

            @retried(db, attempts=10)
            async def create(session: Any, name: str) -> None:
                await add(name)(Repositories(session))

            async def write(worker: int) -> None:
                for name in self._names(worker):
                    with self._telling(name):
                        await create(name)

            await asyncio.gather(*(write(worker) for worker in range(4)))

    def _names(self, worker: int) -> Iterator[str]:
        return itertools.takewhile(lambda _: not self._stop.is_set(), (f"{worker}-{n}" for n in itertools.count()))

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        outcome = "done"
        try:
            yield
        except CommitUnknown:
            outcome = "unknown"
        with self._enough:
            self.told[name] = outcome
            self._enough.notify_all()

    def _await(self, more: int) -> None:
        """Wait until so many more accounts have been written."""
        with self._enough:
            wanted = len(self.told) + more
            assert self._enough.wait_for(lambda: len(self.told) >= wanted, 120)


def judge(told: dict[str, str], there: Counter[str]) -> None:
    assert {name for name, outcome in told.items() if outcome == "done"} <= set(there)
    assert set(there) <= set(told)
    assert max(there.values()) == 1


@pytest.fixture
def own_server(bed_directory: Path) -> Iterator[Server]:
    with spare(bed_directory, synchronous_commit="on") as server:
        server.execute("create table users (id serial primary key, clerk_id text, email text, first_name text)")
        server.execute("alter table users add last_name text, add is_active boolean, add created_at timestamp")
        server.execute("alter table users add updated_at timestamp")
        yield server


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("immediate", [False, True], ids=["restart", "crash"])
def test_a_server_that_restarts_under_load_loses_nothing_and_doubles_nothing(
    immediate: bool, kind: str, own_server: Server
) -> None:
    def disturb(wait: Callable[[int], None]) -> None:
        for _ in range(3):
            wait(40)
            own_server.cluster.stop(immediate=immediate)
            own_server.cluster.start()
        wait(40)

    writers = Writers(kind, own_server.url())
    judge(writers.told, writers.run(disturb))


@pytest.mark.parametrize("kind", KINDS)
def test_a_pooler_that_restarts_under_load_loses_nothing_and_doubles_nothing(
    kind: str, own_server: Server, bed_directory: Path
) -> None:
    directory = bed_directory / "restarting"

    def disturb(wait: Callable[[int], None]) -> None:
        for _ in range(3):
            stack.enter_context(pooling(own_server, directory))
            wait(40)
            stack.close()
        stack.enter_context(pooling(own_server, directory))
        wait(40)

    with ExitStack() as stack:
        with pooling(own_server, directory) as pooler:
            url = pooler.url()
        writers = Writers(kind, url)
        there = writers.run(disturb)
    judge(writers.told, there)
