"""What the research agent knows of a person, sends to them, and hears back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, Required, TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from litxdb import models
from litxdb.repositories.operation import S, operation
from litxdb.repositories.ownership import mine
from litxdb.repositories.paging import Page
from litxdb.repositories.results import Digest, DigestItem, Feedback, FullDigest, ItemWithSource, Profile, Source
from litxdb.repositories.rows import OwnRows, R, allowed, table_of
from litxdb.repositories.sources import Sources


class ProfileValues(TypedDict, total=False):
    """What a profile is made of."""

    display_name: str | None
    preferences: dict[str, Any]


class OwnProfile(OwnRows[S, Profile, int]):
    """What the agent knows about one person."""

    name = "profile"
    table = table_of(models.UserProfile)
    record = Profile
    new = ProfileValues
    changes = ProfileValues

    @operation
    def read(self) -> Profile | None:
        """Return the profile; None when there is none."""
        return self._one(self._select())

    @operation
    def save(self, **values: Unpack[ProfileValues]) -> Profile:
        """Make the profile, or change in it what is given. Raises NotFound when the person is not there."""
        given = allowed(values, ProfileValues, self.table.name)
        statement = insert(self.table).values(user_id=self._user_id, **given)
        changed = {"user_id": statement.excluded.user_id, **{name: statement.excluded[name] for name in given}}
        return self._inserted(statement.on_conflict_do_update(index_elements=["user_id"], set_=changed))


class OfProfile(OwnRows[S, R, int], Generic[S, R]):
    """What hangs on a person's profile."""

    _profile_id: int | None = None

    def _complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if self._profile_id is None:
            profiles = OwnProfile.table
            found = select(profiles.c.id).where(profiles.c.user_id == self._user_id)
            self._profile_id = self._session.execute(found).scalar()
        return {**super()._complete(values), "user_profile_id": self._profile_id}


class NewDigest(TypedDict, total=False):
    """What a new digest is made of: one a day; `delivery_status` is pending unless said otherwise."""

    digest_date: Required[date]
    delivery_status: str
    delivered_at: datetime | None


class DigestChanges(TypedDict, total=False):
    """What may change in a digest."""

    delivery_status: str
    delivered_at: datetime | None


class NewItem(TypedDict, total=False):
    """What a new item of a digest is made of; `rank` from 1, once in a digest."""

    digest_id: Required[int]
    source_id: Required[int]
    rank: Required[int]
    score: float | None
    reasoning: str | None


class ItemChanges(TypedDict, total=False):
    """What may change in an item."""

    rank: int
    score: float | None
    reasoning: str | None


class Items(OwnRows[S, DigestItem, int]):
    """The items of one person's digests, by digest and rank."""

    table = table_of(models.DigestItem)
    record = DigestItem
    new = NewItem
    changes = ItemChanges

    @operation
    def create(self, **values: Unpack[NewItem]) -> DigestItem:
        """Add an item. Raises NotFound for a digest of somebody else's or a source that is not there."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[ItemChanges]) -> DigestItem | None:
        """Change an item and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None, digest_id: int | None = None) -> Page[DigestItem]:
        """Return a page of the items, the newest first. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, digest_id=digest_id)

    @operation
    def insert_many(self, rows: Iterable[NewItem]) -> int:
        """Add items by COPY and return how many. Raises NotFound and AlreadyExists as `create`."""
        return self._insert_many(rows)


class Digests(OfProfile[S, Digest]):
    """One person's digests, the latest day first."""

    table = table_of(models.Digest)
    record = Digest
    new = NewDigest
    changes = DigestChanges
    order = ("digest_date", "id")

    @operation
    def create(self, **values: Unpack[NewDigest]) -> Digest:
        """Make a day's digest. Raises AlreadyExists for a day that has one, NotFound without a profile."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[DigestChanges]) -> Digest | None:
        """Change a digest and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None, delivery_status: str | None = None) -> Page[Digest]:
        """Return a page of the digests. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, delivery_status=delivery_status)

    @operation
    def insert_many(self, rows: Iterable[NewDigest]) -> int:
        """Add digests by COPY and return how many. Raises AlreadyExists and NotFound as `create`."""
        return self._insert_many(rows)

    @operation
    def read(self, key: int) -> FullDigest | None:
        """Return a digest with its items and their sources, in two statements however many there are."""
        digest = self._one(self._select().where(self._is(key)))
        if digest is None:
            return None
        return FullDigest(digest, self._items([key]).get(key, ()))

    @operation
    def list_full(self, *, limit: int = 20, cursor: str | None = None) -> Page[FullDigest]:
        """Return a page as `list`, each with its items and their sources: two statements for the whole page."""
        page = self._page(limit, cursor)
        items = self._items([digest.id for digest in page.items])
        return Page(tuple(FullDigest(digest, items.get(digest.id, ())) for digest in page.items), page.next)

    def _items(self, digests: Sequence[int]) -> dict[int, tuple[ItemWithSource, ...]]:
        items, sources = Items.table, Sources.table
        columns, of_source = Items._columns(), Sources._columns()
        statement = (
            select(*columns, *(column.label(f"source_{column.name}") for column in of_source))
            .join(sources, sources.c.id == items.c.source_id)
            .where(items.c.digest_id.in_(digests), mine(items, self._user_id))
            .order_by(items.c.digest_id, items.c.rank)
        )
        found: defaultdict[int, list[ItemWithSource]] = defaultdict(list)
        for row in self._session.execute(statement):
            item = ItemWithSource(DigestItem(*row[: len(columns)]), Source(*row[len(columns) :]))
            found[item.item.digest_id].append(item)
        return {key: tuple(each) for key, each in found.items()}


class NewFeedback(TypedDict, total=False):
    """What new feedback is made of; `rating` from 1 to 5."""

    digest_item_id: Required[int]
    rating: int | None
    interaction: dict[str, Any]


class FeedbackChanges(TypedDict, total=False):
    """What may change in feedback."""

    rating: int | None
    interaction: dict[str, Any]


class FeedbackRows(OfProfile[S, Feedback]):
    """What one person made of digest items, the newest first."""

    name = "feedback"
    table = table_of(models.Feedback)
    record = Feedback
    new = NewFeedback
    changes = FeedbackChanges

    @operation
    def create(self, **values: Unpack[NewFeedback]) -> Feedback:
        """Add feedback. Raises NotFound for an item of somebody else's digest, and without a profile."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[FeedbackChanges]) -> Feedback | None:
        """Change feedback and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None, digest_item_id: int | None = None) -> Page[Feedback]:
        """Return a page of the feedback. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, digest_item_id=digest_item_id)

    @operation
    def insert_many(self, rows: Iterable[NewFeedback]) -> int:
        """Add feedback by COPY and return how many. Raises NotFound as `create`."""
        return self._insert_many(rows)
