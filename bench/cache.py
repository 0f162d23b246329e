"""The cache: what a read costs beside the client alone, and what a Redis that hangs costs a reader."""

from __future__ import annotations

import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable

READS, HUNG = 2000, 200
VALUE = {"summary": "x" * 2000, "points": list(range(50))}


def show() -> None:
    """Print the median of pairs, and the worst of reads while the server is stopped; nothing without redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        print("\ncache: redis-server is not installed")
        return
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="litxdb-bench-") as directory:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                time.sleep(0.5)
                _measure(f"redis://127.0.0.1:{port}/0", server)
            finally:
                server.send_signal(signal.SIGCONT)
                server.kill()


def _measure(url: str, server: subprocess.Popen[bytes]) -> None:
    import json

    from redis import Redis

    from litxdb.cache import Cache

    with Cache(url) as cache, Redis.from_url(url) as client:
        assert cache.set("search", "q", VALUE)
        pairs = [
            (_timed(lambda: cache.get("search", "q")), _timed(lambda: json.loads(client.get("search:q"))))
            for _ in range(READS)
        ]
        ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
        server.send_signal(signal.SIGSTOP)
        times = []
        for _ in range(HUNG):
            times.append(_timed(lambda: cache.get("search", "q")))
            time.sleep(0.02)
    print(f"\ncache.get {ours * 1e6:.0f} µs, redis-py and json {theirs * 1e6:.0f} µs, ratio {ours / theirs:.2f}")
    waited = sum(each > 0.01 for each in times)
    print(f"  Redis stopped: {max(times) * 1000:.1f} ms at most (bound 50), {waited} of {HUNG} readers waited")


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return int(finder.getsockname()[1])
