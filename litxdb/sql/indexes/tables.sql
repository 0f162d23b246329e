-- Tables on which an index can be built
--
-- Reads the catalog alone, so that it waits for no lock.
--
-- min-version: 15
-- column: oid          integer  The table
-- column: name         text     Its name
-- column: schema       text     Its schema
-- column: quoted       text     Both, quoted
-- column: visible      boolean  Whether the search path leads to it
-- column: owned        boolean  Whether this role may do what its owner may
-- column: owner        text     The role that owns it
-- column: partitioned  boolean  Whether its rows are in partitions
select
    c.oid,
    c.relname::text as name,
    n.nspname::text as schema,
    format('%I.%I', n.nspname, c.relname) as quoted,
    pg_table_is_visible(c.oid) as visible,
    pg_has_role(c.relowner, 'usage') as owned,
    pg_get_userbyid(c.relowner)::text as owner,
    c.relkind = 'p' as partitioned
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm')
    and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'litxdb')
    and not exists (
        select
        from pg_depend e
        where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
    )
order by n.nspname, c.relname
