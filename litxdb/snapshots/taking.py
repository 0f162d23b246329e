"""Taking a snapshot: read the server once, add it to the file, make room."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb import reading
from litxdb.database import Database
from litxdb.errors import ToolMissing
from litxdb.reading import Reader
from litxdb.snapshots.accumulating import Moment, decreased, follow, totals
from litxdb.snapshots.parts import DATABASE, PARTS, STATEMENTS, Row
from litxdb.snapshots.results import HistoryUnusable, Taken
from litxdb.snapshots.store import Store, explained, file_of
from litxdb.snapshots.thinning import KEEP_DAYS

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def take(db: Database, connection: Connection | None = None, *, keep_days: float = KEEP_DAYS) -> Taken:
    """Take a snapshot of the database and thin out older ones, in one transaction of the file.

    Nothing is waited for: a part that cannot be read (privilege, lock, no pg_stat_statements) is left out and named in
    `missing`. Trouble with the file is in the result, not raised; what the server says to the first query is raised.
    A `connection` must be in a transaction, or about to begin one; its time-outs count, and it stays as it was.
    """
    with reader_of(db, connection) as reader:
        file = locate(db, reader)
        try:
            with explained(file), contextlib.closing(Store(file, create=True)) as store:
                with store.writing():  # others' reads would come between ours and its writing down
                    taken = _take(reader, store, keep_days)
                return Taken(**{**taken, "file": file, "bytes": store.shrink()})
        except HistoryUnusable as trouble:
            return Taken(None, file, trouble=trouble)


@contextlib.contextmanager
def reader_of(db: Database, connection: Connection | None) -> Iterator[Reader]:
    """Open a reader, or make one of somebody's connection, whose transaction is left as it was."""
    if connection is None:
        with reading.reading(db) as reader:
            yield reader
    else:
        with reading.borrowed(connection) as reader:
            yield reader


def locate(db: Database, reader: Reader) -> Path:
    """Return the file of this database's snapshots, whether or not it is there."""
    import psycopg2

    (database,) = reader.ask("snapshots", "oid")
    try:
        (row,) = reader.ask("snapshots", "identity")
    except psycopg2.Error:  # a provider may keep it to itself
        row = {"identifier": None}
    return file_of(db.settings.state, db.endpoint, row["identifier"], database["oid"])


def _take(reader: Reader, store: Store, keep_days: float) -> dict[str, Any]:
    moments = store.moments()
    before = moments[-1] if moments else None
    (answer,) = reader.ask("snapshots", DATABASE.name)
    raw, missing = _read(reader)
    raw[DATABASE.name] = DATABASE.rows([answer])
    now = Moment(answer["taken_at"], answer["counted_since"])
    if before is not None and now.taken_at <= before.taken_at:
        raise HistoryUnusable(
            f"The server's clock is behind the latest snapshot in {store.file}.",
            "Set the server's clock right; if it is, remove the file.",
        )
    moment = follow(now, before, decreased=decreased(DATABASE, raw[DATABASE.name], store.latest(DATABASE)[0]))
    store.add_moment(moment)
    for part in (DATABASE, *PARTS):
        if part.name in raw:
            store.add_part(moment, part, raw[part.name], totals(part, raw[part.name], *store.latest(part), moment))
    _add_texts(reader, store, list(raw.get(STATEMENTS.name, ())), moment.taken_at, keep_days)
    return {
        "taken_at": datetime.fromtimestamp(moment.taken_at, UTC),
        "missing": missing,
        "thinned": store.thin(keep_days),
        "count": len(store.moments()),
        **{part.name: len(raw.get(part.name, ())) for part in PARTS},
    }


def _read(reader: Reader) -> tuple[dict[str, dict[int, Row]], dict[str, str]]:
    """Read the parts; of those that cannot be read, the reasons."""
    import psycopg2

    found: dict[str, dict[int, Row]] = {}
    missing: dict[str, str] = {}
    for part in PARTS:
        try:
            found[part.name] = part.rows(reader.ask("snapshots", part.name))
        except ToolMissing as error:
            missing[part.name] = error.message
        except psycopg2.Error as error:
            if reader.connection.closed:
                raise
            missing[part.name] = str(error).partition("\n")[0]
    return found, missing


def _add_texts(reader: Reader, store: Store, queryids: list[int], now: float, keep_days: float) -> None:
    """Ask for the texts that are not known yet: reading texts costs four times what reading counters does."""
    import psycopg2

    texts: dict[int, str] = {}
    unknown = sorted(set(queryids) - set(store.texts()))
    if unknown:
        with contextlib.suppress(psycopg2.Error):
            answers = reader.ask("snapshots", "texts", queryids=unknown)
            texts = {**dict.fromkeys(unknown, ""), **{row["queryid"]: row["text"] for row in answers}}
    store.add_texts(texts, queryids, now, keep_days)
