-- The extensions of this database
--
-- Without plpgsql, which every database has from its beginning.
--
-- min-version: 15
-- column: name     text  The extension
-- column: version  text  Its version
-- column: schema   text  Where its objects are
select e.extname::text as name, e.extversion as version, n.nspname::text as schema
from pg_extension e
join pg_namespace n on n.oid = e.extnamespace
where e.extname <> 'plpgsql'
order by 1
