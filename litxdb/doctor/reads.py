"""What an examination can read, each under the name by which checks ask for it."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.doctor.check import Server
from litxdb.doctor.deadline import GRACE_SECONDS, Deadline, out_of_time
from litxdb.doctor.examiner import OUR_NAME, Examiner, Read
from litxdb.doctor.results import Reason, Skip
from litxdb.errors import ToolMissing
from litxdb.interruption import interruptible
from litxdb.quoting import quoted_if_needed
from litxdb.reading import borrowed

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from litxdb.activity import Session

JSON = ("extensions", "available")
FOLDERS = ("doctor", "relations", "statements", "reports")
"""Where the bulk reads are: doctor's own, and those that the reports read too."""

LEAST_MEAN_MS, MOST_STATEMENTS = 20, 200
"""Of all statements these are read: quick ones are nobody's trouble."""


def read_server(examiner: Examiner, deadline: Deadline) -> Server | Skip:
    """Read what every check may want to know of the server; a Skip by the deadline, even when nothing answers.

    When it cannot be read, the connection is of no further use, and is closed.
    """

    def read(connection: Connection) -> Server:
        row = queries.load("doctor", "server", connection.info.server_version).run(connection)[0]
        return Server(
            **{
                name: json.loads(value) if isinstance(value, str) and name in JSON else value
                for name, value in row.items()
            }
        )

    answer: Server | Skip = out_of_time(deadline)
    try:
        with contextlib.suppress(TimeoutError):
            answer = interruptible(lambda: examiner(read), deadline.left + GRACE_SECONDS)
    finally:
        if not isinstance(answer, Server):
            examiner.abandon()
    return answer


def read_rows(name: str, version: int) -> Read:
    """Return a read by its name: a function of COMPOSED, or the SQL file of the first of FOLDERS that has it.

    With a folder before the name it is that folder's.
    """
    if name in COMPOSED:
        return COMPOSED[name]

    def read(connection: Connection) -> list[Any]:
        folder, _, stem = name.rpartition("/")
        folder = folder or next((each for each in FOLDERS if stem in queries.names(each)), "")
        if not folder:
            raise LookupError(f"there is no SQL file {stem}")
        if queries.find(folder, stem).extensions:
            return _of_extension(connection, folder, stem)
        return queries.load(folder, stem, version).read(connection)

    return read


def _of_extension(connection: Connection, folder: str, name: str, **parameters: object) -> list[Any]:
    """Read what an extension has, by its version and schema."""
    import psycopg2

    try:
        with borrowed(connection) as reader:
            return reader.query(folder, name).read(connection, **parameters)
    except (psycopg2.errors.UndefinedFunction, psycopg2.errors.UndefinedTable) as error:  # in a schema kept from us
        raise _hidden(connection, queries.find(folder, name)) or error from None
    except ToolMissing as missing:
        raise Skip(Reason.NO_EXTENSION, missing.message, (missing.hint or "").removeprefix("Run: ")) from None


def _statements(connection: Connection) -> list[Any]:
    return _of_extension(connection, "statements", "top", least_mean_ms=LEAST_MEAN_MS, most=MOST_STATEMENTS)


def _hidden(connection: Connection, query: queries.Query) -> Skip | None:
    """Return the Skip of an extension whose schema the role may not use; its names do not exist for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.extname, quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace"
            " where e.extname = any(%s) and not has_schema_privilege(n.oid, 'usage')",
            [list(query.extensions)],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    grant = f"grant usage on schema {found[1]} to {quoted_if_needed(connection.info.user)}"
    return Skip(
        Reason.NO_PRIVILEGE, f"The schema {found[1]} of the extension {found[0]} is kept from this role.", grant
    )


def _others(connection: Connection) -> list[Session]:
    from litxdb.activity import read_sessions

    return [session for session in read_sessions(connection) if session.application != OUR_NAME]


def _composed(module: str, function: str) -> Read:
    """Return a read that is somebody else's function, imported when it is called: --triage needs few of them."""

    def read(connection: Connection) -> Any:
        return getattr(importlib.import_module(module), function)(connection)

    return read


COMPOSED: Mapping[str, Read] = {
    "sessions": _others,
    "prepared": _composed("litxdb.activity", "read_prepared"),
    "statements": _statements,
    "indexes": _composed("litxdb.doctor.spare_indexes", "read"),
    "foreign_keys": _composed("litxdb.catalog", "read_foreign_keys"),
    "sequences": _composed("litxdb.catalog", "read_sequences"),
}
"""Reads that are more than one query; their answers are what litxdb.activity and litxdb.catalog make of them."""
