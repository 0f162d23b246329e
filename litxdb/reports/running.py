"""Runs a report: a file of sql/reports/, or a module of reports/computed/ where it takes more than one query."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import pkgutil
from types import ModuleType

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import ServerRefused
from litxdb.queries import Column
from litxdb.reading import Reader, reading
from litxdb.reports import computed
from litxdb.reports.asking import Asking, Found
from litxdb.reports.results import Report, Title, UnknownReport
from litxdb.reports.windows import window_note

SECONDS = 15.0
"""For a statement of a report; none waits longer than 200 ms for a lock."""

SEES = {
    "pg_read_all_stats": "what other roles' sessions and statements do",
    "pg_read_all_settings": "some settings",
}
"""What a role without this predefined role does not see."""


def titles() -> list[Title]:
    """List the reports by name."""
    written = [
        Title(_dashed(query.name), query.title, _line(query.prose))
        for query in (queries.find("reports", name) for name in queries.names("reports"))
    ]
    return sorted([*written, *(_title(module) for module in _modules().values())], key=lambda title: title.name)


def described(name: str) -> tuple[Title, tuple[Column, ...]]:
    """Return a report's title and columns. Raises UnknownReport, with the nearest names."""
    wanted = _known(name)
    module = _modules().get(wanted)
    columns: tuple[Column, ...] = module.COLUMNS if module else queries.find("reports", wanted).columns
    return next(title for title in titles() if title.name == _dashed(wanted)), columns


def run(db: Database, name: str, *, seconds: float = SECONDS) -> Report:
    """Run a report: reads only, waits for no lock, and none of its statements takes longer than `seconds`.

    What the role may not see is told in the report's notes; if that is everything, ServerRefused says which GRANT
    helps. Raises UnknownReport, with the nearest names, and ToolMissing where an extension is missing.
    """
    wanted = _known(name)
    with reading(db, seconds=seconds) as reader:
        asking = Asking(db, reader, seconds)
        module = _modules().get(wanted)
        return _computed(asking, module) if module else _written(reader, wanted)


def _known(name: str) -> str:
    wanted = name.replace("-", "_")
    if wanted in _modules() or wanted in queries.names("reports"):
        return wanted
    near = difflib.get_close_matches(_dashed(name), [title.name for title in titles()], n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "litxdb report --list names all of them."
    raise UnknownReport(f"There is no report {name}.", hint)


def _written(reader: Reader, name: str) -> Report:
    query = reader.query("reports", name)
    rows = reader.ask("reports", name)
    missing = [role for role in query.roles if role not in reader.privileges]
    notes = [f"Role {reader.role} does not see {SEES[role]}: grant {role} to {reader.role}" for role in missing]
    if missing and not rows:
        raise ServerRefused(
            f"{_dashed(name)}: role {reader.role} sees nothing of it.",
            f"Run: grant {missing[0]} to {reader.role}",
        )
    window = reader.counted_seconds if query.key("window") else None
    if window is not None:
        notes.append(window_note(window))
    return Report(
        _dashed(name), query.title, _line(query.prose), query.columns, tuple(rows), len(rows),
        notes=tuple(notes), window_seconds=window,
    )  # fmt: skip


def _computed(asking: Asking, module: ModuleType) -> Report:
    found: Found = module.read(asking)
    title = _title(module)
    notes = found.notes
    if found.window_seconds is not None:
        notes = (*notes, window_note(found.window_seconds))
    return Report(
        title.name, title.title, title.about, module.COLUMNS, tuple(map(dict, found.rows)), found.examined,
        found.unseen, notes, found.window_seconds,
    )  # fmt: skip


@functools.cache
def _modules() -> dict[str, ModuleType]:
    names = [found.name for found in pkgutil.iter_modules(computed.__path__)]
    return {name: importlib.import_module(f"{computed.__name__}.{name}") for name in names}


def _title(module: ModuleType) -> Title:
    first, _, prose = inspect.cleandoc(module.__doc__ or "").partition("\n")
    return Title(_dashed(module.__name__.rpartition(".")[2]), first, _line(prose))


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _line(prose: str) -> str:
    return " ".join(prose.split())
