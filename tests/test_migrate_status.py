"""Where a database is in the history, and correcting the record."""

from __future__ import annotations

import pytest

from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Exit, Refused, ServerRefused
from litxdb.migrate import Graph, Pending, current_revision, fingerprint, history, stamp, status, upgrade
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

HEAD = Graph.read().head.id


def test_an_empty_database_has_everything_pending(empty_db: Database) -> None:
    found = status(empty_db)
    assert (found.current, found.head, found.known, found.at_head) == (None, HEAD, True, False)
    assert [each.revision for each in found.pending] == [each.id for each in Graph.read().revisions]


def test_a_database_on_the_way_has_the_rest_pending(empty_db: Database) -> None:
    upgrade(empty_db, "0011")
    found = status(empty_db)
    assert found.current == "0011_growth"
    assert found.pending == (Pending(HEAD, "Full-text index on sources, built without blocking anybody"),)
    assert [(each.revision, each.applied, each.current) for each in history(empty_db)][-2:] == [
        ("0011_growth", True, True),
        (HEAD, False, False),
    ]


def test_a_database_at_head_has_nothing_pending(db: Database) -> None:
    assert status(db).at_head
    assert status(db).pending == ()


def test_a_database_ahead_of_the_code_is_told_apart_from_an_empty_one(db: Database) -> None:
    query(db, "update alembic_version set version_num = 'from_the_future'")
    found = status(db)
    assert (found.current, found.known, found.at_head, found.pending) == ("from_the_future", False, False, ())
    with pytest.raises(Refused, match="at revision from_the_future, which this litxdb does not know"):
        history(db)
    before = fingerprint(db)
    with pytest.raises(Refused, match="which this litxdb does not know"):
        upgrade(db)
    assert fingerprint(db) == before


def test_two_recorded_revisions_are_named(db: Database) -> None:
    query(db, "insert into alembic_version values ('0008_chat')")
    with pytest.raises(Refused, match=f"alembic_version names 2 revisions at once: 0008_chat, {HEAD}"):
        status(db)
    assert stamp(db, "head", purge=True).after == HEAD
    assert current_revision(db) == HEAD


def test_a_role_that_may_not_read_the_version_is_told_what_to_grant(server: Server, db: Database) -> None:
    with (
        as_role(server, db, "stranger") as stranger,
        pytest.raises(ServerRefused, match="may not read alembic_version: permission denied") as failure,
    ):
        status(stranger)
    assert failure.value.hint is not None
    assert "Grant it SELECT on alembic_version" in failure.value.hint


def test_a_schema_without_a_record_is_adopted_with_stamp(db: Database) -> None:
    query(db, "drop table alembic_version")
    with pytest.raises(
        ServerRefused, match='74f32592cfec failed: relation "literature_reviews" already exists'
    ) as failure:
        upgrade(db)
    assert failure.value.hint is not None
    assert "litxdb stamp" in failure.value.hint
    assert current_revision(db) is None
    result = stamp(db, "0012")
    assert (result.before, result.after, result.steps) == (None, HEAD, ())
    assert upgrade(db).steps == ()


def test_stamp_runs_nothing_and_can_be_undone(empty_db: Database) -> None:
    assert stamp(empty_db, "0008").after == "0008_chat"
    assert not [name for kind, name in fingerprint(empty_db) if kind == "table"]
    assert stamp(empty_db, "base").before == "0008_chat"
    assert current_revision(empty_db) is None
    assert upgrade(empty_db).after == HEAD  # Alembic takes the table that stamp made


def test_stamp_replaces_an_unknown_revision_only_when_told_to(db: Database) -> None:
    query(db, "update alembic_version set version_num = 'from_the_future'")
    with pytest.raises(Refused, match="which this litxdb does not know"):
        stamp(db, "head")
    stamp(db, "head", purge=True)
    assert current_revision(db) == HEAD


def test_stamp_of_a_revision_that_does_not_exist_changes_nothing(db: Database) -> None:
    with pytest.raises(ArgumentInvalid, match="There is no revision 0013") as failure:
        stamp(db, "0013")
    assert failure.value.code == Exit.USAGE
    assert current_revision(db) == HEAD
