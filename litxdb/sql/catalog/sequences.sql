-- Sequences, and the columns that own them
--
-- Where a sequence stands is data. One behind an identity column is made and removed with the column.
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
sequences as (
    select
        r.oid,
        r.name,
        o.name as owner,
        coalesce(o.identity, false) as identity,
        concat_ws(' ',
            'as', s.seqtypid::regtype,
            'increment by', s.seqincrement,
            'minvalue', s.seqmin,
            'maxvalue', s.seqmax,
            'start with', s.seqstart,
            'cache', s.seqcache,
            case when s.seqcycle then 'cycle' else 'no cycle' end) as options,
        s.seqincrement = 1 and s.seqmin = 1 and s.seqstart = 1 and s.seqcache = 1 and not s.seqcycle as usual
    from relations r
    join pg_sequence s on s.seqrelid = r.oid
    left join lateral (
        select format('%I.%I.%I', n.nspname, c.relname, a.attname) as name, d.deptype = 'i' as identity, c.relname
        from pg_depend d
        join pg_class c on c.oid = d.refobjid
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass
            and d.objid = r.oid
            and d.refclassid = 'pg_class'::regclass
            and d.deptype in ('a', 'i')
    ) o on true
    where o.relname is null or o.relname <> 'alembic_version'
)
select
    'sequence' as kind,
    name as object,
    options as definition,
    format('pg_class:%s:0', oid) as address,
    json_build_object(
        'make', case
            when not identity then format('create sequence %s %s', name, options)
            when not usual then format('alter sequence %s %s', name, options)
        end,
        'change', format('alter sequence %s %s', name, options),
        'remove', case when not identity then format('drop sequence %s', name) end,
        'decision', 'its position would be lost',
        'with identity', case when identity then owner end) as ways
from sequences
union all
select
    'owned by',
    name,
    owner,
    format('pg_class:%s:0', oid),
    json_build_object(
        'make', format('alter sequence %s owned by %s', name, owner),
        'change', format('alter sequence %s owned by %s', name, owner),
        'remove', format('alter sequence %s owned by none', name))
from sequences
where owner is not null and not identity
