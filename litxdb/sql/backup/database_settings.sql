-- The settings that sessions in this database begin with
--
-- min-version: 15
-- column: role   text  For this role alone, quoted; null for all
-- column: name   text  The setting
-- column: value  text  Its value
select
    case s.setrole when 0 then null else quote_ident(pg_get_userbyid(s.setrole)) end as role,
    split_part(c.entry, '=', 1) as name,
    substr(c.entry, strpos(c.entry, '=') + 1) as value
from pg_db_role_setting s
join pg_database d on d.oid = s.setdatabase
cross join lateral unnest(s.setconfig) as c (entry)
where d.datname = current_database()
order by 1, 2
