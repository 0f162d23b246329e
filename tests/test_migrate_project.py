"""Other people's Alembic projects: whatever their env.py does, it works on our connection and leaves no trace."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, Exit, LitxdbError, Refused, ServerRefused, ToolMissing
from litxdb.migrate import (
    Patience,
    Project,
    capture,
    downgrade,
    find_project,
    fingerprint,
    history,
    losses,
    plan_upgrade,
    stamp,
    status,
    upgrade,
)
from litxdb.migrate.lock import migration_lock
from tests.bed.program import Outcome
from tests.bed.projects import INI, OWN_ENGINE, Writer
from tests.bed.statements import query

Run = Callable[..., Outcome]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "a project of ours")


@pytest.fixture
def branching(write: Writer) -> Path:
    """A history that forks after a, comes together in m, and forks again into two heads."""
    place = write()
    write.revision("a", None)
    write.revision("b", "a")
    write.revision("c", "a", depends="b")
    write.revision("m", ("b", "c"), "pass", "pass")
    write.revision("lhs", "m", labels="west")
    write.revision("rhs", "m")
    return place


def tables(db: Database) -> set[str]:
    return {name for kind, name in fingerprint(db) if kind == "table"}


def test_an_env_py_with_an_engine_of_its_own_and_logging(
    write: Writer, run: Run, empty_url: str, empty_db: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    place = write()
    write.revision("a", None)
    write.revision("b", "a")
    root, mine = logging.getLogger(), logging.getLogger("mine")
    before = (root.level, list(root.handlers), mine.disabled, list(sys.path), Path.cwd())
    options = ("--project", place, "--url", empty_url, "--format", "json")
    assert run("status", *options).json["pending"] == ["a", "b"]
    done = run("migrate", *options)
    assert (done.code, [row["revision"] for row in done.json["rows"]]) == (Exit.DONE, ["a", "b"])
    assert "env.py says hello" in done.stderr
    assert tables(empty_db) == {"public.a", "public.b"}
    assert run("status", "--check", *options).code == Exit.DONE
    assert run("rollback", "--yes", *options).json["after"] == "a"
    assert [row["current"] for row in run("history", *options).json["rows"]] == [True, False]
    assert (root.level, list(root.handlers), mine.disabled, list(sys.path), Path.cwd()) == before
    assert not list(place.rglob("*.db"))
    assert capfd.readouterr().out == ""


def test_two_projects_of_one_database_share_neither_lock_nor_log(tmp_path: Path, empty_db: Database) -> None:
    """Though their revisions bear the same ids."""
    said: list[str] = []
    empty_db.notify = said.append
    projects = []
    for name in ("first", "second"):
        writer = Writer(tmp_path / name)
        place = writer(OWN_ENGINE.replace("connection=connection", f"connection=connection, version_table='{name}'"))
        writer.revision("a", None, f"op.execute('create table of_{name} ()')", f"op.execute('drop table of_{name}')")
        projects.append(find_project(place, empty_db))
    first, second = projects
    upgrade(empty_db, project=first)
    assert history(empty_db, project=second)[0].applied_at is None
    with migration_lock(empty_db, first, 0):
        assert upgrade(empty_db, project=second, patience=Patience(wait_seconds=0)).after == "a"
    assert query(empty_db, "select version_table from litxdb.migrations order by started") == [
        ("public.first",),
        ("public.second",),
    ]
    assert [history(empty_db, project=each)[0].changed for each in projects] == [False, False]
    assert upgrade(empty_db, project=first).steps == ()
    assert not [line for line in said if line.startswith("warning: a.py is not the file")]
    back = downgrade(empty_db, project=first, dry_run=True)
    assert [each.object for each in losses(empty_db, back, project=first)] == ["public.of_first"]


@pytest.mark.parametrize(
    "opening",
    [
        "context.config.attributes['connection'].engine.connect()",
        "create_engine('postgresql+psycopg2://nobody@nowhere.invalid/none').connect()",
        "create_engine('postgresql+psycopg2://nobody@nowhere.invalid/none').begin()",
    ],
)
def test_whatever_connection_env_py_opens_it_is_ours(write: Writer, empty_db: Database, opening: str) -> None:
    place = write(f"""
        from alembic import context
        from sqlalchemy import create_engine, text
        with {opening} as connection:
            connection.execute(text("create table if not exists set_up ()"))
            connection.commit()
            context.configure(connection=connection, transaction_per_migration=False)
            with context.begin_transaction():
                context.run_migrations()
    """)
    write.revision("a", None)
    write.revision("b", "a", "op.execute('create table b ()'); op.execute('select 1/0')")
    project = find_project(place, empty_db)
    with pytest.raises(ServerRefused, match=r"Revision b failed: division by zero\. The database is at revision a"):
        upgrade(empty_db, project=project)
    assert tables(empty_db) == {"public.a", "public.set_up"}


def test_a_version_table_that_other_sessions_would_not_find_is_refused(write: Writer, empty_db: Database) -> None:
    text = """
        from alembic import context
        connection = context.config.attributes["connection"]
        connection.exec_driver_sql("create schema if not exists app")
        connection.exec_driver_sql("set search_path = app")
        context.configure(connection=connection{more})
        with context.begin_transaction():
            context.run_migrations()
    """
    place = write(text.format(more=""))
    write.revision("a", None)
    with pytest.raises(Refused, match="sets search_path, so that its alembic_version is in the schema app"):
        upgrade(empty_db, project=find_project(place, empty_db))
    assert tables(empty_db) == set()
    write(text.format(more=", version_table_schema='app'"))
    project = find_project(place, empty_db)
    assert upgrade(empty_db, project=project).after == "a"
    assert status(empty_db, project=project).at_head
    assert tables(empty_db) == {"app.a"}


def test_asynchronous_env_py(write: Writer, empty_db: Database) -> None:
    place = write("""
        import anyio
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config

        def work(connection):
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()

        async def main():
            engine = async_engine_from_config(context.config.get_section("alembic"))
            async with engine.connect() as connection:
                await connection.run_sync(work)
            await engine.dispose()

        anyio.from_thread.run(main)
    """)
    write.revision("a", None, "op.get_bind().exec_driver_sql(\"select format('%I', 'x'), '%'\")", "pass")
    project = find_project(place, empty_db)
    assert upgrade(empty_db, project=project).after == "a"
    assert downgrade(empty_db, project=project).after is None


def test_merge_points_and_several_heads(branching: Path, empty_db: Database) -> None:
    project = find_project(branching, empty_db)
    with pytest.raises(ConfigurationInvalid, match="The history has 2 heads: lhs and rhs") as failure:
        upgrade(empty_db, project=project)
    assert failure.value.hint is not None
    assert "heads for all" in failure.value.hint
    assert upgrade(empty_db, "m", project=project).after == "m"
    assert upgrade(empty_db, "west@head", project=project).after == "lhs"
    assert [each.revision for each in status(empty_db, project=project).pending] == ["rhs"]
    done = upgrade(empty_db, "heads", project=project)
    assert (done.before, done.after) == ("lhs", "lhs, rhs")
    stands = status(empty_db, project=project)
    assert (stands.current, stands.head, stands.at_head) == ("lhs, rhs", "lhs, rhs", True)
    assert [each.revision for each in history(empty_db, project=project) if each.current] == ["lhs", "rhs"]
    back = downgrade(empty_db, to="m", project=project, dry_run=True)
    assert {step.revision for step in back.steps} == {"lhs", "rhs"}
    assert downgrade(empty_db, to="m", project=project).after == "m"
    assert downgrade(empty_db, to="b", project=project).after == "b"
    assert tables(empty_db) == {"public.a", "public.b"}
    assert upgrade(empty_db, "heads", project=project).after == "lhs, rhs"
    assert downgrade(empty_db, to="base", project=project).after is None
    assert tables(empty_db) == set()


def test_a_rollback_leaves_other_branches_alone(branching: Path, empty_db: Database, write: Writer) -> None:
    write.revision("lhs2", "lhs")
    project = find_project(branching, empty_db)
    upgrade(empty_db, "heads", project=project)
    done = downgrade(empty_db, to="lhs", project=project)
    assert ([step.revision for step in done.steps], done.after) == (["lhs2"], "lhs, rhs")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ("version_table='History', version_table_schema='Admin'", False),
        ("**{'version_table': 'History', 'version_table_schema': 'Admin'}", True),
        ("version_table='Hist' + 'ory', version_table_schema=schema", True),
    ],
)
def test_a_version_table_of_its_own_name_and_schema(
    write: Writer, empty_db: Database, arguments: str, asked: bool
) -> None:
    place = write(f"""
        from alembic import context
        from pathlib import Path
        schema = "Admin"
        Path("ran").write_text("")
        context.configure(connection=context.config.attributes["connection"], {arguments})
        with context.begin_transaction():
            context.run_migrations()
    """)
    write.revision("a", None, "op.execute('create table a ()')")
    query(empty_db, 'create schema "Admin"')
    project = find_project(place, empty_db)
    assert (place / "ran").exists() is asked
    assert project.version_name == '"Admin"."History"'
    assert '"Admin"."History"' not in tables(empty_db)
    assert upgrade(empty_db, project=project).after == "a"
    assert query(empty_db, 'select version_num from "Admin"."History"') == [("a",)]
    assert status(empty_db, project=project).at_head
    assert stamp(empty_db, "base", project=project).before == "a"
    assert status(empty_db, project=project).current is None


def test_revisions_that_only_python_can_tell(write: Writer, empty_db: Database) -> None:
    place = write()
    write.revision("a", None)
    file = place / "scripts" / "versions" / "b.py"
    file.write_text("revision = 'b' * 1\ndown_revision = 'a'\ndef upgrade(): pass\ndef downgrade(): pass\n")
    project = find_project(place, empty_db)
    assert [each.id for each in project.graph().revisions] == ["a", "b"]
    assert upgrade(empty_db, project=project).after == "b"


def test_revisions_elsewhere_that_env_py_names_itself(write: Writer, empty_db: Database) -> None:
    place = write("from alembic import context\ncontext.script.version_locations = ['here']\n" + OWN_ENGINE)
    write.revision("a", None)
    (place / "scripts" / "versions").rename(place / "here")
    assert upgrade(empty_db, project=find_project(place, empty_db)).after == "a"


def test_revisions_in_directories_below(write: Writer, empty_db: Database) -> None:
    place = write(ini=INI.replace("[loggers]", "recursive_version_locations = true\n[loggers]"))
    write.revision("a", None)
    write.revision("b", "a")
    (place / "scripts" / "versions" / "2025").mkdir()
    (place / "scripts" / "versions" / "b.py").rename(place / "scripts" / "versions" / "2025" / "b.py")
    assert upgrade(empty_db, project=find_project(place, empty_db)).after == "b"


def test_one_that_asks_the_database_and_leaves_its_transaction(write: Writer, empty_db: Database) -> None:
    place = write()
    write.revision("a", None, "op.execute('create table a as select 1 as one')")
    write.revision(
        "b",
        "a",
        """
        for (one,) in op.get_bind().execute(sa.text("select one from a")).fetchall():
            with op.get_context().autocommit_block():
                op.execute(f"create index concurrently ix_{one} on a (one)")
        """,
        "op.execute('drop index ix_1')",
    )
    project = find_project(place, empty_db)
    captured = capture(project, empty_db, project.graph().revisions)
    assert [(each.sql, each.autocommit) for each in captured[1].statements] == [
        ("select one from a", False),
        ("create index concurrently ix_1 on a (one)", True),
    ]
    assert status(empty_db, project=project).at_head


def test_a_downgrade_that_raises_leaves_everything_as_it_was(
    write: Writer, run: Run, empty_url: str, empty_db: Database
) -> None:
    place = write()
    write.revision("a", None, down="op.execute('drop table a'); raise NotImplementedError('no way back')")
    options = ("--project", place, "--url", empty_url)
    assert run("migrate", *options).code == Exit.DONE
    failed = run("rollback", "--yes", *options)
    assert failed.code == Exit.REFUSED
    assert "Revision a cannot be reverted: its downgrade raises NotImplementedError: no way back" in failed.stderr
    assert "a.py, line 15)" in failed.stderr
    assert tables(empty_db) == {"public.a"}
    assert run("status", "--check", *options).code == Exit.DONE


def test_a_history_that_does_not_start_from_an_empty_database(write: Writer, empty_db: Database) -> None:
    place = write()
    write.revision("a", None, "op.add_column('grown_elsewhere', sa.Column('x', sa.Text))", "pass")
    project = find_project(place, empty_db)
    with pytest.raises(ServerRefused, match=r'"grown_elsewhere" does not exist. The history of .* does not start from'):
        upgrade(empty_db, project=project)
    assert status(empty_db, project=project).current is None
    query(empty_db, "create table grown_elsewhere ()")
    assert upgrade(empty_db, project=project).after == "a"


@pytest.mark.parametrize(
    ("line", "kind", "message", "hint"),
    [
        ("import nobody_has_this", ToolMissing, "needs the Python module nobody_has_this", "virtual environment"),
        (
            "import os; os.environ['NOT_SET']",
            ConfigurationInvalid,
            "env.py, line 1 fails: KeyError",
            "variable NOT_SET",
        ),
        (
            "raise SystemExit('set NOT_SET')",
            ConfigurationInvalid,
            "line 1 ends the program: set NOT_SET",
            "what it says",
        ),
        ("def broken(:", ConfigurationInvalid, "SyntaxError", "alembic command work"),
        (
            "from alembic import context\ncontext.config.attributes['connection'].exec_driver_sql('pragma x')",
            ConfigurationInvalid,
            'sends what the server refuses: syntax error at or near "pragma"',
            "another database system",
        ),
        ("pass", ConfigurationInvalid, "runs without configuring Alembic", "context.configure"),
    ],
)
def test_an_env_py_that_cannot_run_here_says_why(
    write: Writer, empty_db: Database, line: str, kind: type[LitxdbError], message: str, hint: str
) -> None:
    place = write(line)
    write.revision("a", None)
    with pytest.raises(kind, match=message) as failure:
        upgrade(empty_db, project=find_project(place, empty_db))
    assert failure.value.hint is not None
    assert hint in failure.value.hint
    assert tables(empty_db) == set()


def test_drift_of_a_project(write: Writer, run: Run, empty_url: str, empty_db: Database) -> None:
    place = write()
    write.revision("a", None, "op.create_table('a', sa.Column('id', sa.Integer))")
    options = ("--project", place, "--url", empty_url, "--format", "json")
    assert run("migrate", *options).code == Exit.DONE
    assert run("drift", *options).code == Exit.DONE
    query(empty_db, "alter table a add strange text")
    found = run("drift", *options)
    assert (found.code, [row["object"] for row in found.json["rows"]]) == (Exit.FINDINGS, ["public.a.strange"])


def test_lint_and_rehearsal_of_a_project(write: Writer, run: Run, empty_url: str, empty_db: Database) -> None:
    place = write()
    write.revision("a", None, "op.create_table('a', sa.Column('id', sa.Integer))")
    assert run("migrate", "--project", place, "--url", empty_url).code == Exit.DONE
    write.revision("b", "a", "op.create_index('ix', 'a', ['id'])", "op.drop_index('ix')")
    linted = run("lint", "--project", place, "--url", empty_url, "--format", "json")
    assert linted.code in (Exit.DONE, Exit.FINDINGS)
    assert {row["revision"] for row in linted.json["rows"]} == {"b"}
    rehearsed = run("rehearse", "--project", place, "--against", empty_url, "--format", "json")
    assert rehearsed.code in (Exit.DONE, Exit.FINDINGS)
    assert {row["revision"] for row in rehearsed.json["rows"]} == {"b"}
    assert status(empty_db, project=find_project(place, empty_db)).current == "a"


def test_what_cannot_be_replayed_is_told_so(write: Writer, empty_db: Database) -> None:
    place = write()
    write.revision("a", None, "op.add_column('grown_elsewhere', sa.Column('x', sa.Text))", "pass")
    write.revision("b", "a")
    query(empty_db, "create table grown_elsewhere ()")
    project = find_project(place, empty_db)
    upgrade(empty_db, "a", project=project)
    found = plan_upgrade(empty_db, project=project)
    assert [row.revision for row in found.rows] == ["b"]
    assert found.unknown is not None
    assert "does not start from an empty database" in found.unknown


def test_ours_is_never_branched(db: Database) -> None:
    query(db, "insert into alembic_version values ('0008_chat')")
    with pytest.raises(Refused, match="names 2 revisions at once"):
        status(db, project=Project.litxplore())


def test_directory_and_project_exclude_each_other(run: Run, db_url: str, tmp_path: Path) -> None:
    outcome = run("status", "--url", db_url, "--project", tmp_path, "--directory", tmp_path)
    assert outcome.code == Exit.USAGE
    assert "--directory adds to LitXplore's revisions" in " ".join(outcome.stderr.split())
