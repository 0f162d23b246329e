-- Databases whose comment begins like this, as litxdb gives it to what it keeps
--
-- min-version: 15
-- param: beginning = ''
-- column: name     text     The database
-- column: comment  text     The whole comment
-- column: open     bool     Whether anybody can connect to it
-- column: bytes    integer  Its size; null for a role that may not connect to it
select
    d.datname::text as name,
    shobj_description(d.oid, 'pg_database') as comment,
    d.datallowconn as open,
    case when has_database_privilege(d.oid, 'connect') then pg_database_size(d.oid) end as bytes
from pg_database d
where starts_with(shobj_description(d.oid, 'pg_database'), cast(:beginning as text))
order by 1
