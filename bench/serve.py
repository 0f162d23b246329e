"""Health endpoints: requests that one core answers, and what they cost the database."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection

import psutil

SECONDS, CLIENTS = 5.0, 4


def show(url: str) -> None:
    """Ask as often as one process can; the service's CPU time says what a core would answer, however busy it is."""
    command = ["litxdb", "serve", "--url", url, "--port", "0", "--interval", "1"]
    with subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stderr
            port = int(service.stderr.readline().rpartition(":")[2])
            process, answers, touches = psutil.Process(service.pid), [0] * CLIENTS, set[str]()
            threads = [threading.Thread(target=_ask, args=(port, answers, n, touches)) for n in range(CLIENTS)]
            start, used = time.monotonic(), sum(process.cpu_times()[:2])
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            used, seconds = sum(process.cpu_times()[:2]) - used, time.monotonic() - start
        finally:
            service.terminate()
    print(f"\nlitxdb serve, /health: {sum(answers) / used:,.0f} requests a second of CPU (bound 1,000)")
    print(f"  {sum(answers):,} requests in {seconds:.1f} s, {len(touches)} queries at an interval of 1 s")


def _ask(port: int, answers: list[int], number: int, touches: set[str]) -> None:
    until = time.monotonic() + SECONDS
    with contextlib.closing(HTTPConnection("127.0.0.1", port)) as line:
        while time.monotonic() < until:
            line.request("GET", "/health")
            answer = line.getresponse()
            touches.add(json.loads(answer.read())["timestamp"])
            answers[number] += answer.status == 200
