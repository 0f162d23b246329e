"""Timing whole processes in pairs: A B A B …, so that a machine whose speed drifts treats both alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One run: CPU and wall time in seconds, and the most memory that a process of it took, in bytes."""

    cpu: float
    wall: float
    memory: int


@dataclass(frozen=True)
class Pair:
    """Both commands' samples; the ratios compare each run of one with the run of the other beside it."""

    ours: tuple[Sample, ...]
    theirs: tuple[Sample, ...]

    def median(self, figure: str) -> tuple[float, float]:
        """Return both medians of a figure (cpu or wall), in seconds."""
        ours, theirs = ([getattr(sample, figure) for sample in samples] for samples in (self.ours, self.theirs))
        return statistics.median(ours), statistics.median(theirs)

    def ratio(self, figure: str) -> float:
        """Return the median of ours / theirs, pair by pair."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in pairs)


def compare(ours: Sequence[str], theirs: Sequence[str], env: Mapping[str, str], runs: int) -> Pair:
    """Run both in turn, after one run of each that is not counted; a command that fails ends the comparison."""
    once(ours, env), once(theirs, env)
    samples = [(once(ours, env), once(theirs, env)) for _ in range(runs)]
    first, second = zip(*samples, strict=True)
    return Pair(first, second)


def once(command: Sequence[str], env: Mapping[str, str]) -> Sample:
    """Run a command whose output nobody reads."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    return Sample(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * (1024 if sys.platform == "linux" else 1))
