-- Every object of the schema, with its definition
--
-- Two results that are equal mean equal schemas. Left out: PostgreSQL's own schemas, what belongs to an extension,
-- Alembic's table, and litxdb's log with its schema. NOT NULL is read from the column, as only PostgreSQL 18 keeps a
-- constraint for it. Owners, privileges, comments and the order of columns do not count.
--
-- min-version: 15
-- column: kind        text  What it is: table, column, index, constraint, enum, domain, function, trigger, sequence…
-- column: object      text  Its name with its schema
-- column: definition  text  What PostgreSQL would need to make it again
with namespaces as (
    select oid, nspname
    from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'litxdb')
),
relations as (
    select c.*, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join namespaces n on n.oid = c.relnamespace
    where c.relname <> 'alembic_version'
        and not exists (
            select
            from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
),
types as (
    select t.*, format('%I.%I', n.nspname, t.typname) as name
    from pg_type t
    join namespaces n on n.oid = t.typnamespace
    where not exists (
        select
        from pg_depend d
        where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
    )
)
select
    'schema' as kind,
    nspname::text as object,
    '' as definition
from namespaces
union all
select
    case relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
    name,
    concat_ws(' ',
        'kind ' || relkind::text,
        'persistence ' || relpersistence::text,
        case when relrowsecurity then 'row security' end,
        case when relforcerowsecurity then 'forced' end,
        'replica identity ' || relreplident::text,
        'options ' || reloptions::text,
        'partition by ' || pg_get_partkeydef(oid),
        pg_get_expr(relpartbound, oid),
        case when relkind in ('v', 'm') then pg_get_viewdef(oid) end)
from relations
where relkind in ('r', 'p', 'v', 'm', 'f')
union all
select
    'column',
    format('%s.%I', r.name, a.attname),
    concat_ws(' ',
        format_type(a.atttypid, a.atttypmod),
        case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation end,
        case when a.attnotnull then 'not null' end,
        'identity ' || nullif(a.attidentity, '')::text,
        'generated ' || nullif(a.attgenerated, '')::text,
        'default ' || pg_get_expr(d.adbin, d.adrelid))
from relations r
join pg_attribute a on a.attrelid = r.oid
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where r.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
union all
select
    'index',
    r.name,
    concat_ws(' ',
        pg_get_indexdef(i.indexrelid),
        case when not i.indisvalid then 'invalid' end,
        case when i.indisreplident then 'replica identity' end,
        case when i.indisclustered then 'clustered' end)
from relations r
join pg_index i on i.indexrelid = r.oid
join relations t on t.oid = i.indrelid
union all
select
    'constraint',
    format('%s.%I', coalesce(r.name, t.name), k.conname),
    pg_get_constraintdef(k.oid) || case when k.convalidated then '' else ' not validated' end
from pg_constraint k
left join relations r on r.oid = k.conrelid
left join types t on t.oid = k.contypid
where k.contype not in ('n', 't') and coalesce(r.name, t.name) is not null
union all
select
    'enum',
    t.name,
    string_agg(e.enumlabel, ', ' order by e.enumsortorder)
from types t
join pg_enum e on e.enumtypid = t.oid
group by t.name
union all
select
    'domain',
    name,
    concat_ws(' ',
        format_type(typbasetype, typtypmod),
        case when typnotnull then 'not null' end,
        'default ' || typdefault)
from types
where typtype = 'd'
union all
select
    'function',
    p.oid::regprocedure::text,
    case when p.prokind = 'a' then 'aggregate' else pg_get_functiondef(p.oid) end
from pg_proc p
join namespaces n on n.oid = p.pronamespace
where not exists (
    select
    from pg_depend d
    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
)
union all
select
    'trigger',
    format('%s.%I', r.name, g.tgname),
    concat_ws(' ', pg_get_triggerdef(g.oid), 'enabled ' || g.tgenabled::text)
from relations r
join pg_trigger g on g.tgrelid = r.oid
where not g.tgisinternal
union all
select
    'sequence',
    r.name,
    format('%s start %s increment %s min %s max %s cache %s cycle %s',
        s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
from relations r
join pg_sequence s on s.seqrelid = r.oid
union all
select
    'policy',
    format('%s.%I', r.name, y.polname),
    concat_ws(' ',
        case when y.polpermissive then 'permissive' else 'restrictive' end,
        'for ' || y.polcmd::text,
        'to ' || (
            select string_agg(coalesce(a.rolname, 'public'), ', ' order by a.rolname)
            from unnest(y.polroles) as role (oid)
            left join pg_roles a on a.oid = role.oid
        ),
        'using ' || pg_get_expr(y.polqual, y.polrelid),
        'with check ' || pg_get_expr(y.polwithcheck, y.polrelid))
from relations r
join pg_policy y on y.polrelid = r.oid
union all
select
    'statistics',
    format('%I.%I', n.nspname, x.stxname),
    pg_get_statisticsobjdef(x.oid)
from pg_statistic_ext x
join namespaces n on n.oid = x.stxnamespace
union all
select
    'extension',
    e.extname,
    format('%s in %s', e.extversion, e.extnamespace::regnamespace)
from pg_extension e
order by kind, object;
