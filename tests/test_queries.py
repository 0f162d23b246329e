"""The SQL files keep their contract: each runs on every version, and answers with the columns of its header."""

import contextlib

import psycopg2
import pytest

from litxdb import queries
from litxdb.errors import ToolMissing
from litxdb.migrate import log
from tests.bed.oddities import EVERYTHING
from tests.bed.servers import Server

READS = [(folder, name) for folder in ("activity", "checks", "doctor") for name in queries.names(folder)]


@pytest.mark.parametrize(("folder", "name"), READS)
def test_a_file_answers_with_the_columns_of_its_header(folder: str, name: str, any_server: Server) -> None:
    with (
        any_server.database() as url,
        contextlib.closing(psycopg2.connect(url)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select name, default_version from pg_available_extensions")
        available = dict(cursor.fetchall())
        for extension in queries.find(folder, name).extensions:
            if extension not in available:
                pytest.skip(f"{extension} is not among this server's extensions")
            cursor.execute(f"create extension {extension}")
        query = queries.load(folder, name, connection.info.server_version, available)
        cursor.execute(query.statement)
        assert [column.name for column in cursor.description or ()] == [column.name for column in query.columns]


@pytest.mark.parametrize(
    ("folder", "name"), [(folder, name) for folder in ("migrate", "sessions") for name in queries.names(folder)]
)
def test_what_migrating_asks_answers_with_the_columns_of_its_header(folder: str, name: str, any_server: Server) -> None:
    with any_server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(log.CREATE)
            cursor.execute("create type mood as enum ('fine'); create table t (feels mood)")
        query = queries.load(folder, name, connection.info.server_version)
        assert query.title
        assert query.prose
        columns = [column.name for column in query.columns]
        rows = query.run(connection)
        assert all(list(row) == columns for row in rows)
        assert (rows != []) == (name in {"holders", "relation_sizes"})


@pytest.mark.parametrize("name", queries.names("indexes"))
def test_what_work_on_indexes_asks_answers_with_the_columns_of_its_header(name: str, any_server: Server) -> None:
    with any_server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("create table t (a int primary key); select 't'::regclass::oid, 't_pkey'::regclass::oid")
            table, index = cursor.fetchone() or (0, 0)
        query = queries.load("indexes", name, connection.info.server_version)
        assert query.title
        given = {"table": table, "index": index, "indexes": [index]}
        rows = query.run(connection, **{name: given[name] for name in query.parameters if name in given})
        assert all(list(row) == [column.name for column in query.columns] for row in rows)
        assert (rows == []) == (name in {"partitions", "progress"})


@pytest.mark.parametrize(("folder", "name"), READS)
def test_a_header_is_complete(folder: str, name: str) -> None:
    query = queries.find(folder, name)
    assert query.title
    assert query.prose
    assert not any(
        line.partition(":")[0] in queries.KEYS | queries.CHECK_KEYS for line in query.prose.splitlines() if ": " in line
    )


EMPTY = {
    "extensions", "unreadable", "database_grants", "database_settings", "grantees", "kept", "sessions_in", "tablespace",
}  # fmt: skip


@pytest.mark.parametrize("name", queries.names("backup"))
def test_what_a_backup_asks_answers_with_the_columns_of_its_header(name: str, any_server: Server) -> None:
    with any_server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(EVERYTHING)
        query = queries.load("backup", name, connection.info.server_version)
        columns = [column.name for column in query.columns]
        rows = query.run(connection)
        assert all(list(row) == columns for row in rows)
        assert (rows == []) == (name in EMPTY)


@pytest.mark.parametrize(
    ("folder", "name"), [(folder, name) for folder in ("ownership", "privacy") for name in queries.names(folder)]
)
def test_what_ownership_asks_answers_with_the_columns_of_its_header(folder: str, name: str, any_server: Server) -> None:
    with any_server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(EVERYTHING)
            cursor.execute("create foreign data wrapper w; create server s foreign data wrapper w")
            cursor.execute("create foreign table far (a int) server s")
        query = queries.load(folder, name, connection.info.server_version)
        rows = query.run(connection)
        assert rows
        assert all(list(row) == [column.name for column in query.columns] for row in rows)


@pytest.mark.parametrize("name", queries.names("seed"))
def test_what_seeding_asks_answers_with_the_columns_of_its_header(name: str, any_server: Server) -> None:
    with any_server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("create table p (id int primary key); create table t (p int references p, words tsvector)")
            cursor.execute("create index on t using gin (words)")
        query = queries.load("seed", name, connection.info.server_version)
        (row,) = query.run(connection, tables=["t"])
        assert list(row) == [column.name for column in query.columns]


@pytest.mark.parametrize("name", queries.names("rehearse"))
def test_what_a_rehearsal_asks_has_the_columns_of_its_header(name: str, empty_url: str) -> None:
    with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection.cursor() as cursor:
        query = queries.load("rehearse", name, connection.info.server_version)
        cursor.execute(query.statement)
        assert [column.name for column in cursor.description or ()] == [column.name for column in query.columns]


def test_parameters_take_their_defaults(empty_url: str) -> None:
    query = queries.parse(
        "reports", "x", "-- X\n-- param: most = 2\nselect i, '50%'::text as p from generate_series(1, :most) i"
    )
    with contextlib.closing(psycopg2.connect(empty_url)) as connection:
        assert query.run(connection) == [{"i": 1, "p": "50%"}, {"i": 2, "p": "50%"}]
        assert len(query.run(connection, most=3)) == 3


def test_a_server_that_is_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = queries.parse("checks", "x", "-- X\n-- min-version: 17\nselect 1")
    monkeypatch.setattr(queries, "_every", lambda folder: [newer])
    assert queries.load("checks", "x", 180006) is newer
    with pytest.raises(ToolMissing, match="x needs PostgreSQL 17"):
        queries.load("checks", "x", 150018)


@pytest.mark.parametrize("name", queries.names("vectors"))
def test_what_is_asked_of_sources_answers_with_the_columns_of_its_header(name: str, db_url: str) -> None:
    with contextlib.closing(psycopg2.connect(db_url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into sources (source_type, url, title, embedding)"
                " select 'arxiv', n::text, '', array_fill(1, array[1536])::vector from generate_series(1, 2) n"
            )
        query = queries.load("vectors", name, connection.info.server_version, {"vector": "0.8"})
        assert query.title
        given = {"ids": [1, 2], "last": 2, "first": 0}
        rows = query.run(connection, **{each: given[each] for each in query.parameters if each in given})
        assert rows
        assert all(list(row) == [column.name for column in query.columns] for row in rows)
