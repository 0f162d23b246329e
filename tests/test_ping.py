"""ping: how far a connection comes, step by step."""

import time
from collections.abc import Callable
from subprocess import Popen

import pytest

from litxdb.errors import Exit
from tests.bed.faults import error, hang, on_query
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.servers import Server

Run = Callable[..., Outcome]
Listen = Callable[..., Proxy]
STARTING = error("57P03", "the database system is starting up")


def steps(outcome: Outcome) -> list[tuple[str, bool]]:
    return [(row["step"], row["ok"]) for row in outcome.json["rows"]]


def test_a_local_server_step_by_step(run: Run, db_url: str) -> None:
    outcome = run("ping", "--write", "--url", db_url, "--format", "json")
    assert outcome.code == Exit.DONE
    assert [step for step, _ in steps(outcome)] == ["connect", "TLS", "authenticate", "query", "write"]
    assert all(ok for _, ok in steps(outcome))
    assert all(row["milliseconds"] >= 0 for row in outcome.json["rows"])
    assert outcome.json["user"] == "postgres"
    assert outcome.json["server_version"].startswith("18.")
    assert outcome.json["kind"] == "direct"


def test_every_version(run: Run, any_server: Server) -> None:
    outcome = run("ping", "--url", any_server.url(), "--format", "json")
    assert outcome.json["server_version"].startswith(str(any_server.major))


def test_tls_is_shown(run: Run, pg15: Server) -> None:
    outcome = run("ping", "--url", pg15.url(sslmode="require"), "--format", "json")
    assert outcome.code == Exit.DONE, outcome.stdout + outcome.stderr
    (tls,) = (row for row in outcome.json["rows"] if row["step"] == "TLS")
    assert tls["detail"].startswith("TLSv1.3, TLS_")


def test_no_name(run: Run) -> None:
    outcome = run("ping", "--url", "postgresql://ada:hunter22@no-such-host.invalid/x", "--format", "json")
    assert outcome.code == Exit.CONNECTION
    assert steps(outcome) == [("resolve", False)]
    assert outcome.json["hint"] == "Check the host's name in the URL."
    assert "hunter22" not in outcome.stdout + outcome.stderr


def test_nobody_listens(run: Run) -> None:
    start = time.monotonic()
    outcome = run("ping", "--url", "postgresql://127.0.0.1:1/x", "--format", "json")
    assert outcome.code == Exit.CONNECTION
    assert steps(outcome) == [("connect", False)]
    assert time.monotonic() - start < 2


def test_wrong_password(run: Run, pg15: Server) -> None:
    outcome = run("ping", "--url", pg15.url(password="hunter22"), "--format", "json")
    assert outcome.code == Exit.CONNECTION
    assert steps(outcome)[-1] == ("authenticate", False)
    assert "password authentication failed" in outcome.json["error"]
    assert "hunter22" not in outcome.stdout + outcome.stderr


def test_no_such_database(run: Run, server: Server) -> None:
    outcome = run("ping", "--url", server.url("nope"), "--format", "json")
    assert outcome.code == Exit.CONNECTION
    assert steps(outcome)[-1] == ("authenticate", False)


def test_a_server_that_hangs_costs_the_timeout(run: Run, fake_server: Listen) -> None:
    start = time.monotonic()
    outcome = run("ping", "--url", fake_server(hang).url, env={"LITXDB_CONNECT_TIMEOUT": "2"})
    assert outcome.code == Exit.CONNECTION
    assert "timeout expired" in outcome.stderr
    assert time.monotonic() - start < 4


def test_a_query_that_hangs_costs_the_timeout(run: Run, fake_server: Listen) -> None:
    outcome = run(
        "ping", "--url", fake_server(on_query(hang)).url, "--format", "json", env={"LITXDB_CONNECT_TIMEOUT": "2"}
    )
    assert outcome.code == Exit.CONNECTION
    assert steps(outcome)[-1] == ("query", False)


def test_a_session_that_is_ended_while_it_asks(run: Run, fake_server: Listen) -> None:
    ended = on_query(error("57P01", "terminating connection due to administrator command"))
    outcome = run("ping", "--url", fake_server(ended).url, "--format", "json")
    assert outcome.code in {Exit.CONNECTION, Exit.SERVER}
    assert steps(outcome)[-1] == ("query", False)


def test_it_waits_for_a_server_to_come_up(run: Run, proxy: Listen, empty_url: str) -> None:
    server = proxy(empty_url, STARTING, STARTING)
    outcome = run("ping", "--wait", "20", "--url", server.url)
    assert outcome.code == Exit.DONE
    assert outcome.stderr.count("Waiting for up to 20 s") == 1


def test_it_waits_no_longer_than_it_was_told(run: Run, fake_server: Listen) -> None:
    start = time.monotonic()
    assert run("ping", "--wait", "1", "--url", fake_server(STARTING).url).code == Exit.CONNECTION
    assert time.monotonic() - start < 3


def test_it_does_not_wait_for_what_will_not_come(run: Run, server: Server) -> None:
    start = time.monotonic()
    assert run("ping", "--wait", "30", "--url", server.url("nope")).code == Exit.CONNECTION
    assert time.monotonic() - start < 5


def test_writing_leaves_nothing(run: Run, server: Server, empty_url: str) -> None:
    assert run("ping", "--write", "--url", empty_url).code == Exit.DONE
    dbname = empty_url.partition("?")[0].rpartition("/")[2]
    tables = "select count(*) from pg_class where relname like 'litxdb%%'"
    assert server.execute(tables, dbname=dbname) == [(0,)]


@pytest.mark.parametrize("option", ["default_transaction_read_only%3Don"])
def test_a_session_that_may_not_write_is_told(option: str, run: Run, empty_url: str) -> None:
    outcome = run("ping", "--write", "--url", f"{empty_url}&options=-c{option}", "--format", "json")
    assert outcome.code == Exit.SERVER
    assert steps(outcome)[-1] == ("write", False)
    assert "read-only" in outcome.json["error"]
    assert run("ping", "--url", f"{empty_url}&options=-c{option}").code == Exit.DONE


def test_a_role_without_create_is_told(run: Run, server: Server, empty_url: str) -> None:
    server.execute("create role reader login")
    try:
        outcome = run("ping", "--write", "--url", empty_url.replace("postgres@", "reader@"), "--format", "json")
        assert outcome.code == Exit.SERVER
        assert "permission denied for schema public" in outcome.json["error"]
    finally:
        server.execute("drop role reader")


def test_two_at_once_do_not_meet(start: Callable[..., Popen[str]], empty_url: str) -> None:
    processes = [start("ping", "--write", "--url", empty_url) for _ in range(4)]
    for process in processes:
        _, said = process.communicate(timeout=30)
        assert process.returncode == Exit.DONE, said


def test_killed_while_writing_it_leaves_nothing(
    start: Callable[..., Popen[str]], server: Server, empty_url: str
) -> None:
    dbname = empty_url.partition("?")[0].rpartition("/")[2]
    for delay in (0.1, 0.12, 0.14, 0.16, 0.18, 0.2):
        process = start("ping", "--write", "--url", empty_url)
        time.sleep(delay)
        process.kill()
        process.wait()
    time.sleep(0.2)
    assert server.execute("select count(*) from pg_class where relname like 'litxdb%%'", dbname=dbname) == [(0,)]
