"""Dropping an index: its use shown, asked for, kept for undo; and what must not go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from litxdb import indexes
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, ConfigurationInvalid, Exit, Refused, ServerRefused
from litxdb.indexes import Patience
from litxdb.journal import Journal
from tests.bed.indexing import interrupted, reader, validity
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import query

Run = Callable[..., Outcome]
INDEX = "ix_notes_status"


def test_it_says_what_the_index_is_for_drops_it_and_can_undo_it(run: Run, db: Database, db_url: str) -> None:
    query(db, "set enable_seqscan = off; select * from notes where status = 'x'; select pg_stat_force_next_flush()")
    before = query(db, f"select pg_get_indexdef('{INDEX}'::regclass)")
    outcome = run("index", "drop", INDEX, "--yes", "--url", db_url)
    assert outcome.code == Exit.DONE
    assert "LitXplore wants it: notes by state." in outcome.stderr
    assert "1 scans since" in outcome.stderr
    assert validity(db, INDEX) == {}
    undo = outcome.stdout.partition("To undo it: ")[2].strip()
    assert undo == "CREATE INDEX CONCURRENTLY ix_notes_status ON public.notes USING btree (status);"
    begun, done = Journal(db.settings.state).entries()
    assert (begun.outcome, done.outcome) == ("begun", "done")
    assert f"{done.undo};" == undo
    assert done.database == str(db.endpoint)
    query(db, undo)
    assert query(db, f"select pg_get_indexdef('{INDEX}'::regclass)") == before


@pytest.mark.parametrize(
    "definition",
    [
        "create unique index mine on public.users using btree (lower((email)::text) desc) where is_active",
        "create index mine on public.sources using hnsw (embedding vector_l2_ops) with (m='8')",
        "create index mine on public.papers using btree (title text_pattern_ops) include (status)",
        'create unique index mine on public.papers using btree (title collate "C") nulls not distinct',
    ],
)
def test_undo_restores_it_exactly(definition: str, db: Database) -> None:
    query(db, definition)
    before = query(db, "select pg_get_indexdef('mine'::regclass)")
    done = indexes.drop(db, indexes.usage(db, "mine"))
    assert done.undo is not None
    query(db, done.undo)
    assert query(db, "select pg_get_indexdef('mine'::regclass)") == before


def test_nobody_is_asked_so_nothing_is_dropped(run: Run, db: Database, db_url: str) -> None:
    outcome = run("index", "drop", INDEX, "--url", db_url)
    assert outcome.code == Exit.REFUSED
    assert "0 scans since" in outcome.stderr
    assert validity(db, INDEX) == {INDEX: True}
    assert Journal(db.settings.state).entries() == ()


def test_a_dry_run_shows_and_changes_nothing(run: Run, db: Database, db_url: str) -> None:
    assert "undo: CREATE INDEX CONCURRENTLY" in run("index", "drop", INDEX, "--dry-run", "--url", db_url).stdout
    (row,) = run("index", "drop", INDEX, "--dry-run", "--url", db_url, "--format", "json").json["rows"]
    assert (row["scans"], row["reason"]) == (0, "notes by state")
    assert validity(db, INDEX) == {INDEX: True}


@pytest.mark.parametrize(
    ("index", "why", "instead"),
    [
        ("users_pkey", "the primary key users_pkey of public.users", "drop constraint users_pkey"),
        ("sources_url_key", "the unique constraint sources_url_key", "drop constraint sources_url_key"),
        ("slots_excl", "the exclusion constraint slots_excl", "drop constraint slots_excl"),
        ("referred", "Foreign keys need public.referred: refers_a_fkey on refers", "Drop those first."),
        ("known_by", "Logical replication knows the rows of public.known by public.known_by", "replica identity"),
        ("ix_nots_status", "There is no index ix_nots_status.", "Did you mean ix_notes_status?"),
    ],
)
def test_what_something_stands_on_is_not_dropped(index: str, why: str, instead: str, db: Database) -> None:
    query(db, "create table slots (during tsrange, constraint slots_excl exclude using gist (during with &&))")
    query(db, "create table referred_to (a int); create unique index referred on referred_to (a)")
    query(db, "create table refers (a int references referred_to (a))")
    query(db, "create table known (a int not null); create unique index known_by on known (a)")
    query(db, "alter table known replica identity using index known_by")
    with pytest.raises((ArgumentInvalid, Refused)) as failure:
        indexes.usage(db, index)
    assert why in failure.value.message
    assert instead in str(failure.value.hint)


def test_an_invalid_one_goes_too(db: Database) -> None:
    interrupted(db, "create index concurrently half on tasks (created_at)")
    assert indexes.drop(db, indexes.usage(db, "half")).outcome == "dropped"
    assert validity(db, "half") == {}


def test_an_interrupted_drop_ends_with_the_next_run(db: Database) -> None:
    used = indexes.usage(db, "ix_tasks_user_status")
    now = "public.ix_tasks_user_status is INVALID now: run this again, or keep it with litxdb index rebuild"
    with reader(db) as pid, pytest.raises(ServerRefused, match=f"held up by .*pid {pid}.*{now}"):
        indexes.drop(db, used, Patience(lock_timeout_seconds=1.5, attempts=1))
    assert [entry.outcome.partition(":")[0] for entry in Journal(db.settings.state).entries()] == ["begun", "failed"]
    assert validity(db, "ix_tasks_user_status") == {"ix_tasks_user_status": False}
    assert indexes.drop(db, indexes.usage(db, "ix_tasks_user_status")).outcome == "dropped"
    assert validity(db, "ix_tasks_user_status") == {}


def test_without_a_journal_nothing_is_dropped(run: Run, db: Database, db_url: str, tmp_path: object) -> None:
    outcome = run("index", "drop", INDEX, "--yes", "--url", db_url, env={"LITXDB_STATE": "/dev/null/x"})
    assert outcome.code == ConfigurationInvalid.code
    assert "The journal /dev/null/x/journal.jsonl cannot be written" in outcome.stderr
    assert validity(db, INDEX) == {INDEX: True}


def test_in_production_the_databases_name_is_asked_for(run: Run, db: Database, db_url: str) -> None:
    outcome = run("index", "drop", INDEX, "--url", db_url, env={"LITXDB_ENV": "production"})
    assert outcome.code == Exit.REFUSED
    assert validity(db, INDEX) == {INDEX: True}


def test_old_servers_too(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(db, "create table t (a int); create index mine on t (a)")
        used = indexes.usage(db, "mine")
        assert (used.scans, used.last_used) == (0, None)
        assert indexes.drop(db, used).outcome == "dropped"


def test_a_locked_table_is_said_so(db: Database) -> None:
    with db.connect() as connection, connection.cursor() as cursor:
        cursor.execute("lock table notes in access exclusive mode")
        with pytest.raises(Refused, match=r"public\.notes is locked, so the definition cannot be kept"):
            indexes.usage(db, INDEX)
