"""The shell's history holds a password of a database

A URL with a password that was typed or pasted stays in a plain file for months, and in its backups. Give the role
another password, then remove the lines. Only URLs of other machines count, and nothing of them is shown.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from litxdb.database.endpoint import Endpoint
from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

FILES = (".bash_history", ".zsh_history", ".psql_history", ".local/share/fish/fish_history")
READ_BYTES = 4 << 20
"""Of the end of each file: some 50,000 commands."""

URL = re.compile(rb"postgres(?:ql)?(?:\+\w+)?://[^\s:/@]+:[^\s@$]+@(?P<host>\[[^\]\s]*\]|[^\s:/?'\"]*)")
"""A variable in the place of the password, as in $PGPASSWORD, is none."""

CHECK = Declaration(
    threshold="one URL of another machine with a password warn",
    remedy="sed -i -E '\\#postgres[a-z0-9+]*://[^ :/@]+:[^ @]+@#d' ~/.bash_history",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    there = [file for file in (Path.home() / name for name in FILES) if file.is_file()]
    counts = {file: _count(file) for file in there}
    defects = tuple(
        Defect(
            Status.WARN,
            str(file),
            f"{many(count, 'line')} with a URL that holds a password",
            CHECK.remedy.replace("~/.bash_history", shlex.quote(str(file))),
            value=float(count),
        )
        for file, count in counts.items()
        if count
    )
    return Judgement(len(there), defects)


def _count(file: Path) -> int:
    with file.open("rb") as reading:
        reading.seek(max(0, file.stat().st_size - READ_BYTES))
        hosts = [match["host"].decode(errors="replace").strip("[]") for match in URL.finditer(reading.read())]
    return sum(not Endpoint({"host": host}, "").is_local for host in hosts)
