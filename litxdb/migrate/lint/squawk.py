"""Asking squawk about SQL that was really run, and correcting it by what was measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from litxdb.errors import ToolMissing
from litxdb.migrate.lint.judging import Examined, Hit, Rule, largest
from litxdb.migrate.lint.pieces import Piece
from litxdb.migrate.lint.squawk_rules import EXCLUDED, SQUAWK_RULES, UNHEEDED

HINT = "Install it where litxdb is: pip install squawk-cli"
PATIENCE_SECONDS = 60


def ask_squawk(revisions: Sequence[Examined], major: int) -> list[list[tuple[Rule, Hit]]]:
    """Return what squawk says about each revision, without what the measurement refutes; one run for all of them.

    Raises ToolMissing when there is no squawk, or none that can be used.
    """
    with tempfile.TemporaryDirectory(prefix="litxdb-lint-") as directory:
        places = {}
        for index, examined in enumerate(revisions):
            path = Path(directory, f"{index}.sql")
            text, lines = _script(examined.pieces)
            path.write_text(text, encoding="utf-8")
            places[str(path)] = (index, lines)
        said: list[list[tuple[Rule, Hit]]] = [[] for _ in revisions]
        for found in _run(list(places), major, directory):
            index, lines = places[found["file"]]
            said[index] += _judged(found, lines[found["line"]], revisions[index])
    return said


def _script(pieces: Sequence[Piece]) -> tuple[str, list[Piece]]:
    """Write the statements that change something, and for each line whose it is; COMMIT stands around autocommit."""
    text: list[str] = []
    lines: list[Piece] = []
    outside = False
    for piece in pieces:
        if not piece.changes:
            continue
        border = ["" if piece.statement.autocommit == outside else "begin;" if outside else "commit;"]
        outside = piece.statement.autocommit
        own = [*border, *piece.sql.splitlines(), ";"]  # a line of its own: the last one may be a comment
        text += own
        lines += [piece] * len(own)
    return "\n".join(text) + "\n", [*lines, *lines[-1:]]


def _run(files: list[str], major: int, directory: str) -> list[dict[str, Any]]:
    if not files:
        return []
    beside = shutil.which("squawk", path=str(Path(sys.executable).parent))
    program = beside or shutil.which("squawk")
    if program is None:
        raise ToolMissing("The program squawk, which reads the SQL of revisions, is not installed.", HINT)
    command = [program, "--reporter", "json", "--assume-in-transaction", "--pg-version", str(major),
               f"--exclude={','.join(EXCLUDED)}", *files]  # fmt: skip
    try:  # in the temporary directory, so that nobody's .squawk.toml is read
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS, cwd=directory
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        reason = error if isinstance(error, (OSError, subprocess.SubprocessError)) else _last_line(done.stderr)
        raise ToolMissing(f"{program} cannot be used: {reason}.", HINT) from error
    assert isinstance(found, list)
    return found


def _last_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "it says nothing").rstrip(".")


def _judged(found: dict[str, Any], piece: Piece, examined: Examined) -> Iterator[tuple[Rule, Hit]]:
    """Keep a finding that is about something that was there before, unless the measurement refutes it."""
    name = found["rule_name"]
    if name == UNHEEDED or not (piece.tables or (piece.gone and piece.gone not in examined.made)):
        return
    rule = SQUAWK_RULES.get(name) or Rule(name, "warning", found["message"], found["help"] or "Read squawk's page.")
    if not _refuted(rule, piece):
        yield rule, Hit(rule.what.rstrip("."), piece, largest(piece.tables))


def _refuted(rule: Rule, piece: Piece) -> bool:
    effect = piece.statement.effect
    if rule.id == "constraint-missing-not-valid" and piece.says(r"\b(unique|primary\s+key|exclude)\b"):
        return True  # they know no NOT VALID
    return effect is not None and bool(rule.needs) and not any(getattr(effect, name) for name in rule.needs)
