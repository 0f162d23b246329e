"""Examining revisions before they meet the target. What only asks for the state should not wait for its rules."""

from litxdb.migrate.lint.examination import (
    LintResult,
    LintTarget,
    accepted_rules,
    examine,
    explain_rule,
    judge,
    lint,
    read_target,
    unexamined,
)
from litxdb.migrate.results import LintFinding

__all__ = [
    "LintFinding",
    "LintResult",
    "LintTarget",
    "accepted_rules",
    "examine",
    "explain_rule",
    "judge",
    "lint",
    "read_target",
    "unexamined",
]
