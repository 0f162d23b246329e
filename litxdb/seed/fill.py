"""Fills a database with a world: one transaction, so that a run that ends early leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.database import Database
from litxdb.database.advisory import acquire
from litxdb.errors import Refused
from litxdb.seed import record
from litxdb.seed.baseline import USER, baseline
from litxdb.seed.copying import copy
from litxdb.seed.record import SeededTable, World
from litxdb.seed.results import Filled, Loaded
from litxdb.seed.world import FIRST, NAMES, Recipe, Table, tables

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

LOCK = ".litxdb_world"
SETTINGS = """
set idle_session_timeout = 0;
set idle_in_transaction_session_timeout = 0;
set statement_timeout = 0;
set lock_timeout = '10s'
"""
VECTOR_BYTES = 8_500
"""What a vector of 1536 dimensions takes in the memory of an HNSW build (measured: 9,749 in 64 MB with their links)."""
MOST_MEMORY = 1 << 30
PRISTINE = """
status = 'idle' and last_run_at is null and last_success_at is null and consecutive_errors = 0 and last_error is null
"""
"""A fetcher as the baseline makes it."""

UNNUMBERED = frozenset(
    {"team_members", "documents", "tasks", "bookmarks", "chat_sessions", "chat_messages", "fetcher_state"}
)

Watch = Callable[[str, Loaded | None], None]
"""Told of each step as it begins, with nothing, and as it ends, with what came of it."""


def ignore(title: str, loaded: Loaded | None) -> None:
    """Watch nothing."""


def fill(
    db: Database,
    users: int,
    *,
    heads: Collection[str],
    seed: str = "1",
    now: datetime | None = None,
    name: str | None = None,
    dry_run: bool = False,
    wait_seconds: float = 60,
    watch: Watch = ignore,
) -> Filled:
    """Add a world of so many people to a database that stands at `heads`, and the baseline if it is missing.

    A database that holds this world already is left as it is. Raises Refused in production, for a database that holds
    another world, or rows of other people's unless `name` is the database's, and LockHeld when another run fills it.
    Without `now` the world ends at the last midnight, UTC. Foreign keys and the indexes for similarity and text search
    are taken off and put back, so the tables are locked (ACCESS EXCLUSIVE) until the end.
    """
    refuse_production(db)
    recipe = Recipe(users, seed, now or last_midnight())
    with session(db, wait_seconds) as connection, connection.cursor() as cursor:
        world = record.read(cursor)
        if world is not None:
            if not world.is_of(users, seed, now):
                raise Refused(f"The database holds another world: {world}.", "Remove it first: litxdb seed --clean")
            return _present(cursor, world)
        baseline(db, heads=heads, dry_run=True)  # raises Refused unless the schema stands at the heads
        refuse_strangers(cursor, name)
        if dry_run:
            counted = tuple(Loaded(table.name, sum(1 for _ in table.rows()), 0) for table in tables(recipe))
            return Filled(users, seed, recipe.now, counted)
        baseline(db, heads=heads)
        record.require_right(cursor)
        connection.autocommit = False
        with connection:
            loaded = _fill(connection, cursor, recipe, watch)
        return Filled(users, seed, recipe.now, loaded)


def last_midnight() -> datetime:
    """Return when a world ends unless somebody says."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def refuse_production(db: Database) -> None:
    """Raise Refused where the settings say that this is production."""
    if db.settings.production:
        raise Refused(
            "This is production, which gets no made-up rows.",
            "Run litxdb seed alone for the rows that LitXplore expects.",
        )


@contextmanager
def session(db: Database, wait_seconds: float) -> Iterator[Connection]:
    """Open a session that keeps others from filling or clearing the database at the same time; raises LockHeld."""
    with closing(db.connect(direct=True, autocommit=True)) as connection:
        connection.set_client_encoding("UTF8")
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS)
        acquire(connection, LOCK, wait_seconds, subject="another seed of this database", notify=db.notify)
        yield connection


def _present(cursor: Cursor, world: World) -> Filled:
    """Count what is left of a world; nothing is written."""
    kept = []
    for table in world.tables:
        cursor.execute(queries.tagged(f"select count(*) from {table.name} t where {table.owns('t')}"))
        (count,) = cursor.fetchone() or (0,)
        kept.append(Loaded(table.name, 0, count))
    gone = sum(table.rows for table in world.tables) - sum(each.kept for each in kept)
    return Filled(world.users, world.seed, world.now, tuple(kept), gone)


DEFAULT_USER = f"clerk_id = '{USER['clerk_id']}' or email = '{USER['email']}'"
BASELINE = {
    "users": DEFAULT_USER,
    "user_profiles": f"user_id in (select u.id from users u where {DEFAULT_USER})",
    "fetcher_state": "true",
}
"""What the baseline's rows have in common; other tables have none."""


def refuse_strangers(cursor: Cursor, name: str | None, hint: str | None = None) -> None:
    """Raise Refused where rows are that neither the baseline nor a world made, or that have the numbers of a world."""
    cursor.execute("select current_database()")
    (database,) = cursor.fetchone() or ("",)
    for table in NAMES:
        cursor.execute(f"select exists (select from {table} where not ({BASELINE.get(table, 'false')}))")
        if cursor.fetchone() != (True,):
            continue
        if name != database:
            raise Refused(
                f"The database {database} holds rows in {table} that litxdb did not make.",
                hint or f"If they may stand beside made-up ones, say so by its name: --among {database}",
            )
        if table not in UNNUMBERED:
            cursor.execute(f"select exists (select from {table} where id >= {FIRST})")
            if cursor.fetchone() == (True,):
                raise Refused(
                    f"The table {table} holds rows with numbers from {FIRST:,} on, which seeded rows have.",
                    "Seed a database of its own: litxdb local start gives one.",
                )


def _fill(connection: Connection, cursor: Cursor, recipe: Recipe, watch: Watch) -> tuple[Loaded, ...]:
    loaded, seeded = [], []
    names = list(NAMES)
    indexes = queries.load("seed", "slow_indexes", connection.info.server_version).run(connection, tables=names)
    for index in indexes:
        cursor.execute(queries.tagged(f"drop index {index['index']}"))
    keys = queries.load("seed", "foreign_keys", connection.info.server_version).run(connection, tables=names)
    for key in keys:
        cursor.execute(queries.tagged(key["remove"]))
    for table in tables(recipe):
        watch(table.name, None)
        start = time.perf_counter()
        count = _fetchers(cursor, table) if table.key == "fetcher" else copy(cursor, table)
        loaded.append(Loaded(table.name, count, 0, time.perf_counter() - start))
        seeded.append(SeededTable(table.name, table.key, count, _last(cursor, table)))
        watch(table.name, loaded[-1])
    _time("foreign keys", cursor, [key["restore"] for key in keys], watch)
    _build(cursor, indexes, next(each.rows for each in seeded if each.name == "sources"), watch)
    record.write(cursor, recipe, seeded)
    _time("analyze", cursor, [f"analyze {', '.join(names)}"], watch)
    for each in seeded:  # last: no transaction takes this back
        if each.key == "number":
            _advance(cursor, each.name)
    return tuple(loaded)


def _fetchers(cursor: Cursor, table: Table) -> int:
    """Give the fetchers that the baseline made, and that have never run, a history."""
    rows = list(table.rows())
    cursor.execute(
        f"delete from fetcher_state where fetcher = any(%s) and {PRISTINE} returning fetcher",
        ([row[0] for row in rows],),
    )
    pristine = {name for (name,) in cursor.fetchall()}
    return copy(cursor, Table(table.name, table.columns, lambda: (row for row in rows if row[0] in pristine)))


def _last(cursor: Cursor, table: Table) -> int | None:
    """Return the last number that the sequence behind `id` has given, if it has given any."""
    if table.key != "number":
        return None
    cursor.execute("select pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", (table.name,))
    row: tuple[int | None] | None = cursor.fetchone()
    return row[0] if row else None


def _advance(cursor: Cursor, table: str) -> None:
    """Move the sequence behind `id` past the seeded rows; never back."""
    cursor.execute(
        queries.tagged(
            f"select setval(s.name, m.id) from (select pg_get_serial_sequence('{table}', 'id')::regclass as name) s, "
            f"(select max(id) as id from {table}) m where m.id > coalesce(pg_sequence_last_value(s.name), 0)"
        )
    )


def _build(cursor: Cursor, indexes: list[dict[str, Any]], vectors: int, watch: Watch) -> None:
    """Build the indexes that were dropped; an HNSW index that does not fit its memory takes several times as long."""
    wanted = min(MOST_MEMORY, max(64 << 20, vectors * VECTOR_BYTES)) >> 10
    cursor.execute(f"set local maintenance_work_mem = '{wanted}kB'")
    for index in indexes:
        _time(index["index"], cursor, [index["definition"]], watch)


def _time(title: str, cursor: Cursor, statements: list[str], watch: Watch) -> None:
    watch(title, None)
    start = time.perf_counter()
    for statement in statements:
        cursor.execute(queries.tagged(statement))
    watch(title, Loaded(title, 0, 0, time.perf_counter() - start))
