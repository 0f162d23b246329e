-- Schemas in which everybody may create objects
--
-- A function or an operator that somebody puts there is called by others who did not name the schema, with their rights:
-- that is how an ordinary role becomes superuser. New databases of PostgreSQL 15 and later no longer allow it, those that
-- were upgraded still do. https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
--
-- area: roles
-- threshold: one warn (CVE-2018-1058)
-- fix: asks
-- remedy: revoke create on schema … from public
-- column: object    text  The schema
-- column: measured  text  Who may create there
-- column: level     text  ok or warn
-- column: remedy    text  The statement that ends it
-- column: undo      text  The statement that allows it again
select
    n.nspname::text as object,
    case when g.found then 'PUBLIC has CREATE' else 'PUBLIC has no CREATE' end as measured,
    case when g.found then 'warn' else 'ok' end as level,
    format('revoke create on schema %I from public', n.nspname) as remedy,
    format('grant create on schema %I to public', n.nspname) as undo
from pg_namespace n
cross join lateral (
    select exists (
        select
        from aclexplode(n.nspacl) a
        where a.grantee = 0 and a.privilege_type = 'CREATE'
    ) as found
) g
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 1
