"""The server's main process: what postmaster.pid says, whether that is true, how to start and to stop it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.errors import ConnectionFailed
from litxdb.local.account import Account
from litxdb.local.files import open_private, same_directory

if TYPE_CHECKING:
    import psutil

STOP_SECONDS = 60
LARGEST_LOG = 10_000_000
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
"""The server's whole environment: nothing of ours (PGPORT, PGOPTIONS, LANG) may change what it does or says."""

_COMPLAINT = re.compile(r"\b(?:FATAL|PANIC|ERROR|DETAIL|HINT|error|detail|hint):\s+(.*)|\bLOG:\s+(could not .*)")


@dataclass(frozen=True)
class PidFile:
    """What postmaster.pid tells; the server writes it line by line, and a crash may leave any part of it.

    `data` is the directory's name when the server started, `sockets` where its Unix socket is, and `tcp` whether it
    listens on an address too.
    """

    pid: int
    data: Path | None = None
    port: int = 0
    sockets: Path | None = None
    tcp: bool = False

    @classmethod
    def read(cls, data: Path) -> PidFile | None:
        """Read the file; None when it is missing, unreadable, or does not begin with a process id."""
        try:
            lines = (data / "postmaster.pid").read_bytes().split(b"\n")
            pid = abs(int(lines[0]))
        except (OSError, ValueError):
            return None
        if pid and len(lines) > 6 and lines[3].isdigit() and lines[4]:
            data, sockets = (Path(os.fsdecode(line)) for line in (lines[1], lines[4]))
            return cls(pid, data, int(lines[3]), sockets, bool(lines[5].strip()))
        return cls(pid) if pid else None


def find(data: Path) -> psutil.Process | None:
    """Return the live postmaster of this data directory, never a stranger that inherited its process id.

    It must belong to the directory's owner, be called postgres, and have been started for exactly this directory. Where
    that cannot be seen it counts as a stranger: PostgreSQL's own check of its shared memory still protects the data.
    """
    import psutil

    told = PidFile.read(data)
    if told is None:
        return None
    try:
        process = psutil.Process(told.pid)
        with process.oneshot():
            alive = process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            named = process.name() == "postgres" and process.uids().effective == data.stat().st_uid
        return process if alive and named and _works_for(process, data) else None
    except (psutil.Error, OSError):
        return None


def _works_for(process: psutil.Process, data: Path) -> bool:
    # The postmaster keeps its command line; its children rewrite theirs. The working directory is the surer sign, but
    # root in a container without CAP_SYS_PTRACE may not see it.
    import psutil

    command = process.cmdline()
    if any(before == "-D" and same_directory(Path(after), data) for before, after in pairwise(command)):
        return True
    try:
        return same_directory(Path(process.cwd()), data)
    except psutil.AccessDenied:
        return False


def launch(command: Sequence[str | Path], data: Path, log: Path, account: Account) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own; call this under the lock, with no live postmaster."""
    environment = dict(ENVIRONMENT)
    told = PidFile.read(data)
    if told is not None:
        # PostgreSQL gives up when the old process id lives, even as a stranger or a zombie, except for its parent and
        # the one in this variable (made for pg_ctl). Its check for survivors in shared memory takes place all the same.
        environment["PG_GRANDPARENT_PID"] = str(told.pid)
    else:
        (data / "postmaster.pid").unlink(missing_ok=True)
    descriptor = open_private(log, os.O_WRONLY | os.O_APPEND)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            env=environment,
            umask=0o077,
            cwd="/",
            **account.identity,
        )
    finally:
        os.close(descriptor)
    # In a process that lives longer than its server, the dead server must not stay as a zombie.
    threading.Thread(target=process.wait, name=f"wait for postgres {process.pid}", daemon=True).start()
    return process


def end(process: psutil.Process, data: Path, *, immediate: bool) -> None:
    """Shut the server down, fast (a checkpoint) or immediately (recovery at the next start), and see it end."""
    import psutil

    try:
        process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
    except psutil.NoSuchProcess:
        return
    patience = time.monotonic() + STOP_SECONDS
    while not ended(process):
        if time.monotonic() > patience:
            raise ConnectionFailed(
                f"PostgreSQL in {data} (process {process.pid}) has not stopped after {STOP_SECONDS} seconds.",
                "It may be writing a large checkpoint: wait, or stop it immediately.",
            )
        time.sleep(0.01)


def ended(process: psutil.Process) -> bool:
    """Tell whether a process is gone; a zombie is, whenever its parent may notice."""
    import psutil

    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def put_away(log: Path) -> int:
    """Begin a new log where it has grown large, keeping the last one, and return where the next line will be."""
    size = log.stat().st_size if log.exists() else 0
    if size > LARGEST_LOG:
        log.rename(log.with_name(f"{log.name}.old"))
        return 0
    return size


def reason(log: Path, offset: int) -> str:
    """Return why the server ended, from its log since `offset`."""
    try:
        with log.open("rb") as file:
            file.seek(offset)
            return summary(file.read().decode(errors="replace"))
    except OSError as error:
        return f"its log cannot be read ({error.strerror})"


def summary(output: str) -> str:
    """Return the complaints in what a program of PostgreSQL has written, or where there are none its last lines.

    >>> summary("2026-11-22 04:22:20.660 UTC [220] FATAL:  disk on fire\\nchild process exited with exit code 1\\n")
    'disk on fire'
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [" ".join(filter(None, match.groups())) for match in map(_COMPLAINT.search, lines) if match]
    return " ".join((complaints or lines)[-4:]).rstrip(".?") or "it left no message"


def last_port(data: Path) -> int | None:
    """Return the TCP port of the server's last start, from the options that PostgreSQL notes; None without TCP."""
    try:
        options = shlex.split((data / "postmaster.opts").read_text())
    except (OSError, ValueError):
        return None
    if "listen_addresses=127.0.0.1" not in options:
        return None
    ports = [option.removeprefix("port=") for option in options if option.startswith("port=")]
    return int(ports[-1]) if ports and ports[-1].isdigit() else None
