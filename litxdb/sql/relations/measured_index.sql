-- What a btree's file holds beside its entries
--
-- Reads the whole index. What its leaves hold would take fewer pages, filled as a new index has them.
-- https://www.postgresql.org/docs/current/pgstattuple.html
--
-- min-version: 15
-- needs: extension pgstattuple 1.5
-- param: oid = 0
-- column: bytes         bigint  The index
-- column: wasted_bytes  bigint  What it has too much
select
    p.index_size as bytes,
    greatest(
        0,
        p.index_size - current_setting('block_size')::int * (
            1 + p.internal_pages + p.leaf_pages * coalesce(nullif(p.avg_leaf_density, 'NaN'), 0) / coalesce(
                (select o.option_value::int from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 90
            )
        )
    )::bigint as wasted_bytes
from pg_class c
cross join lateral pgstatindex(c.oid::regclass) p
where c.oid = :oid
