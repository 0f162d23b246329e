"""Two people of LitXplore whose rows hang together in every way that the schema allows, and one who has nothing."""

from __future__ import annotations

from litxdb.database import Database
from tests.bed.statements import query

WORLD = """
insert into users (id, clerk_id, email, first_name, created_at) values
    (1, 'user_ada', 'ada@example.org', 'Ada', '2026-01-02 03:04:05'),
    (2, 'user_bob', 'bob@example.org', 'Bob', now()),
    (3, 'user_eve', 'Eve@example.org', null, null);
insert into literature_reviews (id, user_id, title, topic, content, citations) values
    (11, 1, 'Ada on graphs', 'graphs', 'text', '[{"id": "2307.12345"}]'), (12, 1, 'More', 'graphs', 'text', null),
    (21, 2, 'Bob on trees', 'trees', 'secret of Bob', null), (31, null, 'Nobody', 'none', 'text', null);
insert into tasks (id, user_id, status, result_data, created_at) values
    ('t-1', 1, 'completed', '{"review_id": 11, "citations_count": 1}', now()),
    ('t-2', 1, 'failed', 'not JSON', now()), ('t-3', 2, 'completed', '{"review_id": "21"}', now());
insert into research_sessions (id, user_id, title) values (1, 1, 'Graphs'), (2, 2, 'Trees');
insert into papers (id, session_id, external_id, title) values
    (1, 1, '2307.12345', 'On graphs'), (2, 2, '2307.12345', 'On trees');
insert into notes (paper_id, note_type, content) values (1, 'finding', 'Ada''s'), (2, 'finding', 'Bob''s');
insert into bookmarks (user_id, paper_id, note) values (1, 1, 'mine'), (1, 2, 'his'), (2, 1, 'hers');
insert into chat_sessions (id, user_id, session_id) values
    ('00000000-0000-0000-0000-000000000001', 1, 'ada-1'), ('00000000-0000-0000-0000-000000000002', 2, 'bob-1');
insert into chat_messages (session_id, user_id, role, content) values
    ('00000000-0000-0000-0000-000000000001', 1, 'user', 'Ada asks'),
    ('00000000-0000-0000-0000-000000000001', null, 'assistant', 'Ada is answered'),
    ('00000000-0000-0000-0000-000000000001', 2, 'user', 'Bob asks in Ada''s'),
    ('00000000-0000-0000-0000-000000000002', 1, 'user', 'Ada asks in Bob''s'),
    ('00000000-0000-0000-0000-000000000002', null, 'assistant', 'Bob is answered');
insert into user_profiles (id, user_id, display_name) values (1, 1, 'Ada'), (2, 2, 'Bob');
insert into sources (id, source_type, url, title, embedding) values
    (1, 'arxiv', 'https://example.org/1', 'A source', array_fill(0.5::real, '{1536}')::vector),
    (2, 'arxiv', 'https://example.org/2', 'Another', null);
insert into digests (id, user_profile_id, digest_date) values (1, 1, '2026-01-01'), (2, 2, '2026-01-01');
insert into digest_items (id, digest_id, source_id, rank) values (1, 1, 1, 1), (2, 2, 2, 1);
insert into feedback (user_profile_id, digest_item_id, rating) values (1, 1, 5), (2, 1, 1), (2, 2, 3);
insert into preference_weights (user_profile_id, feature, weight) values (1, 'graphs', 0.5), (2, 'trees', 0.5);
insert into subscriptions (user_id, tier, status) values (1, 'pro', 'active'), (2, 'free', 'active');
insert into teams (id, name) values (1, 'Both'), (2, 'Bob alone'), (3, 'Ada alone');
insert into team_members (team_id, user_id, role) values
    (1, 1, 'owner'), (1, 2, 'member'), (2, 2, 'owner'), (3, 1, 'owner');
insert into shared_reviews (review_id, shared_by, team_id, shared_with) values
    (11, 1, 1, null), (11, 1, null, 2), (21, 2, null, 1), (11, 2, null, 3);
insert into user_activity (user_id, action, entity_type, entity_id, metadata) values
    (1, 'viewed', 'review', '21', '{}'), (1, 'viewed', 'review', '11', '{}'), (2, 'viewed', 'review', '11', '{}'),
    (2, 'invited', 'user', '1', '{}'), (2, 'viewed', 'paper', '1', '{}');
insert into search_queries (query, query_hash, source_type) values ('graphs', 'h1', 'arxiv');
select setval('users_id_seq', 10), setval('literature_reviews_id_seq', 100)
"""

OWNED = {
    "users": 1,
    "literature_reviews": 2,
    "tasks": 2,
    "research_sessions": 1,
    "papers": 1,
    "notes": 1,
    "bookmarks": 2,
    "chat_sessions": 1,
    "chat_messages": 3,
    "user_profiles": 1,
    "digests": 1,
    "digest_items": 1,
    "feedback": 1,
    "preference_weights": 1,
    "subscriptions": 1,
    "team_members": 2,
    "shared_reviews": 3,
    "user_activity": 2,
}
"""How many rows of each table are Ada's."""


def settle(db: Database) -> None:
    """Insert them into a database with LitXplore's schema."""
    query(db, WORLD)
