-- Types: enums with their values in order, domains, composite and range types
--
-- A constraint of a domain is an object of its own, as are its default and NOT NULL.
--
-- min-version: 15
with types as (
    select t.*, format('%I.%I', n.nspname, t.typname) as name, format('pg_type:%s:0', t.oid) as address
    from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    where n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and not exists (
            select
            from pg_depend e
            where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e'
        )
)
select
    'enum' as kind,
    t.name as object,
    v.labels as definition,
    t.address,
    json_build_object(
        'make', format('create type %s as enum (%s)', t.name, v.labels),
        'remove', format('drop type %s', t.name),
        'values', v.list) as ways
from types t
cross join lateral (
    select
        coalesce(string_agg(quote_literal(enumlabel), ', ' order by enumsortorder), '') as labels,
        coalesce(json_agg(quote_literal(enumlabel) order by enumsortorder), '[]') as list
    from pg_enum
    where enumtypid = t.oid
) v
where t.typtype = 'e'
union all
select
    'domain',
    d.name,
    d.base,
    d.address,
    json_build_object(
        'make', format('create domain %s as %s', d.name, d.base),
        'remove', format('drop domain %s', d.name),
        'decision on change', 'columns that use it would have to be rewritten')
from (
    select
        t.*,
        concat_ws(' ',
            format_type(t.typbasetype, t.typtypmod),
            case when t.typcollation <> b.typcollation then 'collate ' || t.typcollation::regcollation end) as base
    from types t
    join pg_type b on b.oid = t.typbasetype
    where t.typtype = 'd'
) d
union all
select
    'default',
    name,
    typdefault,
    address,
    json_build_object(
        'make', format('alter domain %s set default %s', name, typdefault),
        'change', format('alter domain %s set default %s', name, typdefault),
        'remove', format('alter domain %s drop default', name))
from types
where typtype = 'd' and typdefault is not null
union all
select
    'not null',
    name,
    'not null',
    address,
    json_build_object(
        'make', format('alter domain %s set not null', name),
        'remove', format('alter domain %s drop not null', name))
from types
where typtype = 'd' and typnotnull
union all
select
    'type',
    t.name,
    a.attributes,
    t.address,
    json_build_object(
        'make', format('create type %s as (%s)', t.name, a.attributes),
        'remove', format('drop type %s', t.name),
        'decision on change', 'columns and functions that use it have to follow')
from types t
join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
cross join lateral (
    select coalesce(string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum), '')
        as attributes
    from pg_attribute
    where attrelid = c.oid and attnum > 0 and not attisdropped
) a
union all
select
    'type',
    t.name,
    'range of ' || format_type(r.rngsubtype, null),
    t.address,
    json_build_object(
        'make', format('create type %s as range (subtype = %s)', t.name, format_type(r.rngsubtype, null)),
        'remove', format('drop type %s', t.name),
        'decision on change', 'columns and functions that use it have to follow')
from types t
join pg_range r on r.rngtypid = t.oid
