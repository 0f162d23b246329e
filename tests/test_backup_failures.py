"""A backup that goes wrong: nothing is listed that is not whole, nothing runs on, and the reason is one clear line."""

import contextlib
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import psycopg2
import pytest

from litxdb import backup
from litxdb.backup import naming
from litxdb.backup.empty import UNFINISHED
from litxdb.database import Database
from litxdb.database.advisory import SCHEMA, acquire
from litxdb.errors import LockHeld
from litxdb.migrate import Project
from litxdb.migrate.lock import migration_lock
from tests.bed.faults import cut_at
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.requirement import require
from tests.bed.servers import Server
from tests.bed.statements import execute
from tests.bed.urls import with_keywords
from tests.bed.waiting import until

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]
ROWS = 400_000


@pytest.fixture
def large_url(empty_url: str) -> str:
    """A database whose dump takes a second or two."""
    execute(
        empty_url,
        f"create table large as select n, md5(n::text) as a, md5((-n)::text) as b from generate_series(1, {ROWS}) n",
    )
    return empty_url


def test_what_an_interrupted_restore_left_is_not_backed_up(run: Run, empty_url: str, place: Path) -> None:
    """It is a part of a database, and its backup would look like a whole one's."""
    execute(empty_url, "create table t as select 1 as one", f"create schema {UNFINISHED}")
    answer = run("backup", "--url", empty_url, "--store", place)
    assert answer.code == 6
    assert "holds part of a restore that was interrupted" in answer.stderr
    assert "Drop the database and create it anew" in answer.stderr
    assert backup.inventory(backup.open_store(str(place))).backups == ()


def half_written(place: Path) -> list[Path]:
    """Return archives that are being written and have got some bytes."""
    return [path for path in place.glob(f"*.zst{naming.PARTIAL}") if path.stat().st_size] if place.exists() else []


def dumps_of(url: str) -> int:
    """Count the sessions of backups in this database."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and "
            "application_name like 'litxdb backup%'"
        )
        return int((cursor.fetchone() or (0,))[0])


def check_nothing_is_left(place: Path, url: str, *, error: str | None = None) -> None:
    """Nothing is listed and half-written, no session goes on, and the store knows why."""
    found = backup.inventory(backup.open_store(str(place)))
    assert found.backups == ()
    assert found.damaged == ()
    assert [path.name for path in place.iterdir() if naming.PARTIAL in path.name] == []
    if error is not None:
        (attempt,) = found.attempts
        assert error in str(attempt.error)
    until(lambda: dumps_of(url) == 0)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("number", "code", "said", "why"),
    [(signal.SIGTERM, 143, "Terminated.", "terminated"), (signal.SIGINT, 130, "Interrupted.", "interrupted")],
)
def test_being_told_to_stop(
    number: signal.Signals, code: int, said: str, why: str, jobs: str, start: Start, large_url: str, place: Path
) -> None:
    process = start("backup", "--url", large_url, "--store", place, "--jobs", jobs)
    until(lambda: half_written(place) or list(place.glob(f"*.d{naming.PARTIAL}/*.dat")))
    process.send_signal(number)
    _, stderr = process.communicate()
    assert (process.returncode, stderr.splitlines()[-1]) == (code, said)
    check_nothing_is_left(place, large_url, error=why)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_kill_9_leaves_no_pg_dump_and_the_next_run_cleans_up(
    jobs: str, start: Start, run: Run, large_url: str, place: Path
) -> None:
    process = start("backup", "--url", large_url, "--store", place, "--jobs", jobs)
    until(lambda: half_written(place) or list(place.glob(f"*.d{naming.PARTIAL}/*.dat")))
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("pg_dump" in child.name() for child in children)
    process.kill()
    process.wait()
    until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    until(lambda: dumps_of(large_url) == 0)
    assert [path for path in place.iterdir() if naming.PARTIAL in path.name]
    listed = run("backups", "--store", place, "--format", "json")
    assert (listed.json["rows"], listed.json["damaged"]) == ([], [])
    assert "is under way, or was killed" in listed.stderr

    assert run("backup", "--url", large_url, "--store", place).code == 0
    found = backup.inventory(backup.open_store(str(place)))
    assert (len(found.backups), found.attempts, found.damaged) == (1, (), ())
    assert len([path for path in place.iterdir() if not path.name.startswith(".")]) == 2


def test_a_second_run_says_so_and_leaves_the_first_alone(start: Start, run: Run, large_url: str, place: Path) -> None:
    waiting = "select 1 from pg_locks where relation = 'large'::regclass and not granted"
    with contextlib.closing(psycopg2.connect(large_url)) as blocking, blocking.cursor() as cursor:
        cursor.execute("lock table large in access exclusive mode")
        process = start("backup", "--url", large_url, "--store", place)
        until(lambda: execute(large_url, waiting))  # pg_dump, so that the run has all of its own locks
        second = run("backup", "--url", large_url, "--store", place)
        elsewhere = run("backup", "--url", large_url, "--store", place.with_name("elsewhere"))
    assert (second.code, elsewhere.code) == (75, 75)
    assert f"pid {process.pid} since" in second.stderr
    assert "Another backup of this database is running (litxdb backup, pid" in elsewhere.stderr
    assert process.wait() == 0
    found = backup.inventory(backup.open_store(str(place)))
    assert (len(found.backups), found.attempts) == (1, ())
    assert backup.inventory(backup.open_store(str(place.with_name("elsewhere")))).attempts == ()


def test_eight_at_once_make_one(start: Start, large_url: str, place: Path) -> None:
    processes = [start("backup", "--url", large_url, "--store", place) for _ in range(8)]
    codes = sorted(process.wait() for process in processes)
    assert set(codes) == {0, 75}
    found = backup.inventory(backup.open_store(str(place)))
    assert len(found.backups) == codes.count(0)
    assert (found.attempts, found.damaged) == ((), ())


def test_a_migration_is_waited_for_and_a_backup_too(db: Database, place: Path) -> None:
    store = backup.open_store(str(place))
    with migration_lock(db, Project.litxplore(), 0):
        with pytest.raises(LockHeld, match="A migration of this database is running"):
            backup.make(db, store, wait_seconds=0)
        assert backup.inventory(store).attempts == ()
    with contextlib.closing(Database(db.settings.url, command="backup").connect(direct=True, autocommit=True)) as other:
        acquire(other, SCHEMA, 0, subject="another", notify=print)
        with (
            pytest.raises(LockHeld, match=r"A backup of this database is running \(litxdb backup, pid"),
            migration_lock(db, Project.litxplore(), 0),
        ):
            pass
    backup.make(db, store)


def test_a_table_that_the_role_may_not_read_is_named(server: Server, run: Run, place: Path) -> None:
    server.execute("drop role if exists reader; create role reader login")
    with server.database() as url:
        execute(
            url,
            'create table open (id int); create table "se""cret" (id int); create schema hidden; create sequence own',
            "create table hidden.t (id int); grant select on open to reader",
            *(f"create sequence mine{number}" for number in range(5)),
        )
        answer = run("backup", "--url", with_keywords(url, user="reader"), "--store", place)
        assert answer.code == 5
        for name in ("schema hidden", "sequence public.mine0", 'table public.se"cret'):
            assert name in answer.stderr
        assert "pg_read_all_data" in answer.stderr
        check_nothing_is_left(place, url, error="may not read")
        execute(url, "grant pg_read_all_data to reader")
        assert run("backup", "--url", with_keywords(url, user="reader"), "--store", place).code == 0
        execute(url, "alter table open enable row level security")
        hidden = run("backup", "--url", with_keywords(url, user="reader"), "--store", place)
        assert hidden.code == 5
        assert "row security hides rows of table public.open" in hidden.stderr
        execute(
            url,
            "alter table open disable row level security",
            "select lo_create(4711)",
            "revoke pg_read_all_data from reader",
        )
        execute(
            url,
            "grant select on all tables in schema public to reader; drop schema hidden cascade",
            "grant select on all sequences in schema public to reader",
        )
        blob = run("backup", "--url", with_keywords(url, user="reader"), "--store", place)
        assert blob.code == 5
        assert "pg_dump may not read large object 4711" in blob.stderr
    server.execute("drop role reader")


def test_a_table_that_stays_locked(run: Run, empty_url: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from litxdb.backup import dump

    monkeypatch.setattr(dump, "LOCK_TIMEOUT", "100ms")
    execute(empty_url, "create table t (id int)")
    with contextlib.closing(psycopg2.connect(empty_url)) as blocking, blocking.cursor() as cursor:
        cursor.execute("lock table t in access exclusive mode")
        answer = run("backup", "--url", empty_url, "--store", place)
    assert answer.code == 5
    assert "A table was locked for more than" in answer.stderr
    check_nothing_is_left(place, empty_url, error="locked")


def test_a_connection_that_is_cut(proxy: Callable[..., Proxy], start: Start, large_url: str, place: Path) -> None:
    door = proxy(large_url)
    process = start("backup", "--url", door.url, "--store", place, env={"LITXDB_RETRY_SECONDS": "0"})
    until(lambda: half_written(place))
    door.cut()
    _, stderr = process.communicate()
    assert process.returncode == 4, stderr
    assert len([line for line in stderr.splitlines() if line.startswith("error: ")]) == 1
    assert "This is a bug" not in stderr
    check_nothing_is_left(place, large_url, error="")


def test_a_connection_that_is_cut_before_it_begins(
    proxy: Callable[..., Proxy], run: Run, large_url: str, place: Path
) -> None:
    door = proxy(large_url, then=cut_at("pg_export_snapshot"))
    answer = run("backup", "--url", door.url, "--store", place)
    assert answer.code == 4
    check_nothing_is_left(place, large_url, error="connection was lost")


def test_a_server_that_restarts(postgresql: Any, start: Start, place: Path) -> None:
    server: Server = postgresql.get(16)
    with server.database() as url:
        execute(url, f"create table large as select n, md5(n::text) as a from generate_series(1, {ROWS}) n")
        process = start("backup", "--url", url, "--store", place)
        until(lambda: half_written(place))
        server.cluster.stop()
        server.cluster.start()
        _, stderr = process.communicate()
        assert process.returncode == 4, stderr
        assert "This is a bug" not in stderr
        check_nothing_is_left(place, url, error="")


def test_no_server_at_all(run: Run, place: Path) -> None:
    answer = run("backup", "--url", "postgresql://ada@127.0.0.1:1/x?connect_timeout=1", "--store", place,
                 env={"LITXDB_RETRY_SECONDS": "0"})  # fmt: skip
    assert answer.code == 4
    (attempt,) = backup.inventory(backup.open_store(str(place))).attempts
    assert "No connection" in str(attempt.error)


@pytest.mark.root
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_disk_that_is_too_small_is_noticed_before(jobs: str, run: Run, large_url: str, small_disk: Path) -> None:
    answer = run("backup", "--url", large_url, "--store", small_disk, "--jobs", jobs)
    assert answer.code == 3
    assert "4 MB free, and the backup will take about" in answer.stderr
    check_nothing_is_left(small_disk, large_url, error="MB free")


@pytest.mark.root
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_disk_that_becomes_full(
    jobs: str, run: Run, large_url: str, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from litxdb.backup import preparing

    monkeypatch.setattr(preparing, "LEAST_SHARE", 0)
    answer = run("backup", "--url", large_url, "--store", small_disk, "--jobs", jobs)
    assert answer.code == 3, answer.stderr
    assert "No space left on device" in answer.stderr.replace("no space", "No space")
    assert "Free some space" in answer.stderr
    check_nothing_is_left(small_disk, large_url, error="space left on device")


@pytest.mark.ordinary_user
def test_a_store_that_may_not_be_written(run: Run, db_url: str, place: Path) -> None:
    place.mkdir(mode=0o500)
    answer = run("backup", "--url", db_url, "--store", place)
    assert answer.code == 3
    assert "Permission denied" in answer.stderr


def test_a_store_whose_disk_is_not_mounted(run: Run, db_url: str, tmp_path: Path) -> None:
    answer = run("backup", "--url", db_url, "--store", tmp_path / "mnt" / "disk" / "store")
    assert answer.code == 3
    assert "mount its disk" in answer.stderr
    assert not (tmp_path / "mnt").exists()


def test_no_pg_dump_that_is_new_enough(run: Run, db_url: str, place: Path) -> None:
    require(Path("/usr/lib/postgresql/15/bin/pg_dump").exists(), "PostgreSQL 15 is not installed")
    answer = run("backup", "--url", db_url, "--store", place, env={"LITXDB_PG_BIN": "/usr/lib/postgresql/15/bin"})
    assert answer.code == 7
    assert "The server is PostgreSQL 18, and there is no pg_dump 18 or newer: found 15." in answer.stderr
    assert "postgresql-client-18" in answer.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_tool_that_does_nothing_and_says_nothing(
    jobs: str, run: Run, db_url: str, place: Path, tmp_path: Path
) -> None:
    (tmp_path / "pg_dump").write_text("#!/bin/sh\ntest $1 = --version && echo 'pg_dump (PostgreSQL) 18.9'; exit 0\n")
    (tmp_path / "pg_dump").chmod(0o755)
    answer = run("backup", "--url", db_url, "--store", place, "--jobs", jobs, env={"LITXDB_PG_BIN": str(tmp_path)})
    assert answer.code == 7
    check_nothing_is_left(place, db_url, error="wrote no archive")


def test_a_thread_may_make_a_backup_while_another_stops(large_url: str, place: Path) -> None:
    """The library needs no main thread."""
    made: list[backup.Backup] = []
    with Database(large_url) as db:
        thread = threading.Thread(target=lambda: made.append(backup.make(db, backup.open_store(str(place)))))
        thread.start()
        thread.join()
    assert made[0].manifest.contents.rows == ROWS
