"""Everything that belongs to a person, out of one snapshot, with the proof that nothing else does."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from litxdb import __version__, queries
from litxdb.database import Database
from litxdb.ownership import Closure, Ownership, Policy, classify, read_schema
from litxdb.privacy import copied, large_objects, person, rows, scanning, sessions
from litxdb.privacy.containers import Container, Document, Zip
from litxdb.privacy.describing import as_json, described
from litxdb.privacy.page import Section, page, title
from litxdb.privacy.results import FORMAT, Export, File, Manifest, Person, Treatment
from litxdb.privacy.writing import explained, whole_file

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class Form(StrEnum):
    """How an export is written."""

    zip = "zip"
    json = "json"


@dataclass(frozen=True)
class Request:
    """What is asked for: the person, and how the export shall be; `by_key` takes `who` for the root's primary key."""

    who: str
    policy: Policy
    by_key: bool = False
    form: Form = Form.zip
    vectors: bool = True

    def find(self, connection: Connection, ownership: Ownership) -> Person:
        """Return the person who is asked for."""
        return (person.find_by_key if self.by_key else person.find)(connection, ownership, self.who)


@dataclass(frozen=True)
class Progress:
    """How far an export is: what it does now, and the rows and bytes so far."""

    doing: str
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


def export(
    db: Database,
    request: Request,
    place: Path | BinaryIO,
    *,
    force: bool = False,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Export:
    """Write all that belongs to a person, to a path or into an open file.

    One snapshot, read only, whatever others do meanwhile; the server sends the rows and none are kept, so memory does
    not grow with them. A file appears whole under its name, 0600, or not at all. Raises ArgumentInvalid (nobody, or
    several people, are called so), ConfigurationInvalid (a table that nobody classified; a disk that is full), Refused
    (the file exists), ServerRefused (a table that the role may not read, or whose lock was not free in time).
    """
    begun = time.perf_counter()
    if not isinstance(place, Path):
        manifest = _into(db, request, place, watch)
        return Export("", place.tell(), time.perf_counter() - begun, manifest)
    with explained(place), whole_file(place, force=force) as file:
        manifest = _into(db, request, file, watch)
        size = file.tell()
    return Export(str(place), size, time.perf_counter() - begun, manifest)


def _into(db: Database, request: Request, file: BinaryIO, watch: Callable[[Progress], None]) -> Manifest:
    begun = time.perf_counter()
    patience = sessions.PATIENCE_SECONDS
    with (
        contextlib.closing(db.connect(direct=True, autocommit=True)) as onlooker,
        sessions.opened(db, lock_seconds=patience) as connection,
        sessions.naming_blockers(db, onlooker, connection, patience, "Nothing was written."),
    ):
        ownership = classify(read_schema(connection), request.policy)
        closure = Closure(connection, ownership.schema, ownership.root, ownership.edges)
        rows.prepare(connection)
        at = sessions.begin_snapshot(connection)
        found = request.find(connection, ownership)
        closure.collect(*person.condition(found))
        with Zip(file, at) if request.form is Form.zip else Document(file) as container:
            return _Writing(connection, ownership, closure, found, container, request, watch, begun, at).run()


@dataclass
class _Writing:
    """One export under way, of the rows that `closure` holds in the snapshot of `connection`."""

    connection: Connection
    ownership: Ownership
    closure: Closure
    person: Person
    container: Container
    request: Request
    watch: Callable[[Progress], None]
    begun: float
    at: datetime
    files: list[File] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def run(self) -> Manifest:
        """Write everything, search the database, and write what came of that as well."""
        treatments = [*self._own(), *self._referenced(), *self._others()]
        proof = scanning.scan(
            self.connection, self.ownership, self.closure, self.person, lambda table: self._tell(f"searching {table}")
        )
        manifest = Manifest(
            FORMAT,
            __version__,
            self.connection.info.dbname,
            self.at,
            sessions.revisions(self.connection, self.ownership.schema),
            self.person,
            tuple(self.files),
            tuple(sorted(treatments, key=lambda each: each.table)),
            proof,
            proof.complete,
        )
        beside = {
            "schema.json": as_json(described(self.ownership, self.files)),
            "index.html": page(manifest, self.sections),
        }
        for name, content in beside.items():
            if piece := self.container.text(name, content):
                self.files.append(File(name, "", 0, piece.bytes, piece.sha256))
        manifest = dataclasses.replace(manifest, files=tuple(self.files))
        self.container.close(as_json(manifest))
        return manifest

    def _own(self) -> Iterator[Treatment]:
        salt = secrets.token_hex(16)
        for table, reason in self.ownership.reasons.items():
            if why := self.ownership.excluded(table):
                yield Treatment(table, "excluded", why)
                continue
            select = rows.owned(self.ownership, self.closure, table, self.person, salt, vectors=self.request.vectors)
            yield Treatment(table, "exported", reason, self._write(table, select))

    def _referenced(self) -> Iterator[Treatment]:
        """Write the rows that belong to others, whose tables have a treatment already, or to all."""
        for table in self.ownership.schema.tables:
            select = None if self.ownership.excluded(table) else rows.referenced(self.ownership, self.closure, table)
            number = self._write(table, select, referenced=True) if select else 0
            if table in self.ownership.referenced and not self.ownership.excluded(table):
                yield Treatment(table, "referenced", "the person's rows point at rows that belong to all", number)

    def _others(self) -> Iterator[Treatment]:
        treated = {*self.ownership.reasons, *self.ownership.referenced}
        for table in self.ownership.schema.tables:
            if why := self.ownership.excluded(table):
                if table not in self.ownership.reasons:
                    yield Treatment(table, "excluded", why)
            elif table not in treated:
                yield Treatment(table, "unrelated", f"nothing leads from it to {self.ownership.root.table}")
        for view in self.ownership.schema.views:
            yield Treatment(view, "excluded", self.ownership.excluded(view) or scanning.COPIES)
        if why := self.ownership.excluded(large_objects.TABLE):
            yield Treatment(large_objects.TABLE, "excluded", why)

    def _write(self, table: str, select: str, *, referenced: bool = False) -> int:
        known = self.ownership.schema.tables[table]
        # a person's row may own others of its table; else there is one, and it needs no list
        alone = table == self.ownership.root.table and not any(edge.table == table for edge in self.ownership.edges)
        with (
            self.container.table(self.ownership.named(table), single=alone, referenced=referenced) as (
                name,
                piece,
                sink,
            ),
            self.connection.cursor() as cursor,
        ):
            sink.told = lambda: self._tell(f"writing {table}", sink.rows, piece.bytes)
            cursor.copy_expert(queries.tagged(copied.COPY.format(select=select)), sink)
        self.files.append(File(name, table, sink.rows, piece.bytes, piece.sha256, referenced))
        heading = "The person" if table == self.ownership.root.table else title(known.name)
        heading += ", not their own" if referenced else ""
        self.sections.append(Section(heading, known.comment, name, sink.rows, sink.shown, referenced))
        return sink.rows

    def _tell(self, doing: str, rows: int = 0, size: int = 0) -> None:
        rows += sum(each.rows for each in self.files)
        size += sum(each.bytes for each in self.files)
        self.watch(Progress(doing, rows, size, time.perf_counter() - self.begun))
