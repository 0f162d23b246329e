-- Policies: which rows a role sees and may write
--
-- They do nothing until the table has row security enabled, which is an object of its own.
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
policies as (
    select
        y.oid,
        r.name as relation,
        y.polname,
        concat_ws(' ',
            'as', case when y.polpermissive then 'permissive' else 'restrictive' end,
            'for', case y.polcmd
                when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all'
            end,
            'to', (
                select string_agg(coalesce(quote_ident(a.rolname), 'public'), ', ' order by a.rolname)
                from unnest(y.polroles) as role (oid)
                left join pg_roles a on a.oid = role.oid
            ),
            'using (' || pg_get_expr(y.polqual, y.polrelid) || ')',
            'with check (' || pg_get_expr(y.polwithcheck, y.polrelid) || ')') as definition
    from relations r
    join pg_policy y on y.polrelid = r.oid
)
select
    'policy' as kind,
    format('%s.%I', relation, polname) as object,
    definition,
    format('pg_policy:%s:0', oid) as address,
    json_build_object(
        'make', format('create policy %I on %s %s', polname, relation, definition),
        'remove', format('drop policy %I on %s', polname, relation)) as ways
from policies
