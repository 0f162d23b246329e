"""List the statements that take 100 ms and more on the average; those over 500 ms are marked.

From pg_stat_statements: calls, total, mean and slowest time, share of all time, rows, cache hits. litxdb's own are left
out. --explain shows the plan of one of them, on PostgreSQL 16 and newer without its values.

Example: litxdb slow-queries --sort mean --explain 1
"""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Limit, Url
from litxdb.commands._reporting import draw
from litxdb.errors import Refused
from litxdb.render import Form


class Order(enum.StrEnum):
    """What comes first."""

    total = "total"
    mean = "mean"
    max = "max"
    calls = "calls"
    rows = "rows"


Sort = Annotated[Order, typer.Option("--sort", help="The largest of these first.")]
Least = Annotated[float, typer.Option("--min-ms", min=0, metavar="MS", help="The least mean time.")]
Explain = Annotated[
    int | None, typer.Option("--explain", min=1, metavar="N", help="Show the plan of the N-th.", show_default=False)
]


def command(
    url: Url = None,
    sort: Sort = Order.total,
    min_ms: Least = 100.0,
    limit: Limit = None,
    explain: Explain = None,
    form: Format = Form.table,
) -> None:
    from litxdb import reports
    from litxdb.database import Database

    with Database(url, command="slow-queries", notify=render.note) as db:
        report = reports.slow_queries(db, sort=reports.Sort(sort), least_mean_ms=min_ms)
        if explain is None:
            draw(report, form, limit, hidden=("queryid", "since", "temp_bytes"))
            return
        if explain > len(report.rows):
            raise Refused(f"There are only {render.count(len(report.rows), 'such statement')}.", "Lower --min-ms.")
        plan = reports.explain(db, report.rows[explain - 1]["queryid"])
    if form is Form.table:
        render.line(f"{render.printable(plan.query)}\n")
    render.rows([{"plan": line} for line in plan.rows], form, columns={"plan": "plan"}, within=plan)
    if plan.reason:
        render.note(plan.reason)
