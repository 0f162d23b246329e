"""The schema's history: where a database is, forward, back, and new revisions."""

from litxdb.migrate.apply import downgrade, upgrade
from litxdb.migrate.catalog import compare, fingerprint
from litxdb.migrate.create import create_revision
from litxdb.migrate.graph import Graph, Revision, heads
from litxdb.migrate.losses import losses
from litxdb.migrate.results import Difference, Entry, Leftover, Loss, Migrated, Pending, RevisionStep, Status
from litxdb.migrate.stamp import stamp
from litxdb.migrate.state import current_revision, history, status

__all__ = [
    "Difference",
    "Entry",
    "Graph",
    "Leftover",
    "Loss",
    "Migrated",
    "Pending",
    "Revision",
    "RevisionStep",
    "Status",
    "compare",
    "create_revision",
    "current_revision",
    "downgrade",
    "fingerprint",
    "heads",
    "history",
    "losses",
    "stamp",
    "status",
    "upgrade",
]
