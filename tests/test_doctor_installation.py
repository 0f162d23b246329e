"""doctor's checks of litxdb's own set-up: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from litxdb import __version__, doctor
from litxdb.database import Database
from litxdb.doctor import Reason, Status
from litxdb.doctor.checks.installation import disk_nearly_full
from litxdb.local import PARTIAL, scratch
from litxdb.settings import Settings
from litxdb.snapshots import take
from tests.bed.examining import findings, result
from tests.bed.program import Outcome
from tests.bed.statements import query

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def here(directory: Path | None = None, **changes: object) -> Database:
    """Look at this machine alone: nothing listens there."""
    return Database(settings=replace(Settings.load(NOWHERE, directory=directory), **changes))


def shell(command: str) -> None:
    """Run a remedy as a person would."""
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)


class TestReadableSecrets:
    @pytest.mark.parametrize("name", ["work/.env", "home/.pgpass", "home/.pg_service.conf"])
    def test_a_file_that_others_can_read(self, name: str, tmp_path: Path) -> None:
        assert result(here(), "readable_secrets").reason is Reason.NOTHING_THERE
        file = tmp_path / name
        file.write_text("[here]\npassword=x\n" if "service" in name else "")
        file.chmod(0o640)
        (finding,) = findings(here(), "readable_secrets").values()
        assert (finding.level, finding.object, finding.measured) == (Status.WARN, str(file), "mode 0640")
        shell(finding.remedy)
        assert findings(here(), "readable_secrets") == {}

    def test_a_service_file_without_a_password_is_no_secret(self, tmp_path: Path) -> None:
        (tmp_path / "home" / ".pg_service.conf").write_text("[here]\nhost=db\n")
        assert result(here(), "readable_secrets").reason is Reason.NOTHING_THERE

    def test_a_password_file_elsewhere(self, tmp_path: Path, run: Callable[..., Outcome]) -> None:
        file = tmp_path / "it's mine"
        file.touch(0o644)
        command = ("doctor", "--only", "readable_secrets", "--format", "json", "--url", NOWHERE)
        (finding,) = run(*command, env={"PGPASSFILE": str(file)}).json["rows"]
        shell(finding["remedy"])
        assert file.stat().st_mode & 0o777 == 0o600


class TestSecretsInHistory:
    def test_urls_of_other_machines(self, tmp_path: Path) -> None:
        history = tmp_path / "home" / ".bash_history"
        kept = [
            "psql postgresql://ada:local@localhost/db",
            "psql postgresql://ada:local@127.0.0.1:5432/db",
            "psql postgresql://ada@db.example.com/db",
            "psql postgresql://ada:$PGPASSWORD@db.example.com/db",
            "git clone ssh://ada:x@example.com/repo",
        ]
        history.write_text("\n".join(kept))
        assert findings(here(), "secrets_in_history") == {}
        bad = [
            "litxdb migrate --url postgres://ada:gh_word@ep-x.neon.tech/db",
            "export DATABASE_URL='postgresql+psycopg2://ada:gh%40word@10.0.0.7:5432/db'",
            "DATABASE_URL=postgresql://ada:gh_word@[2001:db8::1]/db litxdb status",
        ]
        history.write_text("\n".join([*kept, *bad, ""]))
        (finding,) = findings(here(), "secrets_in_history").values()
        assert (finding.level, finding.measured) == (Status.WARN, "3 lines with a URL that holds a password")
        assert "gh_word" not in f"{finding}"
        shell(finding.remedy)
        assert findings(here(), "secrets_in_history") == {}
        assert history.read_text().splitlines()[-1].startswith("git clone")

    def test_what_is_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "home" / ".zsh_history").write_bytes(os.urandom(5 << 20))
        assert findings(here(), "secrets_in_history") == {}


class TestDiskNearlyFull:
    def test_of_the_local_server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        db = here(home=tmp_path, state=tmp_path / "none")
        assert findings(db, "disk_nearly_full") == {}
        free = shutil.disk_usage(tmp_path).free
        monkeypatch.setattr(disk_nearly_full, "WARN_BYTES", 2 * free)
        (finding,) = findings(db, "disk_nearly_full").values()
        assert (finding.level, finding.object) == (Status.WARN, str(tmp_path))
        monkeypatch.setattr(disk_nearly_full, "CRIT_BYTES", 2 * free)
        (finding,) = findings(db, "disk_nearly_full").values()
        assert finding.level is Status.CRIT

    def test_without_any_directory(self, tmp_path: Path) -> None:
        db = here(home=tmp_path / "none", state=tmp_path / "none")
        assert result(db, "disk_nearly_full").reason is Reason.NOTHING_THERE


class TestOutdatedLitxdb:
    def test_older_than_the_one_before(self, db: Database) -> None:
        assert findings(db, "outdated_litxdb") == {}
        query(db, "update litxdb.migrations set litxdb = '0.2.10' where revision = '0008_chat'")
        query(db, "update litxdb.migrations set litxdb = '0.2.9' where revision = '0009_research_agent'")
        (finding,) = findings(db, "outdated_litxdb").values()
        assert (finding.level, finding.measured) == (Status.WARN, f"{__version__}; 0.2.10 was here")

    def test_a_database_without_a_log(self, empty_db: Database) -> None:
        assert result(empty_db, "outdated_litxdb").reason is Reason.NOTHING_THERE


class TestLocalLeftovers:
    def test_a_scratch_server_that_nobody_uses(self, scratch_settings: Settings) -> None:
        db = here(home=scratch_settings.home)
        assert findings(db, "local_leftovers") == {}

    def test_a_scratch_server_after_a_kill(self, bed_directory: Path) -> None:
        settings = Settings(home=bed_directory / "killed-home")
        db = here(home=settings.home)
        assert result(db, "local_leftovers").reason is Reason.NOTHING_THERE
        with scratch(settings) as cluster:
            pass
        cluster.start()
        try:
            (finding,) = findings(db, "local_leftovers").values()
            assert (finding.level, finding.measured) == (Status.INFO, "a scratch server runs, and nobody uses it")
            with scratch(settings):
                assert findings(db, "local_leftovers") == {}
            assert findings(db, "local_leftovers") == {}
        finally:
            cluster.stop(immediate=True)

    def test_a_data_directory_half_made(self, tmp_path: Path) -> None:
        partial = tmp_path / "local" / f"{PARTIAL}x y"
        partial.mkdir(parents=True)
        db = here(home=tmp_path)
        assert findings(db, "local_leftovers") == {}
        os.utime(partial, (1, 1))
        (finding,) = findings(db, "local_leftovers").values()
        shell(finding.remedy)
        assert findings(db, "local_leftovers") == {}


class TestUnusableHistory:
    def test_a_damaged_file(self, empty_db: Database) -> None:
        assert result(empty_db, "unusable_history").detail == "There is no snapshot yet."
        taken = take(empty_db)
        assert findings(empty_db, "unusable_history") == {}
        taken.file.write_bytes(b"no database" * 1000)
        (finding,) = findings(empty_db, "unusable_history").values()
        assert finding.level is Status.WARN
        assert "damaged" in finding.measured
        shell(finding.remedy)
        assert result(empty_db, "unusable_history").reason is Reason.NOTHING_THERE


def test_what_is_here_is_examined_without_a_server(tmp_path: Path) -> None:
    examined = doctor.examine(here(home=tmp_path), only=["installation"], deadline_seconds=30)
    by_check = {each.check: each for each in examined.results}
    assert by_check["disk_nearly_full"].status is Status.OK
    assert by_check["outdated_litxdb"].reason is Reason.NO_CONNECTION
