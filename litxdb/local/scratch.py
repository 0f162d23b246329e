"""Scratch databases: for replaying and rehearsing, on a server of their own that nobody's data depends on."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator

from litxdb.errors import BackupDamaged, ConfigurationInvalid, ConnectionFailed
from litxdb.local import probe
from litxdb.local.cluster import Cluster
from litxdb.local.files import explained, make_directory, open_private
from litxdb.settings import Settings

PREFIX = "scratch_"
USERS = "users"
"""The file on which each process that uses the server holds a lock."""

SWIFT = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",  # of the disk; a checkpoint costs little where nothing is synced
}
"""A crash of the machine may ruin what is in here: then it is made anew.

wal_level stays as it is elsewhere: a rehearsal tells how much WAL a revision writes.
"""

FULL = (os.strerror(errno.ENOSPC).encode(), os.strerror(errno.EDQUOT).encode(), b"wrote only ")


@contextlib.contextmanager
def scratch(settings: Settings) -> Iterator[Cluster]:
    """Run the scratch server for the time of the block; processes share it, and the last one stops it.

    After a kill -9 it runs on, until the next block drops what was left and stops it. Whatever a block fails of while
    the server's disk is full is ConfigurationInvalid, which says so, and the last one deletes all that was on it.
    """
    cluster = Cluster(settings.home / "scratch", options=SWIFT)
    with _users_of(cluster) as users:
        if users.alone():
            _start_anew_if_ruined(cluster)
            _drop_leftovers(cluster)
        users.share()
        offset, full = 0, False
        try:
            cluster.start()
            offset = cluster.log.stat().st_size
            yield cluster
        except Exception as error:
            full = not isinstance(error, BackupDamaged) and _complained_of_room(cluster, offset)
            if not full and _is_lost(error) and not cluster.running():
                raise ConnectionFailed(
                    f"The scratch server in {cluster.directory} has ended.",
                    f"Run it again: it is started anew. Why it ended is in {cluster.log}.",
                ) from error
            if not full:
                raise
            raise ConfigurationInvalid(
                f"The disk is full on which the scratch server is, in {cluster.directory}.",
                "Free some space there, or set LITXDB_HOME to a directory on a larger disk.",
            ) from error
        finally:
            if users.alone():
                cluster.stop(immediate=True)
                if full:
                    cluster.destroy()


def abandoned(settings: Settings) -> bool:
    """Whether the scratch server runs although nobody uses it: what a kill -9 leaves. Nothing is made or started."""
    cluster = Cluster(settings.home / "scratch", options=SWIFT)
    users = cluster.directory / USERS
    if not users.is_file() or not cluster.running():
        return False
    descriptor = open_private(users, os.O_RDWR)
    try:
        return _Users(descriptor).alone()
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def scratch_database(cluster: Cluster, template: str = "template1", *, encoding: str | None = None) -> Iterator[str]:
    """Create a database for the time of the block, a copy of the template, and yield its name.

    Nobody may be connected to the template. With an `encoding` other than the cluster's UTF8 it is template0, and text
    sorts by its bytes.
    """
    name = f"{PREFIX}{secrets.token_hex(6)}"
    kind = f'template "{template}"'
    if encoding not in {None, "UTF8"}:
        kind = f"template template0 encoding '{encoding}' locale 'C'"
    _run(cluster, f'create database "{name}" {kind} strategy wal_log')
    try:
        yield name
    finally:
        _run(cluster, f'drop database if exists "{name}" with (force)')


class _Users:
    """Who uses the server: each process holds a shared lock on one file, and may ask whether it is the only one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def share(self) -> None:
        import fcntl

        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Tell whether nobody else is there; if so, nobody comes in before `share` or the end."""
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def _users_of(cluster: Cluster) -> Iterator[_Users]:
    with explained(cluster.directory):
        make_directory(cluster.directory, 0o711 if os.geteuid() == 0 else 0o700)
        descriptor = open_private(cluster.directory / USERS, os.O_RDWR)
    try:
        yield _Users(descriptor)
    finally:
        os.close(descriptor)


def _complained_of_room(cluster: Cluster, offset: int) -> bool:
    """Tell whether the server's log says since then that its disk is full: what a session hears may be less clear."""
    with contextlib.suppress(OSError), cluster.log.open("rb") as log:
        log.seek(offset)
        return any(text in line for line in log for text in FULL)
    return False


def _is_lost(error: Exception) -> bool:
    import psycopg2

    return isinstance(error, ConnectionFailed | psycopg2.OperationalError | psycopg2.InterfaceError)


def _start_anew_if_ruined(cluster: Cluster) -> None:
    try:
        cluster.start()
    except (ConnectionFailed, ConfigurationInvalid):
        cluster.destroy()
        cluster.start()


def _drop_leftovers(cluster: Cluster) -> None:
    query = "select datname from pg_database where starts_with(datname, %s)"
    with contextlib.closing(probe.connect(cluster.parameters())) as session, session.cursor() as cursor:
        cursor.execute(query, (PREFIX,))
        for (name,) in cursor.fetchall():
            cursor.execute(f'drop database "{name}" with (force)')


def _run(cluster: Cluster, statement: str) -> None:
    with contextlib.closing(probe.connect(cluster.parameters())) as session, session.cursor() as cursor:
        cursor.execute(statement)
