"""How the checks are listed, and the page of one shown."""

from __future__ import annotations

from litxdb import render
from litxdb.render import Form


def show(name: str | None, form: str) -> None:
    """Write the page of this name, or the list of all."""
    if name is None:
        index(form)
    else:
        page(name)


def page(name: str) -> None:
    """Write the page of a check, or a runbook."""
    from litxdb.doctor.runbook import Runbook, facts, look_up

    found = look_up(name)
    if isinstance(found, Runbook):
        render.line(found.text.rstrip())
        return
    render.styled((found.id, "bold"), (f": {found.title}", ""))
    render.line()
    render.line(found.page)
    render.line()
    render.facts(facts(found))


def index(form: str) -> None:
    """Write the checklist, a line a check; as a table unless the form is one that lists have."""
    from litxdb.doctor import checklist

    listed = [
        {
            "check": check.id,
            "area": check.area,
            "title": check.title,
            "tier": check.declaration.tier,
            "triage": check.declaration.triage,
            "fix": check.declaration.fix,
            "threshold": check.declaration.threshold,
            "needs": ", ".join(check.declaration.needs),
        }
        for check in checklist()
    ]
    columns: dict[str, render.Column] = {name: name for name in ("check", "area", "tier", "fix", "title")}
    render.rows(listed, Form(form) if form in tuple(Form) else Form.table, columns=columns)
