"""doctor's checks of backups: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from litxdb import doctor
from litxdb.database import Database
from litxdb.doctor import Reason, Status
from litxdb.doctor.checks.backups import backup_space_low
from litxdb.migrate import heads
from litxdb.seed import baseline
from tests.bed.backups import Shelf
from tests.bed.examining import findings, in_production, result
from tests.bed.program import Outcome


@pytest.fixture
def shelf(db: Database, tmp_path: Path) -> Shelf:
    """A store, still empty, of a database with some rows."""
    baseline(db, heads=heads())
    return Shelf(db, tmp_path / "it's a store")


class TestBackupOverdue:
    def test_by_how_much(self, shelf: Shelf) -> None:
        db = shelf.database()
        (finding,) = findings(db, "backup_overdue").values()
        assert (finding.level, finding.measured) == (Status.CRIT, "there is no backup")
        shelf.add(60, verified=True)
        (finding,) = findings(db, "backup_overdue").values()
        assert finding.level is Status.CRIT
        assert finding.measured.endswith(" is 2.5 d old")
        shelf.add(30, verified=True)
        (finding,) = findings(db, "backup_overdue").values()
        assert (finding.level, finding.remedy) == (Status.WARN, "litxdb backup && litxdb verify --latest")
        shelf.add(26, verified=True)
        assert findings(db, "backup_overdue") == {}

    def test_one_that_was_never_restored_does_not_count(self, shelf: Shelf) -> None:
        manifest = shelf.add(1)
        shelf.prove(manifest, ok=True, hours=0, full=False)
        (finding,) = findings(shelf.database(), "backup_overdue").values()
        assert (finding.level, finding.measured) == (Status.CRIT, "1 backup, but none that was verified")
        assert finding.remedy == f"litxdb verify {manifest.name}"
        shelf.prove(manifest, ok=True, hours=0)
        assert findings(shelf.database(), "backup_overdue") == {}

    def test_a_real_one_by_the_command(
        self, db: Database, db_url: str, run: Callable[..., Outcome], tmp_path: Path
    ) -> None:
        store = tmp_path / "store"
        words = ("doctor", "--only", "backups", "--format", "json", "--url", db_url)
        known = {"LITXDB_BACKUP_STORE": str(store)}
        (row,) = run(*words, env=known).json["rows"]
        assert row["measured"].startswith(f"The backup store {store} cannot be used")
        assert run("backup", "--url", db_url, env=known).code == 0
        (row,) = run(*words, env=known).json["rows"]
        assert row["measured"] == "1 backup, but none that was verified"

    def test_of_another_database(self, shelf: Shelf, empty_db: Database) -> None:
        shelf.add(1, verified=True)
        other = Database(settings=replace(empty_db.settings, backup_store=shelf.settings.backup_store))
        (finding,) = findings(other, "backup_overdue").values()
        assert finding.measured == "there is no backup; the 1 in the store are other databases'"
        assert result(other, "restore_untested").reason is Reason.NOTHING_THERE

    def test_where_no_store_is_configured(self, db: Database) -> None:
        assert result(db, "backup_overdue").reason is Reason.NOT_APPLICABLE
        (finding,) = findings(in_production(db), "backup_overdue").values()
        assert (finding.level, finding.object) == (Status.WARN, "LITXDB_BACKUP_STORE")
        skipped = doctor.examine(db, only=["backups"]).results
        assert {each.status for each in skipped} == {Status.SKIP}

    def test_without_a_server(self, shelf: Shelf) -> None:
        shelf.add(1, verified=True)
        gone = replace(shelf.settings, url="postgresql://nobody@127.0.0.1:1/none")
        assert [each.measured for each in findings(Database(settings=gone), "backup_overdue").values()] == [
            "there is no backup; the 1 in the store are other databases'"
        ]

    @pytest.mark.ordinary_user
    def test_a_store_that_may_not_be_read(self, shelf: Shelf) -> None:
        path = Path(shelf.settings.backup_store or "")
        path.chmod(0)
        try:
            (finding,) = findings(shelf.database(), "backup_overdue").values()
        finally:
            path.chmod(0o700)
        assert "Permission denied" in finding.measured

    def test_a_store_that_does_not_answer(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        answer, store = threading.Event(), type(shelf.store)
        monkeypatch.setattr(store, "list", lambda self: answer.wait())
        examined = doctor.examine(shelf.database(), only=["backups"], deadline_seconds=0.5)
        answer.set()
        assert {each.reason for each in examined.results} == {Reason.OUT_OF_TIME}
        assert examined.milliseconds < 5000


class TestRestoreUntested:
    def test_since_when(self, shelf: Shelf) -> None:
        db = shelf.database()
        shelf.add(1)
        assert result(db, "restore_untested").reason is Reason.NOTHING_THERE
        old = shelf.add(24 * 200)
        for days, level in ((93, Status.CRIT), (8, Status.WARN)):
            shelf.prove(old, ok=True, hours=24 * days)
            (finding,) = findings(db, "restore_untested").values()
            assert (finding.level, finding.measured) == (
                level,
                f"the last was restored {days if days > 9 else 8} d ago",
            )
        shelf.prove(old, ok=True, hours=24 * 6)
        assert findings(db, "restore_untested") == {}


class TestRestoreFailed:
    def test_of_the_newest_and_of_an_older_one(self, shelf: Shelf) -> None:
        db = shelf.database()
        older, newest = shelf.add(30), shelf.add(6)
        assert result(db, "restore_failed").reason is Reason.NOTHING_THERE
        shelf.prove(older, ok=False, hours=2)
        shelf.prove(newest, ok=False, hours=1)
        found = findings(db, "restore_failed")
        assert {name: finding.level for name, finding in found.items()} == {
            older.name: Status.WARN,
            newest.name: Status.CRIT,
        }
        assert (
            found[older.name].measured == "2 h ago: table public.users: 2 rows instead of 3 rows and 1 other difference"
        )
        shelf.prove(older, ok=True, hours=0)
        shelf.prove(newest, ok=True, hours=0)
        assert findings(db, "restore_failed") == {}


class TestRestoreTooSlow:
    @pytest.mark.parametrize(("minutes", "level"), [(44, None), (46, Status.WARN), (61, Status.CRIT)])
    def test_against_the_hour(self, minutes: int, level: Status | None, shelf: Shelf) -> None:
        assert result(shelf.database(), "restore_too_slow").reason is Reason.NOTHING_THERE
        shelf.prove(shelf.add(5), ok=True, hours=1, seconds=60.0 * minutes)
        found = list(findings(shelf.database(), "restore_too_slow").values())
        assert [finding.level for finding in found] == ([level] if level else [])


class TestBackupShrunk:
    def test_to_less_than_half(self, shelf: Shelf) -> None:
        db = shelf.database()
        for hours in (96, 72, 48):
            assert result(db, "backup_shrunk").reason is Reason.NOTHING_THERE
            shelf.add(hours, size=4000)
        newest = shelf.add(24, size=1999)
        (finding,) = findings(db, "backup_shrunk").values()
        assert (finding.level, finding.object) == (Status.WARN, newest.name)
        assert finding.measured == "2 kB, usually 3.9 kB"
        shelf.add(1, size=2100)
        assert findings(db, "backup_shrunk") == {}

    def test_to_nothing_at_all(self, shelf: Shelf) -> None:
        for hours in (96, 72, 48):
            shelf.add(hours)
        shelf.add(1, rows=0)
        (finding,) = findings(shelf.database(), "backup_shrunk").values()
        assert finding.level is Status.CRIT
        assert finding.measured.startswith("no rows, usually ")


class TestBackupFailed:
    def test_since_the_newest(self, shelf: Shelf) -> None:
        db = shelf.database()
        failed = shelf.attempt(36, host="elsewhere", pid=1, error="the disk is full")
        (finding,) = findings(db, "backup_failed").values()
        assert (finding.level, finding.object) == (Status.WARN, failed.backup)
        assert finding.measured == "1.5 d ago: the disk is full"
        shelf.add(1)
        assert findings(db, "backup_failed") == {}

    def test_one_that_was_killed_and_one_that_runs(self, shelf: Shelf) -> None:
        db, here = shelf.database(), socket.gethostname()
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        shelf.attempt(1, host=here, pid=os.getpid())
        shelf.attempt(1, host="elsewhere", pid=dead.pid)
        assert findings(db, "backup_failed") == {}
        killed = shelf.attempt(2, host=here, pid=dead.pid)
        endless = shelf.attempt(25, host="elsewhere", pid=1)
        found = findings(db, "backup_failed")
        assert {name: finding.measured.partition(": ")[2] for name, finding in found.items()} == {
            killed.backup: "it was killed",
            endless.backup: "it has not ended",
        }


class TestBackupScheduleMissed:
    def test_by_what_was_usual(self, shelf: Shelf) -> None:
        db = shelf.database()
        for hours in (8, 7, 6):
            shelf.add(hours)
            assert result(db, "backup_schedule_missed").reason is Reason.NOTHING_THERE
        shelf.add(5)
        (finding,) = findings(db, "backup_schedule_missed").values()
        assert finding.level is Status.WARN
        assert finding.measured == "the last began 5 h ago, usually one begins every 1 h"
        assert findings(db, "backup_overdue", skip=[]) != {}
        shelf.add(1.6)
        assert findings(db, "backup_schedule_missed") == {}


class TestBackupSpaceLow:
    def test_for_twice_the_last(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        db = shelf.database()
        assert result(db, "backup_space_low").reason is Reason.NOTHING_THERE
        shelf.add(1)
        assert findings(db, "backup_space_low") == {}
        monkeypatch.setattr(backup_space_low, "WARN", 1e12)
        (finding,) = findings(db, "backup_space_low").values()
        assert (finding.level, finding.object) == (Status.WARN, shelf.settings.backup_store)
        monkeypatch.setattr(backup_space_low, "CRIT", 1e12)
        (finding,) = findings(db, "backup_space_low").values()
        assert finding.level is Status.CRIT


class TestTooFewBackups:
    def test_after_some_days(self, shelf: Shelf) -> None:
        db = shelf.database()
        shelf.add(71)
        assert findings(db, "too_few_backups") == {}
        shelf.add(100, verified=False)
        shelf.add(20)
        (finding,) = findings(db, "too_few_backups").values()
        assert (finding.level, finding.measured) == (Status.WARN, "2 backups; the first was made 4.2 d ago")
        shelf.add(1)
        assert findings(db, "too_few_backups") == {}


class TestDamagedBackups:
    def test_a_file_cut_short(self, shelf: Shelf) -> None:
        db = shelf.database()
        shelf.add(1)
        manifest = shelf.add(2)
        assert findings(db, "damaged_backups") == {}
        (Path(shelf.settings.backup_store or "") / manifest.archive.file).write_bytes(b"x")
        (finding,) = findings(db, "damaged_backups").values()
        assert (finding.object, finding.measured) == (manifest.archive.file, "it has 1 bytes instead of 1000")
        shelf.store.remove(manifest.archive.file)
        shelf.store.remove(f"{manifest.name}.manifest.json")
        assert findings(db, "damaged_backups") == {}


class TestPgDumpMissing:
    def test_of_the_server_s_version(self, any_db: Database, tmp_path: Path) -> None:
        assert findings(any_db, "pg_dump_missing") == {}
        assert "pg_dump " in result(any_db, "pg_dump_missing").detail
        program = tmp_path / "pg_dump"
        program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n")
        program.chmod(0o755)
        old = Database(settings=replace(any_db.settings, pg_bin=tmp_path))
        (finding,) = findings(old, "pg_dump_missing").values()
        assert finding.level is Status.CRIT
        assert "found 14.2 (LITXDB_PG_BIN)" in finding.measured


def test_the_store_is_read_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from litxdb import backup

    shelf.add(1, verified=True)
    opened: list[str] = []
    open_store = backup.open_store
    monkeypatch.setattr(
        backup, "open_store", lambda place, options: [opened.append(place), open_store(place, options)][1]
    )
    examined = doctor.examine(shelf.database(), only=["backups"], deadline_seconds=30)
    assert opened == [shelf.settings.backup_store]
    assert {each.status for each in examined.results} == {Status.OK, Status.SKIP}
