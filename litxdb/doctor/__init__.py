"""Examines a database: what is wrong, how it is known, and what to type."""

from litxdb.doctor.check import AREAS, Check, Context, Declaration, Rows, Server, Tier
from litxdb.doctor.checklist import UnknownCheck, checklist, find, select
from litxdb.doctor.examination import examine
from litxdb.doctor.ignore_file import read_ignores
from litxdb.doctor.ignoring import Ignore
from litxdb.doctor.results import Defect, Examination, Finding, Fix, Ignored, Judgement, Reason, Result, Skip, Status

__all__ = [
    "AREAS",
    "Check",
    "Context",
    "Declaration",
    "Defect",
    "Examination",
    "Finding",
    "Fix",
    "Ignore",
    "Ignored",
    "Judgement",
    "Reason",
    "Result",
    "Rows",
    "Server",
    "Skip",
    "Status",
    "Tier",
    "UnknownCheck",
    "checklist",
    "examine",
    "find",
    "read_ignores",
    "select",
]
