"""What export-user and erase-user share: whom they are about, and how what was found is shown."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render

if TYPE_CHECKING:
    from litxdb.ownership import Policy
    from litxdb.privacy import Mention, Progress, Proof

Who = Annotated[
    str | None,
    typer.Argument(metavar="WHO", help="Id, e-mail or clerk id; id=42 where it could be several.", show_default=False),
]
Root = Annotated[
    str | None,
    typer.Option("--root", metavar="TABLE", help="The table of people in another schema.", show_default=False),
]
Key = Annotated[
    str | None, typer.Option("--key", metavar="VALUE", help="The person's primary key there.", show_default=False)
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="Whose rows are whose, for another schema (TOML).", show_default=False
    ),
]


def chosen(who: str | None, root: str | None, key: str | None, file: Path | None) -> tuple[str, Policy, bool]:
    """Return whom the options name, by which policy, and whether by primary key."""
    from dataclasses import replace

    from litxdb import ownership

    if (who is None) == (key is None):
        raise typer.BadParameter("Name one person: WHO, or --key VALUE.")
    if file is not None:
        policy = ownership.read(file)
        policy = policy if root is None else replace(policy, root=root)
    else:
        policy = ownership.litxplore() if root is None else ownership.Policy(root, lookup=())
    return str(key if who is None else who), policy, who is None


@contextlib.contextmanager
def watching() -> Iterator[Callable[[Progress], None]]:
    """Show on a terminal what is done now, and how much was."""
    progress = render.Progress()
    progress.start("Reading the schema")
    try:
        yield lambda seen: progress.update(describe(seen))
    finally:
        progress.stop()


def describe(seen: Progress) -> str:
    """Say how far it is.

    >>> from litxdb.privacy import Progress
    >>> describe(Progress("writing public.notes", 300_000, 90_000_000, 2.0))
    'writing public.notes: 300,000 rows, 86 MB, 150,000 rows/s'
    """
    if not seen.rows:
        return seen.doing
    rate = round(seen.rows / seen.seconds) if seen.seconds else 0
    return f"{seen.doing}: {seen.rows:,} rows, {render.size(seen.bytes)}, {rate:,} rows/s"


def prove(proof: Proof, write: Callable[[str], object]) -> None:
    """Write what searching the database showed."""
    searched = f"{render.count(proof.tables, 'table')} and {render.count(proof.columns, 'column')} searched"
    if not proof.columns:
        write("Nothing could be searched for: say by `identifiers`, in a policy, what identifies a person.")
        return
    gaps = len(proof.gaps)
    verdict = "nothing outside" if proof.complete else f"{render.count(gaps, 'column')} with rows outside"
    write(f"{render.mark(proof.complete)} {searched}: {render.count(proof.inside, 'row')} inside, {verdict}")
    for each in proof.mentions:
        write(f"  {_told(each)}")
    if proof.unsearched:
        write(f"  not searched: {', '.join(proof.unsearched)}")


def _told(each: Mention) -> str:
    about = each.allowed or "nobody has said why: declare the table in a policy, or mend the rows"
    return f"{each.table}.{each.column}: {render.count(each.rows, 'row')}; {about}"
