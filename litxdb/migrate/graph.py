"""The revisions and how they follow one another, read from their files without running them or importing Alembic."""

from __future__ import annotations

import ast
import difflib
import functools
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litxdb.errors import ArgumentInvalid, ConfigurationInvalid

BASE = "base"
HEAD = "head"
HEADS = "heads"

_PARSING = threading.Lock()
"""CPython 3.11 fails with a SystemError when two threads parse at once, as those of an examination do."""


@dataclass(frozen=True)
class Revision:
    """One migration file. `extensions` maps each extension that it needs to the least version that will do."""

    id: str
    message: str
    path: Path
    follows: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    extensions: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Graph:
    """All revisions in the order in which they are applied."""

    revisions: tuple[Revision, ...]
    directories: tuple[Path, ...]

    @classmethod
    def read(cls, directory: Path | None = None) -> Graph:
        """Read LitXplore's revisions, and those of a project that follow them in a directory of its own.

        Raises ConfigurationInvalid for files that do not make one history.
        """
        from litxdb.migrate.project import Project

        return Project.litxplore(directory).graph()

    @classmethod
    def build(cls, revisions: Iterable[Revision], directories: tuple[Path, ...]) -> Graph:
        """Put revisions in order. Raises ConfigurationInvalid if they are not one history."""
        known: dict[str, Revision] = {}
        for revision in revisions:
            if revision.id in known:
                raise ConfigurationInvalid(
                    f"{revision.path} and {known[revision.id].path} are both revision {revision.id}.",
                    "Give one of them another id.",
                )
            known[revision.id] = revision
        return cls(tuple(_ordered(known)), directories)

    @property
    def heads(self) -> tuple[Revision, ...]:
        """The revisions that no other follows."""
        followed = {self.find(name).id for revision in self.revisions for name in revision.follows}
        return tuple(revision for revision in self.revisions if revision.id not in followed)

    @property
    def head(self) -> Revision:
        """The newest revision; raises ConfigurationInvalid when there are several."""
        heads = self.heads
        if len(heads) > 1:
            raise ConfigurationInvalid(
                f"The history has {len(heads)} heads: {' and '.join(revision.id for revision in heads)}.",
                "Name one, or heads for all of them; "
                f"or let one follow the other: set its down_revision, in {heads[-1].path}.",
            )
        return heads[0]

    def get(self, name: str) -> Revision | None:
        """Return the revision with exactly this id."""
        return next((revision for revision in self.revisions if revision.id == name), None)

    def find(self, name: str) -> Revision:
        """Return the revision meant by an id, the beginning of one, a branch label or `head`.

        Raises ArgumentInvalid, with a suggestion, when there is none or several.
        """
        if name == HEAD:
            return self.head
        exact = [revision for revision in self.revisions if name == revision.id or name in revision.labels]
        found = exact or [revision for revision in self.revisions if name and revision.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise ArgumentInvalid(f"Revision {name} could be {_any_of(found)}.", "Write more of its id.")
        near = difflib.get_close_matches(name, [revision.id for revision in self.revisions], n=1, cutoff=0.4)
        raise ArgumentInvalid(
            f"There is no revision {name}.",
            f"Did you mean {near[0]}?" if near else "Run litxdb history to see them all.",
        )

    def targets(self, name: str) -> tuple[Revision, ...]:
        """Return what an upgrade is to lead to: `find`'s revision, or for `heads` all, for `LABEL@head` a branch's."""
        branch, _, head = name.rpartition("@")
        if name != HEADS and not (branch and head in (HEAD, HEADS)):
            return (self.find(name),)
        begin = self.find(branch) if branch else None
        return tuple(each for each in self.heads if begin is None or begin in self.lineage(each.id))

    def lineage(self, names: str | Iterable[str] | None) -> tuple[Revision, ...]:
        """Return the revision, or several, and all that they build on, oldest first; nothing for None."""
        wanted = {names} if isinstance(names, str) else set(names or ())
        for revision in reversed(self.revisions):
            if revision.id in wanted:
                wanted |= {self.find(other).id for other in revision.follows + revision.depends_on}
        return tuple(revision for revision in self.revisions if revision.id in wanted)


def is_head(target: str) -> bool:
    """Tell whether a target is an end of the history, wherever that is.

    >>> [is_head(each) for each in ("head", "heads", "west@head", "0008")]
    [True, True, True, False]
    """
    return target.rpartition("@")[2] in (HEAD, HEADS)


def heads(directory: Path | None = None) -> frozenset[str]:
    """Return what alembic_version holds in a database that is up to date."""
    return frozenset({Graph.read(directory).head.id})


def read_files(directories: Iterable[Path], *, recursive: bool = False) -> list[Revision]:
    """Read the revisions in these directories, in the order of their names; Alembic's choice of files."""
    pattern = "**/*.py" if recursive else "*.py"
    paths = [path for place in directories for path in sorted(place.glob(pattern))]
    return [_read(path) for path in paths if not path.name.startswith(("__init__", ".#"))]


def _read(path: Path) -> Revision:
    try:
        return _parse(path, path.read_bytes())
    except (SyntaxError, ValueError, KeyError, OSError) as error:
        reason = "it sets no revision" if isinstance(error, KeyError) else str(error)
        raise ConfigurationInvalid(f"{path} is not a revision: {reason}.", "Mend the file, or move it away.") from error


@functools.lru_cache(maxsize=1024)
def _parse(path: Path, source: bytes) -> Revision:
    with _PARSING:
        module = ast.parse(source, filename=str(path))
    values = dict(_assignments(module))
    return Revision(
        id=values["revision"],
        message=(ast.get_docstring(module) or path.stem).partition("\n")[0].rstrip("."),
        path=path,
        follows=names(values.get("down_revision")),
        depends_on=names(values.get("depends_on")),
        labels=names(values.get("branch_labels")),
        extensions=values.get("extensions") or {},
    )


def _assignments(module: ast.Module) -> Iterator[tuple[str, Any]]:
    wanted = {"revision", "down_revision", "depends_on", "branch_labels", "extensions"}
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in wanted and statement.value is not None:
                yield target.id, ast.literal_eval(statement.value)


def names(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return as a tuple what Alembic writes as one name, several, or None."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _ordered(revisions: Mapping[str, Revision]) -> Iterator[Revision]:
    """Yield each revision after those that it builds on; files come in the order of their names otherwise."""
    labels = {label: revision.id for revision in revisions.values() for label in revision.labels}
    done: set[str] = set()
    left = list(revisions.values())
    while left:
        for revision in left:
            needs = {labels.get(name, name) for name in revision.follows + revision.depends_on}
            if needs <= done:
                break
        else:
            raise ConfigurationInvalid(*_broken(left, revisions))
        left.remove(revision)
        done.add(revision.id)
        yield revision


def _broken(left: list[Revision], revisions: Mapping[str, Revision]) -> tuple[str, str]:
    for revision in left:
        for name in revision.follows + revision.depends_on:
            if name not in revisions:
                return (
                    f"Revision {revision.id} follows {name}, which does not exist.",
                    f"Correct {revision.path}, or restore the missing file.",
                )
    return f"{_any_of(left)} follow one another in a circle.", "Correct their down_revision."


def _any_of(revisions: list[Revision]) -> str:
    return ", ".join(revision.id for revision in revisions)
