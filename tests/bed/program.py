"""Runs `litxdb` as a person would, in an environment that holds nothing of the developer's own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from litxdb.settings import VARIABLES

COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS", "COLUMNS")
"""Variables by which Rich and Typer style a pipe."""


@dataclass(frozen=True)
class Outcome:
    """What one run of litxdb left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The answer of a run with --format json."""
        return json.loads(self.stdout)


def run(*argv: str | Path, env: Mapping[str, str] | None = None, input: str = "") -> Outcome:  # noqa: A002
    """Call litxdb's main() in this process, with pipes for its three streams."""
    from litxdb.cli import main

    stdin, stdout, stderr = _pipe(input), _pipe(), _pipe()
    with (
        mock.patch.dict(os.environ, env or {}),
        mock.patch.object(sys, "stdin", stdin),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        code = _exit_code(main, [str(word) for word in argv])
    return Outcome(code, _text(stdout), _text(stderr))


def isolate(monkeypatch: pytest.MonkeyPatch, directory: Path, home: Path) -> None:
    """Hide the developer's variables, home and `.env` from this test; `home` becomes LITXDB_HOME."""
    for name in os.environ:
        ours = name.startswith(("PG", "LITXDB_")) and not name.startswith("LITXDB_TEST_")
        if ours or name in VARIABLES or name in COLOURS or name.startswith("XDG_"):
            monkeypatch.delenv(name)
    for name in ("home", "work"):
        (directory / name).mkdir()
    monkeypatch.setenv("HOME", str(directory / "home"))
    monkeypatch.setenv("LITXDB_HOME", str(home))
    monkeypatch.chdir(directory / "work")


def _exit_code(main: Any, argv: list[str]) -> int:
    try:
        code = main(argv)
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):  # as Python itself does
        print(code, file=sys.stderr)
        return 1
    return int(code or 0)


def _pipe(content: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content.encode()), encoding="utf-8", write_through=True)


def _text(pipe: io.TextIOWrapper) -> str:
    assert isinstance(pipe.buffer, io.BytesIO)
    return pipe.buffer.getvalue().decode()
