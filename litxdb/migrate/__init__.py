"""The schema's history: where a database is, forward, back, and new revisions."""

from litxdb.migrate.apply import downgrade, upgrade
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision, Effect, Statement
from litxdb.migrate.catalog import compare, fingerprint
from litxdb.migrate.create import create_revision
from litxdb.migrate.graph import Graph, Revision, heads
from litxdb.migrate.losses import losses
from litxdb.migrate.project import Project
from litxdb.migrate.results import Difference, Entry, Leftover, Loss, Migrated, Pending, RevisionStep, Status
from litxdb.migrate.stamp import stamp
from litxdb.migrate.state import current_revision, history, status

__all__ = [
    "CapturedRevision",
    "Difference",
    "Effect",
    "Entry",
    "Graph",
    "Leftover",
    "Loss",
    "Migrated",
    "Pending",
    "Project",
    "Revision",
    "RevisionStep",
    "Statement",
    "Status",
    "capture",
    "compare",
    "create_revision",
    "current_revision",
    "downgrade",
    "fingerprint",
    "heads",
    "history",
    "losses",
    "replayed",
    "stamp",
    "status",
    "upgrade",
]
