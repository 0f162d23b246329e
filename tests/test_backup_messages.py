"""What pg_restore says: its processes write to one stderr piece by piece, in any order, and the reason is found."""

import random

import pytest

from litxdb.backup.messages import DIED, Told
from litxdb.backup.pg_restore import ServerLacks, failure
from litxdb.errors import ConnectionFailed, ServerRefused

NAME, ERROR = ("pg_restore:", " "), "error: "
FULL = (
    'could not execute query: ERROR:  could not extend file "base/5/16402": No space left on device\n'
    "HINT:  Check free disk space.\nCommand was: CREATE INDEX i ON public.t USING btree (a);\n\n"
)
DUPLICATE = (
    'COPY failed for table "t": ERROR:  duplicate key value violates unique constraint "t_pkey"\n'
    "DETAIL:  Key (n)=(1) already exists.\nCONTEXT:  COPY t, line 2"
)
PARENT = [
    "entering main parallel loop",
    "launching item 3475 INDEX i",
    "launching item 3470 TABLE DATA u",
    "finished item 3460 TABLE DATA t",
]
WORKER = [
    'processing data for table "public.u"',
    'creating INDEX "public.i"',
    "while PROCESSING TOC:",
    "executing SEQUENCE SET s",
]


def said(text: str, *, error: bool = False) -> list[str]:
    return [*NAME, *([ERROR] if error else []), f"{text}\n"]


def transcripts(reason: str, seed: int) -> list[str]:
    """Run three processes together, each in its own order."""
    parent = [piece for text in PARENT for piece in said(text)] + said(DIED, error=True)
    failing = said("from TOC entry 3475; 1259 16402 INDEX i postgres") + said(reason, error=True)
    other = [piece for text in WORKER for piece in said(text)]
    queues, chance, pieces = [parent, failing, other], random.Random(seed), []
    while queues := [queue for queue in queues if queue]:
        pieces.append(chance.choice(queues).pop(0))
    return "".join(pieces).splitlines()


@pytest.mark.parametrize(
    ("reason", "kind", "message"),
    [
        (FULL, ServerLacks, 'The server\'s disk is full: could not extend file "base/5/16402": No space left'),
        (DUPLICATE, ServerRefused, "The server refused a part of the backup: COPY failed for table"),
        ("could not close data file", ServerRefused, "The server refused a part of the backup: could not close"),
    ],
)
def test_the_reason_is_found_however_processes_run_together(
    reason: str, kind: type[ServerRefused], message: str
) -> None:
    for seed in range(2000):
        lines = transcripts(reason, seed)
        told = Told(lambda kind, name: None)
        for line in lines:
            told.hear(line)
        error = failure(told.errors, 1)
        assert type(error) is kind, lines
        assert error.message.startswith(message), lines


def test_progress_is_heard_between_errors() -> None:
    seen: list[tuple[str, str]] = []
    told = Told(lambda kind, name: seen.append((kind, name)))
    for line in (
        'pg_restore: processing data for table "public.a table\'s"',
        "pg_restore: warning: errors ignored on restore: 2",
        'pg_restore: pg_restore: error: creating INDEX "public.i"',
        "could not execute query: ERROR:  x",
        "DETAIL:  error: of y",
        'pg_restore: creating FK CONSTRAINT "public.t t_fkey"',
    ):
        told.hear(line)
    assert seen == [("rows", "public.a table's"), ("index", "public.i"), ("fk constraint", "public.t t_fkey")]
    assert told.errors == ["could not execute query: ERROR:  x\nDETAIL:  error: of y"]
    assert told.ignored == 2


def test_the_reason_is_found_behind_a_name_that_stands_twice() -> None:
    told = Told(lambda kind, name: None)
    for line in (
        "pg_restore:pg_restore: error: connection to server failed: server closed the connection unexpectedly",
        "\tThis probably means the server terminated abnormally",
        f"pg_restore: error: {DIED}",
    ):
        told.hear(line)
    assert isinstance(failure(told.errors, 1), ConnectionFailed)
