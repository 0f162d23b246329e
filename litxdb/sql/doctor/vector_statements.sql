-- Statements that compare vectors, as pg_stat_statements has them
--
-- Those that have one of pgvector's operators in their text, which other extensions use too, and those that set its
-- parameters. Literals are $1, $2… there. Without pg_read_all_stats only the role's own have a text.
--
-- needs: extension pg_stat_statements 1.9
-- min-version: 15
-- column: role   oid     Who ran it
-- column: query  text    Its text, the first 10,000 characters
-- column: calls  bigint  How often
-- column: rows   bigint  How many rows it returned, all calls together
select
    s.userid as role,
    left(s.query, 10000) as query,
    s.calls,
    s.rows
from pg_stat_statements s
where
    s.dbid = (select d.oid from pg_database d where d.datname = current_database())
    and s.query ~ '<=>|<->|<#>|<\+>|<~>|<%>|\m(hnsw|ivfflat)\.'
    and position('/* litxdb */' in s.query) = 0
order by s.calls desc
limit 1000
