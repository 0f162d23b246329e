-- How many large objects hold one of some values as a whole
--
-- Values and patterns are of bytes as encode(…, 'escape') writes them. Larger ones than `most` bytes are not looked into, nor
-- are those that are gone by now.
--
-- min-version: 15
-- param: objects = {}
-- param: most = 67000000
-- param: values = {}
-- param: patterns = {}
-- param: caseless = {}
-- column: named bigint Those that hold one
-- column: large bigint Those that are too large
select
    count(*) filter (where exists (
        select
        from unnest(:values::text[], :patterns::text[], :caseless::boolean[]) s (value, pattern, caseless)
        where
            case
                when strpos(case when s.caseless then b.lowered else b.body end, s.value) = 0 then false
                when s.caseless then b.body ~* s.pattern
                else b.body ~ s.pattern
            end
    )) as named,
    count(*) filter (where not f.fits) as large
from pg_largeobject_metadata m
cross join lateral (select octet_length(lo_get(m.oid, :most, 1)) = 0 as fits offset 0) f
cross join lateral (select case when f.fits then encode(lo_get(m.oid), 'escape') collate "C" end as body offset 0) e
cross join lateral (select e.body, lower(e.body) as lowered offset 0) b
where m.oid = any(:objects::oid[])
