"""Golden screens: what each command shows, in each form; `make golden` rewrites them from what it shows now."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from litxdb.database import Database
from litxdb.settings import Settings
from tests.bed.people import settle
from tests.bed.program import Outcome
from tests.bed.redises import serving
from tests.bed.servers import Server
from tests.bed.statements import query
from tests.bed.waiting import until

Run = Callable[..., Outcome]
SCREENS = Path(__file__).parent / "screens"
MASKS = (
    (r"test_[0-9a-f]{12}", "DATABASE"),
    (r"/[^\s\"?&)]*litxdb-bed-[^\s\"?&)]*", "DIRECTORY"),
    (r"/[^\s\",]*\.sqlite\b", "DIRECTORY"),
    (r"\b[\w.-]+(?=DIRECTORY)", "HOST"),
    (r"/[^\s\",]*/(?=store\b)", ""),
    (r"\b[0-9a-f]{64}\b", "SHA256"),
    (r"-20\d{6}T\d{6}Z-[0-9a-f]{6}", "-STAMP"),
    (r"\b(bytes\": )\d+|\b\d+ kB\b", "\\1SIZE"),
    (r"20\d\d-\d\d-\d\d[ T][\d:.+]+", "WHEN"),
    (r"postgres \(\S+@[^\s)]+\) *", "WHO "),
    (r"\b(by|step) +(took|time)\b", r"\1 \2"),
    (r" *\d+(\.\d+)? (ms|s)\b", " TIME"),
    (r"\d+\.\d{3,}(e-\d+)?", "NUMBER"),
    (r"\b18\.\d+\b", "18.x"),
    (r"127\.0\.0\.1:\d+/0", "127.0.0.1:PORT/0"),
    (r"(?<=Redis )[\d.]+|\b[1-9]\d{1,2} bytes", "VARIES"),  # with its release
    (r"\d{8}T\d{6}Z-[0-9a-f]{6}", "STAMP"),
    (r"\b\d+ checks\b", "COUNT checks"),  # some need statistics that are old enough
    (r"\"(ok|skip)\": \d\d\b", r"\1: COUNT"),  # the same ones
    (r"/[^\s\"?&)]*(?=/litxdb/migrations/)", "PACKAGE"),
    (r"─+", "─"),
    (r" +$", ""),
)


def masked(outcome: Outcome) -> str:
    text = f"exit {outcome.code}\n--- stdout\n{outcome.stdout}--- stderr\n{outcome.stderr}"
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text, flags=re.MULTILINE)
    return text


def compare(name: str, outcome: Outcome) -> None:
    file = SCREENS / f"{name}.txt"
    if os.environ.get("LITXDB_TEST_GOLDEN") == "rewrite":
        file.parent.mkdir(exist_ok=True)
        file.write_text(masked(outcome), encoding="utf-8")
    assert masked(outcome) == file.read_text(encoding="utf-8")


FORMS = ("table", "json", "csv")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", ["status", "history", "seed", "ping"])
def test_a_database_at_head(command: str, form: str, run: Run, db_url: str) -> None:
    compare(f"{command}-{form}", run(command, "--url", db_url, "--format", form))


@pytest.mark.parametrize("form", FORMS)
def test_a_database_that_is_empty(form: str, run: Run, empty_url: str) -> None:
    compare(f"status-empty-{form}", run("status", "--check", "--url", empty_url, "--format", form))
    compare(f"migrate-dry-run-{form}", run("migrate", "--dry-run", "--url", empty_url, "--format", form))
    compare(f"migrate-{form}", run("migrate", "0006", "--url", empty_url, "--format", form))
    compare(f"rollback-dry-run-{form}", run("rollback", "2", "--dry-run", "--url", empty_url, "--format", form))
    compare(f"rollback-{form}", run("rollback", "2", "--yes", "--url", empty_url, "--format", form))


@pytest.mark.parametrize("form", [*FORMS, "github"])
def test_lint(form: str, run: Run, empty_url: str) -> None:
    revisions = ("aaf2ade1b6fd", "0011")  # the deployed one would block, ours does not
    compare(f"lint-{form}", run("lint", *revisions, "--url", empty_url, "--format", form))


def test_a_plan_that_production_refuses(run: Run, empty_url: str) -> None:
    words = ("migrate", "aaf2ade1b6fd", "--url", empty_url)
    assert run("migrate", "39f6942a01f0", "--url", empty_url).code == 0
    compare("migrate-dry-run-findings", run(*words, "--dry-run"))
    compare("migrate-production", run(*words, env={"LITXDB_ENV": "production"}))


SMALL = """
create table tasks (id varchar(36) primary key, user_id int, status text, note text);
create index ix_tasks_user_id on tasks (user_id, status);
create index mine on tasks (note);
create index twice on tasks (note)
"""


@pytest.mark.parametrize("form", FORMS)
def test_indexes(form: str, run: Run, empty_url: str) -> None:
    def show(name: str, *arguments: str) -> None:
        outcome = run("index", *arguments, "--url", empty_url, "--format", form)
        compare(f"index-{name}-{form}", outcome)

    with Database(empty_url) as db:
        query(db, SMALL)
    show("list", "list", "--check")
    show("create-dry-run", "create", "ix_tasks_user_status", "--dry-run")
    show("create", "create", "ix_tasks_user_status")
    show("create-different", "create", "ix_tasks_user_id")
    show("rebuild", "rebuild", "mine")
    show("drop-dry-run", "drop", "twice", "--dry-run")
    show("drop", "drop", "twice", "--yes")


SOURCES = """
insert into sources (id, source_type, url, title, fetched_at, embedding)
select n, 'arxiv', 'https://arxiv.org/abs/' || n, 'Paper ' || n, '2026-01-01',
    (select array_agg((i in (n / 2, n / 2 + 7))::int order by i) from generate_series(1, 1536) i)::vector
from generate_series(1, 5) n
"""


def test_a_seeded_world(run: Run, db_url: str) -> None:
    words = ("seed", "--url", db_url)
    compare("seed-world", run(*words, "--users", "1", "--now", "2026-11-22"))
    compare("seed-world-again", run(*words, "--users", "1", "--now", "2026-11-22"))
    compare("seed-world-another", run(*words, "--users", "2"))
    compare("seed-world-clean", run(*words, "--clean"))


def test_reports(run: Run, db_url: str) -> None:
    compare("report-list", run("report", "--list"))
    compare("report-about", run("report", "duplicate-indexes", "--about"))
    compare("report-unknown", run("report", "bloet", "--url", db_url))
    compare("slow-queries-none", run("slow-queries", "--url", db_url))
    for form in FORMS:
        compare(f"report-{form}", run("report", "duplicate-indexes", "--url", db_url, "--format", form))
        compare(f"table-sizes-{form}", run("table-sizes", "--limit", "3", "--url", db_url, "--format", form))
    compare("terminate-nobody", run("terminate", "999999", "--url", db_url))


@pytest.mark.parametrize("form", FORMS)
def test_sources(form: str, run: Run, db_url: str) -> None:
    words = ("--url", db_url, "--format", form)
    with Database(db_url) as db:
        query(db, SOURCES)
    compare(f"sources-similar-{form}", run("sources", "similar", "1", *words))
    compare(f"sources-duplicates-{form}", run("sources", "duplicates", *words))
    if form != "table":  # whose columns are as wide as the times
        compare(f"vectors-recall-{form}", run("vectors", "recall", "--ef-search", "40", *words))


@pytest.mark.parametrize("form", FORMS)
def test_snapshot(form: str, run: Run, db_url: str) -> None:
    compare(f"snapshot-{form}", run("snapshot", "--url", db_url, "--format", form))


@pytest.mark.parametrize("form", [*FORMS, "nagios"])
def test_doctor(form: str, run: Run, db_url: str) -> None:
    only = ("--only", "baseline_missing", "--only", "server_unreachable", "--only", "ignore_expired")
    compare(f"doctor-{form}", run("doctor", "--url", db_url, *only, "--no-snapshot", "--format", form))


def test_doctor_s_remedies(run: Run, db_url: str) -> None:
    only = ("--only", "baseline_missing", "--only", "server_unreachable")
    compare("doctor-fix", run("doctor", "--url", db_url, *only, "--fix"))
    compare("doctor-fix-yes", run("doctor", "--url", db_url, *only, "--fix", "--yes"))
    compare("doctor-explain", run("doctor", "--explain", "idle-in-transaction"))


def test_cache(run: Run, bed_directory: Path) -> None:
    with serving("redis", bed_directory) as running, running.client() as client:
        client.set("search:9f86", "[]", ex=5430)  # half a minute more than what is shown
        client.set("in_depth:paper:v1:development", "{}")

        def show(name: str, *words: str) -> None:
            compare(f"cache-{name}", run("cache", *words, "--redis-url", running.url))

        show("status", "status")
        show("keys", "keys")
        show("purge-dry-run", "purge", "--dry-run")
        show("purge-refused", "purge")
        show("purge-json", "purge", "--kind", "search", "--yes", "--format", "json")
        show("invalidate", "invalidate", "--bump", "in-depth", "--yes")


def test_up(run: Run, empty_url: str) -> None:
    compare("up", run("up", "--url", empty_url))
    compare("up-json", run("up", "--url", empty_url, "--format", "json"))


@pytest.mark.parametrize("form", FORMS)
def test_backups(
    form: str, run: Run, db_url: str, empty_url: str, server: Server, tmp_path: Path, scratch_settings: Settings
) -> None:
    store = tmp_path / "store"
    made = run("backup", "--url", db_url, "--store", store, "--format", form)
    if form == "table":
        compare("backup-table", made)
    compare(f"backups-{form}", run("backups", "--store", store, "--format", form))
    compare(f"prune-{form}", run("prune", "--keep-last", "1", "--dry-run", "--store", store, "--format", form))
    home = {"LITXDB_HOME": str(scratch_settings.home)}
    compare(f"verify-{form}", run("verify", "--store", store, "--format", form, env=home))
    restored = ("restore", "latest", "--store", store, "--into", empty_url)
    compare(f"restore-{form}", run(*restored, "--format", form))
    if form == "table":
        # a session may be there for a moment after it was closed
        there = "select from pg_stat_activity where datname = %s and backend_type = 'client backend'"
        until(lambda: not server.execute(there, parse_dsn(empty_url)["dbname"]))
        compare("restore-dry-run", run(*restored, "--replace", "--dry-run"))
        compare("restore-refused", run(*restored))


def test_export_user(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    compare("export-user", run("export-user", "1", "-o", "ada.zip", "--url", db_url))
    compare("export-user-nobody", run("export-user", "99", "--url", db_url))
    query(db, "create table letters (body text); insert into letters values ('Dear ada@example.org')")
    compare("export-user-gap", run("export-user", "1", "-o", "gap.zip", "--url", db_url))


def test_erase_user(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    query(db, "update notes set content = 'ask ada@example.org' where paper_id = 2")
    compare("erase-user-dry-run", run("erase-user", "1", "--url", db_url))
    words = ("--yes", "-o", "ada.zip", "--certificate", "erasure.json", "--store", "store")
    compare("erase-user", run("erase-user", "1", *words, "--url", db_url))


def test_what_is_refused(run: Run, empty_url: str) -> None:
    compare("seed-refused", run("seed", "--url", empty_url))
    compare("rollback-refused", run("rollback", "--url", empty_url))
    compare("no-database", run("status"))
    compare("not-postgresql", run("status", "--url", "mysql://ada@db/x"))
    compare("no-connection", run("ping", "--url", "postgresql://ada:hunter22@127.0.0.1:1/x"))
    compare("lint-explain", run("lint", "--explain", "unbatched-write"))
    compare("local-status-none", run("local", "status"))
    compare("no-store", run("backups"))
    compare("revision-nothing", run("revision", "-m", "x", "--url", empty_url))
