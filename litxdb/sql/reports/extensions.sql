-- Extensions of the database, and which of them can be updated
--
-- The server's package brings a new version; ALTER EXTENSION … UPDATE then takes it into the database.
-- https://www.postgresql.org/docs/current/sql-alterextension.html
--
-- min-version: 15
-- column: extension  text     Its name
-- column: version    text     The version in the database
-- column: available  text     The version that the server has; null when its files are gone
-- column: current    boolean  Whether both are the same
-- column: schema     text     Where its objects are
-- column: update     text     The statement that updates it
select
    e.extname::text as extension,
    e.extversion as version,
    a.default_version as available,
    e.extversion is not distinct from a.default_version as current,
    n.nspname::text as schema,
    case when e.extversion <> a.default_version then format('alter extension %I update', e.extname) end as update
from pg_extension e
join pg_namespace n on n.oid = e.extnamespace
left join pg_available_extensions a on a.name = e.extname
order by 4, 1
