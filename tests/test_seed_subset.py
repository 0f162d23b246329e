"""A subset of a backup: complete by foreign keys, masked in every personal column, stopped by what nobody decided."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from litxdb import migrate
from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, Exit, Refused
from litxdb.seed import Subset, fill, read_masking, subset
from litxdb.seed.masking import METHODS, WORDS, litxplore, parse
from litxdb.settings import Settings
from tests.bed import people
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import query

Run = Callable[..., Outcome]
HOSTILE = 'O\'Brien "x" \\\t\n%s ünï \u202e ‮ {0} $1'
EVERYTHING = """
select string_agg(t::text, ' ') from (
    select u::text as t from users u union all select p::text from user_profiles p union all select t::text from teams t
    union all select r::text from literature_reviews r union all select t::text from tasks t
    union all select p::text from papers p union all select n::text from notes n
    union all select b::text from bookmarks b
    union all select c::text from chat_sessions c union all select m::text from chat_messages m
    union all select s::text from research_sessions s union all select i::text from digest_items i
    union all select f::text from feedback f union all select w::text from preference_weights w
    union all select s::text from subscriptions s union all select a::text from user_activity a) every
"""


@pytest.fixture
def target(server: Server, migrated_template: str) -> Iterator[Database]:
    with server.database(template=migrated_template) as url, Database(url) as other:
        yield other


@pytest.fixture
def source(db: Database) -> Database:
    people.settle(db)
    return db


def take(source: Database, target: Database, users: int = 1, key: str = "k", **options: Any) -> Subset:
    return subset(source, target, users, key=key, heads=migrate.heads(), **options)


def rows(copied: Subset) -> dict[str, int]:
    return {each.table.removeprefix("public."): each.rows for each in copied.tables}


def ada(source: Database, server: Server, template: str) -> str:
    """Return a key that chooses her."""
    for number in range(100):
        with server.database(template=template) as url, Database(url) as other:
            take(source, other, key=str(number))
            if query(other, "select 1 from chat_sessions where user_id = 1"):
                return str(number)
    raise AssertionError("nobody chooses her")


def test_it_is_all_that_belongs_to_the_person_and_what_that_refers_to(
    source: Database, target: Database, server: Server, migrated_template: str
) -> None:
    copied = rows(take(source, target, key=ada(source, server, migrated_template)))
    shared = {"users", "teams", "sources", "literature_reviews", "research_sessions", "papers"}
    for name, count in people.OWNED.items():
        if name in shared or name in ("chat_sessions", "digests", "digest_items", "user_profiles"):
            assert copied[name] >= count  # others' rows that hers refer to
        else:
            assert copied[name] == count, name
    assert query(target, "select id from sources order by 1") == [(1,)]
    assert query(target, "select id from teams order by 1") == [(1,), (3,)]
    assert query(target, "select count(*) from literature_reviews where user_id = 1") == [(2,)]
    assert query(target, "select embedding = array_fill(0.5::real, '{1536}')::vector from sources") == [(True,)]


def test_a_dry_run_counts_and_writes_nothing(source: Database, target: Database) -> None:
    planned = take(source, target, users=3, dry_run=True)
    assert query(target, "select count(*) from users") == query(target, "select count(*) from papers") == [(0,)]
    assert take(source, target, users=3) == planned


def test_no_personal_value_is_left(source: Database, target: Database) -> None:
    query(
        source, "update users set first_name = 'Xanthippe', last_name = 'Quux', stripe_customer_id = 'cus_s3cr3t' || id"
    )
    query(source, "update user_profiles set display_name = 'Xanthippe Quux', preferences = '{\"likes\": \"quuxes\"}'")
    query(
        source,
        "insert into papers (id, session_id, external_id, title, url) values (77, 1, 'upload_77', 'Divorce papers', 'file:///x')",
    )
    secret = (
        "Ada|Bob|Eve|Xanthippe|[Qq]uux|user_ada|s3cr3t|Graphs|Trees|secret|asks|answered|Divorce|file:|Both|_77|hers"
    )
    assert re.findall(secret, str(query(source, EVERYTHING)[0][0]))
    take(source, target, users=3)
    assert not re.findall(secret, str(query(target, EVERYTHING)[0][0]))
    assert query(
        target, "select count(*), count(distinct email), count(distinct clerk_id) from users where id < 4"
    ) == [(3, 3, 3)]
    emails = [email for (email,) in query(target, "select email from users where id < 4")]
    assert all(re.fullmatch(r"person-[0-9a-f]{20}@example\.org", email) for email in emails)
    assert query(target, "select title, url from papers where external_id = '2307.12345' order by 1") == [
        ("On graphs", None),
        ("On trees", None),
    ]
    assert query(target, "select result_data from tasks where id = 't-1'") == [
        ('{"review_id": 11, "citations_count": 1}',)
    ]
    assert query(target, "select result_data from tasks where id = 't-2'") == [(None,)]


def test_the_same_key_makes_the_same_masks(source: Database, server: Server, migrated_template: str) -> None:
    found = []
    for key in ("one", "one", "two"):
        with server.database(template=migrated_template) as url, Database(url) as other:
            take(source, other, users=3, key=key)
            found.append(query(other, "select id, email, clerk_id from users where id < 4 order by 1"))
    assert found[0] == found[1]
    assert all(mine[1:] != theirs[1:] for mine, theirs in zip(found[0], found[2], strict=True))


def test_a_column_that_nobody_classified_stops_it(source: Database, target: Database) -> None:
    for db in (source, target):
        query(db, 'alter table users add phone text; alter table notes add "odd ""name" int')
    with pytest.raises(ConfigurationInvalid) as refusal:
        take(source, target, users=3)
    assert "public.users.phone" in refusal.value.message
    assert 'odd "name' in refusal.value.message
    assert query(target, "select count(*) from papers") == [(0,)]


def test_a_table_that_nobody_classified_stops_it(source: Database, target: Database) -> None:
    for db in (source, target):
        query(db, "create table diaries (user_id int references users on delete cascade, entry text)")
    query(source, "insert into diaries select id, 'dear' from users")
    with pytest.raises(ConfigurationInvalid, match=r"public\.diaries\.user_id.*public\.diaries\.entry"):
        take(source, target)


def test_the_next_insert_works_and_the_baseline_is_there(source: Database, target: Database) -> None:
    take(source, target, users=3)
    query(target, "insert into users (clerk_id, email) values ('a', 'a')")
    query(
        target, "insert into papers (session_id, external_id, title) select id, '1', 't' from research_sessions limit 1"
    )
    assert query(target, "select count(*) from users where clerk_id = 'user_default'") == [(1,)]
    assert query(target, "select count(*) from fetcher_state") == [(4,)]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("insert into users (clerk_id, email) values ('a', 'a')", "rows in users that litxdb did not make"),
        ("alter table notes drop justification", "has not the column justification text of public.notes"),
        ("alter table notes alter page_number type bigint", "the column page_number integer of public.notes"),
        ("drop table feedback", "has not the table public.feedback"),
    ],
)
def test_a_target_that_is_not_fit_is_left_alone(spoil: str, said: str, source: Database, target: Database) -> None:
    query(target, spoil)
    with pytest.raises(Refused, match=said):
        take(source, target, users=3)
    assert query(target, "select count(*) from papers") == [(0,)]


def test_a_world_is_not_mixed_with_people(source: Database, target: Database) -> None:
    fill(target, 1, heads=migrate.heads())
    with pytest.raises(Refused, match="made-up world"):
        take(source, target)


def test_what_fails_on_the_way_leaves_nothing(source: Database, target: Database) -> None:
    query(target, "create function no() returns trigger language plpgsql as $$ begin raise 'no more'; end $$")
    query(target, "create trigger no before insert on user_activity for each row execute function no()")
    with pytest.raises(Exception, match="no more"):
        take(source, target, users=3)
    assert query(target, "select (select count(*) from users), (select count(*) from notes)") == [(0, 0)]


FOREIGN = """
create schema "s p";
create type mood as enum ('good', 'bad');
create table "s p"."per son" (
    a int, b text, boss_a int, boss_b text, "full name" text, mail text unique, secret uuid, tags jsonb, site text,
    moods mood[] default '{good}', at tstzrange default '[2026-01-01,)',
    doubled int generated always as (a * 2) stored, primary key (a, b),
    foreign key (boss_a, boss_b) references "s p"."per son"
);
create table pages (
    id int generated always as identity (sequence name "page's %s") primary key,
    a int not null, b text not null, latest int, body text,
    foreign key (a, b) references "s p"."per son" on delete cascade);
create table versions (
    id int generated by default as identity primary key, page_id int not null references pages on delete cascade,
    body text
);
alter table pages add foreign key (latest) references versions;
create table logs (at date not null, a int, b text, note text,
    foreign key (a, b) references "s p"."per son" on delete cascade) partition by range (at);
create table logs_1 partition of logs for values from ('2026-01-01') to ('2026-06-01');
create table logs_2 partition of logs for values from ('2026-06-01') to ('2027-01-01');
"""
ROWS = """
insert into "s p"."per son" (a, b, "full name", mail, secret, tags, site)
    select n, 'b' || n, 'Name ' || n, 'm' || n || '@x', gen_random_uuid(), '["x"]', 'http://me'
    from generate_series(1, 9) n;
update "s p"."per son" set boss_a = a % 3 + 1, boss_b = 'b' || a % 3 + 1 where a > 3;
insert into pages (a, b, body) select a, b, 'page of ' || a from "s p"."per son";
insert into versions (page_id, body) select id, repeat('mine', 100) from pages;
update pages set latest = id;
insert into logs select date '2026-05-20' + a * 3, a, b, 'note' from "s p"."per son"
"""
POLICY = """
root = "s p.per son"
[kept]
"s p.per son.boss_a,boss_b" = "a boss owns nobody"
"pages.latest" = "the last version"
[tables."s p.per son"]
keep = ["a", "b", "boss_a", "boss_b", "moods", "at"]
full_name = ["full name"]
email = ["mail"]
uuid = ["secret"]
empty_json = ["tags"]
url = ["site"]
[tables.pages]
keep = ["id", "a", "b", "latest"]
text = ["body"]
[tables.versions]
keep = ["id", "page_id"]
text = ["body"]
[tables.logs]
keep = ["at", "a", "b"]
null = ["note"]
"""


def test_another_schema_goes_by_its_own_policy(any_server: Server, tmp_path: Path) -> None:
    """Cycles, composite and self-referencing keys, generated columns, partitions, and names that need quotes."""
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    masking = read_masking(tmp_path / "policy.toml")
    with any_server.database() as one, any_server.database() as two, Database(one) as source, Database(two) as target:
        for db in (source, target):
            query(db, FOREIGN)
        query(source, ROWS)
        query(source, f"update pages set body = {_literal(HOSTILE)} || repeat('x', 1000000) where id = 5")
        copied = subset(source, target, 5, key="k", masking=masking)
        found = {each.table: each.rows for each in copied.tables}
        assert copied.people == 5
        assert found["public.pages"] == found["public.versions"] == found["public.logs"] == 5
        assert 5 <= found['"s p"."per son"'] <= 8
        assert query(target, "select count(*) from pages p join versions v on v.id = p.latest") == [(5,)]
        assert query(
            target, 'select count(*) from "s p"."per son" where doubled <> a * 2 or mail !~ \'example.org$\''
        ) == [(0,)]
        assert query(target, "select count(*) from logs where note is not null") == [(0,)]
        query(target, "insert into pages (a, b) select a, b from pages limit 1")
        assert query(target, "select count(*) from pg_constraint where contype = 'f' and not convalidated") == [(0,)]
        with pytest.raises(Refused, match="holds rows already"):
            subset(source, target, 5, key="k", masking=masking)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("method", sorted(METHODS))
def test_masks_hide_hostile_values_and_tell_two_apart(method: str, db: Database) -> None:
    values = [HOSTILE, HOSTILE.upper(), "a@example.com", "user_2abc", "[1]", "x" * 5000]
    masks = [
        query(db, f"select ({METHODS[method](f'{_literal(value)}::text', 'key')})::text")[0][0] for value in values
    ]
    again = query(db, f"select ({METHODS[method](f'{_literal(values[0])}::text', 'key')})::text")[0][0]
    assert again == masks[0]
    assert not any(mask and value in mask for value, mask in zip(values, masks, strict=True) if value != "[1]")
    if method in ("email", "token", "url", "uuid"):
        assert len(set(masks)) == len(values)


def test_the_words_for_texts_are_even_enough() -> None:
    assert len(WORDS) == len(set(WORDS)) == 64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "cannot be understood"),
        ('root = "users"\n[tables.users]\nencrypt = ["email"]', "unknown key encrypt"),
        ('root = "users"\nwhatever = 1', "unknown key whatever"),
        ("[tables.users]\nkeep = []", "cannot be understood"),
        ('root = "users"\n[tables.users]\nkeep = ["email"]\nemail = ["email"]', "a column of users in two ways"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=said):
        read_masking(tmp_path / "policy.toml")
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        read_masking(tmp_path / "nothing.toml")


def test_keys_are_not_masked_apart(source: Database, target: Database) -> None:
    from litxdb import ownership

    methods = {table: dict(columns) for table, columns in litxplore().methods.items()}
    methods["notes"]["paper_id"] = "null"
    lines = "".join(
        f"[tables.{table}]\n"
        + "".join(f"{method} = {[c for c in columns if columns[c] == method]}\n" for method in set(columns.values()))
        for table, columns in methods.items()
    )
    with pytest.raises(ConfigurationInvalid, match=r"notes.paper_id refers to public.papers.id"):
        take(source, target, users=3, masking=parse(lines, "x", ownership.litxplore()))


def test_nobody_comes_back_who_was_erased(
    source: Database, target: Database, scratch_settings: Settings, run: Run
) -> None:
    """The ledger is beside the backups."""
    url, home = str(source.settings.url), {"LITXDB_HOME": str(scratch_settings.home)}
    source.close()
    assert run("backup", "--store", "store", "--quiet", "--url", url).code == Exit.DONE
    assert run("verify", "--store", "store", env=home).code == Exit.DONE
    assert run("erase-user", "1", "--yes", "--no-export", "--store", "store", "--url", url).code == Exit.DONE
    words = ("seed", "--from", "latest", "--users", "3", "--store", "store", "--url", str(target.settings.url))
    outcome = run(*words, env=home)
    assert outcome.code == Exit.DONE, outcome.stderr
    assert "erased again: 1 of those" in outcome.stderr
    assert query(target, "select id from users where clerk_id <> 'user_default' order by 1") == [(2,), (3,)]


def test_from_a_backup(
    db: Database, db_url: str, target: Database, scratch_settings: Settings, tmp_path: Path, run: Run
) -> None:
    fill(db, 12, heads=migrate.heads())
    store, home = str(tmp_path / "store"), {"LITXDB_HOME": str(scratch_settings.home)}
    name = run("backup", "--url", db_url, "--store", store, "--format", "json").json["name"]
    words = ("seed", "--from", name, "--users", "3", "--store", store, "--url", str(target.settings.url))
    outcome = run(*words, env=home)
    assert outcome.code == Exit.REFUSED
    assert f"litxdb verify {name}" in outcome.stderr
    assert run("verify", "--store", store, env=home).code == Exit.DONE
    assert run(*words, env={**home, "LITXDB_ENV": "production"}).code == Exit.REFUSED
    outcome = run(*words, "--format", "json", env=home)
    assert outcome.code == Exit.DONE, outcome.stderr
    assert outcome.json["people"] == 3
    found = {row["table"]: row["rows"] for row in outcome.json["rows"]}
    assert found["public.users"] >= 3
    assert query(target, "select count(*) from papers") == [(found["public.papers"],)]
    assert run(*words, env=home).code == Exit.REFUSED  # it is not empty any more
    assert run("seed", "--from", name, "--store", store, env=home).code == Exit.USAGE


PEOPLE = """
create table people (id int primary key, mail text);
create table letters (id int primary key, person int references people on delete cascade, body text)
"""


def test_nobody_comes_back_in_another_schema_either(
    server: Server, empty_db: Database, empty_url: str, scratch_settings: Settings, run: Run
) -> None:
    """A dry run says the same and writes nothing; a policy about other people than the ledger is refused."""
    home = {"LITXDB_HOME": str(scratch_settings.home)}
    query(
        empty_db,
        f"{PEOPLE}; insert into people select n, 'ada' || n || '@example.org' from generate_series(1, 3) n;"
        "insert into letters select n, n, 'Dear' from generate_series(1, 3) n",
    )
    empty_db.close()
    masks = 'root = "people"\n[tables.people]\nkeep = ["id"]\nemail = ["mail"]\n'
    Path("masks.toml").write_text(f'{masks}[tables.letters]\nkeep = ["id", "person"]\ntext = ["body"]\n')
    Path("others.toml").write_text('root = "letters"\n[tables.letters]\nkeep = ["id", "person"]\nnull = ["body"]\n')
    assert run("backup", "--store", "store", "--quiet", "--url", empty_url).code == Exit.DONE
    assert run("verify", "--store", "store", env=home).code == Exit.DONE
    gone = ("erase-user", "--root", "people", "--key", "2", "--yes", "--no-export", "--store", "store")
    assert run(*gone, "--url", empty_url).code == Exit.DONE
    with server.database() as url, Database(url) as target:
        query(target, PEOPLE)
        words = ("seed", "--from", "latest", "--users", "3", "--store", "store", "--url", url)
        refused = run(*words, "--policy", "others.toml", env=home)
        assert refused.code == Exit.REFUSED
        assert "people in public.people" in refused.stderr
        outcome = run(*words, "--policy", "masks.toml", "--dry-run", "--format", "json", env=home)
        assert outcome.code == Exit.DONE, outcome.stderr
        assert "erased again: 1 of those" in outcome.stderr
        planned = {each["table"]: (each["rows"], each["masked"]) for each in outcome.json["rows"]}
        assert planned == {"public.people": (2, ["mail"]), "public.letters": (2, ["body"])}
        assert query(target, "select count(*) from people") == [(0,)]
        assert run(*words, "--policy", "masks.toml", env=home).code == Exit.DONE
        assert query(target, "select id from people order by 1") == [(1,), (3,)]
        assert query(target, "select person from letters order by 1") == [(1,), (3,)]
        assert run(*words, "--policy", "masks.toml", "--dry-run", env=home).code == Exit.REFUSED
