-- Extended statistics
--
-- What CREATE STATISTICS made; ANALYZE fills them.
--
-- min-version: 15
select
    'statistics' as kind,
    format('%I.%I', n.nspname, x.stxname) as object,
    pg_get_statisticsobjdef(x.oid) as definition,
    format('pg_statistic_ext:%s:0', x.oid) as address,
    json_build_object(
        'make', pg_get_statisticsobjdef(x.oid),
        'remove', format('drop statistics %I.%I', n.nspname, x.stxname)) as ways
from pg_statistic_ext x
join pg_namespace n on n.oid = x.stxnamespace
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'litxdb')
