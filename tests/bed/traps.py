"""A schema full of traps for whoever judges indexes, foreign keys and sequences, and the true answers.

Each trap is there because some well-known tool falls into it; the comment beside it says what is true.
"""

from __future__ import annotations

from psycopg2.extensions import connection as Connection

INDEXES = """
create schema traps;
set search_path = traps;
create function halved(value integer) returns integer language sql immutable as 'select value / 2';
create domain short_text as varchar(40);

create table d (
    id bigint primary key, a integer, b varchar(40) not null, c integer, j jsonb, v tsvector, r int4range, e short_text
);
create unique index uq_id on d (id);                                  -- repeats the primary key
create index a_1 on d (a);                                            -- (a, c) begins like it
create index a_2 on d (a);                                            -- the same
create index a_c on d (a, c);
create index a_c_sorted on d (a, c desc);                             -- another order of c
create index a_down on d (a desc);                                    -- (a, c) read backwards
create index a_down_nulls_last on d (a desc nulls last);              -- no index of (a), read either way
create index c_a on d (c, a);
create index b_1 on d (b);
create index b_pattern on d (b varchar_pattern_ops);                  -- answers LIKE
create index b_c_locale on d (b collate "C");                         -- orders otherwise
create index b_alias on d (b varchar_ops);                            -- text_ops by another name
create index b_hash on d using hash (b);                              -- another access method
create index b_upper on d (upper(b));                                 -- begins (upper(b), a)
create index b_upper_a on d (upper(b::text), a);
create index b_lower on d (lower(b));                                 -- another function
create index b_lower_upper on d (lower(b), upper(b));                 -- makes b_lower superfluous
create index a_halved on d (halved(a));
create index a_halved_again on d (halved(a)) with (fillfactor = 50);  -- the same, filled otherwise
create index a_partial on d (a) where c > 5;                          -- smaller on purpose
create index a_partial_other on d (a) where c > 6;
create index a_partial_again on d (a) where c > 5;                    -- the same predicate
create index c_full on d (c);                                         -- (c, a) begins like it
create index c_including on d (c) include (b);                        -- includes what (c, a) has not
create index c_including_more on d (c) include (a, b);                -- makes the one before superfluous
create index j_all on d using gin (j);
create index j_paths on d using gin (j jsonb_path_ops);               -- answers other questions
create index v_1 on d using gin (v);
create index v_2 on d using gin (v) with (fastupdate = off);          -- the same
create index v_j on d using gin (v, j);
create index j_v on d using gin (j, v);                               -- GIN's columns have no order
create index r_1 on d using gist (r);
create index a_brin on d using brin (a);
create index a_brin_fine on d using brin (a) with (pages_per_range = 8);
create index e_1 on d (e);

create table u (
    id integer primary key, a integer, b integer, n integer, m integer,
    constraint u_a unique (a),                                        -- a constraint outlives an index
    constraint u_ab unique (a, b),                                    -- demands less, and is not (a)
    constraint u_n unique (n),
    constraint u_m_later unique (m) deferrable initially deferred
);
create unique index u_a_again on u (a);                               -- the constraint's index does the same
create index u_a_plain on u (a);                                      -- any of the unique ones does that
create unique index u_n_nulls on u (n) nulls not distinct;            -- stricter, so that u_n is superfluous
create unique index u_m_now on u (m);                                 -- stricter, so that u_m_later is superfluous
create unique index u_b_a on u (b, a);                                -- the same uniqueness, another order
create table u_child (a integer references u (a), n integer);
create unique index replica on u_child (n);
create unique index replica_again on u_child (n);                     -- the same, but not the replica identity
alter table u_child alter n set not null;
alter table u_child replica identity using index replica;
create index clustered on u_child (a);
create index clustered_again on u_child (a);
alter table u_child cluster on clustered_again;

create table x (r int4range, s int4range, exclude using gist (r with &&), exclude using gist (r with =));
create index x_r on x using gist (r);                                 -- an exclusion constraint's index does that

create table p (id integer, k integer, l integer) partition by range (id);
create table p_1 partition of p for values from (1) to (100);
create table p_2 partition of p for values from (100) to (200);
create index p_k on p (k);                                            -- told once, not for each partition
create index p_k_l on p (k, l);
create index p_1_only on p_1 (k);                                     -- the partition's own

create table invalid (id integer, a integer);
create index invalid_1 on invalid (a);
create index invalid_2 on invalid (a);                                -- made invalid: no duplicate, nothing covered

create schema "Ü ""Sch""ema%s";
create table "Ü ""Sch""ema%s"."t\n'%d" ("a b" integer);
create index "i "";--" on "Ü ""Sch""ema%s"."t\n'%d" ("a b");
create index "i2 "";--" on "Ü ""Sch""ema%s"."t\n'%d" ("a b");
"""
INVALIDATE = "update pg_index set indisvalid = false where indexrelid = 'traps.invalid_2'::regclass"

VECTORS = """
create extension if not exists vector schema public;
create table traps.h (id integer, e public.vector(8), f public.halfvec(8));
create index h_l2 on traps.h using hnsw (e public.vector_l2_ops);
create index h_l2_fine on traps.h using hnsw (e public.vector_l2_ops) with (m = 8);        -- the same search
create index h_cosine on traps.h using hnsw (e public.vector_cosine_ops);                  -- another distance
create index h_half on traps.h using hnsw (f public.halfvec_l2_ops);
create index h_lists on traps.h using ivfflat (e public.vector_l2_ops) with (lists = 1);   -- another access method
"""

DUPLICATES = {
    ("uq_id", "d_pkey", "duplicate"),
    ("a_1", "a_c", "redundant"),
    ("a_2", "a_c", "redundant"),
    ("a_down", "a_c", "reversed"),
    ("b_alias", "b_1", "duplicate"),
    ("b_upper", "b_upper_a", "redundant"),
    ("b_lower", "b_lower_upper", "redundant"),
    ("a_halved_again", "a_halved", "duplicate"),
    ("a_partial_again", "a_partial", "duplicate"),
    ("c_full", "c_a", "redundant"),
    ("c_including", "c_including_more", "redundant"),
    ("v_2", "v_1", "duplicate"),
    ("j_v", "v_j", "duplicate"),
    ("a_brin_fine", "a_brin", "duplicate"),
    ("u_a_again", "u_a", "duplicate"),
    ("u_a_plain", "u_a", "duplicate"),
    ("u_n", "u_n_nulls", "duplicate"),
    ("u_m_later", "u_m_now", "duplicate"),
    ("replica_again", "replica", "duplicate"),
    ("clustered", "clustered_again", "duplicate"),
    ("x_r", "x_r_excl", "duplicate"),
    ("p_k", "p_k_l", "redundant"),
    ("p_1_only", "p_1_k_idx", "duplicate"),
    ('"Ü ""Sch""ema%s"."i2 "";--"', '"Ü ""Sch""ema%s"."i "";--"', "duplicate"),
}
"""Index, the one that makes it superfluous, and how they resemble each other."""

VECTOR_DUPLICATES = {("h_l2_fine", "h_l2", "duplicate")}

FOREIGN_KEYS = """
create table f_parent (id integer primary key, id2 bigint, t varchar(20) unique, a integer, b integer, unique (a, b));
create table f_none (pid integer references f_parent);                            -- none
create table f_plain (pid integer references f_parent); create index on f_plain (pid);
create table f_first (pid integer references f_parent, x integer); create index on f_first (pid, x);
create table f_second (pid integer references f_parent, x integer); create index on f_second (x, pid);     -- behind x
create table f_hash (pid integer references f_parent); create index on f_hash using hash (pid);
create table f_brin (pid integer references f_parent); create index on f_brin using brin (pid);            -- BRIN
create table f_included (pid integer references f_parent, x integer);
create index on f_included (x) include (pid);                                     -- INCLUDE is not searched
create table f_partial (pid integer references f_parent, x integer);
create index on f_partial (pid) where x > 5;                                      -- not every row is in it
create table f_values (pid integer references f_parent); create index on f_values (pid) where pid is not null;
create table f_nulls (pid integer references f_parent); create index on f_nulls (pid) where pid is null;   -- nulls only
create table f_wider (pid bigint references f_parent); create index on f_wider (pid);
create table f_locale (t varchar(20) references f_parent (t)); create index on f_locale (t collate "C");   -- collation
create table f_pattern (t varchar(20) references f_parent (t));
create index on f_pattern (t varchar_pattern_ops);                                -- has an = of its own
create table f_expression (pid integer references f_parent); create index on f_expression ((pid + 0));     -- no column
create table f_swapped (a integer, b integer, foreign key (a, b) references f_parent (a, b));
create index on f_swapped (b, a);
create table f_half (a integer, b integer, foreign key (a, b) references f_parent (a, b));
create index f_half_a on f_half (a);                                              -- partly
create table f_gap (a integer, b integer, x integer, foreign key (a, b) references f_parent (a, b));
create index f_gap_i on f_gap (a, x, b);                                          -- partly
create table f_both (a integer, b integer, foreign key (a, b) references f_parent (a, b));
create index on f_both (a, b) where a is not null and b is not null;
create table f_primary (pid integer primary key references f_parent);
create table f_invalid (pid integer references f_parent); create index f_invalid_i on f_invalid (pid);     -- invalid
create table f_self (id integer primary key, parent integer references f_self);   -- none
create table f_parts (id integer, pid integer references f_parent) partition by range (id);                -- none
create table f_parts_1 partition of f_parts for values from (1) to (9);
create table f_parts_2 partition of f_parts for values from (9) to (99);
create table f_parts_indexed (id integer, pid integer references f_parent) partition by range (id);
create table f_parts_indexed_1 partition of f_parts_indexed for values from (1) to (9);
create index on f_parts_indexed (pid);
create table f_leaves (id integer, pid integer references f_parent) partition by range (id);
create table f_leaves_1 partition of f_leaves for values from (1) to (9);
create table f_leaves_2 partition of f_leaves for values from (9) to (99) partition by range (id);
create table f_leaves_3 partition of f_leaves_2 for values from (9) to (50);
create index on f_leaves_1 (pid); create index on f_leaves_3 (pid);
create table f_one_leaf (id integer, pid integer references f_parent) partition by range (id);            -- one is bare
create table f_one_leaf_1 partition of f_one_leaf for values from (1) to (9);
create table f_one_leaf_2 partition of f_one_leaf for values from (9) to (99);
create index on f_one_leaf_1 (pid);
create table f_target (id integer primary key) partition by range (id);
create table f_target_1 partition of f_target for values from (1) to (9);
create table f_target_2 partition of f_target for values from (9) to (99);
create table f_to_parts (pid integer references f_target);                        -- none, and once
create table f_to_parts_indexed (pid integer references f_target); create index on f_to_parts_indexed (pid);
create table "f ""quoted""%s" ("p id" integer references f_parent);               -- none
"""
INVALIDATE_FOREIGN = "update pg_index set indisvalid = false where indexrelid = 'traps.f_invalid_i'::regclass"

UNCOVERED = {
    "f_none": None,
    "f_second": None,
    "f_brin": None,
    "f_included": None,
    "f_partial": None,
    "f_nulls": None,
    "f_locale": None,
    "f_expression": None,
    "f_half": "f_half_a",
    "f_gap": "f_gap_i",
    "f_invalid": None,
    "f_self": None,
    "f_parts": None,
    "f_one_leaf": None,
    "f_to_parts": None,
    '"f ""quoted""%s"': None,
}
"""Table of the foreign key, and the index that begins with a part of its columns."""

SEQUENCES = """
create domain small_number as integer;
create table s_serial (id serial primary key);
create table s_identity (id bigint generated always as identity primary key);
create sequence s_free_standing;
create table s_default (id integer primary key default nextval('s_free_standing'));       -- ends with the integer
create table s_domain (id small_number default nextval('s_free_standing'));               -- the same sequence
create table s_text (id text default 'x' || nextval('s_free_standing')::text);            -- never ends
create table s_small (id smallserial);
create sequence s_narrowed as bigint;
create table s_owned (id smallint); alter sequence s_narrowed owned by s_owned.id;        -- ends with the smallint
create sequence s_down increment -1;
create table s_descending (id integer default nextval('s_down'));
create sequence s_round maxvalue 100 cycle;
create table s_cycling (id integer default nextval('s_round'));                           -- begins anew
create sequence s_steps increment 1000 maxvalue 1000000;
create table s_assigned (id integer primary key);
create table s_assigned_child (id integer primary key references s_assigned);             -- has its parent's numbers
create table s_assigned_big (id bigint primary key);
create table s_parts (id serial, k integer) partition by range (k);                       -- once
create table s_parts_1 partition of s_parts for values from (1) to (9);
create unlogged table s_unlogged (id serial);
select setval('s_serial_id_seq', 1073741823);
select setval('s_free_standing', 2040109465);
select setval('s_small_id_seq', 32767);
select setval('s_narrowed', 29491);
select setval('s_down', -2040109466);
select setval('s_round', 99);
select setval('s_steps', 500001);
insert into s_assigned values (1932735283); insert into s_assigned_child values (1932735283);
insert into s_assigned_big values (9000000000000000000);
"""

USED_PERCENT = {
    ("serial", "s_serial", "id"): 50,
    ("identity", "s_identity", "id"): 0,
    ("default", "s_default", "id"): 95,
    ("default", "s_domain", "id"): 95,
    ("default", "s_text", "id"): 0,
    ("serial", "s_small", "id"): 100,
    ("serial", "s_owned", "id"): 90,
    ("default", "s_descending", "id"): 95,
    ("default", "s_cycling", "id"): None,
    ("free", None, None): 50,
    ("serial", "s_parts", "id"): 0,
    ("serial", "s_unlogged", "id"): 0,
    ("assigned", "s_assigned", "id"): 90,
}
"""Kind, table and column, and how much is used."""

TEMPORAL = """
create extension btree_gist;
create table room (id integer, during daterange, primary key (id, during without overlaps));
create table booking (id integer, during daterange, foreign key (id, period during) references room);
create table stay (id integer, during daterange, foreign key (id, period during) references room);
create index on stay using gist (id, during);
"""

BLOAT = """
create extension pgstattuple;
create table fresh (id bigint primary key, a integer, t text);
insert into fresh select i, i, 'row ' || i from generate_series(1, 30000) i;
create table updated (id bigint primary key, a integer, t text) with (autovacuum_enabled = off);
insert into updated select i, i, 'row ' || i from generate_series(1, 30000) i;
update updated set a = a + 1;
update updated set a = a + 1, id = id + 1000000;
create table padded (b1 boolean, x1 bigint, b2 boolean, x2 bigint, b3 boolean, x3 bigint, b4 boolean, x4 bigint);
insert into padded select true, i, true, i, false, i, true, i from generate_series(1, 30000) i;
create table sparse (id bigint, a text, b text, c integer, d bigint, e text, f text, g integer, h integer, i integer);
insert into sparse (id, b, g) select i, case when i % 10 = 0 then 'x' || i end, i % 3 from generate_series(1, 60000) i;
create table wide (id integer, t text);
insert into wide select i, repeat(md5(i::text), 45 + i % 10) from generate_series(1, 3000) i;
create table filled (id integer, t text) with (fillfactor = 50);
insert into filled select i, 'row ' || i from generate_series(1, 30000) i;
create table repeated (k integer, s text, n numeric);
insert into repeated select i % 50, 'status' || i % 5, i % 7 from generate_series(1, 200000) i;
create index repeated_k on repeated (k);
create index repeated_n on repeated (n);
create index repeated_k_s on repeated (k, s);
create index repeated_off on repeated (k) with (deduplicate_items = off);
create index repeated_including on repeated (k) include (s);
create index repeated_lower on repeated (lower(s));
create index repeated_some on repeated (n) where k < 25;
create index repeated_half on repeated (n) with (fillfactor = 50);
create table mixed (id integer, s varchar(20), d timestamptz, ok boolean, t text, j jsonb);
insert into mixed
select i, 'n' || i % 1000, now(), i % 2 = 0, repeat('lorem ', i % 30), jsonb_build_object('a', i)
from generate_series(1, 40000) i;
create index mixed_nulls on mixed (nullif(id % 4, 0), d, s);
create table dropped (a integer, b text, c text);
insert into dropped select i, repeat('x', 50), 'y' from generate_series(1, 30000) i;
alter table dropped drop b;
create table deleted (id integer primary key, t text) with (autovacuum_enabled = off);
insert into deleted select i, repeat('z', 100) from generate_series(1, 50000) i;
delete from deleted where id % 10 <> 0;
create table small (id integer);
insert into small select i from generate_series(1, 20000) i;
delete from small;
vacuum analyze;
"""
"""Tables of a mebibyte and more, with bloat and without; small is not looked at."""

NEVER_ANALYZED = """
create table never as select i from generate_series(1, 50000) i;
vacuum never
"""


def lay(connection: Connection) -> None:
    """Make the schema, with its indexes that are INVALID, and commit."""
    with connection.cursor() as cursor:
        for script in (INDEXES, FOREIGN_KEYS, SEQUENCES):
            cursor.execute(script)
        cursor.execute("set local allow_system_table_mods = on")
        for change in (INVALIDATE, INVALIDATE_FOREIGN):
            cursor.execute(change)
    connection.commit()
