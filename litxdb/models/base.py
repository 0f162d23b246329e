"""What every table of LitXplore shares: names of constraints, kinds of keys, and times the server keeps."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, DateTime, FetchedValue, ForeignKey, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The declarative base; `Base.metadata` is the whole schema."""

    # Constraints are named as PostgreSQL itself would name them, so that raw SQL and Alembic agree.
    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


Id = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
Uuid = Annotated[uuid.UUID, mapped_column(primary_key=True, server_default=func.gen_random_uuid())]
Now = Annotated[datetime, mapped_column(server_default=func.now())]


class Timestamps:
    """`created_at`, and an `updated_at` that a trigger moves on every UPDATE, whoever writes."""

    created_at: Mapped[Now]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), server_onupdate=FetchedValue())


def owner(target: str) -> ForeignKey:
    """Refer to the row that owns this one: deleting it deletes this one too."""
    return ForeignKey(target, ondelete="CASCADE")


def one_of(column: str, *values: str) -> CheckConstraint:
    """Restrict a text column to a closed set of values.

    >>> str(one_of("role", "user", "tool").sqltext)
    "role IN ('user', 'tool')"
    """
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def utc_now() -> datetime:
    """Tell the time as the legacy tables keep it: UTC, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)
