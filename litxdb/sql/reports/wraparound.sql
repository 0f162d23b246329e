-- How near databases and tables are to the end of transaction ids
--
-- Autovacuum freezes a table when its age reaches autovacuum_freeze_max_age, even where autovacuum is off; at 2,147
-- million the server takes no more writes. Tables are those of this database.
-- https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND
--
-- min-version: 15
-- column: kind           text     database or table
-- column: object         text     Its name
-- column: used_percent   percent  The larger of both ages, of the 2,147 million that there are
-- column: age            count    Age in transactions
-- column: multixact_age  count    Age in multixacts
-- column: freeze_percent number   Age of what makes autovacuum freeze it, in percent
with objects as (
    select
        'database' as kind,
        quote_ident(d.datname) as object,
        age(d.datfrozenxid)::bigint as age,
        mxid_age(d.datminmxid)::bigint as multixact_age,
        current_setting('autovacuum_freeze_max_age')::float8 as freezes_at
    from pg_database d
    union all
    select
        'table',
        format('%I.%I', n.nspname, c.relname),
        greatest(age(c.relfrozenxid), age(t.relfrozenxid)),
        greatest(mxid_age(c.relminmxid), mxid_age(t.relminmxid)),
        least(
            current_setting('autovacuum_freeze_max_age')::float8,
            (
                select o.option_value::float8
                from pg_options_to_table(c.reloptions) o
                where o.option_name = 'autovacuum_freeze_max_age'
            )
        )
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_class t on t.oid = c.reltoastrelid
    where c.relkind in ('r', 'm') and c.relfrozenxid <> '0' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
)
select
    kind,
    object,
    (100 * greatest(age, multixact_age) / 2147483648.0)::float8 as used_percent,
    age,
    multixact_age,
    (100 * age / freezes_at)::float8 as freeze_percent
from objects
order by kind, greatest(age, multixact_age) desc, object
