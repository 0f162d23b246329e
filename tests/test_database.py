"""The engine, its sessions and its pool."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from litxdb.database import Database
from litxdb.models import User
from litxdb.settings import Settings


def user(name: str) -> User:
    return User(clerk_id=f"user_{name}", email=f"{name}@example.com")


def test_a_session_commits_at_its_end(db: Database) -> None:
    with db.session() as session:
        session.add(user("ada"))
    with db.session() as session:
        assert session.query(User.email).scalar() == "ada@example.com"


class Stop(BaseException):
    """Something that is not even an Exception."""


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt, Stop])
def test_a_session_rolls_back_on_any_exception(exception: type[BaseException], db: Database) -> None:
    def fail() -> None:
        with db.session() as session:
            session.add(user("ada"))
            session.flush()
            raise exception

    with pytest.raises(exception):
        fail()
    with db.session() as session:
        assert session.query(User).count() == 0
    assert db.health().pool.checkedout == 0


def test_the_pool_is_as_the_services_rely_on(empty_db: Database) -> None:
    pool = empty_db.engine.pool
    figures = (pool.size(), pool._max_overflow, pool.timeout(), pool._recycle, pool._pre_ping)  # type: ignore[attr-defined]
    assert figures == (5, 10, 30, 1800, True)


def test_twenty_threads_share_a_pool_of_fifteen(db: Database) -> None:
    together, most, inside = threading.Barrier(20), [0], [0]
    counting = threading.Lock()

    def work(number: int) -> None:
        together.wait()
        for turn in range(5):
            with db.session() as session:
                session.add(user(f"{number}-{turn}"))
                session.flush()
                with counting:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                session.execute(text("select pg_sleep(0.02)"))
                with counting:
                    inside[0] -= 1

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(work, range(20)))
    assert 1 < most[0] <= 15
    with db.session() as session:
        assert session.query(User).count() == 100
    assert db.health().pool.checkedout == 0


def test_threads_that_come_first_together_share_one_engine(empty_url: str) -> None:
    together = threading.Barrier(8)
    with Database(empty_url) as db, ThreadPoolExecutor(8) as threads:

        def engine(_: int) -> int:
            together.wait()
            return id(db.engine)

        assert len(set(threads.map(engine, range(8)))) == 1


def test_an_exhausted_pool_says_so(empty_db: Database) -> None:
    empty_db.engine.pool._timeout = 0.2  # type: ignore[attr-defined]
    held = [empty_db.engine.connect() for _ in range(15)]
    with pytest.raises(PoolTimeout, match="size 5 overflow 10"):
        empty_db.engine.connect()
    for connection in held:
        connection.close()


def test_a_connection_that_died_in_the_pool_is_replaced(empty_db: Database) -> None:
    with empty_db.engine.connect() as connection:
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
    killer = empty_db.connect(autocommit=True)
    killer.cursor().execute("select pg_terminate_backend(%s)", [pid])
    killer.close()
    with empty_db.engine.connect() as connection:
        assert connection.exec_driver_sql("select 1").scalar_one() == 1


def test_health_when_well(empty_db: Database) -> None:
    health = empty_db.health()
    assert health.healthy
    assert health.connection
    assert health.query
    assert health.error is None
    assert health.pool.size == 5
    assert health.pool.checkedin == 1
    assert abs((datetime.now(UTC) - health.timestamp).total_seconds()) < 5


def test_health_when_nothing_is_there() -> None:
    settings = Settings(url="postgresql://ada:hunter22@127.0.0.1:1/x", retry_seconds=0)
    health = Database(settings=settings).health()
    assert not health.healthy
    assert not health.connection
    assert "Connection refused" in str(health.error)
    assert "hunter22" not in str(health.error)


def test_a_closed_database_can_be_used_again(empty_db: Database) -> None:
    assert empty_db.health().healthy
    empty_db.close()
    assert empty_db.health().healthy


def test_no_password_in_any_repr(empty_url: str) -> None:
    with Database(f"{empty_url}&password=hunter22") as db:
        shown = f"{db} {db.endpoint!r} {db.endpoint} {db.engine} {db.engine.url!r} {db.settings}"
        assert "hunter22" not in shown
