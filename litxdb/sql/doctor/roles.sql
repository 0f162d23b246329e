-- Roles that can log in, what each may do, and how many sessions it has here
--
-- PostgreSQL's own roles are left out. Everybody may see this, the passwords excepted.
--
-- min-version: 15
-- column: role             text     The role
-- column: quoted           text     Its name as SQL needs it
-- column: superuser        boolean  Whether no privilege is checked
-- column: createrole       boolean  Whether it makes and changes roles
-- column: replication      boolean  Whether it may copy the whole server
-- column: bypassrls        boolean  Whether row security does not hold for it
-- column: runs_programs    boolean  Whether it runs programs, or reads and writes files, on the server's machine
-- column: valid_seconds    double   Seconds until its password expires; null for never
-- column: sessions         integer  Its sessions in this database, those of litxdb left out
-- column: application      text     What one of them calls itself
select
    r.rolname::text as role,
    quote_ident(r.rolname) as quoted,
    r.rolsuper as superuser,
    r.rolcreaterole as createrole,
    r.rolreplication as replication,
    r.rolbypassrls as bypassrls,
    pg_has_role(r.oid, 'pg_execute_server_program', 'member')
    or pg_has_role(r.oid, 'pg_write_server_files', 'member') as runs_programs,
    case when isfinite(r.rolvaliduntil) then extract(epoch from r.rolvaliduntil - now())::float8 end as valid_seconds,
    count(a.pid)::int as sessions,
    max(a.application_name) as application
from pg_roles r
left join pg_stat_activity a
    on a.usesysid = r.oid
    and a.datname = current_database()
    and a.application_name not like 'litxdb %'
    and coalesce(a.backend_type, 'client backend') = 'client backend'
where r.rolcanlogin and r.rolname !~ '^pg_'
group by r.oid, r.rolname, r.rolsuper, r.rolcreaterole, r.rolreplication, r.rolbypassrls, r.rolvaliduntil
order by 1
