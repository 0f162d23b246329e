-- Tables: size, age, options, and what happened to them
--
-- Ordinary and partitioned tables and materialized views, without the catalogs and what belongs to an extension.
-- Reads the catalog and the statistics alone, so that it waits for no lock: pages are those of the last VACUUM or
-- ANALYZE. A partitioned table has no storage of its own.
--
-- min-version: 15
-- column: oid             bigint     The table
-- column: table           text       Its name with its schema
-- column: kind            text       r a table, p a partitioned one, m a materialized view
-- column: parent          bigint     The partitioned table that it is a partition of; null for none
-- column: persistence     text       p permanent, u unlogged
-- column: rows            bigint     Estimate of the last VACUUM or ANALYZE; null when there was none
-- column: pages           integer    Pages of the heap, likewise
-- column: toast_rows      bigint     Estimated rows of its TOAST table; null when it has none, or when never vacuumed
-- column: xid_age         integer    Transactions since its oldest row, TOAST included; null without storage
-- column: mxid_age        integer    Multixacts since its oldest, TOAST included; null without storage
-- column: options         text[]     Its storage parameters
-- column: toast_options   text[]     Those of its TOAST table
-- column: frozen_pages    integer    Pages all frozen, from 18 on and for a table with many inserts; else null
-- column: live_rows       bigint     Rows, as the statistics count them
-- column: dead_rows       bigint     Dead rows
-- column: toast_dead      bigint     Dead rows of its TOAST table
-- column: changed_rows    bigint     Rows changed since the last ANALYZE
-- column: inserted_rows   bigint     Rows inserted since the last VACUUM
-- column: updates         bigint     Rows updated since the statistics began
-- column: hot_updates     bigint     Those of them that touched no index
-- column: moved_updates   bigint     Those that found no room on their page; for 10,000 updates or more, from 16 on
-- column: deletes         bigint     Rows deleted since the statistics began
-- column: vacuumed        timestamp  Last VACUUM, whoever did it
-- column: analyzed        timestamp  Last ANALYZE, whoever did it
select
    c.oid::bigint as oid,
    format('%I.%I', n.nspname, c.relname) as "table",
    c.relkind::text as kind,
    h.inhparent::bigint as parent,
    c.relpersistence::text as persistence,
    case when c.reltuples >= 0 then c.reltuples::bigint end as rows,
    c.relpages as pages,
    case when t.reltuples >= 0 then t.reltuples::bigint end as toast_rows,
    -- a partitioned table has the transaction 0, which counts as infinitely old
    case when c.relkind <> 'p' then greatest(age(c.relfrozenxid), age(t.relfrozenxid)) end as xid_age,
    case when c.relkind <> 'p' then greatest(mxid_age(c.relminmxid), mxid_age(t.relminmxid)) end as mxid_age,
    coalesce(c.reloptions, '{}') as options,
    coalesce(t.reloptions, '{}') as toast_options,
    -- columns that not every version has, and few rows need
    case when pg_stat_get_ins_since_vacuum(c.oid) > 1000 then (to_jsonb(c) ->> 'relallfrozen')::int end as frozen_pages,
    pg_stat_get_live_tuples(c.oid) as live_rows,
    pg_stat_get_dead_tuples(c.oid) as dead_rows,
    coalesce(pg_stat_get_dead_tuples(t.oid), 0) as toast_dead,
    pg_stat_get_mod_since_analyze(c.oid) as changed_rows,
    pg_stat_get_ins_since_vacuum(c.oid) as inserted_rows,
    pg_stat_get_tuples_updated(c.oid) as updates,
    pg_stat_get_tuples_hot_updated(c.oid) as hot_updates,
    case
        when pg_stat_get_tuples_updated(c.oid) >= 10000 then (
            select (to_jsonb(s) ->> 'n_tup_newpage_upd')::bigint
            from pg_stat_all_tables s
            where s.relid = c.oid
        )
    end as moved_updates,
    pg_stat_get_tuples_deleted(c.oid) as deletes,
    greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) as vacuumed,
    greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) as analyzed
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_class t on t.oid = c.reltoastrelid
left join pg_inherits h on h.inhrelid = c.oid and c.relispartition
where
    c.relkind in ('r', 'p', 'm')
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select
        from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
