-- pgvector's parameters, as sessions of each role begin with them
--
-- The parameters exist once the library is loaded, which the cast does. A role's own value in this database goes before
-- its own anywhere, that before the database's, and that before the server's.
--
-- needs: extension vector 0.5
-- min-version: 15
-- column: role   oid      The role; 0 for every role that has none of its own
-- column: rank   integer  0 the server's, 1 the database's, 2 the role's, 3 the role's in this database
-- column: name   text     hnsw.ef_search, hnsw.iterative_scan, ivfflat.probes…
-- column: value  text     Its value
with given as (
    select
        r.setrole,
        r.setdatabase,
        split_part(c.setting, '=', 1) as name,
        substring(c.setting from position('=' in c.setting) + 1) as value
    from pg_db_role_setting r
    cross join unnest(r.setconfig) c (setting)
    where
        r.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
        and c.setting ~ '^(hnsw|ivfflat)\.'
)

select
    0::oid as role,
    0 as rank,
    s.name,
    case
        when exists (
            select
            from given g
            where g.name = s.name and g.setrole in (0, (select r.oid from pg_roles r where r.rolname = current_user))
        ) then s.boot_val
        else s.reset_val
    end as value
from pg_settings s
where s.name ~ '^(hnsw|ivfflat)\.' and vector_dims('[1]'::vector) = 1
union all
select
    setrole,
    case when setrole = 0 then 1 when setdatabase = 0 then 2 else 3 end,
    name,
    value
from given
