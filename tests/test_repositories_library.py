"""Conversations, the research library, digests, feedback and the agent's own records."""

import dataclasses
import inspect
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from litxdb import models
from litxdb.errors import AlreadyExists, ArgumentInvalid, NotFound, ServerRefused
from litxdb.repositories import Repositories, results
from litxdb.repositories.operation import Repository, operation
from litxdb.repositories.ownership import OWNERS
from tests.bed.repositories import KINDS, opened

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=KINDS)
def door(request: pytest.FixtureRequest, db_url: str) -> Iterator[Any]:
    with opened(request.param, db_url) as door:
        yield door


@pytest.fixture
def ada(door: Any) -> int:
    return int(door.do(lambda r: r.users.create(clerk_id="user_ada", email="ada@example.com")))


@contextmanager
def counted(door: Any) -> Iterator[list[str]]:
    """Count the statements of the block, without those that every unit begins with."""
    seen: list[str] = []
    engine = getattr(door.db.engine, "sync_engine", door.db.engine)

    def note(*args: Any) -> None:
        if not args[2].startswith("select set_config('statement_timeout'"):
            seen.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_conversation_stays_in_the_order_it_was_held(door: Any, ada: int) -> None:
    chat = door.do(lambda r: r.for_user(ada).chats.create(session_id="token", title="Attention"))
    assert door.do(lambda r: r.for_user(ada).chats.find("token")) == chat
    with pytest.raises(AlreadyExists, match="chat_sessions_session_id_key"):
        door.do(lambda r: r.for_user(ada).chats.create(session_id="token"))

    def say(r: Any, number: int) -> Any:
        return r.for_user(ada).messages.create(
            session_id=chat.id, role="user" if number % 2 else "assistant", content=str(number), token_count=number
        )

    for number in range(4):
        door.do(lambda r, n=number: say(r, n))
    many = [{"session_id": chat.id, "role": "tool", "content": str(n)} for n in range(4, 1504)]
    assert door.do(lambda r: r.for_user(ada).messages.insert_many(many)) == 1500
    said, cursor = [], None
    while True:
        page = door.do(lambda r, c=cursor: r.for_user(ada).messages.list(chat.id, limit=400, cursor=c))
        said += [int(message.content) for message in page.items]
        if (cursor := page.next) is None:
            break
    assert said == list(range(1504))
    latest = door.do(lambda r: r.for_user(ada).messages.latest(chat.id, limit=3))
    assert [message.content for message in latest] == ["1501", "1502", "1503"]
    assert door.do(lambda r: r.for_user(ada).chats.update(chat.id, title=None)).title is None
    assert door.do(lambda r: r.for_user(ada).chats.delete(chat.id))
    assert door.do(lambda r: r.for_user(ada).messages.count()) == 0
    with pytest.raises(NotFound):
        door.do(lambda r: r.for_user(ada).messages.create(session_id=chat.id, role="user", content="x"))
    with pytest.raises(NotFound):
        door.do(lambda r: r.for_user(ada).messages.insert_many(many))


def test_messages_of_one_unit_keep_their_order(door: Any, ada: int) -> None:
    chat = door.do(lambda r: r.for_user(ada).chats.create(session_id="token"))

    def pages(r: Any) -> Any:
        return r.for_user(ada).messages.list(chat.id)

    def talk(r: Any) -> Any:
        messages = r.for_user(ada).messages
        said = [
            {"session_id": chat.id, "role": role, "content": role} for role in ("system", "user", "assistant", "tool")
        ]
        if hasattr(door, "runner"):

            async def all_of_them() -> None:
                for values in said:
                    await messages.create(**values)

            return all_of_them()
        return [messages.create(**values) for values in said]

    door.do(talk)
    assert [each.role for each in door.do(pages).items] == ["system", "user", "assistant", "tool"]


def library(door: Any, ada: int, papers: int, notes: int) -> int:
    session = door.do(lambda r: r.for_user(ada).sessions.create(title="Attention")).id
    rows = [
        {
            "session_id": session,
            "external_id": f"2307.{n:05}",
            "title": f"Paper {n}",
            "authors": ["Ada"],
            "published": NOON,
        }
        for n in range(papers)
    ]
    door.do(lambda r: r.for_user(ada).papers.insert_many(rows))
    ids = [paper.id for paper in door.do(lambda r: r.for_user(ada).papers.list(session_id=session)).items]
    door.do(
        lambda r: r.for_user(ada).notes.insert_many(
            {"paper_id": paper, "note_type": "claim", "content": str(n), "page_number": n + 1}
            for paper in ids
            for n in range(notes)
        )
    )
    return int(session)


def test_the_library(door: Any, ada: int) -> None:
    session = library(door, ada, papers=3, notes=2)
    library(door, ada, papers=1, notes=1)
    page = door.do(lambda r: r.for_user(ada).papers.list(session_id=session, limit=2))
    assert [paper.external_id for paper in page.items] == ["2307.00002", "2307.00001"]
    assert (page.items[0].authors, page.items[0].published, page.items[0].status) == (["Ada"], NOON, "pending")
    paper = page.items[0].id
    with pytest.raises(AlreadyExists):
        door.do(lambda r: r.for_user(ada).papers.create(session_id=session, external_id="2307.00002", title="x"))
    done = door.do(lambda r: r.for_user(ada).papers.update(paper, status="done", authors=["Eve"], relevance_score=0.5))
    assert (done.status, done.authors, done.relevance_score) == ("done", ["Eve"], 0.5)
    assert [each.id for each in door.do(lambda r: r.for_user(ada).papers.list(status="done")).items] == [paper]
    noted = door.do(lambda r: r.for_user(ada).notes.list(paper_id=paper, note_type="claim", status="pending"))
    assert [note.page_number for note in noted.items] == [2, 1]
    with pytest.raises(ServerRefused, match="page_number"):
        door.do(lambda r: r.for_user(ada).notes.create(paper_id=paper, note_type="x", content="x", page_number=0))
    assert door.do(lambda r: r.for_user(ada).sessions.update(session, status="done")).status == "done"
    assert len(door.do(lambda r: r.for_user(ada).sessions.list(status="done")).items) == 1
    assert door.do(lambda r: r.for_user(ada).sessions.delete(session))
    assert door.do(lambda r: r.for_user(ada).notes.count()) == 1


@pytest.mark.parametrize("papers", [0, 2, 20])
def test_a_session_is_read_whole_in_three_statements(papers: int, door: Any, ada: int) -> None:
    session = library(door, ada, papers, notes=3)
    with counted(door) as statements:
        found = door.do(lambda r: r.for_user(ada).sessions.read(session))
    assert len(statements) == 3
    assert [len(each.notes) for each in found.papers] == [3] * papers
    assert all(note.paper_id == each.paper.id for each in found.papers for note in each.notes)


def test_digests_and_what_one_makes_of_them(door: Any, ada: int) -> None:
    with pytest.raises(NotFound, match="user_profiles"):
        door.do(lambda r: r.for_user(ada).digests.create(digest_date=date(2026, 1, 1)))
    made = door.do(lambda r: r.for_user(ada).profile.save(display_name="Ada"))
    kept = door.do(lambda r: r.for_user(ada).profile.save(preferences={"topics": ["a"]}))
    assert (kept.id, kept.display_name, kept.preferences) == (made.id, "Ada", {"topics": ["a"]})
    assert door.do(lambda r: r.for_user(ada).profile.save()).preferences == {"topics": ["a"]}
    urls = [{"source_type": "arxiv", "url": f"https://arxiv.org/abs/{n}", "title": str(n)} for n in range(5)]
    door.do(lambda r: r.sources.insert_many(urls))
    sources = [source.id for source in door.do(lambda r: r.sources.list()).items]
    door.do(lambda r: r.for_user(ada).digests.insert_many({"digest_date": date(2026, 1, n)} for n in range(1, 8)))
    with pytest.raises(AlreadyExists):
        door.do(lambda r: r.for_user(ada).digests.create(digest_date=date(2026, 1, 1)))
    digests = door.do(lambda r: r.for_user(ada).digests.list()).items
    assert [digest.digest_date.day for digest in digests] == [7, 6, 5, 4, 3, 2, 1]
    door.do(
        lambda r: r.for_user(ada).items.insert_many(
            {"digest_id": digest.id, "source_id": source, "rank": rank}
            for digest in digests
            for rank, source in enumerate(sources, 1)
        )
    )
    with counted(door) as statements:
        page = door.do(lambda r: r.for_user(ada).digests.list_full(limit=5))
    assert len(statements) == 2
    assert [[item.item.rank for item in each.items] for each in page.items] == [[1, 2, 3, 4, 5]] * 5
    assert [item.source.id for item in page.items[0].items] == sources
    with counted(door) as statements:
        whole = door.do(lambda r: r.for_user(ada).digests.read(digests[0].id))
    assert (len(statements), whole) == (2, page.items[0])
    rest = door.do(lambda r: r.for_user(ada).digests.list_full(limit=5, cursor=page.next))
    assert ([each.digest.digest_date.day for each in rest.items], rest.next) == ([2, 1], None)
    sent = door.do(lambda r: r.for_user(ada).digests.update(digests[0].id, delivery_status="sent", delivered_at=NOON))
    assert sent.delivered_at == NOON
    assert door.do(lambda r: r.for_user(ada).digests.list(delivery_status="sent")).items == (sent,)
    item = whole.items[0].item.id
    given = door.do(lambda r: r.for_user(ada).feedback.create(digest_item_id=item, rating=5, interaction={"open": 1}))
    assert door.do(lambda r: r.for_user(ada).feedback.list(digest_item_id=item)).items == (given,)
    with pytest.raises(ServerRefused, match="rating"):
        door.do(lambda r: r.for_user(ada).feedback.update(given.id, rating=6))
    assert door.do(lambda r: r.for_user(ada).feedback.insert_many([{"digest_item_id": item}])) == 1
    with pytest.raises(NotFound, match="digest_items_source_id_fkey"):
        door.do(lambda r: r.for_user(ada).items.create(digest_id=digests[0].id, source_id=4711, rank=9))
    with pytest.raises(ServerRefused, match="digest_items refers to it"):
        door.do(lambda r: r.sources.delete(sources[0]))


def test_settings_and_fetchers(door: Any) -> None:
    for value in ({"a": [1, None]}, "text", 3, None, False):
        assert door.do(lambda r, v=value: r.settings.save("flags", v)).value == value
        assert door.do(lambda r: r.settings.get("flags")).value == value
    with pytest.raises(AlreadyExists):
        door.do(lambda r: r.settings.create(key="flags", value=1))
    assert door.do(lambda r: r.settings.update("flags", value={"b": 2})).value == {"b": 2}
    door.do(lambda r: r.settings.insert_many([{"key": "a'b", "value": {"x": "\\ \t"}}]))
    assert [each.key for each in door.do(lambda r: r.settings.list()).items] == ["a'b", "flags"]
    assert door.do(lambda r: r.settings.get("a'b")).value == {"x": "\\ \t"}
    assert door.do(lambda r: r.settings.delete("flags"))
    failed = [door.do(lambda r: r.fetchers.ran("arxiv", "timeout")) for _ in range(2)][-1]
    assert (failed.consecutive_errors, failed.last_error, failed.last_success_at) == (2, "timeout", None)
    well = door.do(lambda r: r.fetchers.ran("arxiv"))
    assert (well.consecutive_errors, well.last_error, well.status) == (0, None, "idle")
    assert well.last_success_at == well.last_run_at
    assert door.do(lambda r: r.fetchers.ran("arxiv", "again")).last_success_at == well.last_success_at
    door.do(lambda r: r.fetchers.insert_many([{"fetcher": "kaggle"}]))
    assert [each.fetcher for each in door.do(lambda r: r.fetchers.list()).items] == ["arxiv", "kaggle"]
    assert door.do(lambda r: r.fetchers.update("kaggle", status="running")).status == "running"


def test_what_comes_back_is_what_the_tables_have() -> None:
    """Whoever adds a column decides whether the services see it."""
    hidden = {
        "sources": {"embedding"},
        **{name: {"user_id"} for name, owners in OWNERS.items() if owners == ("user_id",)},
        **{name: {"user_profile_id"} for name in ("digests", "feedback")},
        "chat_messages": {"user_id"},
    }
    everything = Repositories(Session())
    for repository in (*vars(everything).values(), *vars(everything.for_user(1)).values()):
        if hasattr(repository, "table"):
            fields = {field.name for field in dataclasses.fields(repository.record)}
            columns = {column.name for column in repository.table.columns}
            assert fields == columns - hidden.get(repository.table.name, set()), repository.table
    assert {field.name for field in dataclasses.fields(results.Account)} == set(models.User.__table__.columns.keys())


def test_every_operation_says_what_it_does() -> None:
    for module in ("users", "reviews", "chat", "library", "sources", "digests", "system", "rows"):
        found = __import__(f"litxdb.repositories.{module}", fromlist=["x"])
        for name, kind in inspect.getmembers(
            found, lambda each: inspect.isclass(each) and issubclass(each, Repository)
        ):
            for member in vars(kind).values():
                assert not isinstance(member, operation) or member.__doc__, (name, member.name)


def test_a_uuid_that_is_none_is_refused(door: Any, ada: int) -> None:
    assert door.do(lambda r: r.for_user(ada).chats.get(uuid.uuid4())) is None
    with pytest.raises((ServerRefused, ArgumentInvalid)):
        door.do(lambda r: r.for_user(ada).chats.get("'; drop table users; --"))
