"""A database beside another one of the same server: made like it, filled, and put in its place, or dropped."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.backup.naming import stamp
from litxdb.backup.results import Kept, Session
from litxdb.database import Database
from litxdb.errors import ConnectionFailed, Refused, ServerRefused
from litxdb.quoting import literal, quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BEGINNING = """
select datname, shobj_description(oid, 'pg_database') from pg_database where starts_with(datname::text, %s)
"""
LONGEST = 63
"""Bytes of a name that PostgreSQL keeps."""
UNFINISHED, KEPT = "litxdb: not finished, for ", "litxdb: kept when a restore replaced "
"""How comments begin of databases that a run is filling, and of those that were replaced."""
DOORS = ("postgres", "template1")
"""Databases that are there by nature: whoever renames one must be connected to another."""
ENDING_SECONDS = 0.1
ATTEMPTS = 3
"""Of a rename, which by itself waits five seconds for the sessions to be gone."""


@contextlib.contextmanager
def door(db: Database) -> Iterator[Connection]:
    """Connect to another database of the server, in autocommit. Raises ServerRefused if there is none to be had."""
    names = [name for name in DOORS if name != db.direct_endpoint.dbname]
    for name in names:
        try:
            connection = db.sibling(name).connect(direct=True, autocommit=True)
        except ConnectionFailed as failure:
            refused = failure
        else:
            with contextlib.closing(connection):
                yield connection
            return
    raise ServerRefused(
        f"Replacing a database takes a connection to another one, {' or '.join(names)}. {refused.message}",
        f"Allow the role to connect: grant connect on database {names[0]} to the role",
    )


@contextlib.contextmanager
def made(db: Database, word: str, *, options: str | None = None) -> Iterator[Database]:
    """Make an empty database like this one, with `word` and the time in its name; it is dropped if the block raises.

    What a killed run left of the same kind is dropped first: the caller holds a lock on the database that it is for.
    It is in the same tablespace, unless the role may create nothing there. `options` are CREATE DATABASE's, where they
    are to be others. Raises Refused without the privilege to create one.
    """
    import psycopg2.errors

    old = db.direct_endpoint.dbname
    name = named(old, word, datetime.now(UTC))
    with contextlib.closing(db.connect(direct=True)) as connection:
        options = options or str(_one(connection, "database")["options"])
        options = " ".join([options, *(row["option"] for row in _rows(connection, "tablespace"))])
    try:
        with door(db) as session:
            _sweep(session, old, word, db.notify)
            try:
                _execute(session, f"create database {quoted(name)} {options}")
            except psycopg2.errors.InsufficientPrivilege as error:
                raise Refused(
                    f"A database beside {old} cannot be made: {error.diag.message_primary}.",
                    "Have an administrator allow it (alter role … createdb), or restore into an empty database.",
                ) from None
            _comment(session, name, f"{UNFINISHED}{word} {old}")
        yield db.sibling(name)
    except BaseException:
        drop(db, name)
        raise


def drop(db: Database, name: str) -> None:
    """Drop a database that a run has made; where that is not possible, say how it is done later."""
    try:
        with door(db) as session:
            _execute(session, f"drop database if exists {quoted(name)} with (force)")
    except Exception as error:  # the first error is what counts
        db.notify(f"warning: the unfinished database {name} is left ({error}): drop it, or run this again")


def _sweep(session: Connection, old: str, word: str, notify: Callable[[str], None]) -> None:
    """Drop what killed runs left for this database; by name, as one may be killed before it could write a comment."""
    beginning = named(old, word, datetime.now(UTC)).rpartition("_")[0]
    with session.cursor() as cursor:
        cursor.execute(BEGINNING, (f"{beginning}_",))
        found = cursor.fetchall()
    for name, comment in found:
        ours = re.fullmatch(r"\d{8}t\d{6}z", name.rpartition("_")[2])
        if ours and comment in (None, f"{UNFINISHED}{word} {old}"):
            notify(f"dropping {name}, which an interrupted run left")
            _execute(session, f"drop database if exists {quoted(name)} with (force)")


def copy_properties(db: Database, other: Database) -> None:
    """Give a database the settings, privileges and connection limit of this one; what may not be set is warned of."""
    import psycopg2

    with (
        contextlib.closing(db.connect(direct=True, autocommit=True)) as source,
        contextlib.closing(other.connect(direct=True, autocommit=True)) as session,
    ):
        name = quoted(other.direct_endpoint.dbname)
        found = _one(source, "database")
        statements = [f"alter database {name} connection limit {found['connections']}"]
        if found["granted"]:
            statements.append(f"revoke all on database {name} from public")
        statements += [f"grant {row['privilege']} on database {name} {row['rest']}"
                       for row in _rows(source, "database_grants")]  # fmt: skip
        for row in _rows(source, "database_settings"):
            whose = f"role {row['role']} in database {name}" if row["role"] else f"database {name}"
            # by way of the session, as a list of names is no single value for SET
            made = f"select set_config({literal(row['name'])}, {literal(row['value'])}, false)"
            statements.append(f"{made}; alter {whose} set {quoted(row['name'])} from current")
        for statement in statements:
            try:
                _execute(session, statement)
            except psycopg2.Error as error:
                reason = error.diag.message_primary or str(error)
                db.notify(f"warning: the restored database lacks a property of the old one ({reason}): {statement}")


def sessions(db: Database) -> tuple[Session, ...]:
    """List who is connected to the database, less the session that asks."""
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as session:
        return tuple(Session(**row) for row in _rows(session, "sessions_in", database=db.direct_endpoint.dbname))


def roles_left_out(db: Database) -> tuple[str, ...]:
    """List the roles that own or may use something in this database, less our own: without owners it is gone."""
    with contextlib.closing(db.connect(direct=True)) as connection:
        return tuple(row["role"] for row in _rows(connection, "grantees"))


def swap(db: Database, other: Database) -> Kept:
    """Put another database in the place of this one, which is kept under a dated name, and end its sessions.

    Both are renamed in one transaction, whose lock keeps new sessions waiting meanwhile: until it is committed, nothing
    has changed. Nobody can connect to the old one afterwards. Raises Refused, and leaves both as they are, if a session
    cannot be ended.
    """
    import psycopg2.errors

    old, new = db.direct_endpoint.dbname, other.direct_endpoint.dbname
    at = datetime.now(UTC)
    kept = named(old, "before", at)
    with contextlib.closing(db.connect(direct=True)) as connection:
        comment = _one(connection, "database")["comment"]
        size = _size(connection)
    with door(db) as session, door(db) as other_session:
        names = {"old": quoted(old), "new": quoted(new), "kept": quoted(kept)}
        for attempt in range(ATTEMPTS):
            try:
                with _ending(other_session, old):
                    _execute(session, "begin")
                    _execute(session, "alter database {old} rename to {kept}".format(**names))
                    _execute(session, "alter database {new} rename to {old}".format(**names))
                    _execute(session, "alter database {kept} with allow_connections false".format(**names))
                    _comment(session, kept, f"{KEPT}{old} at {at.isoformat(timespec='seconds')}")
                    _comment(session, old, comment)
                    _execute(session, "commit")
                return Kept(kept, at, size)
            except psycopg2.errors.ObjectInUse as error:
                _execute(session, "rollback")
                if attempt == ATTEMPTS - 1:
                    raise _in_use(session, old, str(error.diag.message_detail or error.diag.message_primary)) from None
    raise AssertionError


def undo(db: Database, kept: Kept) -> tuple[str, ...]:
    """Write the statements that put the old database back, to be run in another one."""
    with contextlib.closing(db.connect(direct=True)) as connection:
        comment = _one(connection, "database")["comment"]
    dbname = db.direct_endpoint.dbname
    old, name = quoted(dbname), quoted(kept.name)
    aside = quoted(named(dbname, "restored", kept.replaced_at))
    return (
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = {literal(dbname)};",  # noqa: S608  (quoted)
        "begin;",
        f"alter database {old} rename to {aside};",
        f"alter database {name} with allow_connections true;",
        f"alter database {name} rename to {old};",
        _commenting(old, comment) + ";",
        "commit;",
    )


def kept(db: Database) -> tuple[Kept, ...]:
    """List the databases that restores of this one have replaced and kept, the oldest first."""
    beginning = f"{KEPT}{db.direct_endpoint.dbname} at "
    with door(db) as session:
        found = []
        for row in _rows(session, "kept", beginning=beginning):
            if row["open"]:  # it was put back, and is in use
                continue
            with contextlib.suppress(ValueError):  # somebody else's comment
                at = datetime.fromisoformat(row["comment"].removeprefix(beginning))
                found.append(Kept(row["name"], at, row["bytes"] or 0))
    return tuple(sorted(found, key=lambda each: each.replaced_at))


def drop_kept(db: Database, agreed: tuple[Kept, ...]) -> None:
    """Drop those of these databases that are still kept. Raises what the server refuses."""
    names = {each.name for each in kept(db)}
    with door(db) as session:
        for each in agreed:
            if each.name not in names:
                continue
            _execute(session, f"drop database if exists {quoted(each.name)}")


def named(dbname: str, word: str, at: datetime) -> str:
    """Name a database after another one, within PostgreSQL's 63 bytes.

    >>> at = datetime(2026, 11, 22, 2, 3, 5, tzinfo=UTC)
    >>> named("litxplore", "before", at), len(named("数" * 21, "before", at).encode())
    ('litxplore_before_20261122t020305z', 63)
    """
    ending = f"_{word}_{stamp(at).lower()}"
    return dbname.encode()[: LONGEST - len(ending)].decode(errors="ignore") + ending


@contextlib.contextmanager
def _ending(session: Connection, dbname: str) -> Iterator[None]:
    """End sessions in a database again and again, for the time of the block, in which it is being renamed."""
    import psycopg2

    done = threading.Event()

    def work() -> None:
        while True:
            for row in _rows(session, "sessions_in", database=dbname):
                with contextlib.suppress(psycopg2.Error), session.cursor() as cursor:  # a superuser's, perhaps
                    cursor.execute("select pg_terminate_backend(%s)", (row["pid"],))
            if done.wait(ENDING_SECONDS):
                return

    thread = threading.Thread(target=work, name="litxdb ending sessions", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _in_use(session: Connection, dbname: str, reason: str) -> Refused:
    left = [f"pid {row['pid']} of {row['role']} ({row['application'] or 'no name'})"
            for row in _rows(session, "sessions_in", database=dbname)]  # fmt: skip
    who = f": {', '.join(left)}" if left else f": {reason}"
    return Refused(
        f"Not everybody could be made to leave {dbname}{who}.",
        "Have them end (or roll back what is prepared), or restore as a role that may end them, then run it again.",
    )


def _comment(session: Connection, dbname: str, comment: str | None) -> None:
    _execute(session, _commenting(quoted(dbname), comment))


def _commenting(database: str, comment: str | None) -> str:
    return f"comment on database {database} is {'NULL' if comment is None else literal(comment)}"


def _size(connection: Connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database())")
        return int((cursor.fetchone() or (0,))[0])


def _one(connection: Connection, name: str) -> dict[str, Any]:
    return _rows(connection, name)[0]


def _rows(connection: Connection, name: str, **values: Any) -> list[dict[str, Any]]:
    return queries.load("backup", name, connection.info.server_version).run(connection, **values)


def _execute(session: Connection, statement: str) -> None:
    with session.cursor() as cursor:
        cursor.execute(statement)
