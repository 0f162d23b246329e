"""litxdb vectors recall: what an HNSW index finds, measured, and what is set because of it."""

from collections.abc import Callable, Iterator

import psycopg2
import pytest

from litxdb import vectors
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Exit, Refused, ServerRefused, ToolMissing
from tests.bed.program import Outcome
from tests.bed.servers import Server, Servers
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]
LENGTH = 24
RANDOM = f"(select array_agg(random()) from generate_series(1, {LENGTH}) where i is not null)"
"""A vector of so many numbers, others for each i: hard to find."""
POOR = "with (m = 3, ef_construction = 8)"


@pytest.fixture(scope="session", params=[16, 18], ids=lambda major: f"pg{major}")
def with_vectors(postgresql: Servers, request: pytest.FixtureRequest) -> Server:
    return postgresql.get(request.param)


@pytest.fixture(scope="module")
def template(with_vectors: Server) -> Iterator[str]:
    """A table of vectors whose names and extension's schema want quoting, and poor indexes on it."""
    with with_vectors.database() as url, Database(url) as db:
        query(db, 'create schema "Ext %s"; create extension vector schema "Ext %s"')
        query(db, f'create table "T %s" (id int, "e %s" "Ext %s".vector({LENGTH}))')
        query(db, f'insert into "T %s" select i, {RANDOM} from generate_series(1, 1500) i')
        query(db, f'create index "i %s" on "T %s" using hnsw ("e %s" "Ext %s".vector_cosine_ops) {POOR}')
        half = f'("e %s"::"Ext %s".halfvec({LENGTH}))'
        query(db, f'create index half on "T %s" using hnsw ({half} "Ext %s".halfvec_l2_ops) {POOR}')
        query(db, 'insert into "T %s" values (0, null); analyze')
        yield str(db.endpoint.dbname)


@pytest.fixture
def poor(with_vectors: Server, template: str) -> Iterator[Database]:
    with with_vectors.database(template=template) as url, Database(url) as db:
        yield db


@pytest.mark.parametrize(("index", "kind"), [('public."i %s"', "vector"), ("half", "halfvec")])
def test_recall_grows_with_what_is_looked_at(index: str, kind: str, poor: Database) -> None:
    seen: list[str] = []
    report = vectors.measure_recall(poor, index, searches=20, tried=(10, 1000), target=0.999, progress=seen.append)
    assert (report.type, report.searches, report.nearest, report.vectors >= 1500) == (kind, 20, 10, True)
    exact, narrow, present, wide = report.rows
    assert (exact.ef_search, exact.recall, exact.of_exact) == (None, 1.0, 1.0)
    assert [row.ef_search for row in report.rows] == [None, 10, 40, 1000]
    assert narrow.recall <= present.recall <= wide.recall
    assert narrow.recall < 0.999
    assert all(0 < row.p50_ms <= row.p95_ms for row in report.rows)
    assert report.recommended in (None, 1000)
    assert "exact search 20 of 20" in seen


def test_the_recommended_is_the_smallest_that_is_enough(poor: Database) -> None:
    report = vectors.measure_recall(poor, "half", searches=10, tried=(500, 1000), target=0.01)
    assert (report.recommended, report.present, report.sufficient) == (40, 40, True)
    impossible = vectors.measure_recall(poor, "half", searches=10, tried=(1,), nearest=100, target=1)
    assert (impossible.recommended, impossible.sufficient) == (None, False)


def test_what_cannot_be_measured_is_said(poor: Database, empty_db: Database) -> None:
    with pytest.raises(ArgumentInvalid, match="several HNSW indexes") as caught:
        vectors.measure_recall(poor)
    assert 'public."i %s", public.half' in str(caught.value.hint)
    with pytest.raises(ArgumentInvalid, match="no valid HNSW index called nobody"):
        vectors.measure_recall(poor, "nobody")
    with pytest.raises(ArgumentInvalid, match="no ef_search of 1001"):
        vectors.measure_recall(poor, "half", tried=(1001,))
    with pytest.raises(ArgumentInvalid, match="cannot be measured"):
        vectors.measure_recall(poor, "half", nearest=0)
    with pytest.raises(ArgumentInvalid, match="no valid HNSW index"):
        vectors.measure_recall(empty_db)
    with pytest.raises(ToolMissing, match="extension vector"):
        vectors.set_ef_search(empty_db, 100)
    query(poor, 'truncate "T %s"')
    with pytest.raises(Refused, match="no vectors to search for"):
        vectors.measure_recall(poor, "half")


def test_zeros_are_no_searches(poor: Database) -> None:
    query(poor, f'update "T %s" set "e %s" = array_fill(0, array[{LENGTH}])::"Ext %s".vector')
    with pytest.raises(Refused, match="no vectors to search for"):
        vectors.measure_recall(poor, 'public."i %s"')


def test_without_the_privilege_it_says_which(poor: Database, with_vectors: Server) -> None:
    with (
        as_role(with_vectors, poor, "recall_stranger") as stranger,
        pytest.raises(ServerRefused, match="cannot be read") as caught,
    ):
        vectors.measure_recall(stranger, "half")
    assert "grant select" in str(caught.value.hint)


def test_the_role_s_setting_counts_from_the_next_session(poor: Database, run: Run) -> None:
    url = str(poor.settings.url)
    words = ("vectors", "recall", "half", "--url", url, "--searches", "10", "--ef-search", "77", "--target", "0.01")
    dry = run(*words, "--set", "--dry-run")
    assert dry.code == Exit.DONE, dry.stderr
    assert "Would run: alter role postgres in database" in dry.stderr
    assert run(*words, "--set").code == Exit.REFUSED
    done = run(*words, "--ef-search", "40", "--ef-search", "50", "--set", "--yes")
    assert done.code == Exit.DONE, done.stderr
    with Database(url) as db:
        (settings,) = query(db, "select setconfig from pg_db_role_setting where setdatabase <> 0")[0]
        assert settings == ["hnsw.ef_search=40"]


def test_a_role_may_set_its_own(poor: Database, with_vectors: Server) -> None:
    query(poor, 'grant usage on schema "Ext %s" to public')
    with as_role(with_vectors, poor, "recall_stranger") as own:
        statement = vectors.set_ef_search(own, 99)
        assert statement.endswith("set hnsw.ef_search = 99")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            vectors.set_ef_search(own, 99, "postgres")
    with pytest.raises(psycopg2.errors.UndefinedObject, match='role "we" ird; drop" does not exist'):
        vectors.set_ef_search(poor, 99, 'we" ird; drop')


def test_a_recall_that_is_too_low_is_a_finding(poor: Database, run: Run) -> None:
    query(poor, f'alter database "{poor.endpoint.dbname}" set hnsw.ef_search = 1')
    words = ("vectors", "recall", "half", "--url", str(poor.settings.url), "--searches", "10", "--ef-search", "2")
    found = run(*words, "--format", "json")
    assert found.code == Exit.FINDINGS
    assert (found.json["present"], found.json["recommended"]) == (1, None)
    assert [row["ef_search"] for row in found.json["rows"]] == [None, 1, 2]
    assert run(*words, "--set", "--yes").code == Exit.REFUSED
    assert run(*words[:4], "--url", str(poor.settings.url), "--ef-search", "0").code == Exit.USAGE
