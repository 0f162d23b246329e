"""The test bed: servers, databases, the pooler and the stand-in for Neon."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from litxdb.database import Database
from tests.bed.certificates import NEON_DIRECT, NEON_POOLER
from tests.bed.faults import error
from tests.bed.neon import Neon
from tests.bed.pooler import Pooler
from tests.bed.servers import Server
from tests.bed.urls import with_keywords


def answer(url: str, query: str = "select 1") -> Any:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        return row[0] if row else None


# Servers


def test_every_version_has_databases_of_ones_own(any_server: Server) -> None:
    with any_server.database() as url:
        assert int(answer(url, "show server_version_num")) // 10000 == any_server.major
        assert answer(url, "show fsync") == "off"
        name = answer(url, "select current_database()")
    assert any_server.execute("select 1 from pg_database where datname = %s", name) == []


def test_database_is_dropped_under_whoever_still_uses_it(server: Server) -> None:
    with server.database() as url:
        straggler = psycopg2.connect(url)
    with pytest.raises(psycopg2.OperationalError):
        straggler.cursor().execute("select 1")
    straggler.close()


def test_pg15_wants_tls_and_a_password(pg15: Server) -> None:
    with pg15.database() as url:
        assert answer(url, "select ssl from pg_stat_ssl where pid = pg_backend_pid()") is True
        assert answer(url, "select rolsuper from pg_roles where rolname = current_user") is False
        answer(url, "create table paper (id int); select 1")
        with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba.conf entry .* no encryption"):
            psycopg2.connect(url, sslmode="disable")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(url, password="guess")


def test_empty_db_is_empty(empty_db: Database) -> None:
    with closing(empty_db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_class where relnamespace = 'public'::regnamespace")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("round", [1, 2])
def test_db_has_the_schema_and_nothing_of_another_test(db: Database, db_url: str, round: int) -> None:  # noqa: A002
    with closing(psycopg2.connect(db_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from users")
        assert cursor.fetchone() == (0,)
        cursor.execute("insert into users (clerk_id, email) values ('c', 'ada@example.org')")
        connection.commit()


# Poolers and Neon


def test_pooler_gives_one_session_to_several_clients(pooler: Pooler, server: Server) -> None:
    with server.database() as url:
        pooled = pooler.url(answer(url, "select current_database()"))
        with closing(psycopg2.connect(pooled)) as one, closing(psycopg2.connect(pooled)) as other:
            pids = set()
            for connection in (one, other):
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("select pg_backend_pid()")
                    pids.add(cursor.fetchone())
        assert len(pids) == 1


def test_pooled_url_is_pooled_and_its_twin_is_not(neon: Neon) -> None:
    through_pooler = []
    for url in (neon.pooled_url, neon.direct_url):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGOPTIONS", "-c statement_timeout=5s")
            try:
                through_pooler.append(answer(url, "show statement_timeout"))
            except psycopg2.OperationalError as refused:
                through_pooler.append("unsupported startup parameter" in str(refused))
    assert through_pooler == [True, "5s"]
    assert neon.asked == [NEON_POOLER, NEON_DIRECT]


def test_neon_owner_may_create_vector(neon: Neon) -> None:
    assert answer(neon.direct_url, "create extension vector; select '[1,2]'::vector <-> '[1,3]'") == 1


@pytest.mark.parametrize("binding", ["require", "disable"])
def test_neon_checks_the_password_with_and_without_channel_binding(neon: Neon, binding: str) -> None:
    url = with_keywords(neon.pooled_url, channel_binding=binding)
    assert answer(url) == 1
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed for user 'neondb_owner'"):
        psycopg2.connect(url, password="guess")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed for user 'stranger'"):
        psycopg2.connect(url, user="stranger")


def test_neon_wants_tls_and_a_name(neon: Neon) -> None:
    plain = {"sslmode": "disable", "channel_binding": None}
    with pytest.raises(psycopg2.OperationalError, match="connection is insecure"):
        psycopg2.connect(with_keywords(neon.pooled_url, **plain))
    with pytest.raises(psycopg2.OperationalError, match="Endpoint ID is not specified"):
        psycopg2.connect(neon.pooled_url, sslsni="0")


@pytest.mark.parametrize("kind", ["pooled_url", "direct_url"])
def test_neon_passes_the_wish_to_cancel_on(neon: Neon, kind: str) -> None:
    program = """
import psycopg2, sys, threading
connection = psycopg2.connect(sys.argv[1])
threading.Timer(0.2, connection.cancel).start()
connection.cursor().execute("select pg_sleep(30)")
"""
    ended = subprocess.run([sys.executable, "-c", program, getattr(neon, kind)], capture_output=True, text=True)
    assert "canceling statement due to user request" in ended.stderr


def test_neon_misbehaves_as_told(neon: Neon) -> None:
    neon.misbehave(error("XX000", "Couldn't connect to compute node", "ERROR"))
    with pytest.raises(psycopg2.OperationalError, match="Couldn't connect to compute node"):
        psycopg2.connect(neon.pooled_url)
    assert answer(neon.pooled_url) == 1
