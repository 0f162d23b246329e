"""Ctrl-C and SIGTERM: heard at once, and nothing goes on running on the server."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from subprocess import Popen

import pytest

from litxdb.errors import Exit
from tests.bed.faults import hang
from tests.bed.proxy import Proxy
from tests.bed.servers import Server
from tests.bed.waiting import until

ENDS = [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)]
SLEEPER = """
import sys
from litxdb import cli
from litxdb.commands import ping

def command() -> None:
    from litxdb.database import Database
    with Database(sys.argv[1]) as db:
        db.connect(autocommit=True).cursor().execute("select pg_sleep(300)")

cli.app.command("sleep")(command)
sys.exit(cli.main(["sleep"]))
"""


@pytest.mark.parametrize(("number", "code"), ENDS)
def test_a_running_statement_is_cancelled_on_the_server(
    number: signal.Signals, code: Exit, server: Server, empty_url: str
) -> None:
    process = Popen([sys.executable, "-c", SLEEPER, empty_url], stderr=subprocess.PIPE, text=True)
    sleeping = "select count(*) from pg_stat_activity where query = 'select pg_sleep(300)' and state = 'active'"
    until(lambda: server.execute(sleeping) == [(1,)])
    start = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert time.monotonic() - start < 2
    assert process.returncode == code
    assert "Traceback" not in said
    until(lambda: server.execute(sleeping) == [(0,)])  # the server heard of it, and is as quick as its machine


@pytest.mark.parametrize(("number", "code"), ENDS)
def test_connecting_can_be_interrupted(
    number: signal.Signals, code: Exit, fake_server: Callable[..., Proxy], start: Callable[..., Popen[str]]
) -> None:
    server = fake_server(hang)
    process = start("status", "--url", server.url)
    until(lambda: server.seen)
    process.send_signal(number)
    _, said = process.communicate(timeout=3)
    assert process.returncode == code
    assert "Traceback" not in said
