"""Every fixture of the test bed; docs/testing.md shows each with an example. How they work is in tests/bed/."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any

import pytest
from psycopg2.extensions import parse_dsn

from litxdb import redaction
from litxdb.database import Database
from litxdb.settings import Settings
from tests.bed import buckets, disks, processes, program, revisions, servers
from tests.bed.buckets import Bucket
from tests.bed.certificates import Certificate, Certificates
from tests.bed.drifting import Compare
from tests.bed.homes import temporary_home
from tests.bed.neon import OWNER, Neon
from tests.bed.pooler import Pooler, pgbouncer, pooling
from tests.bed.program import Outcome
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.redises import RunningRedis, serving
from tests.bed.servers import Server, Servers

if TYPE_CHECKING:
    from litxdb import backup
    from litxdb.backup.results import Backup
    from litxdb.migrate import Drift

HOMES = itertools.count(1)


def pytest_sessionstart() -> None:
    program.forget_developer()
    for number in (signal.SIGTERM, signal.SIGINT):  # SIGTERM ends like Ctrl-C: fixtures stop what they started
        signal.signal(
            number, signal.default_int_handler
        )  # and neither is ignored, as a shell's background jobs have it


def pytest_report_header() -> str:
    versions = ", ".join(binaries.version for binaries in servers.installed().values())
    return f"PostgreSQL: {versions}; PgBouncer: {pgbouncer() or 'missing'}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    mark = "ordinary_user" if os.geteuid() == 0 else "root"
    if item.get_closest_marker(mark):
        pytest.skip(f"runs as {mark.replace('_', ' ')} only")  # not `require`: nobody can be both


@pytest.fixture(scope="session")
def bed_directory() -> Iterator[Path]:
    """A directory that the servers' account may enter, unlike pytest's own when root runs the tests."""
    with processes.bed_directory() as directory:
        yield directory


@pytest.fixture(autouse=True)
def isolated(bed_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the developer's home, `.env` and secrets out of every test, and end the local server that it leaves."""
    home = bed_directory / f"home{next(HOMES)}"
    program.isolate(monkeypatch, tmp_path, home)
    monkeypatch.setattr(redaction, "_anywhere", set())  # what one test learns must not be masked in another
    yield
    if home.exists():
        processes.end(processes.below(home))
        shutil.rmtree(home)


@pytest.fixture
def run() -> Callable[..., Outcome]:
    """Run a command: `run("status", "--url", db_url, "--format", "json").json`."""
    return program.run


@pytest.fixture
def start() -> Iterator[Callable[..., Popen[str]]]:
    """Run a command as a process of its own: `start("up").send_signal(signal.SIGINT)`."""
    with ExitStack() as stack:

        def begin(*argv: str | Path, **options: Any) -> Popen[str]:
            process = stack.enter_context(program.start(*argv, **options))
            stack.callback(process.kill)
            return process

        yield begin


@pytest.fixture(scope="session")
def certificates(bed_directory: Path) -> Certificates:
    """A certificate authority, and server certificates that are good, expired, misnamed or a stranger's."""
    directory = bed_directory / "certificates"
    directory.mkdir()
    return Certificates(directory)


@pytest.fixture(scope="session")
def object_store(bed_directory: Path) -> Iterator[str]:
    """The endpoint of an S3 of the session's own."""
    with buckets.serving(bed_directory / "s3") as endpoint:
        yield endpoint


@pytest.fixture
def bucket(object_store: str) -> Bucket:
    """An empty bucket: `run("backup", "--store", bucket.url, env=bucket.environment)`."""
    return buckets.new_bucket(object_store)


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory for local servers: whatever runs there afterwards is ended."""
    with temporary_home() as directory:
        yield directory


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory for backups, which is not there yet: `run("backup", "--store", place)`."""
    return tmp_path / "store"


@pytest.fixture
def store(place: Path) -> backup.Store:
    """The store in that directory: `backup.make(db, store)`."""
    from litxdb import backup

    return backup.open_store(str(place))


@pytest.fixture
def large(empty_url: str, store: backup.Store) -> Backup:
    """A backup that takes a second or two to restore, in that store."""
    from tests.bed import backups

    return backups.large(empty_url, store)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    with disks.small(tmp_path / "disk", 4) as directory:
        yield directory


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


@pytest.fixture(scope="session")
def postgresql(bed_directory: Path, certificates: Certificates) -> Iterator[Servers]:
    """The servers of every version, started when first asked for: `postgresql.get(16)`."""
    with Servers(bed_directory, certificates) as running:
        yield running


@pytest.fixture(scope="session")
def server(postgresql: Servers) -> Server:
    """The embedded PostgreSQL 18: `with server.database() as url:` is a fresh database of one's own."""
    return postgresql.get(18)


@pytest.fixture(scope="session", params=servers.MAJORS, ids=lambda major: f"pg{major}")
def any_server(postgresql: Servers, request: pytest.FixtureRequest) -> Server:
    """Each supported version in turn, by its socket and as superuser."""
    return postgresql.get(request.param)


@pytest.fixture(scope="session")
def pg15(postgresql: Servers) -> Server:
    """Debian's PostgreSQL 15 by TCP, where it wants TLS and a password, for a role that is no superuser."""
    return postgresql.get_secure(15)


@pytest.fixture
def empty_url(server: Server) -> Iterator[str]:
    """The URL of a fresh, empty database."""
    with server.database() as url:
        yield url


@pytest.fixture
def empty_db(empty_url: str) -> Iterator[Database]:
    """A fresh, empty database."""
    with Database(empty_url) as db:
        yield db


@pytest.fixture
def any_db(any_server: Server) -> Iterator[Database]:
    """A fresh, empty database on each version."""
    with any_server.database() as url, Database(url) as db:
        yield db


@pytest.fixture(scope="session")
def migrated_template(server: Server, bed_directory: Path) -> Iterator[str]:
    """The name of a migrated database to copy; nobody may be connected to it."""
    from litxdb import migrate

    with server.database() as url:
        with Database(settings=Settings.load(url, directory=bed_directory)) as db:  # not the developer's .env
            migrate.upgrade(db)
        yield str(parse_dsn(url)["dbname"])


@pytest.fixture
def db_url(server: Server, migrated_template: str) -> Iterator[str]:
    """The URL of a fresh database with LitXplore's schema, for commands: `run("status", "--url", db_url)`."""
    with server.database(template=migrated_template) as url:
        yield url


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A fresh database with LitXplore's schema and no rows."""
    with Database(db_url) as db:
        yield db


@pytest.fixture(scope="session", params=["redis", "valkey"])
def redis_server(bed_directory: Path, request: pytest.FixtureRequest) -> Iterator[RunningRedis]:
    """Debian's Redis and Valkey in turn; tests of one process share it."""
    with serving(request.param, bed_directory) as running:
        yield running


@pytest.fixture
def redis_url(redis_server: RunningRedis) -> str:
    """The URL of an empty Redis: `run("cache", "status", "--redis-url", redis_url)`."""
    with redis_server.client() as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write revisions that follow ours, each with one body of upgrade(): `upgrade(db, directory=project("…"))`."""
    return lambda *bodies: revisions.write(tmp_path / "with space % and ü", *bodies)


@pytest.fixture(scope="session")
def pooler(server: Server, bed_directory: Path) -> Iterator[Pooler]:
    """PgBouncer in transaction mode before the embedded server: `pooler.url(dbname)`."""
    with pooling(server, bed_directory / "pgbouncer") as running:
        yield running


@pytest.fixture(scope="session")
def neon_stack(pooler: Pooler, certificates: Certificates) -> Iterator[Neon]:
    pooler.server.execute(f"create role {OWNER} superuser login")  # superuser: at Neon he may create `vector`
    with Neon(pooler, certificates) as running:
        yield running


@pytest.fixture
def neon(neon_stack: Neon) -> Iterator[Neon]:
    """A Neon-shaped endpoint with a fresh, empty database: `run("migrate", "--url", neon.pooled_url)`."""
    with neon_stack.lent_database():
        yield neon_stack


@pytest.fixture(scope="session")
def scratch_settings(bed_directory: Path) -> Iterator[Settings]:
    """Settings whose scratch server runs until the session ends, so that a test need not start it."""
    from litxdb.local import scratch

    settings = Settings(home=bed_directory / "scratch-home")
    with scratch(settings):
        yield settings


@pytest.fixture
def one_scratch_server(isolated: None, scratch_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every run use that scratch server."""
    monkeypatch.setenv("LITXDB_HOME", str(scratch_settings.home))


@pytest.fixture
def compare(scratch_settings: Settings) -> Compare:
    """Compare a database with its migrations, or a `history` of the test's own: `compare(db).rows`."""
    from litxdb.migrate import drift

    def compare(db: Database, **options: Any) -> Drift:
        with Database(settings=replace(db.settings, home=scratch_settings.home)) as same:
            return drift(same, **options)

    return compare
