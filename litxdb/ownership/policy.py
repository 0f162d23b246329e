"""What foreign keys do not say about who owns a row: read from TOML, LitXplore's comes with the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from litxdb.errors import ConfigurationInvalid

KEPT, CLEARED = "keep", "set null"


@dataclass(frozen=True)
class Soft:
    """A reference without a foreign key: a column, or a `key` of the JSON in it, that holds a value of `target`.

    `when` is SQL over the row `t`. With `owns` the row belongs to the one it points at; else `on_erase` says whether
    the value stays (it leads nowhere then) or is set to null in other people's rows.
    """

    column: str
    target: str
    key: str | None = None
    when: str | None = None
    owns: bool = False
    on_erase: str = KEPT


@dataclass(frozen=True)
class Retained:
    """Rows that an erasure leaves, with the reason; the columns of `replace` become null, or a pseudonym."""

    reason: str
    replace: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """Whose rows are whose. Tables are named with or without `public.`, columns as `table.column`.

    `owned` and `kept` decide of foreign keys that do not cascade, `owners` of rows with several owners; a table in
    `excluded` is not exported, and what it holds does not count as missing. `identity` are the columns of the root
    that never change, `identifiers` those whose values are looked for everywhere, `json` columns of text with JSON.
    """

    root: str
    lookup: tuple[str, ...]
    ignoring_case: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    owned: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    retained: Mapping[str, Retained] = field(default_factory=dict)
    soft: tuple[Soft, ...] = ()


def litxplore() -> Policy:
    """Return the policy of LitXplore's own schema."""
    text = files("litxdb.ownership").joinpath("litxplore.toml").read_text(encoding="utf-8")
    return parse(text, "litxplore.toml")


def read(path: Path) -> Policy:
    """Read a policy from a file. Raises ConfigurationInvalid."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"The policy {path} cannot be read: {error}.", "Name another file.") from error


def parse(text: str, where: str) -> Policy:
    """Make a policy of TOML; a key that litxdb does not know is an error, as it would be silently ignored.

    >>> parse('root = "people"\\nlookup = ["id"]\\n[excluded]\\nlog = "no names in it"', "x").excluded
    {'log': 'no names in it'}
    """
    try:
        found = tomllib.loads(text)
        found["soft"] = [_made(Soft, each) for each in found.get("soft", [])]
        found["retained"] = {table: _made(Retained, each) for table, each in found.get("retained", {}).items()}
        found["labels"] = {table: tuple(each) for table, each in found.get("labels", {}).items()}
        policy: Policy = _made(Policy, found)
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise ConfigurationInvalid(
            f"The policy {where} cannot be understood: {error}.", "See docs/privacy.md for its keys."
        ) from error
    if any(each.on_erase not in (KEPT, CLEARED) for each in policy.soft):
        raise ConfigurationInvalid(f"The policy {where} has a strange on_erase.", f'It is "{KEPT}" or "{CLEARED}".')
    return policy


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    unknown = set(values) - {each.name for each in fields(kind)}
    if unknown:
        raise TypeError(f"it has an unknown key {sorted(unknown)[0]}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
