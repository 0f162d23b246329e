"""Whether a database is what its migrations make it: they are replayed elsewhere, and the catalogs compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.local import scratch, scratch_database
from litxdb.migrate.capturing import capture
from litxdb.migrate.comparison.catalog import CatalogObject, Key, dependencies, objects, reading
from litxdb.migrate.comparison.deviations import Deviation, Phase, Schema, deviations
from litxdb.migrate.project import Project
from litxdb.migrate.state import LITXPLORE, check_known, read_revisions
from litxdb.settings import Settings

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LOCK_TIMEOUT_SECONDS = 2.0


class History(Protocol):
    """What drift has to know of a project: which revisions a database is at, and how to bring another one there."""

    def current(self, connection: Connection) -> tuple[str, ...]:
        """Return the database's revisions; raises Refused when there is nothing to compare with."""

    def replay(self, empty: Database, revisions: tuple[str, ...]) -> None:
        """Bring an empty database to these revisions."""


@dataclass(frozen=True)
class Replay:
    """The history of LitXplore, or of another Alembic project, whose revisions are run again."""

    project: Project = LITXPLORE

    def current(self, connection: Connection) -> tuple[str, ...]:
        """Return the database's revisions; raises Refused when there are none, or unknown ones."""
        revisions = read_revisions(connection, self.project)
        check_known(self.project.graph(), revisions)
        if not revisions:
            raise Refused(
                "The database is at no revision: there is nothing to compare it with.",
                "Run litxdb migrate; if the schema came another way, record where it stands with litxdb stamp.",
            )
        return revisions

    def replay(self, empty: Database, revisions: tuple[str, ...]) -> None:
        """Apply these revisions and all that they build on."""
        capture(self.project, empty, self.project.graph().lineage(revisions), empty=True)


@dataclass(frozen=True)
class Drift:
    """What a comparison showed; `rows` are the differences, `compared` counts the objects that the migrations make."""

    revision: str
    server_version: int
    replayed_on: int
    compared: int
    ignored: int
    notes: tuple[str, ...]
    rows: tuple[Deviation, ...]

    @property
    def summary(self) -> str:
        """One sentence for a person."""
        if not self.rows:
            return f"No drift: the database is as its migrations make it, at {self.revision} ({self.compared} objects)."
        count = f"{len(self.rows)} difference{'s' if len(self.rows) > 1 else ''} from revision {self.revision}"
        undecided = sum(row.decision is not None for row in self.rows)
        return f"{count}; {undecided} for a person to decide." if undecided else f"{count}."

    @property
    def script(self) -> str:
        """The SQL that mends it all, in an order that works; nobody has run it."""
        return "\n".join(_script(self.rows))


def drift(
    db: Database,
    *,
    history: History | None = None,
    ignore: Sequence[str] = (),
    privileges: bool = False,
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
) -> Drift:
    """Compare the database with its migrations, replayed up to its own revision in a scratch database.

    Only reads: in one transaction on one connection, which is closed before the replay begins. Waits
    `lock_timeout_seconds` at most for a table that somebody locked, then raises ServerRefused with who it is. Raises
    Refused when the database is at no revision, or an unknown one. `ignore` are patterns of `kind:object`, as in
    `index:public.tmp_*`. `privileges` are compared on request, as roles differ between servers.
    """
    history = history or Replay()
    with closing(db.connect()) as connection, reading(connection, lock_timeout_seconds):
        revisions = history.current(connection)
        version = connection.info.server_version // 10000
        found = Schema(objects(connection, privileges=privileges), dependencies(connection))
    with _replayed(db, history, revisions) as copy, closing(copy.connect()) as connection:
        replayed_on = connection.info.server_version // 10000
        expected = Schema(objects(connection, privileges=privileges), dependencies(connection))
        if version != replayed_on:
            found = replace(found, objects=_reprinted(connection, expected, found, privileges))
    installed = _installed(expected, found)
    found = replace(found, objects={key: each for key, each in found.objects.items() if key not in installed})
    rows = deviations(expected, found, version)
    kept = tuple(row for row in rows if not any(fnmatchcase(f"{row.kind}:{row.object}", each) for each in ignore))
    beside = [f"The extension {name} is here, and no migration asks for it: not counted." for _, name in installed]
    notes = (*_notes(expected, found, version, replayed_on), *beside, *_unused(ignore, rows))
    return Drift(", ".join(revisions), version, replayed_on, len(expected.objects), len(rows) - len(kept), notes, kept)


@contextmanager
def _replayed(db: Database, history: History, revisions: tuple[str, ...]) -> Iterator[Database]:
    with scratch(db.settings) as cluster, scratch_database(cluster) as name:
        settings = Settings(url=cluster.url(name), source="the scratch server", home=db.settings.home)
        with Database(settings=settings, command=db.command) as copy:
            try:
                history.replay(copy, revisions)
            except ServerRefused as error:
                raise ServerRefused(
                    f"The migrations could not be replayed in a scratch database. {error.message}", error.hint
                ) from error
            yield copy


def _reprinted(connection: Connection, expected: Schema, found: Schema, privileges: bool) -> dict[Key, CatalogObject]:
    """Return the found objects as the scratch server prints them: versions print the same view differently.

    Each object that looks different is made in the scratch database as it was found, read again, and rolled back.
    """
    import psycopg2

    result = dict(found.objects)
    for key in expected.objects.keys() & found.objects.keys():
        want, have = expected.objects[key], found.objects[key]
        if want.definition == have.definition:
            continue
        in_place = want.way("signature") == have.way("signature") and have.statements("change")
        anew = (*(f"{each} cascade" for each in want.statements("remove")), *have.statements("make"))
        try:
            with connection.cursor() as cursor:
                for statement in in_place or anew:
                    cursor.execute(statement)
            again = objects(connection, privileges=privileges).get(key, have)
            result[key] = replace(have, definition=again.definition)
        except psycopg2.Error:
            pass  # what this server cannot even make is different
        finally:
            connection.rollback()
    return result


def _installed(expected: Schema, found: Schema) -> list[Key]:
    """List the extensions that only the database has: a provider or operator installed them, and nothing relies on it.

    What does rely on one, an index with its operator class perhaps, is a difference of its own.
    """
    return sorted(key for key in found.objects.keys() - expected.objects.keys() if key[0] == "extension")


def _notes(expected: Schema, found: Schema, version: int, replayed_on: int) -> Iterator[str]:
    if version != replayed_on:
        yield f"The server is PostgreSQL {version}, and the migrations were replayed on {replayed_on}."
    for key, each in expected.objects.items():
        other = found.objects.get(key)
        if other is not None and each.way("note") != other.way("note"):
            yield f"The {each.kind} {each.name} is {other.way('note')} here, and {each.way('note')} in the replay."


def _unused(ignore: Sequence[str], rows: Sequence[Deviation]) -> Iterator[str]:
    for pattern in ignore:
        if not any(fnmatchcase(f"{row.kind}:{row.object}", pattern) for row in rows):
            yield f"--ignore {pattern} matches no difference."


TITLES = {
    Phase.BEFORE: "-- Before the transaction, as a new value cannot be used in the one that adds it",
    Phase.AFTER: "-- After the transaction, each by itself: these must not lock the tables for long",
}


def _script(rows: Sequence[Deviation]) -> Iterator[str]:
    for phase in Phase:
        chosen = [(row, [each for each in row.statements if each.phase is phase]) for row in rows]
        chosen = [(row, statements) for row, statements in chosen if statements]
        if not chosen:
            continue
        if phase is Phase.WITHIN:
            yield from ("begin;", "set local lock_timeout = '3s';", "set local check_function_bodies = off;")
        else:
            yield TITLES[phase]
        for row, statements in chosen:
            yield from _explained(replace(row, statements=tuple(statements)))
        if phase is Phase.WITHIN:
            yield "commit;"
    for row in rows:
        if not row.statements:
            yield from _explained(row)


def _explained(row: Deviation) -> Iterator[str]:
    yield f"-- {row.kind} {' '.join(row.object.split())}"
    yield row.mend
