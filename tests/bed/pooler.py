"""PgBouncer in transaction mode, as it stands before many a PostgreSQL; Neon's pooled endpoint is one too."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bed.requirement import require
from tests.bed.servers import Server
from tests.bed.urls import with_keywords

PORT = 6432
START_SECONDS = 10
CONFIGURATION = """\
[databases]
* = host={sockets} port={port} auth_user=postgres

[pgbouncer]
pool_mode = transaction
default_pool_size = 4
listen_addr =
listen_port = {own_port}
unix_socket_dir = {directory}
auth_type = trust
auth_file = {directory}/users.txt
ignore_startup_parameters = extra_float_digits
"""


def pgbouncer() -> str | None:
    """Find PgBouncer; Debian keeps it where only root looks."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@dataclass(frozen=True)
class Pooler:
    """A transaction pooler: `url` is a database's URL through it, on its Unix socket and without TLS."""

    server: Server
    directory: Path

    def url(self, dbname: str = "postgres", **keywords: str | int | Path | None) -> str:
        return with_keywords(self.server.url(dbname), host=self.directory, port=PORT, **keywords)


@contextlib.contextmanager
def pooling(server: Server, directory: Path) -> Iterator[Pooler]:
    """Run PgBouncer before this server, under the server's account: as root it refuses to run."""
    program = pgbouncer()
    require(program, "PgBouncer is not installed (apt-get install pgbouncer)")
    directory.mkdir(exist_ok=True)  # again, after a restart
    account = server.cluster.account
    place = server.cluster.parameters()
    configuration = directory / "pgbouncer.ini"
    configuration.write_text(
        CONFIGURATION.format(sockets=place["host"], port=place["port"], own_port=PORT, directory=directory)
    )
    (directory / "users.txt").write_text('"postgres" ""\n')
    for path in (directory, *directory.iterdir()):
        os.chown(path, account.uid, -1)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), configuration], stderr=log, cwd="/", start_new_session=True, **account.identity
        )
    try:
        _await(process, directory)
        yield Pooler(server, directory)
    finally:
        process.terminate()
        process.wait()


def _await(process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(str(directory / f".s.PGSQL.{PORT}"))
            return
        time.sleep(0.01)
    raise RuntimeError(f"PgBouncer has not started: {(directory / 'log').read_text()}")
