"""The schema's history: where a database is, forward, back, and new revisions.

Each name is imported when it is first asked for: `litxdb status` needs a twentieth of this package, and asks often.
No module of it bears a public name: importing the module would put it in the place of the function.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litxdb.migrate.apply import downgrade, upgrade
    from litxdb.migrate.captured import CapturedRevision, Effect, Plan, PlannedRevision, Statement, TableLock
    from litxdb.migrate.capturing import capture, replayed
    from litxdb.migrate.comparison.catalog import compare, fingerprint
    from litxdb.migrate.comparison.deviations import Deviation
    from litxdb.migrate.comparison.drift import Drift, History, Replay, drift
    from litxdb.migrate.create import create_revision
    from litxdb.migrate.finding import find_project
    from litxdb.migrate.graph import Graph, Revision, heads
    from litxdb.migrate.loss import losses
    from litxdb.migrate.patience import Patience
    from litxdb.migrate.planning import plan_upgrade
    from litxdb.migrate.project import Project
    from litxdb.migrate.rehearsal import Rehearsal, rehearse
    from litxdb.migrate.results import Difference, Leftover, Loss, Migrated, RevisionStep
    from litxdb.migrate.scripting import script
    from litxdb.migrate.stamping import stamp
    from litxdb.migrate.state import Entry, Pending, Status, current_revision, history, standing, status

MODULES = {
    "apply": "downgrade upgrade",
    "capturing": "capture replayed",
    "captured": "CapturedRevision Effect Plan PlannedRevision Statement TableLock",
    "comparison.catalog": "compare fingerprint",
    "comparison.deviations": "Deviation",
    "comparison.drift": "Drift History Replay drift",
    "create": "create_revision",
    "finding": "find_project",
    "graph": "Graph Revision heads",
    "loss": "losses",
    "patience": "Patience",
    "planning": "plan_upgrade",
    "project": "Project",
    "rehearsal": "Rehearsal rehearse",
    "results": "Difference Leftover Loss Migrated RevisionStep",
    "scripting": "script",
    "stamping": "stamp",
    "state": "Entry Pending Status current_revision history standing status",
}
"""Where each public name is."""
_PLACES = {name: module for module, names in MODULES.items() for name in names.split()}

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


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
