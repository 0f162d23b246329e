"""Exceptions named for what happened, and the one table of exit codes."""

from __future__ import annotations

import enum
from typing import ClassVar


class Exit(enum.IntEnum):
    """What a run of litxdb ends with; each member's `meaning` is the sentence in README."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        """Make a member that is its number and carries its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done"
    FINDINGS = 1, "done, and the answer is no (pending revisions, findings, drift, a backup that does not verify)"
    USAGE = 2, "the command line is wrong"
    CONFIGURATION = 3, "the configuration is wrong or missing"
    CONNECTION = 4, "no connection to the server"
    SERVER = 5, "the server refused"
    REFUSED = 6, "litxdb refused (would destroy, wrong endpoint, not confirmed)"
    TOOL = 7, "a tool is missing or too old"
    BUG = 70, "a bug in litxdb"
    LOCKED = 75, "another run holds the lock"
    INTERRUPTED = 130, "interrupted (Ctrl-C)"
    TERMINATED = 143, "terminated (SIGTERM)"


class LitxdbError(Exception):
    """Anything litxdb tells a person: one sentence of what happened to which object, and one of what to do next."""

    code: ClassVar[Exit] = Exit.BUG

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ArgumentInvalid(LitxdbError):
    """What a person typed names something that does not exist, or contradicts itself."""

    code = Exit.USAGE


class ConfigurationInvalid(LitxdbError):
    """A setting, a URL or a file that litxdb was told to use is missing or wrong."""

    code = Exit.CONFIGURATION


class StoreUnusable(LitxdbError):
    """Where backups live cannot be read or written: a permission, a full disk, a place that is not there."""

    code = Exit.CONFIGURATION


class AnswerLost(LitxdbError):
    """Standard output takes no more: the disk behind it is full, say."""

    code = Exit.CONFIGURATION


class ConnectionFailed(LitxdbError):
    """No session with the server could be had, for good or within the time allowed."""

    code = Exit.CONNECTION


class ConnectionLost(ConnectionFailed):
    """The session ended in the middle of its work; what it had not committed is undone."""


class CircuitOpen(ConnectionFailed):
    """The server could not be reached again and again, so that it was not even tried."""


class PoolExhausted(ConnectionFailed):
    """All connections that this process may have are in use, and none came free in time."""


class CommitUnknown(ConnectionFailed):
    """The connection was lost while the server committed: what was written may be there, or may not.

    `transaction` is its number, where it was asked for, and `counted` the time since when that server counts.
    """

    def __init__(self, message: str, hint: str, transaction: str | None = None, counted: str | None = None) -> None:
        super().__init__(message, hint)
        self.transaction = transaction
        self.counted = counted


class ServerRefused(LitxdbError):
    """The server was reached and refused a statement (privilege, missing extension, full disk…)."""

    code = Exit.SERVER


class AlreadyExists(ServerRefused):
    """A row with the same unique key is there already."""


class ValueRefused(ServerRefused):
    """A value that its column does not take: too long, out of range, missing, none of those allowed."""


class NotFound(ServerRefused):
    """A row that another one should belong to is not there, or is somebody else's."""


class Refused(LitxdbError):
    """litxdb itself declined: it would destroy something, the endpoint is wrong, or nobody confirmed."""

    code = Exit.REFUSED


class ToolMissing(LitxdbError):
    """A program or package that the command needs is missing or too old."""

    code = Exit.TOOL


class BackupDamaged(LitxdbError):
    """A backup is not what it was when it was made, or part of it is missing."""

    code = Exit.FINDINGS


class LockHeld(LitxdbError):
    """Another run holds the lock that this one needs."""

    code = Exit.LOCKED


class Interrupted(BaseException):
    """Ctrl-C; like KeyboardInterrupt not an Exception, and unlike it passed on untouched by Typer."""


class Terminated(BaseException):
    """SIGTERM arrived."""


STOPPED = (Interrupted, Terminated, KeyboardInterrupt)
"""What ends a run because somebody wants it to end."""
