"""LitXplore's data for its own services, for threads and for coroutines.

with db.session() as session:
    ada = Repositories(session).for_user(7)
    ada.reviews.create(title="Attention", topic="transformers", content="…")

async with async_db.session() as session:
    page = await Repositories(session).for_user(7).reviews.list(limit=20)
"""

from litxdb.database import CHAT, SERVICE, Database, Limits
from litxdb.database.asynchronous import AsyncDatabase
from litxdb.database.retrying import retried
from litxdb.repositories.dependency import get_async_session, shared_database
from litxdb.repositories.paging import Page
from litxdb.repositories.person import Person, Repositories

__all__ = [
    "CHAT",
    "SERVICE",
    "AsyncDatabase",
    "Database",
    "Limits",
    "Page",
    "Person",
    "Repositories",
    "get_async_session",
    "retried",
    "shared_database",
]
