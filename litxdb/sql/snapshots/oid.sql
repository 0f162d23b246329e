-- The oid of the database
--
-- One row. A database that was dropped and made anew has another one.
--
-- min-version: 15
-- column: oid  bigint  The oid
select d.oid::bigint as oid
from pg_database d
where d.datname = current_database()
