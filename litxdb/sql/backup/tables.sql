-- The tables whose rows pg_dump writes, and how to read each for its fingerprint
--
-- Of a table that belongs to an extension, that is those rows which the extension says are the user's. Generated columns
-- are left out, as in the dump. Columns stand in the order of their names, which a restore cannot change. Vectors and
-- bytea go in as the hash of their binary form, as printing a vector takes five times as long as reading it (there is no
-- hash function for bytea by itself before 18, but one for rows); text and JSON as a hash too, as a row's text would quote
-- them.
--
-- Run it with an empty search_path, so that functions are named with their schemas.
--
-- min-version: 15
-- param: recode = false
-- column: oid        integer  The table
-- column: schema     text     The schema
-- column: name       text     The table
-- column: source     text     The table as FROM takes it
-- column: row        text     The expression for all that a row holds
-- column: condition  text     Which rows; null for all
-- column: written    integer  About how many bytes pg_dump writes: the pages that vacuum counted, with vectors threefold
with members as (
    select d.objid as oid, e.extconfig, e.extcondition
    from pg_depend d
    join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
),
vectors as (
    select t.oid, t.typsend::regproc::text as send
    from pg_type t
    join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
    join pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_extension'::regclass
    where e.extname = 'vector' and t.typtype = 'b' and t.typcategory <> 'A' and t.typsend <> 0
)
select
    c.oid::bigint as oid,
    n.nspname::text as schema,
    c.relname::text as name,
    format('only %I.%I', n.nspname, c.relname) as source,
    format('row(%s)', (
        select string_agg(
            case
                when v.send is not null then format('hash_record_extended(row(%s(%I)), 0)', v.send, a.attname)
                when a.atttypid = 'bytea'::regtype then format('hash_record_extended(row(%I), 0)', a.attname)
                when a.atttypid in ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype)
                    then format(
                        case when cast(:recode as boolean)
                            then 'hashtextextended(encode(convert_to(%I::text, ''UTF8''), ''hex''), 0)'
                            else 'hashtextextended(%I::text collate "C", 0)' end,
                        a.attname)
                else format('%I', a.attname)
            end,
            ', ' order by a.attname::text collate "C")
        from pg_attribute a
        left join vectors v on v.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    )) as "row",
    nullif(regexp_replace(
        coalesce(m.extcondition[array_position(m.extconfig, c.oid)], ''), '^\s*where\s', '', 'i'), '') as condition,
    (c.relpages + coalesce(x.relpages, 0)) * current_setting('block_size')::bigint * case
        when exists (select from pg_attribute a join vectors v on v.oid = a.atttypid where a.attrelid = c.oid) then 3
        else 1
    end as written
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_class x on x.oid = c.reltoastrelid
left join members m on m.oid = c.oid
where
    c.relkind = 'r'
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (m.oid is null or c.oid = any (m.extconfig))
order by written desc, 2, 3
