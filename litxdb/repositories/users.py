"""People: the accounts, without what is in them, and each person's own account."""

from __future__ import annotations

import dataclasses
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import delete, insert, select, update

from litxdb.models import LiteratureReview, Task, User
from litxdb.models.base import utc_now
from litxdb.repositories.operation import Repository, S, operation
from litxdb.repositories.paging import Page, encode, in_order, positioned, scope_of
from litxdb.repositories.results import Account
from litxdb.repositories.rows import allowed, table_of


class NewAccount(TypedDict, total=False):
    """What a new account is made of: names as Clerk has them."""

    clerk_id: Required[str]
    email: Required[str]
    first_name: str | None
    last_name: str | None
    is_active: bool


class AccountChanges(TypedDict, total=False):
    """What may change in an account."""

    email: str
    first_name: str | None
    last_name: str | None
    is_active: bool
    subscription_tier: str | None
    subscription_status: str | None
    stripe_customer_id: str | None


class Users(Repository[S]):
    """Who there is, by number alone: everything about a person is behind `for_user`."""

    @operation
    def create(self, **values: Unpack[NewAccount]) -> int:
        """Add an account and return its number. Raises AlreadyExists for a known clerk_id or e-mail address."""
        row = allowed(values, NewAccount, "users")
        return int(self._session.execute(insert(User).values(**row).returning(User.id)).scalar_one())

    @operation
    def identify(self, clerk_id: str) -> int | None:
        """Return the number of the account that Clerk has authenticated; None when there is none."""
        return self._session.execute(select(User.id).where(User.clerk_id == clerk_id)).scalar()

    @operation
    def list(self, *, limit: int = 100, cursor: str | None = None, is_active: bool | None = None) -> Page[int]:
        """Return the numbers of the accounts, the oldest first. Raises ArgumentInvalid for a cursor of another list."""
        scope = scope_of("users", {"is_active": is_active})
        statement = select(User.id)
        if is_active is not None:
            statement = statement.where(User.is_active.is_(is_active))
        columns = [table_of(User).c.id]
        position = positioned(limit, cursor, scope, columns)
        paged = in_order(statement, columns, descending=False, after=cursor is not None)
        found = self._session.execute(paged, position).scalars().all()
        return Page(tuple(found[:limit]), encode(scope, [found[limit - 1]]) if len(found) > limit else None)


class OwnAccount(Repository[S]):
    """One person's own account."""

    name = "account"

    def __init__(self, session: S, user_id: int) -> None:
        super().__init__(session)
        self._user_id = user_id

    @operation
    def get(self) -> Account | None:
        """Return the account; None when there is none."""
        return self._one(select(*COLUMNS).where(User.id == self._user_id))

    @operation
    def update(self, **changes: Unpack[AccountChanges]) -> Account | None:
        """Change the account; None when there is none. Raises AlreadyExists for an e-mail address that is taken."""
        values = allowed(changes, AccountChanges, "users")
        statement = update(User).where(User.id == self._user_id).values(**values, updated_at=utc_now())
        return self._one(statement.returning(*COLUMNS))

    @operation
    def delete(self) -> bool:
        """Delete the account and everything that belongs to it; False when there is none.

        `litxdb erase-user` does it with a record of what was erased.
        """
        for model in (LiteratureReview, Task):  # the two that do not follow by themselves
            self._session.execute(delete(model).where(model.user_id == self._user_id))
        return (
            self._session.execute(delete(User).where(User.id == self._user_id).returning(User.id)).first() is not None
        )

    def _one(self, statement: Any) -> Account | None:
        row = self._session.execute(statement).first()
        return None if row is None else Account(*row)


COLUMNS = [table_of(User).c[field.name] for field in dataclasses.fields(Account)]
