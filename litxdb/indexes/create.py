"""Building indexes beside live traffic: LitXplore's by name, and a person's own."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, ServerRefused
from litxdb.indexes.forecast import forecast
from litxdb.indexes.listing import list_indexes
from litxdb.indexes.preparation import Prepared, Wish, prepare
from litxdb.indexes.present import find, indexes
from litxdb.indexes.results import Definition, Done, Means, Patience, PlannedIndex
from litxdb.indexes.steps import remaining
from litxdb.indexes.wanted import WANTED
from litxdb.indexes.work import Watch, bench, looking_on

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def wanted(db: Database, names: Sequence[str] = ()) -> tuple[Definition, ...]:
    """Return LitXplore's indexes of these names; without names, those that are missing, INVALID or being built.

    Raises ArgumentInvalid for a name that is none of LitXplore's.
    """
    known = {definition.name: definition for definition in WANTED}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            own = "For one of your own give --table and --columns."
            raise ArgumentInvalid(
                f"{name} is none of LitXplore's indexes.", f"Did you mean {near[0]}?" if near else own
            )
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    rows = [row for row in list_indexes(db).rows if row.wanted]
    for row in rows:
        if row.status == "different":
            db.notify(f"warning: {row.index} is left as it is: it {row.detail}")
    return tuple(known[row.index] for row in rows if row.status in ("missing", "invalid", "building"))


def plan(db: Database, wishes: Sequence[Wish], means: Means | None = None) -> tuple[PlannedIndex, ...]:
    """Say what building these indexes would do; nothing is changed.

    The definitions are tried in a transaction that is rolled back. Raises as `create` does.
    """
    with looking_on(db) as connection:
        return tuple(forecast(connection, prepare(connection, wish), means or Means()) for wish in wishes)


def create(
    db: Database,
    wishes: Sequence[Wish],
    means: Means | None = None,
    patience: Patience | None = None,
    *,
    watch: Watch = lambda phase: None,
    each: Callable[[Done], None] = lambda done: None,
) -> tuple[Done, ...]:
    """Build those of these indexes that are not there, CONCURRENTLY; `each` is called as one is done.

    Idempotent, and safe to run again however it ended: what an interrupted build left INVALID is dropped and built
    anew, a build that goes on in another session is waited for. Reads and writes of the table go on meanwhile; DDL and
    VACUUM of it wait. Raises ArgumentInvalid for what is not there, Refused when a definition cannot be or its name
    belongs to another index, ServerRefused when a build fails (those before it are kept), LockHeld when somebody else
    works on the table's indexes for too long.
    """
    return tuple(_create_each(db, wishes, means or Means(), patience or Patience(), watch, each))


def _create_each(
    db: Database, wishes: Sequence[Wish], means: Means, patience: Patience, watch: Watch, each: Callable[[Done], None]
) -> Iterator[Done]:
    with looking_on(db) as onlooker:
        for wish in wishes:
            prepared = prepare(onlooker, wish)
            done = _create(db, onlooker, prepared, means, patience, watch) if prepared.steps else _there(db, prepared)
            each(done)
            yield done


def _there(db: Database, prepared: Prepared) -> Done:
    name, table = prepared.definition.name, prepared.table
    if prepared.twin and prepared.twin.name != name:
        db.notify(f"{prepared.twin.quoted} is the same index as {name} would be: nothing is built")
        name = prepared.twin.name
    return Done(name, table.quoted, "present")


def _create(
    db: Database, onlooker: Connection, prepared: Prepared, means: Means, patience: Patience, watch: Watch
) -> Done:
    table, definition = prepared.table, prepared.definition
    expected = forecast(onlooker, prepared, means)
    if expected.warning:
        db.notify(f"warning: {expected.warning}")
    with bench(db, onlooker, table.oid, table.quoted, patience, watch) as work:
        start = time.perf_counter()
        work.provide(Means(expected.memory_bytes, expected.workers))
        statements = work.carry_out(lambda: remaining(onlooker, table, definition))
        milliseconds = (time.perf_counter() - start) * 1000
    built = find(definition.name, [each for each in indexes(onlooker) if each.table_oid == table.oid], "index")
    if not built.valid:
        raise ServerRefused(f"{built.quoted} is still INVALID after it was built.", "Run it again.")
    outcome = "built" if statements else "present"  # present: another run was waited for, and has built it
    return Done(definition.name, table.quoted, outcome, statements, milliseconds, built.bytes, attempts=work.attempts)
