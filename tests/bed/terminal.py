"""Runs `litxdb` on a terminal, as a person sees it and types into it."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import dataclass

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Shown:
    """What a terminal got: with its colours, and without; and how the program ended."""

    code: int
    raw: str

    @property
    def plain(self) -> str:
        return ESCAPE.sub("", self.raw)


def on_terminal(*argv: str, columns: int = 80, answers: str = "", stop_after: str = "", times: int = 1) -> Shown:
    """Run a command on a terminal of this width; `answers` are typed before it asks.

    With `stop_after` Ctrl-C is typed once that text has been shown so many `times`.
    """
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", "TTY_INTERACTIVE": "0"}
    terminal, ours = pty.openpty()
    command = [sys.executable, "-m", "litxdb", *argv]
    process = subprocess.Popen(command, env=env, stdin=ours, stdout=ours, stderr=ours, start_new_session=True)
    os.close(ours)
    os.write(terminal, answers.encode())
    shown = b""
    with contextlib.suppress(OSError):  # how the other end of a terminal says that it is closed
        while piece := os.read(terminal, 65536):
            shown += piece
            if stop_after and shown.decode(errors="ignore").count(stop_after) >= times:
                process.send_signal(signal.SIGINT)
                stop_after = ""
    os.close(terminal)
    return Shown(process.wait(), shown.decode().replace("\r\n", "\n"))
