"""The schema's history: where a database is, forward, back, and new revisions."""

from litxdb.migrate.apply import downgrade, upgrade
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision, Effect, Statement
from litxdb.migrate.catalog import compare, fingerprint
from litxdb.migrate.create import create_revision
from litxdb.migrate.graph import Graph, Revision, heads
from litxdb.migrate.lint import LintFinding, LintResult, explain_rule, lint
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
    "LintFinding",
    "LintResult",
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
    "explain_rule",
    "fingerprint",
    "heads",
    "history",
    "lint",
    "replayed",
    "stamp",
    "status",
    "upgrade",
]
