-- Foreign keys that point at given tables
--
-- min-version: 15
-- param: tables = null
-- column: child        text  The referencing table, quoted, with its schema
-- column: name         text  Its name without the schema
-- column: parent       text  The referenced table, without the schema
-- column: matches      text  What makes a row c of the first belong to a row p of the second
select
    format('%I.%I', n.nspname, c.relname) as child,
    c.relname::text as name,
    p.relname::text as parent,
    (
        select string_agg(format('c.%I = p.%I', a.attname, b.attname), ' and ' order by u.place)
        from unnest(k.conkey, k.confkey) with ordinality u (ours, theirs, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.ours
        join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.theirs
    ) as matches
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_class p on p.oid = k.confrelid
where k.contype = 'f' and k.conparentid = 0 and k.confrelid = any((:tables)::regclass[])
order by 1, 3, k.conname
