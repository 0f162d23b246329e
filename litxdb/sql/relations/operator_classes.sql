-- Operator classes by what they do
--
-- Two classes of one family for one type are the same under two names, as varchar_ops and text_ops are.
-- https://www.postgresql.org/docs/current/catalog-pg-opclass.html
--
-- min-version: 15
-- column: oid     bigint  The operator class
-- column: family  bigint  Its family
-- column: type    bigint  The type that it indexes
select
    o.oid::bigint as oid,
    o.opcfamily::bigint as family,
    o.opcintype::bigint as type
from pg_opclass o
