"""The log of migrations: what really happened, never in the way, and no surprise to Alembic."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litxdb import __version__
from litxdb.database import Database
from litxdb.errors import ServerRefused
from litxdb.migrate import Graph, create_revision, downgrade, history, upgrade
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

HEAD = Graph.read().head.id


def test_what_was_done_is_logged_by_whom_and_how_long_it_took(db: Database, project: Callable[..., Path]) -> None:
    directory = project("op.execute('select pg_sleep(1)')")
    ((begun,),) = query(db, "select now()::text")
    upgrade(db, directory=directory)
    downgrade(db, directory=directory)
    rows = query(
        db,
        "select direction, outcome, role, host, litxdb, checksum, lock_retries, milliseconds between 1000 and 10000, "
        f"started between '{begun}' and now(), os_user <> '', error "
        "from litxdb.migrations where revision = 'p1' order by started",
    )
    digest = hashlib.sha256((directory / "1.py").read_bytes()).hexdigest()
    same = ("postgres", socket.gethostname(), __version__, digest, 0)
    assert rows == [
        ("up", "applied", *same, True, True, True, None),
        ("down", "reverted", *same, False, True, True, None),
    ]


def test_a_failure_is_logged_and_its_revision_is_not(db: Database, project: Callable[..., Path]) -> None:
    with pytest.raises(ServerRefused):
        upgrade(db, directory=project("op.execute('select 1/0')"))
    assert query(db, "select revision, outcome, error from litxdb.migrations order by started desc limit 1") == [
        ("p1", "failed", "division by zero")
    ]
    assert history(db)[-1].applied_at is not None


def test_history_shows_it(run: Callable[..., Outcome], db: Database, db_url: str) -> None:
    rows = run("history", "--format", "json", "--url", db_url).json["rows"]
    assert all(row["applied_at"].startswith("20") and row["milliseconds"] > 0 for row in rows)
    assert rows[0]["applied_by"].startswith("postgres (")
    shown = run("history", "--url", db_url).stdout
    assert f"@{socket.gethostname()})" in shown
    assert "applied at" in shown
    assert "changed" not in shown


def test_a_database_that_plain_alembic_migrated_has_no_times(
    run: Callable[..., Outcome], db: Database, db_url: str
) -> None:
    query(db, "drop schema litxdb cascade")
    assert [(each.applied, each.applied_at, each.changed) for each in history(db)] == [(True, None, False)] * 12
    assert run("history", "--url", db_url).code == 0
    query(db, "create schema litxdb")  # somebody else's schema of that name, without our table
    assert history(db)[0].applied_by is None


def test_a_log_without_the_column_that_came_last_is_completed(db: Database, project: Callable[..., Path]) -> None:
    query(db, "alter table litxdb.migrations drop column version_table")
    assert history(db)[0].applied_at is None
    upgrade(db, directory=project("op.execute('select 1')"))
    assert all(each.applied_at is not None for each in history(db, directory=project()))


def test_a_changed_file_of_an_applied_revision_is_reported(
    run: Callable[..., Outcome], db: Database, db_url: str, project: Callable[..., Path]
) -> None:
    directory = project("op.execute('select 1')")
    said: list[str] = []
    db.notify = said.append
    upgrade(db, directory=directory)
    upgrade(db, directory=directory)
    assert said == []
    project("op.execute('select 2')")
    upgrade(db, directory=directory)
    assert said == ["warning: 1.py is not the file that was applied as revision p1"]
    assert [each.changed for each in history(db, directory=directory)] == [False] * 12 + [True]
    outcome = run("history", "--directory", directory, "--url", db_url)
    assert "changed" in next(line for line in outcome.stdout.splitlines() if "p1" in line)


@pytest.mark.parametrize(
    ("before", "reason", "remedy"),
    [
        ("drop schema litxdb cascade", "database {db}", "create schema litxdb authorization {role}"),
        ("drop table litxdb.migrations", "schema litxdb", "grant usage, create on schema litxdb to {role}"),
        ("select 1", "schema litxdb",
         "grant usage on schema litxdb to {role}; grant select, insert on litxdb.migrations to {role}"),
    ],
    ids=["no schema", "no table", "another's table"],
)  # fmt: skip
def test_a_role_that_may_not_write_the_log_migrates_all_the_same_and_is_told_what_ends_that(
    server: Server, db: Database, project: Callable[..., Path], before: str, reason: str, remedy: str
) -> None:
    name = query(db, "select current_database()")[0][0]
    role = f"odd_owner_of_{name}"
    server.execute(f"create role {role} login")
    query(db, f"{before}; grant select, update on alembic_version to {role}")
    directory = project(*["op.execute('select 1')"] * 3)
    try:
        with as_role(server, db, role) as owner:
            said: list[str] = []
            owner.notify = said.append
            assert upgrade(owner, "p2", directory=directory).after == "p2"
            remedy = remedy.format(role=role)
            reason = f"permission denied for {reason.format(db=name)}"
            allowed = f"; an administrator allows it with: {remedy}"
            assert said == [f"warning: litxdb.migrations could not be written: {reason}{allowed}"]
            assert history(owner, directory=directory)[-2].applied_at is None
            query(db, remedy)
            assert upgrade(owner, directory=directory).after == "p3"
            assert len(said) == 1
            assert history(owner, directory=directory)[-1].applied_at is not None
    finally:
        query(db, f"drop owned by {role}; drop role {role}")


def test_a_log_that_somebody_locks_does_not_hold_up_the_migration(db: Database, project: Callable[..., Path]) -> None:
    said: list[str] = []
    db.notify = said.append
    with closing(db.connect()) as other, other.cursor() as cursor:
        cursor.execute("lock table litxdb.migrations in row exclusive mode; lock table litxdb.migrations in share mode")
        assert upgrade(db, directory=project("op.execute('select 1')")).after == "p1"
    assert said == ["warning: litxdb.migrations could not be written: canceling statement due to lock timeout"]


def test_alembic_does_not_want_to_drop_it(db: Database, tmp_path: Path) -> None:
    assert create_revision(db, "nothing to do", tmp_path / "versions") is None
