"""A PostgreSQL cluster of our own: its data directory and the one server that serves it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.local import creation, password, postmaster, probe, sockets
from litxdb.local.account import Account
from litxdb.local.binaries import Binaries
from litxdb.local.files import explained, locked, make_directory
from litxdb.local.probe import Answer

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

    def running(self) -> bool:
        """Tell whether a server answers and serves this data directory; a process id proves nothing."""
        return self._ask() in (Answer.SERVING, Answer.FULL)

    def parameters(self, dbname: str = "postgres") -> dict[str, str]:
        """Return libpq's keywords for the socket, complete enough that PG… variables cannot redirect or spoil them."""
        told = postmaster.PidFile.read(self.data)
        if told is not None and told.sockets is not None:
            folder, port = told.sockets, told.port
        else:
            folder, port = sockets.directory_for(self.data, self.account), self.port
        return {
            "host": str(folder),
            "hostaddr": "",
            "port": str(port or PORT),
            "user": "postgres",
            "dbname": dbname,
            "sslmode": "disable",
            "gssencmode": "disable",
            "channel_binding": "disable",
        }

    def url(self, dbname: str = "postgres", *, tcp: bool = False) -> str:
        """Return the URL of a database, without a password: the one for TCP names the file that holds it."""
        words = self.parameters(dbname)
        name = quote(dbname, safe="")
        if not tcp:
            return f"postgresql://postgres@/{name}?host={quote(words['host'], safe='')}&port={words['port']}"
        if not self.passfile.exists():
            raise ConfigurationInvalid(
                f"The server in {self.directory} listens on its Unix socket only.", "Start it with a port."
            )
        return f"postgresql://postgres@127.0.0.1:{words['port']}/{name}?passfile={quote(str(self.passfile), safe='')}"

    def start(self) -> None:
        """Create the data directory when it is missing and start the server when it does not run.

        Several processes may call this at once; one of them does the work. An interrupted call leaves no half-made
        data directory, and perhaps a server that is still starting.
        """
        if self.running():
            return self._require_port()
        with explained(self.directory):
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
                self._stop_locked(immediate=True)
                creation.delete(self.data)

    def _ask(self) -> Answer:
        return probe.ask(self.parameters(), self.data) if self.exists() else Answer.NONE

    def _require_port(self) -> None:
        serves = self.parameters()["port"]
        if self.port is not None and serves != str(self.port):
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
        account = self.account
        account.require_way_to(self.directory)
        if not account.runs(self.binaries.bin / "postgres"):
            self.binaries = self.binaries.copied_to(self.directory / "binaries")
        if not os.path.lexists(self.data):
            creation.create(self.data, self.binaries, account)
        creation.require_major(self.data, self.binaries)
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

    def _serve(self, account: Account) -> bool:
        """Start the server unless its process is there, and wait for its answer; False says to try again soon."""
        offset = self.log.stat().st_size if self.log.exists() else 0
        process = postmaster.find(self.data)
        child = None if process else postmaster.launch(self._command(account), self.data, self.log, account)
        patience = time.monotonic() + SILENT_SECONDS
        limit = time.monotonic() + RECOVERY_SECONDS
        while not self.running():
            if process is not None and postmaster.ended(process):
                return False
            if child is not None and child.poll() is not None:
                reason = postmaster.reason(self.log, offset)
                if "pre-existing shared memory block" in reason:
                    return False
                raise ConnectionFailed(f"PostgreSQL could not start in {self.data}: {reason}.", f"Its log: {self.log}.")
            answer = self._ask()
            if answer in (Answer.STARTING, Answer.STOPPING):
                patience = min(time.monotonic() + SILENT_SECONDS, limit)
            if time.monotonic() > patience:
                raise self._silence(answer)
            time.sleep(0.01)
        return True

    def _silence(self, answer: Answer) -> ConnectionFailed:
        said = {
            Answer.ANOTHER: "serves a directory of another name: was it moved while it ran?",
            Answer.STARTING: "is still recovering.",
            Answer.STOPPING: "is still shutting down.",
        }.get(answer, "does not answer.")
        told = postmaster.PidFile.read(self.data)
        return ConnectionFailed(
            f"PostgreSQL in {self.data} (process {told.pid if told else 'unknown'}) {said}", f"Its log: {self.log}."
        )

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
        }
        if self.binaries.has_library("pg_stat_statements"):
            options["shared_preload_libraries"] = "pg_stat_statements"
        command: list[str | Path] = [self.binaries.bin / "postgres", "-D", self.data]
        for name, value in {**options, **self.options}.items():
            command += ["-c", f"{name}={value}"]
        return command
