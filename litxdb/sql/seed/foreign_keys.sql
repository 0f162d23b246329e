-- Foreign keys that are much quicker checked over all rows than row by row, and that the role may take off
--
-- https://www.postgresql.org/docs/current/populate.html#POPULATE-RM-FKEYS
--
-- min-version: 15
-- param: tables = null
-- column: remove  text  The statement that takes it off
-- column: restore text  The statement that puts it back, and checks it
select
    format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) as remove,
    format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) as restore
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_class t on t.oid = k.confrelid
where
    k.contype = 'f'
    and k.conparentid = 0
    and k.conrelid = any((:tables)::regclass[])
    and pg_has_role(c.relowner, 'usage')
    and pg_has_role(t.relowner, 'usage')
order by k.conrelid::regclass::text, k.conname
