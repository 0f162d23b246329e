-- Indexes that are much quicker built over all rows than kept up row by row, and that the role may drop
--
-- HNSW, IVFFlat and GIN; none that a constraint rests on.
-- https://www.postgresql.org/docs/current/populate.html#POPULATE-RM-INDEXES
--
-- min-version: 15
-- param: tables = null
-- column: index        text    Its name, quoted, with its schema
-- column: definition   text    The statement that makes it
-- column: is_vector    boolean Whether it is for similarity search
select
    format('%I.%I', n.nspname, c.relname) as "index",
    pg_get_indexdef(i.indexrelid) as definition,
    m.amname in ('hnsw', 'ivfflat') as is_vector
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_am m on m.oid = c.relam
where
    i.indrelid = any((:tables)::regclass[])
    and m.amname in ('hnsw', 'ivfflat', 'gin')
    and i.indisvalid
    and pg_has_role(c.relowner, 'usage')
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
order by 1
