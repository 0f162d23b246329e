"""Revision 9 needs the extension `vector`: missing, not permitted, there before, or used by others."""

from __future__ import annotations

import pytest

from litxdb.database import Database
from litxdb.errors import ServerRefused
from litxdb.migrate import Graph, current_revision, downgrade, fingerprint, plan_upgrade, upgrade
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

AGENT = "0009_research_agent"


def test_a_server_without_pgvector_is_told_before_anything_is_applied(pg15: Server) -> None:
    with pg15.database() as url, Database(url) as db:
        with pytest.raises(ServerRefused, match="install the package postgresql-15-pgvector"):
            upgrade(db)
        with pytest.raises(ServerRefused, match="install the package postgresql-15-pgvector"):
            plan_upgrade(db)
        assert not [key for key in fingerprint(db) if key[0] == "table"]
        assert query(db, "select to_regclass('alembic_version')") == [(None,)]
        assert upgrade(db, "0008_chat").after == "0008_chat"  # needs no extension


def test_the_extension_goes_with_the_revision_that_created_it(empty_db: Database) -> None:
    upgrade(empty_db, AGENT)
    downgrade(empty_db)
    assert query(empty_db, "select extname from pg_extension") == [("plpgsql",)]


def test_an_extension_that_was_there_before_stays(empty_db: Database) -> None:
    query(empty_db, "create extension vector")
    upgrade(empty_db, AGENT)
    downgrade(empty_db)
    assert ("vector",) in query(empty_db, "select extname from pg_extension")


def test_a_rollback_never_takes_the_extension_from_under_another_table(db: Database) -> None:
    query(db, "create table mine (v vector(3))")
    with pytest.raises(ServerRefused, match="cannot drop extension vector because other objects depend on it"):
        downgrade(db, to="0008_chat")
    assert current_revision(db) == AGENT
    assert query(db, "select count(*) from sources") == [(0,)]


def test_a_role_that_may_not_create_the_extension_is_told_before_anything_is_applied(
    server: Server, empty_db: Database
) -> None:
    with as_role(server, empty_db, "owner_of_tables", owner=True) as db:
        with pytest.raises(
            ServerRefused, match="needs the extension vector, and this role may not create it"
        ) as failure:
            upgrade(db)
        assert failure.value.hint is not None
        assert "CREATE EXTENSION vector" in failure.value.hint
        assert current_revision(db) is None
        query(empty_db, "create extension vector")
        assert upgrade(db).after == Graph.read().head.id
        downgrade(db, to="0008_chat")
        assert ("vector",) in query(empty_db, "select extname from pg_extension")
