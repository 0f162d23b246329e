-- The sequences whose state pg_dump writes
--
-- min-version: 15
-- column: schema     text     The schema
-- column: name       text     The sequence
-- column: source     text     The sequence as FROM takes it
-- column: increment  integer  What it moves by; below zero it counts down
select
    n.nspname::text as schema,
    c.relname::text as name,
    format('%I.%I', n.nspname, c.relname) as source,
    s.seqincrement as increment
from pg_sequence s
join pg_class c on c.oid = s.seqrelid
join pg_namespace n on n.oid = c.relnamespace
where
    c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select
        from pg_depend d
        join pg_extension e on e.oid = d.refobjid
        where
            d.classid = 'pg_class'::regclass
            and d.objid = c.oid
            and d.refclassid = 'pg_extension'::regclass
            and d.deptype = 'e'
            and c.oid <> all (coalesce(e.extconfig, '{}'))
    )
order by 1, 2
