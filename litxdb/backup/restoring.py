"""Restoring: an archive into an empty database, by pg_restore, so that in the end all of it is there or it says not."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from litxdb.backup import foreign, pg_restore, tools
from litxdb.backup.build_memory import build_settings
from litxdb.backup.empty import marked, require_empty
from litxdb.backup.manifest import Contents
from litxdb.backup.results import Restoring
from litxdb.backup.tools import Tool
from litxdb.backup.unpacking import Unpacked
from litxdb.database import Database
from litxdb.database.advisory import SCHEMA, acquire, idle_for_long
from litxdb.database.programs import Route, route
from litxdb.errors import ServerRefused

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

MOST_JOBS = 4
COARSE = 10
"""The second of the stages of vacuumdb --analyze-in-stages: an expression index costs as much as its rows."""
UNAVAILABLE = """
select name from unnest(%s::text[]) as needed (name)
where not exists (select from pg_available_extensions as available where available.name = needed.name)
"""
_MARK = re.compile(rb"ALTER TABLE (?:ONLY )?[^;]*? ALTER COLUMN [^;]*? SET \(pg_attver=\d+\);")
_NAME = r'(?:"(?:[^"]|"")*"|[\w$]+)'
_POLICY = re.compile(
    rf"(?m)^CREATE POLICY {_NAME} ON {_NAME}\.{_NAME}(?: AS \w+)?(?: FOR \w+)? TO (?P<roles>{_NAME}(?:, {_NAME})*)"
)

Watch = Callable[[Restoring], None]


def restore(
    db: Database,
    dump: Unpacked,
    *,
    contents: Contents | None = None,
    jobs: int | None = None,
    memory_bytes: int | None = None,
    owners: bool = False,
    lasting: bool = True,
    part_stays: bool = False,
    make_roles: bool = False,
    then: Callable[[], None] = lambda: None,
    watch: Watch = lambda step: None,
) -> float:
    """Restore a dump into an empty database, and return how many seconds passed until it could be used.

    That is with coarse statistics, of a few thousand rows a table; then it is analyzed as ever, unless it is not
    `lasting`. With `make_roles`, for servers that nobody else uses, roles that row security names are made if they are
    missing. `then` is called at the end, before the database counts as whole, and may raise if it is not.

    Owners and grants are left out unless `owners`. `contents` (the manifest's) say how much memory indexes of vectors
    need; they get at most `memory_bytes`, else as much as the server's shared_buffers. Migrations are kept out.

    If it fails or is killed, a part is there, and the schema litxdb_restoring with it; a warning says so if that
    `part_stays`. Raises Refused for a database that is not empty, ServerLacks, ServerRefused, BackupDamaged,
    ToolMissing, ConnectionFailed.
    """
    begun = time.monotonic()
    tool = find_tool(db, dump)
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as session:
        idle_for_long(session)
        acquire(session, SCHEMA, 0, subject="a migration, backup or restore of this database", notify=db.notify)
        require_empty(session, db)
        entries = () if dump.script else pg_restore.listing(tool, dump.path)
        _require_extensions(session, entries)
        has_tls = encrypted(session) and tool.has_tls
        with marked(session, db, said=part_stays), route(db, session, has_tls=has_tls) as way:
            way = _with(way, build_settings(session, contents, memory_bytes))
            with _blaming_age(session.info.server_version // 10000, dump.server):
                if dump.script:
                    pg_restore.psql(tool, way, lambda: foreign.script(dump.path, session.info.server_version))
                else:
                    _Run(db, session, dump, entries, tool, way, jobs_for(dump, jobs), owners, make_roles, watch).run()
            watch(Restoring("analyzing", None, 0, 0))
            analyze(session, COARSE)
            seconds = time.monotonic() - begun
            if lasting:
                analyze(session)
            then()
    return seconds


@contextlib.contextmanager
def _blaming_age(server: int, dumped: int | None) -> Iterator[None]:
    """Take what a server older than the one that was dumped refuses for what it lacks: that is no fault of the dump."""
    try:
        yield
    except pg_restore.ServerLacks:
        raise
    except ServerRefused as error:
        if dumped is None or server >= dumped:
            raise
        raise pg_restore.ServerLacks(
            error.message,
            f"The backup is of PostgreSQL {dumped}, and this server is {server}, which may not know all that is in it: "
            f"restore it into {dumped} or newer.",
        ) from error


def _require_extensions(session: Connection, entries: Sequence[str]) -> None:
    named = [kind.split()[2] for entry in entries if (kind := pg_restore.kind(entry)).startswith("EXTENSION - ")]
    with session.cursor() as cursor:
        cursor.execute(UNAVAILABLE, (named,))
        missing = [name for (name,) in cursor.fetchall()]
    if missing:
        raise pg_restore.ServerLacks(
            f"The server has no extension {', '.join(missing)}, which the backup needs.", "Install it there."
        )


@dataclass(frozen=True)
class _List:
    """A list of entries for pg_restore: its option, and the descriptor that the file is."""

    options: tuple[str, ...]
    holds: tuple[int, ...]


@dataclass
class _Run:
    """One restore; the database is empty."""

    db: Database
    session: Connection
    dump: Unpacked
    entries: Sequence[str]
    tool: Tool
    way: Route
    jobs: int
    owners: bool
    make_roles: bool
    watch: Watch
    tables: int = 0
    read: int = 0
    begun: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        if self.make_roles:
            self._make_roles()
        self.tables = pg_restore.count_tables(self.entries)
        # whoever may create an extension, on Neon say, need not own it: its comment is its own affair
        kept = [entry for entry in self.entries if not pg_restore.kind(entry).startswith("COMMENT - EXTENSION ")]
        tolerant = self.tool.major >= pg_restore.TIMEOUT_SINCE > self.session.info.server_version // 10000
        options = ["--no-tablespaces", *(() if self.owners else ("--no-owner", "--no-acl"))]
        with list_of(kept) as chosen:
            options += chosen.options
            definitions = pg_restore.script(
                self.tool, self.dump.path, [*options, "--section=pre-data"], holds=chosen.holds
            )
            sections: list[str] = []
            if b"(pg_attver=" in definitions:
                # Minor releases of November 2026 keep this mark among a column's options, and an older pg_dump
                # writes it out as one. No other server takes it, and none needs it.
                self._define(definitions)
                sections = ["--section=data", "--section=post-data"]
            pg_restore.restore(
                self.tool,
                self.way,
                self.dump.path,
                [*options, *sections],
                jobs=self.jobs,
                tolerant=tolerant,
                said=self._said,
                holds=chosen.holds,
            )

    def _define(self, definitions: bytes) -> None:
        """Run the definitions, less marks of columns and settings that only some servers know, through psql."""
        psql = tools.find("psql", self.tool.major, self.db.settings, f"pg_restore is {self.tool.major}")
        text = _MARK.sub(b"", definitions)
        if self.session.info.server_version // 10000 < pg_restore.TIMEOUT_SINCE:
            text = pg_restore.TIMEOUT.sub(b"", text, count=1)
        pg_restore.psql(psql, self.way, lambda: iter([text]))

    def _make_roles(self) -> None:
        """Make the roles that policies are for; owners and grants are left out, but not these."""
        import psycopg2.errors

        definitions = pg_restore.script(self.tool, self.dump.path, ["--section=post-data"]).decode()
        named = {name for match in _POLICY.finditer(definitions) for name in re.findall(_NAME, match["roles"])}
        for name in sorted(named):
            with contextlib.suppress(psycopg2.errors.DuplicateObject):
                _execute(self.session, f"create role {name}")

    def _said(self, kind: str, name: str) -> None:
        self.read += kind == "rows"
        self.watch(Restoring(kind, name, self.read, self.tables, time.monotonic() - self.begun))


def analyze(session: Connection, target: int | None = None) -> None:
    """Gather statistics on everything, by 300 rows a table for each of the target, however long autovacuum is busy."""
    _execute(session, "set lock_timeout = 0")
    _execute(session, f"set default_statistics_target = {target or 'default'}")
    _execute(session, "analyze")


def find_tool(db: Database, dump: Unpacked) -> Tool:
    """Find the program that reads this dump. Raises ToolMissing."""
    if dump.script:
        return tools.find("psql", 0, db.settings, "The dump is plain SQL")
    return tools.find("pg_restore", dump.major, db.settings, f"The archive was written by pg_dump {dump.major}")


def jobs_for(dump: Unpacked, jobs: int | None) -> int:
    """Decide how much is restored at once, unless somebody says: as much as there are cores, up to MOST_JOBS."""
    return (jobs or min(MOST_JOBS, os.cpu_count() or 1)) if dump.parallel else 1


@contextlib.contextmanager
def list_of(entries: Sequence[str]) -> Iterator[_List]:
    """Write a table of contents as pg_restore takes it, into a file without a name."""
    with tempfile.TemporaryFile() as file:
        file.write("".join(f"{entry}\n" for entry in entries).encode())
        file.seek(0)
        yield _List(("-L", f"/dev/fd/{file.fileno()}"), (file.fileno(),))


def encrypted(session: Connection) -> bool:
    """Whether the server was reached through TLS."""
    return bool(session.info.ssl_in_use)


def _with(way: Route, settings: str) -> Route:
    before = way.environment.get("PGOPTIONS", "")
    return replace(way, environment={**way.environment, "PGOPTIONS": f"{before} {settings}".strip()})


def _execute(session: Connection, statement: str) -> None:
    with session.cursor() as cursor:
        cursor.execute(statement)
