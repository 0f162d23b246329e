-- What one must know of each column to make up values for it
--
-- Tables that hold rows themselves: partitions, not what they are parts of.
--
-- min-version: 16
-- column: table     text     Name with its schema
-- column: column    text     Name, quoted at need
-- column: number    smallint Its place in the table
-- column: type      text     Its type as declared, a domain perhaps
-- column: base      text     The type that it comes down to, without schema
-- column: schema    text     The schema of that type, quoted at need
-- column: modifier  text     The declared length or precision, as in (10,2)
-- column: element   text     Of an array: the type of its elements
-- column: labels    text[]   Of an enum: its labels
-- column: required  boolean  NOT NULL, by itself or by its domain
-- column: automatic boolean  Filled by itself: identity, sequence or generated
-- column: rules     text     The definitions of its domains' constraints
with recursive resolved as (
    select
        a.attrelid,
        a.attnum,
        a.atttypid as typid,
        a.atttypmod as typmod,
        false as required,
        '' as rules
    from pg_attribute a
    union all
    select
        r.attrelid,
        r.attnum,
        t.typbasetype,
        t.typtypmod,
        r.required or t.typnotnull,
        r.rules || ' ' || coalesce(
            (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k where k.contypid = t.oid), '')
    from resolved r
    join pg_type t on t.oid = r.typid
    where t.typtype = 'd'
)
select
    format('%I.%I', n.nspname, c.relname) as "table",
    quote_ident(a.attname) as "column",
    a.attnum as number,
    format_type(a.atttypid, a.atttypmod) as type,
    t.typname::text as base,
    quote_ident(tn.nspname) as schema,
    coalesce(substring(format_type(t.oid, r.typmod) from '\([0-9, ]+\)'), '') as modifier,
    case when t.typcategory = 'A' then format_type(t.typelem, r.typmod) end as element,
    (
        select array_agg(e.enumlabel::text order by e.enumsortorder)
        from pg_enum e
        where e.enumtypid = t.oid
    ) as labels,
    a.attnotnull or r.required as required,
    a.attidentity <> '' or a.attgenerated <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid) ~ '^nextval\(', false)
        as automatic,
    r.rules
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join resolved r on r.attrelid = c.oid and r.attnum = a.attnum
join pg_type t on t.oid = r.typid and t.typtype <> 'd'
join pg_namespace tn on tn.oid = t.typnamespace
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'litxdb')
order by 1, a.attnum;
