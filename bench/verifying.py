"""Verifying a backup, everything compared, beside a plain pg_restore -j2 of the same dump with the same settings."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from litxdb import backup
from litxdb.backup import tools
from litxdb.backup.build_memory import build_settings
from litxdb.backup.results import Restoring
from litxdb.database import Database
from litxdb.local import Cluster, scratch, scratch_database
from litxdb.settings import Settings

BOUND = 1.2
JOBS = 2
MEMORY_BYTES = 2 << 30


def show(url: str, runs: int) -> None:
    """Back this database up, and print the figures; both restore on the same scratch server, in turn."""
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as folder, Database(url) as db:
        Path(folder).chmod(0o711)
        settings = Settings(home=Path(folder) / "home")
        store = backup.open_store(str(Path(folder) / "store"))
        made = backup.make(db, store)
        ours, plain, restored = [], [], []
        with scratch(settings) as cluster, backup.unpacked(store, made.manifest) as dump:
            for turn in range(max(3, runs // 5) + 1):
                start = time.perf_counter()
                proof = backup.verify(store, made, settings=settings, jobs=JOBS, watch=quiet).proof
                took = time.perf_counter() - start
                assert proof.ok
                assert proof.restore_seconds
                other = _plain(cluster, dump.path, made)
                if turn:
                    ours.append(took)
                    restored.append(proof.restore_seconds)
                    plain.append(other)
    ratio = statistics.median(one / other for one, other in zip(ours, plain, strict=True))
    print(
        f"  litxdb verify {statistics.median(ours):.2f} s, {statistics.median(restored):.2f} s of it until it could be "
        f"used; pg_restore -j{JOBS} {statistics.median(plain):.2f} s, ratio {ratio:.3f} (bound {BOUND})"
    )


def quiet(step: Restoring) -> None:
    """Hear of nothing."""


def _plain(cluster: Cluster, path: Path, made: backup.Backup) -> float:
    pg_restore = tools.find("pg_restore", 18, Settings(), "").path
    with scratch_database(cluster) as name, Database(cluster.url(name)) as db:
        with contextlib.closing(db.connect()) as session:
            options = build_settings(session, made.manifest.contents, MEMORY_BYTES)
        start = time.perf_counter()
        command = [pg_restore, "-j", str(JOBS), "-O", "-x", "--exit-on-error", "-d", cluster.url(name), path]
        subprocess.run(command, env={**os.environ, "PGOPTIONS": options}, check=True)
        return time.perf_counter() - start
