-- Operator classes whose btrees store equal values once
--
-- Equal values must look alike for that: numeric's 1.0 and 1.00 do not.
-- https://www.postgresql.org/docs/current/btree.html#BTREE-DEDUPLICATION
--
-- min-version: 15
-- column: family  bigint  The operator family
-- column: type    bigint  The type that it indexes
select
    p.amprocfamily::bigint as family,
    p.amproclefttype::bigint as type
from pg_amproc p
join pg_opfamily f on f.oid = p.amprocfamily
join pg_am a on a.oid = f.opfmethod
where a.amname = 'btree' and p.amprocnum = 4 and p.amproclefttype = p.amprocrighttype
