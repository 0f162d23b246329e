-- Constraints that older rows may break
--
-- A constraint added NOT VALID holds for new rows only, and the planner cannot rely on it. Validating scans the table
-- under SHARE UPDATE EXCLUSIVE, so reads and writes go on. https://www.postgresql.org/docs/current/sql-altertable.html
--
-- min-version: 15
-- level: warn
-- remedy: alter table {table} validate constraint {constraint}
-- column: object      text  The constraint on its table
-- column: measured    text  What it demands
-- column: table       text  The table, with its schema
-- column: constraint  text  The constraint's name
select
    format('%I on %I.%I', k.conname, n.nspname, t.relname) as object,
    pg_get_constraintdef(k.oid) as measured,
    format('%I.%I', n.nspname, t.relname) as "table",
    quote_ident(k.conname) as "constraint"
from pg_constraint k
join pg_class t on t.oid = k.conrelid
join pg_namespace n on n.oid = t.relnamespace
where not k.convalidated
order by 1
