-- How a new database is made like this one
--
-- Options of CREATE DATABASE, without tablespace. A collation provider brings its own option for its locale.
--
-- min-version: 15
-- column: options     text  For CREATE DATABASE
-- column: connections integer  The limit; -1 for none
-- column: comment     text  The comment, or null
-- column: granted     bool  Whether its privileges were ever changed
select
    concat_ws(' ',
        format('template template0 owner %I encoding %L lc_collate %L lc_ctype %L',
            pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype),
        case d.datlocprovider
            when 'c' then 'locale_provider libc'
            else format('locale_provider icu icu_locale %L', d.daticulocale)
        end
    ) as options,
    d.datconnlimit as connections,
    shobj_description(d.oid, 'pg_database') as comment,
    d.datacl is not null as granted
from pg_database d
where d.datname = current_database()
