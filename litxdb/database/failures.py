"""What a failed connection means: whether waiting helps, and what a person should do.

psycopg2 gives no SQLSTATE for an error while connecting, and poolers and Neon's proxy send most of theirs as XX000:
only the text can be classified. An unknown text counts as permanent, and is shown: retrying it would only hide it.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Retry(enum.Enum):
    """How a failure is retried."""

    NEVER = enum.auto()
    SOON = enum.auto()
    SLOWLY = enum.auto()
    """The server is crowded: at least a second between attempts."""
    BRIEFLY = enum.auto()
    """For a few seconds only: a resolver that is just starting."""


@dataclass(frozen=True)
class Failure:
    """One cause: the texts it shows itself by (regular expressions on the message in lower case), and the next step."""

    texts: tuple[str, ...]
    retry: Retry
    hint: str


FAILURES = (
    # Permanent ones come first: "Control plane request failed: endpoint is disabled" holds a transient text as well.
    Failure(
        ("password authentication failed", "sasl authentication failed", "no password supplied"),
        Retry.NEVER,
        "Check the user and the password in the URL; in a URL special characters are percent-encoded.",
    ),
    Failure(
        ("no pg_hba.conf entry", "pg_hba.conf rejects", "peer authentication failed", "ident authentication failed"),
        Retry.NEVER,
        "The server's pg_hba.conf does not let this user in from here: add a line there, or connect with TLS.",
    ),
    Failure(
        ("is not currently accepting connections", "permission denied for database", "is not permitted to log in"),
        Retry.NEVER,
        "Ask the database's owner for the CONNECT privilege, or use another database or role.",
    ),
    Failure(('role ".*" does not exist',), Retry.NEVER, "Check the user's name, or create the role."),
    Failure(('database ".*" does not exist',), Retry.NEVER, "Check the database's name, or create it with createdb."),
    Failure(
        ("certificate has expired", "certificate expired"),
        Retry.NEVER,
        "Renew the server's certificate; until then only sslmode=require without sslrootcert connects, unverified.",
    ),
    Failure(
        ("certificate verify failed", "does not match host name", "root certificate file", "could not read root cert"),
        Retry.NEVER,
        "Name the authority of the server's certificate (sslrootcert=FILE), and the host as the certificate does.",
    ),
    Failure(
        ("server does not support ssl", "received invalid response to ssl negotiation"),
        Retry.NEVER,
        "The server speaks no TLS on this port: check host and port, or switch ssl on in its configuration.",
    ),
    Failure(
        ("ssl required", "connection is insecure", "weak sslmode", "when ssl support is not compiled in"),
        Retry.NEVER,
        "Add sslmode=require, or better verify-full, to the URL.",
    ),
    Failure(
        ("channel binding is required", "channel binding required"),
        Retry.NEVER,
        "A pooler stands between: use the direct endpoint, or leave channel_binding=require out of the URL.",
    ),
    Failure(
        ("quota", "endpoint is disabled", "endpoint has been disabled", "endpoint (cannot|could not) be found"),
        Retry.NEVER,
        "Open the project in Neon's console: the endpoint is gone, disabled, or its quota is used up.",
    ),
    Failure(
        ("endpoint id is not specified",),
        Retry.NEVER,
        "Neon recognises the endpoint by its host name: use the full name, not an address.",
    ),
    Failure(
        ("unsupported startup parameter",),
        Retry.NEVER,
        "A pooler stands between: use the direct endpoint, or leave options= out of the URL.",
    ),
    Failure(
        ("name or service not known", "nodename nor servname", "no address associated", "name does not resolve"),
        Retry.NEVER,
        "Check the host's name in the URL.",
    ),
    Failure(
        ("no such file or directory",),
        Retry.SOON,
        "No server listens on this socket: start it, or check the directory and the port.",
    ),
    Failure(
        ("temporary failure in name resolution", "try again"), Retry.BRIEFLY, "Check the network and the name server."
    ),
    Failure(
        (
            "too many clients",
            "remaining connection slots",
            "too many connections",
            "no more connections allowed",
            "query_wait_timeout",
            "cannot connect to server",
            "failed to acquire permit",
        ),
        Retry.SLOWLY,
        "All connections are taken: close idle ones, or raise max_connections or the pool's size.",
    ),
    Failure(
        (
            "the database system is starting up",
            "the database system is shutting down",
            "the database system is in recovery mode",
            "not yet accepting connections",
        ),
        Retry.SOON,
        "Wait until the server is up: litxdb ping --wait 60.",
    ),
    Failure(
        ("couldn't connect to compute node", "console request failed", "control plane request failed"),
        Retry.SOON,
        "Neon did not wake the compute in time: try again, and look at Neon's status page.",
    ),
    Failure(
        ("connection refused",), Retry.SOON, "Nothing listens there: check host and port, and that the server runs."
    ),
    Failure(
        ("timeout expired", "timed out", "no route to host", "network is unreachable"),
        Retry.SOON,
        "Check host, port and firewall.",
    ),
    Failure(
        (
            "server closed the connection unexpectedly",
            "ssl connection has been closed unexpectedly",
            "ssl syscall error",
            "connection reset by peer",
            "could not receive data from server",
            "could not send data to server",
            "unexpected eof",
        ),
        Retry.SOON,
        "The server or something in between hung up: look at the server's log.",
    ),
)
UNKNOWN = Failure((), Retry.NEVER, "litxdb does not know this message: look at the server's log.")

_PREAMBLE = re.compile(
    r"^(?:connection (?:is bad|failed): )?"  # psycopg 3's own
    r'(?:could not connect to server: |connection to server (?:at|on socket) ".*?" ?.*? failed: )',
    re.I,
)
_SEVERITY = re.compile(r"^(?:FATAL|ERROR|PANIC):\s+")


def classify(message: str) -> Failure:
    """Say what a connection error's text means; an unknown text is permanent.

    >>> classify("FATAL:  the database system is starting up").retry
    <Retry.SOON: 2>
    >>> classify("Control plane request failed: endpoint is disabled").retry
    <Retry.NEVER: 1>
    """
    text = message.lower()
    return next((failure for failure in FAILURES if any(re.search(part, text) for part in failure.texts)), UNKNOWN)


def cause(message: str) -> str:
    r"""Reduce libpq's message to its cause: without the address that it repeats for each attempt.

    >>> cause('connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  role "ada" does not exist\n')
    'role "ada" does not exist'
    >>> cause('connection is bad: connection to server at "db", port 5432 failed: Network is unreachable')
    'Network is unreachable'
    """
    lines: list[str] = []
    for line in message.splitlines():
        line = _SEVERITY.sub("", _PREAMBLE.sub("", line.strip())).strip()
        if line and line not in lines and not line.startswith(("Is the server running", "This probably means")):
            lines.append(line)
    text = "; ".join(line for line in lines if not line.startswith("before or while processing"))
    return text.removesuffix(".") or "the connection failed without a message"
