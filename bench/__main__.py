"""Print every figure, or those of some parts: python -m bench [RUNS [PART…]]."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2

from bench import backup, cache, doctor, drift, indexes, library, privacy, rehearsal, seed, serve, verifying
from bench.pairs import Pair, compare, once
from bench.peers import alembic
from bench.traffic import behind_a_blocker, overhead
from litxdb import __version__, migrate
from litxdb.database import Database
from litxdb.local import Cluster

LITXDB = ["litxdb"]


def main(runs: int, chosen: list[str]) -> None:
    # litxdb and alembic as installed for this Python, whichever environment is active
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    cores, machine = os.cpu_count(), platform.machine()
    print(f"litxdb {__version__}, Python {platform.python_version()}, {cores} cores {machine}, {runs} pairs each\n")
    with cluster() as server:
        head = database(server, "at_head")
        with Database(head) as db:
            migrate.upgrade(db)

        def at_head(name: str) -> str:
            return database(server, name, template="at_head")

        parts: dict[str, Callable[[], object]] = {
            "commands": lambda: commands(server, head, runs),
            "drift": lambda: drift.show(head, runs),
            "rehearsal": lambda: rehearsal.show(runs),
            "backup": lambda: backups(database(server, "backed_up"), runs),
            "doctor": lambda: doctor.show(server, lambda name: database(server, name), runs),
            "serve": lambda: serve.show(database(server, "served")),
            "cache": cache.show,
            "blocker": lambda: behind_a_blocker(server, at_head),
            "care": lambda: overhead(at_head, runs),
            "privacy": lambda: privacy.show(at_head, database(server, "tables"), runs),
            "repositories": lambda: library.overhead(at_head("overhead"), runs),
            "pooler": lambda: library.behind_a_pooler(server, at_head("pooled")),
            "similarity": lambda: library.similarity(at_head("similarity")),
            "seed": lambda: seed.show(at_head, runs),
        }
        if unknown := set(chosen) - set(parts):
            raise SystemExit(f"No part {', '.join(sorted(unknown))}; there are: {', '.join(parts)}")
        for name, part in parts.items():
            if not chosen or name in chosen:
                part()


def backups(url: str, runs: int) -> None:
    """Backups of a database that the first of the two fills."""
    backup.show(url, runs)
    verifying.show(url, runs)


def commands(server: Cluster, head: str, runs: int) -> None:
    """Whole commands beside Alembic's."""
    with tempfile.TemporaryDirectory() as folder:
        theirs = alembic(Path(folder), server.parameters("at_head"))
        env = {"DATABASE_URL": head}
        print(f"{'':34} {'ours':>8} {'theirs':>8} {'ratio':>6} {'bound':>6}")
        show("--help, CPU", compare([*LITXDB, "--help"], ["alembic", "--help"], env, runs), "cpu", 0.5)
        show("ping / alembic current, CPU", compare([*LITXDB, "ping"], [*theirs, "current"], env, runs), "cpu", 0.5)
        status = compare([*LITXDB, "status"], [*theirs, "current"], env, runs)
        show("status / alembic current, CPU", status, "cpu", 0.3)
        idle = compare([*LITXDB, "migrate"], [*theirs, "upgrade", "head"], env, runs)
        show("migrate, nothing to do, wall", idle, "wall", 1.0)
        from_empty(server, runs)
        building = indexes.pairs(server, database(server, "indexes"), runs)
        show("index of 300,000 rows / psql, wall", building, "wall", None)


def show(title: str, pair: Pair, figure: str, bound: float | None) -> None:
    ours, theirs = pair.median(figure)
    limit = f"{bound:.2f}" if bound is not None else ""
    print(f"{title:34} {ours * 1000:6.0f}ms {theirs * 1000:6.0f}ms {pair.ratio(figure):6.2f} {limit:>6}")


def from_empty(server: Cluster, runs: int) -> None:
    """All revisions on an empty database: whole processes side by side, then each revision in one process."""
    ours, theirs = [], []
    for turn in range(max(3, runs // 3)):
        ours.append(once([*LITXDB, "migrate"], {"DATABASE_URL": database(server, f"ours_{turn}")}))
        database(server, f"theirs_{turn}")
        with tempfile.TemporaryDirectory() as folder:
            command = alembic(Path(folder), server.parameters(f"theirs_{turn}"))
            theirs.append(once([*command, "upgrade", "head"], {}))
    show("all revisions, wall", Pair(tuple(ours), tuple(theirs)), "wall", None)
    times: dict[str, list[float]] = {}
    for turn in range(max(3, runs // 3)):
        with Database(database(server, f"each_{turn}")) as db:
            for step in migrate.upgrade(db).steps:
                times.setdefault(step.revision, []).append(step.milliseconds or 0)
    print("\nEach revision, median:")
    for revision, milliseconds in times.items():
        print(f"  {revision:32} {statistics.median(milliseconds):6.1f} ms")
    print(f"  {'total':32} {sum(map(statistics.median, times.values())):6.1f} ms")


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as directory:
        Path(directory).chmod(0o711)
        server = Cluster(Path(directory) / "server")
        server.start()
        try:
            yield server
        finally:
            server.stop(immediate=True)


def database(server: Cluster, name: str, template: str = "template1") -> str:
    with contextlib.closing(psycopg2.connect(**server.parameters())) as connection:
        connection.autocommit = True
        connection.cursor().execute(f'create database "{name}" template "{template}"')
    return server.url(name)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15, sys.argv[2:])
