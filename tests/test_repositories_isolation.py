"""Whose a row is: every method of every repository, as another person, gives and changes nothing."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from litxdb.database import Database
from litxdb.errors import LitxdbError, NotFound
from litxdb.models.agent import DIMENSIONS
from litxdb.ownership import classify, litxplore, read_schema
from litxdb.repositories import Page, Repositories
from litxdb.repositories.operation import Repository, operation
from litxdb.repositories.ownership import OWNERS
from tests.bed.repositories import KINDS, opened

# What each method is called with, as Eve, about Ada's rows.
CALLS: dict[str, Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "account.get": lambda w: ((), {}),
    "account.update": lambda w: ((), {"first_name": "Eve"}),
    "account.delete": lambda w: ((), {}),
    "reviews.create": lambda w: ((), {"title": "t", "topic": "t", "content": "c"}),
    "reviews.update": lambda w: ((w.review,), {"title": "taken"}),
    "reviews.list": lambda w: ((), {}),
    "reviews.search": lambda w: (("attention",), {}),
    "reviews.insert_many": lambda w: (([{"title": "t", "topic": "t", "content": "c"}],), {}),
    "tasks.create": lambda w: ((), {}),
    "tasks.update": lambda w: ((w.task,), {"error_message": "taken"}),
    "tasks.list": lambda w: ((), {}),
    "tasks.insert_many": lambda w: (([{}],), {}),
    "chats.create": lambda w: ((), {"session_id": "eves"}),
    "chats.find": lambda w: (("token",), {}),
    "chats.update": lambda w: ((w.chat,), {"title": "taken"}),
    "chats.list": lambda w: ((), {}),
    "chats.insert_many": lambda w: (([{"session_id": "eves"}],), {}),
    "messages.create": lambda w: ((), {"session_id": w.chat, "role": "user", "content": "x"}),
    "messages.list": lambda w: ((w.chat,), {}),
    "messages.latest": lambda w: ((w.chat,), {}),
    "messages.insert_many": lambda w: (([{"session_id": w.chat, "role": "tool", "content": "x"}],), {}),
    "sessions.create": lambda w: ((), {"title": "t"}),
    "sessions.update": lambda w: ((w.session,), {"title": "taken"}),
    "sessions.list": lambda w: ((), {}),
    "sessions.insert_many": lambda w: (([{"title": "t"}],), {}),
    "sessions.read": lambda w: ((w.session,), {}),
    "papers.create": lambda w: ((), {"session_id": w.session, "external_id": "2", "title": "t"}),
    "papers.update": lambda w: ((w.paper,), {"title": "taken"}),
    "papers.list": lambda w: ((), {"session_id": w.session}),
    "papers.insert_many": lambda w: (([{"session_id": w.session, "external_id": "2", "title": "t"}],), {}),
    "notes.create": lambda w: ((), {"paper_id": w.paper, "note_type": "t", "content": "c"}),
    "notes.update": lambda w: ((w.note,), {"content": "taken"}),
    "notes.list": lambda w: ((), {"paper_id": w.paper}),
    "notes.insert_many": lambda w: (([{"paper_id": w.paper, "note_type": "t", "content": "c"}],), {}),
    "profile.read": lambda w: ((), {}),
    "profile.save": lambda w: ((), {"display_name": "Eve"}),
    "digests.create": lambda w: ((), {"digest_date": date(2026, 1, 1)}),
    "digests.update": lambda w: ((w.digest,), {"delivery_status": "taken"}),
    "digests.list": lambda w: ((), {}),
    "digests.list_full": lambda w: ((), {}),
    "digests.read": lambda w: ((w.digest,), {}),
    "digests.insert_many": lambda w: (([{"digest_date": date(2026, 1, 1)}],), {}),
    "items.create": lambda w: ((), {"digest_id": w.digest, "source_id": w.source, "rank": 2}),
    "items.update": lambda w: ((w.item,), {"reasoning": "taken"}),
    "items.list": lambda w: ((), {"digest_id": w.digest}),
    "items.insert_many": lambda w: (([{"digest_id": w.digest, "source_id": w.source, "rank": 2}],), {}),
    "feedback.create": lambda w: ((), {"digest_item_id": w.item, "rating": 1}),
    "feedback.update": lambda w: ((w.feedback,), {"rating": 1}),
    "feedback.list": lambda w: ((), {"digest_item_id": w.item}),
    "feedback.insert_many": lambda w: (([{"digest_item_id": w.item}],), {}),
    **{
        f"{name}.{method}": (lambda w, k=key: ((getattr(w, k),), {}))
        for name, key in {
            "reviews": "review",
            "tasks": "task",
            "chats": "chat",
            "messages": "message",
            "sessions": "session",
            "papers": "paper",
            "notes": "note",
            "profile": "profile",
            "digests": "digest",
            "items": "item",
            "feedback": "feedback",
        }.items()
        for method in ("get", "delete")
    },
    **{f"{name}.count": lambda w: ((), {}) for name in ("reviews", "tasks", "chats", "messages", "sessions", "papers")},
    **{f"{name}.count": lambda w: ((), {}) for name in ("notes", "digests", "items", "feedback", "profile")},
}
# What makes something of Eve's own, or ends it.
ONES_OWN = {*(f"{name}.create" for name in ("reviews", "tasks", "chats", "sessions", "digests"))}
ONES_OWN |= {f"{name}.insert_many" for name in ("reviews", "tasks", "chats", "sessions", "digests")}
ONES_OWN |= {"profile.save", "profile.read", "profile.count", "account.get", "account.update", "account.delete"}


class World:
    """Something of Ada's in every table, and Eve, who has a profile."""

    def __init__(self, door: Any) -> None:
        self.ada = door.do(lambda r: r.users.create(clerk_id="user_ada", email="ada@example.com"))
        self.eve = door.do(lambda r: r.users.create(clerk_id="user_eve", email="eve@example.com"))

        def make(repository: str, **values: Any) -> Any:
            return door.do(lambda r: getattr(r.for_user(self.ada), repository).create(**values)).id

        door.do(lambda r: r.for_user(self.eve).profile.save())
        self.profile = door.do(lambda r: r.for_user(self.ada).profile.save(display_name="Ada")).id
        url = {"source_type": "arxiv", "url": "https://arxiv.org/abs/1", "title": "Attention"}
        self.source = door.do(lambda r: r.sources.create(**url)).id
        self.review = make("reviews", title="t", topic="t", content="Attention")
        self.task = make("tasks")
        self.chat = make("chats", session_id="token")
        self.message = make("messages", session_id=self.chat, role="user", content="Hello")
        self.session = make("sessions", title="t")
        self.paper = make("papers", session_id=self.session, external_id="1", title="t")
        self.note = make("notes", paper_id=self.paper, note_type="t", content="c")
        self.digest = make("digests", digest_date=date(2026, 1, 1))
        self.item = make("items", digest_id=self.digest, source_id=self.source, rank=1)
        self.feedback = make("feedback", digest_item_id=self.item, rating=5)


NOTHING = (None, False, 0, (), Page((), None))


def called(door: Any, world: World, user: int, name: str) -> Any:
    """Call a method as this person; what it says is not there is None."""
    args, kwargs = CALLS[name](world)
    with contextlib.suppress(NotFound):
        return attempt(door, user, name, args, kwargs)
    return None


@pytest.fixture(params=KINDS)
def door(request: pytest.FixtureRequest, db_url: str) -> Iterator[Any]:
    with opened(request.param, db_url) as door:
        yield door


def methods(of: object) -> list[str]:
    """Every operation of the repositories that this holds, as `repository.method`."""
    return sorted(
        f"{name}.{method}"
        for name, repository in vars(of).items()
        if isinstance(repository, Repository)
        for method in dir(type(repository))
        if isinstance(getattr(type(repository), method), operation)
    )


def rows(db: Database, names: list[str]) -> dict[str, set[str]]:
    with db.engine.connect() as connection:
        return {name: set(connection.execute(text(f"select t::text from {name} t")).scalars()) for name in names}


def test_every_method_is_walked() -> None:
    assert methods(Repositories(Session()).for_user(1)) == sorted(CALLS)


def test_as_another_person_every_method_gives_and_changes_nothing(door: Any, db: Database) -> None:
    world = World(door)
    names = [*OWNERS, "users"]
    before = rows(db, names)

    for name in CALLS:
        answer = called(door, world, world.eve, name)
        after = rows(db, names)
        for table, there in before.items():
            lost = there - after[table]
            assert all(",user_eve," in row or row.startswith(f"({world.eve},") for row in lost), (name, lost)
        if name in ONES_OWN:
            with db.engine.begin() as connection:
                connection.execute(text("delete from literature_reviews where user_id = :eve"), {"eve": world.eve})
                connection.execute(text("delete from tasks where user_id = :eve"), {"eve": world.eve})
                connection.execute(text("delete from users where id = :eve"), {"eve": world.eve})
            world.eve = door.do(lambda r: r.users.create(clerk_id="user_eve", email="eve@example.com"))
            door.do(lambda r: r.for_user(world.eve).profile.save())
            before = rows(db, names)
        else:
            assert answer in NOTHING, (name, answer)
            assert after == before, name


def test_a_person_who_is_not_there_has_nothing(door: Any) -> None:
    world = World(door)
    for name in CALLS:
        assert called(door, world, 4711, name) in NOTHING, name


def test_there_is_no_other_way_to_what_belongs_to_a_person() -> None:
    everybodys = [each for each in vars(Repositories(Session())).values() if isinstance(each, Repository)]
    tables = {each.table.name for each in everybodys if hasattr(each, "table")}
    assert tables == {"sources", "system_state", "fetcher_state"}
    assert not tables & set(OWNERS)


def test_the_way_to_the_person_is_the_one_that_exports_and_erasures_go(db: Database) -> None:
    with contextlib.closing(db.connect()) as connection:
        owned = classify(read_schema(connection), litxplore())
    edges = {edge.label for edge in owned.edges}
    assert {f"public.{table}.{column}" for table, columns in OWNERS.items() for column in columns} <= edges


def test_an_item_of_somebody_elses_digest_cannot_be_judged_by_guessing(door: Any) -> None:
    world = World(door)
    for guess in (world.item, world.item + 1, -1, 2**62):
        with pytest.raises(NotFound):
            door.do(lambda r, g=guess: r.for_user(world.eve).feedback.create(digest_item_id=g, rating=1))
    with pytest.raises(NotFound):
        door.do(lambda r: r.for_user(world.eve).messages.create(session_id=uuid.uuid4(), role="user", content="x"))


EVERYBODYS: dict[str, Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "users.create": lambda w: ((), {"clerk_id": "new", "email": "new", "first_name": "new"}),
    "users.identify": lambda w: (("user_ada",), {}),
    "users.list": lambda w: ((), {"limit": 5, "cursor": "x"}),
    "sources.create": lambda w: ((), {"source_type": "arxiv", "url": "new", "title": "t", "content": "c"}),
    "sources.find": lambda w: (("https://arxiv.org/abs/1",), {}),
    "sources.get": lambda w: ((w.source,), {}),
    "sources.update": lambda w: ((w.source,), {"title": "t"}),
    "sources.delete": lambda w: ((w.source + 1,), {}),
    "sources.list": lambda w: ((), {"limit": 5, "cursor": "x", "source_type": "arxiv"}),
    "sources.count": lambda w: ((), {}),
    "sources.insert_many": lambda w: (([{"source_type": "arxiv", "url": "new", "title": "t"}],), {}),
    "sources.embedding": lambda w: ((w.source,), {}),
    "sources.find_similar": lambda w: ((DIRECTION,), {"threshold": 0.5, "limit": 5, "source_type": "arxiv"}),
    "sources.similar_to": lambda w: ((w.source,), {"threshold": 0.5, "limit": 5, "source_type": "arxiv"}),
    "sources.is_duplicate": lambda w: (("new", DIRECTION), {"threshold": 0.5}),
    "sources.search": lambda w: (("words", DIRECTION), {"limit": 5, "source_type": "arxiv"}),
    "settings.create": lambda w: ((), {"key": "new", "value": "v"}),
    "settings.get": lambda w: (("new",), {}),
    "settings.update": lambda w: (("new",), {"value": "v"}),
    "settings.save": lambda w: (("new", "v"), {}),
    "settings.delete": lambda w: (("new",), {}),
    "settings.list": lambda w: ((), {"limit": 5, "cursor": "x"}),
    "settings.count": lambda w: ((), {}),
    "settings.insert_many": lambda w: (([{"key": "new", "value": "v"}],), {}),
    "fetchers.create": lambda w: ((), {"fetcher": "new", "status": "idle"}),
    "fetchers.get": lambda w: (("new",), {}),
    "fetchers.update": lambda w: (("new",), {"status": "idle", "last_error": "e"}),
    "fetchers.delete": lambda w: (("new",), {}),
    "fetchers.list": lambda w: ((), {"limit": 5, "cursor": "x"}),
    "fetchers.count": lambda w: ((), {}),
    "fetchers.insert_many": lambda w: (([{"fetcher": "new", "status": "idle"}],), {}),
    "fetchers.ran": lambda w: (("new", "error"), {}),
}
DIRECTION = [1.0] * DIMENSIONS
INJECTION = "'; drop table notes cascade; commit; --"


def injected(value: Any) -> Iterator[Any]:
    """Yield the arguments with the injection in the place of one of them after the other."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield from ([row] for row in injected(value[0]))
    elif isinstance(value, dict):
        yield from ({**value, name: each} for name in value for each in injected(value[name]))
    elif isinstance(value, tuple):
        for place, own in enumerate(value):
            yield from ((*value[:place], each, *value[place + 1 :]) for each in injected(own))
    else:
        yield INJECTION


def test_sql_in_the_place_of_any_argument_is_a_value_or_refused(door: Any, db: Database) -> None:
    assert methods(Repositories(Session())) == sorted(EVERYBODYS)
    world = World(door)
    for name, arguments in (CALLS | EVERYBODYS).items():
        args, kwargs = arguments(world)
        variants = [(each, kwargs) for each in injected(args)] + [(args, each) for each in injected(kwargs)]
        for variant in variants if name != "account.delete" else ():
            with contextlib.suppress(LitxdbError):
                attempt(door, world.ada, name, *variant)
    assert all(rows(db, [*OWNERS, "sources", "users"]).values())


def attempt(door: Any, user: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a method of anybody's or of this person's, whatever comes of it."""
    repository, _, method = name.partition(".")
    held = repository in vars(Repositories(Session()))
    return door.do(lambda r: getattr(getattr(r if held else r.for_user(user), repository), method)(*args, **kwargs))
