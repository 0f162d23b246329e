-- Constraints of tables and domains, and those that older rows may break
--
-- Whether a constraint is validated is no part of its definition: a stricter database than the migrations make is well.
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
owners as (
    select 'table' as word, oid as relation, 0::oid as domain, name, relkind = 'r' as plain
    from relations
    where relkind in ('r', 'p', 'f')
    union all
    select 'domain', 0, t.oid, format('%I.%I', n.nspname, t.typname), false
    from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    where t.typtype = 'd'
        and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and not exists (
            select
            from pg_depend e
            where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e'
        )
),
constraints as (
    select
        k.oid,
        k.conname,
        k.contype,
        o.word,
        o.name as owner,
        o.plain,
        format('%s.%I', o.name, k.conname) as name,
        format('alter %s %s ', o.word, o.name) as alter,
        pg_get_constraintdef(k.oid) as printed,
        regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition,
        k.conparentid <> 0 or not k.conislocal as inherited,
        case k.contype when 'p' then 'primary key' when 'u' then 'unique' end as uniqueness,
        pg_get_indexdef(nullif(k.conindid, 0)) as index,
        concat(
            case when k.condeferrable then ' deferrable' end,
            case when k.condeferred then ' initially deferred' end) as timing
    from pg_constraint k
    join owners o on o.relation = k.conrelid and o.domain = k.contypid
    where k.contype <> 't'
)
select
    'constraint' as kind,
    name as object,
    definition,
    format('pg_constraint:%s:0', oid) as address,
    json_build_object(
        'make', case when not inherited or contype = 'c'
            then format('%sadd constraint %I %s', alter, conname, definition) end,
        'inherited', case when inherited then 'inherited' end,
        'make online', case
            when inherited or not plain or definition like '%WITHOUT OVERLAPS%' then null
            when contype in ('p', 'u') then json_build_array(
                format('create unique index concurrently %I on %s',
                    conname, substr(index, length(format('CREATE UNIQUE INDEX %I ON ', conname)) + 1)),
                format('%sadd constraint %I %s using index %I%s', alter, conname, uniqueness, conname, timing))
            when contype in ('c', 'f') and definition !~ ' NOT ENFORCED$' then json_build_array(
                format('%sadd constraint %I %s not valid', alter, conname, definition),
                format('%svalidate constraint %I', alter, conname))
        end,
        'remove', case when not inherited then format('%sdrop constraint %I', alter, conname) end) as ways
from constraints
where contype <> 'n'
union all
select
    'validity',
    name,
    'not valid',
    format('pg_constraint:%s:0', oid),
    json_build_object('remove online', format('%svalidate constraint %I', alter, conname))
from constraints
where printed ~ ' NOT VALID$' and not inherited
