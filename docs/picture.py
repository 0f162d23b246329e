"""Draw docs/up.svg: `litxdb up` as it really runs, twice. Run it with: make picture."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich import terminal_theme
from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.text import Text

WIDTH = 124
HOME = "/home/ada/.local/share/litxdb"
FONT_FACE = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def main() -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    with tempfile.TemporaryDirectory(prefix="litxdb-picture-") as directory:
        Path(directory).chmod(0o711)
        try:
            for _ in range(2):
                console.print(Text("$ litxdb up", style="bold"))
                console.print(Text.from_ansi(litxdb("up", home=directory)))
        finally:
            litxdb("local", "stop", home=directory)
    without_fonts = FONT_FACE.sub("", CONSOLE_SVG_FORMAT)  # a picture fetches nothing
    svg = console.export_svg(title="litxdb up", theme=terminal_theme.MONOKAI, code_format=without_fonts, unique_id="up")
    Path(__file__).with_name("up.svg").write_text(svg)


def litxdb(*arguments: str, home: str) -> str:
    """Run the command on a terminal of our width, and return what a person sees in the end."""
    env = {**os.environ, "LITXDB_HOME": home, "COLUMNS": str(WIDTH), "TERM": "xterm-256color", "TTY_INTERACTIVE": "0"}
    terminal, ours = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "litxdb", *arguments], env=env, stdout=ours, stderr=ours)
    os.close(ours)
    shown = b""
    with contextlib.suppress(OSError):  # how the other end of a terminal says that it is closed
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    if process.wait():
        raise SystemExit(f"litxdb {' '.join(arguments)} failed")
    return shown.decode().replace("\r\n", "\n").replace(home, HOME)


if __name__ == "__main__":
    main()
