"""Made-up rows: every table of LitXplore's has some, they keep every rule, and what cannot be filled is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from litxdb.database import Database
from litxdb.migrate.project import Project
from litxdb.migrate.rehearsal.fill import SLOW_ROWS, fill
from litxdb.migrate.rehearsal.results import Filled
from litxdb.migrate.rehearsal.target import Target, Width, read_target
from tests.bed.statements import query

ROWS = 300
TABLES = """
select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^(pg_|information|litxdb$)' and c.relname <> 'alembic_version'
"""
FOREIGN_KEYS = """
select k.conrelid::regclass::text, k.confrelid::regclass::text,
    (select array_agg(quote_ident(attname) order by place) from unnest(k.conkey) with ordinality p (number, place)
     join pg_attribute on attrelid = k.conrelid and attnum = number),
    (select array_agg(quote_ident(attname) order by place) from unnest(k.confkey) with ordinality p (number, place)
     join pg_attribute on attrelid = k.confrelid and attnum = number)
from pg_constraint k where contype = 'f'
"""
Fill = Callable[..., dict[str, Filled]]


@pytest.fixture
def filled(empty_db: Database) -> Fill:
    """Create tables, fill each with 300 rows, and return what came of it; every foreign key is checked."""

    def run(*statements: str, db: Database = empty_db, target: Target | None = None) -> dict[str, Filled]:
        for statement in statements:
            query(db, statement)
        names = [name for (name,) in query(db, TABLES)]
        sizes = target or Target(rows=dict.fromkeys(names, ROWS))
        found = {each.table: each for each in fill(db, sizes, '"alembic_version"', 100_000)}
        assert found.keys() == set(names)
        check_foreign_keys(db)
        return found

    return run


def check_foreign_keys(db: Database) -> None:
    for child, parent, columns, keys in query(db, FOREIGN_KEYS):
        same = " and ".join(f"p.{theirs} = c.{ours}" for ours, theirs in zip(columns, keys, strict=True))
        given = " and ".join(f"c.{name} is not null" for name in columns)
        missing = f"select count(*) from {child} c where {given} and not exists (select from {parent} p where {same})"
        assert query(db, missing) == [(0,)], (child, columns)


def test_every_table_of_ours_has_rows(db: Database, filled: Fill) -> None:
    found = filled(db=db)
    assert len(found) == 25
    assert {each.rows for each in found.values()} == {ROWS}
    assert not [each for each in found.values() if each.reason]
    sizes = {row[0] for row in query(db, "select reltuples from pg_class where relkind = 'r' and relname = 'papers'")}
    assert sizes == {ROWS}
    given = query(db, "select count(team_id), count(shared_with) from shared_reviews")
    assert given == [(ROWS / 2, ROWS / 2)]
    assert query(db, "select count(distinct rating), min(rating), max(rating) from feedback") == [(5, 1, 5)]
    assert query(db, "select count(distinct status) > 1 from tasks") == [(True,)]
    assert query(db, "select nextval(pg_get_serial_sequence('users', 'id')) > max(id) from users") == [(True,)]
    assert query(db, "select count(*) > 0 from users where not (id is not null)") == [(False,)]


def test_vectors_are_all_different_and_few_where_an_index_is_slow(empty_db: Database, filled: Fill) -> None:
    query(empty_db, "create schema ext")
    query(empty_db, "create extension vector schema ext")
    target = Target(rows={"public.v": 5000, "public.w": 5000})
    found = filled(
        "create table v (e ext.vector(5), h ext.halfvec(3))",
        "create table w (e ext.vector(3))",
        "create index on w using hnsw (e ext.vector_l2_ops)",
        target=target,
    )
    assert (found["public.v"].rows, found["public.w"].rows) == (5000, SLOW_ROWS)
    assert query(empty_db, "select count(distinct e::text) from v") == [(5000,)]


def test_types_domains_and_checks(empty_db: Database, filled: Fill) -> None:
    types = (
        "smallint, integer, bigint, numeric, numeric(5,2), real, double precision, money, boolean, char(1), char(3), "
        "varchar(5), varchar, text, name, uuid, date, time, timetz, timestamp, timestamptz, interval, json, jsonb, "
        "bytea, inet, cidr, macaddr, bit(4), varbit, tsvector, tsquery, point, box, int4range, tstzrange, daterange, "
        "int[], text[], uuid[], numeric(4), oid, pg_lsn, mood, mood[], positive, email, pair, int4multirange"
    )
    columns = ", ".join(
        f"c{number} {kind} not null"
        for number, kind in enumerate(types.replace("numeric(5,2)", "numeric(5;2)").split(", "))
    )
    found = filled(
        "create type mood as enum ('it''s', 'so \\ so')",
        "create type pair as (a int, b int)",
        "create domain positive as int not null check (value between 10 and 20)",
        "create domain email as text check (value ~ '^[a-z0-9]+@[a-z.]+$')",
        f"create table every ({columns.replace(';', ',')}, without_support xml)",
    )
    assert found["public.every"] == Filled("public.every", ROWS, ROWS)


def test_checks_over_several_columns(filled: Fill) -> None:
    found = filled(
        "create table periods (starts date not null, ends date not null, check (ends > starts))",
        "create table either (a text, b text, c int, check (num_nonnulls(a, b, c) = 1))",
        "create table neither (a text, b text, check (a is null and b is null))",
        "create table ratio (part numeric check (part > 0 and part < 1), kind text check (kind in ('x', 'y')))",
        "create table sum (a int not null, b int not null, check (a + b = -1))",
        "create table worded (w text check (length(w) between 3 and 8) check (w = upper(w)))",
    )
    assert {name: each.rows for name, each in found.items()} == {
        "public.periods": ROWS,
        "public.either": ROWS,
        "public.neither": ROWS,
        "public.ratio": ROWS,
        "public.sum": 0,
        "public.worded": found["public.worded"].rows,
    }
    assert found["public.sum"].reason == "no row was found that its checks accept"


def test_keys_of_all_sorts(empty_db: Database, filled: Fill) -> None:
    found = filled(
        "create table a (id bigserial primary key, code varchar(2) unique, x int, y int, unique (x, y))",
        "create table one_to_one (id bigint primary key references a)",
        "create table many (l bigint references a, r bigint references one_to_one, primary key (l, r))",
        "create table pairs (x int not null, y int not null, foreign key (x, y) references a (x, y))",
        "create table few (f boolean, g boolean, primary key (f, g))",
        "create table tree (id int generated always as identity primary key, parent int references tree)",
        "create table hen (id int primary key, egg int)",
        "create table egg (id int primary key, hen int not null references hen)",
        "alter table hen add foreign key (egg) references egg",
        "create table never (id int primary key, own int not null check (md5(own::text) = ''))",
        "create table never_either (id int primary key references never)",
    )
    rows = {name.removeprefix("public."): each.rows for name, each in found.items()}
    assert rows == {"a": 100, "one_to_one": 100, "many": ROWS, "pairs": ROWS, "few": 4, "tree": ROWS, "hen": ROWS,
                    "egg": ROWS, "never": 0, "never_either": 0}  # fmt: skip
    assert found["public.never_either"].reason == "it refers to public.never, which has no rows"
    assert query(empty_db, "select count(parent), (select count(egg) from hen) from tree") == [(ROWS, ROWS)]


def test_partitions_are_filled_within_their_bounds(filled: Fill) -> None:
    found = filled(
        "create table p (id int, kind text) partition by list (kind)",
        "create table p_a partition of p for values in ('a', 'b')",
        "create table p_default partition of p default",
    )
    assert found["public.p_a"].rows == ROWS
    assert found["public.p_default"].rows == ROWS


def test_hostile_names(empty_db: Database, filled: Fill) -> None:
    found = filled(
        'create schema "we.ird %s"',
        "create type \"we.ird %s\".\"ty\"\"pe\" as enum ('%s', ':x', '{n}')",
        'create table "we.ird %s"."ta.b""le %(x)s" ("co l.%s" int primary key, '
        '"litxdb_row" "we.ird %s"."ty""pe" not null, '
        '"select" text not null check ("select" <> \'%s\' and "co l.%s" >= 0))',
        'create table "Other" ("from" int not null references "we.ird %s"."ta.b""le %(x)s", "CamelCase" int unique)',
    )
    assert [each.rows for each in found.values()] == [ROWS, ROWS]


def test_the_target_s_widths_and_nulls_are_kept(db: Database, empty_db: Database, filled: Fill) -> None:
    make = "create table wide (id int primary key, body text, maybe int, always text not null)"
    query(db, make)
    values = "i, repeat('x', 700), case when i % 4 = 0 then i end, 'y'"
    query(db, f"insert into wide select {values} from generate_series(1, 1000) i")
    query(db, "analyze wide")
    target = read_target(db, Project.litxplore())
    assert target.rows["public.wide"] == 1000
    assert target.widths["public.wide", "body"].width == pytest.approx(704, abs=8)
    assert target.widths["public.wide", "maybe"] == Width(4, 0.75)
    found = filled(make, target=target)
    assert found["public.wide"].rows == 1000
    width, nulls = query(empty_db, "select avg(length(body)), count(*) - count(maybe) from wide")[0]
    assert width == pytest.approx(704, abs=8)
    assert nulls == pytest.approx(750, abs=10)
    compressed = query(empty_db, "select avg(pg_column_size(body)) from wide")[0][0]
    assert compressed > 400  # real text compresses by half, not to nothing


def test_rows_that_the_revisions_inserted_stay(empty_db: Database, filled: Fill) -> None:
    found = filled(
        "create table kinds (id serial primary key, name text unique)", "insert into kinds (name) values ('first')"
    )
    assert found["public.kinds"].rows == ROWS
    assert query(empty_db, "select name from kinds where id = 1") == [("first",)]


def test_triggers_do_not_fire(empty_db: Database, filled: Fill) -> None:
    found = filled(
        "create function no() returns trigger language plpgsql as $$ begin raise 'no'; end $$",
        "create table t (id int)",
        "create trigger no before insert on t for each row execute function no()",
    )
    assert found["public.t"].rows == ROWS
