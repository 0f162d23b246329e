-- Every index of the database, what it costs and what it is used for
--
-- Waits for no lock on a table: neither definitions nor sizes of tables are asked for. An INVALID index whose table is
-- being worked on by a session that reports the progress of a build, and holds the lock of one, is being built; without
-- pg_read_all_stats the view shows another role's pid and nothing else. Scans are those of this server alone, replicas
-- count their own. https://www.postgresql.org/docs/current/monitoring-stats.html
--
-- min-version: 15
-- column: oid             integer      The index
-- column: table_oid       integer      Its table
-- column: name            text         Its name
-- column: schema          text         Its schema, which is the table's as well
-- column: table           text         The table's name
-- column: quoted          text         The index, quoted, with its schema
-- column: table_quoted    text         The table, quoted, with its schema
-- column: visible         boolean      Whether the search path leads to it
-- column: method          text         Access method
-- column: is_unique       boolean      Whether it forbids equal keys
-- column: valid           boolean      Whether queries use it
-- column: partitioned     boolean      Whether it stands for the indexes of partitions and holds nothing itself
-- column: parent_oid      integer      The partitioned index that it is attached to
-- column: constraint      text         The constraint that it stands for, quoted
-- column: constraint_type text         p, u or x: primary key, unique or exclusion constraint
-- column: referenced_by   text[]       Foreign keys that need it
-- column: replica_identity boolean     Whether logical replication knows rows by it
-- column: bytes           bytes        Size of its file
-- column: scans           bigint       How often a query used it since the statistics began
-- column: tuples_read     bigint       How many entries those scans read
-- column: last_used       timestamptz  When a query last used it; null when never, and before PostgreSQL 16
-- column: builder_pid     integer      The session that builds on its table now
-- column: phase           text         What the builder does
-- column: fraction        float        How much of the phase is done
with builders as (
    select
        l.relation,
        p.pid,
        p.phase,
        coalesce(
            p.blocks_done::float / nullif(p.blocks_total, 0),
            p.tuples_done::float / nullif(p.tuples_total, 0),
            p.lockers_done::float / nullif(p.lockers_total, 0)) as fraction
    from pg_stat_progress_create_index p
    join pg_locks l on l.pid = p.pid
    where l.mode = 'ShareUpdateExclusiveLock'
        and l.granted
        and l.database = (select oid from pg_database where datname = current_database())
),
foreign_keys as (
    select
        conindid,
        array_agg(format('%I on %s', conname, conrelid::regclass) order by conname, conrelid) as names
    from pg_constraint
    where contype = 'f' and conparentid = 0
    group by conindid
)
select
    i.indexrelid as oid,
    i.indrelid as table_oid,
    c.relname::text as name,
    n.nspname::text as schema,
    t.relname::text as "table",
    format('%I.%I', n.nspname, c.relname) as quoted,
    format('%I.%I', n.nspname, t.relname) as table_quoted,
    pg_table_is_visible(c.oid) as visible,
    m.amname::text as method,
    i.indisunique as is_unique,
    i.indisvalid as valid,
    c.relkind = 'I' as partitioned,
    h.inhparent as parent_oid,
    quote_ident(k.conname) as "constraint",
    k.contype::text as constraint_type,
    coalesce(f.names, '{}') as referenced_by,
    i.indisreplident as replica_identity,
    case when c.relkind = 'i' then pg_relation_size(c.oid) end as bytes,
    s.idx_scan as scans,
    s.idx_tup_read as tuples_read,
    (to_jsonb(s) ->> 'last_idx_scan')::timestamptz as last_used,
    b.pid as builder_pid,
    b.phase,
    b.fraction
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_am m on m.oid = c.relam
left join pg_inherits h on h.inhrelid = i.indexrelid
left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
left join foreign_keys f on f.conindid = i.indexrelid
left join pg_stat_all_indexes s on s.indexrelid = i.indexrelid
left join lateral (select * from builders b where b.relation = i.indrelid limit 1) b on true
where n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'litxdb')
    and not exists (
        select
        from pg_depend e
        where e.classid = 'pg_class'::regclass and e.objid = t.oid and e.deptype = 'e'
    )
order by n.nspname, t.relname, c.relname
