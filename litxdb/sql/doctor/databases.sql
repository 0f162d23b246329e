-- Databases: their age, and what their statistics count
--
-- Of all databases of the server. Counters began at `stats_reset`, or when the server started without its statistics.
--
-- min-version: 15
-- column: database          text       The database
-- column: ours              boolean    Whether it is this one
-- column: connectable       boolean    Whether it accepts connections; template0 does not
-- column: xid_age           integer    Transactions since its oldest row
-- column: mxid_age          integer    Multixacts since its oldest
-- column: blocks_hit        bigint     Blocks that were in shared_buffers
-- column: blocks_read       bigint     Blocks that were not
-- column: checksum_failures bigint     Pages whose checksum was wrong; null when checksums are off
-- column: checksum_failed   timestamp  When the last of them was seen
select
    d.datname::text as database,
    d.datname = current_database() as ours,
    d.datallowconn as connectable,
    age(d.datfrozenxid) as xid_age,
    mxid_age(d.datminmxid) as mxid_age,
    pg_stat_get_db_blocks_hit(d.oid) as blocks_hit,
    pg_stat_get_db_blocks_fetched(d.oid) - pg_stat_get_db_blocks_hit(d.oid) as blocks_read,
    pg_stat_get_db_checksum_failures(d.oid) as checksum_failures,
    pg_stat_get_db_checksum_last_failure(d.oid) as checksum_failed
from pg_database d
