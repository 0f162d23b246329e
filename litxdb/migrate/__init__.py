"""The schema's history: where a database is, forward, back, and new revisions.

`litxdb.migrate.lint` is imported by itself: what only asks for the state should not wait for it.
"""

from litxdb.migrate.apply import downgrade, upgrade
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision, Effect, Plan, PlannedRevision, Statement, TableLock
from litxdb.migrate.comparison.catalog import compare, fingerprint
from litxdb.migrate.comparison.deviations import Deviation
from litxdb.migrate.comparison.drift import Drift, History, Replay, drift
from litxdb.migrate.create import create_revision
from litxdb.migrate.finding import find_project
from litxdb.migrate.graph import Graph, Revision, heads
from litxdb.migrate.losses import losses
from litxdb.migrate.patience import Patience
from litxdb.migrate.planning import plan_upgrade
from litxdb.migrate.project import Project
from litxdb.migrate.rehearsal import Rehearsal, rehearse
from litxdb.migrate.results import Difference, Entry, Leftover, Loss, Migrated, Pending, RevisionStep, Status
from litxdb.migrate.script import script
from litxdb.migrate.stamp import stamp
from litxdb.migrate.state import current_revision, history, standing, status

__all__ = [
    "CapturedRevision",
    "Deviation",
    "Difference",
    "Drift",
    "Effect",
    "Entry",
    "Graph",
    "History",
    "Leftover",
    "Loss",
    "Migrated",
    "Patience",
    "Pending",
    "Plan",
    "PlannedRevision",
    "Project",
    "Rehearsal",
    "Replay",
    "Revision",
    "RevisionStep",
    "Statement",
    "Status",
    "TableLock",
    "capture",
    "compare",
    "create_revision",
    "current_revision",
    "downgrade",
    "drift",
    "find_project",
    "fingerprint",
    "heads",
    "history",
    "losses",
    "plan_upgrade",
    "rehearse",
    "replayed",
    "script",
    "stamp",
    "standing",
    "status",
    "upgrade",
]
