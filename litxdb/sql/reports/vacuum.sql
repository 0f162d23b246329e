-- Dead rows, and how near each table is to its next autovacuum
--
-- Autovacuum comes when dead rows reach the table's own threshold, or inserted ones theirs. At 100 % it is due; far above,
-- something keeps it away: a long transaction, a lock, or that it is off.
-- https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM
--
-- min-version: 15
-- window: database
-- column: table           text     Name with its schema
-- column: rows            count    Estimated rows; null when the table was never analyzed
-- column: dead_rows       count    Dead rows
-- column: dead_percent    percent  Their part of all rows
-- column: due_percent     number   How far it is on the way to its next autovacuum, in percent
-- column: autovacuum      boolean  Whether autovacuum may touch it
-- column: vacuumed        time     The last VACUUM, by hand or not; null for none that is remembered
-- column: analyzed        time     The last ANALYZE, likewise
-- column: changed_rows    count    Rows changed since then
with settings as (
    select
        s.relid,
        format('%I.%I', s.schemaname, s.relname) as name,
        greatest(c.reltuples, 0)::float8 as reltuples,
        c.reltuples >= 0 as is_analyzed,
        s.n_live_tup,
        s.n_dead_tup,
        s.n_ins_since_vacuum,
        s.n_mod_since_analyze,
        greatest(s.last_vacuum, s.last_autovacuum) as vacuumed,
        greatest(s.last_analyze, s.last_autoanalyze) as analyzed,
        coalesce((o.options ->> 'autovacuum_enabled')::boolean, true)
            and current_setting('autovacuum')::boolean and current_setting('track_counts')::boolean as autovacuum,
        coalesce(o.options ->> 'autovacuum_vacuum_threshold', current_setting('autovacuum_vacuum_threshold'))::float8
            as threshold,
        coalesce(o.options ->> 'autovacuum_vacuum_scale_factor', current_setting('autovacuum_vacuum_scale_factor'))::float8
            as scale_factor,
        -- from 18 on no table waits for more dead rows than that; -1 is no limit
        nullif(coalesce(
            o.options ->> 'autovacuum_vacuum_max_threshold', current_setting('autovacuum_vacuum_max_threshold', true)
        )::float8, -1) as most,
        nullif(coalesce(
            o.options ->> 'autovacuum_vacuum_insert_threshold', current_setting('autovacuum_vacuum_insert_threshold')
        )::float8, -1) as insert_threshold,
        coalesce(
            o.options ->> 'autovacuum_vacuum_insert_scale_factor',
            current_setting('autovacuum_vacuum_insert_scale_factor')
        )::float8 as insert_scale_factor
    from pg_stat_user_tables s
    join pg_class c on c.oid = s.relid
    cross join lateral (
        select coalesce(jsonb_object_agg(option_name, option_value), '{}') as options
        from pg_options_to_table(c.reloptions)
    ) o
    where c.relkind in ('r', 'm')
)
select
    name as "table",
    case when is_analyzed then reltuples::bigint end as rows,
    n_dead_tup as dead_rows,
    (100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0))::float8 as dead_percent,
    greatest(
        100 * n_dead_tup / nullif(least(threshold + scale_factor * reltuples, most), 0),
        100 * n_ins_since_vacuum / nullif(insert_threshold + insert_scale_factor * reltuples, 0)
    )::float8 as due_percent,
    autovacuum,
    vacuumed,
    analyzed,
    n_mod_since_analyze as changed_rows
from settings
order by 5 desc nulls last, 1
