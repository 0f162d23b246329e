"""Migrating beside live traffic: nobody queues for long, whoever is in the way is named, the revision gets through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from litxdb.database import Database
from litxdb.errors import LockHeld, ServerRefused
from litxdb.migrate import Graph, Patience, compare, current_revision, fingerprint, upgrade
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query
from tests.bed.waiting import until

HEAD = Graph.read().head.id
ADD_COLUMN = "op.add_column('users', sa.Column('nickname', sa.Text))"


@contextmanager
def session(db: Database, *statements: str, application: str = "report") -> Iterator[int]:
    """Hold a transaction open that did this, and yield its pid."""
    with closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('application_name', %s, false)", (application,))
        for statement in statements:
            cursor.execute(statement)
        yield connection.info.backend_pid


@contextmanager
def until_said(
    said: list[str], times: int, db: Database, *statements: str, application: str = "report"
) -> Iterator[None]:
    """Hold such a transaction open in the background until so much has been said, however slow the machine."""
    ready = threading.Event()

    def hold() -> None:
        with session(db, *statements, application=application):
            ready.set()
            until(lambda: len(said) >= times)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        assert ready.wait(10)
        yield
        holding.result()


def test_a_revision_is_begun_anew_until_it_gets_its_lock_and_the_blocker_is_named(
    db: Database, project: Callable[..., Path]
) -> None:
    said: list[str] = []
    db.notify = said.append
    directory = project("op.create_table('other', sa.Column('id', sa.Integer)); " + ADD_COLUMN)
    with until_said(said, 1, db, "select 'secret report' from users"):
        result = upgrade(db, directory=directory, patience=Patience(lock_timeout_seconds=1))
    assert result.after == "p1"
    assert result.steps[0].retries == len(said) >= 1
    assert said[0].startswith("revision p1 did not get its lock on users, held up by report, pid ")
    assert "role postgres, idle in transaction, its transaction open for" in said[0]
    assert "select ? from users; rolled back, trying again in" in said[0]
    assert query(db, "select lock_retries, outcome from litxdb.migrations where revision = 'p1'") == [
        (len(said), "applied")
    ]


def test_a_reader_behind_a_blocker_waits_no_longer_than_the_lock_timeout(
    db: Database, project: Callable[..., Path]
) -> None:
    waits: list[float] = []
    said: list[str] = []
    db.notify = said.append
    ended = threading.Event()

    def read() -> None:
        with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            while not ended.wait(0.01):
                start = time.perf_counter()
                cursor.execute("select count(*) from users")
                waits.append(time.perf_counter() - start)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with until_said(said, 2, db, "select count(*) from users"):
            upgrade(db, directory=project(ADD_COLUMN), patience=Patience(lock_timeout_seconds=0.5))
    finally:
        ended.set()
        reader.join()
    assert 0.2 < max(waits) < 1.2  # the blocker has it for 1.5 s: until the second time it has been waited for in vain
    assert current_revision(db) == "p1"


def test_after_the_time_for_retries_the_failure_names_the_blocker(db: Database, project: Callable[..., Path]) -> None:
    directory = project(ADD_COLUMN)
    start = time.monotonic()
    # the second is planned for 1.5 to 2 s after the first, a third for 3.5 s at the earliest; a busy machine is later
    patience = Patience(lock_timeout_seconds=1, retry_seconds=3.2)
    with session(db, "select count(*) from users") as pid, pytest.raises(ServerRefused) as failure:
        upgrade(db, directory=directory, patience=patience)
    assert time.monotonic() - start < 10
    assert failure.value.message.startswith(
        "Revision p1, begun 2 times, failed: canceling statement due to lock timeout"
    )
    assert f"It was on users held up by report, pid {pid}" in failure.value.message
    assert query(db, "select outcome, error from litxdb.migrations where revision = 'p1'") == [
        ("failed", "canceling statement due to lock timeout")
    ]


def test_a_deadlock_is_tried_again(db: Database, project: Callable[..., Path]) -> None:
    """The other session wants what the revision holds, and holds what the revision wants."""
    query(db, "create table a (); create table b ()")
    directory = project("op.execute('lock table a'); op.execute('select pg_sleep(0.5)'); op.execute('lock table b')")

    def other() -> None:
        with closing(db.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("set deadlock_timeout = '60s'; lock table b")
            until_locked(db, "a")
            cursor.execute("lock table a")
            time.sleep(0.2)

    thread = threading.Thread(target=other)
    thread.start()
    result = upgrade(db, directory=directory, patience=Patience(lock_timeout_seconds=5))
    thread.join()
    assert result.steps[0].retries == 1


def until_locked(db: Database, table: str) -> None:
    held = f"select count(*) > 0 from pg_locks where relation = '{table}'::regclass and mode = 'AccessExclusiveLock'"
    while query(db, held) != [(True,)]:
        time.sleep(0.02)


def test_other_failures_are_not_tried_again(db: Database, project: Callable[..., Path]) -> None:
    said: list[str] = []
    db.notify = said.append
    with pytest.raises(ServerRefused, match="Revision p1 failed: division by zero"):
        upgrade(db, directory=project("op.execute('select 1/0')"))
    assert said == []


def test_a_revision_of_which_a_part_is_committed_is_not_begun_anew(db: Database, project: Callable[..., Path]) -> None:
    directory = project(
        "with op.get_context().autocommit_block(): op.execute('create index concurrently i on tasks (status)')\n"
        f"    {ADD_COLUMN}"
    )
    with session(db, "select count(*) from users"), pytest.raises(ServerRefused) as failure:
        upgrade(db, directory=directory, patience=Patience(lock_timeout_seconds=0.1))
    assert f"at revision {HEAD}. Of revision p1 this remains: index public.i is there;" in failure.value.message


def test_a_lock_on_the_version_table_is_no_endless_wait(db: Database, project: Callable[..., Path]) -> None:
    """Held before the run has begun a revision, there is nothing to begin anew."""
    directory = project(ADD_COLUMN)
    with session(db, "lock table alembic_version in share mode"), pytest.raises(ServerRefused) as failure:
        upgrade(db, directory=directory, patience=Patience(lock_timeout_seconds=1.5, retry_seconds=1.8))
    assert "on alembic_version held up by report" in failure.value.message
    assert upgrade(db, directory=directory).after == "p1"


def test_a_table_that_is_locked_does_not_keep_an_index_build_from_starting(
    db: Database, project: Callable[..., Path]
) -> None:
    """The catalog, read first to tell afterwards what is there, is not readable then."""
    directory = project(
        "with op.get_context().autocommit_block(): op.execute('create index concurrently i on tasks (status)')"
    )
    with session(db, "lock table users"):
        assert upgrade(db, directory=directory).after == "p1"


def test_a_build_that_is_in_nobodys_way_may_wait_longer_than_for_a_lock(
    db: Database, project: Callable[..., Path]
) -> None:
    """Giving up would leave an INVALID index, and win nothing."""
    said: list[str] = []
    db.notify = said.append
    directory = project(
        "seen = lambda: op.get_bind().exec_driver_sql('show lock_timeout').scalar()\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.execute('/* why */ create index concurrently i on tasks (status)')\n"
        "        assert seen() == '200ms'\n"
        "        op.execute(\"set lock_timeout = '1h'\")\n"
        "        op.execute('drop index concurrently i')\n"
        "        assert seen() == '1h'"
    )
    with until_said(said, 1, db, "lock table tasks in row exclusive mode"):
        assert upgrade(db, directory=directory, patience=Patience(lock_timeout_seconds=0.2)).after == "p1"
    assert said  # once a wait, and on a slow machine the build is seen to wait twice
    assert all(line.startswith("still waiting for report, pid ") for line in said)


def test_no_timeout_of_the_server_ends_a_long_statement(db: Database, project: Callable[..., Path]) -> None:
    name = query(db, "select current_database()")[0][0]
    timeouts = ("statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout")
    query(db, "; ".join(f"alter database {name} set {timeout} = '2s'" for timeout in timeouts))
    directory = project("op.execute('select pg_sleep(2.2)')\n    import time; time.sleep(2.2)")
    assert upgrade(db, directory=directory).after == "p1"


# --- backups


@pytest.mark.parametrize("application", ["pg_dump", "litxdb backup"])
def test_a_running_backup_is_named_and_waited_for(db: Database, project: Callable[..., Path], application: str) -> None:
    said: list[str] = []
    db.notify = said.append
    with until_said(said, 1, db, "lock table users in access share mode", application=application):
        result = upgrade(db, directory=project(ADD_COLUMN))
    assert result.steps[0].retries == 0
    assert [line.partition(", pid")[0] for line in said] == [
        f"waiting up to 60 s for a backup to finish: {application}"
    ]


def test_a_backup_that_takes_longer_is_refused_before_a_revision_starts(
    server: Server, db: Database, project: Callable[..., Path]
) -> None:
    seen: list[object] = []
    with (
        as_role(server, db, "owner_of_tables", owner=True) as owner,
        session(db, "lock table users in access share mode", application="pg_dump") as pid,
    ):
        upgrade(owner, directory=(directory := project(ADD_COLUMN)), dry_run=True)  # what only the first run imports
        start = time.monotonic()
        with pytest.raises(LockHeld, match=f"A backup is reading this database: pg_dump, pid {pid}"):
            upgrade(owner, directory=directory, patience=Patience(retry_seconds=0.5), watch=seen.append)
    assert 0.4 < time.monotonic() - start < 2
    assert seen == []


def test_a_dump_of_nothing_that_is_locked_is_no_obstacle(db: Database, project: Callable[..., Path]) -> None:
    with session(db, "select 1", application="pg_dump"):
        assert upgrade(db, directory=project(ADD_COLUMN), patience=Patience(retry_seconds=0)).after == "p1"


# --- several at once


def test_eight_runs_at_once_apply_each_revision_once(
    start: Callable[..., Popen[str]], empty_db: Database, empty_url: str, db: Database
) -> None:
    with ExitStack() as stack:
        runs = [stack.enter_context(start("migrate", "--url", empty_url)) for _ in range(8)]
        ends = [(process.communicate(timeout=60), process.returncode) for process in runs]
    assert [code for _, code in ends] == [0] * 8, ends
    assert sorted(out.partition(":")[0] for (out, _), _ in ends) == ["Applied 12 revisions"] + ["Nothing to do"] * 7
    assert query(empty_db, "select count(*), count(distinct revision) from litxdb.migrations") == [(12, 12)]
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()


def test_the_command_takes_a_target_and_a_number_of_steps(run: Callable[..., Outcome], empty_url: str) -> None:
    done = run("migrate", "--steps", "2", "--format", "json", "--url", empty_url).json
    assert done["after"] == "b9c1403e0770"
    assert [(row["revision"], row["retries"]) for row in done["rows"]] == [("74f32592cfec", 0), ("b9c1403e0770", 0)]
    assert done["leftovers"] == []
    assert run("migrate", "--steps", "1", "--url", empty_url).stdout.startswith("Applied 1 revision: from b9c1403e0770")
    assert run("migrate", "--to", "39f6", "--url", empty_url).stdout.startswith("Nothing to do: the database is at 39f")
    assert run("migrate", "--to", "0008", "--url", empty_url).stdout.startswith(
        "Applied 5 revisions: from 39f6942a01f0"
    )
    assert run("migrate", "0008", "--to", "0008", "--url", empty_url).code == 2
