"""The schema's history: where a database is, forward, back, and new revisions."""

from litxdb.migrate.apply import downgrade, upgrade
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision, Effect, Statement
from litxdb.migrate.catalog import compare, fingerprint
from litxdb.migrate.comparison import Drift, History, Replay, drift
from litxdb.migrate.create import create_revision
from litxdb.migrate.deviations import Deviation
from litxdb.migrate.graph import Graph, Revision, heads
from litxdb.migrate.project import Project
from litxdb.migrate.results import Difference, Entry, Migrated, Pending, RevisionStep, Status
from litxdb.migrate.stamp import stamp
from litxdb.migrate.state import current_revision, history, status

__all__ = [
    "CapturedRevision",
    "Deviation",
    "Difference",
    "Drift",
    "Effect",
    "Entry",
    "Graph",
    "History",
    "Migrated",
    "Pending",
    "Project",
    "Replay",
    "Revision",
    "RevisionStep",
    "Statement",
    "Status",
    "capture",
    "compare",
    "create_revision",
    "current_revision",
    "downgrade",
    "drift",
    "fingerprint",
    "heads",
    "history",
    "replayed",
    "stamp",
    "status",
    "upgrade",
]
