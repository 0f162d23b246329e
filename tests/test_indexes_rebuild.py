"""Rebuilding an index in its place, and what interrupted tries have left beside it."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import Popen

import psycopg2
import pytest

from litxdb import indexes
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Exit, Refused, ServerRefused
from litxdb.indexes import Patience
from tests.bed.indexing import interrupted, reader, until, validity
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import query

INDEX = "ix_tasks_user_id"
ALL = f"{INDEX}%"
REINDEX = f"reindex index concurrently public.{INDEX}"


def test_an_index_is_rebuilt_and_smaller(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(db, "create table t (a int, b text); create index bloated on t (a)")
        query(db, "insert into t select i, 'x' from generate_series(1, 5000) i; delete from t where a % 10 <> 0")
        phases: list[indexes.Phase] = []
        done = indexes.rebuild(db, "bloated", watch=phases.append)
        assert done.outcome == "rebuilt"
        assert done.bytes is not None
        assert done.bytes_before is not None
        assert done.bytes < done.bytes_before / 2
        assert validity(db, "bloated%") == {"bloated": True}


def test_what_interrupted_tries_left_goes_first(db: Database) -> None:
    interrupted(db, REINDEX)
    interrupted(db, REINDEX)
    assert validity(db, ALL) == {INDEX: True, f"{INDEX}_ccnew": False, f"{INDEX}_ccnew1": False}
    done = indexes.rebuild(db, INDEX)
    assert done.statements[-1] == REINDEX
    assert len(done.statements) == 3
    assert validity(db, ALL) == {INDEX: True}


def test_what_only_looks_like_a_leftover_is_kept(db: Database) -> None:
    query(db, f"create index {INDEX}_ccnew on tasks (created_at)")
    query(db, f"create index {INDEX}_other_ccnew on tasks (created_at)")
    interrupted(db, f"reindex index concurrently {INDEX}_other_ccnew")
    indexes.rebuild(db, INDEX)
    assert validity(db, ALL) == {
        INDEX: True,
        f"{INDEX}_ccnew": True,
        f"{INDEX}_other_ccnew": True,
        f"{INDEX}_other_ccnew_ccnew": False,
    }


def test_leftovers_of_a_long_name_are_known_though_it_is_cut(db: Database) -> None:
    name = "ü" * 31
    query(db, f"create index {name} on tasks (created_at)")
    interrupted(db, f"reindex index concurrently {name}")
    assert sorted(validity(db, "ü%").values()) == [False, True]
    indexes.rebuild(db, name)
    assert validity(db, "ü%") == {name: True}


def test_an_invalid_index_becomes_valid(db: Database) -> None:
    query(db, f"drop index {INDEX}")
    interrupted(db, f"create index concurrently {INDEX} on tasks (user_id)")
    assert indexes.rebuild(db, INDEX).outcome == "rebuilt"
    assert validity(db, ALL) == {INDEX: True}


def test_a_rebuild_that_cannot_be_leaves_nothing_behind(db: Database) -> None:
    query(db, "insert into literature_reviews (title, topic, content) select 'same', '', '' from generate_series(1, 2)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(db, "create unique index concurrently one_title on literature_reviews (title)")
    with pytest.raises(ServerRefused, match=r"could not create unique index .*What was half built is removed"):
        indexes.rebuild(db, "one_title")
    assert validity(db, "one_title%") == {"one_title": False}


def test_a_killed_run_is_found_and_mended(
    db: Database, db_url: str, start: Callable[..., Popen[str]], run: Callable[..., Outcome]
) -> None:
    with reader(db):
        killed = start("index", "rebuild", INDEX, "--url", db_url)
        until(lambda: validity(db, ALL) == {INDEX: True, f"{INDEX}_ccnew": False})
        killed.kill()
        killed.wait()
        assert run("index", "rebuild", INDEX, "--lock-wait", "0", "--url", db_url).code == Exit.LOCKED
        query(db, "select pg_terminate_backend(pid) from pg_stat_progress_create_index")
        until(lambda: query(db, "select pid from pg_stat_progress_create_index") == [])
    assert run("index", "rebuild", INDEX, "--url", db_url).stdout == f"Rebuilt {INDEX}.\n"
    assert validity(db, ALL) == {INDEX: True}


def test_who_is_in_the_way_is_named(db: Database) -> None:
    with reader(db) as pid, pytest.raises(ServerRefused, match=f"lock timeout, held up by .*pid {pid}"):
        indexes.rebuild(db, INDEX, patience=Patience(lock_timeout_seconds=1.5, attempts=1))
    indexes.rebuild(db, INDEX)
    assert validity(db, ALL) == {INDEX: True}


def test_the_index_of_a_constraint_can_be_rebuilt_but_not_that_of_an_exclusion(db: Database) -> None:
    query(db, "create table slots (during tsrange, exclude using gist (during with &&))")
    assert indexes.rebuild(db, "tasks_pkey").outcome == "rebuilt"
    with pytest.raises(Refused, match="cannot rebuild it CONCURRENTLY"):
        indexes.rebuild(db, "slots_during_excl")


def test_a_plan_says_what_would_be_done_and_does_nothing(
    run: Callable[..., Outcome], db: Database, db_url: str
) -> None:
    interrupted(db, REINDEX)
    outcome = run("index", "rebuild", INDEX, "--dry-run", "--url", db_url)
    assert outcome.stdout == f"drop index concurrently if exists public.{INDEX}_ccnew;\n{REINDEX};\n"
    assert validity(db, ALL) == {INDEX: True, f"{INDEX}_ccnew": False}


def test_an_index_is_found_by_each_of_its_names(db: Database) -> None:
    query(db, f'create schema "S"; create table "S".t (a int); create index {INDEX} on "S".t (a)')
    query(db, 'create index only_there on "S".t (a)')
    assert indexes.rebuild(db, INDEX).table == "public.tasks"
    for name in (f"S.{INDEX}", f'"S".{INDEX}', "only_there"):
        assert indexes.rebuild(db, name).table == '"S".t'
    query(db, "create schema s2; create table s2.t (a int); create index only_there on s2.t (a)")
    with pytest.raises(ArgumentInvalid, match=r'could be "S".only_there or s2.only_there'):
        indexes.rebuild(db, "only_there")
