"""Drift: each kind is made, seen alone, mended by the statements that litxdb prints, and gone."""

from __future__ import annotations

import pytest

from litxdb.database import Database
from tests.bed.drifting import SCHEMA, Compare, Recipe, mend
from tests.bed.statements import query

# what is done to the database: the difference that comes of it, as kind and object
DEFECTS = {
    "drop index part": ("index", "public.part"),
    "drop index part; create index part on child (a) where b > 1": ("index", "public.part"),
    "drop index part; create index part on child using hash (a) where b > 0": ("index", "public.part"),
    "drop index lowered; create index lowered on child (lower(a)) include (b)": ("index", "public.lowered"),
    "drop index trigrams; create index trigrams on child using gist (a gist_trgm_ops)": ("index", "public.trigrams"),
    "alter index trigrams set (fastupdate = on)": ("index", "public.trigrams"),
    "create index more on child (m)": ("index", "public.more"),
    "drop index log_line": ("index", "public.log_line"),
    "update pg_index set indisvalid = false where indexrelid = 'part'::regclass": ("validity", "public.part"),
    "alter table child drop constraint positive, add constraint positive check (b > 0) not valid": (
        "validity",
        "public.child.positive",
    ),
    "alter table child drop constraint positive, add constraint positive check (b > 1)": (
        "constraint",
        "public.child.positive",
    ),
    "alter table child drop constraint positive": ("constraint", "public.child.positive"),
    "alter table child add constraint short check (length(a) < 9)": ("constraint", "public.child.short"),
    "alter table child drop constraint child_a_b_key": ("constraint", "public.child.child_a_b_key"),
    "alter table child drop constraint child_a_b_key, add constraint child_a_b_key unique (b, a)": (
        "constraint",
        "public.child.child_a_b_key",
    ),
    "alter table child drop constraint child_int4range_excl": ("constraint", "public.child.child_int4range_excl"),
    "alter table child drop constraint child_pkey": ("constraint", "public.child.child_pkey"),
    "alter table child drop constraint child_parent_id_fkey, add constraint child_parent_id_fkey "
    "foreign key (parent_id) references parent": ("constraint", "public.child.child_parent_id_fkey"),
    "alter table child drop constraint child_parent_id_fkey": ("constraint", "public.child.child_parent_id_fkey"),
    "alter table child alter constraint child_parent_id_fkey deferrable": (
        "constraint",
        "public.child.child_parent_id_fkey",
    ),
    "alter domain year drop constraint modern": ("constraint", "public.year.modern"),
    "alter domain year drop default": ("default", "public.year"),
    "alter domain year drop not null": ("not null", "public.year"),
    "drop type span": ("type", "public.span"),
    "create or replace function one() returns int language sql immutable as 'select 2'": ("function", "public.one()"),
    "drop function one(); create function one() returns text language sql as 'select 1::text'": (
        "function",
        "public.one()",
    ),
    "alter function one() volatile": ("function", "public.one()"),
    "drop procedure act": ("function", "public.act(integer)"),
    "create function two() returns int language sql as 'select 2'": ("function", "public.two()"),
    "alter table child disable trigger stamp": ("trigger state", "public.child.stamp"),
    "alter table child enable always trigger stamp": ("trigger state", "public.child.stamp"),
    "drop trigger often on child": ("trigger", "public.child.often"),
    "create or replace trigger often after insert on child for each row when (new.b > 2) execute function stamp()": (
        "trigger",
        "public.child.often",
    ),
    "drop rule quiet on parent": ("rule", "public.parent.quiet"),
    "create or replace view simple as select id, a from child where b > 0": ("view", "public.simple"),
    "create or replace view seen as select c.id, c.a, p.name from child c join parent p on p.id = c.parent_id": (
        "view",
        "public.seen",
    ),
    "drop view seen; create view seen as select id from child": ("view", "public.seen"),
    "drop view seen": ("view", "public.seen"),
    "drop materialized view kept; create materialized view kept as select id, a, 1::bigint as n from child; "
    "create unique index kept_id on kept (id)": ("materialized view", "public.kept"),
    "drop materialized view kept": ("materialized view", "public.kept"),
    "alter sequence counter increment 3 cache 10": ("sequence", "public.counter"),
    "drop sequence counter": ("sequence", "public.counter"),
    "alter sequence child_number_seq owned by none": ("owned by", "public.child_number_seq"),
    "alter policy mine on child using (b > 2)": ("policy", "public.child.mine"),
    "drop policy theirs on child": ("policy", "public.child.theirs"),
    "create policy all_of_it on parent": ("policy", "public.parent.all_of_it"),
    "alter table parent disable row level security": ("row security", "public.parent"),
    "alter table parent no force row level security": ("forced row security", "public.parent"),
    "alter table child enable row level security": ("row security", "public.child"),
    "drop statistics related": ("statistics", "public.related"),
    "alter table child alter a set default 'y'": ("default", "public.child.a"),
    "alter table child alter a drop default": ("default", "public.child.a"),
    "alter table child alter c set default 'new'": ("default", "public.child.c"),
    "alter table child alter b drop not null": ("not null", "public.child.b"),
    "alter table child alter c set not null": ("not null", "public.child.c"),
    'alter table child alter c type text collate "default"': ("column", "public.child.c"),
    'alter table child alter c type varchar(20) collate "C"': ("column", "public.child.c"),
    "alter table child alter d drop expression": ("generated", "public.child.d"),
    "alter table child drop d; alter table child add d int generated always as (b + 2) stored; "
    "create index generated on child (d)": ("generated", "public.child.d"),
    "alter table child alter id set generated always": ("identity", "public.child.id"),
    "alter table child alter id drop identity": ("identity", "public.child.id"),
    "alter table child alter id set increment 5": ("sequence", "public.child_id_seq"),
    "alter table child drop tags": ("column", "public.child.tags"),
    "alter table child drop d": ("column", "public.child.d"),
    "alter table child add surplus int default 3": ("column", "public.child.surplus"),
    "alter table child set (autovacuum_enabled = off)": ("storage parameters", "public.child"),
    "alter table fleeting reset (fillfactor)": ("storage parameters", "public.fleeting"),
    "alter table fleeting set logged": ("unlogged", "public.fleeting"),
    "alter table base replica identity default": ("replica identity", "public.base"),
    "alter table child replica identity using index child_pkey": ("replica identity", "public.child"),
    "alter table derived no inherit base": ("inheritance", "public.derived"),
    "drop table log_2024": ("table", "public.log_2024"),
    "drop table log": ("table", "public.log"),
    "drop table derived": ("table", "public.derived"),
    "drop table child cascade": ("table", "public.child"),
    "create table surplus (id serial primary key, t text unique)": ("table", "public.surplus"),
    "create schema zoo create table t (id int primary key) create view v as select id from t": ("schema", "zoo"),
    "drop extension pg_trgm cascade": ("extension", "pg_trgm"),
}


@pytest.mark.parametrize(("defect", "key"), DEFECTS.items(), ids=list(DEFECTS))
def test_a_defect_is_seen_alone_and_mended(
    defect: str, key: tuple[str, str], empty_db: Database, compare: Compare
) -> None:
    query(empty_db, SCHEMA)
    query(empty_db, defect)
    found = compare(empty_db, history=Recipe(SCHEMA))
    assert [(row.kind, row.object) for row in found.rows] == [key]
    assert found.rows[0].expected != found.rows[0].found
    mend(empty_db, found.rows)
    assert compare(empty_db, history=Recipe(SCHEMA)).rows == ()


def test_an_extension_that_somebody_installed_is_a_note_and_what_relies_on_it_a_difference(
    empty_db: Database, compare: Compare
) -> None:
    query(empty_db, SCHEMA)
    query(empty_db, "create extension pg_stat_statements; create extension citext")
    found = compare(empty_db, history=Recipe(SCHEMA))
    assert found.rows == ()
    assert found.notes == tuple(
        f"The extension {name} is here, and no migration asks for it: not counted."
        for name in ("citext", "pg_stat_statements")
    )
    query(empty_db, "alter table parent add surplus citext; create table more (c citext)")
    rows = compare(empty_db, history=Recipe(SCHEMA)).rows
    assert {(row.kind, row.object) for row in rows} == {("column", "public.parent.surplus"), ("table", "public.more")}
    mend(empty_db, rows)
    assert compare(empty_db, history=Recipe(SCHEMA)).rows == ()


def test_a_constraint_that_is_not_enforced(empty_db: Database, compare: Compare) -> None:
    """From PostgreSQL 18 on; VALIDATE CONSTRAINT refuses it."""
    recipe = Recipe("create table t (a int, constraint c check (a > 0) not enforced)")
    query(empty_db, recipe.sql)
    assert compare(empty_db, history=recipe).rows == ()
    enforced = Recipe("create table t (a int, constraint c check (a > 0))")
    found = compare(empty_db, history=enforced)
    assert [(row.kind, row.object) for row in found.rows] == [("constraint", "public.t.c")]
    mend(empty_db, found.rows)
    assert compare(empty_db, history=enforced).rows == ()


UNMENDABLE = {
    "alter type mood add value 'glad'": "neither remove nor move",
    "alter type pair add attribute c int": "have to follow",
    "alter table child alter y drop default, alter y type int; drop domain year; "
    "create domain year as bigint default 2000 not null constraint modern check (value > 1900); "
    "alter table child alter y type year": "rewritten",
    "create aggregate total (int) (sfunc = int4pl, stype = int)": None,
}


@pytest.mark.parametrize(("defect", "reason"), UNMENDABLE.items(), ids=list(UNMENDABLE))
def test_what_no_statement_mends_is_for_a_person(
    defect: str, reason: str | None, empty_db: Database, compare: Compare
) -> None:
    query(empty_db, SCHEMA)
    query(empty_db, defect)
    row = compare(empty_db, history=Recipe(SCHEMA)).rows[0]
    if reason is None:
        assert row.decision is None
    else:
        assert reason in (row.decision or "")
        assert row.statements == ()
        assert all(line.startswith("-- ") for line in row.mend.splitlines())


def test_values_are_added_to_an_enum_in_their_places(empty_db: Database, compare: Compare) -> None:
    recipe = Recipe("create type mood as enum ('a', 'b', 'c', 'd', 'e')")
    query(empty_db, "create type mood as enum ('c', 'd')")
    found = compare(empty_db, history=recipe)
    assert found.rows[0].mend == (
        "alter type public.mood add value 'a' before 'c';\n"
        "alter type public.mood add value 'b' after 'a';\n"
        "alter type public.mood add value 'e' after 'd';"
    )
    mend(empty_db, found.rows)
    assert compare(empty_db, history=recipe).rows == ()
    query(empty_db, "drop type mood; create type mood as enum ('b', 'a', 'c', 'd', 'e')")
    assert "move" in (compare(empty_db, history=recipe).rows[0].decision or "")


VECTORS = {
    "alter index ix_sources_embedding_hnsw set (m = 8)": ("index", "public.ix_sources_embedding_hnsw"),
    "drop index ix_sources_embedding_hnsw; "
    "create index ix_sources_embedding_hnsw on sources using hnsw (embedding vector_l2_ops)": (
        "index",
        "public.ix_sources_embedding_hnsw",
    ),
    "drop index ix_sources_embedding_hnsw; "
    "create index ix_sources_embedding_hnsw on sources using ivfflat (embedding vector_cosine_ops)": (
        "index",
        "public.ix_sources_embedding_hnsw",
    ),
    "drop index ix_sources_embedding_hnsw": ("index", "public.ix_sources_embedding_hnsw"),
    "alter table sources alter embedding type vector(3)": ("column", "public.sources.embedding"),
    "alter table sources drop embedding": ("column", "public.sources.embedding"),
    "drop extension vector cascade": ("extension", "vector"),
}


@pytest.mark.parametrize(("defect", "key"), VECTORS.items(), ids=list(VECTORS))
def test_vectors_and_their_indexes(defect: str, key: tuple[str, str], db: Database, compare: Compare) -> None:
    query(db, defect)
    found = compare(db)
    assert [(row.kind, row.object) for row in found.rows] == [key]
    mend(db, found.rows)
    assert compare(db).rows == ()
