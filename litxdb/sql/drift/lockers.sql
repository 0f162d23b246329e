-- Who keeps others from reading the definition of a table
--
-- ACCESS EXCLUSIVE is what most forms of ALTER TABLE, DROP TABLE, TRUNCATE, VACUUM FULL and CLUSTER take. Other roles'
-- statements are only shown to members of pg_read_all_stats.
--
-- min-version: 15
select
    l.relation::regclass::text as object,
    concat_ws(', ',
        coalesce(nullif(a.application_name, ''), 'a session'),
        'pid ' || l.pid,
        'role ' || a.usename,
        'in a transaction since ' || to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'),
        'last statement: ' || left(a.query, 100)) as holder
from pg_locks l
join pg_class c on c.oid = l.relation and c.relkind in ('r', 'p', 'v', 'm', 'f')
left join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'relation'
    and l.granted
    and l.mode = 'AccessExclusiveLock'
    and l.database = (select oid from pg_database where datname = current_database())
order by a.xact_start
limit 1
