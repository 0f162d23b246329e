"""doctor's checks of vectors, by catalog and statements: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from litxdb.database import Database
from litxdb.doctor import Fix, Reason, Server, Status
from litxdb.doctor.checks.vectors import (
    dead_rows_in_ann_index,
    narrow_ann_search,
    vectors_without_ann_index,
    vulnerable_pgvector,
)
from litxdb.doctor.deadline import Deadline
from litxdb.doctor.examiner import Examiner
from litxdb.doctor.reads import read_rows, read_server
from tests.bed import servers, traps
from tests.bed.examining import apply, findings, mend, result
from tests.bed.servers import Servers
from tests.bed.statements import as_role, query

FLUSH = "; select pg_stat_force_next_flush()"
RANDOM = "(select array_agg(random()) from generate_series(1, 8) where i is not null)"
"""A vector of eight numbers, another one for each i."""


@pytest.fixture(scope="session", params=[16, 18], ids=lambda major: f"pg{major}")
def with_vectors(postgresql: Servers, request: pytest.FixtureRequest) -> servers.Server:
    """A server of each version that has pgvector here."""
    return postgresql.get(request.param)


@pytest.fixture
def any_db(with_vectors: servers.Server) -> Iterator[Database]:
    """A database with pgvector, in a schema that nobody searches."""
    with with_vectors.database() as url, Database(url) as db:
        query(db, 'create schema "Ext %s"; create extension vector schema "Ext %s"')
        query(db, f'alter database {db.endpoint.dbname} set search_path = public, "Ext %s"')
        yield db


@pytest.fixture
def statements(server: servers.Server) -> Iterator[Database]:
    """A database with pgvector and pg_stat_statements, and a table that is searched by cosine distance."""
    with server.database() as url, Database(url) as db:
        query(
            db, 'create schema "Ext %s"; create extension pg_stat_statements schema "Ext %s"; create extension vector'
        )
        query(db, "create table docs (id int, kind int, e vector(8))")
        query(db, f"insert into docs select i, i % 5, {RANDOM}::vector from generate_series(1, 500) i")
        query(db, "create index docs_e on docs using hnsw (e vector_cosine_ops); analyze docs")
        yield db


def test_without_pgvector_nothing_is_examined(server: servers.Server) -> None:
    with server.database() as url, Database(url) as db:
        for check in ("undeclared_dimensions", "vectors_without_ann_index", "vulnerable_pgvector"):
            assert result(db, check).reason is Reason.NO_EXTENSION


class TestVersion:
    """The library cannot be another one in a test, so the check judges what a server with it would say."""

    @pytest.mark.parametrize(
        ("version", "level"),
        [("0.5.1", Status.WARN), ("0.6.0", Status.CRIT), ("0.8.1", Status.CRIT), ("0.8.3", Status.WARN)],
    )
    def test_a_library_with_a_defect(self, version: str, level: Status, db: Database) -> None:
        judgement = vulnerable_pgvector.judge(**self.facts(db, version))
        (defect,) = judgement.defects
        assert (defect.level, defect.measured) == (level, f"pgvector {version}, 1 HNSW indexes")
        assert defect.remedy.endswith(";\nreindex index concurrently public.ix_sources_embedding_hnsw")

    def test_the_library_counts_not_what_was_created_with_it(self, db: Database) -> None:
        facts = self.facts(db, "0.8.6")
        older = replace(facts["server"], extensions={"vector": ("0.7.0", "public")})
        assert vulnerable_pgvector.judge(**{**facts, "server": older}).defects == ()

    def test_without_parallel_builds_the_overflow_cannot_come(self, db: Database) -> None:
        query(db, f"alter database {db.endpoint.dbname} set max_parallel_maintenance_workers = 0")
        assert vulnerable_pgvector.judge(**self.facts(db, "0.8.1")).defects[0].level is Status.WARN

    def test_the_one_that_is_here(self, any_db: Database) -> None:
        assert findings(any_db, "vulnerable_pgvector") == {}

    @staticmethod
    def facts(db: Database, version: str) -> dict[str, object]:
        deadline = Deadline(30)
        reader = Examiner(db.connect(), deadline)
        server = read_server(reader, deadline)
        assert isinstance(server, Server)
        rows = {name: reader(read_rows(name, server.version)) for name in ("settings", "vector_indexes")}
        reader.close()
        return {"server": replace(server, available={"vector": version}), **rows}


class TestDimensions:
    def test_columns_of_any_length(self, any_db: Database) -> None:
        query(any_db, "create domain embedding as vector(3); create domain anything as halfvec")
        query(any_db, 'create table "T %s" (a vector, b vector(3), c embedding, d anything, e sparsevec, f halfvec(9))')
        found = findings(any_db, "undeclared_dimensions")
        assert set(found) == {'public."T %s".a', 'public."T %s".d'}
        query(any_db, """insert into "T %s" (a) values ('[1,2]'), ('[1,2]'), ('[1]')""")
        assert query(any_db, found['public."T %s".a'].remedy) == [(2, 2), (1, 1)]
        query(any_db, """delete from "T %s"; alter table "T %s" alter a type vector(2), alter d type halfvec(2)""")
        assert findings(any_db, "undeclared_dimensions") == {}

    def test_vectors_of_several_lengths(self, any_db: Database) -> None:
        query(
            any_db,
            "create table t (a vector, b vector); insert into t select '[1,2]', '[1]' from generate_series(1, 9)",
        )
        assert findings(any_db, "mixed_dimensions") == {}
        query(any_db, "insert into t values ('[1,2,3]', '[4]')")
        (finding,) = findings(any_db, "mixed_dimensions").values()
        assert (finding.object, finding.measured) == ("public.t.a", "from 2 to 3 dimensions")
        query(any_db, "delete from t where vector_dims(a) = 3")
        assert findings(any_db, "mixed_dimensions") == {}

    def test_another_model_than_the_column_is_for(self, db: Database) -> None:
        query(
            db, """insert into system_state (key, value) values ('digest_settings', '{"embedding_dimensions": 3072}')"""
        )
        (finding,) = findings(db, "foreign_dimensions").values()
        assert finding.measured == "the column takes 1536 dimensions, digest_settings says 3072"
        mend(db, "foreign_dimensions")

    def test_where_there_is_no_litxplore(self, any_db: Database) -> None:
        assert result(any_db, "foreign_dimensions").reason is Reason.NOTHING_THERE


class TestIndexes:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vectors_without_ann_index, "ROWS", 20)

    def test_columns_that_no_index_searches(self, any_db: Database) -> None:
        query(any_db, 'create table "T %s" (a vector(3), h halfvec(3), s sparsevec(5), l vector(2001), i halfvec(3))')
        query(any_db, "create table few (a vector(3)); insert into few values ('[1,2,3]')")
        query(any_db, 'create index on "T %s" using ivfflat (i halfvec_l2_ops) with (lists = 1)')
        query(
            any_db, """insert into "T %s" select '[1,2,3]', '[1,2,3]', '{1:1}/5' from generate_series(1, 30); analyze"""
        )
        found = findings(any_db, "vectors_without_ann_index")
        assert set(found) == {f'public."T %s".{column}' for column in "ahsl"}
        assert "l::" in found['public."T %s".l'].remedy
        mend(any_db, "vectors_without_ann_index")

    def test_so_long_that_only_signs_are_indexed(self, any_db: Database) -> None:
        query(any_db, "create table t (a vector(4001)); insert into t select null from generate_series(1, 30); analyze")
        (finding,) = findings(any_db, "vectors_without_ann_index").values()
        assert "binary_quantize" in finding.remedy
        mend(any_db, "vectors_without_ann_index")

    def test_the_remedy_asks_for_the_memory_of_its_graph(self, any_db: Database) -> None:
        query(any_db, f"alter database {any_db.endpoint.dbname} set maintenance_work_mem = '1MB'")
        query(
            any_db, "create table t (a vector(1536)); insert into t select null from generate_series(1, 1000); analyze"
        )
        (finding,) = findings(any_db, "vectors_without_ann_index").values()
        assert finding.remedy.startswith("set maintenance_work_mem = '8MB';\ncreate index concurrently ")

    def test_a_build_that_outgrows_its_memory(self, any_db: Database) -> None:
        # the server hears of the rows before ANALYZE counts them, not afterwards, which would double them
        filled = "insert into t select null from generate_series(1, 1000); select pg_stat_force_next_flush()"
        query(any_db, f"create table t (a vector(1536)); {filled}")
        query(any_db, "create index i on t using hnsw (a vector_l2_ops) with (m = 32); analyze t")
        assert findings(any_db, "ann_build_outgrows_memory") == {}
        query(any_db, f"alter database {any_db.endpoint.dbname} set maintenance_work_mem = '1MB'")
        (finding,) = findings(any_db, "ann_build_outgrows_memory").values()
        assert finding.level is Status.INFO
        assert finding.measured == "a build needs 7 MB, has 1 MB, enough for 142 rows of 1,000"
        query(
            any_db,
            "set allow_system_table_mods = on; update pg_index set indisvalid = false where indexrelid = 'i'::regclass",
        )
        (finding,) = findings(any_db, "ann_build_outgrows_memory").values()
        assert finding.level is Status.WARN
        query(any_db, f"alter database {any_db.endpoint.dbname} set maintenance_work_mem = '8MB'")
        assert findings(any_db, "ann_build_outgrows_memory") == {}

    def test_an_index_larger_than_the_cache(self, any_db: Database) -> None:
        query(any_db, "create table t (a vector(3)); create index i on t using hnsw (a vector_l2_ops)")
        pages = "update pg_class set relpages = {} where relname = 'i'"
        query(any_db, pages.format(1000))
        assert findings(any_db, "ann_index_outgrows_cache") == {}
        query(any_db, pages.format(50_000))
        (finding,) = findings(any_db, "ann_index_outgrows_cache").values()
        assert (finding.level, finding.measured) == (Status.INFO, "391 MB, shared_buffers 128 MB")
        query(any_db, pages.format(1_000_000))
        (finding,) = findings(any_db, "ann_index_outgrows_cache").values()
        assert (finding.level, finding.measured) == (Status.WARN, "7.6 GB, effective_cache_size 4 GB")
        apply(any_db, f"{finding.remedy};\ndrop index i")
        assert findings(any_db, "ann_index_outgrows_cache") == {}

    def test_two_for_the_same_searches(self, any_db: Database) -> None:
        query(any_db, "create schema traps")
        query(any_db, traps.VECTORS.partition(";")[2].replace("public.", '"Ext %s".'))
        (finding,) = findings(any_db, "duplicate_ann_indexes").values()
        assert finding.object == "traps.h_l2_fine"
        assert finding.measured.startswith("the same as traps.h_l2 (the defaults) but for m=8, ")
        assert result(any_db, "duplicate_indexes").examined == 0
        mend(any_db, "duplicate_ann_indexes")

    def test_dead_rows(self, any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dead_rows_in_ann_index, "DEAD", 50)
        query(any_db, "create table t (id int, e vector(3)) with (autovacuum_enabled = off)")
        query(any_db, "create index on t using hnsw (e vector_l2_ops)")
        query(any_db, f"insert into t select i, '[1,2,3]' from generate_series(1, 100) i {FLUSH}")
        assert findings(any_db, "dead_rows_in_ann_index") == {}
        query(any_db, f"delete from t where id <= 60 {FLUSH}")
        (finding,) = findings(any_db, "dead_rows_in_ann_index").values()
        assert finding.measured.startswith("60 dead rows beside ")
        mend(any_db, "dead_rows_in_ann_index")


class TestStatements:
    def test_an_operator_without_an_index(self, statements: Database) -> None:
        query(statements, "select id from docs order by e <=> '[1,2,3,4,5,6,7,8]' limit 5")
        assert findings(statements, "vector_operator_without_index") == {}
        query(statements, "select id from docs d order by d.e <-> '[1,2,3,4,5,6,7,8]' limit 5")
        (finding,) = findings(statements, "vector_operator_without_index").values()
        assert finding.object == "public.docs.e <->"
        assert finding.measured.startswith("1 call, no index for <->, public.docs_e is for <=>: select id from docs d")
        mend(statements, "vector_operator_without_index")

    def test_an_order_that_no_index_has(self, statements: Database) -> None:
        query(statements, "select id, 1 - (e <=> '[1,2,3,4,5,6,7,8]') as near from docs order by near desc limit 5")
        (finding,) = findings(statements, "vector_operator_without_index").values()
        assert (finding.object, finding.fix) == ("public.docs.e <=>", Fix.MANUAL)
        assert "does not order by the distance <=> itself" in finding.measured

    def test_conditions_that_leave_too_few_rows(self, statements: Database) -> None:
        query(statements, "select id from docs where e is not null order by e <=> '[1,2,3,4,5,6,7,8]' limit 5")
        assert findings(statements, "filtered_ann_search") == {}
        query(statements, "select id from docs where kind = 3 order by e <=> '[1,2,3,4,5,6,7,8]' limit 5")
        (finding,) = findings(statements, "filtered_ann_search").values()
        assert finding.measured == "1 call with conditions, hnsw.iterative_scan is off"
        mend(statements, "filtered_ann_search")

    def test_an_application_that_sets_it_itself(self, statements: Database) -> None:
        query(statements, "select id from docs where kind = 3 order by e <=> '[1,2,3,4,5,6,7,8]' limit 5")
        query(statements, "load 'vector'; set hnsw.iterative_scan = strict_order")
        assert findings(statements, "filtered_ann_search") == {}

    def test_a_role_that_has_it(self, statements: Database, server: servers.Server) -> None:
        query(statements, "grant select on docs to public")
        with as_role(server, statements, "searcher") as searcher:
            query(searcher, "select id from docs where kind = 3 order by e <=> '[1,2,3,4,5,6,7,8]' limit 5")
        assert len(findings(statements, "filtered_ann_search")) == 1
        query(statements, "alter role searcher set hnsw.iterative_scan = 'relaxed_order'")
        try:
            assert findings(statements, "filtered_ann_search") == {}
        finally:
            query(statements, "alter role searcher reset all")

    def test_limits_beyond_ef_search(self, statements: Database) -> None:
        search = "set enable_seqscan = off; select id from docs order by e <=> '[1,2,3,4,5,6,7,8]' limit {}"
        for _ in range(narrow_ann_search.CALLS):
            query(statements, search.format(5))
        assert findings(statements, "narrow_ann_search") == {}
        query(statements, 'select "Ext %s".pg_stat_statements_reset()')
        for _ in range(narrow_ann_search.CALLS):
            query(statements, search.format(100))
        (finding,) = findings(statements, "narrow_ann_search").values()
        assert finding.measured == "40 rows in each of 10 calls, ef_search is 40"
        mend(statements, "narrow_ann_search")

    def test_one_list_of_many(self, statements: Database) -> None:
        query(statements, "create index lists on docs using ivfflat (e vector_l2_ops) with (lists = 16)")
        (finding,) = findings(statements, "narrow_ann_search").values()
        assert finding.measured == "1 of 16 lists is searched"
        assert finding.remedy.endswith("set ivfflat.probes = 4")
        mend(statements, "narrow_ann_search")

    def test_what_doctor_itself_asks_is_nobodys_search(self, statements: Database) -> None:
        query(
            statements, f"insert into docs select i, 1, {RANDOM}::vector from generate_series(1, 1000) i; analyze docs"
        )
        assert result(statements, "low_ann_recall").examined == 1
        assert result(statements, "vector_operator_without_index").examined == 0

    def test_a_role_that_sees_no_statements(self, statements: Database, server: servers.Server) -> None:
        with as_role(server, statements, "plain") as plain:
            for check in ("vector_operator_without_index", "filtered_ann_search", "narrow_ann_search"):
                seen = result(plain, check)
                assert (seen.status, seen.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
                assert seen.remedy == "grant pg_monitor to plain"
