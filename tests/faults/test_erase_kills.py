"""Erasures killed at random moments, two at once: everybody is there whole or gone with a certificate and an entry.

CI takes a few; LITXDB_TEST_KILLS=200 (make faults) takes many. A failure names its seed, LITXDB_TEST_SEED.
"""

import contextlib
import json
import os
import random
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from litxdb import migrate
from litxdb.database import Database
from litxdb.seed import fill
from tests.bed.program import Outcome
from tests.bed.statements import query

KILLS = int(os.environ.get("LITXDB_TEST_KILLS", "3"))
SEED = int(os.environ.get("LITXDB_TEST_SEED", str(random.randrange(1 << 30))))
MEANS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]


def erased(db: Database) -> set[str]:
    """Return the numbers of the erasures that were committed, once no killed run's session is left."""
    sessions = (
        "select 1 from pg_stat_activity where application_name = 'litxdb erase-user' and datname = current_database()"
    )
    while query(db, sessions):
        time.sleep(0.01)
    if query(db, "select to_regclass('litxdb.erasures') is null") == [(True,)]:
        return set()
    return {number for (number,) in query(db, "select id from litxdb.erasures")}


def rows(db: Database, who: int) -> int:
    """Count the person's rows of a few tables."""
    tables = ("literature_reviews", "tasks", "research_sessions", "user_activity", "user_profiles")
    counts = " + ".join(f"(select count(*) from {table} where user_id = {who})" for table in tables)
    return int(query(db, f"select {counts} + (select count(*) from users where id = {who})")[0][0])


def test_kills_at_random_moments(start: Start, run: Run, db: Database, db_url: str) -> None:
    chance = random.Random(SEED)
    fill(db, KILLS + 2, heads=migrate.heads())
    people = [who for (who,) in query(db, "select id from users where id > 1000000 order by id")]
    whole_seconds = 0.0
    for number, who in enumerate(people[: KILLS + 1]):
        said, before, known = f"seed {SEED}, kill {number}", rows(db, who), erased(db)
        folder = Path(f"run{number}")
        folder.mkdir()
        certificate = folder / "c.json"
        words = ("erase-user", str(who), "--yes", "--store", "store", "--url", db_url, "--certificate", certificate)
        begun = time.monotonic()
        process = start(*words, "-o", folder / "one.zip")
        other = start(*words, "-o", folder / "two.zip", "--certificate", folder / "d.json") if number % 2 else None
        if number:
            with contextlib.suppress(TimeoutExpired):
                process.wait(chance.uniform(0, whole_seconds * 1.1))
            process.send_signal(chance.choice(MEANS))
        codes = {process.wait(), *([other.wait()] if other else [])}
        whole_seconds = whole_seconds or time.monotonic() - begun
        # 2: the other was quicker, and there is nobody any more; 6: it found its plan outdated, or nobody left to lock
        assert codes <= {0, 2, 6, 75, 130, 143, *(-each for each in MEANS)}, said
        done = erased(db) - known
        assert len(done) <= 1, said
        assert rows(db, who) == (0 if done else before), said
        again = run(*words, "-o", folder / "three.zip")
        assert again.code == (2 if done else 0), (said, again.stderr)
        assert rows(db, who) == 0, said
        for path in folder.glob("*.zip"):
            assert zipfile.ZipFile(path).testzip() is None, said
        papers = [json.loads(path.read_text())["entry"]["id"] for path in folder.glob("*.json")]
        assert len(papers) == 1, said
        assert set(papers) == erased(db) - known, said
        assert Path(f"store/erasure-{papers[0]}.json").exists(), said
        assert {path.suffix for path in folder.iterdir()} <= {".zip", ".json", ".pending"}, said
