-- Where a new database goes that is made like this one
--
-- Nothing where that is the default, or where the role may create nothing there.
--
-- min-version: 15
-- column: option  text  For CREATE DATABASE
select format('tablespace %I', t.spcname) as option
from pg_database d
join pg_tablespace t on t.oid = d.dattablespace
where d.datname = current_database()
    and t.spcname <> 'pg_default'
    and has_tablespace_privilege(t.oid, 'create')
