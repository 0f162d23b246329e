"""What going back would take away: found out on a scratch database, counted on the target."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.migrate.capturing import capture, replayed
from litxdb.migrate.project import Project
from litxdb.migrate.results import Loss, Migrated
from litxdb.migrate.state import current_revisions
from litxdb.quoting import literal

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

COUNT_SECONDS = 5.0
"""All the time that counting may take, whatever the size of the tables."""

SAMPLE_SECONDS = 0.5
SAMPLE = 100_000
"""How many rows are looked at where counting them all takes too long."""


@dataclass(frozen=True)
class Holder:
    """Something that holds data: a column, a table (`column` is None), or a label of an enum that a column holds."""

    table: str
    column: str | None
    label: str | None = None

    @property
    def kind(self) -> str:
        """What it is."""
        return "enum value" if self.label is not None else "table" if self.column is None else "column"

    @property
    def name(self) -> str:
        """How a person writes it."""
        label = f" = '{self.label}'" if self.label is not None else ""
        return ".".join(filter(None, (self.table, self.column))) + label

    @property
    def count(self) -> str:
        """How to count the rows that have it, as the select list of a query on its table."""
        if self.label is not None:
            return f"count(*) filter (where {self.column}::text = {literal(self.label)})"
        return f"count({self.column or '*'})"


def losses(
    db: Database,
    plan: Migrated,
    *,
    directory: Path | None = None,
    project: Project | None = None,
    count_seconds: float = COUNT_SECONDS,
) -> tuple[Loss, ...]:
    """Say what reverting would take away, for the plan that `downgrade` returns with `dry_run`.

    The same steps are run on a scratch database, so that nothing on the target changes; there it only counts, in
    `count_seconds` at most. What a downgrade does to rows (UPDATE, DELETE) cannot be foreseen. Raises LitxdbError where
    the history cannot be replayed.
    """
    project = project or Project.litxplore(directory)
    applied = project.graph().lineage(current_revisions(db, project))
    reverted = {step.revision for step in plan.steps}
    with replayed(project, db.settings, applied) as copy:
        before = _holders(copy, project)
        capture(project, copy, [each for each in reversed(applied) if each.id in reverted], up=False)
        after = _holders(copy, project)
    lost = [holder for part, holder in before.items() if part not in after]
    tables = {holder.table for holder in lost if holder.kind == "table"}
    columns = {(holder.table, holder.column) for holder in lost if holder.kind == "column"}
    # a table's columns go with it, and a column's labels
    least = (
        each
        for each in lost
        if each.kind == "table"
        or (each.table not in tables and (each.kind == "column" or (each.table, each.column) not in columns))
    )
    with closing(db.connect(direct=True, autocommit=True)) as connection:  # it sets the session up
        return tuple(_count(connection, least, count_seconds))


def _holders(db: Database, project: Project) -> Mapping[tuple[object, ...], Holder]:
    with closing(db.connect(autocommit=True)) as connection:
        query = queries.load("migrate", "holders", connection.info.server_version)
        rows = query.run(connection, version_table=project.version_name)
    return {
        (row["kind"], row["object_id"], row["part"]): Holder(row["table"], row["column"], row["label"]) for row in rows
    }


def _count(connection: Connection, lost: Iterable[Holder], seconds: float) -> Iterator[Loss]:
    deadline = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = on")
        for table, holders in itertools.groupby(lost, key=lambda each: each.table):
            found = list(holders)
            counts = ", ".join(each.count for each in found)
            exact = True
            numbers = _ask(cursor, f"select count(*), {counts} from {table}", deadline)  # noqa: S608  (quoted by the server)
            if numbers is None:
                exact = False
                sample = f"select count(*), {counts} from (select * from {table} limit {SAMPLE}) sample"  # noqa: S608  (quoted by the server)
                numbers = _ask(cursor, sample, time.monotonic() + SAMPLE_SECONDS)
            for index, each in enumerate(found, 1):
                rows, filled = (numbers[0], numbers[index]) if numbers else (None, None)
                yield Loss(each.kind, each.name, rows, filled, exact)


def _ask(cursor: Cursor, statement: str, deadline: float) -> tuple[int, ...] | None:
    """Return the counts; None where they take too long, somebody locks the table, or the role may not read it."""
    import psycopg2

    left = max(1, round((deadline - time.monotonic()) * 1000))
    cursor.execute("select set_config(name, %s, false) from unnest(array['statement_timeout', 'lock_timeout']) name",
                   (f"{left}ms",))  # fmt: skip
    try:
        cursor.execute(statement)
        return cursor.fetchone()
    except (psycopg2.errors.QueryCanceled, psycopg2.errors.LockNotAvailable, psycopg2.errors.InsufficientPrivilege):
        return None
