"""Running revisions: one at a time, one transaction each, and a clear word when the server refuses."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from litxdb.database import Database
from litxdb.errors import STOPPED, ArgumentInvalid, ConnectionFailed, Exit, LockHeld, Refused, ServerRefused
from litxdb.migrate import Graph, Patience, RevisionStep, current_revision, downgrade, fingerprint, steps, upgrade
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

HEAD = Graph.read().head.id


def test_everything_is_applied_once_and_running_again_does_nothing(empty_db: Database) -> None:
    seen: list[RevisionStep] = []
    result = upgrade(empty_db, watch=seen.append)
    assert (result.before, result.after) == (None, HEAD)
    assert [step.revision for step in result.steps] == [each.id for each in Graph.read().revisions]
    assert [step.milliseconds is None for step in seen] == [True, False] * 12
    assert result.steps == tuple(seen[1::2])
    again = upgrade(empty_db, watch=seen.append)
    assert (again.before, again.after, again.steps) == (HEAD, HEAD, ())
    assert len(seen) == 24


def test_a_dry_run_tells_the_steps_and_changes_nothing(empty_db: Database) -> None:
    result = upgrade(empty_db, "0007", dry_run=True)
    assert (len(result.steps), result.after) == (7, "0007_research_library")
    assert fingerprint(empty_db).keys() == {("extension", "plpgsql"), ("schema", "public")}
    upgrade(empty_db, "0007")
    back = downgrade(empty_db, 2, dry_run=True)
    assert [step.revision for step in back.steps] == ["0007_research_library", "0006_performance_indexes"]
    assert (back.before, back.after) == ("0007_research_library", "create_simplified_tasks_table")
    assert current_revision(empty_db) == "0007_research_library"


def test_going_back_to_a_revision_and_to_nothing(db: Database) -> None:
    assert downgrade(db, to="0009").after == "0009_research_agent"
    result = downgrade(db, to="base")
    assert (result.after, len(result.steps)) == (None, 9)
    assert fingerprint(db).keys() == {("extension", "plpgsql"), ("schema", "public")}


def test_a_number_of_steps_and_a_revision_contradict_each_other(db: Database, run: Callable[..., Outcome]) -> None:
    url = ("--url", db.settings.url or "")
    for words in (("rollback", "1", "--to", "base"), ("migrate", "--to", "0008", "--steps", "1")):
        for more in ((), ("--dry-run",)):
            outcome = run(*words, *more, "--yes" if words[0] == "rollback" else "--repair", *url)
            assert outcome.code == Exit.USAGE
            assert "say how far to go" in outcome.stderr
    assert run("migrate", "0008", "--steps", "1", "--sql", *url).code == Exit.USAGE
    with pytest.raises(ArgumentInvalid):
        downgrade(db, 1, to="base")
    assert current_revision(db) == HEAD
    assert downgrade(db).after == "0011_growth"
    assert upgrade(db, "head", steps=1).after == HEAD


def test_what_is_reverted_is_what_was_agreed_to(db: Database) -> None:
    agreed = downgrade(db, 2, dry_run=True)
    downgrade(db)
    with pytest.raises(Refused, match=f"the database was at revision {HEAD}, and is at 0011_growth"):
        downgrade(db, 2, agreed=agreed)
    assert current_revision(db) == "0011_growth"
    upgrade(db)
    assert [step.revision for step in downgrade(db, 2, agreed=agreed).steps] == [HEAD, "0011_growth"]


def test_nothing_is_printed_and_logging_is_left_alone(empty_db: Database, capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").level, logging.getLogger("mine").disabled)
    upgrade(empty_db)
    downgrade(empty_db)
    assert capfd.readouterr() == ("", "")
    assert before == (
        root.level,
        list(root.handlers),
        logging.getLogger("alembic").level,
        logging.getLogger("mine").disabled,
    )


# --- failures


def test_a_revision_that_fails_half_way_leaves_the_database_at_the_one_before(
    db: Database, project: Callable[..., Path]
) -> None:
    directory = project(
        "op.create_table('kept', sa.Column('id', sa.Integer))",
        "op.create_table('lost', sa.Column('id', sa.Integer)); op.execute('select 1/0')",
        "op.create_table('never', sa.Column('id', sa.Integer))",
    )
    with pytest.raises(ServerRefused) as failure:
        upgrade(db, directory=directory)
    assert failure.value.message == "Revision p2 failed: division by zero. The database is at revision p1."
    assert current_revision(db) == "p1"
    assert query(db, "select to_regclass('kept')::text, to_regclass('lost'), to_regclass('never')") == [
        ("kept", None, None)
    ]


def test_a_failure_after_an_autocommit_block_leaves_no_half_of_the_revision_before_it(
    db: Database, project: Callable[..., Path]
) -> None:
    """With one transaction for all revisions, as is Alembic's default, p2 would be half applied."""
    index = "op.create_index('i', 'a', ['id'], postgresql_concurrently=True, if_not_exists=True)"
    directory = project(
        "op.create_table('a', sa.Column('id', sa.Integer))",
        f"with op.get_context().autocommit_block(): {index}\n    op.add_column('a', sa.Column('b', sa.Integer))",
        "op.add_column('a', sa.Column('c', sa.Integer)); op.execute('select 1/0')",
    )
    with pytest.raises(ServerRefused, match="Revision p3 failed"):
        upgrade(db, directory=directory)
    assert query(db, "select attname from pg_attribute where attrelid = 'a'::regclass and attnum > 0") == [
        ("id",),
        ("b",),
    ]
    assert current_revision(db) == "p2"


def test_a_revision_that_sqlalchemy_refuses_is_rolled_back_too(db: Database, project: Callable[..., Path]) -> None:
    directory = project(
        "op.create_table('lost', sa.Column('id', sa.Integer)); op.get_bind().execute(sa.text('select :x'))"
    )
    with pytest.raises(ServerRefused, match=r"Revision p1 failed: .*bind parameter 'x'"):
        upgrade(db, directory=directory)
    assert query(db, "select to_regclass('lost')") == [(None,)]


def test_a_busy_table_is_given_up_soon_and_said_so(db: Database, project: Callable[..., Path]) -> None:
    directory = project("op.add_column('users', sa.Column('nickname', sa.Text))")
    upgrade(db, directory=directory, dry_run=True)  # what only the first run imports
    with closing(db.connect()) as reader, reader.cursor() as cursor:
        cursor.execute("select count(*) from users")
        start = time.monotonic()
        with pytest.raises(
            ServerRefused, match="canceling statement due to lock timeout, so that nobody queues"
        ) as failure:
            upgrade(db, directory=directory, patience=Patience(lock_timeout_seconds=0.2, retry_seconds=0))
        assert time.monotonic() - start < 2
        assert failure.value.hint is not None
        assert "at a quieter time" in failure.value.hint
    assert upgrade(db, directory=directory).after == "p1"


def test_a_role_without_create_is_told_so_and_nothing_is_applied(server: Server, empty_db: Database) -> None:
    query(empty_db, "create extension vector")
    with (
        as_role(server, empty_db, "stranger") as stranger,
        pytest.raises(ServerRefused, match="permission denied for schema public") as failure,
    ):
        upgrade(stranger)
    assert failure.value.hint is not None
    assert "grant this role CREATE" in failure.value.hint
    assert not [name for kind, name in fingerprint(empty_db) if kind == "table"]


def test_a_read_only_connection_is_told_so(server: Server, empty_db: Database) -> None:
    name = query(empty_db, "select current_database()")[0][0]
    server.execute(f"alter database {name} set default_transaction_read_only = on")
    for target, statement in ("head", "CREATE EXTENSION"), ("0008", "CREATE TABLE"):
        with pytest.raises(ServerRefused, match=f"cannot execute {statement} in a read-only transaction") as failure:
            upgrade(empty_db, target)
        assert failure.value.hint is not None
        assert "read-only" in failure.value.hint
        assert current_revision(empty_db) is None


@pytest.mark.parametrize("block", ["if True", "with op.get_context().autocommit_block()"])
def test_a_connection_that_breaks_says_where_the_database_stands(
    db: Database, project: Callable[..., Path], block: str
) -> None:
    directory = project(f"{block}: op.execute('select pg_terminate_backend(pg_backend_pid())')")
    with pytest.raises(ConnectionFailed, match=f"the connection broke: .* The database is at revision {HEAD}"):
        upgrade(db, directory=directory)


# --- the lock


@pytest.fixture
def holder(db: Database) -> Iterator[Any]:
    """Another run that holds the migration lock."""
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set application_name = 'litxdb migrate'")
        cursor.execute("select pg_advisory_lock(hashtextextended(current_database() || '.public.alembic_version', 0))")
        yield connection


def test_the_holder_of_the_lock_is_named(db: Database, holder: Any) -> None:
    said: list[str] = []
    db.notify = said.append
    start = time.monotonic()
    with pytest.raises(LockHeld) as failure:
        downgrade(db, patience=Patience(wait_seconds=0.7))
    assert 0.6 < time.monotonic() - start < 5
    who = f"litxdb migrate, pid {holder.info.backend_pid}, role postgres, by a socket of its machine, since 20"
    assert who in failure.value.message
    assert [who in line for line in said] == [True]
    assert current_revision(db) == HEAD


def test_nothing_to_do_needs_no_lock(db: Database, holder: Any) -> None:
    assert upgrade(db, patience=Patience(wait_seconds=0)).steps == ()


def test_a_rollback_that_waited_does_not_go_back_twice(db: Database, holder: Any) -> None:
    def other_run(line: str) -> None:
        with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            cursor.execute("update alembic_version set version_num = '0011_growth'")
        holder.close()

    db.notify = other_run
    with pytest.raises(Refused, match=f"meanwhile: the database was at revision {HEAD}, and is at 0011_growth"):
        downgrade(db)


def test_a_lost_lock_stops_the_run_before_the_next_revision(db: Database, project: Callable[..., Path]) -> None:
    directory = project("op.execute('select 1')", "op.execute('select 2')")

    def lose_it(step: RevisionStep) -> None:
        if step.milliseconds is not None:
            query(db, "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")

    with pytest.raises(LockHeld, match="The session that holds the migration lock has ended"):
        upgrade(db, directory=directory, watch=lose_it)
    assert current_revision(db) == "p1"


@pytest.mark.parametrize("stopped", STOPPED)
def test_being_stopped_in_the_middle_of_an_import_is_no_bug(
    db: Database, project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, stopped: type[BaseException]
) -> None:
    """What was being imported cannot be imported again, so that nothing may ask for it on the way out."""

    def stop(*_: object) -> None:
        monkeypatch.setitem(sys.modules, "sqlalchemy.exc", None)
        raise stopped

    monkeypatch.setattr(steps.Run, "_attempt", stop)
    with pytest.raises(stopped):
        upgrade(db, directory=project("pass"))
