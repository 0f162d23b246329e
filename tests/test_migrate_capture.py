"""Capturing: what revisions really send, and what that does to the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate import Graph, Project, Statement, capture, compare, current_revision, fingerprint, replayed
from litxdb.settings import Settings
from tests.bed.statements import query

HEAD = Graph.read().head.id
REVISION = '''
"""Revision {number} of the project."""
import sqlalchemy as sa
from alembic import op

revision = "p{number}"
down_revision = "{follows}"

def upgrade():
    {body}

def downgrade():
    raise NotImplementedError("no way back")
'''


@pytest.fixture
def captured(db: Database, tmp_path: Path) -> Callable[..., tuple[Statement, ...]]:
    """Return what one revision after ours sends, on a database with a table `old` of a thousand rows."""
    query(db, "create table old (id int primary key, word text)")
    query(db, "insert into old select i, i::text from generate_series(1, 1000) i")

    def run(*lines: str, measure: bool = False) -> tuple[Statement, ...]:
        (tmp_path / "1.py").write_text(REVISION.format(number=1, follows=HEAD, body="\n    ".join(lines)))
        project = Project.litxplore(tmp_path)
        return capture(project, db, project.graph().revisions[-1:], measure=measure)[0].statements

    return run


def test_our_own_revisions_without_alembic_s_bookkeeping(empty_db: Database, db: Database) -> None:
    project = Project.litxplore()
    found = capture(project, empty_db, project.graph().revisions)
    assert [each.revision for each in found] == [each.id for each in project.graph().revisions]
    assert not [each.sql for done in found for each in done.statements if "alembic_version" in each.sql]
    assert found[1].bookkeeping == (
        f"UPDATE alembic_version SET version_num='{found[1].revision}' "
        f"WHERE alembic_version.version_num = '{found[0].revision}'",
    )
    built = [each for each in found[5].statements if "CONCURRENTLY" in each.sql]
    assert len(built) == 3
    assert all(each.autocommit for each in built)
    assert not any(each.autocommit for each in found[6].statements)
    assert found[5].asks == 3  # each build looks for a leftover
    assert all(done.milliseconds > sum(each.milliseconds for each in done.statements) for done in found)
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()
    back = capture(project, empty_db, project.graph().revisions[::-1], up=False)
    assert [each.revision for each in back] == [each.revision for each in found[::-1]]
    assert not any(done.up for done in back)
    assert current_revision(empty_db) is None


def test_parameters_are_written_into_the_text(captured: Callable[..., tuple[Statement, ...]]) -> None:
    many, inserted, one = captured(
        "op.get_bind().execute(sa.text('delete from old where word = :w'), [{'w': 'a%b'}, {'w': \"it's\"}])",
        "op.bulk_insert(sa.table('old', sa.column('id')), [{'id': -1}, {'id': -2}])",
        "op.get_bind().execute(sa.text('update old set word = :w where id = 1'), {'w': None})",
    )
    assert many.sql == "delete from old where word = 'a%b';\ndelete from old where word = 'it''s'"
    assert inserted.sql.startswith('INSERT INTO "old" (id) VALUES')
    assert inserted.rows == 2
    assert one.sql == "update old set word = NULL where id = 1"


def test_what_only_asks_is_told_from_what_also_acts(captured: Callable[..., tuple[Statement, ...]]) -> None:
    found = captured(
        "op.get_bind().execute(sa.text('select count(*) from old'))",
        "sa.inspect(op.get_bind()).has_table('old')",
        "op.execute(\"select setval('users_id_seq', 7)\")",
        "op.execute('with gone as (delete from old returning id) select count(*) from gone')",
        "op.execute('insert into old values (1) returning id')",
        "op.execute(\"do $$ begin raise notice 'hello'; end $$\")",
    )
    assert [each.reads for each in found] == [True, True, False, False, False, False]
    assert found[-1].notices == ("NOTICE:  hello",)


def test_locks_rewrites_scans_and_builds_of_tables_that_were_there(
    captured: Callable[..., tuple[Statement, ...]],
) -> None:
    found = captured(
        "op.execute('create table new (id int primary key, old int references old)')",
        "op.execute('alter table new alter id type bigint')",
        "op.execute('create index on old (word)')",
        "op.execute('alter table old alter word set not null')",
        "op.execute('alter table old alter word type varchar(9)')",
        "op.execute('alter table old add foreign key (id) references users not valid')",
        "op.execute('delete from old where id > 1; alter table old drop constraint old_id_fkey')",
        "op.execute('alter table old add constraint key foreign key (id) references old')",
        measure=True,
    )
    effects = [each.effect for each in found]
    assert all(effects)
    locks, rewrites, scans, builds = (
        [getattr(effect, name) for effect in effects] for name in ("locks", "rewrites", "scans", "builds")
    )
    assert locks[0] == {"public.old": "ShareRowExclusiveLock"}
    assert locks[1:5] == [{}, {}, {"public.old": "AccessExclusiveLock"}, {}]
    assert locks[5] == {"public.users": "ShareRowExclusiveLock"}
    assert [index for index, each in enumerate(rewrites) if each] == [4]
    assert rewrites[4] == ("public.old",)
    assert scans[3:5] == [("public.old",), ()]
    assert scans[7] == ("public.old",)
    assert builds[:3] == [{}, {}, {"public.old": ("old_word_idx",)}]
    assert set(builds[4]["public.old"]) == {"old_pkey", "old_word_idx"}
    assert found[4].effect is not None
    assert found[4].effect.wal_bytes > 10_000
    assert not any(each.notices for each in found)


def test_locks_of_what_runs_outside_a_transaction(captured: Callable[..., tuple[Statement, ...]], db: Database) -> None:
    before = fingerprint(db).keys()
    found = captured(
        "with op.get_context().autocommit_block():",
        "    op.execute('create index concurrently by_word on old (word)')",
        "    op.execute('alter table old add column more int')",
        "    op.execute('drop index concurrently by_word')",
        "    op.execute('vacuum (analyze) old')",
        measure=True,
    )
    assert [dict(each.effect.locks) for each in found if each.effect] == [
        {"public.old": "ShareUpdateExclusiveLock"},
        {"public.old": "AccessExclusiveLock"},
        {"public.old": "ShareUpdateExclusiveLock"},
        {"public.old": "ShareUpdateExclusiveLock"},
    ]
    assert not {key for key in fingerprint(db).keys() - before if "litxdb" in key[1]}  # nothing of ours is left


def test_a_refusal_names_the_revision_and_those_before_it_stand(db: Database, tmp_path: Path) -> None:
    for number, body in enumerate(("op.execute('create table one ()')", "op.execute('select 1/0')"), 1):
        follows = f"p{number - 1}" if number > 1 else HEAD
        (tmp_path / f"{number}.py").write_text(REVISION.format(number=number, follows=follows, body=body))
    project = Project.litxplore(tmp_path)
    with pytest.raises(ServerRefused, match="Replaying revision p2 failed: division by zero"):
        capture(project, db, project.graph().revisions[-2:])
    assert current_revision(db) == "p1"
    with pytest.raises(Refused, match=r"p1 cannot be reverted: its downgrade raises NotImplementedError: no way back"):
        capture(project, db, project.graph().revisions[-2:-1], up=False)
    assert query(db, "select to_regclass('one')") == [("one",)]


def test_a_replay_is_a_database_of_its_own_that_goes_away(empty_url: str) -> None:
    project = Project.litxplore()
    with replayed(project, Settings.load(empty_url), project.graph().revisions[:3]) as scratch:
        name = query(scratch, "select current_database()")[0][0]
        assert name.startswith("scratch_")
        assert current_revision(scratch) == project.graph().revisions[2].id
    with Database(empty_url) as db:
        assert current_revision(db) is None
