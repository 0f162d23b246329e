"""Directories that the server's account can enter: for root, pytest's tmp_path is closed to every other account."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection, make_dsn

from litxdb.local import Cluster, postmaster


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Give a directory of mode 0755; afterwards the servers below it are stopped and it is removed."""
    home = Path(tempfile.mkdtemp(prefix="litxdb-test-", dir="/tmp"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        for told in home.rglob("postmaster.pid"):
            process = postmaster.find(told.parent)
            if process is not None:
                postmaster.end(process, told.parent, immediate=True)
        shutil.rmtree(home)


def connect(cluster: Cluster, dbname: str = "postgres") -> connection:
    session = psycopg2.connect(make_dsn(None, **cluster.parameters(dbname)))
    session.autocommit = True
    return session


def ask(cluster: Cluster, query: str) -> Any:
    """Return the one value that a query answers, or None where it answers nothing."""
    with closing(connect(cluster)) as session, session.cursor() as cursor:
        cursor.execute(query)
        return (cursor.fetchone() or (None,))[0] if cursor.description else None


def python(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Run Python code in a process of its own, as another litxdb would be."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
