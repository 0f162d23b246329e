"""The models describe the schema that the migrations build, and the tables behave as the contract says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from litxdb import models
from litxdb.database import Database
from litxdb.migrate import compare, fingerprint
from litxdb.models import Base

LEGACY = {"users", "literature_reviews", "tasks"}


def add(connection: Connection, model: type[Base], **values: Any) -> Any:
    """Insert a row, its required columns filled with something, and return its first key."""
    table: Any = model.__table__
    fill = {"Text": "x", "String": uuid.uuid4().hex, "Double": 0.5, "Integer": 1, "Date": "2026-03-01", "JSONB": {}}
    for column in table.columns:
        if not (column.nullable or column.server_default or column.default or column.primary_key):
            values.setdefault(column.name, fill.get(type(column.type).__name__))
    return connection.execute(insert(table).values(**values).returning(*table.primary_key)).one()[0]


def everything_of(connection: Connection, name: str) -> int:
    """Give a person one row in every table below `users`, the legacy ones left out, and return the person's id."""
    user = add(connection, models.User, clerk_id=name, email=f"{name}@example.com")
    session = add(connection, models.ResearchSession, user_id=user)
    paper = add(connection, models.Paper, session_id=session, external_id="2307.12345")
    add(connection, models.Note, paper_id=paper)
    chat = add(connection, models.ChatSession, user_id=user, session_id=f"token of {name}")
    add(connection, models.ChatMessage, session_id=chat, user_id=user, role="user")
    profile = add(connection, models.UserProfile, user_id=user)
    source = add(connection, models.Source, url=f"https://arxiv.org/{name}", source_type="arxiv")
    digest = add(connection, models.Digest, user_profile_id=profile)
    item = add(connection, models.DigestItem, digest_id=digest, source_id=source, rank=1)
    add(connection, models.Feedback, user_profile_id=profile, digest_item_id=item, rating=5)
    add(connection, models.PreferenceWeight, user_profile_id=profile)
    add(connection, models.Subscription, user_id=user)
    add(connection, models.Bookmark, user_id=user, paper_id=paper)
    add(connection, models.TeamMember, team_id=add(connection, models.Team), user_id=user)
    add(connection, models.UserActivity, user_id=user)
    return int(user)


def share(connection: Connection, giver: int, **recipient: int) -> None:
    review = add(connection, models.LiteratureReview, user_id=giver)
    add(connection, models.SharedReview, review_id=review, shared_by=giver, **recipient)


def test_create_all_makes_exactly_what_the_migrations_make(db: Database, empty_db: Database) -> None:
    with empty_db.engine.begin() as connection:
        Base.metadata.create_all(connection)
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()


def test_alembic_sees_no_difference_between_models_and_migrations(db: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_updated_at_moves_with_every_raw_update_of_every_new_table(db: Database) -> None:
    with db.engine.begin() as connection:
        user = everything_of(connection, "ada")
        share(connection, user, shared_with=user)
        for model in (models.Document, models.SystemState, models.FetcherState, models.SearchQuery):
            add(connection, model, **{"source_type": "arxiv"} if model is models.SearchQuery else {}, **_key(model))
        add(connection, models.ModelMetadata)
        moving = [
            table for table in Base.metadata.sorted_tables if "updated_at" in table.c and table.name not in LEGACY
        ]
        assert len(moving) == 20
        for table in moving:
            before = connection.execute(select(table.c.updated_at)).scalar_one()
            column = next(iter(table.primary_key))
            connection.execute(text(f"update {table} set {column.name} = {column.name}, updated_at = 'epoch'"))
            once = connection.execute(select(table.c.updated_at)).scalar_one()
            connection.execute(text(f"update {table} set {column.name} = {column.name}"))
            twice = connection.execute(select(table.c.updated_at)).scalar_one()
            assert before < once < twice, table.name  # though all of it is one transaction


def _key(model: type[Base]) -> dict[str, str]:
    return {column.name: "x" for column in model.__table__.primary_key if column.name in {"key", "fetcher"}}


def test_deleting_a_person_deletes_what_they_own_and_nothing_else(db: Database) -> None:
    with db.engine.begin() as connection:
        everything_of(connection, "grace")
        kept = _counts(connection)
        ada = everything_of(connection, "ada")
        connection.execute(text("delete from users where id = :id"), {"id": ada})
        # A source and a team are shared: they stay.
        assert _counts(connection) == kept | {"sources": 2, "teams": 2}


def test_shares_given_and_received_go_with_the_person(db: Database) -> None:
    with db.engine.begin() as connection:
        ada, grace = (add(connection, models.User) for _ in range(2))
        share(connection, ada, shared_with=grace)
        share(connection, ada, team_id=add(connection, models.Team))
        connection.execute(text("delete from users where id = :id"), {"id": grace})
        assert _counts(connection)["shared_reviews"] == 1
        connection.execute(text("delete from literature_reviews"))
        assert _counts(connection)["shared_reviews"] == 0


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(text(f"select count(*) from {table}")).scalar_one()
        for table in Base.metadata.sorted_tables
    }


@pytest.mark.parametrize("model", [models.LiteratureReview, models.Task])
def test_a_person_with_reviews_or_tasks_cannot_be_deleted_by_accident(db: Database, model: type[Base]) -> None:
    with db.engine.begin() as connection:
        add(connection, model, user_id=add(connection, models.User), **{"id": "1"} if model is models.Task else {})
    with pytest.raises(IntegrityError, match="foreign key"), db.engine.begin() as connection:
        connection.execute(text("delete from users"))


def test_a_source_that_a_digest_names_cannot_be_deleted(db: Database) -> None:
    with db.engine.begin() as connection:
        everything_of(connection, "ada")
    with pytest.raises(IntegrityError, match="digest_items_source_id_fkey"), db.engine.begin() as connection:
        connection.execute(text("delete from sources"))


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("insert into feedback select 9, user_profile_id, digest_item_id, 6 from feedback", "feedback_rating_check"),
        ("update feedback set rating = 0", "feedback_rating_check"),
        ("update digest_items set rank = 0", "digest_items_rank_check"),
        ("update chat_messages set role = 'robot'", "chat_messages_role_check"),
        ("update sources set source_type = 'rumour'", "sources_source_type_check"),
        ("update shared_reviews set permission = 'own'", "shared_reviews_permission_check"),
        ("update shared_reviews set team_id = (select id from teams)", "shared_reviews_recipient_check"),
        ("update shared_reviews set shared_with = null", "shared_reviews_recipient_check"),
        (
            "insert into shared_reviews (review_id, shared_by, shared_with) select review_id, shared_by, shared_with "
            "from shared_reviews",
            "shared_reviews_review_id_shared_with_key",
        ),
        (
            "insert into papers (session_id, external_id, title) select session_id, external_id, 'again' from papers",
            "papers_external_id_session_id_key",
        ),
        ("insert into documents (checksum, ingestion_status) values ('c', 'lost')", "documents_ingestion_status_check"),
        ("insert into users (clerk_id, email) select clerk_id, 'other' from users", "ix_users_clerk_id"),
        (
            "insert into chat_sessions (user_id, session_id) select user_id, session_id from chat_sessions",
            "chat_sessions_session_id_key",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(db: Database, statement: str, constraint: str) -> None:
    with db.engine.begin() as connection:
        user = everything_of(connection, "ada")
        share(connection, user, shared_with=user)
    with pytest.raises(IntegrityError, match=constraint), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_an_embedding_has_1536_dimensions(db: Database) -> None:
    from sqlalchemy.exc import DataError

    with db.engine.begin() as connection:
        source = add(connection, models.Source, source_type="kaggle", embedding=[0.5] * 1536)
        assert (
            connection.execute(select(models.Source.embedding).where(models.Source.id == source)).scalar_one()[0] == 0.5
        )
    with pytest.raises(DataError, match="expected 1536 dimensions"), db.engine.begin() as connection:
        add(connection, models.Source, source_type="kaggle", embedding=[0.5] * 3)


def test_the_orm_fills_in_what_the_legacy_application_fills_in(db: Database) -> None:
    with db.session() as session:
        user = models.User(clerk_id="user_1", email="ada@example.com")
        session.add(user)
        session.flush()
        session.add(models.Task(id=str(uuid.uuid4()), user_id=user.id))
    with db.engine.connect() as connection:
        active, aware = connection.execute(
            text("select is_active, created_at - (now() at time zone 'utc') < interval '1 minute' from users")
        ).one()
        assert (active, aware) == (True, True)
        assert connection.execute(text("select status::text from tasks")).scalar_one() == "pending"


def test_the_orm_shows_the_updated_at_of_the_trigger(db: Database) -> None:
    with db.session() as session:
        team = models.Team(name="Readers")
        session.add(team)
        session.flush()
        before = team.updated_at
        team.name = "Writers"
        session.flush()
        assert team.updated_at > before


def test_every_foreign_key_leads_an_index(db: Database) -> None:
    found = inspect(db.engine)
    for table in Base.metadata.sorted_tables:
        led = {index["column_names"][0] for index in found.get_indexes(table.name)}
        led.add(found.get_pk_constraint(table.name)["constrained_columns"][0])
        for key in found.get_foreign_keys(table.name):
            assert key["constrained_columns"][0] in led, f"{table}: {key['constrained_columns']}"
