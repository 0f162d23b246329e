"""Sources: each once, similar ones, and searches by words and meaning that filters do not blind."""

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from litxdb.database import Database
from litxdb.errors import AlreadyExists, ArgumentInvalid
from litxdb.models.agent import DIMENSIONS
from litxdb.repositories import Repositories, search
from tests.bed.repositories import KINDS, opened

HOSTILE = ("'; drop table sources; --", "%(x)s %s :id \\'", "ü\n\t\\N")


@pytest.fixture(params=KINDS)
def door(request: pytest.FixtureRequest, db_url: str) -> Iterator[Any]:
    with opened(request.param, db_url) as door:
        yield door


def vector(angle: float) -> list[float]:
    """A direction in a plane: the cosine similarity of two is that of the difference of their angles."""
    return [math.cos(angle), math.sin(angle), *[0.0] * (DIMENSIONS - 2)]


def source(name: str, **values: Any) -> dict[str, Any]:
    return {"source_type": "arxiv", "url": f"https://arxiv.org/abs/{name}", "title": name, **values}


def test_a_source_is_there_once(door: Any) -> None:
    made = door.do(lambda r: r.sources.create(**source("1", metadata={"a": [1]}, embedding=vector(0))))
    assert made.metadata == {"a": [1]}
    assert door.do(lambda r: r.sources.find("https://arxiv.org/abs/1")) == made
    assert door.do(lambda r: r.sources.embedding(made.id)) == tuple(vector(0))
    assert door.do(lambda r: r.sources.embedding(4711)) is None
    with pytest.raises(AlreadyExists, match="sources_url_key"):
        door.do(lambda r: r.sources.create(**source("1")))
    again = [source("1", title="other"), *(source(str(n)) for n in range(2, 1200)), source("2", embedding=vector(2))]
    assert door.do(lambda r: r.sources.insert_many(again)) == 1198
    assert door.do(lambda r: r.sources.insert_many(again)) == 0
    assert door.do(lambda r: r.sources.get(made.id)) == made
    assert door.do(lambda r: r.sources.count()) == 1199
    changed = door.do(lambda r: r.sources.update(made.id, title="new", embedding=None))
    assert (changed.title, door.do(lambda r: r.sources.embedding(made.id))) == ("new", None)
    page = door.do(lambda r: r.sources.list(limit=2, source_type="arxiv"))
    assert [each.title for each in page.items] == ["1199", "1198"]
    assert door.do(lambda r: r.sources.list(source_type="kaggle")).items == ()
    assert door.do(lambda r: r.sources.delete(made.id))


def test_similar_sources_come_nearest_first(door: Any) -> None:
    door.do(lambda r: r.sources.insert_many(source(str(n), embedding=vector(n / 10)) for n in range(20)))
    door.do(lambda r: r.sources.insert_many([source("none")]))
    found = door.do(lambda r: r.sources.find_similar(vector(0.51), threshold=0.97))
    assert [each.source.title for each in found] == ["5", "6", "4", "7", "3"]
    assert [round(each.similarity, 3) for each in found] == [round(math.cos(0.51 - n / 10), 3) for n in (5, 6, 4, 7, 3)]
    assert len(door.do(lambda r: r.sources.find_similar(vector(0.5), threshold=-1, limit=500))) == 20
    assert door.do(lambda r: r.sources.find_similar(vector(4), threshold=0.85)) == ()
    assert len(door.do(lambda r: r.sources.find_similar(vector(0.5), 0.85, 3))) == 3


def test_what_is_no_embedding_is_refused_by_name(door: Any) -> None:
    wrong: list[tuple[Any, str]] = [
        ([0.5] * 3, "has 1536 dimensions, this one 3"),
        ([0.0] * DIMENSIONS, "no direction"),
        ([math.nan] + [1.0] * (DIMENSIONS - 1), "NaN or infinity"),
        ([math.inf] * DIMENSIONS, "NaN or infinity"),
        ("'; drop table sources", "sequence of numbers"),
        (None, "sequence of numbers"),
        ([None] * DIMENSIONS, "sequence of numbers"),
    ]
    for embedding, message in wrong:
        with pytest.raises(ArgumentInvalid, match=message):
            door.do(lambda r, e=embedding: r.sources.find_similar(e))
        if embedding is not None:
            with pytest.raises(ArgumentInvalid, match=message):
                door.do(lambda r, e=embedding: r.sources.is_duplicate("https://x", e))
            with pytest.raises(ArgumentInvalid, match=message):
                door.do(lambda r, e=embedding: r.sources.insert_many([source("1", embedding=e)]))
        with pytest.raises(ArgumentInvalid, match=message):
            door.do(lambda r, e=embedding: r.sources.search("x", e))
    for limit in (0, 501, "1; drop table sources", None):
        with pytest.raises(ArgumentInvalid, match="Nobody gets"):
            door.do(lambda r, n=limit: r.sources.find_similar(vector(0), limit=n))
    for threshold in (1.1, -2, "x", math.nan):
        with pytest.raises(ArgumentInvalid, match="cosine similarity"):
            door.do(lambda r, t=threshold: r.sources.find_similar(vector(0), t))
    with pytest.raises(ArgumentInvalid, match="takes no"):
        door.do(lambda r: r.sources.find_similar(vector(0), owner="me"))


def test_a_duplicate_is_known_by_its_url_or_its_meaning(door: Any) -> None:
    door.do(lambda r: r.sources.create(**source("1", embedding=vector(0))))
    url = "https://arxiv.org/abs/1"
    assert door.do(lambda r: r.sources.is_duplicate(url)) == (True, "url")
    assert door.do(lambda r: r.sources.is_duplicate(url, vector(3))) == (True, "url")
    assert door.do(lambda r: r.sources.is_duplicate("https://other", vector(0.3))) == (True, "semantic")
    assert door.do(lambda r: r.sources.is_duplicate("https://other", vector(1))) == (False, None)
    assert door.do(lambda r: r.sources.is_duplicate("https://other")) == (False, None)
    for value in HOSTILE:
        assert door.do(lambda r, v=value: r.sources.is_duplicate(v)) == (False, None)


@pytest.fixture
def indexed(db: Database) -> Database:
    """A database whose planner takes the HNSW index, though it would be cheaper to read the few rows of a test."""
    with db.engine.begin() as connection:
        for setting in ("enable_seqscan", "enable_sort"):
            connection.execute(text(f'alter database "{db.endpoint.dbname}" set {setting} = off'))
    return db


def test_a_filter_that_few_pass_still_finds_its_nearest(indexed: Database) -> None:
    chance = random.Random(1)
    rows = [
        source(
            str(n),
            source_type="kaggle" if n % 60 == 0 else "arxiv",
            embedding=[chance.gauss(0, 1) for _ in range(8)] + [0.0] * (DIMENSIONS - 8),
            published_at=datetime(2026, 1, 1 + n % 28, tzinfo=UTC),
        )
        for n in range(1000)
    ]
    cases: list[tuple[dict[str, Any], Callable[[int], bool]]] = [
        ({"source_type": "kaggle"}, lambda n: n % 60 == 0),
        ({"published_from": datetime(2026, 1, 28, tzinfo=UTC)}, lambda n: n % 28 == 27),
        (
            {"published_before": datetime(2026, 1, 2, tzinfo=UTC), "source_type": "arxiv"},
            lambda n: n % 28 == 0 and n % 60 > 0,
        ),
    ]
    with opened("sync", str(indexed.settings.url)) as door:
        door.do(lambda r: r.sources.insert_many(rows))
        for narrowing, passes in cases:
            exact = sorted(filter(passes, range(1000)), key=lambda n: -cosine(rows[1], rows[n]))[:10]
            found = door.do(lambda r, w=narrowing: r.sources.find_similar(rows[1]["embedding"], -1, 10, **w))
            assert len(found) == 10
            assert len({int(each.source.title) for each in found} & set(exact)) >= 9
            assert [each.similarity for each in found] == sorted((each.similarity for each in found), reverse=True)


def cosine(one: dict[str, Any], two: dict[str, Any]) -> float:
    a, b = one["embedding"], two["embedding"]
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def test_words_and_meaning_are_fused(door: Any) -> None:
    door.do(
        lambda r: r.sources.insert_many(
            [
                source("both", content="Transformers attend.", embedding=vector(0.1)),
                source("near", content="Something else.", embedding=vector(0.0)),
                source("worded", title="A transformer", content=None, embedding=None),
                source("far", content="Nothing.", embedding=vector(3)),
            ]
        )
    )
    found = door.do(lambda r: r.sources.search("transformers", vector(0)))
    names = [each.source.url.rpartition("/")[2] for each in found]
    assert names == ["both", "near", "worded", "far"]
    ranks = [(each.vector_rank, each.text_rank) for each in found]
    assert ranks == [(2, 1), (1, None), (None, 2), (3, None)]
    assert found[0].score == pytest.approx(1 / 62 + 1 / 61)
    assert [e.source.title for e in door.do(lambda r: r.sources.search("transformers", vector(0), 1))] == ["both"]
    assert door.do(lambda r: r.sources.search("transformers", vector(0), source_type="kaggle")) == ()
    for words in ("", "& | !", *HOSTILE):
        assert len(door.do(lambda r, w=words: r.sources.search(w, vector(0)))) >= 3


def test_words_are_looked_up_in_the_index(db: Database) -> None:
    asked: list[tuple[str, Any]] = []
    with db.session() as session:
        Repositories(session).sources.insert_many(source(str(n), content=f"word{n} common") for n in range(3000))
    with db.session() as session:
        session.execute(text("analyze sources"))
        event.listen(db.engine, "before_cursor_execute", lambda *each: asked.append((each[2], each[3])))
        (found,) = [each for each in Repositories(session).sources.search("word17", vector(0)) if each.text_rank]
        ((statement, parameters),) = [each for each in asked if "websearch" in each[0]]
        plan = "\n".join(session.connection().exec_driver_sql(f"explain {statement}", parameters).scalars())
    assert found.source.title == "17"
    assert "Bitmap Index Scan on ix_sources_content_fts" in plan


def test_a_content_of_any_length_is_stored_and_its_beginning_found(door: Any) -> None:
    chance = random.Random(1)
    letters = [chr(0x20000 + n) for n in range(3000)]  # four bytes each: the most a word can take
    hyphened = ("-".join("".join(chance.choices(letters, k=2)) for _ in range(5)) for _ in range(100_000))
    content = f"first {' '.join(hyphened)} last"
    assert door.do(lambda r: r.sources.insert_many([source("1", content=content)])) == 1
    assert door.do(lambda r: r.sources.create(**source("2", title=content))).content is None
    door.do(lambda r: r.sources.update(2, content=content))
    found = door.do(lambda r: r.sources.search("first", vector(0)))
    assert [each.source.url[-1] for each in found] == ["1", "2"]
    assert door.do(lambda r: r.sources.search("last", vector(0))) == ()


def test_of_many_that_have_the_words_the_newest_are_ranked(door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RANKED", 60)
    rows = [source(str(n), content="common common common" if n < 10 else "common") for n in range(100)]
    door.do(lambda r: r.sources.insert_many(rows))
    found = door.do(lambda r: r.sources.search("common", vector(0), 2))
    assert [each.source.title for each in found] == ["40", "41"]
    assert [each.source.title for each in door.do(lambda r: r.sources.search("common", vector(0), 20))] == [
        str(n) for n in range(20)
    ]


def test_an_old_source_near_in_meaning_is_ranked_among_many(door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RANKED", 60)
    old = [source("old", content="common common common", embedding=vector(0)), source("other", embedding=vector(0.1))]
    door.do(lambda r: r.sources.insert_many(old))
    door.do(lambda r: r.sources.insert_many(source(str(n), content="common") for n in range(100)))
    found = door.do(lambda r: r.sources.search("common", vector(0)))
    assert [(found[0].source.title, found[0].vector_rank, found[0].text_rank)] == [("old", 1, 1)]
    assert {each.source.title: each.text_rank for each in found}["other"] is None
    assert door.do(lambda r: r.sources.search("common", vector(0), source_type="kaggle")) == ()


def test_what_must_not_be_there_leaves_the_rank_of_words(door: Any) -> None:
    contents = ("attention", "attention attention attention", "attention recurrent")
    door.do(lambda r: r.sources.insert_many(source(str(n), content=each) for n, each in enumerate(contents)))
    found = door.do(lambda r: r.sources.search("attention -recurrent", vector(0)))
    assert [each.source.title for each in found] == ["1", "0"]


def test_a_search_leaves_the_planner_as_it_was(db: Database) -> None:
    costs: list[str] = []

    def heard(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "<=>" in statement:
            cursor.execute("show random_page_cost")
            costs.append(cursor.fetchone()[0])

    event.listen(db.engine, "before_cursor_execute", heard)
    with db.session() as session:
        sources = Repositories(session).sources
        made = sources.create(**source("1", embedding=vector(0)))
        for own, while_searching in (("4", "1"), ("1.1", "1"), ("0.5", "0.5")):
            session.execute(text(f"set local random_page_cost = {own}"))
            sources.find_similar(vector(0))
            sources.similar_to(made.id, limit=500)
            sources.is_duplicate("https://other", vector(0))
            sources.search("x", vector(0), source_type="arxiv")
            assert session.execute(text("show random_page_cost")).scalar_one() == own
            assert costs == [while_searching] * 4
            costs.clear()


@pytest.mark.parametrize(("setting", "expected"), [("reset hnsw.ef_search", 200), ("400", 400), ("64", 200)])
def test_a_wider_setting_of_the_role_stays(setting: str, expected: int, db: Database) -> None:
    wish = setting if setting.startswith("reset") else f"set hnsw.ef_search = {setting}"
    with db.engine.begin() as connection:
        connection.execute(text(f'alter database "{db.endpoint.dbname}" {wish}'))
    with Database(str(db.settings.url)) as fresh, fresh.session() as session:
        Repositories(session).sources.find_similar(vector(0))
        assert session.execute(text("select current_setting('hnsw.ef_search')::int")).scalar_one() == expected
