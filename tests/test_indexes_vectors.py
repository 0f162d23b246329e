"""HNSW: what a build needs is foretold as pgvector itself finds it, provided, and told where it is not to be had."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from litxdb import indexes
from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.indexes import Means, Request
from litxdb.indexes.vectors import graph_bytes_per_row, provide
from tests.bed.indexing import validity
from tests.bed.program import Outcome
from tests.bed.servers import Servers
from tests.bed.statements import query

MB = 1 << 20
FILL = """
create table v (id int, e {type}({dimensions}));
insert into v select i, array(select random() from generate_series(1, {dimensions}) where i > 0)::{type}
from generate_series(1, {rows}) i;
analyze v
"""

SPY = """
create table spied (name text, setting text);
create function spy() returns event_trigger language plpgsql as $$ begin
    insert into spied
    select name, current_setting(name) from unnest(array[
        'maintenance_work_mem', 'max_parallel_maintenance_workers', 'min_parallel_table_scan_size']) name
    where current_query() like 'create index concurrently%';
end $$;
create event trigger spying on ddl_command_start when tag in ('CREATE INDEX') execute function spy()
"""


def fill(db: Database, rows: int, dimensions: int, type_name: str = "vector") -> None:
    query(db, "create extension if not exists vector")
    query(db, FILL.format(type=type_name, dimensions=dimensions, rows=rows))


def fitting(db: Database, memory_bytes: int, opclass: str, m: int = 16) -> int | None:
    """Build an index with so much memory, and return the row after which pgvector says that it no longer sufficed."""
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set max_parallel_maintenance_workers = 0; set statement_timeout = '60s'")
        cursor.execute(f"set maintenance_work_mem = '{memory_bytes // 1024}kB'")
        cursor.execute(f"create index on v using hnsw (e {opclass}) with (m = {m}, ef_construction = 64)")
        said = " ".join(connection.notices)
    found = re.search(r"no longer fits into maintenance_work_mem after (\d+) tuples", said)
    return int(found[1]) if found else None


@pytest.fixture(params=[16, 18])  # those with pgvector
def vectors(postgresql: Servers, request: pytest.FixtureRequest) -> Iterator[Database]:
    with postgresql.get(request.param).database() as url, Database(url) as db:
        yield db


@pytest.mark.parametrize(
    ("type_name", "dimensions", "m", "megabytes"),
    [("vector", 384, 16, 4), ("vector", 384, 32, 4), ("vector", 1536, 16, 8), ("halfvec", 768, 16, 4)],
)
def test_the_memory_of_a_row_is_what_pgvector_uses(
    type_name: str, dimensions: int, m: int, megabytes: int, vectors: Database
) -> None:
    each = graph_bytes_per_row(type_name, dimensions, m)
    assert each is not None
    foretold = megabytes * MB // each
    fill(vectors, foretold + 200, dimensions, type_name)
    measured = fitting(vectors, megabytes * MB, f"{type_name}_cosine_ops", m)
    assert measured == pytest.approx(foretold, rel=0.02)


def test_what_is_provided_suffices_and_little_less_would_not(vectors: Database) -> None:
    fill(vectors, 2000, 1536)
    (planned,) = indexes.plan(vectors, [Request("v", ("e",), "hnsw", opclass="vector_l2_ops")], Means(MB * 1000))
    assert planned.graph is not None
    assert (planned.rows, planned.graph.fits, planned.warning) == (2000, True, None)
    assert planned.bytes == pytest.approx(2000 * 8192, rel=0.01)
    server = {"maintenance_work_mem": MB, "shared_buffers": 1000 * MB, "max_parallel_maintenance_workers": 0}
    provided = provide(planned.graph, Means(), server).memory_bytes
    assert provided is not None
    assert provided < 1.3 * planned.graph.bytes
    assert fitting(vectors, provided, "vector_l2_ops") is None
    assert fitting(vectors, round(planned.graph.bytes * 0.9), "vector_l2_ops") is not None


def test_a_build_gets_the_memory_and_the_processes(vectors: Database) -> None:
    fill(vectors, 500, 1536)
    wish = Request("v", ("e",), "hnsw", opclass="vector_l2_ops")
    (planned,) = indexes.plan(vectors, [wish], Means(memory_bytes=256 * MB, workers=2))
    assert (planned.memory_bytes, planned.workers) == (64 * MB, 1)  # 32 MB for each process, and no more than needed
    assert "2 at a time" in str(planned.basis)
    given = "maintenance_work_mem", "max_parallel_maintenance_workers", "min_parallel_table_scan_size"
    query(vectors, SPY)
    indexes.create(vectors, [wish], Means(256 * MB, 1))
    settings = query(vectors, "select name, setting from spied")
    assert dict(settings) == dict(zip(given, ("64MB", "1", "0"), strict=True))


def test_a_build_that_does_not_fit_is_warned_of(run: Callable[..., Outcome], vectors: Database) -> None:
    fill(vectors, 1000, 1536)
    said: list[str] = []
    vectors.notify = said.append
    indexes.create(vectors, [Request("v", ("e",), "hnsw", opclass="vector_l2_ops")], Means(memory_bytes=2 * MB))
    (warning,) = [line for line in said if line.startswith("warning")]
    assert "the graph of 1000 rows needs 6 MB, and 2 MB are allowed: after about 305 rows" in warning
    assert "--memory 10MB" in warning


def test_rows_without_a_vector_do_not_count(vectors: Database) -> None:
    fill(vectors, 1000, 64)
    query(vectors, "update v set e = null where id > 100; analyze v")
    (planned,) = indexes.plan(vectors, [Request("v", ("e",), "hnsw", opclass="vector_l2_ops", where="id > 50")])
    assert planned.rows is not None
    assert planned.rows < 150


@pytest.mark.parametrize(
    ("columns", "opclass", "message", "hint"),
    [
        (
            "long",
            "vector_l2_ops",
            "are too long: such an index takes 2000 dimensions at most",
            "halfvec goes up to 4000",
        ),
        ("free", "vector_l2_ops", "have no set length", "vector(1536)"),
        ("(long::halfvec(4001))", "halfvec_l2_ops", "takes 4000 dimensions at most", None),
        ("short", None, "no default operator class", "--opclass"),
        ("short", "vector_cosin_ops", "operator class", "--opclass"),
    ],
)
def test_what_hnsw_cannot_index_is_told_before_anything_is_built(
    columns: str, opclass: str | None, message: str, hint: str | None, empty_db: Database
) -> None:
    query(empty_db, "create extension vector; create table v (long vector(3072), free vector, short vector(3))")
    with pytest.raises((Refused, ServerRefused), match=re.escape(message)) as failure:
        indexes.create(empty_db, [Request("v", (columns,), "hnsw", opclass=opclass)])
    assert hint is None or hint in str(failure.value.hint)
    assert validity(empty_db) == {}


def test_longer_vectors_are_indexed_as_halfvec(empty_db: Database) -> None:
    query(empty_db, "create extension vector; create table v (e vector(3072))")
    wish = Request("v", ("(e::halfvec(3072))",), "hnsw", opclass="halfvec_cosine_ops", options={"m": "8"})
    (planned,) = indexes.plan(empty_db, [wish])
    assert planned.graph is not None
    assert planned.graph.bytes_per_row == 2 * 3072 + 8 + 32 * 8 + 200
    assert indexes.create(empty_db, [wish])[0].outcome == "built"
    assert indexes.rebuild(empty_db, "ix_v_e_halfvec").outcome == "rebuilt"
