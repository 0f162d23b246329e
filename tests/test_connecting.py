"""Getting in: patient with what passes, quick to fail on what does not, and never showing a password."""

import time
from collections.abc import Callable

import pytest

from litxdb.database import Database
from litxdb.errors import ConnectionFailed, Exit
from litxdb.settings import Settings
from tests.bed.certificates import Certificates
from tests.bed.faults import after_start_up, after_tls_offer, close, error, hang, http, refuse_tls, reset
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.servers import Server
from tests.bed.urls import with_keywords

Listen = Callable[..., Proxy]
Run = Callable[..., Outcome]
STARTING = error("57P03", "the database system is starting up")


def settings(url: str, retry_seconds: float = 0, timeout: int = 10) -> Settings:
    return Settings(url=url, source="--url", retry_seconds=retry_seconds, connect_timeout_seconds=timeout)


@pytest.mark.parametrize("fault", [reset, close, STARTING, after_start_up(close)])
def test_what_passes_is_waited_for_and_said_once(fault: object, proxy: Listen, empty_url: str) -> None:
    said: list[str] = []
    flaky = proxy(empty_url, fault, fault, fault)
    with Database(settings=settings(flaky.url, retry_seconds=15), notify=said.append) as db:
        db.connect().close()
    assert flaky.seen == 4
    assert len(said) == len(set(said)) <= 2  # a reset shows itself in two ways
    assert "retrying for up to 15 s" in said[0]


def test_what_lasts_is_given_up_in_time_with_the_last_cause(fake_server: Listen) -> None:
    start = time.monotonic()
    with (
        Database(settings=settings(fake_server(STARTING).url, retry_seconds=2)) as db,
        pytest.raises(ConnectionFailed, match=r"starting up \(tried for \d s\)") as caught,
    ):
        db.connect()
    assert time.monotonic() - start < 3
    assert "ping --wait" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (error("28P01", 'password authentication failed for user "ada"'), "password authentication failed"),
        (error("3D000", 'database "nope" does not exist'), 'database "nope" does not exist'),
        (error("28000", 'no pg_hba.conf entry for host "1.2.3.4", user "ada"'), "pg_hba.conf"),
        (error("XX000", "Control plane request failed: endpoint is disabled", "ERROR"), "endpoint is disabled"),
        (error("XX000", "Your project has exceeded the compute time quota", "ERROR"), "quota"),
        (error("XX000", "nobody knows this", "ERROR"), "nobody knows this"),
    ],
)
def test_what_stays_fails_at_once(fault: object, says: str, fake_server: Listen) -> None:
    server = fake_server(fault)
    with Database(settings=settings(server.url, retry_seconds=15)) as db, pytest.raises(ConnectionFailed, match=says):
        db.connect()
    assert server.seen == 1


@pytest.mark.parametrize(("fault", "says"), [(refuse_tls, "does not support SSL"), (http, "invalid response to SSL")])
def test_a_server_without_tls_fails_at_once(fault: object, says: str, fake_server: Listen) -> None:
    server = fake_server(fault)
    url = with_keywords(server.url, sslmode="require")
    with Database(settings=settings(url, retry_seconds=15)) as db, pytest.raises(ConnectionFailed, match=says):
        db.connect()
    assert server.seen == 1


def test_a_crowded_server_is_asked_slowly(fake_server: Listen) -> None:
    server = fake_server(error("53300", "sorry, too many clients already"))
    with Database(settings=settings(server.url, retry_seconds=3)) as db, pytest.raises(ConnectionFailed):
        db.connect()
    assert server.seen <= 4


@pytest.mark.parametrize("fault", [hang, after_start_up(hang), after_tls_offer(hang)])
def test_a_server_that_hangs_costs_the_timeout(fault: object, fake_server: Listen) -> None:
    start = time.monotonic()
    with (
        Database(settings=settings(fake_server(fault).url, timeout=2)) as db,
        pytest.raises(ConnectionFailed, match="timeout expired"),
    ):
        db.connect()
    assert time.monotonic() - start < 4


def test_an_unknown_host_fails_at_once(run: Run) -> None:
    start = time.monotonic()
    outcome = run("status", "--url", "postgresql://ada:hunter22@no-such-host.invalid/x")
    assert outcome.code == Exit.CONNECTION
    assert "no-such-host.invalid" in outcome.stderr
    assert "hunter22" not in outcome.stderr
    assert time.monotonic() - start < 5


def test_connections_say_who_they_are(empty_url: str) -> None:
    with Database(empty_url, command="migrate") as db:
        connection = db.connect()
        assert connection.info.dsn_parameters["application_name"] == "litxdb migrate"
        assert connection.info.dsn_parameters["keepalives_idle"] == "30"
        assert connection.info.dsn_parameters["connect_timeout"] == "10"
        connection.close()


def test_tls_is_required_of_a_server_that_offers_it(pg15: Server, certificates: Certificates, run: Run) -> None:
    verified = pg15.url(sslmode="verify-full", sslrootcert=certificates.ca)
    assert run("ping", "--url", verified).code == 0
    assert "certificate and host name verified" in run("ping", "--url", verified).stdout
    plain = run("ping", "--url", pg15.url(sslmode="disable"))
    assert plain.code == Exit.CONNECTION
    assert "no encryption" in plain.stdout + plain.stderr


def test_authorities_may_come_from_the_environment(pg15: Server, certificates: Certificates, run: Run) -> None:
    url = pg15.url(sslmode="verify-full", sslrootcert=None)
    assert run("ping", "--url", url, env={"SSL_CERT_FILE": str(certificates.ca)}).code == 0
    unknown = run("ping", "--url", url)
    assert unknown.code == Exit.CONNECTION
    assert "certificate verify failed" in unknown.stderr


@pytest.mark.parametrize(
    ("kind", "says"),
    [("expired", "expired"), ("wrong_name", "does not match host name"), ("unknown_ca", "verify failed")],
)
def test_a_bad_certificate_fails_at_once(
    kind: str, says: str, certificates: Certificates, proxy: Listen, empty_url: str, run: Run
) -> None:
    server = proxy(empty_url, certificate=getattr(certificates, kind))
    url = with_keywords(server.url, sslmode="verify-full", sslrootcert=certificates.ca)
    outcome = run("ping", "--url", url)
    assert outcome.code == Exit.CONNECTION
    assert says in outcome.stderr
    assert "hint:" in outcome.stderr


@pytest.mark.parametrize("password", ["it's", 'quo"te', "line\nbreak", "p@ss/w#rd%", "ünïcode", "back\\slash"])
def test_any_password_works_and_none_shows(password: str, pg15: Server, run: Run) -> None:
    from urllib.parse import quote

    role = "hostile"
    pg15.execute(f"create role {role} login")
    try:
        pg15.execute(f"alter role {role} password %s", password)
        url = pg15.url(user=role, password=password)
        assert run("ping", "--url", url).code == 0
        wrong = run("--debug", "ping", "--url", pg15.url(user=role, password=password + "x"))
        assert wrong.code == Exit.CONNECTION
        for form in (password, quote(password, safe=""), repr(password)[1:-1]):
            assert form not in wrong.stdout + wrong.stderr
    finally:
        pg15.execute(f"drop role {role}")
