"""Rehearsing: what pending revisions do on a copy of the target, and whether they can be taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.migrate import Graph, Project, Rehearsal, fingerprint, rehearse, upgrade
from litxdb.migrate.captured import CapturedRevision, Effect, Statement
from litxdb.migrate.rehearsal import Filled
from litxdb.migrate.rehearsal.holds import Sizes, measured
from litxdb.migrate.rehearsal.verdict import verdict
from tests.bed.program import Outcome
from tests.bed.servers import Server, Servers
from tests.bed.statements import as_role, query

HEAD = Graph.read().head.id
ROWS = 20_000
REVISION = '''
"""Revision {number} of the project."""
from alembic import op

revision = "p{number}"
down_revision = "{follows}"

def upgrade():
    {up}

def downgrade():
    {down}
'''
Write = Callable[..., Project]
Run = Callable[..., Outcome]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write revisions of a project that follow ours, each of an upgrade and a downgrade in SQL or Python: p1, p2…"""

    def body(statement: str) -> str:
        return statement if statement.startswith(("raise", "pass", "with ")) else f"op.execute({statement!r})"

    def write(*bodies: tuple[str, str]) -> Project:
        for number, (up, down) in enumerate(bodies, 1):
            follows = f"p{number - 1}" if number > 1 else HEAD
            text = REVISION.format(number=number, follows=follows, up=body(up), down=body(down))
            (tmp_path / f"{number}.py").write_text(text)
        return Project.litxplore(tmp_path)

    return write


OLD = (
    "create table old (id int generated always as identity primary key, word text, number int)",
    "drop table old",
)


@pytest.fixture
def target(db: Database, write: Write) -> Database:
    """A database at the revision p1, which has made a table `old`, with its rows."""
    upgrade(db, project=write(OLD))
    query(db, f"insert into old (word, number) select 'word ' || i, i from generate_series(1, {ROWS}) i")
    query(db, "analyze")
    return db


def test_who_waits_for_what(target: Database, write: Write) -> None:
    project = write(
        OLD,
        ("create index by_word on old (word)", "drop index by_word"),
        ("alter table old alter number type bigint", "alter table old alter number type int"),
        ("alter table old add more int", "alter table old drop more"),
        ("alter table old alter word set not null", "alter table old alter word drop not null"),
        ("update old set number = number + 1", "pass"),
    )
    before = fingerprint(target)
    seen: list[str] = []
    done = rehearse(target, project=project, max_block_seconds=60, watch=lambda step: seen.append(step.revision))
    assert [(hold.revision, hold.lock, hold.blocks) for hold in sorted(done.holds, key=lambda hold: hold.revision)] == [
        ("p2", "ShareLock", "writes"),
        ("p3", "AccessExclusiveLock", "reads and writes"),
        ("p4", "AccessExclusiveLock", "reads and writes"),
        ("p5", "AccessExclusiveLock", "reads and writes"),
        ("p6", "RowExclusiveLock", f"changes of {ROWS:,} rows"),
    ]
    index, rewrite, add, scan, change = done.rows
    assert index.builds == {"public.old": ("by_word",)}
    assert rewrite.rewrites == ("public.old",)
    assert rewrite.wal_bytes > ROWS * 20
    assert add.works_on == ()
    assert scan.scans == ("public.old",)
    assert change.changed == ROWS
    assert all(row.low == row.high == row.milliseconds > 0 for row in done.rows)  # as many rows as on the target
    assert done.ok
    assert done.traces == ()
    assert done.verdict.endswith("the round trip is clean.")
    assert (done.before, done.after) == ("p1", "p6")
    assert [each for each in done.tables if each.rows] == [Filled("public.old", ROWS, ROWS)]
    assert (
        seen == ["schema"] * 2 + ["rows"] * 2 + [f"p{n}" for n in (2, 2, 3, 3, 4, 4, 5, 5, 6, 6)] + ["round trip"] * 2
    )
    assert fingerprint(target) == before
    assert query(target, "select count(*), max(number) from old") == [(ROWS, ROWS)]


def test_the_verdict_names_the_worst_and_what_to_do(target: Database, write: Write) -> None:
    project = write(OLD, ("create index by_word on old (word)", "drop index by_word"))
    done = rehearse(target, project=project, max_block_seconds=0.0001)
    assert not done.ok
    assert done.verdict.startswith("p2 blocks writes to old for about ")
    assert done.verdict.endswith(f" (index build on {ROWS:,} rows): build the index CONCURRENTLY.")


def test_a_lock_that_lasts_while_another_table_is_worked_on(target: Database, write: Write) -> None:
    both = "alter table users add more int; alter table old add more uuid default gen_random_uuid()"
    done = rehearse(
        target,
        project=write(OLD, (both, "alter table users drop more; alter table old drop more")),
        max_block_seconds=0.0001,
    )
    assert {hold.table for hold in done.holds} == {"public.users", "public.old"}
    users = next(hold for hold in done.holds if hold.table == "public.users")
    sizes = Sizes(done.tables)
    assert verdict(None, [users], (), sizes, 0.0001).endswith(
        f"(rewrite of old on {ROWS:,} rows): add the column without its default, set the default after it, "
        "and fill the rows in batches."
    )
    split = replace(users, cause=replace(users.cause, locks={}))
    assert "give each statement a revision of its own" in verdict(None, [split], (), sizes, 0.0001)


def test_a_concurrent_build_blocks_nobody(target: Database, write: Write) -> None:
    build = "with op.get_context().autocommit_block(): op.execute('create index concurrently by_word on old (word)')"
    done = rehearse(target, project=write(OLD, (build, "drop index by_word")), max_block_seconds=0.0001)
    assert [(hold.lock, hold.blocks) for hold in done.holds] == [("ShareUpdateExclusiveLock", None)]
    assert done.verdict == "Nothing blocks anybody for more than 50 ms; the round trip is clean."


def test_a_lock_is_held_to_the_end_of_its_transaction(target: Database, write: Write) -> None:
    project = write(
        OLD, ("alter table old add more int; select pg_sleep(0.2); update old set more = 1", "drop table if exists x")
    )
    done = rehearse(target, project=project)
    assert done.holds[0].lock == "AccessExclusiveLock"
    assert done.holds[0].milliseconds > 200
    assert "p2 blocks reads and writes of old for about" in done.verdict
    assert [trace.revision for trace in done.traces] == ["p2", "p2"]  # the column stays, and is in the way


def test_traces_of_the_way_down_and_up_again(target: Database, write: Write) -> None:
    twice = (
        "do $$ begin if to_regclass('one') is null then create table one (); else create table two (); end if; end $$"
    )
    project = write(
        OLD,
        ("create table left_behind ()", "pass"),
        ("create table forever ()", "raise NotImplementedError('no way back')"),
        (twice, "pass"),
        ("create table clean ()", "drop table clean"),
    )
    done = rehearse(target, project=project)
    assert not done.ok
    assert [(trace.revision, trace.message) for trace in done.traces] == [
        ("p2", "leaves 1 difference when it is reverted"),
        ("p2", 'cannot be applied again after it was reverted: relation "left_behind" already exists'),
        ("p3", done.traces[2].message),
        ("p4", "leaves 1 difference when it is reverted"),
        ("p4", "makes another schema the second time: 1 difference"),
    ]
    assert done.traces[2].message.startswith(
        "cannot be reverted: its downgrade raises NotImplementedError: no way back ("
    )
    assert [each.object for each in done.traces[0].differences] == ["public.left_behind"]
    assert [each.object for each in done.traces[4].differences] == ["public.two"]
    assert done.verdict == (
        "p2 leaves 1 difference when it is reverted (table public.left_behind), and 4 more. "
        "Nothing blocks anybody for more than 50 ms."
    )


def test_what_cannot_be_reverted_can_be_accepted(target: Database, write: Write, run: Run, tmp_path: Path) -> None:
    project = write(OLD, ("create table forever ()", "raise NotImplementedError('no way back')"))
    words = ("rehearse", "--against", str(target.settings.url), "--directory", tmp_path)
    assert run(*words).code == 1
    accepted = run(*words, "--accept", "missing-downgrade")
    assert accepted.code == 0
    assert "the round trip is clean, but for p2 without a way back, as accepted.\n" in accepted.stdout
    assert "no way back (" in accepted.stdout
    assert run(*words, "--accept", "unbatched-write").code == 2
    path = tmp_path / "2.py"
    path.write_text(f"{path.read_text()}    # litxdb: accept failing-downgrade it fills what nobody reads\n")
    done = rehearse(target, project=project)
    assert done.ok
    assert [trace.accepted for trace in done.traces] == ["it fills what nobody reads"]
    path.write_text(path.read_text().replace("it fills what nobody reads", ""))
    assert not rehearse(target, project=project).ok


def test_a_revision_without_a_downgrade_is_no_bug(target: Database, write: Write, run: Run, tmp_path: Path) -> None:
    project = write(OLD, ("create table forever ()", "pass"))
    path = tmp_path / "2.py"
    path.write_text(path.read_text().partition("def downgrade")[0])
    (trace,) = rehearse(target, project=project).traces
    assert trace.message == "cannot be reverted: 2.py has no downgrade()"
    upgrade(target, project=project)
    outcome = run("rollback", "--yes", "--url", str(target.settings.url), "--directory", tmp_path)
    assert outcome.code == 6
    assert "error: Revision p2 cannot be reverted: 2.py has no downgrade()." in outcome.stderr
    assert query(target, "select version_num, to_regclass('forever')::text from alembic_version") == [("p2", "forever")]


def test_only_rows_show_that_a_downgrade_fails(target: Database, write: Write) -> None:
    project = write(
        OLD,
        ("alter table old add mark text", "select 1 / (count(*) = 0)::int from old; alter table old drop mark"),
    )
    done = rehearse(target, project=project)
    assert [trace.revision for trace in done.traces] == [None]
    assert "with rows in the tables not everything can be reverted" in done.traces[0].message
    assert rehearse(target, project=project, accept=["failing-downgrade"]).ok


def test_a_revision_that_needs_rows_is_said_to(target: Database, write: Write) -> None:
    project = write(
        OLD,
        ("select 1 / count(*) from old", "pass"),
        ("create table later ()", "drop table later"),
    )
    done = rehearse(target, project=project)
    assert [(trace.revision, trace.message) for trace in done.traces] == [
        ("p2", "fails by itself where the tables are empty: division by zero")
    ]
    assert {row.revision for row in done.rows} == {"p2", "p3"}


def test_the_revisions_are_measured_in_one_go_as_a_migration_runs_them(
    target: Database, write: Write, tmp_path: Path
) -> None:
    """Though one of them counts on another of the same run, and each of them is tried by itself as well."""
    project = write(
        OLD,
        ("alter table old rename to older", "alter table older rename to old"),
        ("pass; op.get_bind().info['seen'] = True", "pass"),
        ("alter table older alter word set not null", "alter table older alter word drop not null"),
    )
    path = tmp_path / "4.py"
    path.write_text(
        path.read_text().replace("op.execute('alter", "assert op.get_bind().info['seen']; op.execute('alter")
    )
    done = rehearse(target, project=project)
    assert done.failure is None
    rename, scan = (row for row in done.rows if row.locks)
    assert (rename.locks, scan.locks) == ({"public.old": "AccessExclusiveLock"},) * 2  # as the target calls it
    assert scan.scans == ("public.old",)
    assert [(trace.revision, trace.message.partition(":")[0]) for trace in done.traces] == [
        ("p4", "fails by itself where the tables are empty")
    ]


def test_a_revision_that_fails_on_rows_is_the_verdict(target: Database, write: Write) -> None:
    query(target, "update old set number = null where id % 2 = 0")
    query(target, "analyze old")
    project = write(
        OLD,
        ("create table fine ()", "drop table fine"),
        ("alter table old alter number set not null", "pass"),
        ("create table never ()", "drop table never"),
    )
    done = rehearse(target, project=project)
    assert not done.ok
    assert done.failure == 'Revision p3 failed: column "number" of relation "old" contains null values'
    assert done.verdict == f"{done.failure}: mend it before it fails on the target."
    assert {row.revision for row in done.rows} == {"p2"}
    assert done.traces == ()


# --- fewer rows than the target has


def run_of(*statements: Statement) -> CapturedRevision:
    return CapturedRevision("r", "", True, statements, (), 1000)


EXCLUSIVE = {"public.a": "AccessExclusiveLock"}
TEN_TIMES = Sizes([Filled("public.a", 1000, 100), Filled("public.b", 50, 0, "no value")])


def test_what_grows_with_the_rows_is_estimated_and_said_so() -> None:
    rows, holds = measured(
        run_of(
            Statement("alter table a add c int", 3, effect=Effect(EXCLUSIVE)),
            Statement("alter table a alter c type text", 100, effect=Effect(rewrites=("public.a",))),
            Statement("update a set c = 1", 100, rows=100, effect=Effect()),
            Statement("insert into a values (1)", 1, rows=1, effect=Effect()),
        ),
        ["public.a"],
        TEN_TIMES,
    )
    assert [(row.low, row.high) for row in rows] == [(3, 3), (500, 2000), (100, 2000), (1, 1)]
    assert [(hold.milliseconds, hold.low, hold.high, hold.estimated, hold.tested) for hold in holds] == [
        (204, 604, 4004, True, True)
    ]
    assert holds[0].cause.number == 2


@pytest.mark.parametrize(
    ("sql", "grows"),
    [
        ("create table n (id bigint generated by default as identity, a int references a)", False),
        ("create table n (a int generated always as (id * 2) stored)", False),
        ("create table n as select * from a", True),
        ("create unlogged table if not exists n (i) with (fillfactor = 70) as\n (table a)", True),
    ],
)
def test_only_what_fills_a_new_table_takes_longer_on_a_larger_one(sql: str, grows: bool) -> None:
    rows, _ = measured(run_of(Statement(sql, 10, effect=Effect({"public.a": "x"}))), ["public.a"], TEN_TIMES)
    assert (rows[0].high > 10) is grows


def test_an_autocommit_statement_ends_the_transaction_before_it() -> None:
    _, holds = measured(
        run_of(
            Statement("alter table a add c int", 5, effect=Effect(EXCLUSIVE)),
            Statement("create index concurrently on a (c)", 900, autocommit=True,
                      effect=Effect({"public.a": "ShareUpdateExclusiveLock"}, builds={"public.a": ("i",)})),
            Statement("alter table a add d int", 7, effect=Effect({**EXCLUSIVE, "public.new": "ShareLock"})),
        ),
        ["public.a"],
        Sizes([]),
    )  # fmt: skip
    assert [(hold.lock, hold.milliseconds) for hold in holds] == [
        ("AccessExclusiveLock", 5),
        ("ShareUpdateExclusiveLock", 900),
        ("AccessExclusiveLock", 7),
    ]


def test_a_table_that_could_not_be_filled_is_not_said_to_be_quick() -> None:
    effect = Effect({"public.b": "ShareLock"}, builds={"public.b": ("i",)})
    _, holds = measured(run_of(Statement("create index i on b (c)", 1, effect=effect)), ["public.b"], TEN_TIMES)
    assert [hold.tested for hold in holds] == [False]
    _, holds = measured(
        run_of(Statement("alter table b add d int", 1, effect=Effect({"public.b": "x"}))), ["public.b"], TEN_TIMES
    )
    assert [hold.tested for hold in holds] == [True]


def test_fewer_rows_are_an_estimate_in_the_verdict_too(target: Database, write: Write) -> None:
    project = write(OLD, ("create index by_word on old (word)", "drop index by_word"))
    done = rehearse(target, project=project, rows=1000, max_block_seconds=0.0001)
    assert done.rows[0].high == pytest.approx(done.rows[0].milliseconds * 40)
    assert "for an estimated " in done.verdict
    assert f"on {ROWS:,} rows, from " in done.verdict
    assert any("Fewer rows than on the target: public.old" in caveat for caveat in done.caveats)


def test_what_was_not_tested_is_the_answer_no(target: Database, write: Write) -> None:
    impossible = (
        "create table odd (c text check (md5(c) = 'never'), d text not null check (md5(d) = 'never'))",
        "drop table odd",
    )
    upgrade(target, project=write(OLD, impossible))
    query(target, "alter table odd drop constraint odd_d_check")
    query(target, f"insert into odd select null, 'x' from generate_series(1, {ROWS}) i")
    query(target, "analyze odd")
    done = rehearse(target, project=write(OLD, impossible, ("create index by_d on odd (d)", "drop index by_d")))
    assert not done.ok
    assert done.verdict == "How long p3 blocks writes to odd was not tested: no rows could be made for it."
    assert (
        f"public.odd has {ROWS:,} rows on the target and none here: no value was found for its column d text."
        in done.caveats
    )


def test_rows_may_come_from_elsewhere(target: Database, write: Write) -> None:
    def fill(copy: Database) -> tuple[Filled, ...]:
        query(copy, "insert into old (word, number) values ('from a backup', 1)")
        return (Filled("public.old", 1, 1),)

    done: Rehearsal = rehearse(
        target, project=write(OLD, ("update old set number = 2 where word = 'from a backup'", "pass")), fill=fill
    )
    assert done.rows[0].changed == 1
    assert done.caveats == ()


# --- other targets


def test_an_older_server_is_told_what_is_not_proven(postgresql: Servers) -> None:
    with postgresql.get(16).database() as url, Database(url) as db:
        done = rehearse(db)
        assert done.before is None
        assert any(caveat.startswith("The target runs PostgreSQL 16, the rehearsal 18") for caveat in done.caveats)
        assert done.ok
        assert fingerprint(db).keys() == {("extension", "plpgsql"), ("schema", "public")}


def test_a_role_that_may_only_read_the_version_can_rehearse(server: Server, db: Database) -> None:
    with as_role(server, db, "onlooker") as stranger:
        query(db, "grant select on alembic_version to onlooker")
        query(db, "update alembic_version set version_num = '0011_growth'")
        done = rehearse(stranger)
    assert done.ok
    assert {row.revision for row in done.rows} == {HEAD}


def test_nothing_pending_is_said_so(db: Database) -> None:
    done = rehearse(db)
    assert done.ok
    assert done.verdict == f"Nothing is pending: the database is at {HEAD}."


def test_another_project_with_a_version_table_of_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/its\n")
    (tmp_path / "its" / "versions").mkdir(parents=True)
    (tmp_path / "its" / "env.py").write_text(
        "from alembic import context\n"
        "from sqlalchemy import create_engine\n"
        "with create_engine('postgresql+psycopg2://nowhere/none').connect() as connection:\n"
        "    context.configure(connection=connection, version_table='Its history')\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    revision = REVISION.format(
        number=1, follows="", up="op.execute('create table t ()')", down="op.execute('drop table t')"
    )
    (tmp_path / "its" / "versions" / "1.py").write_text(revision.replace('down_revision = ""', "down_revision = None"))
    done = run("rehearse", "--project", tmp_path, "--format", "json")
    assert done.code == 0, done.stdout + done.stderr
    assert [row["sql"] for row in done.json["rows"]] == ["create table t ()"]
    assert done.json["traces"] == []


# --- the command


def test_the_command_without_any_database_rehearses_everything(run: Run) -> None:
    done = run("rehearse", "--format", "json")
    assert done.code == 0, done.stderr
    assert done.json["verdict"] == "Nothing blocks anybody for more than 50 ms; the round trip is clean."
    assert {row["revision"] for row in done.json["rows"]} == {each.id for each in Graph.read().revisions}
    assert done.json["caveats"][0].startswith("There was no target")
    assert "✓" in done.stderr


def test_the_command_says_no_with_exit_1(run: Run, target: Database, write: Write, tmp_path: Path) -> None:
    write(OLD, ("create index by_word on old (word)", "pass"))
    url = str(target.settings.url)
    arguments = ("rehearse", "--against", url, "--directory", tmp_path, "--max-block")
    done = run(*arguments, "0.0001")
    assert done.code == 1
    assert done.stdout.startswith("p2 blocks writes to old for about")
    assert "Share on public.old, builds by_word" in done.stdout
    assert "p2 leaves 1 difference when it is reverted." in done.stdout
    row = run(*arguments, "60", "--format", "csv").stdout.splitlines()[1]
    assert "create index by_word on old (word)" in row
    assert json.loads(run(*arguments, "60", "--format", "json").stdout)["ok"] is False
