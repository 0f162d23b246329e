"""Indexes of partitioned tables: built partition by partition without blocking, and joined."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from litxdb import indexes
from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.indexes import Patience, Request
from tests.bed.indexing import interrupted, validity
from tests.bed.servers import Server
from tests.bed.statements import query

TABLES = """
create table m (id int, at date) partition by range (at);
create table m_1 partition of m for values from ('2024-01-01') to ('2025-01-01');
create table "m Ü %" partition of m for values from ('2025-01-01') to ('2026-01-01') partition by list (id);
create table m_2 partition of "m Ü %" for values in (1, 2);
create table m_3 partition of "m Ü %" default;
insert into m select i, '2024-06-01'::date + i from generate_series(1, 400) i
"""
WISH = Request("m", ("at", "id"), name="mine")
PARTS = {"mine", "m_1_mine", "m Ü %_mine", "m_2_mine", "m_3_mine"}


@pytest.fixture
def parted(empty_db: Database) -> Database:
    query(empty_db, TABLES)
    return empty_db


def test_every_partition_gets_its_own_and_the_whole_is_valid(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(db, TABLES)
        (planned,) = indexes.plan(db, [WISH])
        assert "For a moment SHARE on the table itself" in planned.lock
        assert validity(db, "%mine") == {}
        (done,) = indexes.create(db, [WISH])
        assert done.statements == planned.statements
        assert all("concurrently" in text for text in done.statements if re.search(r" on public.m_\d ", text))
        assert validity(db, "%mine") == dict.fromkeys(PARTS, True)
        assert indexes.create(db, [WISH])[0].outcome == "present"
        query(db, "create table m_4 partition of m for values from ('2026-01-01') to ('2027-01-01')")
        assert indexes.create(db, [WISH])[0].outcome == "present"
        assert indexes.list_indexes(db).complete


def test_what_was_done_of_it_is_kept_and_the_rest_follows(parted: Database) -> None:
    query(parted, "create index mine on only m (at, id)")
    query(parted, "create index concurrently m_2_mine on m_2 (at, id)")
    interrupted(parted, "create index concurrently m_3_mine on m_3 (at, id)", "m_3")
    kept = query(parted, "select oid from pg_class where relname in ('mine', 'm_2_mine')")
    (done,) = indexes.create(parted, [WISH])
    assert "drop index concurrently if exists public.m_3_mine" in done.statements
    assert validity(parted, "%mine") == dict.fromkeys(PARTS, True)
    assert query(parted, "select oid from pg_class where relname in ('mine', 'm_2_mine')") == kept


def test_a_partition_in_use_is_waited_for_no_longer_than_its_readers_can_bear(parted: Database) -> None:
    """What needs a lock on the whole table gives up after a second, so that no writer queues behind it for long."""
    with closing(parted.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("insert into m values (1, '2024-06-01')")
        with pytest.raises(ServerRefused, match=r"Making public.mine.* lock timeout.*idle in transaction"):
            indexes.create(parted, [WISH], patience=Patience(attempts=1))
    assert validity(parted, "%mine") == {}
    assert indexes.create(parted, [WISH])[0].outcome == "built"


def test_such_an_index_can_be_rebuilt_but_not_dropped_without_a_lock(parted: Database) -> None:
    indexes.create(parted, [WISH])
    assert indexes.rebuild(parted, "mine").outcome == "rebuilt"
    with pytest.raises(Refused, match="cannot drop it CONCURRENTLY"):
        indexes.usage(parted, "mine")
    with pytest.raises(Refused, match="a partition's share"):
        indexes.usage(parted, "m_2_mine")
