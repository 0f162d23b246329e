"""The checklist: every check that there is, in the order of the screen."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from litxdb import queries
from litxdb.doctor import checks
from litxdb.doctor.check import AREAS, Check, Tier, from_module, from_query
from litxdb.errors import Exit, LitxdbError


class UnknownCheck(LitxdbError):
    """A person named a check or an area that does not exist."""

    code = Exit.USAGE


@functools.cache
def checklist() -> tuple[Check, ...]:
    """Return all checks, by area and id."""
    return _sorted(_checks(lambda source: True))


@functools.cache
def urgent() -> tuple[Check, ...]:
    """Return the checks of a triage, without loading the others, which takes as long as running these."""
    return _sorted(check for check in _checks(lambda source: "triage=True" in source) if check.declaration.triage)


def find(name: str) -> Check:
    """Return a check by its id, dashes or underscores; UnknownCheck with the nearest ones if there is none."""
    wanted = name.replace("-", "_")
    for check in checklist():
        if check.id == wanted:
            return check
    raise unknown(name)


def select(
    tier: Tier = Tier.FAST, *, only: Sequence[str] = (), skip: Sequence[str] = (), triage: bool = False
) -> tuple[Check, ...]:
    """Return the checks to run: all up to `tier`, or of those the areas named in `only`; less `skip`.

    A check that `only` names by its id runs whatever its tier. UnknownCheck for what is neither an id nor an area.
    """
    named, unwanted = _named([name for name in only if name not in AREAS]), _named(skip)
    areas = set(only) & set(AREAS) if only else set(AREAS)
    tiers = list(Tier)
    return tuple(
        check
        for check in (urgent() if triage and not only else checklist())
        if check.id not in unwanted
        and (check.id in named or (check.area in areas and tiers.index(check.declaration.tier) <= tiers.index(tier)))
        and (check.declaration.triage or not triage)
    )


def unknown(name: str, others: Sequence[str] = ()) -> UnknownCheck:
    """Return the error for a name that is neither a check nor an area, nor any of the others that are known there."""
    import difflib

    names = [*others, *AREAS, *(check.id for check in checklist())]
    near = difflib.get_close_matches(name.replace("-", "_"), names, n=3)
    hint = f"Did you mean {', '.join(near)}?" if near else "litxdb doctor --list shows all of them."
    return UnknownCheck(f"There is no check {name}.", hint)


def _named(names: Sequence[str]) -> frozenset[str]:
    return frozenset(check for name in names for check in _ids(name))


def _ids(name: str) -> Iterator[str]:
    if name in AREAS:
        yield from (check.id for check in checklist() if check.area == name)
    else:
        yield find(name).id


def _checks(wanted: Callable[[str], bool]) -> Iterator[Check]:
    """Load the checks whose source is wanted, and all that are SQL."""
    for found in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}."):
        if not found.ispkg and not found.name.rpartition(".")[2].startswith("_"):
            finder: Any = found.module_finder
            loader = finder.find_spec(found.name).loader
            if wanted(loader.get_source(found.name)):
                yield from_module(importlib.import_module(found.name))
    for name in queries.names("checks"):
        yield from_query(queries.find("checks", name))


def _sorted(found: Iterable[Check]) -> tuple[Check, ...]:
    order = list(AREAS)
    return tuple(sorted(found, key=lambda check: (order.index(check.area), check.id)))
