"""A backup: what comes out of it is what was in the database at its snapshot."""

import contextlib
import re
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from litxdb import backup
from litxdb.backup import archive, contents, tools
from litxdb.backup.manifest import Manifest
from litxdb.backup.results import Backup, Progress
from litxdb.database import Database
from litxdb.database.programs import route
from litxdb.settings import Settings
from tests.bed.neon import Neon
from tests.bed.oddities import EVERYTHING, VECTORS
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import execute

Run = Callable[..., Outcome]


@contextlib.contextmanager
def restored(store: backup.Store, manifest: Manifest, server: Server, folder: Path) -> Iterator[Database]:
    """Restore by hand, as a person without litxdb could."""
    with server.database(template="template0") as url, Database(url) as db:
        pg_restore = tools.find("pg_restore", int(manifest.client.version.partition(".")[0]), Settings(), "")
        target = folder / "restoring"
        with archive.raw(store, manifest) as reading:
            if manifest.archive.format == "directory":
                with tarfile.open(fileobj=reading, mode="r|") as tar:
                    tar.extractall(target, filter="data")
                assert reading.read() == b""
            else:
                target.write_bytes(reading.read())
        with (
            contextlib.closing(db.connect(direct=True, autocommit=True)) as connection,
            route(db, connection, has_tls=pg_restore.has_tls) as way,
        ):

            def call(*options: str | Path) -> str:
                command = [pg_restore.path, "-w", "--exit-on-error", "-O", "-x", *options, target]
                done = subprocess.run(command, env=way.environment, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
                return done.stdout

            database = parse_dsn(url)["dbname"]
            if any("pg_attver" in warning for warning in manifest.warnings):
                schema = re.sub(r"(?m)^\\.*", "", call("--section=pre-data", "-f", "-"))  # psql's own commands
                execute(url, re.sub(r"ALTER TABLE ONLY \S+ ALTER COLUMN \S+ SET \(pg_attver=\d+\);", "", schema))
                call("--section=data", "--section=post-data", "-d", database)
            else:
                call("-d", database)
        yield db


@pytest.mark.parametrize("jobs", [1, 2])
def test_whatever_is_in_a_database_comes_out_again(
    jobs: int, any_server: Server, server: Server, store: backup.Store, tmp_path: Path
) -> None:
    with any_server.database() as url, Database(url) as db:
        execute(url, EVERYTHING)
        vectors = any_server.major in {16, 18}
        if vectors:
            execute(url, VECTORS)
        made = backup.make(db, store, jobs=jobs).manifest
        assert made.source.server_version // 10000 == any_server.major
        assert int(made.client.version.partition(".")[0]) >= any_server.major
        with restored(store, made, server, tmp_path) as other:
            found = contents.read(other, method=made.contents.method)
        there = tuple(replace(each, version="") for each in found.schema.extensions)  # the other server has its own
        here = tuple(replace(each, version="") for each in made.contents.schema.extensions)
        assert replace(found, schema=replace(found.schema, extensions=there)) == replace(
            made.contents, schema=replace(made.contents.schema, extensions=here)
        )
        rows = {(table.schema, table.name): table.rows for table in made.contents.tables}
        assert rows["public", "parent"] == 1
        assert rows["public", "nothing"] == 1
        assert ("public", "parted") not in rows
        assert made.contents.large_objects.count == 3
        assert ("public", "embeddings") in rows or not vectors
        assert any(sequence.last_value == 77 and not sequence.is_called for sequence in made.contents.schema.sequences)


def test_an_empty_database_is_a_backup_too(
    empty_db: Database, store: backup.Store, server: Server, tmp_path: Path
) -> None:
    made = backup.make(empty_db, store).manifest
    assert made.contents.tables == ()
    with restored(store, made, server, tmp_path) as other:
        assert contents.read(other, method="row-1") == made.contents


def test_litxplores_database_knows_its_revision(run: Run, db_url: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run("seed", "--url", db_url)
    answer = run("backup", "--url", db_url, "--store", store, "--format", "json")
    assert answer.code == 0, answer.stderr
    assert answer.json["revision"] == "0012_sources_full_text"
    assert {each["name"]: each["rows"] for each in answer.json["manifest"]["contents"]["tables"]}["users"] == 1
    assert [row["name"] for row in run("backups", "--store", store, "--format", "json").json["rows"]] == [
        answer.json["name"]
    ]


def test_a_database_in_another_encoding(server: Server, store: backup.Store, tmp_path: Path) -> None:
    server.execute("create database latin template template0 encoding 'LATIN1' locale 'C'")
    try:
        with Database(server.url("latin")) as db:
            execute(server.url("latin"), "create table t (v text); insert into t values ('ärger'), (chr(255)), (null)")
            made = backup.make(db, store).manifest
        assert (made.source.encoding, made.contents.method) == ("LATIN1", "row-utf8-1")
        with restored(store, made, server, tmp_path) as other:  # in UTF8
            assert contents.read(other, method=made.contents.method).tables == made.contents.tables
    finally:
        server.execute("drop database latin with (force)")


def test_what_is_written_meanwhile_is_in_neither(
    empty_url: str, store: backup.Store, server: Server, tmp_path: Path
) -> None:
    execute(empty_url, "create table t as select n, repeat('x', 1000) as pad from generate_series(1, 20000) n")
    ended = threading.Event()

    def write() -> None:
        with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not ended.is_set():
                cursor.execute("insert into t values (0, 'new'); delete from t where n = (select max(n) from t)")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with Database(empty_url) as db:
            made = backup.make(db, store).manifest
    finally:
        ended.set()
        thread.join()
    with restored(store, made, server, tmp_path) as other:
        assert contents.read(other, method="row-1").tables[0].fingerprint == made.contents.tables[0].fingerprint


@pytest.mark.parametrize("change", [
    "update numbers set f8 = '0' where f8 = '-0'::float8 and f8::text = '-0'",
    "update documents set b = '\\x00ff5c0b' where octet_length(b) = 4",
    "update documents set x = '{NULL,\"NULL\",\"\",a\\,b,\"}\"}' where id = (select id from documents limit 1)",
    "update twice set v = 3 where v = 2",
    "delete from twice where ctid = (select min(ctid) from twice where v = 1)",
    "update embeddings set v = '[1,2.5,0]' where id = 1",
    "update embeddings set v = '[1,2.5000002,-0]' where id = 1",
    "update times set i = '29 days' where i = '1 mon -1 day'",
    "select lo_put(90003, 999999, 'x')",
    "update documents set cash = cash + 0.01::money::numeric::money where cash is not null",
])  # fmt: skip
def test_a_fingerprint_sees_any_change(change: str, empty_url: str, empty_db: Database) -> None:
    execute(empty_url, EVERYTHING + VECTORS)
    before = contents.read(empty_db, method="row-1")
    execute(empty_url, change)
    after = contents.read(empty_db, method="row-1")
    assert (before.tables, before.large_objects) != (after.tables, after.large_objects)


def test_a_fingerprint_does_not_depend_on_where_rows_and_columns_are(empty_url: str, empty_db: Database) -> None:
    execute(
        empty_url, "create table t (a integer, b text); insert into t select n, 'n' || n from generate_series(1, 99) n"
    )
    (before,) = contents.read(empty_db, method="row-1", workers=1).tables
    execute(empty_url, "alter table t rename to o; create table t (b text, a integer)")
    execute(empty_url, "insert into t select b, a from o order by random(); drop table o")
    (after,) = contents.read(empty_db, method="row-1", workers=4).tables
    assert (before.rows, before.fingerprint) == (after.rows, after.fingerprint)


def test_rows_that_an_extension_calls_its_own_are_left_out(empty_url: str, empty_db: Database) -> None:
    execute(empty_url, "create extension vector; create extension pg_stat_statements; create table mine (id int)")
    assert [table.name for table in contents.read(empty_db, method="row-1").tables] == ["mine"]


def test_a_server_that_demands_tls(pg15: Server, store: backup.Store, server: Server, tmp_path: Path) -> None:
    """With Debian's own pg_dump, which has TLS, and with the wheel's, which has none."""
    with pg15.database() as url:
        execute(url, "create table t as select n from generate_series(1, 1000) n")
        with Database(url) as db:
            native = backup.make(db, store).manifest
        wheel = tools.find("pg_dump", 18, Settings(), "").path.parent
        with Database(settings=replace(Settings.load(url), pg_bin=wheel)) as db:
            tunnelled = backup.make(db, store).manifest
            parallel = backup.make(db, store, jobs=2).manifest
    assert (native.client.version[:2], native.client.tls) == ("15", "native")
    assert (tunnelled.client.version[:2], tunnelled.client.tls) == ("18", "tunnel")
    for made in (native, tunnelled, parallel):
        with restored(store, made, server, tmp_path) as other:
            assert contents.read(other, method="row-1").tables == made.contents.tables
        (tmp_path / "restoring").rename(tmp_path / made.name)


def test_neon_by_its_pooled_url(neon: Neon, run: Run, tmp_path: Path) -> None:
    """The wheel's pg_dump, Neon's direct host, its certificate verified; nobody sees the password."""
    execute(neon.server.url(neon.dbname), "create table t as select n from generate_series(1, 1000) n")
    answer = run("backup", "--url", neon.pooled_url, "--store", tmp_path / "store", "--format", "json")
    assert answer.code == 0, answer.stderr
    assert answer.json["manifest"]["client"]["tls"] == "tunnel"
    assert neon.asked
    assert not any("-pooler" in host for host in neon.asked)
    assert neon.passwords["neondb_owner"] not in answer.stdout + answer.stderr


def test_a_pooler_is_refused(pooler: Pooler, run: Run, tmp_path: Path) -> None:
    answer = run("backup", "--url", pooler.url(), "--store", tmp_path / "store")
    assert answer.code == 6
    assert "is a transaction pooler" in answer.stderr


def test_hostile_names_of_databases(server: Server, run: Run, tmp_path: Path) -> None:
    for name in ('../../etc/"x"', "with\nnewline = and 'quote'", "host=elsewhere", "-Fd", "数", "100 %s %(x)s"):
        quoted = '"' + name.replace('"', '""') + '"'
        server.execute(f"create database {quoted}")
        try:
            answer = run("backup", "--url", server.url(name), "--store", tmp_path / "store", "--format", "json")
            assert answer.code == 0, answer.stderr
            assert answer.json["database"] == name
        finally:
            server.execute(f"drop database {quoted}")
    assert len(run("backups", "--store", tmp_path / "store", "--format", "json").json["rows"]) == 6
    assert {path.parent for path in tmp_path.rglob("*.zst")} == {tmp_path / "store"}


def test_two_thousand_tables(empty_url: str, empty_db: Database, store: backup.Store) -> None:
    execute(empty_url, "select")
    for start in range(0, 2000, 500):
        statements = (
            f"create table t{n} (id integer generated always as identity); insert into t{n} default values"
            for n in range(start, start + 500)
        )
        execute(empty_url, ";".join(statements))
    made = backup.make(empty_db, store).manifest
    assert len(made.contents.tables) == len(made.contents.schema.sequences) == 2000
    assert made.contents.rows == 2000


def test_the_password_is_nowhere(pg15: Server, run: Run, tmp_path: Path) -> None:
    with pg15.database() as url:
        answer = run("backup", "--url", url, "--store", tmp_path / "store", "--format", "json")
        debugged = run("--debug", "backup", "--url", url, "--store", tmp_path / "store")
    assert (answer.code, debugged.code) == (0, 0), answer.stderr
    written = "".join(
        path.read_text(errors="replace") for path in (tmp_path / "store").iterdir() if path.suffix == ".json"
    )
    for text in (answer.stdout, answer.stderr, debugged.stdout, debugged.stderr, written):
        assert "pass/word" not in text
        assert "pass%2Fword" not in text


def test_quiet_is_quiet(run: Run, db_url: str, tmp_path: Path) -> None:
    answer = run("backup", "--url", db_url, "--store", tmp_path / "store", "--quiet")
    assert (answer.code, answer.stdout, answer.stderr) == (0, "", "")


def test_the_store_may_come_from_the_environment(run: Run, db_url: str, tmp_path: Path) -> None:
    assert run("backup", "--url", db_url, env={"LITXDB_BACKUP_STORE": str(tmp_path / "store")}).code == 0
    nowhere = run("backup", "--url", db_url)
    assert nowhere.code == 3
    assert "LITXDB_BACKUP_STORE" in nowhere.stderr


def test_files_are_private_and_named_after_the_manifest(db: Database, tmp_path: Path) -> None:
    made: Backup = backup.make(db, backup.open_store(str(tmp_path / "store")))
    paths = sorted((tmp_path / "store").iterdir())
    assert [path.name for path in paths if not path.name.startswith(".")] == [
        made.manifest.archive.file,
        f"{made.name}.manifest.json",
    ]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


def test_progress_is_told(empty_url: str, empty_db: Database, store: backup.Store) -> None:
    execute(
        empty_url, "create table t as select md5(n::text) as a, md5((-n)::text) as b from generate_series(1, 300000) n"
    )
    seen: list[Progress] = []
    backup.make(empty_db, store)
    made = backup.make(empty_db, store, watch=seen.append)
    assert seen
    assert seen[-1].expected_bytes == pytest.approx(made.manifest.archive.raw_bytes, rel=0.1)
    assert [each.raw_bytes for each in seen] == sorted(each.raw_bytes for each in seen)
