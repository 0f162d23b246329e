"""A PostgreSQL cluster of our own: its data directory and the one server that serves it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlencode

from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.local import creation, password, postmaster, probe, sockets
from litxdb.local.account import Account
from litxdb.local.binaries import Binaries
from litxdb.local.files import explained, locked, make_directory, same_directory
from litxdb.local.probe import Answer

UP = (Answer.SERVING, Answer.FULL)
PORT = 5432
"""Part of the socket's name only, unless TCP is asked for."""

SILENT_SECONDS = 60
RECOVERY_SECONDS = 3600
SURVIVORS_SECONDS = 10


class Cluster:
    """A data directory below `directory` and its server, shared by every process that names the same directory.

    The server listens on a Unix socket that only its account can reach; `port` adds TCP on 127.0.0.1, with a password.
    It outlives this process. `options` are server settings, which count from the next start on. As root the server runs
    as `account`, else as the data directory's owner, else as postgres or nobody.
    """

    def __init__(
        self,
        directory: Path,
        *,
        binaries: Binaries | None = None,
        options: Mapping[str, str] = MappingProxyType({}),
        port: int | None = None,
        account: str | None = None,
    ) -> None:
        self.directory = Path(os.path.abspath(directory))  # noqa: PTH100 - Path.absolute() keeps ".."
        if "\n" in str(self.directory):
            raise ConfigurationInvalid("A data directory's name cannot contain a line break.", "Choose another name.")
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.passfile = self.directory / "pgpass"
        self.binaries = binaries or Binaries.find()
        self.options = dict(options)
        self.port = port
        self._account = account

    @property
    def account(self) -> Account:
        """The account that the server runs under."""
        return Account.choose(self._account, self.data)

    def exists(self) -> bool:
        """Tell whether the data directory has been created."""
        return creation.exists(self.data)

    def running(self, dbname: str = "postgres") -> bool:
        """Tell whether a server answers, serves this data directory and has this database.

        It is asked, with one connection: a process id proves nothing.
        """
        return self._ask(dbname) in UP

    def parameters(self, dbname: str = "postgres") -> dict[str, str]:
        """Return libpq's keywords for the socket, complete enough that PG… variables cannot redirect or spoil them."""
        told = postmaster.PidFile.read(self.data)
        if told is not None and told.sockets is not None:
            folder, port = told.sockets, told.port
        else:
            folder, port = sockets.directory_for(self.data, self.account), self.port or PORT
        return {
            "host": str(folder),
            "hostaddr": "",
            "port": str(port),
            "user": "postgres",
            "dbname": dbname,
            "sslmode": "disable",
            "gssencmode": "disable",
            "channel_binding": "disable",
            # A directory of temporary files may be cleaned, and a stranger make ours again.
            **({} if folder == self.data else {"requirepeer": self.account.name}),
        }

    def url(self, dbname: str = "postgres", *, tcp: bool = False) -> str:
        """Return the URL of a database, without a password: the one for TCP names the file that holds it."""
        words, name = self.parameters(dbname), quote(dbname, safe="")
        if tcp:
            told = postmaster.PidFile.read(self.data)
            if told is None or not told.tcp:
                raise ConfigurationInvalid(
                    f"The server in {self.directory} does not listen on TCP.",
                    "Run: litxdb local stop; litxdb local start --port 5544",
                )
            return f"postgresql://postgres@127.0.0.1:{told.port}/{name}?passfile={quote(str(self.passfile), safe='')}"
        query: dict[str, str] = {key: words[key] for key in ("host", "port", "requirepeer") if key in words}
        return f"postgresql://postgres@/{name}?{urlencode(query, quote_via=quote, safe='')}"

    def start(self) -> None:
        """Create the data directory when it is missing and start the server when it does not run.

        Several processes may call this at once; one of them does the work. An interrupted call leaves no half-made
        data directory, and perhaps a server that is still starting.
        """
        with explained(self.directory):
            if self.running():
                return self._require_port()
            make_directory(self.directory, 0o711 if os.geteuid() == 0 else 0o700)
            with locked(self.directory / "lock"):
                self._start_locked()
        return None

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server and wait for its end; nothing happens when it does not run."""
        if not os.path.isdir(self.directory):  # noqa: PTH112 - Path.is_dir() raises where it may not look
            return
        with explained(self.directory), locked(self.directory / "lock"):
            self._stop_locked(immediate=immediate)

    def destroy(self) -> None:
        """Stop the server and delete the data directory; one that litxdb did not make is refused."""
        if not os.path.isdir(self.directory):  # noqa: PTH112 - Path.is_dir() raises where it may not look
            return
        with explained(self.directory), locked(self.directory / "lock"):
            creation.clean(self.directory)
            if os.path.lexists(self.data):
                creation.require_ours(self.data)
                folder = sockets.directory_for(self.data, self.account)
                self._stop_locked(immediate=True)
                creation.delete(self.data)
                shutil.rmtree(folder, ignore_errors=True)  # where it was not in the data directory

    def _ask(self, dbname: str = "postgres") -> Answer:
        return probe.ask(self.parameters(dbname), self.data) if self.exists() else Answer.NONE

    def _require_port(self) -> None:
        told = postmaster.PidFile.read(self.data)
        if self.port is not None and told is not None and not (told.tcp and told.port == self.port):
            raise ConfigurationInvalid(
                f"The server in {self.directory} already runs, without TCP on port {self.port}.",
                "Stop it first: litxdb local stop.",
            )

    def _stop_locked(self, *, immediate: bool) -> None:
        process = postmaster.find(self.data)
        if process is not None:
            postmaster.end(process, self.data, immediate=immediate)
        elif self.running():
            raise ConnectionFailed(
                f"The server in {self.data} answers, but its process cannot be seen from here.",
                "Stop it where it was started: perhaps in another container.",
            )

    def _start_locked(self) -> None:
        creation.clean(self.directory)
        if self.running():
            return self._require_port()
        version = self.binaries.version
        if os.path.lexists(self.data):
            creation.require_major(self.data, version)
        account = self.account
        account.require_way_to(self.directory)
        if not account.runs(self.binaries.bin / "postgres"):
            self.binaries = self.binaries.copied_to(self.directory)
        if not os.path.lexists(self.data):
            creation.create(self.data, self.binaries, account)
        patience = time.monotonic() + SURVIVORS_SECONDS
        while not self._serve(account):
            # Sessions of a killed server end a moment after it; until then PostgreSQL refuses to start another.
            if time.monotonic() > patience:
                raise ConnectionFailed(
                    f"Sessions of a server that was killed still use {self.data}.",
                    "End the remaining postgres processes of this directory, then try again.",
                )
            time.sleep(0.05)
        if self.port is not None:
            password.establish(self.passfile, self.parameters())
        return None

    def _serve(self, account: Account) -> bool:
        """Start the server unless its process is there, and wait for its answer; False while sessions survive it."""
        process = postmaster.find(self.data)
        if process is not None:
            self._require_unmoved()
            if self._wait(lambda: postmaster.ended(process)):
                return True
            return self._serve(account)  # it was shutting down, or has failed
        offset = postmaster.put_away(self.log)
        child = postmaster.launch(self._command(account), self.data, self.log, account)
        if self._wait(lambda: child.poll() is not None):
            return True
        reason = postmaster.reason(self.log, offset)
        if "pre-existing shared memory block" in reason:
            return False
        taken = self.port is not None and "Address already in use" in reason
        raise ConnectionFailed(
            f"PostgreSQL could not start in {self.data}: {reason}.",
            f"Port {self.port} is taken: litxdb local start --port takes another, --port 0 none."
            if taken
            else f"Its log is {self.log}.",
        )

    def _require_unmoved(self) -> None:
        told = postmaster.PidFile.read(self.data)
        if told is not None and told.data is not None and not same_directory(told.data, self.data):
            raise ConnectionFailed(
                f"{self.data} was {told.data} when its server (process {told.pid}) started, and that still runs.",
                "Stop it first: litxdb local stop.",
            )

    def _wait(self, ended: Callable[[], bool]) -> bool:
        """Wait until the server answers (True) or its process has ended; recovery after a crash may take long."""
        started = heard = time.monotonic()
        while (answer := self._ask()) not in UP:
            if ended():
                return False
            now = time.monotonic()
            if answer in (Answer.STARTING, Answer.STOPPING) and now - started < RECOVERY_SECONDS:
                heard = now
            if now - heard > SILENT_SECONDS:
                raise ConnectionFailed(
                    f"PostgreSQL in {self.data} runs, but {answer.value}.", f"Its log is {self.log}."
                )
            time.sleep(0.01)
        return True

    def _command(self, account: Account) -> list[str | Path]:
        folder = sockets.directory_for(self.data, account)
        if folder != self.data:
            sockets.make(folder, account)
        for stale in folder.glob(".s.PGSQL.*"):
            # No server is alive here, and the directory is this cluster's alone: a lock file whose process id a
            # stranger has inherited, or that a crash has emptied, would stop the new server.
            stale.unlink()
        options = {
            "listen_addresses": "127.0.0.1" if self.port else "",
            "port": str(self.port or PORT),
            "unix_socket_directories": sockets.quoted(folder),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            # Parallel queries and HNSW builds fail where /dev/shm is small (64 MB in Docker) or emptied at logout
            # (systemd's RemoveIPC); files in the data directory measured the same speed.
            "dynamic_shared_memory_type": "mmap",
        }
        if self.binaries.has_library("pg_stat_statements"):
            options["shared_preload_libraries"] = "pg_stat_statements"
        command: list[str | Path] = [self.binaries.bin / "postgres", "-D", self.data]
        for name, value in {**options, **self.options}.items():
            command += ["-c", f"{name}={value}"]
        return command
