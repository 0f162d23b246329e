"""Backing up a database with vectors: time, size and memory beside pg_dump alone and pg_dump through zstd."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import psycopg2
import pyrage

from bench.pairs import Pair, compare, once
from litxdb import backup
from litxdb.backup import contents, tools
from litxdb.database import Database
from litxdb.settings import Settings

ROWS = 60_000
FILL = f"""
create extension if not exists vector;
create table sources as
select n as id, md5(n::text) as url, repeat(md5((n * 7)::text) || ' of the ', 12) as content, now() as fetched_at,
    (select array_agg((random() - 0.5 + 0 * (n + m))::real) from generate_series(1, 1536) m)::vector(1536) as embedding
from generate_series(1, {ROWS}) n;
alter table sources add primary key (id);
create table reviews as
select n as id,
    (select string_agg(substr(md5((n::bigint * m)::text), 1, 2 + m % 7), ' ') from generate_series(1, 300) m) as content
from generate_series(1, {ROWS}) n;
create index on reviews using gin (to_tsvector('english', content));
analyze
"""
BOUNDS = {"pg_dump -Fc": 0.2, "pg_dump -Fc -Z0 | zstd -1": 1.15}


def show(url: str, runs: int) -> None:
    """Fill this database, and print the figures; the commands run in turn, so that all have the same weather."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(FILL)
        connection.commit()
        cursor.execute("select pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    print(f"\nBacking up {size / 1e6:.0f} MB, half of it vectors of 1536 dimensions:")
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as folder:
        _whole(url, Path(folder), max(3, runs // 5))
        _encrypted(url, Path(folder), max(3, runs // 5))
        _fingerprint(url, Path(folder), max(3, runs // 5))


def _whole(url: str, folder: Path, runs: int) -> None:
    pg_dump = shlex.quote(str(tools.find("pg_dump", 18, Settings(), "").path))
    commands = {
        "litxdb backup": ["litxdb", "backup", "--url", url, "--store", str(folder / "store"), "--quiet"],
        "pg_dump -Fc": ["sh", "-c", f"{pg_dump} -Fc -f {folder}/gzip.dump -d {shlex.quote(url)}"],
    }
    if zstd := shutil.which("zstd"):
        pipe = f"{pg_dump} -Fc -Z0 -d {shlex.quote(url)} | {zstd} -1 -q -f -o {folder}/zstd.dump"
        commands["pg_dump -Fc -Z0 | zstd -1"] = ["sh", "-c", pipe]
    samples = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if name == "pg_dump -Fc" and turn not in {1, 2}:  # a minute each
                continue
            sample = once(command, {})
            if turn:
                samples[name].append(sample)
    ours = samples.pop("litxdb backup")
    sizes = {"pg_dump -Fc": folder / "gzip.dump", "pg_dump -Fc -Z0 | zstd -1": folder / "zstd.dump"}
    size = max(path.stat().st_size for path in (folder / "store").glob("*.zst"))
    memory = max(sample.memory for sample in ours) / 1e6
    print(f"  {'litxdb backup':28} {statistics.median(s.wall for s in ours):7.2f} s {size / 1e6:7.1f} MB")
    for name, theirs in samples.items():
        pair = Pair(tuple(ours[: len(theirs)]), tuple(theirs))
        wall, bytes_ = pair.median("wall")[1], sizes[name].stat().st_size
        print(
            f"  {name:28} {wall:7.2f} s {bytes_ / 1e6:7.1f} MB  ratio of time {pair.ratio('wall'):.3f} "
            f"(bound {BOUNDS[name]}), of size {size / bytes_:.3f} (bound 1)"
        )
    print(f"  memory at most {memory:.0f} MB (bound 150 MB)")


def _encrypted(url: str, folder: Path, runs: int) -> None:
    """Encrypting to an age recipient, beside not."""
    plain = ["litxdb", "backup", "--url", url, "--store", str(folder / "store"), "--quiet"]
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    pair = compare([*plain, "--recipient", recipient], plain, {}, runs)
    memory = max(sample.memory for sample in pair.ours) / 1e6
    print(
        f"  {'litxdb backup --recipient':28} {pair.median('wall')[0]:7.2f} s  ratio of time to one without "
        f"{pair.ratio('wall'):.3f}, memory at most {memory:.0f} MB (bound 150 MB)"
    )


def _fingerprint(url: str, folder: Path, runs: int) -> None:
    """The fingerprints by themselves, beside a dump that takes none."""
    pg_dump = shlex.quote(str(tools.find("pg_dump", 18, Settings(), "").path))
    command = ["sh", "-c", f"{pg_dump} -Fc -Z0 -d {shlex.quote(url)} > /dev/null"]
    ratios, times = [], []
    with Database(url) as db:
        for _ in range(runs):
            dump = once(command, {}).wall
            start = time.perf_counter()
            contents.read(db, method="row-1")
            times.append(time.perf_counter() - start)
            ratios.append(times[-1] / dump)
        beside = backup.make(db, backup.open_store(str(folder / "again"))).manifest.seconds
    print(
        f"  fingerprints alone {statistics.median(times):.2f} s, {statistics.median(ratios):.3f} of pg_dump -Fc -Z0 "
        f"(bound 0.5); beside the dump {beside.fingerprint:.2f} of {beside.dump:.2f} s"
    )
