-- Sessions from other machines without encryption
--
-- Whoever can listen on the way reads every row that they send, and without SCRAM the password too. Sessions of this
-- server's own machine are left out; behind a pooler or a proxy only the last part of the way is seen. Once clients
-- connect with sslmode=require or better, let pg_hba.conf have hostssl lines only.
-- https://www.postgresql.org/docs/current/ssl-tcp.html
--
-- area: connection
-- threshold: one session warn
-- fix: manual
-- needs: pg_read_all_stats
-- needs: self-managed
-- remedy: select line_number, type, database, user_name, address from pg_hba_file_rules where type in ('host', 'hostnossl')
-- column: object    text  Who connects from where
-- column: measured  text  How many sessions, and how they are encrypted
-- column: level     text  ok or warn
select
    format('%s from %s with %s', a.usename, host(a.client_addr), coalesce(nullif(a.application_name, ''), '-')) as object,
    format(
        '%s %s',
        count(*),
        case when s.ssl then s.version when g.encrypted then 'by GSSAPI' else 'not encrypted' end
    ) as measured,
    case when s.ssl or g.encrypted then 'ok' else 'warn' end as level
from pg_stat_activity a
join pg_stat_ssl s on s.pid = a.pid
left join pg_stat_gssapi g on g.pid = a.pid
where
    a.client_addr is not null
    and not a.client_addr <<= inet '127.0.0.0/8'
    and a.client_addr <> inet '::1'
    and a.client_addr is distinct from inet_server_addr()
group by a.usename, a.client_addr, a.application_name, s.ssl, s.version, g.encrypted
order by 3 desc, 1
