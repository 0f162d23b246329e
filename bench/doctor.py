"""How long doctor takes: its fast tier on a small and on a large schema, with a table locked, and triage as a process.

Wall time is what a person waits; on a busy machine look at the CPU: ours, and that of the server's processes for us.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from bench.pairs import once
from litxdb.database import Database
from litxdb.doctor import Examination, examine
from litxdb.local import Cluster

SMALL, LARGE = "doctor_small", "doctor_large"
BOUNDS = {SMALL: 0.3, LARGE: 1.0}
LOCKED_SECONDS, TRIAGE_SECONDS = 1.5, 0.5
PEER = "pg-diag"
"""The only other report of its kind that comes from PyPI and runs: the package pg-diag."""

WIDE = """
create table small_{n} (id bigint generated always as identity primary key, a int, b int, c text, d text, e jsonb);
insert into small_{n} (a, b, c, d, e)
    select g, g % 100, 'text ' || g, md5(g::text), jsonb_build_object('k', g) from generate_series(1, 5000) g;
create index on small_{n} (a);
create index on small_{n} (a);
create index on small_{n} (a, b);
create index on small_{n} (b) where b > 50;
create index on small_{n} (lower(c));
create index on small_{n} (c, d);
create index on small_{n} (d desc);
create index on small_{n} using gin (e);
create index on small_{n} (b, c);
"""
"""Nine indexes and a key: a duplicate pair, a prefix, an expression, a partial one, a GIN."""

NARROW = """
create table large_{n} (id bigint generated always as identity primary key, parent bigint references large_{before},
    a int, b int, c text, d timestamptz default now(), e text, f int, g int);
insert into large_{n} (a, c) select g, 'x' from generate_series(1, 100) g;
create index on large_{n} (parent);
create index on large_{n} (a, b);
create index on large_{n} (c);
create index on large_{n} (d);
"""
"""Four indexes and a key, and a foreign key to the table before."""


@dataclass(frozen=True)
class Cost:
    """What one examination took, in seconds."""

    wall: float
    ours: float
    servers: float


def show(server: Cluster, make: Callable[[str], str], runs: int) -> None:
    """Print the figures, each with its bound, and the peer's beside it where it is installed."""
    urls = {SMALL: make(SMALL), LARGE: make(LARGE)}
    run(urls[SMALL], *(WIDE.format(n=n) for n in range(20)))
    run(urls[LARGE], *(NARROW.format(n=n, before=max(n - 1, 0)) for n in range(2000)))
    print(f"\n{'doctor, fast tier':34} {'wall':>8} {'our CPU':>8} {'server':>8} {'bound':>6}   {PEER}, the process")
    for name, url in urls.items():
        run(url, "vacuum analyze")
        costs = [cost(server, url) for _ in range(max(5, runs))]
        line(name, costs, BOUNDS[name], peer(url))
    with locked(urls[LARGE]):
        line("the large one, a table locked", [cost(server, urls[LARGE]) for _ in range(5)], LOCKED_SECONDS, "")
    command = ["litxdb", "doctor", "--triage", "--url", urls[LARGE]]
    once(command, {})
    samples = [once(command, {}) for _ in range(max(5, runs))]
    wall, ours = (statistics.median(getattr(sample, figure) for sample in samples) for figure in ("wall", "cpu"))
    print(f"{'doctor --triage, the process':34} {wall:7.2f}s {ours:7.2f}s {'':>8} {TRIAGE_SECONDS:6.2f}")


def line(title: str, costs: list[Cost], bound: float, beside: str) -> None:
    wall, ours, servers = (
        statistics.median(getattr(each, figure) for each in costs[1:]) for figure in ("wall", "ours", "servers")
    )
    print(f"{title:34} {wall:7.2f}s {ours:7.2f}s {servers:7.2f}s {bound:6.2f}   {beside}")


def cost(server: Cluster, url: str) -> Cost:
    """Examine once, in this process; what the server's processes took is known once they have ended."""
    with Database(url) as db:
        before, start, cpu = used(server), time.perf_counter(), time.process_time()
        examined = examine(db, deadline_seconds=60)
        wall, ours = time.perf_counter() - start, time.process_time() - cpu
        check(examined)
    time.sleep(0.1)
    return Cost(wall, ours, used(server) - before)


def used(server: Cluster) -> float:
    """Return the CPU seconds of the server's processes that have ended."""
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    times = psutil.Process(pid).cpu_times()
    return float(times.children_user + times.children_system)


def check(examined: Examination) -> None:
    """See that the time was not saved by leaving something out."""
    for result in examined.results:
        if result.status == "error" or result.reason == "out of time":
            raise SystemExit(f"{result.check} did not come to an end: {result.detail}")


def peer(url: str) -> str:
    """Time the peer's report on the same database, once warm."""
    program = shutil.which(PEER)
    if program is None:
        return "not installed"
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "one-shot", "--dsn", url, "--out", folder]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        return f"{time.perf_counter() - start:.1f}s" + (" with errors" if done.returncode else "")


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    with contextlib.closing(psycopg2.connect(url)) as holder, holder.cursor() as cursor:
        cursor.execute("lock table large_7 in access exclusive mode")
        yield


def run(url: str, *statements: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def main(folder: Path, runs: int) -> None:
    """Run this part alone: python -m bench.doctor."""
    folder.chmod(0o711)
    server = Cluster(folder / "server", options={"fsync": "off", "max_locks_per_transaction": "256"})
    server.start()

    def make(name: str) -> str:
        run(server.url(), f"create database {name}")
        return server.url(name)

    try:
        show(server, make, runs)
    finally:
        server.stop(immediate=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as directory:
        main(Path(directory), 7)
