"""The record of a seeded world, in the schema litxdb of the database: what is there, and how its rows are recognised.

A seeded row is known by its number (from 1,000,001 on, up to as many as there are), by a UUID of version 8 that begins
with 5eed, or, where it joins two others and has no key of its own, by the pair in litxdb.seeded_pairs. Whatever people
add later has numbers of the sequence, UUIDs of version 4 or 7, and other pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from litxdb import __version__
from litxdb.errors import ServerRefused
from litxdb.seed.world import FIRST, VERSION, Recipe
from litxdb.seed.world.draws import UUIDS

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

# by name, as to_regclass() fails where the role may not look into the schema
EXISTS = "select count(*) = 1 from pg_class where relnamespace = to_regnamespace('litxdb') and relname = 'world'"
GRANT = """
select case when n.oid is null then format('grant create on database %I to %I', current_database(), current_user)
    else format('grant usage, create on schema litxdb to %I', current_user) end
from (select to_regnamespace('litxdb') as oid) n
where not case when n.oid is null then has_database_privilege(current_database(), 'create')
    else has_schema_privilege(n.oid, 'usage') and has_schema_privilege(n.oid, 'create') end
"""
"""What lets a role keep a record; no row where it may already."""

CREATE = """
do $$ begin
    if to_regnamespace('litxdb') is null then create schema litxdb; end if;  -- IF NOT EXISTS asks for CREATE first
end $$;
create table litxdb.world (
    users integer not null,
    seed text not null,
    now timestamptz not null,
    version integer not null,
    seeded_at timestamptz not null default now(),
    litxdb text not null
);
create table litxdb.seeded (
    table_name text primary key,
    place integer not null,
    key text not null,
    rows bigint not null,
    last_value bigint
);
create table litxdb.seeded_pairs (
    table_name text not null,
    first_key bigint not null,
    second_key bigint not null,
    primary key (table_name, first_key, second_key)
);
comment on table litxdb.world is 'What litxdb seed made; litxdb seed --clean removes it, and this record'
"""
DROP = "drop table litxdb.seeded_pairs, litxdb.seeded, litxdb.world"
PAIRS = {"team_members": ("team_id", "user_id"), "bookmarks": ("user_id", "paper_id")}


@dataclass(frozen=True)
class SeededTable:
    """A table with seeded rows: how they are recognised, how many were made, and its sequence's last number before."""

    name: str
    key: str
    rows: int
    last_value: int | None = None

    def owns(self, alias: str) -> str:
        """Return the SQL condition that a row of this alias was made by seeding."""
        if self.key == "pair":
            first, second = PAIRS[self.name]
            return (
                f"exists (select from litxdb.seeded_pairs s where s.table_name = '{self.name}' "
                f"and s.first_key = {alias}.{first} and s.second_key = {alias}.{second})"
            )
        if self.key == "uuid":
            return f"{alias}.id::text ~ '{UUIDS}'"
        if self.key == "fetcher":
            until = "(select w.now from litxdb.world w)"
            return f"{alias}.last_run_at between {until} - interval '2 hours' and {until}"
        return f"{alias}.id between {FIRST} and {FIRST + self.rows - 1}"


@dataclass(frozen=True)
class World:
    """A world that is in the database."""

    users: int
    seed: str
    now: datetime
    version: int
    tables: tuple[SeededTable, ...]

    def is_of(self, users: int, seed: str, now: datetime | None) -> bool:
        """Whether this is what these arguments make; without a time, whatever the world's."""
        return (self.users, self.seed, self.version) == (users, seed, VERSION) and now in (None, self.now)

    def __str__(self) -> str:
        older = "" if self.version == VERSION else ", made by another version of litxdb"
        who = "1 person" if self.users == 1 else f"{self.users:,} people"
        return f"{who}, seed {self.seed!r}, until {self.now:%Y-%m-%d %H:%M}{older}"


def read(cursor: Cursor) -> World | None:
    """Return the world that the database holds, if any."""
    cursor.execute(EXISTS)
    if cursor.fetchone() != (True,):
        return None
    cursor.execute("select users, seed, now at time zone 'UTC', version from litxdb.world")
    row = cursor.fetchone()
    cursor.execute("select table_name, key, rows, last_value from litxdb.seeded order by place")
    tables = tuple(SeededTable(*each) for each in cursor.fetchall())
    if row is None:
        return None
    return World(row[0], row[1], row[2].replace(tzinfo=UTC), row[3], tables)


def require_right(cursor: Cursor) -> None:
    """Raise ServerRefused, saying what to grant, unless the role may keep a record."""
    cursor.execute(GRANT)
    row = cursor.fetchone()
    if row is not None:
        raise ServerRefused(
            "The role may not record in the schema litxdb what is seeded, so it could never be removed.",
            f"Have an administrator run: {row[0]}",
        )


def write(cursor: Cursor, recipe: Recipe, tables: list[SeededTable]) -> None:
    """Record a world within the transaction that fills it: what refers to seeded rows then is seeded itself."""
    cursor.execute(CREATE)
    cursor.execute(
        "insert into litxdb.world (users, seed, now, version, litxdb) values (%s, %s, %s, %s, %s)",
        (recipe.users, recipe.seed, recipe.now, VERSION, __version__),
    )
    for place, table in enumerate(tables):
        cursor.execute(
            "insert into litxdb.seeded (table_name, place, key, rows, last_value) values (%s, %s, %s, %s, %s)",
            (table.name, place, table.key, table.rows, table.last_value),
        )
    for name, (first, second) in PAIRS.items():
        cursor.execute(
            f"insert into litxdb.seeded_pairs select '{name}', {first}, {second} from {name} "  # noqa: S608 - our names
            f"where {first} >= {FIRST} and {second} >= {FIRST}"
        )
