"""A server of a test's own, for what cannot be done to one that other tests use: old age, archiving, standbys."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litxdb.local import Cluster
from tests.bed.servers import SWIFT, Server, installed

NUMBERS = itertools.count(1)
CLOG_SEGMENT = 1 << 20
"""Transactions whose states are in one file of pg_xact."""


@contextmanager
def spare(directory: Path, *, major: int = 18, like: Server | None = None, **options: str) -> Iterator[Server]:
    """Run a server with these settings, a copy of another that runs if `like` is given; it ends with the block."""
    cluster = Cluster(directory / f"spare-{next(NUMBERS)}", binaries=installed()[major], options=SWIFT | options)
    if like is not None:
        copy(like, cluster)
    try:
        cluster.start()
        yield Server(cluster, cluster.url())
    finally:
        cluster.stop(immediate=True)


def copy(source: Server, target: Cluster) -> None:
    """Make the target a standby of the source, by pg_basebackup."""
    account = source.cluster.account
    target.directory.mkdir()
    os.chown(target.directory, account.uid, -1)
    url = source.cluster.url()
    _run(source, "pg_basebackup", "-d", url, "-D", target.data, "--checkpoint=fast", "--write-recovery-conf")


def jump(server: Server, xid: int, multixact: int) -> None:
    """Restart a server as if it had assigned so many transaction and multixact ids: multiples of CLOG_SEGMENT."""
    server.cluster.stop()
    _run(server, "pg_resetwal", "-x", str(xid), "-m", f"{multixact},1", "-D", server.cluster.data)
    server.cluster.start()


def _run(server: Server, program: str, *arguments: str | Path) -> None:
    subprocess.run(
        [server.cluster.binaries.bin / program, *arguments],
        check=True,
        capture_output=True,
        cwd="/",
        **server.cluster.account.identity,
    )
