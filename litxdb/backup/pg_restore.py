"""Running pg_restore and psql: they end when this process does, and no error of theirs is passed over."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from litxdb.backup import children
from litxdb.backup.messages import DIED, Said, Told
from litxdb.backup.tools import Tool
from litxdb.database.failures import cause, classify
from litxdb.database.programs import Route
from litxdb.errors import BackupDamaged, ConnectionFailed, LitxdbError, ServerRefused, ToolMissing
from litxdb.settings import surroundings

TIMEOUT_SINCE = 17
"""From this version on pg_restore sets transaction_timeout, which servers before it do not know."""
TIMEOUT = re.compile(rb"(?m)^SET transaction_timeout = 0;$")

_ENTRIES = re.compile(r"^;\s+TOC Entries: [1-9]")
_UNREADABLE = re.compile(
    "could not read from input file|unexpected end of file|does not appear to be a valid archive|corrupt|"
    "could not find block|unrecognized data block|found unexpected|entry ID .* out of range"
)
_FULL = re.compile("No space left on device|Disk quota exceeded|: wrote only ")
_PREAMBLE = re.compile(r"^.*?(?:ERROR|FATAL|PANIC): +")
_LACKING = re.compile(
    r'extension "(?P<extension>.+?)" is not available|(?P<icu>ICU is not supported in this build)|'
    r'role "(?P<role>.+?)" does not exist|access method "(?P<method>.+?)" does not exist|'
    r'collation "(?P<collation>.+?)" for encoding|could not create locale "(?P<locale>.+?)"'
)


class ServerLacks(ServerRefused):
    """The server has not what the backup needs: an extension, a role, ICU, room. It says nothing about the backup."""


def restore(
    tool: Tool,
    way: Route,
    source: Path,
    options: Sequence[str],
    *,
    jobs: int,
    tolerant: bool,
    said: Said,
    holds: Sequence[int] = (),
) -> None:
    """Restore into the database at the end of the route; whatever goes wrong is raised.

    With `tolerant` one error is expected, that of a server before 17 which does not know transaction_timeout: then
    pg_restore goes on after others as well, and counts them. `said` hears of a table whose rows are being read
    ("rows", its name) and of what is built ("index", its name).
    """
    command = [str(tool.path), "-w", "--verbose", *(() if tolerant else ("--exit-on-error",)), *options]
    command += [*(("-j", str(jobs)) if jobs > 1 else ()), *way.arguments, str(source)]
    process = children.spawn(command, way.environment, holds=holds)
    try:
        told = Told(said)
        assert process.stderr
        for line in process.stderr:
            told.hear(line.decode(errors="replace").rstrip("\n"))
        code = process.wait()
    finally:
        children.end(process)
        if process.stderr:
            process.stderr.close()
    expected = 2 if jobs > 1 else 1  # of its first connection, and of the one after its workers
    if code and not (tolerant and told.ignored == expected):
        raise failure([each for each in told.errors if "SET transaction_timeout" not in each], code)


def script(tool: Tool, source: Path, options: Sequence[str], *, holds: Sequence[int] = ()) -> bytes:
    """Return the SQL that pg_restore would run; for the definitions that is quick, whatever the archive's size."""
    done = subprocess.run(
        [tool.path, "-f", "-", *options, source],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=surroundings({"LC_ALL": "C"}),
        pass_fds=holds,
        check=False,
    )
    if done.returncode:
        told = Told(lambda kind, name: None)
        for line in done.stderr.decode(errors="replace").splitlines():
            told.hear(line)
        raise failure(told.errors, done.returncode)
    return done.stdout


def listing(tool: Tool, source: Path) -> tuple[str, ...]:
    """Return the table of contents, an entry a line."""
    lines = script(tool, source, ["-l"]).decode(errors="replace").split("\n")
    if not any(_ENTRIES.match(line) for line in lines):  # even of an empty database there are some
        raise BackupDamaged("The archive holds nothing at all.", "Restore another backup.")
    return tuple(line for line in lines if line and not line.startswith(";"))


def kind(entry: str) -> str:
    """Return an entry of the table of contents without its numbers.

    >>> kind("2; 3079 16385 EXTENSION - vector ")
    'EXTENSION - vector '
    """
    return entry.partition("; ")[2].split(" ", 2)[-1]


def count_tables(entries: Sequence[str]) -> int:
    """Count the tables whose rows are there."""
    return sum(kind(entry).startswith("TABLE DATA ") for entry in entries)


def psql(tool: Tool, way: Route, feed: Callable[[], Iterator[bytes]]) -> None:
    """Run a script through psql, which stops at the first error; `feed` returns its parts."""
    command = [str(tool.path), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-", *way.arguments]
    process = children.spawn(command, way.environment, stdin=subprocess.PIPE)
    try:
        with listening(process, lambda kind, name: None) as told:
            whole = children.feed(process, feed())
            code = process.wait()
    finally:
        children.end(process)
    if code or not whole:
        raise failure(told.errors, code)


@contextlib.contextmanager
def listening(process: subprocess.Popen[bytes], said: Said) -> Iterator[Told]:
    """Hear what a program says while it is being fed; at the end of the block, which waits for its end, all is told."""
    told = Told(said)

    def listen() -> None:
        assert process.stderr
        for line in process.stderr:
            told.hear(line.decode(errors="replace").rstrip("\n"))

    listener = threading.Thread(target=listen, name="litxdb program's messages", daemon=True)
    listener.start()
    try:
        yield told
    finally:
        children.end(process)
        listener.join(children.GRACE_SECONDS)
        for stream in (process.stdin, process.stderr):
            if stream:
                stream.close()


def failure(errors: Sequence[str], code: int) -> LitxdbError:
    """Say what it failed of.

    >>> print(failure(['COPY failed for table "t": ERROR:  x: wrote only 9 of 99 bytes\\nHINT:  Free it.'], 1).message)
    The server's disk is full: x: wrote only 9 of 99 bytes.
    >>> print(failure(['could not execute query: ERROR:  extension "x" is not available'], 1))
    The server has no extension x, which the backup needs.
    >>> type(failure(["could not read from input file: end of file"], 1)).__name__
    'BackupDamaged'
    """
    telling = [error for error in errors if error != DIED]
    whole = "\n".join(errors)
    if code < 0 and not telling:
        if -code in (signal.SIGKILL, signal.SIGTERM):
            return ServerLacks("pg_restore was killed.", "Was this machine out of memory?")
        return BackupDamaged(f"The archive made pg_restore crash (signal {-code}).", "Restore another backup.")
    text = (telling or list(errors) or [f"it ended with {code}"])[0]
    if match := _LACKING.search(text):
        return _lack(match.groupdict())
    if "unsupported version" in text:
        return ToolMissing(f"This pg_restore is too old: {text}.", "Install the version that wrote the archive.")
    message, _, statement = text.partition("\nCommand was: ")
    reason = cause(message.removeprefix("could not execute query: "))
    if full := next((line for line in whole.splitlines() if _FULL.search(line)), None):
        found = cause(_PREAMBLE.sub("", full))
        return ServerLacks(f"The server's disk is full: {found}.", "Free some space there, then restore again.")
    if children.LOST.search(whole):
        return ConnectionFailed(f"The connection was lost while restoring: {reason}.", classify(whole).hint)
    if _UNREADABLE.search(text):
        return BackupDamaged(f"The archive cannot be read: {reason}.", "Restore another backup.")
    doing = f" ({' '.join(statement.split())[:200]})" if statement else ""
    return ServerRefused(f"The server refused a part of the backup: {reason}{doing}.", _hint(text))


def _hint(text: str) -> str:
    if "permission denied" in text or "must be " in text:
        return "Restore as the owner of the database, or as a role that may create what is in it."
    return "See all that was said with: litxdb --debug"


def _lack(found: Mapping[str, str | None]) -> ServerLacks:
    if name := found["extension"]:
        return ServerLacks(f"The server has no extension {name}, which the backup needs.", f"Install {name} there.")
    if name := found["role"]:
        return ServerLacks(
            f"The server has no role {name}, which a policy or an owner in the backup names.",
            f'Create it there: create role "{name}"',
        )
    if found["icu"]:
        return ServerLacks(
            "The server was built without ICU, and the backup has collations of it.", "Restore on one with ICU."
        )
    lacking = next(f"{kind} {name}" for kind, name in found.items() if name)
    return ServerLacks(f"The server lacks the {lacking} that the backup needs.", "Restore on a server that has it.")
