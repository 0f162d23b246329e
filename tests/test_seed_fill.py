"""A world in a database: whole or not there, once, beside other rows only on request, and gone without a trace."""

import csv
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from litxdb import migrate
from litxdb.database import Database
from litxdb.errors import Exit, LockHeld, Refused, ServerRefused
from litxdb.seed import Filled, Loaded, Recipe, baseline, clean, fill, write
from litxdb.seed.world import NAMES
from tests.bed.drifting import Compare
from tests.bed.program import Outcome
from tests.bed.queueing import Queue
from tests.bed.servers import Server, Servers
from tests.bed.statements import as_role, query
from tests.bed.urls import with_keywords

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SEQUENCES = "select sequencename, last_value from pg_sequences order by 1"
CONTENT = " union all ".join(
    f"select '{name}', count(*), sum(hashtextextended(t::text, 0)) from {name} t" for name in NAMES
)


def world(db: Database, users: int = 3, **options: Any) -> Filled:
    return fill(db, users, heads=migrate.heads(), now=NOW, **options)


def inserted(filled: Filled) -> int:
    return sum(each.inserted for each in filled.tables)


def content(db: Database) -> list[tuple[Any, ...]]:
    return sorted(query(db, CONTENT))


def counts(db: Database) -> dict[str, int]:
    return {name: count for name, count, _ in content(db)}


@pytest.fixture
def filled(db: Database) -> Filled:
    return world(db)


def test_every_row_arrives_and_two_databases_hold_the_same(server: Server, migrated_template: str) -> None:
    found = []
    for _ in range(2):
        with server.database(template=migrated_template) as url, Database(url) as db:
            filled = world(db)
            query(db, "update users set updated_at = created_at where id = 1")
            query(db, "delete from user_profiles where id = 1; delete from users where id = 1")  # the baseline's times
            assert {each.table: each.inserted for each in filled.tables} == counts(db)
            found.append(content(db))
    assert found[0] == found[1]


def test_a_second_run_writes_nothing(db: Database, db_url: str, run: Run) -> None:
    first = run("seed", "--users", "3", "--now", "2026-11-22", "--url", db_url, "--format", "json")
    assert first.code == Exit.DONE
    assert "rows inserted, of 3 people" in first.stderr
    before, reading = content(db), with_keywords(db_url, options="-c default_transaction_read_only=on")
    for words in (["--now", "2026-11-22"], []):  # without --now, whatever world there is
        again = run("seed", "--users", "3", *words, "--url", reading, "--format", "json")
        assert again.code == Exit.DONE
        assert "nothing was written" in again.stderr
        assert [row["kept"] for row in again.json["rows"]] == [row["inserted"] for row in first.json["rows"]]
    assert content(db) == before


def test_rows_that_somebody_deleted_are_counted_and_stay_away(
    db: Database, filled: Filled, db_url: str, run: Run
) -> None:
    query(db, "delete from notes where id = (select min(id) from notes)")
    assert world(db).gone == 1
    assert "1 seeded row deleted since" in run("seed", "--users", "3", "--url", db_url).stderr


@pytest.mark.parametrize("arguments", [{"users": 4}, {"seed": "2"}, {"now": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_another_world_needs_a_clean_database(arguments: dict[str, Any], db: Database, filled: Filled) -> None:
    with pytest.raises(Refused, match="another world: 3 people, seed '1', until 2026-11-22"):
        fill(db, **{"users": 3, "heads": migrate.heads(), "now": NOW, **arguments})


def test_the_next_insert_works_in_every_table(db: Database, filled: Filled) -> None:
    """A copy of a row under the next number; unique constraints other than the key give way for the proof."""
    with closing(db.connect()) as connection, connection.cursor() as cursor:
        for name in NAMES:
            cursor.execute(
                "select string_agg(quote_ident(attname), ', ') from pg_attribute "
                "where attrelid = %s::regclass and attnum > 0 and not attisdropped and attname <> 'id'",
                [name],
            )
            (columns,) = cursor.fetchone() or ("",)
            if not _is_numbered(cursor, name):
                continue
            cursor.execute(
                "select indexrelid::regclass::text, conname from pg_index left join pg_constraint "
                "on conindid = indexrelid and contype = 'u' "
                "where indrelid = %s::regclass and indisunique and not indisprimary",
                [name],
            )
            for index, constraint in cursor.fetchall():
                cursor.execute(
                    f"alter table {name} drop constraint {constraint}" if constraint else f"drop index {index}"
                )
            cursor.execute(f"select max(id) from {name}")
            (largest,) = cursor.fetchone() or (0,)
            cursor.execute(f"insert into {name} ({columns}) select {columns} from {name} limit 1 returning id")
            assert cursor.fetchone() == (largest + 1,)


def _is_numbered(cursor: Any, name: str) -> bool:
    cursor.execute(
        "select from pg_attribute where attrelid = %s::regclass and attname = 'id' "
        "and atttypid in ('int4'::regtype, 'int8'::regtype)",
        [name],
    )
    return cursor.fetchone() is not None


def test_the_schema_is_what_it_was(db: Database, filled: Filled, compare: Compare) -> None:
    assert not compare(db).rows
    assert query(db, "select count(*) from pg_index where not indisvalid") == [(0,)]
    assert query(db, "select reltuples from pg_class where relname = 'papers'")[0][0] == counts(db)["papers"]


def test_a_search_finds_what_is_alike(db: Database) -> None:
    world(db, 20)
    found = query(
        db,
        "select (1 - (r.embedding <=> p.embedding)) >= 0.85 from sources r "
        "join sources p on p.metadata ->> 'arxiv_id' = r.metadata ->> 'repeats' where p.embedding is not null",
    )
    assert found
    assert set(found) == {(True,)}
    nearest = query(
        db,
        "select s.metadata ->> 'category', n.metadata ->> 'category' from "
        "(select * from sources where source_type = 'arxiv' and embedding is not null order by id limit 20) s "
        "cross join lateral (select * from sources o where o.source_type = 'arxiv' "
        "order by (o.embedding <=> s.embedding) + 0 limit 4) n",  # by no index, which finds nearly all
    )
    assert len(nearest) == 80
    assert all(mine == theirs for mine, theirs in nearest)


@pytest.mark.parametrize("major", [16, 18])
def test_each_server_that_has_vectors(major: int, postgresql: Servers) -> None:
    with postgresql.get(major).database() as url, Database(url) as db:
        migrate.upgrade(db)
        assert inserted(world(db)) == sum(counts(db).values()) - 2  # the baseline's user and profile
        clean(db)
        assert sum(counts(db).values()) == 6  # and its four fetchers


def test_clean_leaves_what_was_there_before(db: Database) -> None:
    baseline(db, heads=migrate.heads())
    query(db, "insert into users (clerk_id, email) values ('mine', 'mine@example.com')")
    query(db, "insert into tasks (id, user_id, status, created_at) values ('5eed-is-not-enough', 2, 'pending', now())")
    query(db, "insert into fetcher_state (fetcher) values ('semantic_scholar')")
    before = content(db)
    ours = "select fetcher, status, last_run_at from fetcher_state order by 1"
    sequences = query(db, SEQUENCES)
    fetchers = query(db, ours)
    name = str(query(db, "select current_database()")[0][0])
    world(db, name=name)
    query(db, "update users set first_name = 'Edited' where id > 1000000")
    removed = clean(db)
    assert sum(each.deleted for each in removed) == inserted(world(db, name=name))
    clean(db)
    after = content(db)
    assert [each for each in after if each[0] != "fetcher_state"] == [
        each for each in before if each[0] != "fetcher_state"
    ]
    assert query(db, ours) == fetchers
    assert query(db, SEQUENCES) == sequences
    assert query(db, "select to_regclass('litxdb.world'), to_regclass('litxdb.seeded_pairs')") == [(None, None)]
    assert clean(db) == ()


def test_clean_leaves_a_sequence_that_somebody_drew_from(db: Database, filled: Filled) -> None:
    query(db, "insert into users (clerk_id, email) values ('mine', 'mine@example.com')")
    clean(db)
    query(db, "insert into users (clerk_id, email) values ('more', 'more@example.com')")
    assert query(db, "select id from users order by 1") == [(1,), (1000004,), (1000005,)]


def test_clean_refuses_while_other_rows_refer_to_seeded_ones(db: Database, filled: Filled) -> None:
    """Bookmarks of seeded people for seeded papers too, when somebody made them later; and tables of other programs."""
    query(
        db,
        "insert into bookmarks (user_id, paper_id) select u.id, p.id from users u, papers p where u.id > 1000000 "
        "and not exists (select from bookmarks b where b.user_id = u.id and b.paper_id = p.id) order by 1, 2 limit 1",
    )
    query(db, 'create table "my ""own" (u integer references users)')
    query(db, 'insert into "my ""own" select max(id) from users')
    before = content(db)
    with pytest.raises(Refused) as refusal:
        clean(db)
    for reference in ("1 in bookmarks to papers", "1 in bookmarks to users", '1 in my "own to users'):
        assert reference in refusal.value.message
    assert content(db) == before
    query(db, 'drop table "my ""own"; delete from bookmarks where created_at > now() - interval \'1 minute\'')
    assert clean(db)


def test_clean_with_dry_run_only_says(db: Database, filled: Filled, db_url: str, run: Run) -> None:
    before = content(db)
    outcome = run("seed", "--clean", "--dry-run", "--url", db_url, "--format", "json")
    assert sum(row["deleted"] for row in outcome.json["rows"]) == inserted(filled)
    assert "would be deleted" in outcome.stderr
    assert content(db) == before


def test_clean_in_production_asks(db: Database, filled: Filled, db_url: str, run: Run) -> None:
    production = {"LITXDB_ENV": "production"}
    assert run("seed", "--clean", "--url", db_url, env=production).code == Exit.REFUSED
    assert counts(db)["papers"]
    assert run("seed", "--clean", "--yes", "--url", db_url, env=production).code == Exit.DONE
    assert not counts(db)["papers"]


def test_production_gets_no_world(db: Database, db_url: str, run: Run) -> None:
    outcome = run("seed", "--size", "tiny", "--url", db_url, env={"LITXDB_ENV": "production"})
    assert outcome.code == Exit.REFUSED
    assert "production" in outcome.stderr
    assert sum(counts(db).values()) == 0


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("insert into users (clerk_id, email) values ('a', 'a@example.com')", "users"),
        ("insert into documents (checksum) values ('a')", "documents"),
        ("insert into research_sessions (user_id, title) select id, 'mine' from users", "research_sessions"),
    ],
)
def test_rows_that_litxdb_did_not_make_keep_a_world_out_unless_named(
    statement: str, table: str, db: Database, db_url: str, run: Run
) -> None:
    baseline(db, heads=migrate.heads())
    query(db, statement)
    before = content(db)
    outcome = run("seed", "--users", "3", "--url", db_url)
    assert outcome.code == Exit.REFUSED
    assert f"rows in {table} that litxdb did not make" in outcome.stderr
    assert run("seed", "--users", "3", "--url", db_url, "--among", "another").code == Exit.REFUSED
    assert content(db) == before
    named = re.search(r"--among (\w+)", outcome.stderr)
    assert named
    assert run("seed", "--users", "3", "--url", db_url, "--among", named[1]).code == Exit.DONE


def test_rows_with_the_numbers_of_a_world_keep_it_out(db: Database) -> None:
    query(db, "insert into sources (id, source_type, url, title) values (1000007, 'arxiv', 'u', 't')")
    name = str(query(db, "select current_database()")[0][0])
    with pytest.raises(Refused, match="sources holds rows with numbers from 1,000,001 on"):
        world(db, name=name)


def test_dry_run_counts_and_writes_nothing(db: Database, db_url: str, run: Run) -> None:
    outcome = run("seed", "--users", "3", "--now", "2026-11-22", "--dry-run", "--url", db_url, "--format", "json")
    assert "would be inserted" in outcome.stderr
    assert sum(counts(db).values()) == 0
    assert [row["inserted"] for row in outcome.json["rows"]] == [each.inserted for each in world(db).tables]


@pytest.mark.parametrize("revision", [None, "0008_chat"])
def test_a_schema_that_is_not_at_head_gets_no_world(
    revision: str | None, empty_db: Database, empty_url: str, run: Run
) -> None:
    if revision:
        migrate.upgrade(empty_db, revision)
    outcome = run("seed", "--users", "3", "--url", empty_url)
    assert outcome.code == Exit.REFUSED
    assert "litxdb migrate" in outcome.stderr


def test_two_at_once_make_one_world(db_url: str) -> None:
    def one(_: int) -> int:
        with Database(db_url) as db:
            return inserted(world(db))

    with ThreadPoolExecutor(3) as threads:
        done = sorted(threads.map(one, range(3)))
    assert done[:2] == [0, 0]
    assert done[2] > 0


def test_who_will_not_wait_is_told_who_seeds(db: Database, db_url: str, run: Run) -> None:
    with Queue(db_url) as queue:
        queue.hold("select pg_advisory_lock(hashtextextended(current_database() || '.litxdb_world', 0))")
        outcome = run("seed", "--users", "3", "--lock-wait", "0", "--url", db_url)
        assert outcome.code == Exit.LOCKED
        assert "Another seed of this database is running (holder" in outcome.stderr
        with pytest.raises(LockHeld):
            clean(db, wait_seconds=0)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_ended_half_way_it_leaves_nothing_and_begins_anew(
    end: signal.Signals, db: Database, db_url: str, start: Start
) -> None:
    with Queue(db_url) as queue:
        queue.hold("lock table user_activity in share mode")  # the last of the large tables
        process = start("seed", "--users", "3", "--now", "2026-11-22", "--url", db_url)
        waiting = "select pid from pg_locks where not granted and relation = 'user_activity'::regclass"
        while not (found := queue.ask(waiting)):
            assert process.poll() is None, process.communicate()
        process.send_signal(end)
        code = process.wait(20)
        assert code == {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}.get(end, -end)
        if end is signal.SIGKILL:  # the server notices when it next has something to say
            queue.ask("select pg_terminate_backend(%s)", found[0][0])
    assert counts(db)["papers"] == 0
    assert inserted(world(db)) > 0


def test_what_fails_on_the_way_leaves_nothing(db: Database, db_url: str, run: Run) -> None:
    query(db, "create function no() returns trigger language plpgsql as $$ begin raise 'no more'; end $$")
    query(db, "create trigger no before insert on user_activity for each row execute function no()")
    outcome = run("seed", "--users", "3", "--url", db_url)
    assert outcome.code == Exit.SERVER
    assert "no more" in outcome.stderr
    assert counts(db)["users"] == 1
    assert query(db, "select to_regclass('litxdb.world')") == [(None,)]
    assert query(db, "select count(*) from pg_indexes where indexname = 'ix_sources_embedding_hnsw'") == [(1,)]


def test_a_role_that_may_not_write_one_table(db: Database, server: Server) -> None:
    theirs = as_role(server, db, "seeding_owner", owner=True)
    with theirs:
        with pytest.raises(ServerRefused) as refusal:
            world(theirs)
        assert refusal.value.hint == "Have an administrator run: grant usage, create on schema litxdb to seeding_owner"
        query(db, refusal.value.hint.partition(": ")[2])
        query(db, "alter table notes owner to postgres")
        with pytest.raises(Exception, match="permission denied for table notes"):
            world(theirs)
        assert counts(db)["papers"] == 0
        query(db, "alter table notes owner to seeding_owner")
        assert inserted(world(theirs))


def test_the_fetchers_that_somebody_set_up_stay(db: Database) -> None:
    baseline(db, heads=migrate.heads())
    query(db, "update fetcher_state set status = 'paused' where fetcher = 'arxiv'")
    assert next(each.inserted for each in world(db).tables if each.table == "fetcher_state") == 3
    assert query(db, "select status from fetcher_state where fetcher = 'arxiv'") == [("paused",)]
    clean(db)
    assert query(db, "select fetcher, status from fetcher_state order by 1")[0] == ("arxiv", "paused")
    assert counts(db)["fetcher_state"] == 4


def test_files_hold_the_same_rows(
    db: Database, tmp_path: Path, run: Run, server: Server, migrated_template: str
) -> None:
    directory = tmp_path / "some" / "wörld 1"
    outcome = run("seed", "--users", "3", "--now", "2026-11-22", "--csv", directory)
    assert outcome.code == Exit.DONE, outcome.stderr
    assert sorted(path.stem for path in directory.glob("*.csv")) == sorted(NAMES)
    assert not list(directory.parent.glob(".*"))
    world(db)
    query(db, "delete from user_profiles where id = 1; delete from users where id = 1")
    with (
        server.database(template=migrated_template) as url,
        Database(url) as other,
        closing(other.connect()) as connection,
    ):
        cursor = connection.cursor()
        for name in NAMES:
            with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                columns = ", ".join(next(csv.reader(file)))
                file.seek(0)
                cursor.copy_expert(f"copy {name} ({columns}) from stdin with (format csv, header)", file)
        connection.commit()
        assert content(other) == content(db)
    script = (directory / "load.sql").read_text()
    assert all(f"'{name}.csv'" in script for name in NAMES)


def test_files_are_all_there_or_none(tmp_path: Path, run: Run) -> None:
    def interrupt(title: str, loaded: Loaded | None) -> None:
        if title == "notes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(Recipe(2, now=NOW), tmp_path / "partial", watch=interrupt)
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    outcome = run("seed", "--users", "2", "--csv", tmp_path / "full")
    assert outcome.code == Exit.REFUSED
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    assert run("seed", "--users", "2", "--csv", tmp_path / "empty").code == Exit.DONE


def test_files_that_cannot_be_written_say_why(tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").touch()
    outcome = run("seed", "--users", "2", "--csv", tmp_path / "file" / "below")
    assert outcome.code == Exit.CONFIGURATION
    assert "could not be written: File exists" in outcome.stderr


def test_a_world_of_another_version_says_so(db: Database, filled: Filled) -> None:
    query(db, "update litxdb.world set version = 0")
    with pytest.raises(Refused, match="made by another version of litxdb"):
        world(db)
    assert clean(db)  # which needs none of what the other version knew


@pytest.mark.parametrize(
    "words",
    [
        ["--users", "0"],
        ["--size", "huge"],
        ["--users", "3", "--size", "tiny"],
        ["--users", "3", "--now", "yesterday"],
        ["--users", "1000000000"],
        ["--users", "3", "--seed", "\udcff"],
        ["--csv", "somewhere"],
        ["--csv", "somewhere", "--users", "1", "--dry-run"],
        ["--among", "somewhere"],
        ["--policy", "somewhere", "--users", "1"],
        ["--from", "somewhere"],
        ["--from", "somewhere", "--dry-run"],
        ["--clean", "--size", "tiny"],
    ],
)
def test_what_makes_no_sense_is_a_usage_error(words: list[str], db_url: str, run: Run) -> None:
    assert run("seed", *words, "--url", db_url).code == Exit.USAGE


def test_production_is_known_from_the_settings(db: Database) -> None:
    with Database(settings=replace(db.settings, production=True)) as same, pytest.raises(Refused, match="production"):
        world(same)
