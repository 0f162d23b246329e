"""Reading and writing the rows of one table, everybody's or one person's: what the repositories are made of."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from litxdb.errors import ArgumentInvalid, NotFound, ServerRefused
from litxdb.models import Base
from litxdb.repositories.copying import copy_in
from litxdb.repositories.operation import Repository, S, diagnosis, operation
from litxdb.repositories.ownership import OWNERS, leads_to, mine, parent
from litxdb.repositories.paging import Page, encode, in_order, positioned, scope_of

R = TypeVar("R")
K = TypeVar("K")

KEY, OWNER, FILTER = "litxdb_key", "litxdb_owner", "litxdb_filter_"
"""Names of parameters."""


class Rows(Repository[S], Generic[S, R, K]):
    """The rows of one table. Methods whose names begin with an underscore run inside an operation.

    `record` is the dataclass that a row becomes: its fields are the columns that are read. `new` and `changes` are the
    TypedDicts of what may be written; nothing else is, whatever a caller hands on from elsewhere.
    """

    table: ClassVar[Table]
    record: ClassVar[type]
    new: ClassVar[type]
    changes: ClassVar[type]
    order: ClassVar[tuple[str, ...]] = ("id",)
    descending: ClassVar[bool] = True

    @operation
    def get(self, key: K) -> R | None:
        """Return one row by its key; None when there is none."""
        return self._one(self._by_key(), {KEY: key, **self._bound()})

    @operation
    def delete(self, key: K) -> bool:
        """Delete one row, and what it owns; False when there is none. Raises ServerRefused while others need it."""
        statement = delete(self.table).where(self._is(key), self._reachable()).returning(self._key())
        try:
            return self._session.execute(statement).first() is not None
        except IntegrityError as error:
            raise ServerRefused(
                f"A row of {self.table.name} cannot be deleted: {diagnosis(error, 'table_name')} refers to it.",
                "Delete first what refers to it.",
            ) from error

    @operation
    def count(self) -> int:
        """Count the rows that can be reached."""
        counted = select(func.count()).select_from(self.table).where(self._reachable())
        return int(self._session.execute(counted).scalar_one())

    def _reachable(self) -> ColumnElement[bool]:
        """Return the condition on every row that is read or changed: true for what is everybody's."""
        return true()

    @classmethod
    @functools.cache
    def _columns(cls) -> tuple[Column[Any], ...]:
        return tuple(cls.table.c[field.name] for field in dataclasses.fields(cls.record))

    # What is read all the time is built once, with parameters: building takes as long as half a query.

    @classmethod
    def _readable(cls) -> ColumnElement[bool]:
        """Return the same condition as `_reachable`, with the parameters that `_bound` gives."""
        return true()

    def _bound(self) -> dict[str, Any]:
        return {}

    @classmethod
    @functools.cache
    def _by_key(cls) -> Select[Any]:
        key = cls._key()
        return select(*cls._columns()).where(key == bindparam(KEY, type_=key.type), cls._readable())

    @classmethod
    @functools.cache
    def _paged(cls, filters: tuple[str, ...], after: bool) -> Select[Any]:
        equal = (cls.table.c[name] == bindparam(f"{FILTER}{name}", type_=cls.table.c[name].type) for name in filters)
        statement = select(*cls._columns()).where(cls._readable(), *equal)
        return in_order(statement, [cls.table.c[name] for name in cls.order], cls.descending, after)

    @classmethod
    def _key(cls) -> Column[Any]:
        (key,) = cls.table.primary_key.columns
        return key

    def _is(self, key: object) -> ColumnElement[bool]:
        return self._key() == key

    def _select(self) -> Select[Any]:
        return select(*self._columns()).where(self._reachable())

    def _one(self, statement: Any, parameters: dict[str, Any] | None = None) -> R | None:
        row = self._session.execute(statement, parameters).first()
        return None if row is None else self.record(*row)

    def _all(self, statement: Any) -> tuple[R, ...]:
        return tuple(self.record(*row) for row in self._session.execute(statement))

    def _page(self, limit: int, cursor: str | None, **filters: Any) -> Page[R]:
        """Return a page of the rows whose columns equal the filters that are not None."""
        wanted = {name: value for name, value in filters.items() if value is not None}
        scope = scope_of(self.table.name, wanted)
        position = positioned(limit, cursor, scope, [self.table.c[name] for name in self.order])
        statement = self._paged(tuple(wanted), cursor is not None)
        given = {f"{FILTER}{name}": value for name, value in wanted.items()}
        found = self._session.execute(statement, {**position, **given, **self._bound()}).all()
        items = tuple(self.record(*row) for row in found[:limit])
        more = len(found) > limit
        return Page(items, encode(scope, [getattr(items[-1], name) for name in self.order]) if more else None)

    def _create(self, values: Mapping[str, Any]) -> R:
        return self._inserted(insert(self.table).values(**allowed(values, self.new, self.table.name)))

    def _inserted(self, statement: Any) -> R:
        row = self._session.execute(statement.returning(*self._columns())).one()
        return self.record(*row)  # type: ignore[no-any-return]  # the record is of R

    def _update(self, key: object, values: Mapping[str, Any]) -> R | None:
        values = allowed(values, self.changes, self.table.name)
        if not values:
            return self._one(self._select().where(self._is(key)))
        statement = update(self.table).where(self._is(key), self._reachable()).values(**values)
        return self._one(statement.returning(*self._columns()))

    def _insert_many(self, rows: Iterable[Mapping[str, Any]]) -> int:
        return copy_in(self._session, self.table, (allowed(row, self.new, self.table.name) for row in rows))


class OwnRows(Rows[S, R, K]):
    """The rows of one table that belong to one person: no other row is read, changed or added to."""

    def __init__(self, session: S, user_id: int) -> None:
        super().__init__(session)
        self._user_id = user_id

    def _reachable(self) -> ColumnElement[bool]:
        return mine(self.table, self._user_id)

    @classmethod
    def _readable(cls) -> ColumnElement[bool]:
        return mine(cls.table, bindparam(OWNER, type_=Integer))

    def _bound(self) -> dict[str, Any]:
        return {OWNER: self._user_id}

    def _complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new row: the values, and the owner where the row itself names the person."""
        row = allowed(values, self.new, self.table.name)
        return {**row, "user_id": self._user_id} if OWNERS[self.table.name] == ("user_id",) else row

    def _create(self, values: Mapping[str, Any]) -> R:
        """Insert a row, in one statement with the proof that what it belongs to is this person's."""
        row = self._complete(values)
        owners = [
            leads_to(self.table, name, self._literal(name, row.get(name)), self._user_id)
            for name in OWNERS[self.table.name]
            if parent(self.table, name).table.name != "users"
        ]
        if owners:
            values_row = select(*(self._literal(name, value) for name, value in row.items()))
            statement: Any = insert(self.table).from_select(list(row), values_row.where(and_(*owners)))
        else:
            statement = insert(self.table).values(**row)
        created = self._one(statement.returning(*self._columns()))
        if created is None:
            raise self._nothing_there()
        return created

    def _literal(self, name: str, value: Any) -> ColumnElement[Any]:
        return value if isinstance(value, ColumnElement) else literal(value, self.table.c[name].type)

    def _insert_many(self, rows: Iterable[Mapping[str, Any]]) -> int:
        return copy_in(self._session, self.table, map(self._complete, rows), self._require_owners)

    def _require_owners(self, rows: list[dict[str, Any]]) -> None:
        """Lock what the rows are to belong to, so that nobody deletes it meanwhile; all of it must be this person's."""
        for name in OWNERS[self.table.name]:
            key = parent(self.table, name)
            assert isinstance(key.table, Table)
            wanted = {row.get(name) for row in rows}
            own = key == self._user_id if key.table.name == "users" else mine(key.table, self._user_id)
            found = self._session.execute(
                select(key).where(key.in_(wanted), own).with_for_update(read=True, key_share=True)
            )
            if wanted - set(found.scalars()):
                raise self._nothing_there()

    def _nothing_there(self) -> NotFound:
        kinds = " or ".join(sorted({parent(self.table, name).table.name for name in OWNERS[self.table.name]}))
        return NotFound(
            f"A row of {self.table.name} belongs to a row of {kinds} that this person does not have.",
            "Create that first, or give the key of one that is there.",
        )


def allowed(values: Mapping[str, Any], typed: type, table: str) -> dict[str, Any]:
    """Return the values, all of which this TypedDict has. Raises ArgumentInvalid, as a request may hold anything."""
    names = typed.__annotations__.keys()
    if unknown := sorted(values.keys() - names):
        raise ArgumentInvalid(
            f"{table} takes no {', '.join(map(repr, unknown))} here.", f"It takes: {', '.join(names)}."
        )
    return dict(values)


def table_of(model: type[Base]) -> Table:
    """Return a model's table."""
    table = model.__table__
    assert isinstance(table, Table)
    return table
