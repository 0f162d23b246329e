-- What may hold a person's data and is not among the tables: foreign tables, and those of extensions
--
-- min-version: 15
-- column: what text What it is, as a person says it
select
    case
        when c.relkind = 'f' then format('the foreign table %I.%I', n.nspname, c.relname)
        else format('the table %I.%I of the extension %I', n.nspname, c.relname, e.extname)
    end as what
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
left join pg_extension e on e.oid = d.refobjid
where c.relkind = 'f' or (c.relkind in ('r', 'p', 'm') and e.oid is not null)
order by 1
