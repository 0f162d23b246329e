"""Users, reviews and tasks, through either kind of session."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from litxdb.errors import AlreadyExists, ArgumentInvalid, NotFound, ServerRefused, ValueRefused
from litxdb.models import TaskStatus
from tests.bed.pooler import Pooler
from tests.bed.repositories import KINDS, opened

HOSTILE = ("'; drop table users; --", "%(x)s %s :id \\' \"", "line\n\ttab\\N\r", "ü 漢字 \U0001f600", "\\.")


@pytest.fixture(params=KINDS)
def door(request: pytest.FixtureRequest, db_url: str) -> Iterator[Any]:
    with opened(request.param, db_url) as door:
        yield door


def person(door: Any, name: str) -> int:
    return int(door.do(lambda r: r.users.create(clerk_id=f"user_{name}", email=f"{name}@example.com")))


def review(**values: Any) -> dict[str, Any]:
    return {"title": "Attention", "topic": "transformers", "content": "All you need.", **values}


def test_a_review_is_created_read_changed_and_deleted(door: Any) -> None:
    ada = person(door, "ada")
    made = door.do(lambda r: r.for_user(ada).reviews.create(**review(citations="[]")))
    assert (made.title, made.citations, made.created_at is not None) == ("Attention", "[]", True)
    assert door.do(lambda r: r.for_user(ada).reviews.get(made.id)) == made
    changed = door.do(lambda r: r.for_user(ada).reviews.update(made.id, topic="attention"))
    assert (changed.topic, changed.title, changed.updated_at > made.updated_at) == ("attention", "Attention", True)
    assert door.do(lambda r: r.for_user(ada).reviews.update(made.id)) == changed
    assert door.do(lambda r: r.for_user(ada).reviews.delete(made.id)) is True
    assert door.do(lambda r: r.for_user(ada).reviews.delete(made.id)) is False
    assert door.do(lambda r: r.for_user(ada).reviews.get(made.id)) is None
    assert door.do(lambda r: r.for_user(ada).reviews.update(made.id, topic="x")) is None


def test_what_is_not_a_persons_to_write_is_refused(door: Any) -> None:
    ada, eve = person(door, "ada"), person(door, "eve")
    made = door.do(lambda r: r.for_user(ada).reviews.create(**review()))
    for values in ({"user_id": eve}, {"id": 1}, {"no such": 1}):
        with pytest.raises(ArgumentInvalid, match="literature_reviews takes no"):
            door.do(lambda r, v=values: r.for_user(ada).reviews.update(made.id, **v))
        with pytest.raises(ArgumentInvalid, match="literature_reviews takes no"):
            door.do(lambda r, v=values: r.for_user(ada).reviews.create(**review(**v)))
        with pytest.raises(ArgumentInvalid, match="literature_reviews takes no"):
            door.do(lambda r, v=values: r.for_user(ada).reviews.insert_many([review(**v)]))
    for nobody in (0, -1, 2**31, True, "1 or true", None):
        with pytest.raises(ArgumentInvalid, match="positive number"):
            door.do(lambda r, n=nobody: r.for_user(n).reviews.get(made.id))


def test_nobody_can_own_a_review_who_is_not_there(door: Any) -> None:
    with pytest.raises(NotFound, match="refers to one that is not there"):
        door.do(lambda r: r.for_user(4711).reviews.create(**review()))
    with pytest.raises(NotFound, match="does not have"):
        door.do(lambda r: r.for_user(4711).reviews.insert_many([review()]))


def test_reviews_in_bulk_arrive_as_they_were(door: Any) -> None:
    ada = person(door, "ada")
    rows = [review(title=f"{n}", content=HOSTILE[n % len(HOSTILE)]) for n in range(2500)]
    rows[7]["citations"] = '[{"title": "a\\tb"}]'
    assert door.do(lambda r: r.for_user(ada).reviews.insert_many(iter(rows))) == 2500
    assert door.do(lambda r: r.for_user(ada).reviews.insert_many([])) == 0
    assert door.do(lambda r: r.for_user(ada).reviews.count()) == 2500
    found = door.do(lambda r: r.for_user(ada).reviews.list(limit=1000)).items
    assert [(each.title, each.content) for each in found] == [
        (str(n), HOSTILE[n % len(HOSTILE)]) for n in range(2499, 1499, -1)
    ]
    assert all(each.created_at and each.updated_at for each in found)


def test_a_bulk_that_fails_leaves_nothing(door: Any) -> None:
    ada = person(door, "ada")
    with pytest.raises(ServerRefused, match="null value"):
        door.do(lambda r: r.for_user(ada).reviews.insert_many([*[review()] * 1500, review(title=None)]))
    assert door.do(lambda r: r.for_user(ada).reviews.count()) == 0


def test_pages_hold_everything_once_while_others_write(door: Any) -> None:
    ada = person(door, "ada")
    door.do(lambda r: r.for_user(ada).reviews.insert_many(review(title=str(n)) for n in range(25)))
    seen, cursor = [], None
    for turn in range(3):
        page = door.do(lambda r, c=cursor: r.for_user(ada).reviews.list(limit=10, cursor=c))
        seen += [each.title for each in page.items]
        cursor = page.next
        door.do(lambda r: r.for_user(ada).reviews.create(**review(title="new")))
        door.do(lambda r, p=page: r.for_user(ada).reviews.delete(p.items[-1].id))
        assert (cursor is None) == (turn == 2)
    assert seen == [str(n) for n in range(24, -1, -1)]


def test_tasks_of_one_instant_are_paged_once_each(door: Any) -> None:
    ada = person(door, "ada")
    door.do(lambda r: r.for_user(ada).tasks.insert_many([{}] * 30 + [{"status": TaskStatus.FAILED}]))
    with door.db._database.engine.begin() if hasattr(door.db, "_database") else door.db.engine.begin() as connection:
        connection.execute(text("update tasks set created_at = '2026-01-01'"))
    seen, cursor = [], None
    while True:
        page = door.do(lambda r, c=cursor: r.for_user(ada).tasks.list(limit=7, cursor=c, status=TaskStatus.PENDING))
        seen += [each.id for each in page.items]
        if (cursor := page.next) is None:
            break
    assert len(seen) == len(set(seen)) == 30
    (failed,) = door.do(lambda r: r.for_user(ada).tasks.list(status=TaskStatus.FAILED)).items
    assert door.do(lambda r: r.for_user(ada).tasks.update(failed.id, status=TaskStatus.RUNNING)).status == "running"


@pytest.mark.parametrize("kind", KINDS)
def test_a_cursor_of_anything_else_is_refused(kind: str, db_url: str) -> None:
    with opened(kind, db_url) as door:
        ada = person(door, "ada")
        door.do(lambda r: r.for_user(ada).reviews.insert_many([review()] * 3))
        door.do(lambda r: r.for_user(ada).tasks.insert_many([{}] * 3))
        good = door.do(lambda r: r.for_user(ada).reviews.list(limit=1)).next
        task = door.do(lambda r: r.for_user(ada).tasks.list(limit=1)).next
        running = door.do(lambda r: r.for_user(ada).tasks.list(limit=1, status=TaskStatus.PENDING)).next
        for cursor in ("", "x", "%%%", "ü", good[:-3], good + "AAAA", "bnVsbA", "W10", "e30", 7, task, "[" * 10000):
            with pytest.raises(ArgumentInvalid, match="The cursor is none of this list"):
                door.do(lambda r, c=cursor: r.for_user(ada).reviews.list(cursor=c))
        with pytest.raises(ArgumentInvalid, match="cursor"):
            door.do(lambda r: r.for_user(ada).tasks.list(cursor=running))
        for limit in (0, -1, 1001, "1; drop table users", None):
            with pytest.raises(ArgumentInvalid, match="Nobody gets"):
                door.do(lambda r, n=limit: r.for_user(ada).reviews.list(limit=n))


def test_words_are_found_in_ones_own_reviews_alone(door: Any) -> None:
    ada, eve = person(door, "ada"), person(door, "eve")
    for user in (ada, eve):
        door.do(
            lambda r, u=user: r.for_user(u).reviews.insert_many(
                [
                    review(title="one", content="Transformers attend; transformers transform."),
                    review(title="two", content="A transformer among many other words of which none matters."),
                    review(title="three", topic="networks", content="Recurrent networks."),
                ]
            )
        )
    found = door.do(lambda r: r.for_user(ada).reviews.search("transformer"))
    assert [each.review.title for each in found] == ["one", "two"]
    assert found[0].rank > found[1].rank > 0
    own = {each.id for each in door.do(lambda r: r.for_user(ada).reviews.list()).items}
    assert {each.review.id for each in found} <= own
    assert [e.review.title for e in door.do(lambda r: r.for_user(ada).reviews.search('"many other" -recurrent'))] == [
        "two"
    ]
    for words in ("", "the", "& | !", "' or 1=1", "\\", "(" * 50):
        assert isinstance(door.do(lambda r, w=words: r.for_user(ada).reviews.search(w)), tuple)


def test_words_of_title_and_topic_are_found_too_and_count_for_more(door: Any) -> None:
    ada, eve = person(door, "ada"), person(door, "eve")
    for user in (ada, eve):
        door.do(
            lambda r, u=user: r.for_user(u).reviews.insert_many(
                [
                    review(title="Attention", topic="vision", content="All you need, and transformers."),
                    review(title="Recent progress", topic="Attention of children", content="None."),
                    review(title="Convolutions", topic="vision", content="Attention, attention and attention."),
                    review(title="Attention", topic="vision", content="Recurrent networks."),
                ]
            )
        )

    def found(words: str) -> list[tuple[str, str]]:
        reviews = door.do(lambda r: r.for_user(ada).reviews.search(words))
        assert [each.rank for each in reviews] == sorted((each.rank for each in reviews), reverse=True)
        return [(each.review.title, each.review.content[:3]) for each in reviews]

    assert len(found("attention")) == 4
    assert found("attention")[-1] == ("Convolutions", "Att")
    assert found("vision -attention") == []
    assert found('"attention of children"') == [("Recent progress", "Non")]
    # what the content must not have keeps a title from being found
    assert ("Attention", "Rec") not in found("attention -recurrent")
    assert len(found("attention -recurrent")) == 3


def test_what_must_not_be_there_leaves_the_rank_of_what_must(door: Any) -> None:
    ada = person(door, "ada")
    texts = ("Attention once.", "Attention, attention, attention.", "Attention, recurrent.", "Attention: attention")
    door.do(lambda r: r.for_user(ada).reviews.insert_many(review(title="x", content=each) for each in texts))

    def found(words: str) -> list[str]:
        return [each.review.content for each in door.do(lambda r: r.for_user(ada).reviews.search(words))]

    assert found("attention -recurrent") == [texts[1], texts[3], texts[0]]
    assert found("-recurrent") == [texts[3], texts[1], texts[0]]
    assert len(found("attention or -recurrent")) == 4


def test_the_search_uses_the_index(door: Any) -> None:
    ada = person(door, "ada")
    door.do(lambda r: r.for_user(ada).reviews.insert_many(review(content=f"word{n} common") for n in range(3000)))
    asked: list[tuple[str, Any]] = []
    from sqlalchemy import event

    engine = door.db.engine
    event.listen(getattr(engine, "sync_engine", engine), "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    door.do(lambda r: r.for_user(ada).reviews.search("word17"))
    statement, parameters = next(each for each in asked if "websearch" in each[0])
    with door.db._database.engine.begin() if hasattr(door.db, "_database") else door.db.engine.begin() as connection:
        connection.exec_driver_sql("analyze literature_reviews")
        plan = "\n".join(connection.exec_driver_sql("explain " + statement, parameters).scalars())
    assert "ix_reviews_content_fts" in plan


@pytest.mark.parametrize("value", HOSTILE)
def test_sql_in_a_text_is_a_text(value: str, door: Any) -> None:
    ada = int(door.do(lambda r: r.users.create(clerk_id=value, email=value, first_name=value)))
    assert door.do(lambda r: r.users.identify(value)) == ada
    made = door.do(lambda r: r.for_user(ada).reviews.create(title=value, topic=value, content=value, citations=value))
    assert (made.title, made.topic, made.content, made.citations) == (value,) * 4
    assert door.do(lambda r: r.for_user(ada).tasks.get(value)) is None
    assert door.do(lambda r: r.for_user(ada).account.get()).first_name == value
    with pytest.raises((ServerRefused, ArgumentInvalid)):
        door.do(lambda r: r.for_user(ada).reviews.get(value))


def test_a_text_that_cannot_be_stored_is_refused_with_the_reason(door: Any) -> None:
    ada = person(door, "ada")
    for value in ("a\0b", "a\ud800b"):
        with pytest.raises(ArgumentInvalid, match="cannot store"):
            door.do(lambda r, v=value: r.for_user(ada).reviews.create(**review(content=v)))
        with pytest.raises(ArgumentInvalid, match="cannot store"):
            door.do(lambda r, v=value: r.for_user(ada).reviews.insert_many([review(content=v)]))
        with pytest.raises(ArgumentInvalid, match="cannot store"):
            door.do(lambda r, v=value: r.for_user(ada).reviews.search(v))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"title": "x" * 256}, r"too long for type character varying\(255\)"),
        ({"title": None}, 'null value in column "title"'),
        ({"content": " ".join(f"word{n}" for n in range(100_000))}, "string is too long for tsvector"),
    ],
    ids=["too long", "missing", "too many words"],
)
def test_a_value_that_its_column_does_not_take_is_told_from_a_failure(
    values: dict[str, Any], message: str, door: Any
) -> None:
    ada = person(door, "ada")
    with pytest.raises(ValueRefused, match=message):
        door.do(lambda r: r.for_user(ada).reviews.create(**review(**values)))
    with pytest.raises(ValueRefused, match=message):
        door.do(lambda r: r.for_user(ada).reviews.insert_many([review(**values)]))
    with pytest.raises(ValueRefused, match="sources_source_type_check"):
        door.do(lambda r: r.sources.create(source_type="rss", url="https://x", title="x"))
    with pytest.raises(ValueRefused, match="taskstatus"):
        door.do(lambda r: r.for_user(ada).tasks.create(status="lost"))


def test_accounts(door: Any) -> None:
    ada = person(door, "ada")
    with pytest.raises(AlreadyExists, match="ix_users_clerk_id"):
        door.do(lambda r: r.users.create(clerk_id="user_ada", email="other@example.com"))
    eve = person(door, "eve")
    with pytest.raises(AlreadyExists, match="ix_users_email") as caught:
        door.do(lambda r: r.for_user(eve).account.update(email="ada@example.com"))
    assert "ada@" not in str(caught.value)
    assert door.do(lambda r: r.users.identify("nobody")) is None
    door.do(lambda r: r.for_user(eve).account.update(is_active=False))
    assert door.do(lambda r: r.users.list()).items == (ada, eve)
    assert door.do(lambda r: r.users.list(is_active=True)).items == (ada,)
    first = door.do(lambda r: r.users.list(limit=1))
    assert door.do(lambda r: r.users.list(limit=1, cursor=first.next)).items == (eve,)
    door.do(lambda r: r.for_user(ada).reviews.create(**review()))
    door.do(lambda r: r.for_user(ada).tasks.create())
    assert door.do(lambda r: r.for_user(ada).account.delete()) is True
    assert door.do(lambda r: r.for_user(ada).account.delete()) is False
    assert door.do(lambda r: r.for_user(ada).account.get()) is None
    assert door.do(lambda r: r.users.list()).items == (eve,)


def test_one_persons_ends_where_anothers_begins(door: Any) -> None:
    ada, eve = person(door, "ada"), person(door, "eve")
    made = door.do(lambda r: r.for_user(ada).reviews.create(**review()))
    assert door.do(lambda r: r.for_user(eve).reviews.get(made.id)) is None
    assert door.do(lambda r: r.for_user(eve).reviews.list()).items == ()
    assert door.do(lambda r: r.for_user(eve).reviews.update(made.id, title="mine")) is None
    assert door.do(lambda r: r.for_user(eve).reviews.delete(made.id)) is False
    assert door.do(lambda r: r.for_user(ada).reviews.get(made.id)) == made


@pytest.mark.parametrize("kind", KINDS)
def test_behind_a_transaction_pooler(kind: str, pooler: Pooler, db_url: str) -> None:
    dbname = db_url.partition("?")[0].rpartition("/")[2]
    with opened(kind, pooler.url(dbname)) as door:
        ada = person(door, "ada")
        for turn in range(8):
            door.do(lambda r, t=turn: r.for_user(ada).reviews.create(**review(title=str(t))))
            door.do(lambda r: r.for_user(ada).reviews.insert_many([review()] * 2))
            assert door.do(lambda r: r.for_user(ada).reviews.count()) == 3 * (turn + 1)
        left = pooler.server.execute(
            "select count(*) from pg_stat_activity where datname = %s and state like 'idle in%%'", dbname
        )
        assert left == [(0,)]
    assert pooler.server.execute("show statement_timeout", dbname=dbname) == [("0",)]
