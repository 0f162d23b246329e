"""What of a person stays in a subset of production, and what stands for the rest: a policy of every column, as SQL.

A mask depends on the value and a key alone: the same value has the same mask in every table, and two values have two,
so unique constraints hold. Nobody without the key can try out who is behind one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from litxdb import ownership
from litxdb.errors import ConfigurationInvalid
from litxdb.ownership import Reference, Schema, Soft, Table
from litxdb.quoting import literal, quoted
from litxdb.seed.world.vocabulary import family_names, given_names

VOCABULARY = """
about above across after again also among analysis approach argue around article because before between both careful
change claim close compare consider data detail different effect evidence example figure find follow further general
group idea image issue language large later measure method model more new note number open paper part point question
read reason result review sample series show some study table theory word
"""
WORDS = VOCABULARY.split()
PREFIXES = "^(?:user|cus|sub|sess|org|web|upload)[_-]"
"""What tokens may begin with and keep: it says what they are, not whose."""

NUMBER = "^([0-9]{1,10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
KEEP = "keep"


@dataclass(frozen=True)
class Masking:
    """How each column of each table is treated, and whose the rows are.

    `methods` maps a table to its columns and their methods. Rows of a table that fulfil its SQL condition in `open` are
    public, and kept as they are. Tables in `whole` are copied with all rows, those in `left_out` not at all.
    """

    owners: ownership.Policy
    methods: Mapping[str, Mapping[str, str]]
    open: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def litxplore() -> Masking:
    """Return the policy of LitXplore's own schema."""
    text = files("litxdb.seed").joinpath("litxplore.toml").read_text(encoding="utf-8")
    return parse(text, "litxplore.toml", ownership.litxplore())


def read(path: Path) -> Masking:
    """Read a policy from a file. Raises ConfigurationInvalid."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"The policy {path} cannot be read: {error}.", "Name another file.") from error


def parse(text: str, where: str, owners: ownership.Policy | None = None) -> Masking:
    """Make a policy of TOML; what litxdb does not know is an error, as it would be silently ignored.

    >>> parse('root = "people"\\n[tables.people]\\nkeep = ["id"]\\nemail = ["mail"]', "x").methods
    {'people': {'id': 'keep', 'mail': 'email'}}
    """
    try:
        found = tomllib.loads(text)
        tables = found.pop("tables", {})
        whole, left_out = tuple(found.pop("whole", ())), dict(found.pop("left_out", {}))
        owners = owners or _owners(found)
        conditions = {table: str(entry.pop("open")) for table, entry in tables.items() if "open" in entry}
        methods = {
            table: {column: method for method, columns in entry.items() for column in columns}
            for table, entry in tables.items()
        }
        twice = [table for table in tables if len(methods[table]) < sum(map(len, tables[table].values()))]
        if twice:
            raise TypeError(f"it treats a column of {twice[0]} in two ways")
        strange = {method for entry in tables.values() for method in entry} - {*METHODS, KEEP}
        if found or strange:
            raise TypeError(f"it has an unknown key {sorted([*found, *strange])[0]}")
    except (tomllib.TOMLDecodeError, TypeError, AttributeError, KeyError) as error:
        raise ConfigurationInvalid(
            f"The policy {where} cannot be understood: {error}.", "See docs/seeding.md for its keys."
        ) from error
    return Masking(owners, methods, conditions, whole, left_out)


def _owners(found: dict[str, Any]) -> ownership.Policy:
    """Take out what says whose rows are whose; see docs/privacy.md."""
    plain = {name: found.pop(name) for name in ("owned", "kept", "owners", "excluded") if name in found}
    soft = tuple(Soft(**each) for each in found.pop("soft", ()))
    return ownership.Policy(root=found.pop("root"), lookup=(), soft=soft, **plain)


class Masks:
    """The policy on a schema: the SQL of each column, once it is sure that every column was decided about."""

    def __init__(self, schema: Schema, masking: Masking, key: str) -> None:
        self._schema, self._masking = schema, masking
        self._key = sha256(key.encode()).hexdigest()

    def check(self, tables: Sequence[Table]) -> None:
        """Raise ConfigurationInvalid for columns that nobody classified, and for keys whose ends are masked apart."""
        missing = [
            f"{table.table}.{column.name}"
            for table in tables
            for column in table.columns
            if not column.generated and self._method(table, column.name) is None
        ]
        if missing:
            more = f" (and {len(missing) - 1} more: {', '.join(missing[1:8])})" if len(missing) > 1 else ""
            raise ConfigurationInvalid(
                f"No policy says whether {missing[0]} is personal{more}.",
                "Classify it in a policy, by keep or the mask it gets: --policy FILE; see docs/seeding.md.",
            )
        for table in tables:
            for reference in self._schema.out_of[table.table]:
                if self._schema.tables[reference.target] in tables:
                    self._check_key(table, reference)

    def _check_key(self, table: Table, reference: Reference) -> None:
        target = self._schema.tables[reference.target]
        for ours, theirs in zip(reference.columns, reference.target_columns, strict=True):
            if self._method(table, ours) != self._method(target, theirs):
                raise ConfigurationInvalid(
                    f"{table.table}.{ours} refers to {target.table}.{theirs}, and the policy masks them differently.",
                    "Give both the same mask, or keep both.",
                )

    def masked(self, table: Table) -> tuple[str, ...]:
        """Return the columns that are not kept."""
        return tuple(each.name for each in table.columns if self._method(table, each.name) not in (KEEP, None))

    def expression(self, table: Table, name: str) -> str:
        """Return the SQL over the row `t` for what the column is in the subset."""
        value, method = f"t.{quoted(name)}", self._method(table, name)
        column = table.column(name)
        assert column is not None
        if method in (None, KEEP):
            return value
        mask = METHODS[method](f"{value}::text", self._key)
        condition = self._of(table, self._masking.open)
        is_open = f" when {condition} then {value}" if condition else ""
        return f"case when {value} is null then null{is_open} else ({mask})::{column.type} end"

    def _method(self, table: Table, column: str) -> str | None:
        return (self._of(table, self._masking.methods) or {}).get(column)

    def _of(self, table: Table, declared: Mapping[str, Any]) -> Any:
        names = [name for name in declared if self._schema.find(name) == table]
        return declared[names[0]] if names else None


def _hash(value: str, key: str) -> str:
    return f"encode(sha256(convert_to('{key}' || {value}, 'UTF8')), 'hex')"


def _pick(choice: tuple[str, ...], value: str, key: str, place: int) -> str:
    listed = ", ".join(map(literal, choice))
    number = f"('x' || substr({_hash(value, key)}, {place}, 8))::bit(32)::bigint"
    return f"(array[{listed}])[1 + {number} % {len(choice)}]"


def _full_name(value: str, key: str) -> str:
    return f"{_pick(given_names(), value, key, 1)} || ' ' || {_pick(family_names(), value, key, 9)}"


def _token(value: str, key: str) -> str:
    """Write as many digits as it had, at least 16, after what it may begin with."""
    prefix = f"coalesce(substring({value} from '{PREFIXES}'), '')"
    length = f"least(64, greatest(16, length({value}) - length({prefix})))"
    return f"{prefix} || left({_hash(value, key)}, {length})"


def _id(value: str, key: str) -> str:
    """Keep a row's number or UUID, and mask whatever else stands there."""
    return f"case when {value} ~ '{NUMBER}' then {value} else {_token(value, key)} end"


def _text(value: str, key: str) -> str:
    """Write words of no meaning, about as many as there were."""
    listed = ", ".join(f"'{word}'" for word in WORDS)
    digest = f"sha256(convert_to('{key}' || w.n || h.digest, 'UTF8'))"
    return (
        f"select left(string_agg((array[{listed}])[1 + get_byte({digest}, 0) % {len(WORDS)}], ' ' order by w.n), "  # noqa: S608 - our words and key
        f"greatest(1, length({value}))) from (select md5({_hash(value, key)}) as digest) h, "
        f"generate_series(1, 1 + length({value}) / 6) as w (n)"
    )


METHODS: dict[str, Callable[[str, str], str]] = {
    "null": lambda value, key: "null",
    "email": lambda value, key: f"'person-' || left({_hash(value, key)}, 20) || '@example.org'",
    "given_name": lambda value, key: _pick(given_names(), value, key, 1),
    "family_name": lambda value, key: _pick(family_names(), value, key, 9),
    "full_name": _full_name,
    "token": _token,
    "id": _id,
    "text": _text,
    "url": lambda value, key: f"'https://example.org/' || left({_hash(value, key)}, 20)",
    "uuid": lambda value, key: f"left({_hash(value, key)}, 32)",
    "empty_json": lambda value, key: f"case when ltrim({value}) like '[%' then '[]' else '{{}}' end",
}
"""The masks, from SQL of the value as text and the key to SQL of what stands for it."""
