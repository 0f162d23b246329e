"""How reports are shown: a table that a person reads, raw numbers for a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from litxdb import render
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.reports import Report

SHOWN = 50
"""Rows that a person gets to see unless he asks for more; a program gets all."""

READ: dict[str, Callable[[Any], str]] = {
    "bytes": render.size,
    "percent": render.share,
    "count": render.number,
    "number": render.number,
    "ms": render.duration,
    "seconds": render.elapsed,
    "days": lambda days: render.elapsed(None if days is None else days * 86400),
    "series": render.spark,
    "statement": render.statement,
    "alert": lambda alert: "!" if alert else "",
}
"""How a person reads a column, by its type; any other is text."""


def draw(report: Report, form: Form, limit: int | None, *, hidden: tuple[str, ...] = ()) -> None:
    """Write a report; its notes go to stderr. A limit of 0 is none.

    A table does without the `hidden` columns, and without those that are empty in all rows.
    """
    limit = (SHOWN if form is Form.table else 0) if limit is None else limit
    rows = report.rows[: limit or None]
    columns: dict[str, render.Column] = {
        column.name: (heading(column.name, column.type), READ.get(column.type, render.cell))
        for column in report.columns
        if form is not Form.table or (column.name not in hidden and any(row[column.name] is not None for row in rows))
    }
    render.rows(rows, form, columns=columns, within=report)
    for note in report.notes:
        render.note(note)
    if form is Form.table:
        if not rows:
            render.line(f"Nothing to show: {render.count(report.examined, 'object')} looked at.")
        if len(rows) < len(report.rows):
            render.note(f"{len(rows)} of {len(report.rows)} rows; --limit 0 shows all.")


def heading(name: str, type_: str) -> str:
    """Make a column's heading of its name, whose unit is in the values unless they are plain numbers.

    >>> heading("share_percent", "percent"), heading("grown_percent", "number"), heading("mean_ms", "ms")
    ('share', 'grown %', 'mean')
    """
    words = re.sub("_(bytes|seconds|ms)$", "", name)
    words = re.sub("_percent$", " %" if type_ == "number" else "", words)
    return words.replace("_", " ")
