"""Findings that somebody has looked at and lives with: named in a file, each with the reason, and until when.

    [[ignore]]
    key = "unused_index:public.ix_reports_*"
    reason = "only the yearly report uses them"
    until = 2027-02-01

A key is a check's id, or that and an object behind a colon, as findings carry it; `*` and `?` stand for any text and
any character. What has expired counts again, and is a finding itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from litxdb.doctor.checklist import find
from litxdb.doctor.ignoring import Ignore
from litxdb.errors import ConfigurationInvalid, LitxdbError

FILE = ".litxdb-ignore.toml"
EXAMPLE = 'Write [[ignore]] with key = "check:object", reason = "…" and, if it shall end, until = 2027-01-31.'
FIELDS = {"key": str, "reason": str, "until": date}
_ENTRY = re.compile(r"^[ \t]*\[\[[ \t]*ignore[ \t]*\]\]", re.MULTILINE)


def read_ignores(path: Path) -> tuple[Ignore, ...]:
    """Read the file; raises ConfigurationInvalid, naming the line, for anything in it that is not understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error}.", EXAMPLE) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error).replace("end of document", f"line {len(text.splitlines())}, the end")
        raise ConfigurationInvalid(f"{path} is no TOML: {said}.", EXAMPLE) from None
    entries = content.pop("ignore", [])
    if content or not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        line = _line_of(text, next(iter(content), "ignore"))
        raise ConfigurationInvalid(f"{path}, line {line}: only [[ignore]] entries are known.", EXAMPLE)
    lines = [text.count("\n", 0, match.start()) + 1 for match in _ENTRY.finditer(text)]
    if len(lines) != len(entries):  # written as one array: the lines of its entries are not known
        lines = [_line_of(text, "ignore")] * len(entries)
    return tuple(_entry(path, line, entry) for line, entry in zip(lines, entries, strict=True))


def _entry(path: Path, line: int, entry: Mapping[str, Any]) -> Ignore:
    problem = _problem(entry)
    if problem:
        raise ConfigurationInvalid(f"{path}, line {line}: {problem}", EXAMPLE)
    return Ignore(entry["key"], entry["reason"].strip(), entry.get("until"), line)


def _problem(entry: Mapping[str, Any]) -> str | None:
    unknown = next((name for name in entry if name not in FIELDS), None)
    if unknown:
        return f"{unknown} is not known."
    for name, kind in FIELDS.items():
        value = entry.get(name)
        if value is None and name != "until":
            return f"{name} is missing."
        if value is not None and type(value) is not kind:
            return f"{name} must be a {'date, without quotes' if kind is date else 'text'}."
    if not entry["reason"].strip():
        return "reason is empty."
    try:
        find(entry["key"].partition(":")[0])
    except LitxdbError as error:
        return f"{error.message} {error.hint}"
    return None


def _line_of(text: str, word: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if word in line), 1)
