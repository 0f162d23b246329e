"""What others do with backups: rehearse on their rows, and go back without the database's name being typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.settings import Settings
from tests.bed.program import Outcome
from tests.bed.statements import query
from tests.bed.terminal import on_terminal

Run = Callable[..., Outcome]


@pytest.fixture
def env(tmp_path: Path, scratch_settings: Settings) -> dict[str, str]:
    return {"LITXDB_HOME": str(scratch_settings.home), "LITXDB_BACKUP_STORE": str(tmp_path / "store")}


def test_rehearsing_on_the_rows_of_a_backup(
    run: Run, db: Database, db_url: str, project: Callable[..., Path], env: dict[str, str]
) -> None:
    query(db, "insert into users (clerk_id, email) select 'c' || n, n || '@example.org' from generate_series(1, 700) n")
    assert run("backup", "--url", db_url, env=env).code == 0
    more = project("op.execute('alter table users add constraint once unique (email)')")
    words = ("rehearse", "--against", db_url, "--directory", more, "--from", "latest", "--format", "json",
             "--accept", "missing-downgrade")  # fmt: skip
    good = run(*words, env=env)
    assert {each["table"]: each["rows"] for each in good.json["tables"]}["public.users"] == 700
    assert good.json["failure"] is None
    assert "with the rows of " in good.stderr
    query(db, "insert into users (clerk_id, email) values ('d', 'TWICE@example.org')")
    query(db, "drop index ix_users_email; insert into users (clerk_id, email) values ('e', 'TWICE@example.org')")
    assert run("backup", "--url", db_url, env=env).code == 0
    bad = run(*words, env=env)  # the index that it no longer has is in the copy, from the history
    assert bad.code == 5
    assert "ix_users_email" in bad.stderr


def test_a_backup_of_another_revision_cannot_be_rehearsed_on(
    run: Run, db_url: str, empty_url: str, env: dict[str, str]
) -> None:
    assert run("backup", "--url", db_url, env=env).code == 0
    assert run("migrate", "0006", "--url", empty_url, env=env).code == 0
    answer = run("rehearse", "--against", empty_url, "--from", "latest", env=env)
    assert answer.code == 6
    assert "is of revision 0012_sources_full_text, and the database is at 0006" in answer.stderr
    nowhere = run("rehearse", "--from", "latest", env=env)
    assert nowhere.code == 2


def rollback(url: str, answer: str) -> int:
    shown = on_terminal("rollback", "--url", url, columns=200, answers=f"{answer}\n")
    return shown.code


def test_in_production_a_fresh_verified_backup_stands_for_the_name(
    run: Run, db_url: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**env, "LITXDB_ENV": "production"}.items():
        monkeypatch.setenv(name, value)
    assert rollback(db_url, "y") == 6  # the name is asked for
    assert run("backup", "--url", db_url).code == 0
    assert rollback(db_url, "y") == 6  # it was not verified
    assert run("verify").code == 0
    assert rollback(db_url, "n") == 6
    assert rollback(db_url, "y") == 0
    assert rollback(db_url, "y") == 6  # it is of the revision before
