"""Every rule of ours: a revision that breaks it and one that does not; and what is made of squawk's findings."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.migrate import Graph, Project
from litxdb.migrate.lint import LintFinding, lint, rules
from litxdb.migrate.lint.rules import own_rules
from litxdb.settings import Settings
from tests.bed.servers import Server
from tests.bed.statements import query

HEAD = Graph.read().head.id
TABLES = """
create table big (id int primary key, word text, flag boolean default false, title varchar(99));
create index by_word on big (word);
create table small (id int primary key, word text);
create table one (id int); create table two (id int); create table three (id int); create table four (id int);
create materialized view seen as select id from big; create unique index on seen (id);
create function nothing() returns trigger language plpgsql as 'begin return new; end'
"""
BLOCK = "with op.get_context().autocommit_block(): "

CASES: dict[str, tuple[str, ...]] = {
    "unbatched-write": (
        "op.execute('update big set flag = true')",
        "op.execute('delete from public.big')",
        "op.execute(\"update big set word = 'where'\")",
        "op.execute('with x as (select 1) update big as b set flag = true where id > 0')",
    ),
    "change-before-autocommit": (
        f"op.execute('alter table one add a1 int')\n    {BLOCK}op.execute('create index concurrently on one (a1)')",
    ),
    "rewriting-command": (
        "op.execute('alter table big set unlogged')",
        "op.execute('alter table big set logged')",
        f"{BLOCK}op.execute('vacuum full big')",
        f"{BLOCK}op.execute('vacuum (analyze, full) big')",
        "op.execute('cluster big using by_word')",
        "op.execute('alter table big set tablespace pg_default')",
    ),
    "volatile-default": (
        "op.execute('alter table big add column a2 uuid default gen_random_uuid()')",
        "op.execute('alter table only big add a3 timestamptz not null default clock_timestamp()')",
    ),
    "opaque-block": ("op.execute(\"do $$ begin update big set word = 'x'; end $$\")",),
    "locked-table": (
        "op.execute('lock table big')",
        "op.execute('lock big in share row exclusive mode')",
    ),
    "truncated-table": ("op.execute('truncate big')", "op.execute('truncate table only small')"),
    "trigger-on-existing-table": (
        "op.execute('create trigger t before insert on big for each row execute function nothing()')",
    ),
    "blocking-refresh": ("op.execute('refresh materialized view seen')",),
    "table-rewrite": ("op.execute('do $$ begin alter table one alter id type bigint; end $$')",),
    "many-tables-locked": (
        "[op.execute(f'alter table {name} add column a5 int') for name in ('one', 'two', 'three', 'four')]",
    ),
    "work-under-lock": (
        "op.execute('alter table small add column a6 int'); op.execute('create index on big (flag)')",
        "op.execute('alter table big add column a7 int'); op.execute('update big set a7 = 1')",
    ),
    "void-acceptance": ("op.execute('select 1')  # litxdb: accept opaque-block",),
}
WELL = (
    "op.execute('create table {new} (id int, word text)'); op.execute('update {new} set word = 1');"
    "op.execute('truncate {new}'); op.execute('lock table {new}'); op.execute('create index on {new} (word)');"
    "op.execute('create trigger t before insert on {new} for each row execute function nothing()');"
    "op.execute('alter table {new} alter id type bigint, add u uuid default gen_random_uuid()');"
    "op.execute('alter table {new} set unlogged'); op.execute('alter table {new} add foreign key (id) references big')",
    "op.execute('alter table big add column b1 int default 5, add column b2 timestamptz default now()')",
    f"{BLOCK}op.execute('update big set flag = true where id between 1 and 1000')",
    "op.execute('update small set word = 2 where id = 1')",
    f"op.execute('alter table big add column if not exists b3 int')\n    {BLOCK}op.execute('create index concurrently "
    "if not exists by_b3 on big (b3)')",
    f"{BLOCK}op.execute('vacuum (analyze) big')",
    "op.execute('lock table big in row exclusive mode')",
    "op.execute(\"comment on table big is 'truncate big; update big set flag = true'\")",
    "op.execute('alter table big alter title type varchar(300)'); op.execute('alter table big alter title type text')",
    f"{BLOCK}op.execute('refresh materialized view concurrently seen')",
    "[op.execute(f'alter table {name} add column b4 int') for name in ('one', 'two', 'three')]",
    "op.execute('select 1')  # litxdb: accept opaque-block it is not one",
    "op.execute('insert into small values (1) on conflict (id) do update set word = 3')",
)
SQUAWK: list[tuple[str, list[str]]] = [
    ("alter table users alter email type text", []),
    ("alter table users alter created_at type date", ["changing-column-type"]),
    ("alter table users add constraint u unique (first_name)", ["disallowed-unique-constraint"]),
    ("alter table users add constraint f foreign key (id) references users", ["adding-foreign-key-constraint"]),
    ("alter table users add constraint g foreign key (id) references users not valid", []),
    ("alter table users add column friend bigint references users", []),
    ("alter table users add constraint c check (id > 0)", ["constraint-missing-not-valid"]),
    ("alter table users add column n bigint generated always as (id) stored", ["adding-field-with-default"]),
    ("alter table users alter first_name set not null", ["adding-not-nullable-field"]),
    (
        "alter table users add constraint n check (last_name is not null) not valid; commit;"
        "alter table users validate constraint n; commit; alter table users alter last_name set not null",
        ["constraint-missing-not-valid", "work-under-lock"],
    ),
    ("drop index ix_users_clerk_id", ["require-concurrent-index-deletion"]),
    ("create unlogged table fine (id bigint); drop table fine", []),
    ("alter table users rename first_name to given_name", ["renaming-column"]),
    ("drop function set_updated_at cascade", ["ban-drop-function", "many-tables-locked"]),
    ("/* drop table users */ select 'drop table users' -- ; drop table users", []),
]
BAD = [(rule, body) for rule, bodies in CASES.items() for body in bodies]
SQUAWK_BODIES = ["; ".join(f'op.execute("{each}")' for each in sql.split(" commit;")) for sql, _ in SQUAWK]
REVISION = '''"""Revision {number} of the project."""
from alembic import op

revision = "p{number}"
down_revision = "{follows}"

def upgrade():
    {body}

def downgrade():
    op.execute("comment on schema public is null")
'''

Found = dict[str, list[LintFinding]]


@pytest.fixture(scope="module")
def found(server: Server, bed_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What lint finds in each revision, judged by a database where `small` is small and all else has 5,000,000 rows."""
    directory = tmp_path_factory.mktemp("versions")
    bodies = [f'op.execute("""{TABLES}""")', *(body for _, body in BAD), *WELL, *SQUAWK_BODIES]
    for number, body in enumerate(bodies):
        follows, text = f"p{number - 1}" if number else HEAD, body.replace("{new}", f"new{number}")
        (directory / f"{number:03}.py").write_text(REVISION.format(number=number, follows=follows, body=text))
    home = bed_directory / "lint"
    with server.database() as url, Database(settings=Settings(url=url, home=home)) as db:
        query(db, TABLES)
        query(db, "update pg_class set reltuples = 5e6, relpages = 50000 where relnamespace = 'public'::regnamespace")
        query(db, "update pg_class set reltuples = 100, relpages = 1 where relname = 'small'")
        names = [f"p{number}" for number in range(1, len(bodies))]
        findings = defaultdict(list)
        for each in lint(db, project=Project.litxplore(directory), revisions=names).rows:
            findings[each.revision].append(each)
    return findings


@pytest.mark.parametrize("number", range(1, len(BAD) + 1), ids=[f"{rule}-{body[12:40]}" for rule, body in BAD])
def test_a_revision_that_breaks_the_rule(number: int, found: Found) -> None:
    rule = BAD[number - 1][0]
    hits = [each for each in found[f"p{number}"] if each.rule == rule]
    assert len(hits) == 1
    expected = {each.id: each.level for each in own_rules()}[rule]
    assert hits[0].level == ("warning" if " where id > 0" in BAD[number - 1][1] else expected)
    assert hits[0].line in (7, 8)
    assert hits[0].table in (None, "public.big", "public.small", "public.seen", "public.one", "public.four")


@pytest.mark.parametrize("number", range(len(BAD) + 1, len(BAD) + len(WELL) + 1))
def test_a_revision_that_does_not(number: int, found: Found) -> None:
    ours = {rule.id for rule in own_rules()} | {"changing-column-type", "adding-field-with-default"}
    assert not [each for each in found[f"p{number}"] if each.rule in ours]


@pytest.mark.parametrize("number", range(len(SQUAWK)), ids=[sql for sql, _ in SQUAWK])
def test_squawk_s_findings_are_held_against_the_measurement(number: int, found: Found) -> None:
    hits = found[f"p{len(BAD) + len(WELL) + number + 1}"]
    assert sorted(each.rule for each in hits if not each.rule.startswith("prefer-")) == SQUAWK[number][1]


def test_a_rewrite_is_reported_once_by_the_rule_that_says_most(found: Found) -> None:
    by_body = {body: found[f"p{number}"] for number, (_, body) in enumerate(BAD, 1)}
    rewriting = [each for body, each in by_body.items() if "gen_random_uuid" in body or "unlogged" in body]
    assert [[finding.rule for finding in each if finding.level == "error"] for each in rewriting] == [
        ["rewriting-command"],
        ["volatile-default"],
    ]


def test_every_rule_has_a_page_and_is_named_as_its_file() -> None:
    names = {path.stem.replace("_", "-") for path in Path(rules.__path__[0]).glob("[a-z]*.py")}
    assert {rule.id for rule in own_rules()} == names
    elsewhere = {"missing-downgrade", "failing-downgrade", "unexamined"}  # test_lint.py, test_migrate_production.py
    assert names - CASES.keys() == elsewhere
    for rule in own_rules():
        assert all((rule.what, rule.why, rule.remedy))
        assert rule.level in ("error", "warning")
