-- Constraints that older rows may break, and how many constraints there are
--
-- One row at least: a constraint that is neither validated nor enforced, or nulls where there is none. A partition's
-- inherited constraint counts with that of its parent. Before 18 every constraint is enforced.
--
-- min-version: 15
-- column: examined    bigint   How many constraints there are, on tables and domains
-- column: oid         oid      The constraint
-- column: owner       text     The table or domain, with its schema, quoted
-- column: is_domain   boolean  Whether it is a domain
-- column: name        text     The constraint, quoted
-- column: kind        text     check, foreign key, not null
-- column: columns     text     Its columns, quoted
-- column: referenced  text     The table that a foreign key refers to
-- column: enforced    boolean  Whether new rows are checked
-- column: rows        bigint   Estimated rows of the table; null when never analyzed
with constraints as (
    select k.*
    from pg_constraint k
    left join pg_class c on c.oid = k.conrelid
    left join pg_type t on t.oid = k.contypid
    join pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace)
    where
        k.contype in ('c', 'f', 'n')
        and k.conparentid = 0
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and n.nspname !~ '^pg_(toast_)?temp_'
        and not exists (
            select
            from pg_depend d
            where
                d.deptype = 'e'
                and d.classid = case when k.conrelid = 0 then 'pg_type' else 'pg_class' end::regclass
                and d.objid = coalesce(nullif(k.conrelid, 0), k.contypid)
        )
),

total as (
    select count(*) as examined from constraints
)

select
    total.examined,
    k.oid,
    quote_ident(n.nspname) || '.' || quote_ident(coalesce(c.relname, t.typname)) as owner,
    k.contypid <> 0 as is_domain,
    quote_ident(k.conname) as name,
    case k.contype when 'c' then 'check' when 'f' then 'foreign key' else 'not null' end as kind,
    (
        select string_agg(quote_ident(a.attname), ', ' order by p.ordinality)
        from unnest(k.conkey) with ordinality p (attnum, ordinality)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.attnum
    ) as columns,
    (
        select format('%I.%I', rn.nspname, r.relname)
        from pg_class r
        join pg_namespace rn on rn.oid = r.relnamespace
        where r.oid = k.confrelid
    ) as referenced,
    coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) as enforced,  -- the column is new in 18
    nullif(c.reltuples, -1)::bigint as "rows"
from total
left join constraints k on not k.convalidated and k.coninhcount = 0
left join pg_class c on c.oid = k.conrelid
left join pg_type t on t.oid = k.contypid
left join pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace)
order by owner, name
