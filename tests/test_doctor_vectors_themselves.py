"""doctor's checks that look at vectors themselves: recall, vectors that are missing or say nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from litxdb import doctor
from litxdb.database import Database
from litxdb.doctor import Fix, Reason, Status
from litxdb.doctor.checks.vectors import _recall as recall
from tests.bed import servers
from tests.bed.examining import apply, findings, mend, result
from tests.bed.servers import Servers
from tests.bed.statements import as_role, query

LENGTH = 32
RANDOM = f"(select array_agg(random()) from generate_series(1, {LENGTH}) where i is not null)"
"""A vector of so many numbers, others for each i."""


@pytest.fixture(scope="session", params=[16, 18], ids=lambda major: f"pg{major}")
def with_vectors(postgresql: Servers, request: pytest.FixtureRequest) -> servers.Server:
    """A server of each version that has pgvector here."""
    return postgresql.get(request.param)


@pytest.fixture(scope="module")
def template(with_vectors: servers.Server) -> Iterator[str]:
    """The name of a database with a table of random vectors, which are hard to find, and a poor index of them."""
    with with_vectors.database() as url, Database(url) as db:
        query(db, 'create schema "Ext %s"; create extension vector schema "Ext %s"')
        query(db, f'create table "T %s" (id int, "e %s" "Ext %s".vector({LENGTH}))')
        query(db, f'insert into "T %s" select i, {RANDOM} from generate_series(1, 2000) i')
        query(
            db,
            'create index "i %s" on "T %s" using hnsw ("e %s" "Ext %s".vector_cosine_ops)'
            " with (m = 4, ef_construction = 8); analyze",
        )
        yield str(db.endpoint.dbname)


@pytest.fixture
def any_db(with_vectors: servers.Server, template: str) -> Iterator[Database]:
    with with_vectors.database(template=template) as url, Database(url) as db:
        query(db, f'alter database {db.endpoint.dbname} set search_path = public, "Ext %s"')
        yield db


class TestRecall:
    def test_a_search_that_is_too_narrow(self, any_db: Database) -> None:
        """It finds five of ten at most; and the index, whose layers are made by chance, is as good as any."""
        query(any_db, 'alter index "i %s" set (m = 16, ef_construction = 64); reindex index "i %s"')
        query(any_db, f"alter database {any_db.endpoint.dbname} set hnsw.ef_search = 5")
        (finding,) = findings(any_db, "low_ann_recall").values()
        assert (finding.object, finding.level, finding.fix) == ('public."i %s"', Status.CRIT, Fix.ASKS)
        assert finding.measured.endswith(" in 10 searches with hnsw.ef_search = 5")
        assert "set hnsw.ef_search = " in finding.remedy
        mend(any_db, "low_ann_recall")

    def test_an_index_too_poor_for_any_search(self, any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(recall.PARAMETERS, "hnsw", ("hnsw.ef_search", 20))
        query(any_db, f"alter database {any_db.endpoint.dbname} set hnsw.ef_search = 10")
        (finding,) = findings(any_db, "low_ann_recall").values()
        assert finding.remedy.startswith('alter index public."i %s" set (m = 8, ef_construction = 16);\nreindex index ')
        for _ in range(6):
            for finding in findings(any_db, "low_ann_recall").values():
                apply(any_db, finding.remedy)
        assert findings(any_db, "low_ann_recall") == {}

    def test_lists_and_expressions(self, any_db: Database) -> None:
        query(
            any_db,
            f'create index lists on "T %s" using ivfflat (("e %s"::halfvec({LENGTH})) halfvec_l2_ops)'
            " with (lists = 100)",
        )
        query(any_db, 'drop index "i %s"')
        (finding,) = findings(any_db, "low_ann_recall").values()
        assert finding.object == "public.lists"
        assert "ivfflat.probes = 1" in finding.measured
        mend(any_db, "low_ann_recall")

    def test_what_is_equally_near_is_as_good(self, any_db: Database) -> None:
        query(any_db, 'update "T %s" set "e %s" = (select "e %s" from "T %s" where id = 1)')
        query(any_db, 'reindex index "i %s"')
        assert findings(any_db, "low_ann_recall") == {}

    def test_zeros_have_no_neighbours(self, any_db: Database) -> None:
        query(any_db, f'update "T %s" set "e %s" = array_fill(0, array[{LENGTH}])::vector')
        seen = result(any_db, "low_ann_recall")
        assert (seen.status, seen.reason) == (Status.SKIP, Reason.NOTHING_THERE)

    def test_too_much_to_read(self, any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recall, "MOST_BYTES", 1000)
        assert result(any_db, "low_ann_recall").reason is Reason.TOO_BIG

    def test_with_little_time_fewer_searches_have_to_do(
        self, any_db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recall, "COMFORT_SECONDS", 60.0)
        query(any_db, f"alter database {any_db.endpoint.dbname} set hnsw.ef_search = 1")
        (finding,) = findings(any_db, "low_ann_recall").values()
        assert " in 3 searches " in finding.measured


class TestMissing:
    def test_no_vector_or_one_that_says_nothing(self, any_db: Database) -> None:
        assert findings(any_db, "unsearchable_vectors") == {}
        query(any_db, 'update "T %s" set "e %s" = null where id % 50 = 1')
        query(any_db, f'update "T %s" set "e %s" = array_fill(0, array[{LENGTH}])::vector where id % 50 = 2')
        (finding,) = findings(any_db, "unsearchable_vectors").values()
        assert finding.object == 'public."T %s"."e %s"'
        assert finding.measured.endswith(" read")
        assert len(query(any_db, finding.remedy)) == 20
        query(any_db, 'delete from "T %s" where id % 50 in (1, 2)')
        assert findings(any_db, "unsearchable_vectors") == {}

    def test_half_precision_and_sparse(self, any_db: Database) -> None:
        query(any_db, "create table h (h halfvec(3), s sparsevec(5))")
        query(any_db, "insert into h select '[0,0,0]', '{}/5' from generate_series(1, 9)")
        assert set(findings(any_db, "unsearchable_vectors")) == {"public.h.h", "public.h.s"}

    def test_sources_that_nobody_embedded(self, db: Database) -> None:
        old = "insert into sources (source_type, url, title, fetched_at, embedding)"
        ones = "array_fill(1, array[1536])::vector"
        query(
            db, f"{old} select 'arxiv', 'u' || i, '', now() - interval '2 days', {ones} from generate_series(1, 50) i"
        )
        query(db, f"{old} select 'arxiv', 'new' || i, '', now(), null from generate_series(1, 50) i")
        assert findings(db, "missing_embeddings") == {}
        query(db, f"{old} select 'arxiv', 'old' || i, '', now() - interval '2 days', null from generate_series(1, 9) i")
        (finding,) = findings(db, "missing_embeddings").values()
        assert finding.measured == "9 of 109 sources read have no embedding after a day"
        assert findings(db, "unsearchable_vectors") == {}
        assert len(query(db, finding.remedy)) == 9
        query(db, f"update sources set embedding = {ones} where url like 'old%'")
        assert findings(db, "missing_embeddings") == {}


DEEP = ("low_ann_recall", "unsearchable_vectors")


@pytest.mark.parametrize("check", DEEP)
def test_a_role_that_may_not_read(check: str, any_db: Database, with_vectors: servers.Server) -> None:
    with as_role(with_vectors, any_db, "plain") as plain:
        seen = result(plain, check)
        assert (seen.status, seen.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
        assert seen.remedy == 'grant select on public."T %s" to plain'
        query(any_db, 'grant usage on schema "Ext %s" to plain')
        apply(any_db, seen.remedy)
        assert result(plain, check).examined == 1


@pytest.mark.parametrize("check", DEEP)
def test_a_locked_table(check: str, any_db: Database) -> None:
    query(any_db, "create table other (e vector(3)); insert into other select '[1,2,3]' from generate_series(1, 2000)")
    query(any_db, "create index on other using hnsw (e vector_l2_ops); analyze")
    with contextlib.closing(any_db.connect()) as altering, altering.cursor() as cursor:
        cursor.execute('lock table "T %s" in access exclusive mode')
        seen = result(any_db, check)
    assert (seen.status, seen.examined, seen.unseen, seen.reason) == (Status.OK, 1, 1, Reason.LOCKED)


def test_questions_end_in_time(any_db: Database) -> None:
    (seen,) = doctor.examine(any_db, only=["unsearchable_vectors"], deadline_seconds=0.25).results
    assert (seen.status, seen.reason) == (Status.SKIP, Reason.OUT_OF_TIME)
