-- Sequences, the columns that they fill, and how far they have come
--
-- A row for each column; a sequence that fills none has one. A sequence is a column's own (serial, identity), or its
-- default calls it. Reading a value needs USAGE or SELECT, which pg_monitor does not have.
-- https://www.postgresql.org/docs/current/catalog-pg-sequence.html
--
-- min-version: 15
-- column: oid          bigint   The sequence
-- column: sequence     text     Its name, quoted, with its schema
-- column: least        bigint   Its least value
-- column: most         bigint   Its greatest value
-- column: increment    bigint   Its increment
-- column: cycles       boolean  Whether it begins anew at its end
-- column: last_value   bigint   The value that it gave last; null when it gave none, or cannot be read
-- column: unread       text     Why that could not be read: no privilege, or locked; null if it could
-- column: kind         text     serial, identity, default, or free for a sequence that fills no column
-- column: table        text     The table of the column, quoted, with its schema
-- column: column       text     The column, quoted
-- column: type         text     The column's type, a domain's base type
with recursive based as (
    select y.oid, y.typname
    from pg_type y
    where y.typtype <> 'd'
    union all
    select y.oid, b.typname
    from pg_type y
    join based b on y.typbasetype = b.oid
    where y.typtype = 'd'
),
filled as (
    select
        d.objid as sequence,
        d.refobjid as attrelid,
        d.refobjsubid as attnum,
        case d.deptype when 'i' then 'identity' else 'serial' end as kind
    from pg_depend d
    where
        d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
        and d.deptype in ('a', 'i') and d.refobjsubid > 0
    union all
    select d.refobjid, f.adrelid, f.adnum, 'default'
    from pg_depend d
    join pg_attrdef f on f.oid = d.objid
    join pg_class c on c.oid = f.adrelid and not c.relispartition
    where
        d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
        and not exists (
            -- a serial column's default, which the first half has found already
            select
            from pg_depend o
            where
                o.classid = 'pg_class'::regclass and o.objid = d.refobjid and o.refclassid = 'pg_class'::regclass
                and o.refobjid = f.adrelid and o.refobjsubid = f.adnum and o.deptype in ('a', 'i')
        )
),
read as (
    select
        s.*,
        format('%I.%I', n.nspname, c.relname) as name,
        case
            when not has_sequence_privilege(s.seqrelid, 'usage, select') then 'no privilege'
            when exists (
                select
                from pg_locks l
                where
                    l.relation = s.seqrelid
                    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
            ) then 'locked'
            when c.relpersistence = 'u' and pg_is_in_recovery() then 'not on a standby'
        end as unread
    from pg_sequence s
    join pg_class c on c.oid = s.seqrelid
    join pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
)
select
    r.seqrelid::bigint as oid,
    r.name as sequence,
    r.seqmin as least,
    r.seqmax as most,
    r.seqincrement as increment,
    r.seqcycle as cycles,
    case when r.unread is null then pg_sequence_last_value(r.seqrelid) end as last_value,
    r.unread,
    coalesce(f.kind, 'free') as kind,
    case when t.oid is not null then format('%I.%I', tn.nspname, t.relname) end as "table",
    quote_ident(a.attname) as "column",
    b.typname::text as type
from read r
left join filled f on f.sequence = r.seqrelid
left join pg_class t on t.oid = f.attrelid
left join pg_namespace tn on tn.oid = t.relnamespace
left join pg_attribute a on a.attrelid = f.attrelid and a.attnum = f.attnum
left join based b on b.oid = a.atttypid
order by 2, 10, 11
