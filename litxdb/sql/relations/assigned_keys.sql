-- Integer primary keys that no sequence fills
--
-- A key that is a foreign key as well takes its values from another table, and is left out. Names are quoted, to be put
-- into a statement as they are. https://www.postgresql.org/docs/current/catalog-pg-constraint.html
--
-- min-version: 15
-- column: oid     bigint  The table
-- column: table   text    Its name, quoted, with its schema
-- column: column  text    The key's column, quoted
-- column: type    text    int2 or int4
-- column: unread  text    Why its values cannot be read: no privilege, or locked; null if they can
with filled as (
    select d.refobjid as attrelid, d.refobjsubid as attnum
    from pg_depend d
    join pg_sequence s on s.seqrelid = d.objid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    union
    select f.adrelid, f.adnum
    from pg_depend d
    join pg_sequence s on s.seqrelid = d.refobjid
    join pg_attrdef f on f.oid = d.objid
    where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
)
select
    c.oid::bigint as oid,
    format('%I.%I', n.nspname, c.relname) as "table",
    quote_ident(a.attname) as "column",
    y.typname::text as type,
    case
        when not has_column_privilege(c.oid, a.attnum, 'select') then 'no privilege'
        when exists (select from pg_locks l where l.relation = c.oid and l.mode = 'AccessExclusiveLock') then 'locked'
    end as unread
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
join pg_type y on y.oid = a.atttypid
where
    k.contype = 'p'
    and cardinality(k.conkey) = 1
    and y.typname in ('int2', 'int4')
    and not c.relispartition
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = c.oid and a.attnum = any(f.conkey))
    and not exists (select from filled f where f.attrelid = c.oid and f.attnum = a.attnum)
order by 2
