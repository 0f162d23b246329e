-- Views and materialized views
--
-- PostgreSQL 15 prints the same view with more qualified names than its successors.
--
-- min-version: 15
with relations as (
    select c.*, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and c.relname <> 'alembic_version'
        and not exists (
            select
            from pg_depend e
            where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
        )
),
views as (
    select
        oid,
        relkind,
        name,
        rtrim(pg_get_viewdef(oid), ';') as query,
        ' with (' || (
            select string_agg(
                format('%s = %L', split_part(each, '=', 1), substr(each, strpos(each, '=') + 1)), ', ' order by each)
            from unnest(reloptions) as each
        ) || ')' as options,
        (
            select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum)
            from pg_attribute
            where attrelid = relations.oid and attnum > 0 and not attisdropped
        ) as columns
    from relations
    where relkind in ('v', 'm')
)
select
    case relkind when 'v' then 'view' else 'materialized view' end as kind,
    name as object,
    concat_ws(E'\n', trim(options), query) as definition,
    format('pg_class:%s:0', oid) as address,
    json_build_object(
        'make', case relkind
            when 'v' then format(E'create view %s%s as\n%s', name, options, query)
            else format(E'create materialized view %s%s as\n%s', name, options, query)
        end,
        'change', case relkind when 'v' then format(E'create or replace view %s%s as\n%s', name, options, query) end,
        'signature', columns || coalesce(options, ''),
        'remove', case relkind
            when 'v' then format('drop view %s', name)
            else format('drop materialized view %s', name)
        end) as ways
from views
