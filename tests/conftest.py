"""Every fixture of the test bed; docs/testing.md shows each with an example. How they work is in tests/bed/."""

from __future__ import annotations

import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from litxdb import redaction
from tests.bed import program
from tests.bed.certificates import Certificate, Certificates
from tests.bed.proxy import Behaviour, Proxy

HOMES = itertools.count(1)


def pytest_sessionstart() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: fixtures stop what they started


@pytest.fixture(scope="session")
def bed_directory() -> Iterator[Path]:
    """A directory that the servers' account may enter, unlike pytest's own when root runs the tests."""
    directory = Path(tempfile.mkdtemp(prefix="litxdb-bed-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(autouse=True)
def isolated(bed_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the developer's environment, home, `.env` and secrets out of every test."""
    program.isolate(monkeypatch, tmp_path, bed_directory / f"home{next(HOMES)}")
    yield
    redaction.forget()


@pytest.fixture
def run() -> Callable[..., program.Outcome]:
    """Run a command: `run("status", "--url", db_url, "--format", "json").json`."""
    return program.run


@pytest.fixture(scope="session")
def certificates(bed_directory: Path) -> Certificates:
    """A certificate authority, and server certificates that are good, expired, misnamed or a stranger's."""
    directory = bed_directory / "certificates"
    directory.mkdir()
    return Certificates(directory)


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    """Put a proxy before a server: `proxy(db_url, reset, reset).url` fails twice and then works."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(Proxy(*arguments, **options))


@pytest.fixture
def fake_server(proxy: Callable[..., Proxy]) -> Callable[..., Proxy]:
    """Listen without any server: `fake_server(error("53300", "sorry, too many clients already")).url`."""

    def listen(behave: Behaviour, certificate: Certificate | None = None) -> Proxy:
        return proxy(then=behave, certificate=certificate)

    return listen
