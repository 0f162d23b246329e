-- What this role may not read, though pg_dump must
--
-- With row_security off, a table whose rows a policy would hide is an error, not a part of the table.
--
-- min-version: 15
-- column: kind    text  schema, table or sequence
-- column: name    text  With its schema
-- column: policy  bool  Whether it is row security that hides rows
select
    case when not has_schema_privilege(n.oid, 'usage') then 'schema' when c.relkind = 'S' then 'sequence' else 'table' end
        as kind,
    case when has_schema_privilege(n.oid, 'usage') then format('%s.%s', n.nspname, c.relname) else n.nspname end as name,
    bool_or(row_security_active(c.oid)) as policy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p', 'S')
    and c.relpersistence <> 't'
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
    and not (
        has_schema_privilege(n.oid, 'usage')
        and case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'select')
            else has_table_privilege(c.oid, 'select') and not row_security_active(c.oid) end
    )
group by 1, 2
order by 1, 2
