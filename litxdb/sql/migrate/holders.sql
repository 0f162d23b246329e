-- Everything that holds data: tables, their columns, and the labels of enums that columns have
--
-- Known by oid and number, so that what is renamed stays what it is, and what is dropped and made anew does not. An
-- enum's label is known by its text: a label cannot be dropped but by making the type anew.
--
-- min-version: 15
-- param: version_table = alembic_version
-- column: kind       text     table, column or label
-- column: object_id  integer  The table
-- column: part       text     The column's number, and the label
-- column: table      text     The table, quoted, with its schema
-- column: column     text     The column, quoted; null for a table
-- column: label      text     The label; null for anything else
with tables as (
    select c.oid, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p')
        and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and c.oid is distinct from to_regclass(:version_table)
),
columns as (
    select t.oid, t.name, a.attnum, quote_ident(a.attname) as attname, a.atttypid
    from tables t
    join pg_attribute a on a.attrelid = t.oid
    where a.attnum > 0 and not a.attisdropped
)
select 'table' as kind, oid as object_id, '' as part, name as "table", null as "column", null as label
from tables
union all
select 'column', oid, attnum::text, name, attname, null
from columns
union all
select 'label', c.oid, format('%s %s', c.attnum, e.enumlabel), c.name, c.attname, e.enumlabel
from columns c
join pg_enum e on e.enumtypid = c.atttypid
order by 4, 5 nulls first, 6 nulls first
