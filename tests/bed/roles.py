"""Roles of a test's own, and sessions that they hold open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg2

from tests.bed.servers import Server
from tests.bed.urls import with_keywords


@contextmanager
def role(server: Server, name: str, options: str = "") -> Iterator[str]:
    """Make a role that may log in, for the time of the block, and yield its name quoted; it must own nothing then."""
    quoted = '"' + name.replace('"', '""') + '"'
    server.execute(f"create role {quoted} login {options}")
    try:
        yield quoted
    finally:
        server.execute(f"drop role {quoted}")


@contextmanager
def sessions(url: str, number: int, application: str = "app") -> Iterator[None]:
    """Hold so many sessions open."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(closing(psycopg2.connect(with_keywords(url, application_name=application))))
        yield
