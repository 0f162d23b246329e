"""Finding the person: by id, e-mail or whatever the policy lets a person be called by, and nobody else by mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.errors import ArgumentInvalid, ConfigurationInvalid
from litxdb.ownership import Ownership
from litxdb.privacy.results import Person
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SHOWN = 5
IDENTIFYING = re.compile(r"(?:.*_)?(?:(?:e_?)?mail|login|username|handle|phone|external_id|auth_id)(?:_.*)?")
"""Columns of the root whose values are looked for everywhere, where no policy names them."""
SHORTEST = 6
"""Characters that a value must have to be looked for everywhere: `x` would be found in every row."""


def find(connection: Connection, ownership: Ownership, who: str) -> Person:
    """Return the one person who is called so: by any column of the policy's `lookup`, or by one as in `id=42`.

    Raises ArgumentInvalid for nobody, and for several: also for two whose e-mails differ in case only.
    """
    policy, root = ownership.policy, ownership.root
    if not root.key:
        raise ConfigurationInvalid(f"{root.table} has no primary key.", "A person must be told apart by one.")
    columns = [name for name in policy.lookup or root.key if root.column(name)]
    column, _, value = who.strip().partition("=")
    if column in columns and value:
        columns, who = [column], value
    found = _rows(connection, ownership, columns, who.strip())
    if not found:
        called = " or ".join(columns)
        raise ArgumentInvalid(f"Nobody in {root.table} has this {called}.", "Check the spelling; nothing was done.")
    if len(found) > 1:
        by = root.key[0]
        named = ", ".join(f"{by}={person.key[by]}" for person in found[:SHOWN])
        number = f"More than {SHOWN}" if len(found) > SHOWN else len(found)
        raise ArgumentInvalid(
            f"{number} people in {root.table} are called so.",
            f"Say which one is meant: {named}",
        )
    return found[0]


def find_by_key(connection: Connection, ownership: Ownership, value: str) -> Person:
    """Return the person with this primary key; values of several columns have commas between."""
    root = ownership.root
    values = [value] if len(root.key) == 1 else value.split(",")
    if len(values) != len(root.key):
        raise ArgumentInvalid(f"The key of {root.table} is {', '.join(root.key)}.", "Give their values with commas.")
    condition = " and ".join(f"t.{_escaped(name)}::text = %s" for name in root.key)
    found = _ask(connection, ownership, condition, [each.strip() for each in values])
    if not found:
        raise ArgumentInvalid(f"{root.table} has no row with this key.", "Check it; nothing was done.")
    return found[0]


def condition(person: Person) -> tuple[str, dict[str, str]]:
    """Return what tells the person's row from all others: SQL over `t`, and its values."""
    names = {f"key_{number}": name for number, name in enumerate(person.key)}
    parts = [f"t.{_escaped(name)}::text = %({place})s" for place, name in names.items()]
    return " and ".join(parts), {place: person.key[name] for place, name in names.items()}


def _rows(connection: Connection, ownership: Ownership, columns: list[str], who: str) -> list[Person]:
    caseless = ownership.policy.ignoring_case
    parts = [
        f"lower(t.{_escaped(name)}::text) = lower(%s)" if name in caseless else f"t.{_escaped(name)}::text = %s"
        for name in columns
    ]
    return _ask(connection, ownership, " or ".join(parts), [who] * len(parts)) if parts else []


def _ask(connection: Connection, ownership: Ownership, condition: str, values: list[str]) -> list[Person]:
    root, policy = ownership.root, ownership.policy
    if any("\0" in value or value != value.encode(errors="ignore").decode() for value in values):
        return []  # such a text is in no column, and the driver would not send it
    declared = policy.identifiers or tuple(each.name for each in root.columns if IDENTIFYING.fullmatch(each.name))
    wanted = [name for name in dict.fromkeys((*root.key, *declared, *policy.identity)) if root.column(name)]
    listed = ", ".join(f"t.{_escaped(name)}::text" for name in wanted)
    source = root.source.replace("%", "%%")
    with connection.cursor() as cursor:
        cursor.execute(
            queries.tagged(f"select {listed} from {source} t where {condition} order by 1 limit {SHOWN + 1}"), values
        )
        found = [dict(zip(wanted, row, strict=True)) for row in cursor.fetchall()]
    identity = [name for name in policy.identity if root.column(name)] or root.key
    return [
        Person(
            root.table,
            {name: row[name] for name in root.key},
            {name: row[name] for name in (*root.key, *declared) if row.get(name) and _is_telling(row[name])},
            tuple(name for name in policy.ignoring_case if name in declared),
            tuple(str(row[name]) for name in identity),
        )
        for row in found
    ]


def _is_telling(value: str) -> bool:
    """Tell whether a value can be nobody else's wherever it stands: no plain number, and not too short.

    >>> _is_telling("42"), _is_telling("ada@example.org"), _is_telling("6f9619ff-8b86-d011-b42d-00c04fc964ff")
    (False, True, True)
    """
    return len(value) >= SHORTEST and not value.isdigit()


def _escaped(name: str) -> str:
    return quoted(name).replace("%", "%%")
