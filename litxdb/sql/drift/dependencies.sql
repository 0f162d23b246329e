-- What each object of the catalog needs
--
-- Addresses are those of sql/catalog: class:oid:column. What a view needs is what its query needs. `automatic` is what
-- PostgreSQL drops without being asked, as an index with its table.
--
-- min-version: 15
select
    case
        when r.oid is not null then format('pg_class:%s:0', r.ev_class)
        else format('%s:%s:%s', d.classid::regclass, d.objid, d.objsubid)
    end as address,
    format('%s:%s:%s', d.refclassid::regclass, d.refobjid, d.refobjsubid) as needs,
    d.deptype <> 'n' as automatic
from pg_depend d
left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid and r.rulename = '_RETURN'
where d.deptype in ('n', 'a', 'i', 'P', 'S', 'e') and d.objid >= 16384 and d.refobjid >= 2200
union all
select
    format('pg_class:%s:%s', h.inhrelid, mine.attnum),
    format('pg_class:%s:%s', h.inhparent, theirs.attnum),
    true
from pg_inherits h
join pg_attribute mine on mine.attrelid = h.inhrelid and mine.attnum > 0 and mine.attinhcount > 0
join pg_attribute theirs on theirs.attrelid = h.inhparent and theirs.attname = mine.attname
union all
select
    format('pg_constraint:%s:0', mine.oid),
    format('pg_constraint:%s:0', theirs.oid),
    true
from pg_inherits h
join pg_constraint mine on mine.conrelid = h.inhrelid and mine.coninhcount > 0
join pg_constraint theirs on theirs.conrelid = h.inhparent and theirs.conname = mine.conname
