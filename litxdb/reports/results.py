"""What a report answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litxdb.errors import Exit, LitxdbError
from litxdb.queries import Column


class UnknownReport(LitxdbError):
    """A person named a report that does not exist."""

    code = Exit.USAGE


class NothingKnown(LitxdbError):
    """A report has nothing to go by: no snapshot yet, no statistics."""

    code = Exit.FINDINGS


@dataclass(frozen=True)
class Title:
    """A report's name, what it shows, and what to know before acting on it."""

    name: str
    title: str
    about: str


@dataclass(frozen=True)
class Report:
    """A report's rows, by the columns' names, and how far they can be trusted.

    `examined` counts what was looked at, of which `rows` may be the few that are worth showing; `unseen` what could not
    be looked at. `notes` say so in sentences, with the GRANT that helps. `window_seconds` is how long the counters in
    it have counted; None where it has none.
    """

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[dict[str, Any], ...]
    examined: int
    unseen: int = 0
    notes: tuple[str, ...] = ()
    window_seconds: float | None = None
