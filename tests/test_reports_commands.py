"""The reports as a person calls them: forms, limits, asking before a session is ended, no user's data on the screen."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from litxdb import render
from litxdb.database import Database
from litxdb.render import answers
from tests.bed.program import Outcome
from tests.bed.queueing import Queue
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]


@pytest.fixture
def queue(db_url: str) -> Iterator[Queue]:
    with Queue(db_url) as queue:
        yield queue


def test_the_list(run: Run) -> None:
    outcome = run("report", "--list", "--format", "json")
    assert outcome.code == 0
    names = [row["name"] for row in outcome.json["rows"]]
    assert names == sorted(names)
    assert "unused-indexes" in names
    assert run("report").stdout.count("\n") > 20


def test_about(run: Run) -> None:
    outcome = run("report", "bloat", "--about")
    assert outcome.code == 0
    assert "pgstattuple" in outcome.stdout
    assert "wasted_bytes (bytes)" in outcome.stdout
    assert run("report", "blaot", "--about").code == 2


def test_an_unknown_name(run: Run, db_url: str) -> None:
    outcome = run("report", "unused_indices", "--url", db_url)
    assert outcome.code == 2
    assert "Did you mean unused-indexes" in outcome.stderr


def test_a_missing_extension(run: Run, db_url: str) -> None:
    outcome = run("slow-queries", "--url", db_url)
    assert outcome.code == 7
    assert "create extension pg_stat_statements" in outcome.stderr


@pytest.mark.parametrize("name", ["index-usage", "vacuum", "unused-indexes", "sequences"])
def test_raw_numbers_for_programs_and_a_limit(name: str, run: Run, db_url: str) -> None:
    everything = run("report", name, "--url", db_url, "--format", "json").json
    assert everything["name"] == name
    assert everything["examined"] >= len(everything["rows"]) > 3
    table = list(csv.DictReader(io.StringIO(run("report", name, "--url", db_url, "--format", "csv").stdout)))
    assert [*table[0]] == [column["name"] for column in everything["columns"]]
    assert len(table) == len(everything["rows"])
    two = run("report", name, "--url", db_url, "--limit", "2")
    assert "2 of " in two.stderr
    assert len(run("report", name, "--url", db_url, "--limit", "2", "--format", "json").json["rows"]) == 2
    assert len(run("report", name, "--url", db_url, "--limit", "0").stdout.splitlines()) > len(two.stdout.splitlines())


def test_an_empty_answer_says_how_much_was_looked_at(run: Run, db_url: str) -> None:
    outcome = run("report", "missing-fk-indexes", "--url", db_url)
    assert outcome.code == 0
    assert outcome.stdout == "Nothing to show: 25 objects looked at.\n"
    assert run("report", "missing-fk-indexes", "--url", db_url, "--format", "csv").stdout.startswith(
        "table,foreign_key,"
    )


def test_slow_queries_and_their_plans(run: Run, db: Database, db_url: str) -> None:
    query(db, "create extension pg_stat_statements; select pg_stat_statements_reset()")
    query(db, "select pg_sleep(2), * from users where email = 'ada@example.org'")
    query(db, "insert into users (clerk_id, email) values ('c', 'ada@example.org')")
    query(db, "select pg_sleep(2), * from users where email = 'ada@example.org'")
    outcome = run("slow-queries", "--url", db_url, "--min-ms", "800", "--sort", "mean")
    assert outcome.code == 0
    assert "where email = $2" in outcome.stdout
    assert "ada@example.org" not in outcome.stdout
    plan = run("slow-queries", "--url", db_url, "--min-ms", "800", "--explain", "1")
    assert plan.code == 0
    assert "on users" in plan.stdout
    raw = run("slow-queries", "--url", db_url, "--min-ms", "800", "--explain", "1", "--format", "json").json
    assert raw["rows"]
    assert raw["reason"] is None
    too_many = run("slow-queries", "--url", db_url, "--min-ms", "800", "--explain", "9")
    assert too_many.code == 6
    assert "only 1 such statement" in too_many.stderr
    assert run("slow-queries", "--url", db_url, "--sort", "beauty").code == 2


def test_table_sizes(run: Run, db_url: str) -> None:
    first = run("table-sizes", "--url", db_url)
    assert "litxdb snapshot" in first.stderr
    run("snapshot", "--url", db_url)
    rows = run("table-sizes", "--url", db_url, "--format", "json").json["rows"]
    assert len(rows) == 27
    assert {row["grown_bytes"] for row in rows} == {0}
    assert sum(row["share_percent"] for row in rows) == pytest.approx(100)


def test_activity_shows_no_values(run: Run, db_url: str, queue: Queue) -> None:
    pid = queue.hold("select 'ada@example.org' as mail from users", application="the \x1b[31mservice")
    idle = queue.hold("select 1", autocommit=True)
    outcome = run("activity", "--url", db_url)
    assert outcome.code == 0
    assert f"{pid}" in outcome.stdout
    assert "select ? as mail from users" in outcome.stdout
    assert "ada@example.org" not in outcome.stdout
    assert "\x1b" not in outcome.stdout
    assert "ada@example.org" in run("activity", "--url", db_url, "--values").stdout
    rows = {row["pid"]: row for row in run("activity", "--url", db_url, "--all", "--format", "json").json["rows"]}
    assert rows[idle]["state"] == "idle"
    assert any(row["backend_type"] == "checkpointer" for row in rows.values())
    shown = run("activity", "--url", db_url, "--format", "json").json
    assert idle not in [row["pid"] for row in shown["rows"]]
    assert shown["sessions"] == len(rows)


def test_activity_as_a_plain_role(run: Run, server: Server, db: Database, queue: Queue) -> None:
    pid = queue.hold("select 1 from users")
    with as_role(server, db, "onlooker"):
        outcome = run("activity", "--url", server.url(db.endpoint.dbname, user="onlooker"))
    assert outcome.code == 0
    assert f"{pid}" in outcome.stdout
    assert "grant pg_read_all_stats to onlooker" in outcome.stderr


def test_locks(run: Run, db_url: str, queue: Queue) -> None:
    nobody = run("locks", "--url", db_url)
    assert nobody.code == 0
    assert nobody.stdout.startswith("Nobody waits for a lock: ")
    holder = queue.hold("select * from users where email = 'ada@example.org'")
    ddl = queue.wait("alter table users add column x integer")
    reader = queue.wait("select * from users where email = 'ada@example.org'")
    prepared = queue.hold("begin; lock table papers; prepare transaction 'forgotten'", autocommit=True)
    behind = queue.wait("select * from papers")
    drawn = run("locks", "--url", db_url).stdout
    places = [
        drawn.index(text) for text in (f" {holder} ", f"   {ddl} ", f"     {reader} ", "'forgotten'", f"   {behind} ")
    ]
    assert places == sorted(places)
    assert "ada@example.org" not in drawn
    answer = run("locks", "--url", db_url, "--format", "json").json
    told: dict[Any, Any] = {row["gid"] or row["pid"]: row for row in answer["rows"]}
    assert told.keys() == {holder, ddl, reader, "forgotten", behind}
    assert (told[reader]["depth"], told[reader]["blocked_by"]) == (2, [ddl])
    assert told["forgotten"]["victims"] == 1
    assert prepared not in told
    assert run("locks", "--url", db_url, "--format", "csv").stdout.startswith("depth,pid,gid,")


def test_a_deadlock_is_named(run: Run, db_url: str, queue: Queue) -> None:
    queue.deadlock("71", "72")
    outcome = run("locks", "--url", db_url)
    assert "deadlock" in outcome.stderr


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_cancel_and_terminate(form: str, run: Run, db_url: str, queue: Queue) -> None:
    holder = queue.hold("lock table users", application="migrator")
    victim = queue.wait("select 'ada@example.org' from users")
    asked = run("terminate", str(holder), "--url", db_url)
    assert asked.code == 6
    assert "migrator" in asked.stderr
    tried = run("cancel", str(victim), "--url", db_url, "--dry-run")
    assert tried.code == 0
    assert "Nothing was done" in tried.stderr
    assert "ada@example.org" not in tried.stderr
    assert queue.ask("select 1 from pg_stat_activity where pid = %s and state = 'active'", victim)
    cancelled = run("cancel", str(victim), "--url", db_url, "--yes", "--format", form)
    assert cancelled.code == 0, cancelled.stderr
    idle = run("cancel", str(holder), "--url", db_url, "--yes")
    assert idle.code == 6
    assert f"litxdb terminate {holder}" in idle.stderr
    ended = run("terminate", str(holder), "--url", db_url, "--yes", "--format", form)
    assert ended.code == 0
    if form == "json":
        assert ended.json["rows"] == [{"pid": holder, "ending": "terminate", "over": True}]
    assert not queue.ask("select 1 from pg_stat_activity where pid = %s", holder)
    assert run("terminate", str(holder), "--url", db_url, "--yes").code == 6


def test_ending_without_the_privilege(run: Run, server: Server, db: Database, queue: Queue) -> None:
    holder = queue.hold("lock table users")
    with as_role(server, db, "onlooker"):
        outcome = run("terminate", str(holder), "--yes", "--url", server.url(db.endpoint.dbname, user="onlooker"))
    assert outcome.code == 5
    assert "grant pg_signal_backend to onlooker" in outcome.stderr
    assert queue.ask("select 1 from pg_stat_activity where pid = %s", holder)


def test_a_terminal_gets_the_beginning_of_a_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "select " + ", ".join(f"column_{number}" for number in range(50))
    assert render.statement(long) == long
    monkeypatch.setattr(answers, "is_terminal", lambda stream: True)
    assert render.statement(long) == long[:99] + "…"
