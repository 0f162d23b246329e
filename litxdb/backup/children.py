"""Programs of PostgreSQL's as children of this process: they end when it does, by whatever."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

GRACE_SECONDS = 10
MORTAL = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Has Linux end the program when its parent dies, even by kill -9 (PR_SET_PDEATHSIG), and becomes it."""

LOST = re.compile(
    "connection to server|server closed the connection|terminating connection|SSL connection has been closed|"
    "the tunnel to |SSL SYSCALL|could not receive data from server|the database system is |no connection to the server"
)
"""How one says that its connection is gone."""


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    holds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program whose stderr can be read; `holds` are descriptors that it keeps open as long as it lives."""
    if sys.platform == "linux" and sys.executable:
        command = [sys.executable, "-I", "-S", "-c", MORTAL, str(os.getpid()), *command]
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=environment,
        pass_fds=holds,
        start_new_session=True,  # Ctrl-C is ours: we end it
        umask=0o077,
    )


def feed(process: subprocess.Popen[bytes], parts: Iterable[bytes]) -> bool:
    """Write all of it to a program's stdin and close that; False if the program wanted no more."""
    assert process.stdin
    for part in parts:
        left = memoryview(part)
        try:
            while left:
                left = left[os.write(process.stdin.fileno(), left) :]
        except BrokenPipeError:
            return False
    process.stdin.close()
    return True


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program if it still runs: politely first, when it cancels its statement on the server as well."""
    for means in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(means)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
