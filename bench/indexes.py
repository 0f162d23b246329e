"""What `litxdb index create` costs beside the same statement in psql: whole processes, turn by turn."""

from __future__ import annotations

import contextlib
import tempfile

import psycopg2

from bench.pairs import Pair, once
from litxdb.local import Cluster

ROWS = 300_000
STATEMENT = "create index concurrently theirs on t (a, b)"


def pairs(server: Cluster, url: str, runs: int) -> Pair:
    """Build an index on 300,000 rows, ours and theirs in turn; it is dropped after each."""
    execute(url, f"create table t as select i as a, md5(i::text) as b from generate_series(1, {ROWS}) i")
    execute(url, "vacuum analyze t")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as state:
        create = ["litxdb", "index", "create", "--table", "t", "--columns", "a, b", "--name", "ours", "--url", url]
        psql = [str(server.binaries.bin / "psql"), url, "-qc", STATEMENT]
        for turn in range(runs + 1):
            for command, samples, name in ((create, ours, "ours"), (psql, theirs, "theirs")):
                sample = once(command, {"LITXDB_STATE": state})
                execute(url, f"drop index {name}")
                if turn:  # the first of each fills the caches
                    samples.append(sample)
    return Pair(tuple(ours), tuple(theirs))


def execute(url: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)
