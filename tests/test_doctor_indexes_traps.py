"""doctor's judgement of the schema of traps: all that is true, nothing else, and each remedy cures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from litxdb import doctor
from litxdb.database import Database
from litxdb.doctor import Reason, Status, Tier
from tests.bed import traps
from tests.bed.examining import apply, findings, mend, result
from tests.bed.servers import Server
from tests.bed.statements import as_role, query


@pytest.fixture(scope="module")
def template(any_server: Server) -> Iterator[str]:
    """The name of a database with the trap schema, on each version, to be copied."""
    with any_server.database() as url:
        with contextlib.closing(psycopg2.connect(url)) as connection:
            traps.lay(connection)
        yield str(parse_dsn(url)["dbname"])


@pytest.fixture
def trapped(any_server: Server, template: str) -> Iterator[Database]:
    """A database with the trap schema, on each version."""
    with any_server.database(template=template) as url, Database(url) as db:
        yield db


def traps_of(*likenesses: str) -> set[str]:
    return {
        f"traps.{index}".replace('traps."Ü', '"Ü') for index, _, likeness in traps.DUPLICATES if likeness in likenesses
    }


def test_duplicate_and_redundant_indexes(trapped: Database) -> None:
    assert set(findings(trapped, "duplicate_indexes")) == traps_of("duplicate")
    assert set(findings(trapped, "redundant_indexes")) == traps_of("redundant", "reversed")
    twice = findings(trapped, "duplicate_indexes")["traps.a_halved_again"].measured
    assert twice.startswith("the same as traps.a_halved (the defaults) but for fillfactor=50, ")
    reversed_ = findings(trapped, "redundant_indexes")["traps.a_down"].measured
    assert reversed_.startswith("read backwards a part of traps.a_c, ")


def test_what_is_there_twice_goes(trapped: Database) -> None:
    uncovered = set(findings(trapped, "foreign_keys_without_index"))
    mend(trapped, "duplicate_indexes")
    mend(trapped, "redundant_indexes")
    assert findings(trapped, "duplicate_indexes") == {}
    assert set(findings(trapped, "foreign_keys_without_index")) == uncovered


def test_foreign_keys(trapped: Database) -> None:
    found = findings(trapped, "foreign_keys_without_index")
    tables = [name.partition(" on ")[2].removeprefix("traps.") for name in found]
    ours = [table for table in tables if table.startswith(("f_", '"f'))]
    assert sorted(ours) == sorted(traps.UNCOVERED)
    assert all(finding.level is Status.INFO for finding in found.values())
    (half,) = (finding for name, finding in found.items() if name.endswith("f_half"))
    assert half.measured.endswith("; traps.f_half_a has only some of its columns first")
    mend(trapped, "foreign_keys_without_index")


def test_sequences(trapped: Database) -> None:
    found = findings(trapped, "sequences_running_out")
    expected = {
        f"traps.{table}.{column}": Status.CRIT if percent >= 90 else Status.WARN
        for (kind, table, column), percent in traps.USED_PERCENT.items()
        if kind != "assigned" and percent is not None and percent >= 75
    }
    assert {place: finding.level for place, finding in found.items()} == expected
    mend(trapped, "sequences_running_out")
    query(trapped, "insert into traps.s_small default values")


def test_keys_that_the_application_gives(trapped: Database) -> None:
    found = findings(trapped, "integer_keys_running_out")
    assert {place: finding.level for place, finding in found.items()} == {"traps.s_assigned.id": Status.CRIT}
    mend(trapped, "integer_keys_running_out")


def test_invalid_indexes(trapped: Database) -> None:
    assert set(findings(trapped, "invalid_indexes")) == {"traps.invalid_2", "traps.f_invalid_i"}
    mend(trapped, "invalid_indexes")


def test_a_role_that_may_read_nothing(trapped: Database, any_server: Server) -> None:
    with as_role(any_server, trapped, "plain") as plain:
        seen = result(plain, "sequences_running_out")
        assert (seen.status, seen.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
        keys = result(plain, "integer_keys_running_out")
        assert (keys.status, keys.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
        for check in ("duplicate_indexes", "redundant_indexes", "foreign_keys_without_index", "invalid_indexes"):
            assert set(findings(plain, check)) == set(findings(trapped, check))
        query(trapped, "grant usage on schema traps to plain")
        apply(trapped, seen.remedy)
        apply(trapped, keys.remedy)
        for check in ("sequences_running_out", "integer_keys_running_out"):
            assert set(findings(plain, check)) == set(findings(trapped, check))


def test_nothing_waits_for_who_alters_a_table(trapped: Database) -> None:
    tables = ("d", "u", "p", "f_half", "f_invalid", "s_assigned", "s_serial", "invalid")
    with contextlib.closing(trapped.connect()) as altering, altering.cursor() as cursor:
        cursor.execute(f"lock table {', '.join(f'traps.{table}' for table in tables)} in access exclusive mode")
        examined = doctor.examine(trapped, only=["indexes", "vectors"], tier=Tier.FULL, deadline_seconds=30.0)
    locked = {each.check: each.unseen for each in examined.results if each.reason is Reason.LOCKED}
    assert list(locked) == ["integer_keys_running_out"]
    assert not [each for each in examined.results if each.status is Status.ERROR]
    found = {each.object for each in examined.findings if each.check == "duplicate_indexes"}
    assert found == traps_of("duplicate")


def test_a_freshly_migrated_litxplore_has_no_defect(db: Database) -> None:
    query(db, "create extension amcheck; create extension pgstattuple; create extension pg_stat_statements")
    examined = doctor.examine(db, only=["indexes", "vectors"], tier=Tier.FULL, deadline_seconds=60.0)
    assert examined.findings == ()
    assert not [each for each in examined.results if each.status is Status.ERROR]
