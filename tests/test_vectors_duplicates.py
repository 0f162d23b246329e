"""litxdb sources: near-duplicates and what is similar to a source."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from litxdb import vectors
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Exit
from litxdb.models.agent import DIMENSIONS
from litxdb.repositories import Repositories
from litxdb.vectors import duplicates
from tests.bed.program import Outcome
from tests.bed.statements import query

Run = Callable[..., Outcome]


def vector(axis: int, angle: float = 0.0) -> list[float]:
    """A direction near one of the axes: those of different axes are not similar at all."""
    found = [0.0] * DIMENSIONS
    found[2 * axis], found[2 * axis + 1] = math.cos(angle), math.sin(angle)
    return found


def source(name: str, embedding: list[float] | None, **values: Any) -> dict[str, Any]:
    return {"source_type": "arxiv", "url": f"https://x/{name}", "title": name, "embedding": embedding, **values}


def fill(db: Database, *rows: dict[str, Any]) -> None:
    with db.session() as session:
        Repositories(session).sources.insert_many(rows)


def titles(clusters: list[vectors.Cluster]) -> list[list[str]]:
    return [[member.title for member in cluster.members] for cluster in clusters]


@pytest.fixture
def some(db: Database) -> Database:
    chain = [source(f"chain {n}", vector(0, n * 0.5)) for n in range(4)]
    same = [source(f"same {n}", vector(1)) for n in range(2)]
    alone = [source(f"alone {n}", vector(2 + n)) for n in range(5)]
    fill(db, *chain, *same, *alone, source("none", None), source("zeros", None))
    query(db, f"update sources set embedding = array_fill(0, array[{DIMENSIONS}])::vector where title = 'zeros'")
    return db


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_hangs_together_is_a_cluster(jobs: int, some: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "PAGE", 3)
    seen: list[tuple[int, int]] = []
    found = list(vectors.find_duplicates(some, jobs=jobs, progress=lambda *both: seen.append(both)))
    assert titles(found) == [["chain 0", "chain 1", "chain 2", "chain 3"], ["same 0", "same 1"]]
    assert [cluster.number for cluster in found] == [1, 2]
    assert found[0].members[0].similarity == pytest.approx(math.cos(0.5))
    assert found[1].members[0].similarity == pytest.approx(1)
    assert seen[-1] == (12, 12)
    assert titles(list(vectors.find_duplicates(some, threshold=0.9))) == [["same 0", "same 1"]]
    assert titles(list(vectors.find_duplicates(some, threshold=1))) == [["same 0", "same 1"]]


def test_a_cluster_larger_than_a_search_is_one(db: Database) -> None:
    fill(db, *(source(f"{n}", vector(0, n / 1000)) for n in range(3 * duplicates.NEAREST)))
    (found,) = vectors.find_duplicates(db)
    assert len(found.members) == 3 * duplicates.NEAREST


def test_without_sources_there_are_none(db: Database) -> None:
    assert list(vectors.find_duplicates(db)) == []
    for wrong in ({"threshold": 0}, {"threshold": 1.5}, {"jobs": 0}):
        with pytest.raises(ArgumentInvalid):
            list(vectors.find_duplicates(db, **wrong))


def test_duplicates_as_a_command(some: Database, run: Run) -> None:
    words = ("sources", "duplicates", "--url", str(some.settings.url))
    shown = run(*words)
    assert shown.code == Exit.DONE, shown.stderr
    assert "2 clusters of 6 sources." in shown.stdout
    rows = run(*words, "--format", "json", "--jobs", "2").json["rows"]
    assert [(row["cluster"], row["title"]) for row in rows][-1] == (2, "same 1")
    assert run(*words, "--format", "csv").stdout.startswith("cluster,id,similarity,source_type,title,url,fetched_at\n")
    assert run(*words, "--threshold", "2").code == Exit.USAGE


def test_similar_as_a_command(some: Database, run: Run) -> None:
    url = str(some.settings.url)
    ids = dict(query(some, "select title, id::text from sources"))
    found = run("sources", "similar", ids["chain 1"], "--url", url, "--format", "json")
    assert {row["title"] for row in found.json["rows"]} == {"chain 0", "chain 2"}
    assert (
        len(run("sources", "similar", ids["chain 1"], "--url", url, "--limit", "1", "--format", "json").json["rows"])
        == 1
    )
    assert "None is that similar to source" in run("sources", "similar", ids["alone 1"], "--url", url).stdout
    narrowed = run("sources", "similar", ids["chain 1"], "--url", url, "--type", "kaggle", "--format", "json")
    assert narrowed.json["rows"] == []
    query(some, "update sources set published_at = '2026-01-31 00:00+00' where title = 'chain 2'")
    for day, kept in (("2026-01-31", True), ("2026-01-31T00:00:01", False)):
        since = run("sources", "similar", ids["chain 1"], "--url", url, "--published-from", day, "--format", "json")
        assert [row["title"] for row in since.json["rows"]] == ["chain 2"] * kept
        until = run("sources", "similar", ids["chain 1"], "--url", url, "--published-before", day, "--format", "json")
        assert [row["title"] for row in until.json["rows"]] == ["chain 2"] * (not kept)
    assert run("sources", "similar", ids["chain 1"], "--url", url, "--published-from", "soon").code == Exit.USAGE
    for missing in ("999999", ids["none"]):
        outcome = run("sources", "similar", missing, "--url", url)
        assert outcome.code == Exit.SERVER
        assert f"There is no source {missing} with an embedding" in outcome.stderr
    assert run("sources", "similar", ids["zeros"], "--url", url).code == Exit.USAGE
    assert run("sources", "similar", "1; drop table sources", "--url", url).code == Exit.USAGE


def test_a_title_cannot_play_tricks_with_the_terminal(db: Database, run: Run) -> None:
    fill(db, *(source(f"\x1b[2J{n}\n%s [red]", vector(0)) for n in range(2)))
    shown = run("sources", "duplicates", "--url", str(db.settings.url))
    assert shown.code == Exit.DONE, shown.stderr
    assert "\x1b" not in shown.stdout
    assert "[red]" in shown.stdout
