"""Sessions and the tree of those who wait, on every version and for every kind of blocker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from litxdb import activity
from litxdb.activity import Ending, Link
from litxdb.errors import Refused, ServerRefused
from litxdb.redaction import without_values
from tests.bed.queueing import Queue
from tests.bed.servers import Server


@pytest.fixture
def url(any_server: Server) -> Iterator[str]:
    with any_server.database() as url:
        yield url


@pytest.fixture
def queue(url: str) -> Iterator[Queue]:
    """Sessions on a database with the tables t and u."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute("create table t (i integer primary key); insert into t values (1), (2)")
        connection.cursor().execute("create table u (i integer)")
    with Queue(url) as queue:
        yield queue


@pytest.fixture
def looking(url: str) -> Iterator[Connection]:
    """The connection that looks."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        yield connection


def tree(connection: Connection) -> list[Link]:
    return activity.lock_tree(activity.read_sessions(connection), activity.read_prepared(connection))


def drawn(links: list[Link]) -> list[tuple[int, int | str, int]]:
    """Depth, who, and how many victims."""
    return [
        (link.depth, link.session.pid if link.session else link.prepared.gid, link.victims)  # type: ignore[union-attr]
        for link in links
    ]


def test_a_reader_that_idles_before_ddl_that_everybody_queues_behind(queue: Queue, looking: Connection) -> None:
    a = queue.hold("select * from t")
    b = queue.wait("alter table t add column j integer")
    c = queue.wait("select * from t where i = 42")
    d = queue.wait("select * from t where i = 43")
    links = tree(looking)
    assert drawn(links) == [(0, a, 3), (1, b, 2), *((2, pid, 0) for pid in sorted((c, d), key=str))]
    top, ddl, reader = (link.session for link in links[:3])
    assert top is not None
    assert ddl is not None
    assert reader is not None
    assert top.state == "idle in transaction"
    assert (ddl.awaited_mode, ddl.awaited) == ("AccessExclusiveLock", "public.t")
    assert reader.query == "select * from t where i = ?"
    assert reader.waited_seconds is not None


def test_an_idle_session_with_an_advisory_lock(queue: Queue, looking: Connection) -> None:
    holder = queue.hold("select pg_advisory_lock(5000000000)", autocommit=True)
    victim = queue.wait("select pg_advisory_lock(5000000000)")
    links = tree(looking)
    assert drawn(links) == [(0, holder, 1), (1, victim, 0)]
    assert links[0].session is not None
    assert links[0].session.state == "idle"
    assert links[0].session.holds_advisory
    assert links[1].session is not None
    assert links[1].session.awaited == "advisory lock 5000000000"


def test_a_prepared_transaction(queue: Queue, looking: Connection) -> None:
    queue.hold("begin; update t set i = 5 where i = 1; prepare transaction 'the ''first'''", autocommit=True)
    queue.hold("begin; lock table u; prepare transaction 'the second'", autocommit=True)
    queue.hold("begin; update t set i = 7 where i = 2; prepare transaction 'harmless'", autocommit=True)
    row = queue.wait("update t set i = 6 where i = 1")
    table = queue.wait("select * from u")
    assert sorted(drawn(tree(looking)), key=str) == [
        (0, "the 'first'", 1),
        (0, "the second", 1),
        *sorted([(1, row, 0), (1, table, 0)], key=str),
    ]


def test_a_deadlock_has_no_top_but_is_shown(queue: Queue, looking: Connection) -> None:
    pids = queue.deadlock("1", "2")
    behind = queue.wait("select pg_advisory_xact_lock(1)")
    links = tree(looking)
    assert {link.session.pid for link in links if link.session} == {*pids, behind}
    assert [link.in_cycle for link in links] == [True, False, False]
    assert links[0].victims == 2


def test_who_waits_for_two_stands_below_the_later_one(queue: Queue, looking: Connection) -> None:
    first = queue.hold("select * from t")
    second = queue.hold("select * from t")
    ddl = queue.wait("drop table t")
    assert drawn(tree(looking)) == [
        (0, max(first, second, key=str), 1),
        (1, ddl, 0),
        (0, min(first, second, key=str), 0),
    ]
    links = tree(looking)
    assert [link.also_blocked_by for link in links if link.session and link.session.pid == ddl] == [
        (min(first, second, key=str),)
    ]


def test_nobody_waits(looking: Connection) -> None:
    assert tree(looking) == []


def test_a_plain_role_sees_who_waits_but_not_for_what(queue: Queue, any_server: Server) -> None:
    holder = queue.hold("lock table t")
    victim = queue.wait("select * from t where i = 42")
    any_server.execute("create role onlooker login")
    try:
        with contextlib.closing(psycopg2.connect(queue.url, user="onlooker")) as connection:
            sessions = activity.read_sessions(connection)
            links = activity.lock_tree(sessions)
        assert drawn(links) == [(0, holder, 1), (1, victim, 0)]
        hidden = {each.pid: each for each in sessions}[victim]
        assert not hidden.is_visible
        assert (hidden.query, hidden.state, hidden.is_client, hidden.is_busy) == (None, None, True, True)
    finally:
        any_server.execute("drop role onlooker")


def test_cancelling_and_terminating(queue: Queue, looking: Connection) -> None:
    holder = queue.hold("lock table t")
    victim = queue.wait("select * from t")

    def chosen(pid: int, ending: Ending) -> activity.Session:
        return activity.chosen(activity.read_sessions(looking), pid, ending)

    with pytest.raises(Refused, match="is idle in transaction"):
        chosen(holder, Ending.CANCEL)
    assert activity.end(looking, chosen(victim, Ending.CANCEL), Ending.CANCEL).over
    session = chosen(holder, Ending.TERMINATE)
    assert activity.end(looking, session, Ending.TERMINATE).over
    with pytest.raises(Refused, match="has ended by itself"):
        activity.end(looking, session, Ending.TERMINATE)
    with pytest.raises(Refused, match="No session"):
        chosen(holder, Ending.TERMINATE)
    assert queue.ask("select i from t") == [(1,), (2,)]


def test_what_is_never_ended(looking: Connection) -> None:
    sessions = activity.read_sessions(looking)
    (checkpointer,) = (each.pid for each in sessions if each.backend_type == "checkpointer")
    with pytest.raises(Refused, match="the server's own checkpointer"):
        activity.chosen(sessions, checkpointer, Ending.TERMINATE)
    with pytest.raises(Refused, match="own session"):
        activity.chosen(sessions, looking.info.backend_pid, Ending.CANCEL)


def test_a_session_that_the_role_may_not_end(queue: Queue, any_server: Server) -> None:
    holder = queue.hold("lock table t")
    any_server.execute("create role onlooker login")
    try:
        with contextlib.closing(psycopg2.connect(queue.url, user="onlooker")) as connection:
            connection.autocommit = True
            session = activity.chosen(activity.read_sessions(connection), holder, Ending.TERMINATE)
            with pytest.raises(ServerRefused, match=str(holder)) as refused:
                activity.end(connection, session, Ending.TERMINATE)
        assert "pg_signal_backend" in str(refused.value.hint)
        assert queue.ask("select 1 from pg_stat_activity where pid = %s", holder)
    finally:
        any_server.execute("drop role onlooker")


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("select 'it''s', $1, E'\\'x', $f$a 'b' $$ c$f$, U&'x', b'01'", "select ?, $1, ?, ?, ?, ?"),
        ("select 1, -2.5e10, .5, 0xFF, t1.c2, a$1", "select ?, -?, ?, ?, t1.c2, a$1"),
        ('select "it\'s 5", 6', 'select "it\'s 5", ?'),
        ("select /* ada /* b */ c */ 1 -- ada\n, 2", "select  ? \n, ?"),
        ("insert into t values ('cut", "insert into t values (?"),
        ("select $body$ cut", "select ?"),
        ("select /* cut", "select "),
        ("alter role ada password 'secret'", "alter role ada password ?"),
    ],
)
def test_values_are_taken_out(statement: str, left: str) -> None:
    assert without_values(statement) == left
