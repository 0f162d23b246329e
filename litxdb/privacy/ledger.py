"""The ledger of erasures: who must not come back with a restored backup, told by a keyed hash and nothing personal.

It is a table of the database, and a file for each erasure beside the backups: a restored database has an older table.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from litxdb import __version__, queries
from litxdb.errors import BackupDamaged, ConfigurationInvalid, Refused
from litxdb.privacy.describing import as_json
from litxdb.privacy.results import Entry, Person
from litxdb.privacy.writing import whole_file
from litxdb.settings import Settings

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLE = "litxdb.erasures"
CREATE = """
do $$ begin
    if to_regnamespace('litxdb') is null then create schema litxdb; end if;  -- IF NOT EXISTS asks for CREATE first
end $$;
create table if not exists litxdb.erasures (
    id text primary key,
    root text not null,
    identity text[] not null,
    subject text not null,
    key text not null,
    erased_at timestamptz not null,
    rows bigint not null,
    litxdb text not null,
    format integer not null
);
comment on table litxdb.erasures is 'Who was erased, as keyed hashes: litxdb restore erases them again'
"""
INSERT = """
insert into litxdb.erasures values (
    %(id)s, %(root)s, %(identity)s, %(subject)s, %(key)s, %(erased_at)s, %(rows)s, %(litxdb)s, %(format)s
) on conflict do nothing
"""
KEY_FILE = "erasure.key"
SHORTEST_KEY = 16
COPY_IT = f"Set LITXDB_ERASURE_KEY, or copy {KEY_FILE} from the state directory of the machine that erased them."
PREFIX, SUFFIX = "erasure-", ".json"


class File(Protocol):
    """A file of a store."""

    @property
    def file(self) -> str:
        """Its name."""
        ...


class Beside(Protocol):
    """The place beside the backups: a store of theirs is one."""

    where: str

    def list(self) -> Iterable[File]:
        """List the files."""
        ...

    def open(self, file: str) -> BinaryIO:
        """Open one for reading."""
        ...

    def create(self, file: str) -> AbstractContextManager[BinaryIO]:
        """Write one that is whole at the end of the block."""
        ...

    def remove(self, file: str) -> None:
        """Remove one."""
        ...


def key(settings: Settings, *, make: bool = True) -> bytes:
    """Return the key: LITXDB_ERASURE_KEY, else the file in the state directory, which is made at need, if it may be.

    Whoever restores needs the same one, so it must outlive this machine, and does not belong beside the backups.
    Entries under two keys could be read by nobody: with entries there already, another must not be made (Refused).
    """
    if settings.erasure_key is not None:
        if len(settings.erasure_key) < SHORTEST_KEY:
            raise ConfigurationInvalid(
                f"LITXDB_ERASURE_KEY has fewer than {SHORTEST_KEY} characters.", "Make one with: openssl rand -hex 32"
            )
        return settings.erasure_key.encode()
    path = settings.state / KEY_FILE
    try:
        if not path.exists():
            if not make:
                raise Refused("The ledger has erasures, and this machine has no key to it.", COPY_IT)
            _make_key(path)
        found = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationInvalid(
            f"The key of the ledger, {path}, cannot be used: {error.strerror}.", "Mend that, or set LITXDB_ERASURE_KEY."
        ) from error
    if len(found) < SHORTEST_KEY:
        raise ConfigurationInvalid(
            f"The key of the ledger, {path}, is damaged: it has {len(found)} characters.",
            "Bring it back from a copy, or set LITXDB_ERASURE_KEY. If nobody was ever erased, remove it.",
        )
    return found


def name(secret: bytes) -> str:
    """Tell a key from others without telling it.

    >>> name(b"one") == name(b"one") != name(b"two")
    True
    """
    return hmac.new(secret, b"litxdb: the name of this key", hashlib.sha256).hexdigest()[:16]


def subject(secret: bytes, root: str, values: Sequence[str]) -> str:
    """Return the keyed hash of a person: of the table, and of what never changes.

    >>> subject(b"key", "public.users", ["1", "x"]) == subject(b"key", "public.users", ["1x"])
    False
    """
    return hmac.new(secret, json.dumps([root, *values]).encode(), hashlib.sha256).hexdigest()


def entry(person: Person, identity: Sequence[str], secret: bytes, rows: int, at: datetime) -> Entry:
    """Make the entry of an erasure."""
    at = at.astimezone(UTC)
    return Entry(
        f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        person.table,
        tuple(identity),
        subject(secret, person.table, person.identity),
        name(secret),
        at,
        rows,
        __version__,
    )


def write(connection: Connection, made: Entry) -> None:
    """Add an entry to the database's table, within the caller's transaction; one that is there stays."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('litxdb.erasures') is null")
        if cursor.fetchone() == (True,):
            cursor.execute(queries.tagged(CREATE))
        cursor.execute(queries.tagged(INSERT), {**asdict(made), "identity": list(made.identity)})


def file_of(made: Entry) -> str:
    """Return the name of an entry's file beside the backups."""
    return f"{PREFIX}{made.id}{SUFFIX}"


def put(beside: Beside, made: Entry) -> None:
    """Write an entry beside the backups."""
    with beside.create(file_of(made)) as file:
        file.write(as_json(made).encode())


def read(beside: Beside) -> tuple[Entry, ...]:
    """Return the entries beside the backups, the oldest first. Raises BackupDamaged for one that cannot be read.

    To go on without it could bring somebody back.
    """
    files = sorted(each.file for each in beside.list() if each.file.startswith(PREFIX) and each.file.endswith(SUFFIX))
    return tuple(_parse(beside, file) for file in files)


def read_table(connection: Connection) -> tuple[Entry, ...]:
    """Return the entries of the database's own table, the oldest first; none where there is no table."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('litxdb.erasures') is null")
        if cursor.fetchone() == (True,):
            return ()
        columns = [each.name for each in fields(Entry)]
        cursor.execute(queries.tagged(f"select {', '.join(columns)} from litxdb.erasures order by erased_at, id"))
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return tuple(Entry(**{**row, "identity": tuple(row["identity"])}) for row in rows)


def require(entries: Iterable[Entry], secret: bytes) -> None:
    """Raise Refused unless all entries were made with this key."""
    keys = {each.key for each in entries}
    if keys - {name(secret)}:
        raise Refused(
            f"The ledger has erasures under the key {', '.join(sorted(keys))}, and this machine's is {name(secret)}: "
            "people who were erased would come back.",
            COPY_IT,
        )


def _parse(beside: Beside, file: str) -> Entry:
    try:
        with beside.open(file) as reading:
            found = json.loads(reading.read())
        found["erased_at"] = datetime.fromisoformat(found["erased_at"])
        found["identity"] = tuple(found["identity"])
        return Entry(**found)
    except (ValueError, TypeError, KeyError) as error:
        raise BackupDamaged(
            f"{file} in {beside.where}, an entry of the ledger of erasures, cannot be read: {error}.",
            "Bring it back from a copy: without it somebody who was erased may return.",
        ) from error


def _make_key(path: Path) -> None:
    """Make it whole or not at all: a part of a key would be one that anybody can guess."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(Refused), whole_file(path) as file:  # another run may be quicker
        file.write(secrets.token_hex(32).encode() + b"\n")
