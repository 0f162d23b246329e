-- Tables without a primary key
--
-- A row that nothing identifies cannot be changed alone, is copied twice without anybody noticing, and stops logical
-- replication at its first UPDATE. Where a unique index on columns that are not null is there already, it becomes the
-- primary key in an instant (one that a constraint has cannot: a second is built); else a column is added, which writes
-- the table anew. Partitions follow their parent, and one partitioned by an expression cannot have a primary key.
-- https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS
--
-- area: tables
-- threshold: a table without one warn
-- remedy: alter table TABLE add primary key (COLUMN)
-- fix: manual
-- lock: ACCESS EXCLUSIVE
-- needs: primary
-- min-version: 15
-- column: object    text  Name with its schema
-- column: measured  text  What is there in its place
-- column: level     text  ok or warn
-- column: remedy    text  What makes one; null where there is one
with tables as (
    select
        c.oid,
        c.relkind,
        format('%I.%I', n.nspname, c.relname) as name,
        exists (
            select
            from pg_index i
            where i.indrelid = c.oid and i.indisprimary
        ) as keyed,
        exists (
            select
            from pg_partitioned_table g
            where g.partrelid = c.oid and 0 = any(g.partattrs::int2[])
        ) as unkeyable
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where
        c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
        and not c.relispartition
        and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and not exists (
            select
            from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
)
select
    t.name as object,
    case
        when t.keyed then 'has one'
        when t.unkeyable then 'partitioned by an expression'
        when u.name is not null then format('the unique index %s on columns that are not null', u.name)
        else 'nothing identifies a row'
    end as measured,
    case when t.keyed or t.unkeyable then 'ok' else 'warn' end as level,
    case
        when t.keyed or t.unkeyable then null
        when u.free and t.relkind = 'r'
            then format('alter table %s add primary key using index %s', t.name, u.name)
        when u.name is not null then format('alter table %s add primary key (%s)', t.name, u.columns)
        when p.columns is null
            then format('alter table %s add column %I bigint generated always as identity primary key', t.name, k.name)
        else format('alter table %s add column %I bigserial, add primary key (%2$I, %s)', t.name, k.name, p.columns)
    end as remedy
from tables t
left join lateral (
    -- the narrowest index that could be the key
    select
        quote_ident(x.relname) as name,
        string_agg(quote_ident(a.attname), ', ' order by e.position) as columns,
        -- what ADD PRIMARY KEY USING INDEX takes: no other constraint's, in the default order
        bool_and(i.indoption[e.position - 1] = 0 and o.opcdefault and i.indcollation[e.position - 1] = a.attcollation)
        and not i.indnullsnotdistinct
        and not exists (
            select
            from pg_constraint r
            where r.conrelid = i.indrelid and r.conindid = i.indexrelid and r.contype in ('u', 'p', 'x')
        ) as free
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    cross join lateral unnest(i.indkey::int2[]) with ordinality e (attnum, position)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = e.attnum
    join pg_opclass o on o.oid = i.indclass[e.position - 1]
    where
        not t.keyed
        and i.indrelid = t.oid
        and i.indisunique
        and i.indimmediate
        and i.indisvalid
        and i.indpred is null
        and e.position <= i.indnkeyatts
    group by i.indexrelid, i.indnkeyatts, x.relname
    having bool_and(a.attnotnull) and count(*) = i.indnkeyatts
    order by free desc, i.indnkeyatts, x.relname
    limit 1
) u on true
left join lateral (
    -- the primary key of a partitioned table has its partition key in it
    select string_agg(quote_ident(a.attname), ', ' order by e.position) as columns
    from pg_partitioned_table g
    cross join lateral unnest(g.partattrs::int2[]) with ordinality e (attnum, position)
    join pg_attribute a on a.attrelid = g.partrelid and a.attnum = e.attnum
    where not t.keyed and g.partrelid = t.oid
) p on true
left join lateral (
    -- a name for the new column that the table has not
    select w.name
    from unnest(array['id', 'row_id', 'primary_key']) with ordinality w (name, position)
    where not t.keyed and not exists (
        select
        from pg_attribute a
        where a.attrelid = t.oid and a.attname = w.name
    )
    order by w.position
    limit 1
) k on true
order by t.name
