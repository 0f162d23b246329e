-- Extensions are older in the database than on the server
--
-- New packages bring a new version of an extension, but each database keeps the old definitions until it is told to update:
-- functions and fixes that belong to the new version are missing meanwhile. The update runs in one transaction, and needs
-- the extension's owner. https://www.postgresql.org/docs/current/sql-alterextension.html
--
-- area: extensions
-- threshold: one warn
-- fix: safe
-- lock: on the extension's own objects, for a moment
-- remedy: alter extension … update
-- column: object    text  The extension
-- column: measured  text  The version that is created, and the one that is installed
-- column: level     text  ok or warn
-- column: remedy    text  The statement that updates it
select
    e.extname::text as object,
    format('%s, available %s', e.extversion, coalesce(a.default_version, 'none')) as measured,
    case
        when
            -- versions in numbers only are compared as such: a newer one than the default is no defect
            e.extversion ~ '^[0-9.]+$'
            and a.default_version ~ '^[0-9.]+$'
            and string_to_array(trim(e.extversion, '.'), '.')::numeric[]
            < string_to_array(trim(a.default_version, '.'), '.')::numeric[] then 'warn'
        else 'ok'
    end as level,
    format('alter extension %I update', e.extname) as remedy
from pg_extension e
left join pg_available_extensions a on a.name = e.extname
order by 1
