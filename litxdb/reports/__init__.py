"""Reports on a database: what is slow, what grows, what is superfluous; for people who look, and programs that read.

    run(db, "unused-indexes")                  # Report: columns, rows, and what could not be looked at
    titles()                                   # all of them
    slow_queries(db), table_sizes(db)          # those with commands of their own
    explain(db, queryid)                       # the plan of a statement that pg_stat_statements has

A report is a file of sql/reports/, or a module of reports/computed/. It reads only, waits for no lock, leaves litxdb's
own statements out, and says what the role may not see instead of showing nothing.
"""

from litxdb.reports.plans import Plan, explain
from litxdb.reports.results import NothingKnown, Report, Title, UnknownReport
from litxdb.reports.running import described, run, titles
from litxdb.reports.slow_queries import slow_queries
from litxdb.reports.statements import Sort
from litxdb.reports.table_sizes import table_sizes

__all__ = [
    "NothingKnown",
    "Plan",
    "Report",
    "Sort",
    "Title",
    "UnknownReport",
    "described",
    "explain",
    "run",
    "slow_queries",
    "table_sizes",
    "titles",
]
