"""From nothing to a database that works: server, schema, baseline, check.

Uses the local PostgreSQL, created the first time, unless DATABASE_URL or --url names another. Run it as often as you
like: what is there already stays as it is.

Example: litxdb up
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._migrating import watching
from litxdb.commands._options import Directory, Format, Url, Yes
from litxdb.errors import Exit, Refused
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.database import Database
    from litxdb.doctor import Examination, Finding

NEXT = (
    ("litxdb local psql", "look at the tables"),
    ("litxdb ping", "take the connection apart"),
    ('export DATABASE_URL="$(litxdb local url)"', "point your application at it"),
)
NEXT_ELSEWHERE = (
    ("litxdb ping", "take the connection apart"),
    ("litxdb history", "list the revisions"),
    ("litxdb status --check", "exit 1 when revisions are pending"),
)


def command(url: Url = None, yes: Yes = False, directory: Directory = None, form: Format = Form.table) -> None:
    from litxdb import migrate
    from litxdb.database import Database
    from litxdb.doctor import examine
    from litxdb.seed import baseline

    with Database(url, command="up", notify=render.note, create_local=True) as db:
        if db.settings.production:
            raise Refused("litxdb up is for development, and this is production.", "Run litxdb migrate instead.")
        with render.step("PostgreSQL") as outcome:
            version = _server_version(db)
            outcome.append(version)
        if not db.endpoint.is_local:
            confirm(f"This migrates and seeds {db.endpoint}.", yes=yes)
        with watching() as watch:
            start = time.perf_counter()
            migrated = migrate.upgrade(db, directory=directory, watch=watch)
        applied = len(migrated.steps)
        detail = f"{render.count(applied, 'revision')} applied" if applied else f"at head, {migrated.after}"
        render.Progress().finish("Schema", (time.perf_counter() - start) * 1000, detail)
        with render.step("Baseline") as outcome:
            seeded = baseline(db, heads=migrate.heads(directory))
            inserted = sum(row.inserted for row in seeded)
            outcome.append(f"{render.count(inserted, 'row')} inserted" if inserted else "everything is there")
        with render.step("Check") as outcome:
            examined = examine(db, directory)
            looked = len(examined.results) - examined.counts["skip"]
            outcome.append(f"{render.count(looked, 'check')}, {render.count(len(_defects(examined)), 'finding')}")
    answer = {"endpoint": str(db.endpoint), "server_version": version, "revision": migrated.after}
    _conclude(db, answer, examined, form)


def _server_version(db: Database) -> str:
    with contextlib.closing(db.connect()) as connection:
        return (connection.info.parameter_status("server_version") or "").partition(" ")[0]


def _defects(examined: Examination) -> list[Finding]:
    """Leave out what is only worth knowing: `litxdb doctor` says it."""
    from litxdb.doctor import Status

    return [finding for finding in examined.findings if finding.level is not Status.INFO]


def _conclude(db: Database, answer: dict[str, str | None], examined: Examination, form: Form) -> None:
    columns = {"level": "level", "check": "check", "object": "object", "measured": "measured", "remedy": "remedy"}
    if form is not Form.table:
        render.rows(_defects(examined), form, columns=columns, within={**answer, "counts": examined.counts})
    elif _defects(examined):
        render.rows(_defects(examined), form, columns=columns)
    else:
        from litxdb import local

        where: dict[str, str | None] = {
            "database": answer["endpoint"],
            "server": f"PostgreSQL {answer['server_version']}",
        }
        if db.endpoint.embedded:
            where |= {"directory": str(local.local_server(db.settings).directory)}
        render.line("\nLitXplore's database is up.\n")
        render.facts({f"  {name}": value for name, value in {**where, "revision": answer["revision"]}.items()})
        render.line("\nTry next:\n")
        render.facts({f"  {todo}": why for todo, why in (NEXT if db.endpoint.embedded else NEXT_ELSEWHERE)})
    if examined.fails():
        raise typer.Exit(Exit.FINDINGS)
