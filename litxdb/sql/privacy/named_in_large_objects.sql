-- How many large objects hold one of some values as a whole
--
-- Values and patterns are of bytes as encode(…, 'escape') writes them. Each is read in slices, which begin a byte early
-- and have `margin` bytes more; a letter stands for what is cut off, so that a value at an edge counts in the slice that
-- has what is beside it. Larger ones than `most` bytes are not read, nor are those that are gone by now.
-- The steps stand in each other: as joins they counted wrongly under some plans, probably for Memoize's sake.
--
-- min-version: 15
-- param: objects = {}
-- param: most = 1073741824
-- param: slice = 1000000
-- param: margin = 100
-- param: values = {}
-- param: patterns = {}
-- param: caseless = {}
-- column: named bigint Those that hold one
-- column: large bigint Those that are too large
select
    count(distinct l.oid) filter (where l.named) as named,
    count(distinct l.oid) filter (where not l.fits) as large
from (
    select
        b.oid,
        b.fits,
        exists (
            select
            from unnest(:values::text[], :patterns::text[], :caseless::boolean[]) w (value, pattern, caseless)
            where
                case
                    when strpos(case when w.caseless then b.lowered else b.body end, w.value) = 0 then false
                    when w.caseless then b.body ~* w.pattern
                    else b.body ~ w.pattern
                end
        ) as named
    from (
        select e.*, lower(e.body) as lowered
        from (
            select
                p.oid,
                p.fits,
                case when p.start > 0 then 'x' else '' end
                || case when p.fits then encode(lo_get(p.oid, p.start, :slice::int + :margin::int), 'escape') end
                || case when p.size - p.start > :slice::int + :margin::int then 'x' else '' end collate "C" as body
            from (
                select s.*, greatest(generate_series(0, coalesce(s.size, 1) - 1, :slice::bigint) - 1, 0) as start
                from (
                    select z.oid, z.fits, case when lo_close(z.descriptor) = 0 then z.bytes end as size
                    from (
                        select d.*, lo_lseek64(d.descriptor, 0, 2) as bytes
                        from (
                            select f.*, case when f.fits then lo_open(f.oid, 262144) end as descriptor
                            from (
                                select m.oid, octet_length(lo_get(m.oid, :most::bigint, 1)) = 0 as fits
                                from pg_largeobject_metadata m
                                where m.oid = any(:objects::oid[])
                                offset 0
                            ) f
                            offset 0
                        ) d
                        offset 0
                    ) z
                    offset 0
                ) s
                offset 0
            ) p
            offset 0
        ) e
        offset 0
    ) b
    offset 0
) l
