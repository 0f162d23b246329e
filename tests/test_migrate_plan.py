"""What is ahead: the plan of `migrate --dry-run`, and the script of `migrate --sql`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.local.binaries import Binaries
from litxdb.migrate import (
    Graph,
    Project,
    TableLock,
    compare,
    current_revision,
    fingerprint,
    plan_upgrade,
    script,
    status,
    upgrade,
)
from tests.bed.program import Outcome
from tests.bed.statements import query

HEAD = Graph.read().head.id
DEPLOYED = "create_simplified_tasks_table"
REVISION = '''
"""What it does."""
import sqlalchemy as sa
from alembic import op

revision = "p1"
down_revision = "{follows}"

def upgrade():
    {body}

def downgrade():
    pass
'''


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    def write(*lines: str) -> Project:
        (tmp_path / "p1.py").write_text(REVISION.format(follows=HEAD, body="\n    ".join(lines)))
        return Project.litxplore(tmp_path)

    return write


def test_the_plan_names_locks_and_sizes_of_tables_that_the_target_has(
    db: Database, project: Callable[..., Project]
) -> None:
    query(db, "insert into users (id, clerk_id, email) values (1, 'c', 'ada@example.org')")
    query(
        db,
        "insert into tasks (id, user_id, status, created_at) "
        "select i, 1, 'pending', now() from generate_series(1, 5000) i",
    )
    query(db, "analyze tasks")
    before = fingerprint(db)
    found = plan_upgrade(
        db,
        project=project(
            "op.execute('create table new (id int references users)')",
            "op.execute('create index by_status on tasks (status, id)')",
            "op.execute('alter table tasks alter status type char(40)')",
            "op.execute('alter table tasks alter status set not null')",
            "op.get_bind().execute(sa.text('select count(*) from tasks'))",
        ),
    )
    assert (found.before, found.after, found.unknown) == (HEAD, "p1", None)
    (row,) = found.rows
    assert (row.message, row.asks, len(row.statements)) == ("What it does", 1, 4)
    locks = {lock.table: lock for lock in row.locks}
    assert locks.keys() == {"public.users", "public.tasks"}
    tasks = locks["public.tasks"]
    assert (tasks.mode, tasks.rewritten, tasks.rows) == ("AccessExclusiveLock", True, 5000)
    assert "by_status" in tasks.built
    assert tasks.bytes is not None
    assert 100_000 < tasks.bytes < 2_000_000
    assert locks["public.users"] == TableLock(
        "public.users", "ShareRowExclusiveLock", rewritten=False, scanned=False, built=(), rows=None, bytes=None
    )
    assert compare(before, fingerprint(db)) == ()


def test_a_plan_of_nothing_starts_no_server(db: Database, tmp_path: Path) -> None:
    found = plan_upgrade(db)
    assert (found.before, found.after, found.rows) == (HEAD, HEAD, ())
    assert not (db.settings.home / "scratch").exists()


def test_a_plan_that_cannot_be_tried_says_why_and_still_lists_the_revisions(
    db: Database, db_url: str, project: Callable[..., Project], run: Callable[..., Outcome]
) -> None:
    subject = project("op.execute('select 1/0')")
    found = plan_upgrade(db, project=subject)
    assert [(row.revision, row.statements) for row in found.rows] == [("p1", ())]
    assert found.unknown is not None
    assert "Replaying revision p1 failed: division by zero" in found.unknown
    outcome = run("migrate", "--dry-run", "--url", db_url, "--directory", subject.version_locations[-1])
    assert outcome.code == 0
    assert "p1" in outcome.stdout
    assert "could not be found out: Replaying revision p1 failed: division by zero" in outcome.stdout


def test_the_script_run_by_psql_makes_what_migrate_makes(db: Database, empty_db: Database, empty_url: str) -> None:
    upgrade(empty_db, DEPLOYED)
    for target in (DEPLOYED, "head"):
        text = script(empty_db, target)
        psql = [Binaries.find().bin / "psql", "-d", empty_url, "-qX"]
        subprocess.run(psql, input=text, text=True, check=True, capture_output=True)
    assert "commit;" in text
    assert text.count("\nbegin;") == 7
    assert text.count("CREATE INDEX CONCURRENTLY") == 4
    assert "-- It asked the database 3 times" in text
    assert status(empty_db).at_head
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()


def test_the_script_starts_with_the_version_table(db: Database, empty_db: Database, empty_url: str) -> None:
    text = script(empty_db)
    assert current_revision(empty_db) is None
    psql = [Binaries.find().bin / "psql", "-d", empty_url, "-qX"]
    subprocess.run(psql, input=text, text=True, check=True, capture_output=True)
    assert status(empty_db).at_head
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()


def test_the_script_of_statements_in_and_out_of_transactions(db: Database, project: Callable[..., Project]) -> None:
    text = script(
        db,
        project=project(
            "op.execute('create table new () -- a comment')",
            "op.get_bind().execute(sa.text('select count(*)\\nfrom users'))",
            "with op.get_context().autocommit_block():",
            "    op.execute('create index concurrently i on users (id)')",
            "op.execute('drop table new;')",
        ),
    )
    assert text.partition("-- p1: What it does\n")[2] == (
        "-- It asked the database once (see below): with other answers it may send something else.\n"
        "begin;\ncreate table new () -- a comment\n;\n-- asked: select count(*) from users\n"
        "commit;  -- what follows runs outside a transaction\n"
        "set lock_timeout = '10min';\ncreate index concurrently i on users (id);\nset lock_timeout = '3s';\n"
        "begin;\ndrop table new;\n"
        f"UPDATE alembic_version SET version_num='p1' WHERE alembic_version.version_num = '{HEAD}';\ncommit;\n"
    )


def test_the_command_writes_the_script_and_changes_nothing(
    run: Callable[..., Outcome], empty_url: str, db_url: str, empty_db: Database
) -> None:
    outcome = run("migrate", "0006", "--sql", "--url", empty_url)
    assert outcome.code == 0
    assert outcome.stdout.startswith("-- 6 revisions of litxplore, from base to 0006_performance_indexes.\n")
    assert fingerprint(empty_db).keys() == {("extension", "plpgsql"), ("schema", "public")}
    assert run("migrate", "--sql", "--url", db_url).stdout == f"-- Nothing to do: the database is at {HEAD}.\n"
