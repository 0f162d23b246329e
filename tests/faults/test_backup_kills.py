"""Backups killed at random moments: whatever is listed is whole, nothing runs on, and the next run clears up.

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

import psutil
import psycopg2
import pytest

from litxdb import backup
from litxdb.backup import archive, naming
from tests.bed.buckets import Bucket
from tests.bed.keys import Keys
from tests.bed.program import Outcome

KILLS = int(os.environ.get("LITXDB_TEST_KILLS", "6"))
SEED = int(os.environ.get("LITXDB_TEST_SEED", str(random.randrange(1 << 30))))
ROWS = 200_000
PATIENCE_SECONDS = 60

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]


def check(store: backup.Store, url: str) -> None:
    """Everything that is listed can be read, and no session of the run is left."""
    found = backup.inventory(store)
    assert found.damaged == ()
    for each in found.backups:
        archive.check(store, each.manifest)
        assert each.manifest.contents.rows == ROWS
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute(
                "select count(*) from pg_stat_activity "
                "where datname = current_database() and application_name like 'litxdb backup%'"
            )
            if cursor.fetchone() == (0,):
                return
            assert time.monotonic() < deadline, "a session of the killed run is still there"
            time.sleep(0.02)


@pytest.mark.parametrize("how", ["plain", "parallel", "encrypted-in-a-bucket"])
def test_kills_at_random_moments(
    how: str, start: Start, run: Run, empty_url: str, bucket: Bucket, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    place, keys = tmp_path / "store", Keys.make(tmp_path / "key.txt")
    remote = how == "encrypted-in-a-bucket"
    store = bucket.store() if remote else backup.open_store(str(place))
    with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"create table t as select n, md5(n::text) as a from generate_series(1, {ROWS / 2}) n")
        cursor.execute("create table u as select * from t")
    options = {"plain": (), "parallel": ("--jobs", "2"), "encrypted-in-a-bucket": ("--recipient", keys.recipient)}[how]
    command = ("backup", "--url", empty_url, "--store", store.where, *options)
    env = bucket.environment if remote else {}
    begun = time.monotonic()
    process = start(*command, env=env)
    assert process.wait() == 0
    whole_seconds = time.monotonic() - begun
    for number in range(KILLS):
        process = start(*command, env=env)
        moment = chance.uniform(0, whole_seconds * 1.1)
        means = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        with contextlib.suppress(TimeoutExpired):
            process.wait(moment)
        said = f"seed {SEED}, {how}, kill {number} by {means.name} after {moment:.3f} s"
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(means)
        process.wait()
        _gone, alive = psutil.wait_procs(children, PATIENCE_SECONDS)
        assert not alive, said
        try:
            check(store, empty_url)
        except Exception as error:
            raise AssertionError(said) from error
    assert run(*command, env=env).code == 0
    check(store, empty_url)
    found = backup.inventory(store)
    assert found.attempts == ()
    left = {path.name for path in place.iterdir() if naming.PARTIAL in path.name} if place.exists() else set()
    # killed at its first write: nobody knows yet whose record that was to be
    assert {name for name in left if ".attempt.json" not in name} == set(), f"seed {SEED}"
    newest = found.backups[0].manifest
    with archive.raw(store, newest, backup.decryption(keys.identity, newest.archive)) as reading:
        while reading.read(1 << 20):
            pass
