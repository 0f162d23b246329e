"""Snapshots: what they keep, that they go on counting, and that nothing about their file stops anybody."""

from __future__ import annotations

import contextlib
import itertools
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from litxdb import snapshots
from litxdb.database import Database, Endpoint
from litxdb.database.endpoint import parse
from litxdb.errors import Exit
from litxdb.snapshots import store
from litxdb.snapshots.thinning import DAY, HOUR, MOST, surplus
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]
Start = Callable[..., "subprocess.Popen[str]"]
FLUSH = "; select pg_stat_force_next_flush()"
"""Statistics are there when the session says that it is ready."""


def file_of(db: Database) -> Path:
    return snapshots.history(db).file


def shift(db: Database, seconds: float) -> None:
    """Make all snapshots older."""
    with contextlib.closing(sqlite3.connect(file_of(db))) as file:
        for table in ("snapshots", "parts"):
            file.execute(f"update {table} set taken_at = taken_at - ?", [seconds])
        file.execute("update snapshots set counted_since = counted_since - ?", [seconds])
        file.commit()


def use_index(db: Database, times: int) -> None:
    """Scan the index i so many times, and have it counted at once."""
    with contextlib.closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        for _ in range(times):
            cursor.execute("select 1 from t where a = 5")
        cursor.execute("select pg_stat_force_next_flush()")


@pytest.fixture
def table(any_server: Server) -> Any:
    """A database with a table t that has an index i."""
    with any_server.database() as url, Database(url) as db:
        query(db, "create table t (id serial primary key, a integer)")
        query(db, f"insert into t (a) select i from generate_series(1, 1000) i{FLUSH}")
        query(db, "create index i on t (a)")
        query(db, "analyze t")
        yield db


def test_a_snapshot_keeps_sizes_and_counters(table: Database) -> None:
    use_index(table, 3)
    taken = snapshots.take(table)
    assert taken.trouble is None
    assert (taken.count, taken.tables, taken.indexes, taken.sequences) == (1, 1, 2, 1)
    (newest,) = snapshots.history(table).snapshots
    oids = dict(query(table, "select relname, oid::int from pg_class where relname in ('t', 'i', 't_id_seq')"))
    figures = newest.tables[oids["t"]]
    assert figures.bytes == query(table, "select pg_relation_size('t')")[0][0]
    assert figures.index_bytes == query(table, "select pg_relation_size('i') + pg_relation_size('t_pkey')")[0][0]
    assert (figures.rows, figures.rows_inserted, figures.index_scans) == (1000, 1000, 3)
    assert newest.indexes[oids["i"]].scans == 3
    assert newest.indexes[oids["i"]].used_at is not None
    assert newest.sequences[oids["t_id_seq"]].last_value == 1000
    assert newest.database.commits > 0
    assert newest.database.connection_limit == 100
    assert newest.taken_at == taken.taken_at
    assert newest.observed_seconds > 0


def test_totals_go_on_after_a_reset(table: Database) -> None:
    use_index(table, 5)
    snapshots.take(table)
    query(table, "select pg_stat_reset()")
    use_index(table, 2)
    snapshots.take(table)
    use_index(table, 4)
    snapshots.take(table)
    (oid,) = query(table, "select 'i'::regclass::oid::int")[0]
    newest = snapshots.history(table).newest
    assert newest is not None
    assert newest.indexes[oid].scans == 11


def test_resetting_one_table_counts_nothing_twice(table: Database) -> None:
    query(table, f"create table other (a integer); insert into other select i from generate_series(1, 500) i{FLUSH}")
    use_index(table, 5)
    snapshots.take(table)
    query(table, "select pg_stat_reset_single_table_counters('t'::regclass)")
    query(table, "select pg_stat_reset_single_table_counters('i'::regclass)")
    use_index(table, 2)
    snapshots.take(table)
    newest = snapshots.history(table).newest
    assert newest is not None
    oids = dict(query(table, "select relname, oid::int from pg_class where relname in ('other', 'i')"))
    assert newest.indexes[oids["i"]].scans == 7
    assert newest.tables[oids["other"]].rows_inserted == 500


def test_what_comes_later_has_been_watched_for_less(table: Database) -> None:
    first = snapshots.take(table)
    query(table, "create index later on t (a, id)")
    snapshots.take(table)
    newest = snapshots.history(table).newest
    assert newest is not None
    oids = dict(query(table, "select relname, oid::int from pg_class where relname in ('later', 'i')"))
    assert newest.indexes[oids["i"]].observed_before == 0
    assert newest.indexes[oids["later"]].observed_before == newest.observed_seconds
    assert first.taken_at is not None
    assert newest.indexes[oids["i"]].seen_at == first.taken_at.timestamp()


def test_statements_are_kept_without_their_values(server: Server) -> None:
    with server.database() as url, Database(url) as db:
        query(db, 'create schema "odd ""one""%s"; create extension pg_stat_statements schema "odd ""one""%s"')
        query(db, "select 'ada@example.org', 42 as answer")
        query(db, "create role nobody_else_42 password 'hunter22'; drop role nobody_else_42")
        query(db, "select 'ada@example.org', 42 as answer")
        taken = snapshots.take(db)
        assert taken.missing == {}
        past = snapshots.history(db)
        assert past.newest is not None
        (queryid,) = (key for key, text in past.texts.items() if "as answer" in text)
        assert past.newest.statements[queryid].calls == 2
        content = past.file.read_bytes() + repr(past.texts).encode()
        assert b"hunter22" not in content
        assert b"example.org" not in content


def test_a_part_that_was_missing_goes_on(server: Server) -> None:
    with server.database() as url, Database(url) as db:
        query(db, "create extension pg_stat_statements; create table seldom (i integer)")
        for name in ("seldom", "seldom", "pg_class"):
            query(db, f"select count(*) from {name}")
        snapshots.take(db)
        query(db, "select pg_stat_statements_reset(); drop extension pg_stat_statements")
        assert "statements" in (snapshots.take(db).missing or {})
        query(db, "create extension pg_stat_statements; select count(*) from seldom")
        snapshots.take(db)
        past = snapshots.history(db)
        assert past.newest is not None
        (queryid,) = (key for key, text in past.texts.items() if "from seldom" in text)
        assert past.newest.statements[queryid].calls == 3


def test_a_copied_database_has_a_history_of_its_own(server: Server, empty_db: Database) -> None:
    snapshots.take(empty_db)
    (name,) = query(empty_db, "select current_database()")[0]
    with server.database(template=name) as url, Database(url) as copy:
        assert len(snapshots.history(copy)) == 0
        assert len(snapshots.history(empty_db)) == 1


def test_a_physical_copy_has_a_history_of_its_own(tmp_path: Path) -> None:
    def file(url: str, identifier: str | None = "7") -> Path:
        return store.file_of(tmp_path, Endpoint(parse(url, "--url"), "--url"), identifier, 5)

    first = file("postgresql://ada@db.example.org/litx")
    assert file("postgresql://eve:other@db.example.org:5432/litx?sslmode=require") == first
    others = [
        file("postgresql://ada@replica.example.org/litx"),
        file("postgresql://ada@db.example.org:5433/litx"),
        file("postgresql://ada@db.example.org/litx", "8"),
        file("postgresql://ada@db.example.org/litx", None),
        file("postgresql:///litx?host=/tmp/one"),
        file("postgresql:///litx?host=/tmp/other"),
    ]
    assert len({first, *others}) == 7
    assert file("postgresql://localhost/litx") == file("postgresql://127.0.0.1/litx")
    assert file("postgresql://a@ep-x-1-pooler.eu.aws.neon.tech/n") == file("postgresql://a@ep-x-1.eu.aws.neon.tech/n")


def test_a_server_that_hides_its_identifier(server: Server, empty_db: Database) -> None:
    query(empty_db, "revoke execute on function pg_control_system() from public")
    with as_role(server, empty_db, "snapper") as db:
        assert snapshots.take(db).trouble is None
        assert snapshots.take(db).count == 2
        assert len(snapshots.history(db)) == 2


def test_a_role_that_may_see_little_keeps_what_it_sees(server: Server, empty_db: Database) -> None:
    query(empty_db, "create table t (id serial)")
    with as_role(server, empty_db, "snapper") as db:
        taken = snapshots.take(db)
    assert (taken.trouble, taken.tables, taken.sequences) == (None, 1, 0)


def test_a_borrowed_connection_stays_as_it_was(empty_db: Database) -> None:
    with contextlib.closing(empty_db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set local search_path to litxdb, public; create temporary table kept as select 1 as one")
        assert snapshots.take(empty_db, connection).trouble is None
        assert len(snapshots.history(empty_db, connection)) == 1
        cursor.execute("show search_path")
        assert cursor.fetchone() == ("litxdb, public",)
        cursor.execute("select one from kept")


def test_through_a_transaction_pooler(pooler: Any, empty_url: str) -> None:
    with Database(pooler.url(psycopg2.extensions.parse_dsn(empty_url)["dbname"])) as db:
        assert snapshots.take(db).trouble is None
        assert len(snapshots.history(db)) == 1


def test_nothing_waits_for_a_locked_table(table: Database) -> None:
    with contextlib.closing(table.connect()) as other:
        other.cursor().execute("lock t in access exclusive mode; alter sequence t_id_seq increment 2")
        taken = snapshots.take(table)
    assert taken.missing is not None
    assert (taken.trouble, taken.missing.keys(), taken.tables, taken.sequences) == (None, {"statements"}, 1, 0)


def test_the_file_is_private(table: Database) -> None:
    snapshots.take(table)
    file = file_of(table)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_writers_at_once(start: Start, run: Run, empty_url: str) -> None:
    processes = [start("snapshot", "--url", empty_url) for _ in range(6)]
    for process in processes:
        _, stderr = process.communicate(timeout=60)
        busy = process.returncode == Exit.CONFIGURATION and "are being written by another run" in stderr
        assert busy or (process.returncode, stderr.replace("without statements", "")[:1]) == (0, ":"), stderr
    with Database(empty_url) as db:
        past = snapshots.history(db)
        assert past.trouble is None
        minutes = {each.taken_at.timestamp() // (HOUR / 6) for each in past.snapshots}  # one stretch, or two
        assert 2 <= len(past) <= 1 + len(minutes)  # the first of these minutes, and the newest
        assert past.newest is not None
        assert past.newest.observed_seconds > 0
    assert run("snapshot", "--url", empty_url).code == 0


def test_a_writer_that_is_killed_harms_nothing(start: Start, run: Run, empty_url: str) -> None:
    assert run("snapshot", "--url", empty_url).code == 0
    for _ in range(6):
        process = start("snapshot", "--url", empty_url)
        time.sleep(random.uniform(0.2, 0.7))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert run("snapshot", "--url", empty_url).code == 0
    with Database(empty_url) as db, contextlib.closing(sqlite3.connect(file_of(db))) as file:
        assert file.execute("pragma integrity_check").fetchall() == [("ok",)]


def garbage(file: Path) -> None:
    file.write_bytes(b"not a database at all" * 1000)


def torn(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:5000] + b"\0" * (len(content) - 5000))


def scratched(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as inside:
        inside.execute("update parts set content = x'00112233'")
        inside.execute("update latest set raw = x'00112233'")
        inside.commit()


def foreign(file: Path) -> None:
    file.unlink()
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("create table bookmarks (url text)")


def newer(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as inside:
        inside.execute("pragma user_version = 99")


def a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_link(file: Path) -> None:
    file.rename(file.with_suffix(".elsewhere"))
    file.symlink_to(file.with_suffix(".elsewhere"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (garbage, "are damaged: file is not a database"),
        (torn, "are damaged"),
        (scratched, "are damaged"),
        (foreign, "is not a file of snapshots"),
        (newer, "were written by a newer litxdb"),
        (a_directory, "cannot be used"),
        (a_link, "cannot be used"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_left_alone(
    spoil: Callable[[Path], None], told: str, run: Run, db: Database, db_url: str
) -> None:
    assert run("snapshot", "--url", db_url).code == 0
    file = file_of(db)
    for extra in file.parent.glob(f"{file.name}-*"):
        extra.unlink()
    spoil(file)
    before = file.read_bytes() if file.is_file() else None
    outcome = run("snapshot", "--url", db_url)
    assert outcome.code == 3
    assert told in outcome.stderr
    assert "hint: " in outcome.stderr
    assert before == (file.read_bytes() if file.is_file() else None)
    sizes = run("table-sizes", "--url", db_url, "--format", "json")
    assert sizes.code == 0
    assert sizes.json["rows"]


def test_a_place_that_cannot_be_written(run: Run, db_url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    env = {"LITXDB_STATE": str(tmp_path / "file")}
    outcome = run("snapshot", "--url", db_url, env=env)
    assert outcome.code == 3
    assert "cannot be used: File exists" in outcome.stderr
    assert run("table-sizes", "--url", db_url, env=env).code == 0


@pytest.mark.ordinary_user
def test_a_directory_that_is_not_ours(run: Run, db_url: str, tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir(mode=0o500)
    outcome = run("snapshot", "--url", db_url, env={"LITXDB_STATE": str(tmp_path)})
    assert outcome.code == 3
    assert "Permission denied" in outcome.stderr


def test_a_full_disk(db_url: str) -> None:
    command = f'ulimit -f 8; exec "{sys.executable}" -m litxdb snapshot --url "{db_url}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "cannot be used" in done.stderr


def test_another_writer_that_takes_too_long(
    run: Run, db: Database, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("snapshot", "--url", db_url)
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(file_of(db), isolation_level=None)) as other:
        other.execute("begin immediate")
        outcome = run("snapshot", "--url", db_url)
        assert outcome.code == 3
        assert "are being written by another run" in outcome.stderr
        assert len(snapshots.history(db)) == 1  # reading goes on


def test_old_ones_go(table: Database) -> None:
    for _ in range(4):
        snapshots.take(table)
        shift(table, 20 * DAY)
    assert len(snapshots.history(table)) == 4
    taken = snapshots.take(table, keep_days=30)
    assert (taken.count, taken.thinned) == (2, 3)
    past = snapshots.history(table)
    assert past.before(timedelta(days=1)) is past.oldest
    assert past.before(timedelta(days=365)) is past.oldest


def test_the_file_is_bounded(table: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(8):
        snapshots.take(table)
        shift(table, DAY)
    assert len(snapshots.history(table)) == 8
    before = file_of(table).stat().st_size
    with contextlib.closing(sqlite3.connect(file_of(table))) as file:
        (size,) = file.execute("select sum(length(content)) from parts group by taken_at order by 1 desc").fetchone()
    monkeypatch.setattr(store, "MOST_BYTES", 3 * size)
    taken = snapshots.take(table)
    assert 2 <= taken.count <= 3
    assert taken.bytes <= before


def test_hourly_snapshots_of_years_stay_few() -> None:
    kept: list[float] = []
    for hour in range(24 * 500):
        kept.append(hour * HOUR)
        gone = set(surplus(kept, keep_days=10_000))
        kept = [moment for moment in kept if moment not in gone]
    assert len(kept) <= MOST
    assert kept[-1] == (24 * 500 - 1) * HOUR
    assert all(later - earlier <= DAY + HOUR for earlier, later in itertools.pairwise(kept) if earlier > 30 * DAY)


def test_a_clock_that_goes_back(run: Run, db: Database, db_url: str) -> None:
    run("snapshot", "--url", db_url)
    shift(db, -HOUR)
    outcome = run("snapshot", "--url", db_url)
    assert outcome.code == 3
    assert "clock" in outcome.stderr


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_command(form: str, run: Run, db_url: str) -> None:
    outcome = run("snapshot", "--url", db_url, "--format", form, "--keep", "30")
    assert outcome.code == 0
    assert "without statements: The extension pg_stat_statements is not installed" in outcome.stderr
    if form == "json":
        (row,) = outcome.json["rows"]
        assert (row["count"], row["tables"]) == (1, 27)
        assert row["missing"] == {"statements": "The extension pg_stat_statements is not installed in this database."}


def test_names_of_databases_make_safe_file_names(server: Server) -> None:
    name = 'O\'dd "name" ../../x ü'
    server.execute('create database "O\'dd ""name"" ../../x ü"')
    try:
        with Database(server.url(name)) as db:
            taken = snapshots.take(db)
            assert taken.trouble is None
            assert taken.file is not None
            assert taken.file.parent == db.settings.state / "snapshots"
            assert taken.file.name.startswith("o-dd-name-x-")
    finally:
        server.execute('drop database "O\'dd ""name"" ../../x ü" with (force)')
