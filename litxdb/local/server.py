"""LitXplore's one local server: the cluster below LITXDB_HOME, with the database `litxplore`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from litxdb.local import postmaster, probe
from litxdb.local.cluster import Cluster
from litxdb.local.files import explained
from litxdb.settings import Settings

DATABASE = "litxplore"

Notify = Callable[[str], None]


@dataclass(frozen=True)
class LocalStatus:
    """What there is of the local server; `version` is the major one only while it is stopped."""

    state: Literal["not created", "stopped", "running"]
    directory: Path
    version: str | None = None
    pid: int | None = None
    url: str | None = None
    size_bytes: int | None = None
    started_at: datetime | None = None


def local_server(settings: Settings, port: int | None = None) -> Cluster:
    """Return the local server's cluster, whether or not it exists; without a port it keeps the one it ran with last.

    Port 0 ends TCP.
    """
    cluster = Cluster(settings.home / "local", port=port or None)
    if port is None:
        cluster.port = postmaster.last_port(cluster.data)
    return cluster


def exists(settings: Settings) -> bool:
    """Tell whether the local server has been created."""
    return local_server(settings).exists()


def ensure(settings: Settings, notify: Notify, *, port: int | None = None) -> Cluster:
    """Create the local server and its database when they are missing, and start it; `notify` hears of both."""
    cluster = local_server(settings, port)
    if port is None and cluster.running(DATABASE):
        return cluster
    if not cluster.exists():
        notify(f"Creating the local PostgreSQL {cluster.binaries.version} in {cluster.directory}")
    elif not cluster.running():
        notify(f"Starting the local PostgreSQL {cluster.binaries.version} in {cluster.directory}")
    cluster.start()
    _create_database(cluster)
    return cluster


def status(settings: Settings) -> LocalStatus:
    """Look at the local server; nothing is started. Raises ConfigurationInvalid where one may not even look."""
    cluster = local_server(settings)
    if not cluster.exists():
        with explained(cluster.directory), contextlib.suppress(FileNotFoundError):
            (cluster.data / "PG_VERSION").stat()
        return LocalStatus("not created", cluster.directory)
    size = _size(cluster.data)
    if not cluster.running():
        version = (cluster.data / "PG_VERSION").read_text().strip()
        return LocalStatus("stopped", cluster.directory, version, size_bytes=size)
    told = postmaster.PidFile.read(cluster.data)
    session = probe.connect(cluster.parameters())
    try:
        with session.cursor() as cursor:
            cursor.execute("select split_part(current_setting('server_version'), ' ', 1), pg_postmaster_start_time()")
            version, started_at = cursor.fetchone() or (None, None)
    finally:
        session.close()
    pid = told.pid if told else None
    return LocalStatus("running", cluster.directory, version, pid, cluster.url(DATABASE), size, started_at)


def stop(settings: Settings, *, immediate: bool = False) -> None:
    """Stop the local server; nothing happens when it does not run."""
    local_server(settings).stop(immediate=immediate)


def reset(settings: Settings, notify: Notify) -> Cluster:
    """Delete the local server with all its data, and create it anew.

    Only a data directory that litxdb created is ever deleted, so that a wrong LITXDB_HOME costs nobody anything.
    """
    local_server(settings).destroy()
    return ensure(settings, notify)


def _create_database(cluster: Cluster) -> None:
    import psycopg2.errors

    session = probe.connect(cluster.parameters())
    try:
        with session.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"create database {DATABASE}")
    except (psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
        pass  # another process was quicker
    finally:
        session.close()


def _size(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except FileNotFoundError:  # a running server removes files
                continue
    return total
