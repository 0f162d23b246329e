-- The operators by which an index finds equal values
--
-- For btree and hash those are strategies of their own; GiST has them by extensions, and for the periods of temporal
-- foreign keys. https://www.postgresql.org/docs/current/catalog-pg-amop.html
--
-- min-version: 15
-- column: family    bigint  The operator family
-- column: operator  bigint  The operator
select
    o.amopfamily::bigint as family,
    o.amopopr::bigint as operator
from pg_amop o
join pg_am a on a.oid = o.amopmethod
where
    o.amoppurpose = 's'
    and (a.amname = 'btree' and o.amopstrategy = 3 or a.amname = 'hash' and o.amopstrategy = 1 or a.amname = 'gist')
