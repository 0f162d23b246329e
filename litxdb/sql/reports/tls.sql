-- Which sessions are encrypted, and how
--
-- A session over a Unix socket needs no TLS. Behind a pooler this is the pooler's connection, not the client's.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-SSL-VIEW
--
-- min-version: 15
-- needs: pg_read_all_stats
-- column: role         text     The role
-- column: application  text     application_name
-- column: comes_from   text     An address, or a socket
-- column: encrypted    boolean  Whether it is encrypted
-- column: protocol     text     TLSv1.3…
-- column: cipher       text     The cipher
-- column: sessions     count    How many
select
    a.usename::text as role,
    nullif(a.application_name, '') as application,
    coalesce(host(a.client_addr), 'socket') as comes_from,
    s.ssl as encrypted,
    s.version as protocol,
    s.cipher,
    count(*) as sessions
from pg_stat_ssl s
join pg_stat_activity a on a.pid = s.pid
where a.usename is not null and a.backend_type in ('client backend', 'walsender')
group by 1, 2, 3, 4, 5, 6
order by 4, 7 desc, 1, 2, 3
