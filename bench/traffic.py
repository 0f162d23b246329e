"""Migrating beside live traffic: how long a reader stalls behind a blocker, and what the care costs."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg2

from bench.peers import alembic
from litxdb import migrate
from litxdb.database import Database
from litxdb.local import Cluster
from litxdb.migrate import Graph

BLOCKER_SECONDS = 3.0
LOCK_TIMEOUT = "0.2"
REVISION = """
from alembic import op

revision = "p{number}"
down_revision = "{follows}"

def upgrade():
    op.execute("{statement}")

def downgrade():
    pass
"""


def behind_a_blocker(server: Cluster, make: Callable[[str], str]) -> None:
    """A transaction reads `users` for three seconds, a revision wants to change the table, and others go on reading."""
    print(f"\nBehind a transaction of {BLOCKER_SECONDS:.0f} s:       worst reader   migration")
    with tempfile.TemporaryDirectory() as folder:
        revisions = write(Path(folder, "versions"), "alter table users add column nickname text")
        ours, theirs = make("behind_ours"), make("behind_theirs")
        command = ["litxdb", "migrate", "--lock-timeout", LOCK_TIMEOUT, "--directory", str(revisions), "--url", ours]
        mine = stall(ours, command)
        peer = alembic(Path(folder), server.parameters("behind_theirs"), revisions)
        other = stall(theirs, [*peer, "upgrade", "head"])
    for name, (worst, took) in {f"litxdb --lock-timeout {LOCK_TIMEOUT}": mine, "alembic upgrade": other}.items():
        print(f"  {name:32} {worst * 1000:8.0f} ms {took:8.2f} s")
    print(f"  {'ratio':32} {mine[0] / other[0]:8.2f}")


def stall(url: str, command: Sequence[str]) -> tuple[float, float]:
    """Run the command while a transaction holds `users`; returns the longest read and the command's time."""
    waits: list[float] = []
    ended = threading.Event()

    def read() -> None:
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not ended.wait(0.005):
                start = time.perf_counter()
                cursor.execute("select count(*) from users")
                waits.append(time.perf_counter() - start)

    def block(connection: psycopg2.extensions.connection) -> None:
        time.sleep(BLOCKER_SECONDS)
        connection.rollback()

    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from users")
        threads = [threading.Thread(target=read), threading.Thread(target=block, args=(connection,))]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        subprocess.run(command, check=True, capture_output=True)
        took = time.perf_counter() - start
        ended.set()
        for thread in threads:
            thread.join()
    return max(waits), took


def overhead(make: Callable[[str], str], runs: int) -> None:
    """What the lock, the look for backups and the log add to each revision: many revisions against one."""
    many = 40
    with tempfile.TemporaryDirectory() as folder:
        one = write(Path(folder, "one"), "select 1")
        all_of_them = write(Path(folder, "many"), *["select 1"] * many)
        costs = []
        for turn in range(max(3, runs // 3)):
            least = beside(make(f"one_{turn}"), one)
            costs.append((beside(make(f"many_{turn}"), all_of_them) - least) / (many - 1))
    print(f"\nLock, look for backups and log: {statistics.median(costs) * 1000:.1f} ms a revision")


def beside(url: str, directory: Path) -> float:
    """Return the seconds of a run that its revisions themselves did not take."""
    with Database(url) as db:
        start = time.perf_counter()
        done = migrate.upgrade(db, directory=directory)
        return time.perf_counter() - start - sum(step.milliseconds or 0 for step in done.steps) / 1000


def write(directory: Path, *statements: str) -> Path:
    directory.mkdir()
    for number, statement in enumerate(statements, 1):
        follows = f"p{number - 1}" if number > 1 else Graph.read().head.id
        text = REVISION.format(number=number, follows=follows, statement=statement)
        (directory / f"{number:03}.py").write_text(text)
    return directory
