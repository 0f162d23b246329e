"""The indexes that LitXplore wants, each with its reason.

What they are is said by the models and the migrations; a test holds this list against a migrated database, so that
listing indexes need not load the models. Indexes that belong to a constraint are the migrations' business alone.
"""

from __future__ import annotations

from litxdb.indexes.results import Definition

DEPLOYED = "made by the deployed backend; the primary key serves the same look-ups"


def _btree(name: str, table: str, columns: str, reason: str, *, unique: bool = False) -> Definition:
    return Definition(name, table, f"USING btree ({columns})", reason, unique)


def _key(table: str, column: str, reason: str) -> Definition:
    """Want the index behind a foreign key: without it, deleting what it refers to reads the whole table."""
    return _btree(f"ix_{table}_{column}", table, column, f"{reason}; deleting what {column} refers to")


WANTED: tuple[Definition, ...] = (
    _btree("ix_users_id", "users", "id", DEPLOYED),
    _btree(
        "ix_users_clerk_id", "users", "clerk_id", "who is signed in, at each request; one account each", unique=True
    ),
    _btree("ix_users_email", "users", "email", "accounts by address; one account each", unique=True),
    _btree("ix_literature_reviews_id", "literature_reviews", "id", DEPLOYED),
    _key("literature_reviews", "user_id", "a person's reviews"),
    Definition(
        "ix_reviews_content_fts",
        "literature_reviews",
        "USING gin (to_tsvector('english'::regconfig, content))",
        "full-text search in reviews",
    ),
    _btree("ix_reviews_created_at", "literature_reviews", "created_at DESC", "the newest reviews"),
    _btree("ix_tasks_id", "tasks", "id", DEPLOYED),
    _key("tasks", "user_id", "a person's tasks"),
    _btree("ix_tasks_user_status", "tasks", "user_id, status", "a person's tasks that are pending or running"),
    _key("research_sessions", "user_id", "a person's research sessions"),
    _btree("session_status_idx", "research_sessions", "status", "research sessions by state"),
    _btree("ix_research_sessions_created_at", "research_sessions", "created_at", "the newest research sessions"),
    _key("papers", "session_id", "the papers of a session"),
    _btree("ix_papers_status", "papers", "status", "papers that wait to be processed"),
    _btree("ix_papers_created_at", "papers", "created_at", "the newest papers"),
    _key("notes", "paper_id", "the notes on a paper"),
    _btree("ix_notes_note_type", "notes", "note_type", "notes of a kind"),
    _btree("ix_notes_status", "notes", "status", "notes by state"),
    _btree("ix_notes_created_at", "notes", "created_at", "the newest notes"),
    _key("chat_sessions", "user_id", "a person's conversations"),
    _btree(
        "ix_chat_messages_session_id_created_at",
        "chat_messages",
        "session_id, created_at",
        "a conversation in the order it was held; deleting what session_id refers to",
    ),
    _key("chat_messages", "user_id", "what a person said"),
    Definition(
        "ix_sources_embedding_hnsw",
        "sources",
        "USING hnsw (embedding vector_cosine_ops)",
        "the sources nearest in meaning, and near-duplicates",
    ),
    Definition(
        "ix_sources_content_fts",
        "sources",
        "USING gin (to_tsvector('english'::regconfig,"
        " \"left\"(((title || ' '::text) || COALESCE(content, ''::text)), 100000)))",
        "the words of the hybrid search in sources",
    ),
    _key("digest_items", "source_id", "the digests that name a source"),
    _key("feedback", "user_profile_id", "what a person made of digests"),
    _key("feedback", "digest_item_id", "feedback on a digest's item"),
    _key("subscriptions", "user_id", "a person's subscriptions"),
    _key("bookmarks", "paper_id", "who bookmarked a paper"),
    _key("team_members", "user_id", "a person's teams"),
    _key("shared_reviews", "shared_by", "what a person has shared"),
    _key("shared_reviews", "team_id", "what a team may read"),
    _key("shared_reviews", "shared_with", "what a person may read"),
    _btree(
        "ix_user_activity_user_id_created_at",
        "user_activity",
        "user_id, created_at DESC",
        "a person's latest activity; deleting what user_id refers to",
    ),
)
