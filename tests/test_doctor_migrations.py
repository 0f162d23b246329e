"""doctor's checks of migrations and the seed: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litxdb import doctor
from litxdb.database import Database
from litxdb.database.advisory import acquire
from litxdb.doctor import Reason, Status, Tier
from litxdb.doctor.checks.migrations import migration_lock_held
from litxdb.errors import LitxdbError
from litxdb.migrate import Graph, downgrade, heads, upgrade
from litxdb.seed import baseline
from litxdb.settings import Settings
from tests.bed.examining import findings, mend, result
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

HEAD = Graph.read().head.id
LEGACY = "create_simplified_tasks_table"
STATES = (
    "pending_revisions",
    "unknown_revision",
    "several_revisions",
    "version_table_missing",
    "broken_history",
    "migration_interrupted",
    "changed_revisions",
)


def follow(db_url: str, remedy: str, run: Callable[..., Outcome]) -> None:
    """Run the litxdb command that a remedy begins with."""
    words = shlex.split(remedy.partition(" && ")[0])
    outcome = run(*words[1:], "--url", db_url)
    assert outcome.code == 0, outcome.stderr


class TestPendingRevisions:
    def test_behind_the_code(self, db: Database, db_url: str, run: Callable[..., Outcome]) -> None:
        downgrade(db)
        (finding,) = findings(db, "pending_revisions").values()
        assert finding.level is Status.CRIT
        assert finding.measured == f"at 0011_growth, head is {HEAD}, 1 revision pending"
        follow(db_url, finding.remedy, run)
        assert findings(db, "pending_revisions") == {}

    def test_an_empty_database(self, empty_db: Database) -> None:
        (finding,) = findings(empty_db, "pending_revisions").values()
        assert finding.measured.startswith("at nothing, ")
        for check in ("unknown_revision", "several_revisions", "version_table_missing", "migration_interrupted"):
            assert result(empty_db, check).reason is Reason.NOTHING_THERE

    def test_of_a_project(self, db: Database, project: Callable[..., Path]) -> None:
        directory = project("op.execute('select 1')")
        assert len(findings(db, "pending_revisions", directory=directory)) == 1
        upgrade(db, directory=directory)
        assert findings(db, "pending_revisions", directory=directory) == {}


class TestUnknownRevision:
    def test_of_a_project_that_is_not_named(self, db: Database, project: Callable[..., Path]) -> None:
        directory = project("op.execute('select 1')")
        upgrade(db, directory=directory)
        (finding,) = findings(db, "unknown_revision").values()
        assert (finding.level, finding.measured) == (Status.CRIT, f"at p1; head is {HEAD}")
        assert result(db, "pending_revisions").reason is Reason.NOT_APPLICABLE
        assert findings(db, "unknown_revision", directory=directory) == {}


class TestSeveralRevisions:
    def test_one_of_which_is_the_newest(self, db: Database, db_url: str, run: Callable[..., Outcome]) -> None:
        query(db, f"insert into alembic_version values ('{LEGACY}')")
        (finding,) = findings(db, "several_revisions").values()
        assert finding.level is Status.CRIT
        assert finding.remedy == f"litxdb stamp --purge {HEAD}"
        assert result(db, "pending_revisions").remedy == "litxdb doctor --only several_revisions"
        follow(db_url, finding.remedy, run)
        assert findings(db, "several_revisions") == {}

    def test_none_of_which_builds_on_the_others(self, db: Database) -> None:
        query(db, "insert into alembic_version values ('elsewhere')")
        (finding,) = findings(db, "several_revisions").values()
        assert finding.remedy == "litxdb history"


class TestBrokenHistory:
    def test_two_heads(self, db: Database, project: Callable[..., Path]) -> None:
        directory = project("op.execute('select 1')", "op.execute('select 2')")
        second = directory / "2.py"
        second.write_text(second.read_text().replace('down_revision = "p1"', f'down_revision = "{HEAD}"'))
        (finding,) = findings(db, "broken_history", directory=directory).values()
        assert finding.level is Status.CRIT
        assert "2 heads: p1 and p2" in finding.measured
        assert result(db, "pending_revisions", directory=directory).remedy == "litxdb doctor --only broken_history"
        second.write_text(second.read_text().replace(f'down_revision = "{HEAD}"', 'down_revision = "p1"'))
        assert findings(db, "broken_history", directory=directory) == {}

    def test_a_file_that_is_none_also_without_a_server(self, project: Callable[..., Path]) -> None:
        directory = project("op.execute('select 1')")
        (directory / "1.py").write_text("revision = ")
        with Database("postgresql://nobody@127.0.0.1:1/none") as db:
            (finding,) = findings(db, "broken_history", directory=directory).values()
        assert "is not a revision" in finding.measured


class TestVersionTableMissing:
    @pytest.mark.parametrize("revision", [LEGACY, "0008_chat", HEAD])
    def test_the_tables_tell_the_revision(
        self, revision: str, empty_db: Database, empty_url: str, run: Callable[..., Outcome]
    ) -> None:
        upgrade(empty_db, revision)
        query(empty_db, "drop table alembic_version")
        (finding,) = findings(empty_db, "version_table_missing").values()
        assert (finding.level, finding.remedy) == (Status.CRIT, f"litxdb stamp {revision} && litxdb drift")
        follow(empty_url, finding.remedy, run)
        assert findings(empty_db, "version_table_missing") == {}
        pending = findings(empty_db, "pending_revisions")
        assert (pending == {}) == (revision == HEAD)

    def test_a_stranger_s_tables_are_none_of_ours(self, empty_db: Database) -> None:
        query(empty_db, "create table orders (id int)")
        assert result(empty_db, "version_table_missing").reason is Reason.NOTHING_THERE


class TestMigrationInterrupted:
    def test_a_failure_that_left_nothing(self, db: Database, project: Callable[..., Path]) -> None:
        directory = project("op.execute('select 1/0')")
        with pytest.raises(LitxdbError):
            upgrade(db, directory=directory)
        (finding,) = findings(db, "migration_interrupted", directory=directory).values()
        assert (finding.level, finding.object, finding.remedy) == (Status.WARN, "p1", "litxdb migrate")
        assert finding.measured.startswith("failed ")
        assert finding.measured.endswith(": division by zero")
        upgrade(db, directory=project("op.execute('select 1')"))
        assert findings(db, "migration_interrupted", directory=directory) == {}

    def test_one_that_left_something_half_done(self, db: Database, project: Callable[..., Path]) -> None:
        query(db, "insert into users (clerk_id, email) values ('a', 'a'), ('b', 'b')")
        build = "op.execute('create unique index concurrently twice on users ((1))')"
        directory = project(f"with op.get_context().autocommit_block(): {build}")
        with pytest.raises(LitxdbError):
            upgrade(db, directory=directory)
        (finding,) = findings(db, "migration_interrupted", directory=directory).values()
        assert finding.level is Status.CRIT
        assert finding.measured.endswith("; left index public.twice")

    def test_a_rollback_that_was_repeated_by_hand(self, db: Database) -> None:
        columns = "revision, direction, outcome, started, milliseconds, lock_retries, checksum, os_user, host, litxdb"
        values = f"'{HEAD}', 'down', 'interrupted', clock_timestamp(), 1, 0, '', 'ada', 'here', '0.1.0'"
        query(db, f"insert into litxdb.migrations ({columns}) values ({values})")
        (finding,) = findings(db, "migration_interrupted").values()
        assert finding.remedy == "litxdb rollback"
        downgrade(db)
        assert findings(db, "migration_interrupted") == {}


class TestMigrationLockHeld:
    def test_by_whom_and_for_how_long(
        self, any_server: Server, any_db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert findings(any_db, "migration_lock_held") == {}
        with closing(any_db.connect(autocommit=True)) as holder:
            acquire(holder, ".public.alembic_version", 0, subject="another", notify=print)
            (finding,) = findings(any_db, "migration_lock_held").values()
            assert (finding.level, finding.object) == (Status.INFO, f"pid {holder.info.backend_pid}")
            assert "by litxdb library, pid " in finding.measured
            with as_role(any_server, any_db, "doctor_plain") as plain:
                assert [each.level for each in findings(plain, "migration_lock_held").values()] == [Status.INFO]
            monkeypatch.setattr(migration_lock_held, "WARN_SECONDS", -1)
            (finding,) = findings(any_db, "migration_lock_held").values()
            assert finding.level is Status.WARN
            mend(any_db, "migration_lock_held")


class TestChangedRevisions:
    def test_a_file_that_was_edited(self, db: Database, project: Callable[..., Path]) -> None:
        directory = project("op.execute('select 1')")
        upgrade(db, directory=directory)
        assert findings(db, "changed_revisions", directory=directory) == {}
        text = (directory / "1.py").read_text()
        (directory / "1.py").write_text(text.replace("select 1", "select 2"))
        (finding,) = findings(db, "changed_revisions", directory=directory).values()
        assert (finding.level, finding.object) == (Status.WARN, "p1")
        assert finding.measured.startswith("1.py is not the file that postgres (")
        (directory / "1.py").write_text(text)
        assert findings(db, "changed_revisions", directory=directory) == {}

    def test_what_others_applied_is_not_known(self, db: Database) -> None:
        query(db, "drop schema litxdb cascade")
        assert result(db, "changed_revisions").reason is Reason.NOTHING_THERE

    def test_a_log_that_may_not_be_read(self, db: Database, server: Server) -> None:
        with as_role(server, db, "doctor_plain") as plain:
            query(db, "grant select on alembic_version to doctor_plain")
            found = result(plain, "changed_revisions")
            assert found.reason is Reason.NO_PRIVILEGE
            for statement in found.remedy.split(";\n"):
                query(db, statement)
            assert findings(plain, "changed_revisions") == {}


class TestSchemaDrift:
    def test_what_was_changed_by_hand(
        self, db: Database, scratch_settings: Settings, project: Callable[..., Path]
    ) -> None:
        directory = project("op.add_column('users', sa.Column('nick', sa.Text))")
        upgrade(db, directory=directory)
        same = Database(settings=replace(db.settings, home=scratch_settings.home))
        assert findings(same, "schema_drift", directory=directory) == {}
        query(db, "drop index ix_reviews_created_at")
        (finding,) = findings(same, "schema_drift", directory=directory).values()
        assert (finding.level, finding.object) == (Status.WARN, "index public.ix_reviews_created_at")
        assert finding.measured.startswith("missing, expected CREATE INDEX")
        query(db, finding.remedy)
        assert findings(same, "schema_drift", directory=directory) == {}

    def test_a_comparison_that_is_not_possible(self, empty_db: Database) -> None:
        found = result(empty_db, "schema_drift")
        assert (found.reason, found.remedy) == (Reason.NOT_APPLICABLE, "litxdb status")
        with Database("postgresql://nobody@127.0.0.1:1/none") as db:
            assert result(db, "schema_drift").reason is Reason.NO_CONNECTION

    def test_a_role_that_may_not_read_the_version_table(self, db: Database, server: Server) -> None:
        with as_role(server, db, "doctor_plain") as plain:
            query(db, "revoke all on alembic_version from doctor_plain")
            assert result(plain, "schema_drift").reason is Reason.NO_PRIVILEGE

    def test_is_for_a_full_examination_or_by_its_name(self) -> None:
        def chosen(**options: Any) -> bool:
            return "schema_drift" in {check.id for check in doctor.select(**options)}

        assert not chosen(only=["migrations"])
        assert chosen(only=["migrations"], tier=Tier.FULL)
        assert chosen(only=["schema_drift"])


class TestBaselineMissing:
    def test_rows_that_are_gone(self, db: Database, db_url: str, run: Callable[..., Outcome]) -> None:
        baseline(db, heads=heads())
        assert findings(db, "baseline_missing") == {}
        query(db, "delete from fetcher_state where fetcher = 'arxiv'")
        (finding,) = findings(db, "baseline_missing").values()
        assert finding.object == "fetcher_state.arxiv"
        follow(db_url, finding.remedy, run)
        assert findings(db, "baseline_missing") == {}


@pytest.mark.parametrize("check", STATES)
def test_while_a_migration_holds_every_lock(check: str, db: Database) -> None:
    with closing(db.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("lock table users, tasks in access exclusive mode")
        assert findings(db, check) == {}


def test_a_version_table_that_is_locked(db: Database) -> None:
    with closing(db.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("lock table alembic_version in access exclusive mode")
        assert result(db, "pending_revisions").reason is Reason.LOCKED


@pytest.mark.parametrize("check", [check for check in STATES if check != "broken_history"])
def test_a_role_that_may_not_read_the_version_table(check: str, db: Database, server: Server) -> None:
    with as_role(server, db, "doctor_plain") as plain:
        query(db, "revoke all on alembic_version from doctor_plain")
        found = result(plain, check)
        assert (found.status, found.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
        assert found.remedy.startswith("grant ")
