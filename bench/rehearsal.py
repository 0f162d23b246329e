"""How long rehearsing all of LitXplore's revisions takes: up, down and up, one by one and in one go."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from bench.pairs import once

BOUND_SECONDS = 10


def show(runs: int) -> None:
    """Print the median of the whole command as a process, and its first time."""
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as home:
        Path(home).chmod(0o711)
        command, env = ["litxdb", "rehearse"], {"LITXDB_HOME": home}
        first = once(command, env).wall
        rest = statistics.median(once(command, env).wall for _ in range(min(max(runs, 3), 5)))
    print(
        f"litxdb rehearse of all revisions, wall: {rest:.2f} s (bound {BOUND_SECONDS} s), "
        f"the first time {first:.2f} s as it creates the scratch server"
    )
