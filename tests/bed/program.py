"""Runs `litxdb` as a person would, in surroundings that hold nothing of the developer's own."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from litxdb.settings import STORE_VARIABLES, VARIABLES

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
        _logging_restored(),
        mock.patch.dict(os.environ, env or {}),
        mock.patch.object(sys, "stdin", stdin),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        code = _exit_code(main, [str(word) for word in argv])
    return Outcome(code, _text(stdout), _text(stderr))


def start(*argv: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start litxdb as a process of its own, leader of its own group: for signals, kills and several at once."""
    return subprocess.Popen(
        [sys.executable, "-m", "litxdb", *map(str, argv)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )


def forget_developer() -> None:
    """Take the developer's own database, colours and directories out of this process's environment."""
    for name in list(os.environ):
        ours = name.startswith(("PG", "LITXDB_", "XDG_")) and not name.startswith("LITXDB_TEST_")
        if ours or name in VARIABLES or name in STORE_VARIABLES or name in COLOURS:
            del os.environ[name]


def isolate(monkeypatch: pytest.MonkeyPatch, directory: Path, litxdb_home: Path) -> None:
    """Give a test an empty home and an empty working directory, where no `.env` or `.pgpass` is found."""
    for name in ("home", "work"):
        (directory / name).mkdir()
    monkeypatch.setenv("HOME", str(directory / "home"))
    monkeypatch.setenv("LITXDB_HOME", str(litxdb_home))
    monkeypatch.chdir(directory / "work")


@contextlib.contextmanager
def _logging_restored() -> Iterator[None]:
    logger = logging.getLogger("litxdb")
    handlers, level = logger.handlers[:], logger.level
    try:
        yield
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level)


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
