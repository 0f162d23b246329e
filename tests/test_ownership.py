"""Whose rows are whose: the graph of foreign keys, what must be declared, and the rows that are reached."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import pytest

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid
from litxdb.ownership import Closure, Ownership, Policy, classify, litxplore, parse, read_schema
from tests.bed.people import OWNED, settle
from tests.bed.statements import query

ODD = """
create schema "od""d %s";
create table people (tenant int, id int, boss_tenant int, boss_id int, primary key (tenant, id),
    foreign key (boss_tenant, boss_id) references people on delete cascade);
create table "od""d %s"."dö;cs -- %" (tenant int, owner int, "no %" text unique, previous text,
    foreign key (tenant, owner) references people on delete cascade);
alter table "od""d %s"."dö;cs -- %" add foreign key (previous)
    references "od""d %s"."dö;cs -- %" ("no %") on delete cascade;
create table hens (id int primary key, egg int, tenant int, person int,
    foreign key (tenant, person) references people on delete cascade);
create table eggs (id int primary key, hen int references hens on delete cascade);
alter table hens add foreign key (egg) references eggs on delete cascade;
create table tags (id int primary key, name text);
create table hen_tags (hen int references hens on delete cascade, tag int references tags, primary key (hen, tag));
create table events (tenant int, person int, at int, foreign key (tenant, person) references people on delete cascade)
    partition by range (at);
create table events_1 partition of events for values from (0) to (10);
create table events_2 partition of events for values from (10) to (20);
"""
ROWS = """
insert into people values (1, 1, null, null), (1, 2, 1, 1), (1, 3, 1, 2), (2, 1, null, null), (1, 9, null, 1);
insert into "od""d %s"."dö;cs -- %" values (1, 3, 'a%', null), (2, 1, 'b', null), (null, null, 'c', 'a%'),
    (1, null, 'd', null), (1, 1, null, 'c');
insert into hens values (1, null, 1, 1), (2, null, null, null), (3, null, 2, 1), (4, null, null, null);
insert into eggs values (1, 1), (2, 2), (3, 3);
update hens set egg = 1 where id = 2; update hens set egg = 2 where id = 4; update hens set egg = 3 where id = 3;
insert into tags values (1, 'x'), (2, 'y');
insert into hen_tags values (1, 1), (2, 1), (3, 2), (4, 2);
insert into events values (1, 1, 5), (1, 2, 15), (2, 1, 5), (1, null, 5);
"""
PEOPLE = Policy(root="people", lookup=("id",))


@contextlib.contextmanager
def closed(db: Database, policy: Policy, condition: str, **values: object) -> Iterator[tuple[Ownership, Closure]]:
    with contextlib.closing(db.connect()) as connection:
        ownership = classify(read_schema(connection), policy)
        closure = Closure(connection, ownership.schema, ownership.root, ownership.edges)
        closure.collect(condition, values)
        yield ownership, closure
        closure.close()


def count(db: Database, policy: Policy, condition: str, **values: object) -> dict[str, int]:
    """Count the rows by both ways of asking for them, which must agree."""
    with closed(db, policy, condition, **values) as (ownership, closure), closure._connection.cursor() as cursor:
        found = {}
        for table in ownership.owned:
            source = ownership.schema.tables[table].source
            cursor.execute(f"select count(*) from ({closure.select(table, 't.ctid')}) x")
            selected = cursor.fetchone()
            cursor.execute(f"select count(*) from {source} t where {closure.holds(table)}")
            assert cursor.fetchone() == selected
            found[ownership.schema.tables[table].name] = selected[0]
        return found


def test_all_that_is_a_person_s_in_litxplore(db: Database) -> None:
    settle(db)
    assert count(db, litxplore(), "t.id = %(id)s", id=1) == OWNED
    nothing = count(db, litxplore(), "t.id = %(id)s", id=3)
    assert {table: number for table, number in nothing.items() if number} == {"users": 1, "shared_reviews": 1}


def test_what_a_person_s_rows_point_at_is_referenced_and_not_theirs(db: Database) -> None:
    with closed(db, litxplore(), "true") as (ownership, _):
        assert set(ownership.referenced) == {"public.sources", "public.teams"}
        assert ownership.label_columns("public.teams") == ("name",)


def test_composite_keys_cycles_self_references_partitions_and_hostile_names(any_db: Database) -> None:
    query(any_db, ODD)
    query(any_db, ROWS)
    found = count(any_db, PEOPLE, "(t.tenant, t.id) = (%(tenant)s, %(id)s)", tenant=1, id=1)
    assert found == {"people": 3, "dö;cs -- %": 3, "hens": 3, "eggs": 2, "events": 2, "hen_tags": 3}


def test_several_persons_at_once_and_nobody(db: Database) -> None:
    settle(db)
    both = count(db, litxplore(), "t.id = any(%(ids)s)", ids=[1, 2])
    assert both["bookmarks"] == 3
    assert both["chat_messages"] == 5
    assert set(count(db, litxplore(), "t.id = 4").values()) == {0}


@pytest.mark.parametrize("seed", range(3))
def test_random_graphs_against_a_search_in_python(seed: int, empty_db: Database) -> None:
    chance = random.Random(seed)
    tables, keys, rows = 7, [], {}
    statements = [f"create table t{n} (id int primary key);" for n in range(tables)]
    for child in range(1, tables):
        for number in range(chance.randint(1, 3)):
            parent = chance.randrange(tables)
            keys.append((child, f"r{number}", parent))
            statements.append(f"alter table t{child} add r{number} int;")
    for table in range(tables):
        rows[table] = range(30)
        statements.append(f"insert into t{table} (id) select generate_series(0, 29);")
    links: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for child, column, parent in keys:
        for row in rows[child]:
            if chance.random() < 0.4:
                to = chance.choice(rows[parent])
                links.setdefault((parent, to), []).append((child, row))
                statements.append(f"update t{child} set {column} = {to} where id = {row};")
        statements.append(f"alter table t{child} add foreign key ({column}) references t{parent} on delete cascade;")
    query(empty_db, "".join(statements))
    seen = waiting = {(0, 0)}
    while waiting:
        waiting = {each for one in waiting for each in links.get(one, [])} - seen
        seen = seen | waiting
    with contextlib.closing(empty_db.connect()) as connection, connection.cursor() as cursor:
        ownership = classify(read_schema(connection), Policy(root="t0", lookup=("id",)))
        closure = Closure(connection, ownership.schema, ownership.root, ownership.loose)
        closure.collect("t.id = 0")
        found = set()
        for table in ownership.owned:
            cursor.execute(closure.select(table, "t.id"))
            found |= {(int(table.removeprefix("public.t")), row) for (row,) in cursor.fetchall()}
    assert found == seen


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("create table logins (who int references users)", "public.logins.who to public.users"),
        ("create table logins (who int references users on delete set null)", "public.logins.who to public.users"),
        ("create table deep (note bigint references notes)", "public.deep.note to public.notes"),
        ('create table "Audit" (owner_id int)', 'public."Audit".owner_id'),
        ("create table audit (created_by text)", "public.audit.created_by"),
    ],
)
def test_a_table_that_nobody_classified_is_named(statement: str, named: str, db: Database) -> None:
    query(db, statement)
    with contextlib.closing(db.connect()) as connection:
        schema = read_schema(connection)
    with pytest.raises(ConfigurationInvalid) as failure:
        classify(schema, litxplore())
    assert named in failure.value.message
    assert "--policy" in (failure.value.hint or "")


def test_a_new_table_that_cascades_is_classified_by_that(db: Database) -> None:
    query(db, "create table drafts (user_id int references users on delete cascade)")
    with closed(db, litxplore(), "false") as (ownership, _):
        assert "on delete cascade" in ownership.reasons["public.drafts"]


def test_what_is_declared_counts(empty_db: Database) -> None:
    query(
        empty_db,
        "create table people (id int primary key, mail text);"
        "create table bills (id int primary key, payer int references people, keeper int references people);"
        "create table mails (id int, sender text, kind text); create table audit (user_id int);"
        "insert into people values (1, 'a'), (2, 'b');"
        "insert into bills values (1, 1, 2), (2, 2, 1);"
        "insert into mails values (1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'x')",
    )
    policy = parse(
        'root = "people"\nlookup = ["id"]\n[owned]\n"bills.payer" = "pays"\n[kept]\n"bills.keeper" = "keeps"\n'
        '[excluded]\naudit = "numbers only"\n'
        '[[soft]]\ncolumn = "mails.sender"\ntarget = "people.mail"\nwhen = "t.kind = \'x\'"\nowns = true',
        "here",
    )
    assert count(empty_db, policy, "t.id = 1") == {"people": 1, "bills": 1, "mails": 1}


@pytest.mark.parametrize("text", ["root = 1x", 'root = "t"', 'root = "t"\nlookup = ["id"]\nownd = 1', "[retained.x]\n"])
def test_a_policy_that_cannot_be_understood(text: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="The policy here cannot be understood"):
        parse(text, "here")


def test_an_older_schema_lacks_what_the_policy_names(empty_db: Database) -> None:
    query(empty_db, "create table users (id int primary key)")
    assert count(empty_db, litxplore(), "t.id = 1") == {"users": 0}
    with pytest.raises(ConfigurationInvalid, match="There is no table people"):
        count(empty_db, PEOPLE, "true")


def test_five_hundred_tables(empty_db: Database) -> None:
    chain = "".join(
        f"create table n{n} (id int primary key, up int references n{n - 1} on delete cascade, "
        f"side int references n{n // 2} on delete cascade);"
        for n in range(1, 500)
    )
    query(
        empty_db, f"create table n0 (id int primary key);{chain}insert into n0 values (1); insert into n1 values (1, 1)"
    )
    with contextlib.closing(empty_db.connect()) as connection:
        ownership = classify(read_schema(connection), Policy(root="n0", lookup=("id",)))
    assert len(ownership.owned) == 500
    assert len(ownership.edges) == 998
