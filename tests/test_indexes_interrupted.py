"""Builds that are killed, cancelled, cut off, held up, or begun twice: the next run finds and mends what is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from subprocess import Popen

import psycopg2
import pytest

from litxdb import indexes
from litxdb.database import Database
from litxdb.errors import ConnectionFailed, Exit, LockHeld, ServerRefused
from litxdb.indexes import Patience, Request
from tests.bed.faults import cut_at
from tests.bed.indexing import reader, until, validity
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.servers import Server
from tests.bed.statements import query

Start = Callable[..., Popen[str]]
NAME = "ix_tasks_user_status"
WORKS = """
select pid from pg_stat_activity
where datname = current_database() and application_name = 'litxdb index create' and query like 'create index%'
"""


@pytest.fixture
def without(db: Database) -> Database:
    """A database that lacks one of LitXplore's indexes."""
    query(db, f"drop index {NAME}")
    return db


def create(db: Database, **patience: float) -> indexes.Done:
    (done,) = indexes.create(db, indexes.wanted(db, [NAME]), patience=Patience(**patience))  # type: ignore[arg-type]
    return done


def begun(db: Database) -> int:
    """Wait until a run builds in the database, and return the pid of its session."""
    until(lambda: validity(db, NAME) == {NAME: False} and query(db, WORKS))
    return int(query(db, WORKS)[0][0])


def test_a_killed_run_leaves_a_build_that_the_next_one_waits_for(without: Database, db_url: str, start: Start) -> None:
    with reader(without):
        killed = start("index", "create", NAME, "--url", db_url)
        pid = begun(without)
        killed.kill()
        killed.wait()
        with pytest.raises(LockHeld, match=rf"Another run of litxdb on the indexes of public.tasks .*pid {pid}"):
            create(without, wait_seconds=0)
        assert start("index", "create", NAME, "--url", db_url, "--lock-wait", "0").wait() == Exit.LOCKED
        waiting = start("index", "create", NAME, "--url", db_url)
        assert (
            "waiting up to 60 s for another run of litxdb on the indexes of public.tasks" in waiting.stderr.readline()
        )
    assert waiting.wait() == Exit.DONE
    assert validity(without, NAME) == {NAME: True}


def test_what_a_killed_server_session_leaves_is_mended(without: Database, db_url: str, start: Start) -> None:
    with reader(without):
        run = start("index", "create", NAME, "--url", db_url)
        query(without, f"select pg_terminate_backend({begun(without)})")
        assert run.wait() == Exit.CONNECTION
        assert "Run it again" in run.stderr.read()
        assert validity(without, NAME) == {NAME: False}
    assert create(without).outcome == "built"
    assert indexes.list_indexes(without).complete


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)])
def test_a_signal_ends_it_at_once(
    number: signal.Signals, code: Exit, without: Database, db_url: str, start: Start
) -> None:
    with reader(without):
        run = start("index", "create", NAME, "--url", db_url)
        begun(without)
        run.send_signal(number)
        assert run.wait() == code
        # the reader keeps the leftover from being dropped as well
        assert f"public.{NAME} may be left INVALID; running this again mends it." in run.stderr.read()
    assert create(without).outcome == "built"
    assert indexes.list_indexes(without).complete


def test_a_signal_leaves_nothing_where_nobody_is_in_the_way(
    without: Database, db_url: str, start: Start, server: Server
) -> None:
    """The build waits for an old snapshot, of another table: dropping what is half built need not wait for that."""
    with reader(without, "papers"):
        run = start("index", "create", NAME, "--url", db_url)
        begun(without)
        run.send_signal(signal.SIGINT)
        assert run.wait() == Exit.INTERRUPTED
        assert "What was half built is removed." in run.stderr.read()
        assert validity(without, NAME) == {}


@pytest.mark.parametrize("delivered", [False, True])
def test_a_connection_that_breaks_is_told_and_mended(
    delivered: bool, without: Database, db_url: str, proxy: Callable[..., Proxy]
) -> None:
    door = proxy(db_url, then=cut_at("create index concurrently", delivered=delivered))
    with (
        Database(door.url) as cut,
        pytest.raises(ConnectionFailed, match=f"Building public.{NAME} was cut off as the connection broke"),
    ):
        create(cut)
    assert create(without).outcome in {"built", "present"}  # the server may have gone on by itself
    assert indexes.list_indexes(without).complete


def test_who_is_in_the_way_is_named_and_the_build_begun_anew(without: Database) -> None:
    said: list[str] = []
    without.notify = said.append
    with reader(without) as pid:
        with pytest.raises(
            ServerRefused, match=f"begun 2 times, failed: .*lock timeout, held up by .*pid {pid}"
        ) as failure:
            create(without, lock_timeout_seconds=1.5, attempts=2)
        assert "--lock-timeout" in str(failure.value.hint)
        assert any("did not get its lock, held up by" in line and f"pid {pid}" in line for line in said)
    assert create(without, lock_timeout_seconds=0.5).outcome == "built"


def test_a_long_wait_is_told_while_it_lasts(without: Database) -> None:
    said: list[str] = []
    without.notify = said.append
    builder = threading.Thread(target=create, args=(without,))
    with reader(without) as pid:
        builder.start()
        until(lambda: any(line.startswith("still waiting for") and f"pid {pid}" in line for line in said))
    builder.join()
    assert validity(without, NAME) == {NAME: True}


def test_a_locked_table_is_said_so_before_anything_is_half_built(without: Database) -> None:
    with closing(without.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("lock table tasks in access exclusive mode")
        with pytest.raises(ServerRefused, match=r"Somebody has locked public.tasks"):
            create(without)
        assert validity(without, NAME) == {}
    assert create(without).outcome == "built"


def test_two_at_once_build_it_once(without: Database, db_url: str, start: Start) -> None:
    runs = [start("index", "create", NAME, "--url", db_url) for _ in range(3)]
    assert [run.wait() for run in runs] == [Exit.DONE] * 3
    built = [run.stdout.read() for run in runs]
    assert sorted(built) == ["Built 0 indexes; 1 already there.\n"] * 2 + ["Built 1 index.\n"]


def test_two_on_different_tables_do_not_wait_for_one_another(db: Database) -> None:
    writing = "begin; lock table tasks in row exclusive mode"  # without a snapshot, which any build would wait for
    with closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(writing)
        first = threading.Thread(target=indexes.create, args=(db, [Request("tasks", ("created_at",))]))
        first.start()
        until(lambda: validity(db, "ix_tasks_created_at") == {"ix_tasks_created_at": False})
        impatient = Patience(wait_seconds=0, lock_timeout_seconds=5, attempts=1)
        assert indexes.create(db, [Request("papers", ("title",))], patience=impatient)[0].outcome == "built"
    first.join()
    assert validity(db, "ix_tasks_created_at") == {"ix_tasks_created_at": True}


def test_somebody_elses_build_is_waited_for(without: Database) -> None:
    build = f"create index concurrently {NAME} on tasks (user_id, status)"
    builder = threading.Thread(target=query, args=(without, build))
    with reader(without):
        builder.start()
        until(lambda: validity(without, NAME) == {NAME: False})
        with pytest.raises(LockHeld, match=r"Another session \(pid \d+\) is building an index on public.tasks"):
            create(without, wait_seconds=0)
        waiting: list[indexes.Done] = []
        ours = threading.Thread(target=lambda: waiting.append(create(without)))
        ours.start()
    builder.join()
    ours.join()
    assert [done.outcome for done in waiting] == ["present"]
    assert validity(without, NAME) == {NAME: True}


def test_timeouts_of_the_role_do_not_end_it(without: Database, server: Server) -> None:
    (name,) = query(without, "select current_database()")[0]
    for setting in ("statement_timeout", "lock_timeout", "idle_session_timeout"):
        server.execute(f"alter database {name} set {setting} = '2s'")
    done: list[indexes.Done] = []
    with reader(without) as pid:
        builder = threading.Thread(target=lambda: done.append(create(without)))
        builder.start()
        until(
            lambda: query(
                without,
                "select 1 from pg_stat_activity where wait_event_type = 'Lock' and "
                "now() - query_start > '3 s' and query like 'create index%'",
            )
        )
        query(without, f"select pg_terminate_backend({pid})")
        builder.join()
    assert [each.outcome for each in done] == ["built"]


def test_a_role_that_loses_its_privileges_half_way_leaves_the_rest_to_others(without: Database, server: Server) -> None:
    for statement in ("create role owning", "create role member login in role owning"):
        with suppress(psycopg2.errors.DuplicateObject):
            server.execute(statement)
    server.execute("grant owning to member")
    query(without, "alter table tasks owner to owning; grant create, usage on schema public to owning")
    outcome: list[str] = []

    def work(member: Database) -> None:
        try:
            create(member)
        except ServerRefused as error:
            outcome.append(error.message)

    (name,) = query(without, "select current_database()")[0]
    with Database(server.url(name, user="member")) as member, reader(without, "papers"):
        builder = threading.Thread(target=work, args=(member,))
        builder.start()
        until(lambda: validity(without, NAME) == {NAME: False})
        query(without, "revoke owning from member")
        query(without, "select pg_cancel_backend(pid) from pg_stat_progress_create_index")
        builder.join()
    assert "canceling statement due to user request" in outcome[0]
    assert f"public.{NAME} may be left INVALID; running this again mends it." in outcome[0]
    assert create(without).outcome == "built"


def test_commands_report_like_any_other(run: Callable[..., Outcome], without: Database, db_url: str) -> None:
    with reader(without):
        held = run("index", "create", NAME, "--lock-timeout", "0.3", "--attempts", "1", "--url", db_url)
    assert held.code == Exit.SERVER
    assert run("index", "create", NAME, "--url", db_url).code == Exit.DONE
