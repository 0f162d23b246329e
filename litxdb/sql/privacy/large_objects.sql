-- Large objects: how many the role may not read, and which it may
--
-- has_largeobject_privilege() is PostgreSQL 18's.
--
-- min-version: 15
-- column: hidden   bigint Those that it may not read
-- column: readable text   The others, as an array of OIDs
select
    count(*) filter (where not r.readable) as hidden,
    coalesce(array_agg(m.oid) filter (where r.readable), '{}')::text as readable
from pg_largeobject_metadata m
cross join lateral (
    select
        has_function_privilege('pg_catalog.lo_get(oid, bigint, integer)', 'execute')
        and has_function_privilege('pg_catalog.lo_open(oid, integer)', 'execute')
        and has_function_privilege('pg_catalog.lo_lseek64(integer, bigint, integer)', 'execute')
        and has_function_privilege('pg_catalog.lo_close(integer)', 'execute')
        and (
            current_setting('lo_compat_privileges')::boolean
            or (select u.rolsuper from pg_roles u where u.rolname = current_user)
            or exists (
                select
                from aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) a
                where
                    a.privilege_type = 'SELECT'
                    and case when a.grantee = 0 then true else pg_has_role(a.grantee, 'usage') end
            )
        ) as readable
) r
