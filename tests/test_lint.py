"""Linting as a whole: which revisions are judged, by which tables, and what is done with squawk's findings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, ConfigurationInvalid, Refused, ServerRefused, ToolMissing
from litxdb.migrate import Graph, Project, upgrade
from litxdb.migrate.lint import LintResult, explain_rule, lint
from litxdb.migrate.lint.acceptance import acceptances
from litxdb.migrate.lint.relations import Relation, relations
from litxdb.migrate.lint.rules import own_rules
from litxdb.migrate.lint.squawk_rules import SQUAWK_RULES
from tests.bed.servers import Server
from tests.bed.statements import query

HEAD = Graph.read().head.id
REVISION = '''"""Revision {number} of the project."""
import sqlalchemy as sa
from alembic import op

revision = "p{number}"
down_revision = "{follows}"

def upgrade():
    {up}

{down}
'''
DOWN = "def downgrade():\n    op.execute('select 1')"
BIG = "update pg_class set reltuples = 5e6, relpages = 50000 where relnamespace = 'public'::regnamespace"


@pytest.fixture
def examine(db: Database, tmp_path: Path) -> Callable[..., LintResult]:
    """Write revisions that follow ours and lint what is pending: `examine("op.execute('…')")`."""

    def run(*ups: str, down: str = DOWN, accept: tuple[str, ...] = ()) -> LintResult:
        for number, up in enumerate(ups, 1):
            follows = f"p{number - 1}" if number > 1 else HEAD
            text = REVISION.format(number=number, follows=follows, up=up, down=down)
            (tmp_path / f"{number}.py").write_text(text)
        return lint(db, project=Project.litxplore(tmp_path), accept=accept)

    return run


def rules(result: LintResult, *, level: str | None = None) -> list[str]:
    return sorted(each.rule for each in result.rows if level in (None, each.level))


def test_our_own_revisions_do_no_harm_to_a_big_database_of_the_deployed_backend(empty_db: Database) -> None:
    upgrade(empty_db, "create_simplified_tasks_table")
    query(empty_db, BIG)
    result = lint(empty_db)
    assert result.current == "create_simplified_tasks_table"
    assert len(result.examined) == 7
    assert {(each.level, each.rule) for each in result.rows} == {("info", "prefer-text-field")}
    assert not result.fails("warning")


def test_the_revisions_that_are_deployed_already_would_have(empty_db: Database) -> None:
    result = lint(empty_db, everything=True)
    assert len(result.examined) == 12
    errors = {(each.revision, each.rule) for each in result.rows if each.level == "error"}
    assert {revision for revision, _ in errors} == {"39f6942a01f0", "aaf2ade1b6fd"}
    assert ("aaf2ade1b6fd", "adding-foreign-key-constraint") in errors
    assert result.fails()
    assert result.rows[0].rows is None  # the target has no such table: its size is unknown, and counts as big


def test_nothing_pending_is_nothing_to_examine(db: Database) -> None:
    assert lint(db) == LintResult(HEAD, (), ())


def test_tables_of_the_same_run_are_not_judged(examine: Callable[..., LintResult]) -> None:
    made = "op.execute('create table new (id int, word varchar(9)); create type mood as enum (\\'ok\\')')"
    used = "op.execute('create index on new (word); alter table new alter id type bigint; drop type mood')"
    more = "op.execute('alter table new add foreign key (id) references users; update new set id = 1; drop table new')"
    assert examine(made, used, more).rows == ()


def test_a_revision_named_is_judged_as_if_deployed_alone(
    examine: Callable[..., LintResult], db: Database, tmp_path: Path
) -> None:
    examine("op.execute('create table new (id int)')", "op.execute('create index on new (id)')")
    project = Project.litxplore(tmp_path)
    assert rules(lint(db, project=project, revisions=["p2"])) == ["require-concurrent-index-creation"]
    assert lint(db, project=project, revisions=["p1"]).rows == ()
    with pytest.raises(ArgumentInvalid, match="There is no revision p9"):
        lint(db, project=project, revisions=["p9"])


@pytest.mark.parametrize(
    ("rows", "pages", "level"), [(9_999, 1, "info"), (10_000, 1, "error"), (99, 1280, "error"), (-1, 0, "error")]
)
def test_a_small_table_is_only_worth_knowing(
    examine: Callable[..., LintResult], db: Database, rows: int, pages: int, level: str
) -> None:
    query(db, f"update pg_class set reltuples = {rows}, relpages = {pages} where relname = 'users'")
    (found,) = examine("op.create_index('ix', 'users', ['first_name'])").rows
    assert (found.level, found.table, found.line) == (level, "public.users", 9)
    assert (found.rows, found.bytes) == ((None, None) if rows < 0 else (rows, pages * 8192))


def test_a_partitioned_table_is_as_big_as_its_partitions(examine: Callable[..., LintResult], db: Database) -> None:
    parts = (
        "create table log (id int) partition by range (id); create table log1 partition of log for values from (0) "
        "to (9); create table log2 partition of log for values from (9) to (99)"
    )
    query(db, parts)
    query(db, "update pg_class set reltuples = 6000, relpages = 20 where relname in ('log1', 'log2')")
    result = examine(f'op.execute("{parts}")', "op.execute('update log set id = 1')")
    assert result.rows == ()  # made by the same run
    query(db, "create table alembic_version_1 as table alembic_version")
    query(db, "update alembic_version set version_num = 'p1'")
    found = {each.rule: each for each in examine(f'op.execute("{parts}")', "op.execute('update log set id = 1')").rows}
    assert found["unbatched-write"].level == "error"
    assert found["unbatched-write"].rows == 12_000


def test_the_worst_of_the_biggest_tables_comes_first(examine: Callable[..., LintResult], db: Database) -> None:
    query(db, BIG)
    query(db, "update pg_class set relpages = 60000 where relname = 'tasks'")
    query(db, "update pg_class set reltuples = 9 , relpages = 1 where relname = 'papers'")
    indexes = [f"op.create_index('ix_{table}', '{table}', ['id'])" for table in ("papers", "users", "tasks")]
    result = examine(*indexes, "op.drop_column('users', 'first_name')")
    assert [(each.level, each.table) for each in result.rows] == [
        ("error", "public.tasks"),
        ("error", "public.users"),
        ("warning", "public.users"),
        ("info", "public.papers"),
    ]


def test_what_runs_outside_a_transaction_is_told_to_squawk(examine: Callable[..., LintResult]) -> None:
    block = "with op.get_context().autocommit_block(): op.execute('create index concurrently {}ix on users (id)')"
    assert rules(examine(block.format("if not exists "))) == []
    assert rules(examine(block.format(""))) == ["prefer-robust-stmts"]


# --- downgrades


@pytest.mark.parametrize(
    ("down", "message"),
    [
        ("", "there is no downgrade()"),
        ("def downgrade():\n    '''Nothing.'''", "downgrade() does nothing, and upgrade() does something"),
        ("def downgrade() -> None:\n    pass", "downgrade() does nothing, and upgrade() does something"),
        ("def downgrade():\n    raise NotImplementedError", "downgrade() only raises"),
    ],
)
def test_a_missing_downgrade(examine: Callable[..., LintResult], down: str, message: str) -> None:
    (found,) = examine("op.execute('create table new ()')", down=down).rows
    assert (found.rule, found.level, found.message) == ("missing-downgrade", "warning", message)
    assert found.line == (1 if not down else 11)


def test_a_merge_or_an_empty_revision_needs_no_downgrade(examine: Callable[..., LintResult]) -> None:
    assert examine("op.execute('select 1')", down="def downgrade():\n    pass").rows == ()


def test_a_downgrade_that_fails_when_tried(examine: Callable[..., LintResult]) -> None:
    (found,) = examine("op.execute('create table new ()')", down="def downgrade():\n    op.drop_table('nwe')").rows
    assert found.rule == "failing-downgrade"
    assert 'table "nwe" does not exist' in found.message


# --- acceptance


def test_a_finding_is_accepted_by_a_comment_with_a_reason(examine: Callable[..., LintResult]) -> None:
    index = "op.create_index('ix', 'users', ['id'])  # litxdb: accept require-concurrent-index-creation"
    accepted = examine(f"{index} it is night")
    assert [each.accepted for each in accepted.rows] == ["it is night"]
    assert not accepted.fails("warning")
    assert accepted.count("error") == 0
    void = examine(index)
    assert rules(void) == ["require-concurrent-index-creation", "void-acceptance"]
    assert void.fails()


def test_a_finding_is_accepted_by_name(examine: Callable[..., LintResult]) -> None:
    index = "op.create_index('ix', 'users', ['id'])"
    assert not examine(index, accept=("require-concurrent-index-creation",)).fails()
    assert examine(index, accept=("unbatched-write",)).fails()
    with pytest.raises(ArgumentInvalid, match="There is no rule unbatched") as failure:
        examine(index, accept=("unbatched",))
    assert failure.value.hint == "Did you mean unbatched-write?"


def test_only_comments_accept() -> None:
    source = 'x = "# litxdb: accept a b"\n# litxdb: accept c-d: because\n    # litxdb: accept\n'
    assert [(each.rule, each.reason) for each in acceptances(source)] == [("c-d", "because"), ("", "")]


# --- what cannot be examined


def test_without_squawk_it_says_what_to_install(
    examine: Callable[..., LintResult], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="squawk, which reads the SQL of revisions, is not installed") as failure:
        examine("op.create_index('ix', 'users', ['id'])")
    assert failure.value.hint == "Install it where litxdb is: pip install squawk-cli"
    broken = tmp_path / "squawk"
    broken.write_text("#!/bin/sh\necho 'error: no such option' >&2; exit 2")
    broken.chmod(0o755)
    with pytest.raises(ToolMissing, match="cannot be used: error: no such option"):
        examine("op.create_index('ix', 'users', ['id'])")


def test_a_syntax_error_names_file_and_line(examine: Callable[..., LintResult], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"1\.py is not a revision: .*line 9"):
        examine("op.execute('select 1'")


def test_a_revision_that_fails_leaves_the_target_alone(examine: Callable[..., LintResult], db: Database) -> None:
    with pytest.raises(
        ServerRefused, match=r"p1 failed: division by zero\. That was a scratch database: no other was changed"
    ):
        examine("op.create_table('new', sa.Column('id', sa.Integer)); op.execute('select 1/0')")
    with pytest.raises(ServerRefused, match=r"Revision p1 failed: KeyError: 'x'"):
        examine("op.create_table('new', sa.Column('id', sa.Integer)); {}['x']")
    assert query(db, "select to_regclass('new')") == [(None,)]


def test_a_database_unknown_to_the_history_is_refused(db: Database) -> None:
    query(db, "update alembic_version set version_num = 'gone'")
    with pytest.raises(Refused, match="at revision gone, which this litxdb does not know"):
        lint(db)


def test_sizes_are_read_on_every_version(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(db, 'create schema "S"; create table "S"."T" as select generate_series(1, 500) n')
        query(db, 'create index on "S"."T" (abs(n))')
        size = query(db, """select pg_relation_size('"S"."T"')""")[0][0]
        assert relations(db)['"S"."T"'] == Relation('"S"."T"', 500, size, ("T_abs_idx",))  # CREATE INDEX counts them
        query(db, "create table never_counted ()")
        assert relations(db)["public.never_counted"] == Relation("public.never_counted")


def test_every_rule_of_squawk_s_that_we_name_exists(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "squawk"
    (tmp_path / "x.sql").write_text("select 1;")
    names = ",".join(SQUAWK_RULES)
    assert not subprocess.run([program, f"--exclude={names}", tmp_path / "x.sql"], check=False).returncode
    assert not SQUAWK_RULES.keys() & {rule.id for rule in own_rules()}
    known = SQUAWK_RULES.keys() | {rule.id for rule in own_rules()}
    assert {other for name in known for other in explain_rule(name).overlaps} <= known
