"""Prunes killed at random moments, alone and two at once: what is listed is whole, and the good ones stay.

CI takes a few; LITXDB_TEST_KILLS=200 (make faults) takes many. A failure names its seed, LITXDB_TEST_SEED.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen, TimeoutExpired

import pytest

from litxdb import backup
from litxdb.backup import archive, naming
from litxdb.database import Database
from tests.bed.backups import Shelf
from tests.bed.buckets import Bucket
from tests.bed.program import Outcome

KILLS = int(os.environ.get("LITXDB_TEST_KILLS", "3"))
SEED = int(os.environ.get("LITXDB_TEST_SEED", str(random.randrange(1 << 30))))
AGES = {"directory": 25, "bucket": 8}
"""How many old backups each run has to delete; a bucket takes longer for each."""
MEANS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
PATIENCE_SECONDS = 60

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]


def begin(start: Start, store: backup.Store, env: dict[str, str]) -> Popen[str]:
    """Start a prune, and return when it has deleted something, or has ended."""
    before = len(list(store.list()))
    process = start("prune", "--store", store.where, "--keep-last", "2", "--minimum", "2", "--yes", env=env)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and len(list(store.list())) >= before:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return process


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("kind", ["directory", "bucket"])
def test_kills_at_random_moments(
    kind: str, runs: int, start: Start, run: Run, empty_db: Database, bucket: Bucket, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    env = bucket.environment if kind == "bucket" else {}
    store = bucket.store() if env else backup.open_store(str(tmp_path / "store"))
    shelf = Shelf(empty_db, store)
    good = {shelf.add(hours, verified=True).name for hours in (2, 3)}
    whole_seconds = 0.0
    for number in range(KILLS + 1):
        for hours in range(50, 50 + AGES[kind]):
            shelf.add(hours, verified=chance.choice([True, True, None]))
        processes = [begin(start, store, env) for _ in range(runs)]
        begun = time.monotonic()
        if number:
            with contextlib.suppress(TimeoutExpired):
                processes[0].wait(chance.uniform(0, whole_seconds * 1.1))
            means = chance.choice(MEANS)
            processes[0].send_signal(means)
        said = f"seed {SEED}, {kind}, {runs} at once, kill {number}"
        codes = [process.wait() for process in processes]
        assert set(codes) <= {0, 75, 130, 143, *(-each for each in MEANS)}, said  # negative: it had ended already
        whole_seconds = whole_seconds or time.monotonic() - begun
        found = backup.inventory(store)
        assert found.damaged == (), said
        assert good <= {each.name for each in found.backups}, said
        for each in found.backups:
            archive.check(store, each.manifest)
    assert run("prune", "--store", store.where, "--keep-last", "2", "--minimum", "2", "--yes", env=env).code == 0
    assert {known.backup for each in store.list() if (known := naming.parse(each.file))} == good, f"seed {SEED}"
