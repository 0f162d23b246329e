-- What a table's file holds beside its rows
--
-- Reads the pages that are not all-visible, and the free space map for the others. Dead rows count as wasted, the room
-- that the fill factor leaves does not. https://www.postgresql.org/docs/current/pgstattuple.html
--
-- min-version: 15
-- needs: extension pgstattuple 1.5
-- param: oid = 0
-- column: bytes         bigint  The heap
-- column: wasted_bytes  bigint  What dead rows and free space take of it
select
    p.table_len as bytes,
    greatest(
        0,
        p.dead_tuple_len + p.approx_free_space - p.table_len * (100 - coalesce(
            (select o.option_value::int from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 100
        )) / 100
    )::bigint as wasted_bytes
from pg_class c
cross join lateral pgstattuple_approx(c.oid) p
where c.oid = :oid
