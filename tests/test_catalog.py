"""What the catalog's judges say of a schema full of traps, on every version."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from litxdb import catalog
from tests.bed import traps
from tests.bed.servers import Server, Servers


@pytest.fixture
def trapped(any_server: Server) -> Iterator[Connection]:
    """A connection to a database with the trap schema."""
    with any_server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        traps.lay(connection)
        yield connection


def short(name: str) -> str:
    return name.removeprefix("traps.")


def test_duplicates(trapped: Connection) -> None:
    found = catalog.find_duplicates(catalog.read_indexes(trapped))
    told = {(short(each.index), short(each.covered_by), str(each.likeness)) for each in found}
    assert told == traps.DUPLICATES
    assert len(found) == len(told)


def test_foreign_keys_without_an_index(trapped: Connection) -> None:
    found = catalog.find_uncovered(catalog.read_foreign_keys(trapped), catalog.read_indexes(trapped))
    ours = [each for each in found if each.key.table.startswith(("traps.f_", 'traps."f'))]
    assert {short(each.key.table): each.partly and short(each.partly) for each in ours} == traps.UNCOVERED
    assert len(ours) == len(traps.UNCOVERED)


def test_sequences(trapped: Connection) -> None:
    found = [*catalog.read_sequences(trapped), *catalog.read_assigned_keys(trapped)]
    ours = [each for each in found if (each.table or each.sequence or "").startswith("traps.s_")]
    told = {
        (each.kind, each.table and short(each.table), each.column): each.used_percent and round(each.used_percent)
        for each in ours
    }
    assert told == traps.USED_PERCENT
    assert len(ours) == len(traps.USED_PERCENT)


def test_what_is_superfluous_can_go(trapped: Connection) -> None:
    uncovered = {each.key.oid for each in _uncovered(trapped)}
    with trapped.cursor() as cursor:
        for each in catalog.find_duplicates(catalog.read_indexes(trapped)):
            cursor.execute(each.drop.replace("concurrently ", ""))
    assert catalog.find_duplicates(catalog.read_indexes(trapped)) == []
    assert {each.key.oid for each in _uncovered(trapped)} == uncovered


def test_what_is_missing_can_be_made(trapped: Connection) -> None:
    with trapped.cursor() as cursor:
        for each in _uncovered(trapped):
            cursor.execute(each.create.replace("concurrently ", ""))
    assert _uncovered(trapped) == []


def _uncovered(connection: Connection) -> list[catalog.Uncovered]:
    return catalog.find_uncovered(catalog.read_foreign_keys(connection), catalog.read_indexes(connection))


def test_duplicate_vector_indexes(server: Server) -> None:
    with server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"create schema traps; {traps.VECTORS}")
        found = catalog.find_duplicates(catalog.read_indexes(connection))
    told = {(short(each.index), short(each.covered_by), str(each.likeness)) for each in found}
    assert told == traps.VECTOR_DUPLICATES


def test_temporal_foreign_keys(server: Server) -> None:
    with server.database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(traps.TEMPORAL)
        assert [each.key.table for each in _uncovered(connection)] == ["public.booking"]


def test_nothing_waits_for_a_locked_table(trapped: Connection) -> None:
    with contextlib.closing(psycopg2.connect(trapped.dsn)) as other, other.cursor() as cursor:
        cursor.execute("lock traps.d, traps.s_assigned, traps.f_none in access exclusive mode")
        cursor.execute("alter sequence traps.s_steps increment 2000")
        with trapped.cursor() as ours:
            ours.execute("set local lock_timeout = '1ms'")
        assert len(catalog.find_duplicates(catalog.read_indexes(trapped))) == len(traps.DUPLICATES)
        assert len(_uncovered(trapped)) == len(traps.UNCOVERED)
        found = [*catalog.read_sequences(trapped), *catalog.read_assigned_keys(trapped)]
    unread = {each.sequence or each.table: each.unread for each in found if each.unread}
    assert unread == {"traps.s_steps": "locked", "traps.s_assigned": "locked"}


def test_what_a_role_may_not_read_is_not_taken_for_fine(trapped: Connection, any_server: Server) -> None:
    role = f"nobody_{trapped.info.dbname}"
    with trapped.cursor() as cursor:
        cursor.execute(f"create role {role}; grant pg_monitor to {role}; set local role {role}")
        found = [*catalog.read_sequences(trapped), *catalog.read_assigned_keys(trapped)]
    assert found
    assert all(each.unread == "no privilege" and each.left is None for each in found)
    trapped.rollback()


@pytest.fixture
def bloated(postgresql: Servers, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to a database with tables of known bloat, analyzed."""
    with postgresql.get(request.param).database() as url, contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in filter(str.strip, (traps.BLOAT + traps.NEVER_ANALYZED).split(";")):
                cursor.execute(statement)
        connection.autocommit = False
        yield connection


with_pgstattuple = pytest.mark.parametrize("bloated", [15, 17, 18], indirect=True)  # 16's wheel has no pgstattuple


@with_pgstattuple
def test_estimates_of_bloat_agree_with_pgstattuple(bloated: Connection) -> None:
    relations = catalog.read_relations(bloated, catalog.read_indexes(bloated))
    estimated = {each.name.removeprefix("public."): each for each in catalog.estimate_bloat(relations)}
    measured = {name: catalog.measure_bloat(bloated, each) for name, each in estimated.items()}
    assert all(each.is_measured for each in measured.values())
    unknown = {name: each.unknown for name, each in estimated.items() if each.unknown}
    assert unknown == {"dropped": "dropped columns", "never": "never analyzed"}
    apart = {
        name: (each.wasted_percent, measured[name].wasted_percent)
        for name, each in estimated.items()
        if each.wasted_percent is not None and abs(each.wasted_percent - (measured[name].wasted_percent or 0)) > 7
    }
    assert apart == {}
    assert {name for name, each in measured.items() if (each.wasted_percent or 0) > 50} == {
        "updated", "updated_pkey", "deleted", "deleted_pkey"
    }  # fmt: skip


@with_pgstattuple
def test_bloat_without_privileges(bloated: Connection) -> None:
    with bloated.cursor() as cursor:
        cursor.execute("create role peeping; set local role peeping")
        found = catalog.estimate_bloat(catalog.read_relations(bloated, catalog.read_indexes(bloated)))
        assert found
        assert all(each.unknown for each in found)
        assert not any(catalog.measure_bloat(bloated, each).is_measured for each in found)
        cursor.execute("reset role; grant pg_monitor to peeping; set local role peeping")
        assert all(catalog.measure_bloat(bloated, each).is_measured for each in found)
    bloated.rollback()
