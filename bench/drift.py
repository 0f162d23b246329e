"""How long it takes to read a schema's fingerprint, and to compare it with the migrations replayed."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from bench.pairs import once
from litxdb.database import Database
from litxdb.migrate import fingerprint

BOUND_MS = 100


def show(url: str, runs: int) -> None:
    """Print the median of reading the fingerprint (connection included), and of the whole command as a process."""
    with Database(url) as db:
        count = len(fingerprint(db))
        times = []
        for _ in range(max(runs, 5)):
            start = time.perf_counter()
            fingerprint(db)
            times.append((time.perf_counter() - start) * 1000)
    print(f"\nfingerprint of {count} objects: {statistics.median(times):.0f} ms (bound {BOUND_MS} ms)")
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as home:
        Path(home).chmod(0o711)
        command, env = ["litxdb", "drift"], {"DATABASE_URL": url, "LITXDB_HOME": home}
        first = once(command, env).wall
        rest = statistics.median(once(command, env).wall for _ in range(3))
    print(f"litxdb drift, wall: {rest:.2f} s, the first time {first:.2f} s as it creates the scratch server")
