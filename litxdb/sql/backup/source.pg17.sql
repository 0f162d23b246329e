-- This database and its server, as a new database would have to be made for its rows
--
-- Encoding, collations and provider are what CREATE DATABASE takes.
--
-- min-version: 17
-- column: database           text         The name
-- column: encoding           text         Its encoding
-- column: collation          text         LC_COLLATE
-- column: ctype              text         LC_CTYPE
-- column: provider           text         libc, icu or builtin
-- column: locale             text         The provider's locale; null for libc
-- column: bytes              integer      Size of the whole database
select
    d.datname::text as database,
    pg_encoding_to_char(d.encoding)::text as encoding,
    d.datcollate::text as collation,
    d.datctype::text as ctype,
    case d.datlocprovider when 'c' then 'libc' when 'i' then 'icu' else 'builtin' end as provider,
    d.datlocale as locale,
    pg_database_size(d.oid) as bytes
from pg_database d
where d.datname = current_database()
