"""The schema's history: where a database is, forward, back, and new revisions.

`litxdb.migrate.lint` is imported by itself: what only asks for the state should not wait for it.
"""

from litxdb.migrate.apply import downgrade, upgrade
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision, Effect, Statement
from litxdb.migrate.catalog import compare, fingerprint
from litxdb.migrate.create import create_revision
from litxdb.migrate.graph import Graph, Revision, heads
from litxdb.migrate.project import Project
from litxdb.migrate.results import Difference, Entry, Migrated, Pending, RevisionStep, Status
from litxdb.migrate.stamp import stamp
from litxdb.migrate.state import current_revision, history, status

__all__ = [
    "CapturedRevision",
    "Difference",
    "Effect",
    "Entry",
    "Graph",
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
    "replayed",
    "stamp",
    "status",
    "upgrade",
]
