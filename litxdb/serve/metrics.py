"""What litxdb knows of a database, for Prometheus; of backups and findings in the words that their files have."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.backup.metrics import described
from litxdb.doctor import prometheus as doctor
from litxdb.prometheus import Family, exposition
from litxdb.redaction import redact
from litxdb.results import Health
from litxdb.serve.cached import Known
from litxdb.serve.overview import Overview

MOST = 50
"""Tables, and statements, that get a series of their own."""


def metrics(database: str, health: Known[Health], cause: str | None, known: Known[Overview]) -> str:
    """Write all that is known; what is not is left out, which Prometheus shows as a gap."""
    families = [*_health(health, cause), *_known(known)]
    text = ""
    if known.answer is not None:
        seen = known.answer
        families += [*_sizes(seen), *_connections(seen), *_replication(seen), *_statements(seen)]
        families += _migrations(seen)
        text = exposition("litxdb_backup_", _backups(seen), database) + doctor.metrics(seen.examined)
    return redact(exposition("litxdb_", families, database) + text)


def _health(known: Known[Health], cause: str | None) -> Iterator[Family]:
    yield "up", "Whether the database answers.", [({}, float(cause is None))]
    if known.answer is not None and known.age_seconds is not None:
        pool = known.answer.pool
        yield "probe_age_seconds", "How old the last answer is.", [({}, known.age_seconds)]
        yield "probe_seconds", "How long it took.", [({}, known.answer.milliseconds / 1000)]
        counts = {"checkedin": pool.checkedin, "checkedout": pool.checkedout, "overflow": pool.overflow}
        yield "pool_size", "Connections that the pool keeps.", [({}, pool.size)]
        yield "pool_connections", "The pool's connections.", [({"state": name}, n) for name, n in counts.items()]


def _known(known: Known[Overview]) -> Iterator[Family]:
    about = "Whether the database was ever looked at as a whole; only then is there more than its health."
    yield "overview_known", about, [({}, float(known.answer is not None))]
    if known.age_seconds is not None:
        yield "overview_age_seconds", "How long ago that was.", [({}, known.age_seconds)]


def _sizes(seen: Overview) -> Iterator[Family]:
    if seen.sizes is not None:
        rows = seen.sizes.rows
        yield "tables_bytes", "All tables with their indexes.", [({}, sum(row["bytes"] for row in rows))]
        yield "table_bytes", "The largest tables.", [({"table": row["table"]}, row["bytes"]) for row in rows[:MOST]]


def _connections(seen: Overview) -> Iterator[Family]:
    if seen.connections is not None:
        counts: dict[str, int] = {}
        for row in seen.connections.rows:
            state = row["state"] or "not visible"
            counts[state] = counts.get(state, 0) + row["connections"]
        yield "connections", "Connections of all databases.", [({"state": name}, n) for name, n in counts.items()]
        percent = sum(row["limit_percent"] for row in seen.connections.rows)
        yield "connections_ratio", "What part of the limit they take.", [({}, percent / 100)]
    if seen.waiting is not None:
        yield "waiting_sessions", "Sessions that wait for a lock.", [({}, sum(link.depth > 0 for link in seen.waiting))]


def _replication(seen: Overview) -> Iterator[Family]:
    if seen.replication is not None:
        rows = [({"name": row["name"] or "", "kind": row["kind"]}, row) for row in seen.replication.rows]
        behind = [(labels, row["lag_bytes"]) for labels, row in rows if row["lag_bytes"] is not None]
        yield "replication_lag_bytes", "WAL that a replica has not replayed, or a slot keeps.", behind
        late = [(labels, row["lag_seconds"]) for labels, row in rows if row["lag_seconds"] is not None]
        yield "replication_lag_seconds", "How long ago that was written.", late


def _statements(seen: Overview) -> Iterator[Family]:
    if seen.slow is not None:
        rows = seen.slow.rows
        yield "slow_statements", "Statements over 100 ms on the average.", [({}, len(rows))]
        means = [({"queryid": str(row["queryid"])}, row["mean_ms"] / 1000) for row in rows[:MOST]]
        yield "slow_statement_seconds", "Their mean time.", means


def _backups(seen: Overview) -> Iterator[Family]:
    if seen.backups is not None:
        aim = seen.backups.objective
        met = {"rpo": aim is not None and aim.rpo_ok, "rto": aim is not None and aim.rto_ok}
        about = "Whether the newest that is proven is younger than RPO, and was restored within RTO."
        yield "objective_met", about, [({"objective": name}, float(ok)) for name, ok in met.items()]
        yield from described(seen.backups.stored.backups)


def _migrations(seen: Overview) -> Iterator[Family]:
    if seen.migrations is not None:
        yield "pending_revisions", "Revisions that are to be applied.", [({}, len(seen.migrations.pending))]
        current = {"revision": seen.migrations.current or "base"}
        yield "at_head", "Whether the schema is the newest.", [(current, float(seen.migrations.at_head))]
