-- Schemas and extensions
--
-- The version of an extension is a note: it belongs to the server as much as to the database.
--
-- min-version: 15
select
    'schema' as kind,
    quote_ident(n.nspname) as object,
    'schema' as definition,
    format('pg_namespace:%s:0', n.oid) as address,
    json_build_object(
        'make', format('create schema %I', n.nspname),
        'remove', format('drop schema %I cascade', n.nspname),
        'decision', 'it may hold what other programs need') as ways
from pg_namespace n
where n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'litxdb')
    and not exists (
        select
        from pg_depend e
        where e.classid = 'pg_namespace'::regclass and e.objid = n.oid and e.deptype = 'e'
    )
union all
select
    'extension',
    quote_ident(x.extname),
    'in schema ' || quote_ident(n.nspname),
    format('pg_extension:%s:0', x.oid),
    json_build_object(
        'make', format('create extension %I schema %I', x.extname, n.nspname),
        'remove', format('drop extension %I', x.extname),
        'decision', 'somebody may have installed it on purpose',
        'change', format('alter extension %I set schema %I', x.extname, n.nspname),
        'note', x.extversion)
from pg_extension x
join pg_namespace n on n.oid = x.extnamespace
