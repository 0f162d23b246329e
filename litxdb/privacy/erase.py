"""Taking a person out of the database: in one transaction, all or nothing, and proven before it is committed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.database.advisory import acquire, idle_for_long
from litxdb.database.refusals import refusal
from litxdb.errors import CommitUnknown, ConnectionLost, Refused
from litxdb.ownership import Closure, classify, read_schema
from litxdb.ownership.policy import CLEARED
from litxdb.privacy import ledger, person, rewriting, scanning, sessions
from litxdb.privacy.export import Request
from litxdb.privacy.ledger import Beside
from litxdb.privacy.planning import Erasable, leftovers, plan
from litxdb.privacy.results import Certificate, Change, Entry, Mention, Person, Plan, Proof

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

ERASURE = ".litxdb_erasure"
"""The name of the lock that keeps erasures of a database apart."""
LOCK_SECONDS = 10.0
SHOWN = 5
UNDONE, LONGER = "Nothing was erased.", "wait longer with --lock-timeout"


def preview(
    db: Database,
    request: Request,
    *,
    lock_seconds: float = LOCK_SECONDS,
    watch: Callable[[str], None] = lambda doing: None,
) -> Plan:
    """Say what an erasure would do, from one snapshot; nothing is changed, and no row is locked.

    Raises ServerRefused for a table's lock that was not free in time, naming who holds it.
    """
    with (
        contextlib.closing(db.connect(direct=True, autocommit=True)) as onlooker,
        sessions.opened(db, lock_seconds=lock_seconds) as connection,
        sessions.naming_blockers(db, onlooker, connection, lock_seconds, UNDONE, LONGER),
    ):
        ownership = classify(read_schema(connection), request.policy)
        own, doomed = (
            Closure(connection, ownership.schema, ownership.root, edges, prefix=prefix)
            for edges, prefix in ((ownership.edges, "litxdb_owned"), (ownership.loose, "litxdb_doomed"))
        )
        sessions.begin_snapshot(connection)
        found = request.find(connection, ownership)
        for closure in (own, doomed):
            closure.collect(*person.condition(found))
        return plan(Erasable(connection, ownership, found, own, doomed), watch)


def erase(
    db: Database,
    request: Request,
    *,
    key: bytes,
    beside: Beside | None = None,
    known_as: Entry | None = None,
    agreed: Plan | None = None,
    certify: Callable[[Certificate], Certificate] = lambda made: made,
    lock_seconds: float = LOCK_SECONDS,
    watch: Callable[[str], None] = lambda doing: None,
) -> Certificate:
    """Erase a person, and return the certificate.

    Every row on the way is locked first, so nothing can be hung on it any more. Before the transaction is committed the
    database is searched: whatever is left of the person undoes it all (Refused). The ledger gets its entry in the same
    transaction, and a moment before it is committed one beside the backups: a crash in between leaves an entry of
    somebody who is there still. `known_as` is the entry of an erasure that is done again. `agreed` is the plan that
    somebody agreed to: Refused if other people's rows would be lost beyond it. `certify` gets the certificate before
    anything is final, to complete it and put it on a disk: if it raises, nothing is erased.

    Raises CommitUnknown if the connection is lost while it is committed: it is done if litxdb.erasures has the entry.
    Raises LockHeld while another erasure of the database is under way, ServerRefused for a lock that was not free in
    time (naming who holds it) or a missing privilege, and what `export` raises.
    """
    with (
        contextlib.closing(db.connect(direct=True, autocommit=True)) as beside_it,
        sessions.opened(db, lock_seconds=lock_seconds, own_search_path=True) as connection,
    ):
        idle_for_long(beside_it)
        acquire(beside_it, ERASURE, 0, subject="another erasure in this database", notify=db.notify)
        with (
            sessions.naming_blockers(db, beside_it, connection, lock_seconds, UNDONE, LONGER),
            connection.cursor() as cursor,
        ):
            cursor.execute("begin")
            done = _Erasing(connection, request, watch).run(agreed)
            entry = known_as or ledger.entry(done.person, done.identity, key, done.rows, datetime.now(UTC))
            ledger.write(connection, entry)
            beside = None if known_as else beside
            ledgers = (ledger.TABLE, *([f"{beside.where.rstrip('/')}/{ledger.file_of(entry)}"] if beside else []))
            made = certify(Certificate(entry, db.direct_endpoint.dbname, tuple(done.changes), done.proof, ledgers))
            _commit(connection, entry, beside)
    return made


@dataclass
class _Done:
    """What was done, and is not committed yet."""

    person: Person
    identity: tuple[str, ...]
    changes: list[Change]
    proof: Proof

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.changes if each.action == "delete")


class _Erasing:
    """One erasure within an open transaction."""

    def __init__(self, connection: Connection, request: Request, watch: Callable[[str], None]) -> None:
        self.connection, self.watch = connection, watch
        self.ownership = classify(read_schema(connection), request.policy)
        root, schema = self.ownership.root, self.ownership.schema
        self.person = request.find(connection, self.ownership)
        own = Closure(connection, schema, root, self.ownership.edges)
        doomed = Closure(connection, schema, root, self.ownership.loose, prefix="litxdb_doomed")
        watch("locking the person's rows")
        for closure in (own, doomed):
            if not closure.collect(*person.condition(self.person), lock=True):
                raise Refused("The person was erased meanwhile.", "Nothing was done by this run.")
        self.erasable = Erasable(connection, self.ownership, self.person, own, doomed)

    def run(self, agreed: Plan | None) -> _Done:
        """Do it all, and search for what is left."""
        planned = plan(self.erasable, lambda table: self.watch(f"looking at {table}"))
        _require(planned, agreed)
        pseudonym = _pseudonym()
        self._release(pseudonym)
        self._delete(planned)
        self.watch("replacing mentions")
        for change in planned.changes:
            if change.others and change.action in ("pseudonymise", "set null") and self._is_mention(change):
                mention = Mention(change.table, str(change.column), change.rows, None)
                rewriting.rewrite(self.connection, self.ownership, self.person, mention, pseudonym)
        for change in planned.changes:
            if change.action == "refresh":
                self._refresh(change.table)
        proof = scanning.scan(
            self.connection,
            self.ownership,
            self.erasable.doomed,
            self.person,
            lambda table: self.watch(f"searching {table}"),
        )
        left = leftovers(self.ownership, self.person, proof)
        if left:
            named = ", ".join(f"{each.rows} in {each.table}.{each.column}" for each in left[:SHOWN])
            raise Refused(
                f"The person would still be in the database afterwards: rows {named}.",
                "Nothing was erased. Something writes them anew, such as a trigger: mend that, or declare the table.",
            )
        identity = tuple(name for name in self.ownership.policy.identity if self.ownership.root.column(name))
        return _Done(self.person, identity or self.ownership.root.key, list(planned.changes), proof)

    def _release(self, pseudonym: str) -> None:
        """Take out of what stays what the policy wants out, and cut it off from what is deleted."""
        tables = self.ownership.schema.tables
        for name in self.ownership.owned:
            retained = self.erasable.retained(name)
            if retained and retained.replace:
                holds = self.erasable.doomed.holds(name)
                rewriting.replace_columns(self.connection, tables[name], retained.replace, holds, pseudonym)
        for reference in self.erasable.kept():
            if reference.nullable and reference.on_delete != "set default":
                points = self.erasable.points(reference)
                rewriting.clear(self.connection, tables[reference.table], reference.columns, points)
        for pointer in self.ownership.pointers:
            if pointer.soft.on_erase == CLEARED and pointer.soft.key is None:
                names = self.erasable.names(pointer)
                rewriting.clear(self.connection, tables[pointer.edge.table], (pointer.column,), names)

    def _delete(self, planned: Plan) -> None:
        """Delete all in one statement: its foreign keys are checked at its end, so neither order nor cycles matter."""
        self.watch(f"deleting {planned.deleted:,} rows")
        tables = self.erasable.deleted()
        parts = [
            f"d{number} as (delete from {self.ownership.schema.tables[table].source} t "
            f"where {self.erasable.doomed.holds(table)} returning 1)"
            for number, table in enumerate(tables)
        ]
        counts = " + ".join(f"(select count(*) from d{number})" for number in range(len(tables)))
        if not tables:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(f"with {', '.join(parts)} select {counts}")
            (deleted,) = cursor.fetchone() or (0,)
        if deleted != planned.deleted:
            raise Refused(
                f"{deleted} rows were deleted instead of {planned.deleted}: a trigger or somebody else.",
                "Nothing was erased. Run it again; if it stays so, look at the triggers.",
            )

    def _refresh(self, view: str) -> None:
        """Make a materialized view anew: who reads it waits until the transaction ends."""
        self.watch(f"refreshing {view}")
        with self.connection.cursor() as cursor:
            cursor.execute(queries.tagged(f"refresh materialized view {view}"))

    def _is_mention(self, change: Change) -> bool:
        """Whether a change is about a value of the person's, rather than a row that the person's rows led to."""
        table = self.ownership.schema.tables[change.table]
        return change.column in scanning.search(self.ownership, table, self.person)


def _require(planned: Plan, agreed: Plan | None) -> None:
    if planned.blocked:
        raise Refused(
            f"The person cannot be erased: {'; '.join(planned.blocked[:SHOWN])}.",
            "Declare in the policy whose rows these are, let the columns be null, or mend the rows.",
        )
    if agreed is None:
        return
    now, then = (
        sum(each.rows for each in one.changes if each.others and each.action == "delete") for one in (planned, agreed)
    )
    if now > then:
        raise Refused(
            f"{now} rows of other people would be lost by now, and not {then}.", "Nothing was erased: look at it again."
        )


def _commit(connection: Connection, entry: Entry, beside: Beside | None) -> None:
    """Commit; the entry beside the backups is there first, as it must not be missing."""
    import psycopg2

    if beside is not None:
        ledger.put(beside, entry)
    try:
        with connection.cursor() as cursor:
            cursor.execute("commit")
    except psycopg2.Error as error:
        if isinstance(refusal(error), ConnectionLost):
            raise CommitUnknown(
                "The connection was lost while the erasure was committed: whether it is done is not known.",
                f"Run it again. It is done if this finds a row: select 1 from {ledger.TABLE} where id = '{entry.id}'",
            ) from error
        if beside is not None:
            beside.remove(ledger.file_of(entry))
        raise


def _pseudonym() -> str:
    import secrets

    return f"erased-{secrets.token_hex(4)}"
