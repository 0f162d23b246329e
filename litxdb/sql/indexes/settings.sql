-- The server's settings that a build of an index goes by
--
-- min-version: 15
-- column: name   text    The setting
-- column: value  bigint  Its value, memory in bytes
select
    name,
    case
        when unit is null then setting::bigint
        else pg_size_bytes(current_setting(name))
    end as value
from pg_settings
where name in ('maintenance_work_mem', 'shared_buffers', 'max_parallel_maintenance_workers')
