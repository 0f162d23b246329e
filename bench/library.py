"""The library: repositories against SQLAlchemy Core, what clients wait behind a pooler, similarity over 50,000."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import statistics
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from litxdb import migrate, vectors
from litxdb.database import CHAT, Database
from litxdb.local import Cluster
from litxdb.models import LiteratureReview, User
from litxdb.models.agent import SOURCE_WORDS
from litxdb.repositories import AsyncDatabase, Repositories
from litxdb.seed import SIZES, fill
from tests.bed.pooler import CONFIGURATION, pgbouncer

CLIENTS, SECONDS, ROUNDS = 50, 4.0, 3
VECTORS, SEARCHES = 50_000, 40
COMPARED = 20

Make = Callable[[str], str]
"""Makes a database of this name with LitXplore's schema, and returns its URL."""
Operation = Callable[[Any, random.Random], Any]


def overhead(url: str, runs: int) -> None:
    """The same rows by Core and by a repository, in turn, in one session: processor time of this process."""
    table = LiteratureReview.__table__
    columns = [table.c[name] for name in ("id", "title", "topic", "content", "citations", "created_at", "updated_at")]
    with Database(url) as db:
        with db.session() as session:
            user = Repositories(session).users.create(clerk_id="ada", email="ada@example.com")
            reviews = Repositories(session).for_user(user).reviews
            reviews.insert_many({"title": "t", "topic": "t", "content": "c" * 2000} for _ in range(1000))
        own = table.c.user_id == user
        newest = table.c.id.desc()
        pairs: dict[str, tuple[Callable[[Any, int], Any], Callable[[Any, int], Any]]] = {
            "get": (
                lambda s, n: s.execute(select(*columns).where(table.c.id == n, own)).first(),
                lambda s, n: Repositories(s).for_user(user).reviews.get(n),
            ),
            "list of 20": (
                lambda s, n: s.execute(select(*columns).where(own).order_by(newest).limit(21)).all(),
                lambda s, n: Repositories(s).for_user(user).reviews.list(limit=20),
            ),
        }
        print("\nRepositories / the same statement by SQLAlchemy Core (bound 1.30)")
        for name, both in pairs.items():
            wall, cpu = _ratios(db, *both, turns=100 * runs)
            print(f"  {name:12} wall {wall:5.2f}   CPU {cpu:5.2f}")


def _ratios(
    db: Database, core: Callable[[Any, int], Any], ours: Callable[[Any, int], Any], turns: int
) -> tuple[float, float]:
    """Run both in turn, and return ours over core's, in wall and in processor time."""
    wall, cpu = [0.0, 0.0], [0.0, 0.0]
    with db.session() as session:
        for work in (core, ours):
            work(session, 1)
        for number in range(turns):
            for which, work in enumerate((core, ours)):
                start, used = time.perf_counter(), time.process_time()
                work(session, number % 1000 + 1)
                wall[which] += time.perf_counter() - start
                cpu[which] += time.process_time() - used
    return wall[1] / wall[0], cpu[1] / cpu[0]


def behind_a_pooler(server: Cluster, url: str) -> None:
    """So many clients share ten connections through PgBouncer; each operation is a transaction of its own."""
    with Database(url) as db:
        fill(db, SIZES["dev"], heads=migrate.heads())
        with db.session() as session:
            users = list(session.execute(text("select id from users")).scalars())
            urls = list(session.execute(text("select url from sources limit 1000")).scalars())
            chats = dict(session.execute(text("select id, user_id from chat_sessions limit 1000")).all())  # type: ignore[arg-type]
    ours: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    used = [0.0, 0.0]
    with _pooled(server, db.endpoint.dbname) as pooled:
        for _ in range(ROUNDS):
            both = ((bare, {"by Core": _by_core}), (ours, _operations(users, urls, chats)))
            for which, (waits, operations) in enumerate(both):
                used[which] -= time.process_time()
                for name, times in asyncio.run(_clients(pooled, operations)).items():
                    waits.setdefault(name, []).extend(times)
                used[which] += time.process_time()
    every = list(itertools.chain.from_iterable(ours.values()))
    print(f"\n{CLIENTS} clients, 10 connections, PgBouncer, a world of size dev (bound 200 ms at 95 %)")
    for name, times in [*sorted(ours.items()), ("all", every), ("an account by Core", bare["by Core"])]:
        times.sort()
        middle, worst = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.95))
        rate = len(times) / ROUNDS / SECONDS
        print(f"  {name:20} median {middle:6.1f} ms   95 % {worst:6.1f} ms   {rate:6.0f} a second")
    core, own = used[0] / len(bare["by Core"]) * 1000, used[1] / len(every) * 1000
    # on a busy machine the waits say how busy it is; this says what a core of one's own would do
    print(f"  processor time a unit: {own:.2f} ms, by Core {core:.2f} ms; {CLIENTS} at once: {CLIENTS * own:.0f} ms")


def _operations(users: list[int], urls: list[str], chats: dict[Any, int]) -> dict[str, Operation]:
    talks = list(chats.items())

    def latest(session: Any, chance: random.Random) -> Any:
        chat, user = chance.choice(talks)
        return Repositories(session).for_user(user).messages.latest(chat)

    def own(session: Any, chance: random.Random) -> Any:
        return Repositories(session).for_user(chance.choice(users))

    return {
        "reviews.list": lambda s, c: own(s, c).reviews.list(limit=20),
        "reviews.search": lambda s, c: own(s, c).reviews.search("attention learning"),
        "tasks.create": lambda s, c: own(s, c).tasks.create(),
        "messages.latest": latest,
        "sessions.list": lambda s, c: own(s, c).sessions.list(limit=20),
        "digests.list_full": lambda s, c: own(s, c).digests.list_full(limit=5),
        "sources.find": lambda s, c: Repositories(s).sources.find(c.choice(urls)),
    }


async def _by_core(session: Any, chance: random.Random) -> Any:
    return (await session.execute(select(User.id, User.email).where(User.id == chance.randint(1, 300)))).first()


async def _clients(url: str, operations: dict[str, Operation]) -> dict[str, list[float]]:
    waits: dict[str, list[float]] = {name: [] for name in operations}
    until = time.perf_counter() + SECONDS

    async def client(db: AsyncDatabase, number: int) -> None:
        chance = random.Random(number)
        while time.perf_counter() < until:
            name = chance.choice(list(operations))
            start = time.perf_counter()
            async with db.session() as session:
                await operations[name](session, chance)
            waits[name].append(time.perf_counter() - start)

    async with AsyncDatabase(url, limits=CHAT) as db:
        await asyncio.gather(*(client(db, number) for number in range(CLIENTS)))
    return waits


@contextlib.contextmanager
def _pooled(server: Cluster, dbname: str) -> Iterator[str]:
    place = server.parameters()
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as folder:
        directory = Path(folder)
        file = directory / "pgbouncer.ini"
        file.write_text(
            CONFIGURATION.format(sockets=place["host"], port=place["port"], own_port=6432, directory=directory)
        )
        (directory / "users.txt").write_text('"postgres" ""\n')
        for path in (directory, *directory.iterdir()):
            os.chown(path, server.account.uid, -1)
        process = subprocess.Popen(
            [str(pgbouncer()), file], stderr=subprocess.DEVNULL, cwd="/", **server.account.identity
        )
        try:
            url = f"postgresql://postgres@/{dbname}?host={directory}&port=6432"
            with Database(url) as db:
                db.connect().close()  # waits until it is there
            yield url
        finally:
            process.terminate()
            process.wait()


FILL = """
create temp table pool as
    select n, (select array_agg(random() - 0.5) from generate_series(1, 1536) where n > 0)::vector(1536) as v
    from generate_series(1, 4000) n;
create index on pool (n);
drop index ix_sources_embedding_hnsw, ix_sources_content_fts;
insert into sources (source_type, url, title, content, published_at, embedding)
    select (array['arxiv', 'kaggle', 'huggingface', 'web_search'])[1 + s.n % 4], s.n::text, s.n::text,
        (select string_agg('w' || (20000 ^ random())::int, ' ') from generate_series(1, 150) where s.n > 0),
        timestamptz '2026-01-01' + s.n * interval '1 minute', a.v + a.v + b.v + b.v + c.v
    from generate_series(1, {rows}) s(n)
    join pool a on a.n = 1 + s.n / 12 % 60
    join pool b on b.n = 100 + s.n / 12 * 7 % 900
    join pool c on c.n = 1000 + s.n * 7 % 3000;
set maintenance_work_mem = '1GB';
create index ix_sources_embedding_hnsw on sources using hnsw (embedding vector_cosine_ops);
create index ix_sources_content_fts on sources using gin ({words});
analyze sources
"""
"""Sources of 60 fields and 900 tasks, twelve at a time about the same, of 150 words that are common or rare."""
WORDS = {"rare": "w15001", "of a fiftieth": "w300", "of nearly all": "w2"}


def similarity(url: str) -> None:
    """Search by meaning, by meaning and words, and for near-duplicates."""
    chance = random.Random(1)
    wanted = [chance.randint(1, VECTORS) for _ in range(SEARCHES)]
    with Database(url) as db:
        with contextlib.closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            cursor.execute(FILL.format(rows=VECTORS, words=SOURCE_WORDS))
        _similar(db, wanted)
        _hybrid(db, wanted)
        _duplicates(db)


def _similar(db: Database, wanted: list[int]) -> None:
    """find_similar by the index and without it, for rows of the table, in turn; also narrowed to a type and a time."""
    print(f"\nSimilarity over {VECTORS:,} sources of 1,536 dimensions (bounds: recall 0.95, of exact 0.05)")
    recent = {"published_from": _published(VECTORS - 2500)}
    for name, narrowing in (
        ("all", {}),
        ("one type of four", {"source_type": "kaggle"}),
        ("the newest 5 %", recent),
        ("the newest 1 %", {"published_from": _published(VECTORS - 500)}),
    ):
        found, quick, slow = 0, [], []
        for at in range(0, SEARCHES, 10):  # each exact search takes the index's place in memory
            numbers = wanted[at : at + 10]
            near, exact = [], []
            for results, times, by_index in ((near, quick, "on"), (exact, slow, "off")):
                for number in numbers:
                    with db.session() as session:
                        session.execute(text(f"set local enable_indexscan = {by_index}"))
                        sources = Repositories(session).sources
                        vector = sources.embedding(number)
                        assert vector is not None
                        rows, seconds = _timed(lambda s=sources, v=vector, n=narrowing: s.find_similar(v, -1, 10, **n))
                    results.append(rows)
                    times.append(seconds)
            for ours, true in zip(near, exact, strict=True):
                found += sum(each.similarity >= true[-1].similarity - 1e-9 for each in ours)
        share, worst = statistics.median(quick) / statistics.median(slow), sorted(quick)[int(SEARCHES * 0.95)] * 1000
        recall = found / (10 * SEARCHES)
        print(f"  {name:18} recall@10 {recall:.3f}   of exact {share:.3f}   95 % {worst:.1f} ms")


def _hybrid(db: Database, wanted: list[int]) -> None:
    """Search by words and meaning with the full-text index and without it."""
    print("Hybrid search, with the full-text index / without it (bound: none)")
    for name, words in WORDS.items():
        ratios, times = [], []
        for number in wanted[:10]:
            with db.session() as session:
                sources = Repositories(session).sources
                vector = sources.embedding(number)
                assert vector is not None
                _, quick = _timed(lambda s=sources, v=vector, w=words: s.search(w, v))
                session.execute(text("set local enable_bitmapscan = off"))
                _, slow = _timed(lambda s=sources, v=vector, w=words: s.search(w, v))
            ratios.append(quick / slow)
            times.append(quick)
        share, middle = statistics.median(ratios), statistics.median(times) * 1000
        print(f"  a word {name:15} ratio {share:.3f}   median {middle:.0f} ms")


def _duplicates(db: Database) -> None:
    """Look for near-duplicates among all, beside comparing each with each, which some tell the rest of."""
    tracemalloc.start()
    clusters, ours = _timed(lambda: sum(1 for _ in vectors.find_duplicates(db)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    with db.session() as session:
        session.execute(text("set local enable_indexscan = off"))
        exact = text(
            f"select count(*) from (select embedding from sources limit {COMPARED}) p "
            "cross join lateral (select o.embedding <=> p.embedding from sources o order by 1 limit 20) n"
        )
        _, some = _timed(lambda: session.execute(exact).all())
    share = ours / (some * VECTORS / COMPARED)
    print(f"Near-duplicates: {clusters} clusters, {ours / VECTORS * 1000:.2f} ms a source, client {most >> 20} MiB")
    print(f"  of the time of comparing each with each: {share:.3f}")


def _published(minutes: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start
