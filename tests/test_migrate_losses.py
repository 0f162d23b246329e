"""What a rollback would take away, told before it does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.errors import Exit, Refused
from litxdb.migrate import Graph, Loss, current_revision, downgrade, fingerprint, losses, upgrade
from tests.bed.program import Outcome
from tests.bed.statements import query

HEAD = Graph.read().head.id

REVISION = """
'''A revision of the project, with all that can be lost.'''
import sqlalchemy as sa
from alembic import op

revision = "p1"
down_revision = "{head}"

def upgrade():
    op.execute("create table gone (id int primary key, a text)")
    op.execute("alter table users add column nickname text")
    op.execute('alter table users add column "Odd Name" int default 7')
    op.execute("alter table users rename column first_name to given_name")
    op.execute("create type mood as enum ('fine')")
    op.execute("alter table users add column temper mood")
    op.execute("alter type taskstatus add value 'paused'")

def downgrade():
    op.execute("drop table gone")
    op.execute("alter table users rename column given_name to first_name")
    op.execute('alter table users drop column nickname, drop column "Odd Name", drop column temper')
    op.execute("drop type mood")
    op.execute("update tasks set status = 'pending' where status = 'paused'")
    op.execute("alter type taskstatus rename to old")
    op.execute("create type taskstatus as enum ('pending', 'running', 'completed', 'failed')")
    op.execute("alter table tasks alter column status type taskstatus using status::text::taskstatus")
    op.execute("drop type old")
"""

pytestmark = pytest.mark.usefixtures("one_scratch_server")


@pytest.fixture
def changed(db: Database, tmp_path: Path) -> Path:
    """A project with one revision that is applied, and rows."""
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "p1.py").write_text(REVISION.format(head=HEAD))
    upgrade(db, directory=directory)
    query(
        db,
        "insert into gone select n, 'x' from generate_series(1, 30) n;"
        "insert into users (clerk_id, email, nickname, temper) select n, n, case when n <= 4 then 'nick' end, 'fine' "
        "from generate_series(1, 10) n;"
        "insert into tasks (id, user_id, status, created_at) select n, 1, 'paused', now() from generate_series(1, 3) n",
    )
    return directory


EXPECTED = (
    Loss("table", "public.gone", 30, 30),
    Loss("enum value", "public.tasks.status = 'paused'", 3, 3),
    Loss("column", 'public.users."Odd Name"', 10, 10),
    Loss("column", "public.users.nickname", 10, 4),
    Loss("column", "public.users.temper", 10, 10),
)


def test_each_table_column_and_enum_value_is_counted(db: Database, changed: Path) -> None:
    before = fingerprint(db)
    plan = downgrade(db, directory=changed, dry_run=True)
    assert losses(db, plan, directory=changed) == EXPECTED
    assert fingerprint(db) == before
    assert downgrade(db, directory=changed).after == HEAD


def test_counting_is_bounded_and_says_at_least(db: Database, changed: Path) -> None:
    query(db, "insert into gone select n from generate_series(31, 300000) n")
    plan = downgrade(db, directory=changed, dry_run=True)
    found = {each.object: each for each in losses(db, plan, directory=changed, count_seconds=0.001)}
    assert found["public.gone"] == Loss("table", "public.gone", 100_000, 100_000, exact=False)


def test_a_locked_table_is_not_waited_for(db: Database, changed: Path) -> None:
    plan = downgrade(db, directory=changed, dry_run=True)
    with closing(db.connect()) as other, other.cursor() as cursor:
        cursor.execute("lock table gone")
        found = losses(db, plan, directory=changed, count_seconds=0.3)
    assert found[0] == Loss("table", "public.gone", None, None, exact=False)


def test_our_own_last_revisions(db: Database) -> None:
    query(db, "insert into users (clerk_id, email, subscription_tier) values ('a', 'a@example.com', 'pro')")
    assert losses(db, downgrade(db, dry_run=True)) == ()  # an index alone
    found = losses(db, downgrade(db, 2, dry_run=True))
    assert Loss("column", "public.users.subscription_tier", 1, 1) in found
    assert Loss("column", "public.users.stripe_customer_id", 1, 0) in found
    assert {each.object for each in found if each.kind == "table"} == {
        f"public.{name}"
        for name in ("subscriptions", "bookmarks", "teams", "team_members", "shared_reviews", "user_activity")
    }


def test_the_command_shows_it_and_asks(run: Callable[..., Outcome], db: Database, db_url: str, changed: Path) -> None:
    options = ("--directory", changed, "--url", db_url)
    shown = run("rollback", "--dry-run", *options)
    assert "  table       public.gone: 30 rows\n" in shown.stderr
    assert "  column      public.users.nickname: 4 of 10 rows have it\n" in shown.stderr
    refused = run("rollback", *options)
    assert (refused.code, current_revision(db)) == (Exit.REFUSED, "p1")
    assert "public.gone: 30 rows" in refused.stderr
    done = run("rollback", "--yes", "--format", "json", *options).json
    assert done["after"] == HEAD
    assert done["lost"][0] == {"kind": "table", "object": "public.gone", "rows": 30, "filled": 30, "exact": True}


def test_a_history_that_cannot_be_replayed_is_said_so(
    run: Callable[..., Outcome], db: Database, db_url: str, changed: Path
) -> None:
    path = changed / "p1.py"
    path.write_text(path.read_text().replace("create table gone", "select 1 from nowhere; create table gone"))
    outcome = run("rollback", "--dry-run", "--directory", changed, "--url", db_url)
    assert outcome.code == Exit.DONE
    assert "what would be lost could not be found out: Replaying revision p1 failed" in outcome.stderr


def test_a_downgrade_that_raises_leaves_everything_as_it_was(db: Database, changed: Path) -> None:
    path = changed / "p1.py"
    path.write_text(path.read_text() + "    raise NotImplementedError('no way back')\n")
    before = fingerprint(db)
    with pytest.raises(Refused, match="p1 cannot be reverted: its downgrade raises NotImplementedError: no way back"):
        downgrade(db, directory=changed)
    assert fingerprint(db) == before
    assert current_revision(db) == "p1"
