"""The agent's own records: settings that operators change, and how the fetchers of sources are doing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import case, func, literal
from sqlalchemy.dialects.postgresql import insert

from litxdb import models
from litxdb.repositories.operation import S, operation
from litxdb.repositories.paging import Page
from litxdb.repositories.results import Fetcher, Setting
from litxdb.repositories.rows import Rows, table_of


class NewSetting(TypedDict, total=False):
    """What a new setting is made of; `value` is anything that JSON can say."""

    key: Required[str]
    value: Required[Any]


class SettingChanges(TypedDict, total=False):
    """What may change in a setting."""

    value: Any


class Settings(Rows[S, Setting, str]):
    """The settings and feature flags, by key."""

    table = table_of(models.SystemState)
    record = Setting
    new = NewSetting
    changes = SettingChanges
    order = ("key",)
    descending = False

    @operation
    def create(self, **values: Unpack[NewSetting]) -> Setting:
        """Add a setting. Raises AlreadyExists for a known key."""
        return self._create(values)

    @operation
    def update(self, key: str, **changes: Unpack[SettingChanges]) -> Setting | None:
        """Change a setting and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def save(self, key: str, value: Any) -> Setting:
        """Write a setting, whether it was there or not; the last who writes it wins."""
        statement = insert(self.table).values(key=key, value=value)
        return self._inserted(
            statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
        )

    @operation
    def list(self, *, limit: int = 100, cursor: str | None = None) -> Page[Setting]:
        """Return a page of the settings. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor)

    @operation
    def insert_many(self, rows: Iterable[NewSetting]) -> int:
        """Add settings by COPY and return how many. Raises AlreadyExists as `create`."""
        return self._insert_many(rows)


class NewFetcher(TypedDict, total=False):
    """What a new fetcher is made of."""

    fetcher: Required[str]
    status: str


class FetcherChanges(TypedDict, total=False):
    """What may change in a fetcher's state."""

    status: str
    last_run_at: datetime | None
    last_success_at: datetime | None
    consecutive_errors: int
    last_error: str | None


class Fetchers(Rows[S, Fetcher, str]):
    """The fetchers, by name."""

    table = table_of(models.FetcherState)
    record = Fetcher
    new = NewFetcher
    changes = FetcherChanges
    order = ("fetcher",)
    descending = False

    @operation
    def create(self, **values: Unpack[NewFetcher]) -> Fetcher:
        """Add a fetcher. Raises AlreadyExists for a known name."""
        return self._create(values)

    @operation
    def update(self, key: str, **changes: Unpack[FetcherChanges]) -> Fetcher | None:
        """Change a fetcher's state and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 100, cursor: str | None = None) -> Page[Fetcher]:
        """Return a page of the fetchers. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor)

    @operation
    def insert_many(self, rows: Iterable[NewFetcher]) -> int:
        """Add fetchers by COPY and return how many. Raises AlreadyExists as `create`."""
        return self._insert_many(rows)

    @operation
    def ran(self, key: str, error: str | None = None) -> Fetcher:
        """Record that a fetcher has run, and whether it failed, by the server's clock; makes it if it is new.

        One statement: errors of runs that end at once are all counted.
        """
        now, failed = func.now(), error is not None
        state = {
            "status": "error" if failed else "idle",
            "last_run_at": now,
            "last_error": error,
            **({} if failed else {"last_success_at": now}),
        }
        statement = insert(self.table).values(fetcher=key, consecutive_errors=int(failed), **state)
        errors = case((literal(failed), self.table.c.consecutive_errors + 1), else_=0)
        return self._inserted(
            statement.on_conflict_do_update(index_elements=["fetcher"], set_={**state, "consecutive_errors": errors})
        )
