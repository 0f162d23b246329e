"""What pg_restore and psql say: progress, and errors with what belongs to them, also where processes run together."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

log = logging.getLogger("litxdb.pg_restore")

DIED = "a worker process died unexpectedly"

_PIECES = re.compile(r"(?:pg_restore:|error: |warning: | )*")
_PSQL = re.compile(r"psql:(?:.*?:\d+: (?:ERROR|FATAL): +| error: )(?P<text>.*)$")
_ROWS = re.compile(r'processing data for table "(?P<table>.*?)"?$')
_MAKING = re.compile(r'creating (?P<what>INDEX|CONSTRAINT|FK CONSTRAINT|MATERIALIZED VIEW DATA) "(?P<name>.*?)"?$')
_IGNORED = re.compile(r"errors ignored on restore: (?P<count>\d+)$")
_DOING = re.compile(
    "connecting to |implied |dropping |creating |processing |executing |disabling |enabling |restoring large object |"
    "restored |while |from TOC entry |entering |no item ready|skipping |launching |finished |reducing |transferring |"
    'read TOC entry |table ".*" could not be created'
)
"""How all begins that pg_restore --verbose says and that is no error."""

Said = Callable[[str, str], None]


class Told:
    """Takes what a program says line by line; `errors` are in the order of their coming.

    pg_restore's processes write to one stderr: the program's name, a blank, "error: " and the message, each by itself.
    So these run into one another, and what follows "error: " may be another's progress; the next that is none is it.
    """

    def __init__(self, said: Said) -> None:
        self._said = said
        self.errors: list[str] = []
        self.ignored: int | None = None
        self._announced = 0
        self._within = False

    def hear(self, line: str) -> None:
        """Take a line."""
        log.debug(line)
        if match := _PSQL.match(line):
            self._add(match["text"])
            return
        pieces = _PIECES.match(line)
        start = pieces.end() if pieces else 0
        if self._within and not line[:start].strip() and not line.startswith("psql:"):
            self.errors[-1] += f"\n{line}"
            return
        self._announced += line.count("error: ", 0, start)
        self._within = False
        self._take(line[start:])

    def _take(self, text: str) -> None:
        if match := _ROWS.match(text):
            self._said("rows", match["table"])
        elif match := _MAKING.match(text):
            self._said(match["what"].lower(), match["name"])
        elif match := _IGNORED.match(text):
            self.ignored = int(match["count"])
        elif self._announced and not _DOING.match(text):
            self._announced -= 1
            self._add(text)

    def _add(self, text: str) -> None:
        self.errors.append(text)
        self._within = text != DIED
