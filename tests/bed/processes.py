"""Finds and ends what runs below the bed's directory, so that no session leaves a server behind."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen

import psutil

PATIENCE_SECONDS = 10
PREFIX = "litxdb-bed-"


@contextmanager
def bed_directory() -> Iterator[Path]:
    """Make the directory of a session, which the servers' account may enter; at its end nothing runs there any more.

    Raises AssertionError if something still did.
    """
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    directory.chmod(0o711)
    (directory / "pid").write_text(str(os.getpid()))
    yield directory
    left = below(directory)
    end(left)
    shutil.rmtree(directory)
    assert not left, f"the bed left these processes running: {left}"


def _sweep() -> None:
    """Clear away sessions that were killed and could not do it themselves."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = directory / "pid"
        ours = directory.lstat().st_uid == os.geteuid() and owner.is_file()
        if ours and not psutil.pid_exists(int(owner.read_text() or os.getpid())):
            end(below(directory))
            shutil.rmtree(directory, ignore_errors=True)  # two sessions may come at once


def below(directory: Path) -> list[psutil.Process]:
    """Return the live processes that work in this directory or were told of it on their command line."""
    return [process for process in psutil.process_iter() if _belongs(process, f"{directory}/")]


def end(processes: list[psutil.Process]) -> None:
    """End them at once: SIGQUIT, which for PostgreSQL is an immediate shutdown, then SIGKILL."""
    for means in (signal.SIGQUIT, signal.SIGKILL):
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(means)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (processes := [process for process in processes if _lives(process)]) and time.monotonic() < deadline:
            time.sleep(0.01)


def restorers(process: Popen[str]) -> list[psutil.Process]:
    """Return the pg_restore of a run and its workers, once there are some."""
    with suppress(psutil.NoSuchProcess):
        found = [each for each in psutil.Process(process.pid).children(recursive=True) if each.name() == "pg_restore"]
        return found if len(found) > 1 else []
    return []


def _lives(process: psutil.Process) -> bool:
    """Say whether it still runs; a zombie does not, whether or not anybody ever takes notice of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _belongs(process: psutil.Process, directory: str) -> bool:
    try:
        if process.pid == os.getpid() or not _lives(process):
            return False
        if any(directory in word for word in process.cmdline()):
            return True
        return f"{process.cwd()}/".startswith(directory)  # PostgreSQL's children rewrite their command lines
    except psutil.Error:
        return False
