-- How a new database is made like this one
--
-- Options of CREATE DATABASE, without tablespace. A collation provider brings its own option for its locale.
--
-- min-version: 17
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
            when 'i' then format('locale_provider icu icu_locale %L', d.datlocale)
            else format('locale_provider builtin builtin_locale %L', d.datlocale)
        end,
        case when d.datlocprovider = 'i' and d.daticurules is not null then format('icu_rules %L', d.daticurules) end
    ) as options,
    d.datconnlimit as connections,
    shobj_description(d.oid, 'pg_database') as comment,
    d.datacl is not null as granted
from pg_database d
where d.datname = current_database()
