"""The file of one database's snapshots: SQLite, private, safe for several writers at once, and bounded.

https://www.sqlite.org/wal.html; a file that is not ours, damaged or newer than this litxdb is left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litxdb.database import Endpoint
from litxdb.local.files import make_directory, open_private
from litxdb.snapshots.accumulating import Moment
from litxdb.snapshots.parts import Part, Row, packed, unpacked
from litxdb.snapshots.results import HistoryUnusable
from litxdb.snapshots.thinning import surplus

APPLICATION = 0x6C786462
"""Marks the file as ours: https://www.sqlite.org/pragma.html#pragma_application_id."""
VERSION = 1
BUSY_SECONDS = 3.0
MOST_BYTES = 24 * 1024 * 1024
"""The snapshots' content; the file is little larger. A database of 2,000 tables and 10,000 indexes takes 35 kB each."""

SCHEMA = f"""
create table snapshots (taken_at real primary key, counted_since real not null, observed real not null);
create table parts (taken_at real not null, part text not null, content blob not null, primary key (taken_at, part));
create table latest (part text primary key, raw blob not null, totals blob not null);
create table texts (queryid integer primary key, text text not null, seen_at real not null);
pragma application_id = {APPLICATION};
pragma user_version = {VERSION};
"""
"""`parts` holds totals; `latest` what the next ones are made from, whichever snapshots are gone by then."""


def file_of(state: Path, endpoint: Endpoint, identifier: str | None, database_oid: int) -> Path:
    """Name the file of a database: by its cluster, its oid and name, and by where it is reached.

    A restored or copied database has another oid or cluster. A physical copy, and a standby, share both with their
    original, and count for themselves: these are told apart by host and port. Neon's pooled endpoint is its direct one.
    `identifier` is None where the server does not tell it.
    """
    direct = endpoint.without_neon_pooler()
    loopback = direct.is_local and not any(host.startswith(("/", "@")) for host in direct.hosts)
    hosts = "localhost" if loopback else ",".join(direct.hosts).lower()
    key = "\0".join((hosts, ",".join(direct.ports) or "5432", identifier or "", str(database_oid), direct.dbname))
    name = re.sub(r"[^a-z0-9]+", "-", direct.dbname.lower())[:40].strip("-") or "database"
    return state / "snapshots" / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.sqlite"


@contextlib.contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turn whatever is wrong with the file into HistoryUnusable."""
    try:
        yield
    except (OSError, sqlite3.Error, zlib.error, ValueError) as error:
        raise _unusable(file, error) from error


def _unusable(file: Path, error: Exception) -> HistoryUnusable:
    reason = str(error)
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror if error.filename in (None, str(file)) else f"{error.strerror}: {error.filename}"
    place, text = f"The snapshots in {file}", reason.lower()
    if "locked" in text:
        return HistoryUnusable(f"{place} are being written by another run.", "Try again later.")
    if isinstance(error, OSError) or any(word in text for word in ("readonly", "unable to open", "full", "disk i/o")):
        return HistoryUnusable(
            f"{place} cannot be used: {reason}.", "Mend that, or set LITXDB_STATE to a directory that can be written."
        )
    return HistoryUnusable(f"{place} are damaged: {reason}.", "Remove the file: the history then begins anew.")


class Store:
    """The open file; use it within `explained`, and close it."""

    def __init__(self, file: Path, *, create: bool) -> None:
        self.file = file
        if create:
            make_directory(file.parent.parent, 0o711 if os.geteuid() == 0 else 0o700)  # the local server's place, too
            make_directory(file.parent, 0o700)
            os.close(open_private(file, os.O_RDWR))
        self._sqlite = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
        self._sqlite.isolation_level = None
        self.empty = False
        try:
            self._prepare(create=create)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._sqlite.close()

    def _prepare(self, *, create: bool) -> None:
        if self._ask("pragma application_id") == [(APPLICATION,)]:
            ((version,),) = self._ask("pragma user_version")
            if version > VERSION:
                raise HistoryUnusable(
                    f"The snapshots in {self.file} were written by a newer litxdb.",
                    "Upgrade litxdb, or remove the file.",
                )
        elif self._ask("select 1 from sqlite_schema limit 1"):
            raise HistoryUnusable(f"{self.file} is not a file of snapshots.", "Move it away: litxdb needs its name.")
        elif create:
            self._sqlite.execute("pragma auto_vacuum = incremental")
            self._sqlite.execute("pragma journal_mode = wal")
            with self.writing():
                if not self._ask("select 1 from sqlite_schema limit 1"):  # another run may have been quicker
                    for statement in filter(str.strip, SCHEMA.split(";")):
                        self._sqlite.execute(statement)
        else:
            self.empty = True  # another run is about to write the first snapshot
        self._sqlite.execute("pragma synchronous = normal")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out until the block's end; readers go on, and see all of it or nothing."""
        self._sqlite.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._sqlite.execute("rollback")
            raise
        self._sqlite.execute("commit")

    def moments(self) -> list[Moment]:
        """Return when snapshots were taken, the oldest first."""
        rows = self._ask("select taken_at, counted_since, observed from snapshots order by taken_at")
        return [Moment(taken_at, since, observed) for taken_at, since, observed in rows]

    def totals(self, taken_at: float, part: Part[Any]) -> dict[int, Row]:
        """Return a part of a snapshot; empty when it was not read."""
        found = self._ask("select content from parts where taken_at = ? and part = ?", taken_at, part.name)
        return unpacked(found[0][0], part.fields) if found else {}

    def latest(self, part: Part[Any]) -> tuple[dict[int, Row], dict[int, Row]]:
        """Return what the server said of a part last, and the totals that were made of it."""
        found = self._ask("select raw, totals from latest where part = ?", part.name)
        return (unpacked(found[0][0], part.told), unpacked(found[0][1], part.fields)) if found else ({}, {})

    def texts(self) -> dict[int, str]:
        """Return the texts of statements by queryid."""
        return dict(self._ask("select queryid, text from texts"))

    def add_moment(self, moment: Moment) -> None:
        """Write a snapshot's time."""
        self._ask("insert into snapshots values (?, ?, ?)", moment.taken_at, moment.counted_since, moment.observed)

    def add_part(self, moment: Moment, part: Part[Any], raw: dict[int, Row], totals: dict[int, Row]) -> None:
        """Write a part of a snapshot; of what is only sometimes told, the latest known is kept for the next one."""
        self._ask("insert into parts values (?, ?, ?)", moment.taken_at, part.name, packed(totals, part.fields))
        if part.remembered:
            raw_before, before = self.latest(part)
            absent = [key for key in before if key not in totals][: part.remembered]
            raw = {**raw, **{key: raw_before[key] for key in absent}}
            totals = {**totals, **{key: before[key] for key in absent}}
        columns = (part.name, packed(raw, part.told), packed(totals, part.fields))
        self._ask("insert or replace into latest values (?, ?, ?)", *columns)

    def add_texts(self, texts: dict[int, str], queryids: list[int], now: float, keep_days: float) -> None:
        """Write new texts, and forget those that no snapshot can name any more."""
        for queryid, text in texts.items():
            self._ask("insert or replace into texts values (?, ?, ?)", queryid, text, now)
        self._sqlite.executemany(
            "update texts set seen_at = ? where queryid = ?", [(now, queryid) for queryid in queryids]
        )
        self._ask("delete from texts where seen_at < ?", now - keep_days * 86400)

    def thin(self, keep_days: float) -> int:
        """Delete what makes room for newer ones, and whatever is above the cap; return how many snapshots went."""
        going = set(surplus([moment.taken_at for moment in self.moments()], keep_days=keep_days))
        sizes = self._ask("select taken_at, sum(length(content)) from parts group by taken_at order by taken_at desc")
        room = MOST_BYTES
        for taken_at, size in sizes:
            if taken_at not in going:
                room -= size
                if room < 0 and taken_at != sizes[0][0]:
                    going.add(taken_at)
        for taken_at in going:
            self._ask("delete from parts where taken_at = ?", taken_at)
            self._ask("delete from snapshots where taken_at = ?", taken_at)
        return len(going)

    def shrink(self) -> int:
        """Give back what deleting left free, outside a transaction, and return the file's size in bytes."""
        self._ask("pragma incremental_vacuum")
        ((pages, size),) = self._ask("select page_count, page_size from pragma_page_count, pragma_page_size")
        return int(pages * size)

    def _ask(self, statement: str, *values: object) -> list[Any]:
        return self._sqlite.execute(statement, values).fetchall()
