"""Poolers: Neon's is left for its direct twin, any other is recognised by what it does and refused."""

from collections.abc import Callable

import pytest

from litxdb.database import Database
from litxdb.errors import Exit, Refused
from litxdb.settings import Settings
from tests.bed.neon import Neon
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome

Run = Callable[..., Outcome]


def test_a_transaction_pooler_is_recognised_by_what_it_does(pooler: Pooler) -> None:
    for source, way_out in (("DATABASE_URL", "Set DIRECT_DATABASE_URL"), ("--url", "Give --url the server itself")):
        settings = Settings(url=pooler.url(), source=source)
        with Database(settings=settings) as db, pytest.raises(Refused, match="is a transaction pooler") as caught:
            db.connect(direct=True)
        assert way_out in str(caught.value.hint)


def test_a_transaction_pooler_is_fine_for_what_needs_no_session(pooler: Pooler) -> None:
    with Database(pooler.url()) as db:
        assert db.health().healthy


def test_a_pooler_whose_connections_are_all_taken_is_recognised_too(pooler: Pooler) -> None:
    with Database(pooler.url()) as db:
        holders = [db.connect() for _ in range(4)]
        for holder in holders[:-1]:
            holder.cursor().execute("select 1")
        with pytest.raises(Refused, match="transaction pooler"):
            db.connect(direct=True)
        for holder in holders:
            holder.close()


def test_a_server_is_not_taken_for_a_pooler(empty_db: Database) -> None:
    connection = empty_db.connect(direct=True)
    assert connection.info.backend_pid == connection.get_backend_pid()
    connection.close()


def test_the_direct_url_goes_round_the_pooler(pooler: Pooler, empty_url: str) -> None:
    dbname = empty_url.partition("?")[0].rpartition("/")[2]
    settings = Settings(url=pooler.url(dbname), direct_url=empty_url)
    with Database(settings=settings) as db:
        db.connect(direct=True).close()


def test_migrating_through_neons_pooler_goes_to_the_direct_host(neon: Neon, run: Run) -> None:
    outcome = run("migrate", "--url", neon.pooled_url, "--format", "json")
    assert outcome.code == Exit.DONE, outcome.stderr
    assert len(outcome.json["rows"]) == 12
    assert run("status", "--check", "--url", neon.pooled_url).code == Exit.DONE


def test_ping_names_the_kind_of_endpoint(neon: Neon, pooler: Pooler, empty_url: str, run: Run) -> None:
    assert run("ping", "--url", neon.pooled_url, "--format", "json").json["kind"] == "pooled"
    assert run("ping", "--url", neon.direct_url, "--format", "json").json["kind"] == "direct"
    assert run("ping", "--url", pooler.url(), "--format", "json").json["kind"] == "pooled"
    assert run("ping", "--url", empty_url, "--format", "json").json["kind"] == "direct"


def test_a_cold_start_is_waited_for(neon: Neon, run: Run) -> None:
    from tests.bed.faults import error

    neon.misbehave(*[error("XX000", "Couldn't connect to compute node", "ERROR")] * 2)
    outcome = run("status", "--url", neon.direct_url)
    assert outcome.code == Exit.DONE
    assert "compute node" in outcome.stderr
