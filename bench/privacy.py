"""Exporting a person: time beside plain COPY of the same rows, memory at 10,000 and 1,000,000 rows, and the closure."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

from litxdb.database import Database
from litxdb.ownership import Closure, Policy, classify, litxplore, read_schema
from litxdb.privacy import Request, export

SIZES = ((60_000, 60), (200_000, 12))
"""So many messages of so many words of 32 letters: as long as reviews are, and as long as messages."""
COUNTS = (10_000, 1_000_000)
FILL = """
insert into users (id, clerk_id, email) values (1, 'user_1', 'person@example.org');
insert into chat_sessions (id, user_id, session_id) values ('00000000-0000-0000-0000-000000000001', 1, 'session');
insert into chat_messages (session_id, user_id, role, content, token_count)
select '00000000-0000-0000-0000-000000000001', 1, 'user',
    (select string_agg(md5((n * 7 + m)::text), ' ') from generate_series(1, {words}) m), n % 500
from generate_series(1, {rows}) n
"""
MESSAGES = "copy (select * from chat_messages where user_id = 1) to stdout"
CHILD = """
import sys
from litxdb.cli import main
def kilobytes(name):
    return int(next(line for line in open("/proc/self/status") if line.startswith(name)).split()[1])
start = kilobytes("VmRSS")
code = main(sys.argv[1:])
print(code, kilobytes("VmHWM") - start, file=sys.stderr)
"""
CHAIN = 500
BOUNDS = {"throughput": 0.7, "memory": 50, "LitXplore": 100, "tables": 2000}


def show(at_head: Callable[[str], str], empty: str, runs: int) -> None:
    """Print the figures; `at_head` makes databases, `empty` is for a schema of 500 tables."""
    print("\nExporting a person, the search of the whole database included:")
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as folder:
        for rows, words in SIZES:
            _throughput(_filled(at_head(f"person_{rows}"), rows, words), rows, Path(folder), max(3, runs // 3))
        for rows in COUNTS:
            _memory(_filled(at_head(f"memory_{rows}"), rows, 3), rows, Path(folder))
    _closure("LitXplore", at_head("closure"), litxplore())
    _closure("tables", _chained(empty), Policy("n0", lookup=()))


def _throughput(url: str, rows: int, folder: Path, runs: int) -> None:
    ratios, ours, theirs = [], [], []
    with Database(url) as db:
        for turn in range(runs + 1):
            copied = _copy(url, folder / "copied")
            exported = export(db, Request("1", litxplore()), folder / "person.zip", force=True).seconds
            if turn:  # the first has to read from the disk
                ours.append(exported)
                theirs.append(copied)
                ratios.append(copied / exported)
    size, ratio = (folder / "copied").stat().st_size / 1e6, statistics.median(ratios)
    times = f"{statistics.median(ours):.2f} s, COPY to a file {statistics.median(theirs):.2f} s"
    print(f"  {rows:,} rows, {size:.0f} MB: {times}: {ratio:.2f} of its throughput (bound {BOUNDS['throughput']})")


def _copy(url: str, path: Path) -> float:
    """Write the rows with COPY to a file, and have them on the disk, as an export has."""
    begun = time.perf_counter()
    with (
        contextlib.closing(psycopg2.connect(url)) as connection,
        connection.cursor() as cursor,
        path.open("wb") as file,
    ):
        cursor.copy_expert(MESSAGES, file)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - begun


def _memory(url: str, rows: int, folder: Path) -> None:
    words = ["export-user", "1", "-o", str(folder / f"{rows}.zip"), "--url", url]
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", CHILD, *words], capture_output=True, text=True, check=True)
    taken = time.perf_counter() - begun
    code, kilobytes = done.stderr.split()[-2:]
    assert code == "0", done.stderr
    print(f"  {rows:,} rows: {int(kilobytes) / 1000:.0f} MB above the start (bound {BOUNDS['memory']}), {taken:.1f} s")


def _closure(name: str, url: str, policy: Policy) -> None:
    times = []
    with Database(url) as db, contextlib.closing(db.connect()) as connection:
        for _ in range(5):
            begun = time.perf_counter()
            ownership = classify(read_schema(connection), policy)
            Closure(connection, ownership.schema, ownership.root, ownership.edges).collect("t.id = 1")
            times.append((time.perf_counter() - begun) * 1000)
    title = name if name == "LitXplore" else f"{CHAIN} {name}"
    print(f"  closure of {title}: {statistics.median(times):.0f} ms (bound {BOUNDS[name]} ms)")


def _filled(url: str, rows: int, words: int) -> str:
    return _executed(url, FILL.format(rows=rows, words=words), "vacuum analyze")


def _chained(url: str) -> str:
    chain = "".join(
        f"create table n{n} (id int primary key, up int references n{n - 1} on delete cascade, "
        f"side int references n{n // 2} on delete cascade);"
        for n in range(1, CHAIN)
    )
    return _executed(url, f"create table n0 (id int primary key); {chain} insert into n0 values (1)")


def _executed(url: str, *statements: str) -> str:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
    return url
