"""Tables that a backup might get wrong, each with rows at the edges of what its types hold."""

EVERYTHING = r"""
create schema "we ""ird\
% schema";
create type mood as enum ('fine', 'so,so', 'it''s "bad"');
create domain positive as integer check (value > 0);
create type pair as (a integer, b text);
create table "we ""ird\
% schema"."../tüble; drop table x --" ("a ""quoted"" %s col" integer, "ünïcode 数" text, "new
line" text);
insert into "we ""ird\
% schema"."../tüble; drop table x --" values
    (1, 'ä 数 😀', E'tab\t nl\n back\\slash "quote" ''single'''), (null, '', null), (2, E'\\N', '\.');
create table numbers (
    id bigint generated always as identity primary key,
    f4 real, f8 double precision, n numeric, s smallint, p positive
);
insert into numbers (f4, f8, n, s, p) values
    ('NaN', 'NaN', 'NaN', -32768, 1), ('Infinity', '-Infinity', 'Infinity', 32767, 2147483647),
    (1e-45, 5e-324, '-Infinity', 0, null), (3.4028235e38, 1.7976931348623157e308, 1e-1000, 1, 7),
    ('-0', '-0', 123456789012345678901234567890.123456789, 2, 3), (0.1, 0.1, 1.10, 3, 4), (1.0/3, 1.0/3, 1.1000, 3, 4);
create table times (d date, t time, tz timetz, ts timestamp, tstz timestamptz, i interval);
insert into times values
    ('infinity', '24:00', '24:00+15:59', 'infinity', '-infinity', '178000000 years'),
    ('-infinity', '00:00', '00:00-15:59', '-infinity', 'infinity', '-178000000 years'),
    ('4713-01-01 BC', '12:00:00.000001', '12:00+00:00:01', '4714-11-24 00:00 BC', '4714-11-24 00:00+00 BC',
     '1 mon -1 day'),
    ('5874897-12-31', '23:59:59.999999', '01:02:03+00', '294276-12-31 23:59:59.999999',
     '294276-12-31 23:59:59.999999+00', '-1 mon +1 day -00:00:00.000001');
create table documents (
    id uuid primary key default gen_random_uuid(), b bytea, j json, jb jsonb, x text[], m mood[], pr pair, r int4range,
    tv tsvector, bits bit varying, addr inet, cash money, c "char", o oid, reg regclass, big text,
    up text generated always as (upper(big)) stored
);
insert into documents (b, j, jb, x, m, pr, r, tv, bits, addr, cash, c, o, reg, big) values
    ('\x00ff5c0a', '{"b": 1,  "a": [null, "\u00e9"]}', '{"b": 1, "a": [null, 1e10, 1.50]}', '{NULL,"NULL","",a\,b,"{"}',
     '{fine,"it''s \"bad\""}', row(1, 'a,"b'), '[1,5)', to_tsvector('simple', 'it''s a \ test'), '10110', '::1/64',
     12.34, 'x', 4294967295, 'numbers', repeat('long ', 20000)),
    ('', '[]', 'null', '{}', null, row(null, null), 'empty', '', '', '10.0.0.0/8', -0.01, null, 0, null, null),
    (null, null, null, array_fill(7, '{2,3}')::text[], '{}', null, '(,)', null, null, null, null, null, null, null, '');
create table parted (id integer, at date, note text) partition by range (at);
create table parted_old partition of parted for values from (minvalue) to ('2026-01-01');
create table parted_new partition of parted for values from ('2026-01-01') to (maxvalue) partition by hash (id);
create table parted_new_0 partition of parted_new for values with (modulus 2, remainder 0);
create table parted_new_1 partition of parted_new for values with (modulus 2, remainder 1);
insert into parted select n, date '2025-12-20' + n, 'n' || n from generate_series(1, 40) n;
create table parent (id integer, note text);
create table child (extra text) inherits (parent);
insert into parent values (1, 'parent');
insert into child values (2, 'child', 'x');
create table twice (v integer);
insert into twice values (1), (1), (2), (null), (null);
create table nothing ();
insert into nothing default values;
create table empty (id integer);
create unlogged table unlogged (id integer);
insert into unlogged values (1);
create table dropped (a integer, b text, c integer);
alter table dropped drop column b;
insert into dropped values (1, 2);
create sequence down increment -2 maxvalue 100 start 100;
select nextval('down'), nextval('down');
create sequence untouched start 42;
create sequence set_back;
select setval('set_back', 77, false);
create view v as select count(*) from twice;
create materialized view mv as select sum(v) from twice;
create function shout(t text) returns text language sql immutable as 'select upper(t)';
create index on documents using gin (jb);
create table notes (id integer primary key, doc integer references notes deferrable initially deferred);
alter table notes enable row level security;
create policy own on notes using (id = 1);
insert into notes values (1, 2), (2, 1);
select lo_from_bytea(90001, decode(repeat('00ff', 300000), 'hex')), lo_from_bytea(90002, ''), lo_create(90003);
select lo_put(90003, 1000000, 'far out');
"""

VECTORS = """
create extension vector;
create table embeddings (id integer, v vector(3), h halfvec(2), s sparsevec(5), many vector[]);
insert into embeddings values
    (1, '[1,2.5,-0]', '[0.1,65504]', '{1:1.5,5:-2}/5', array['[1,2]', '[3]']::vector[]),
    (2, '[1e-38,3.4e38,0.1]', '[-1,6e-08]', '{}/5', null), (3, null, null, null, '{}');
create index on embeddings using hnsw (v vector_cosine_ops);
"""
