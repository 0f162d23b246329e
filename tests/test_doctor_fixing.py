"""doctor --fix: shows first, applies what is safe, asks for the rest, records everything, and looks again."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from litxdb.database import Database
from litxdb.doctor import Defect, Fix, Judgement, Status, examine, fixing
from litxdb.errors import Exit
from litxdb.journal import Journal
from litxdb.settings import Settings
from tests.bed.checks import add_check
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query
from tests.bed.terminal import on_terminal

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]

NOT_VALID = "not_valid_constraints:short on public.papers"
ONLY = ("--only", "not_valid_constraints", "--only", "unlogged_tables", "--only", "missing_primary_keys")


@pytest.fixture
def ill(db: Database) -> Database:
    """A database with a finding of each class."""
    query(db, "alter table papers add constraint short check (length(title) < 9999) not valid")
    query(db, "create unlogged table fleeting (id int primary key)")
    query(db, "create table keyless (id int)")
    return db


def entries() -> list[tuple[str, str]]:
    return [(entry.statement, entry.outcome) for entry in Journal(Settings.load().state).entries()]


def validated(db: Database) -> bool:
    return bool(query(db, "select convalidated from pg_constraint where conname = 'short'")[0][0])


class TestDryRun:
    def test_it_shows_everything_and_changes_nothing(self, ill: Database, db_url: str, run: Run) -> None:
        outcome = run("doctor", "--url", db_url, "--fix", *ONLY)
        assert outcome.code == Exit.DONE
        for part in (
            "alter table public.papers validate constraint short;\n    safe; lock: SHARE UPDATE EXCLUSIVE",
            "alter table public.fleeting set logged;\n    asks; lock: ACCESS EXCLUSIVE",
            "undo: alter table public.fleeting set unlogged",
            "    by hand; lock: ACCESS EXCLUSIVE; for missing_primary_keys:public.keyless",
            "Nothing was changed",
        ):
            assert part in outcome.stdout
        assert not validated(ill)
        assert entries() == []

    def test_to_a_program(self, ill: Database, db_url: str, run: Run) -> None:
        rows = run("doctor", "--url", db_url, "--fix", *ONLY, "--format", "json").json["rows"]
        planned = {row["findings"][0]: (row["fix"], row["by_hand"], row["outcome"]) for row in rows}
        assert planned[NOT_VALID] == ("safe", False, "planned")
        assert planned["missing_primary_keys:public.keyless"] == ("manual", True, "planned")

    def test_options_that_do_not_go_together(self, run: Run) -> None:
        for words in (
            ("--yes",),
            ("--fix", "--watch", "1"),
            ("--fix", "--format", "nagios"),
            ("--watch", "1", "--format", "csv"),
        ):
            assert run("doctor", "--url", "postgresql://localhost/x", *words).code == Exit.USAGE


class TestApplying:
    def test_what_is_safe_is_applied_and_nobody_is_asked(self, ill: Database, db_url: str, run: Run) -> None:
        outcome = run("doctor", "--url", db_url, "--fix", "--yes", *ONLY, "--fail-on", "warn")
        assert outcome.code == Exit.FINDINGS
        assert validated(ill)
        assert f"✓ gone: {NOT_VALID}" in outcome.stdout
        assert "✗ left: unlogged_tables:public.fleeting (not agreed to)" in outcome.stdout
        assert "✗ left: missing_primary_keys:public.keyless (by hand: alter table" in outcome.stdout
        assert "Applied: 1 remedy. Of 3 findings 1 gone." in outcome.stdout
        assert entries() == [
            ("alter table public.papers validate constraint short", "begun"),
            ("alter table public.papers validate constraint short", "done"),
        ]

    @pytest.mark.parametrize(("answer", "logged"), [("y\n", True), ("n\n", False), ("\n", False), ("\x04", False)])
    def test_a_person_is_asked_for_the_others(self, answer: str, logged: bool, ill: Database, db_url: str) -> None:
        shown = on_terminal("doctor", "--url", db_url, "--fix", "--yes", "--only", "unlogged_tables", answers=answer)
        assert "alter table public.fleeting set logged;" in shown.plain
        assert "Do it? [y/N]" in shown.plain
        assert ("gone: unlogged_tables:public.fleeting" in shown.plain) is logged
        assert query(ill, "select relpersistence from pg_class where relname = 'fleeting'") == [
            ("p" if logged else "u",)
        ]

    def test_without_yes_a_terminal_is_not_asked_either(self, ill: Database, db_url: str) -> None:
        shown = on_terminal("doctor", "--url", db_url, "--fix", *ONLY, answers="y\ny\n")
        assert "Nothing was changed" in shown.plain
        assert not validated(ill)

    def test_the_journal_has_what_undoes_it(self, ill: Database, db_url: str) -> None:
        on_terminal("doctor", "--url", db_url, "--fix", "--yes", "--only", "unlogged_tables", answers="y\n")
        (entry, _) = Journal(Settings.load().state).entries()
        assert entry.undo == "alter table public.fleeting set unlogged"

    def test_an_invalid_index_is_rebuilt(self, db: Database, db_url: str, run: Run) -> None:
        query(db, "create index slow on papers (title)")
        query(db, "update pg_index set indisvalid = false where indexrelid = 'slow'::regclass")
        outcome = run("doctor", "--url", db_url, "--fix", "--yes", "--only", "invalid_indexes")
        assert "gone: invalid_indexes:public.slow" in outcome.stdout
        assert query(db, "select indisvalid from pg_index where indexrelid = 'slow'::regclass") == [(True,)]

    def test_litxdbs_own_commands_are_called(self, db: Database, db_url: str, run: Run) -> None:
        outcome = run("doctor", "--url", db_url, "--fix", "--yes", "--only", "baseline_missing")
        assert outcome.code == Exit.DONE
        assert "gone: baseline_missing:system_state.feature_flags" in outcome.stdout
        assert query(db, "select count(*) > 0 from system_state") == [(True,)]

    def test_nothing_to_do(self, db_url: str, run: Run) -> None:
        outcome = run("doctor", "--url", db_url, "--fix", "--yes", "--only", "unlogged_tables")
        assert outcome.code == Exit.DONE
        assert outcome.stdout == "Applied: 0 remedies. Of 0 findings 0 gone.\n"


class TestFailing:
    @pytest.fixture
    def failing(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two findings: the remedy of the first one fails, that of the second is two statements."""

        def judge(*, connection: Any) -> Judgement:
            cursor = connection.cursor()
            cursor.execute("select to_regclass('\"b;\nc\"') is null")
            missing = [Defect(Status.CRIT, "b", "missing", 'create table "b;\nc" (id int);\nanalyze "b;\nc"')]
            return Judgement(
                2, (Defect(Status.CRIT, "a", "bad", "drop table nowhere"), *(missing if cursor.fetchone()[0] else ()))
            )

        add_check(monkeypatch, "faulty", judge, fix=Fix.SAFE)

    @pytest.mark.usefixtures("failing")
    def test_one_that_fails_keeps_no_other_from_being_tried(self, db_url: str, run: Run) -> None:
        outcome = run("doctor", "--url", db_url, "--fix", "--yes", "--only", "faulty", "--format", "json")
        assert outcome.code == Exit.FINDINGS
        first, second = outcome.json["rows"]
        assert (first["outcome"], first["gone"]) == ("failed", [])
        assert 'table "nowhere" does not exist' in first["detail"]
        assert (second["outcome"], second["gone"]) == ("applied", ["faulty:b"])
        assert [how.partition(":")[0] for _, how in entries()] == ["begun", "failed", *["begun", "done"] * 2]

    def test_a_table_that_stays_locked(
        self, ill: Database, db_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fixing, "LOCK_SECONDS", 0.05)
        monkeypatch.setattr(fixing, "PAUSE_SECONDS", 0.01)
        with contextlib.closing(ill.connect()) as holder, holder.cursor() as cursor:
            cursor.execute("lock table papers in share update exclusive mode")
            outcome = run("doctor", "--url", db_url, "--fix", "--yes", "--only", "not_valid_constraints")
        assert (
            f"left: {NOT_VALID} (failed: The server refused: canceling statement due to lock timeout" in outcome.stdout
        )
        assert not validated(ill)

    def test_a_lock_that_is_given_up_in_time(self, ill: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fixing, "LOCK_SECONDS", 0.05)
        monkeypatch.setattr(fixing, "PAUSE_SECONDS", 0.01)
        planned = fixing.repairs(examine(ill, only=["not_valid_constraints"], deadline_seconds=30))
        told: list[fixing.Repaired] = []
        with contextlib.closing(ill.connect()) as holder, holder.cursor() as cursor:
            cursor.execute("lock table papers in share update exclusive mode")
            monkeypatch.setattr(fixing.time, "sleep", lambda seconds: holder.rollback())
            fixing.mend(ill, planned, consent=lambda repair: True, begin=lambda repair: None, done=told.append)
        assert [each.outcome for each in told] == ["applied"]
        assert validated(ill)

    def test_a_plain_role_changes_nothing(self, ill: Database, server: Server, run: Run) -> None:
        with as_role(server, ill, "nobody_special") as plain:
            outcome = run("doctor", "--url", str(plain.endpoint), "--fix", "--yes", "--only", "not_valid_constraints")
        assert "must be owner of table papers" in outcome.stdout
        assert not validated(ill)

    def test_a_pooler_is_refused(self, ill: Database, pooler: Pooler, run: Run) -> None:
        name = query(ill, "select current_database()")[0][0]
        outcome = run("doctor", "--url", pooler.url(name), "--fix", "--yes", *ONLY)
        assert outcome.code == Exit.REFUSED
        assert "transaction pooler" in outcome.stderr
        assert not validated(ill)

    def test_a_journal_that_cannot_be_written(self, ill: Database, db_url: str, run: Run, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        state = {"LITXDB_STATE": str(tmp_path / "file")}
        outcome = run("doctor", "--url", db_url, "--fix", "--yes", *ONLY, env=state)
        assert "journal" in outcome.stdout
        assert not validated(ill)

    def test_no_connection(self, run: Run) -> None:
        outcome = run("doctor", "--url", "postgresql://ada@127.0.0.1:1/x", "--fix", "--yes")
        assert outcome.code == Exit.CONNECTION

    def test_interrupted_it_says_what_was_done(self, ill: Database, db_url: str, start: Start) -> None:
        query(ill, "alter table notes add constraint brief check (length(content) < 9999) not valid")
        with contextlib.closing(ill.connect()) as holder, holder.cursor() as cursor:
            cursor.execute("lock table papers in share update exclusive mode")
            process = start("doctor", "--url", db_url, "--fix", "--yes", "--only", "not_valid_constraints")
            waits = "select count(*) from pg_locks where not granted and relation = 'papers'::regclass"
            while query(ill, waits) == [(0,)]:
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        assert process.returncode == Exit.INTERRUPTED
        assert "Applied before it ended: 1 remedy." in said
        assert "Traceback" not in said
        assert [how.partition(":")[0] for _, how in entries()][:3] == ["begun", "done", "begun"]
        assert entries()[-1][1] != "done"
