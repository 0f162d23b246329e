-- The texts of statements, without the values in them
--
-- pg_stat_statements leaves the values of utility statements (SET, CREATE ROLE …) as they were sent: only what reads or
-- changes rows is taken. https://www.postgresql.org/docs/current/pgstatstatements.html
--
-- min-version: 15
-- needs: extension pg_stat_statements 1.8
-- param: queryids = {}
-- column: queryid  bigint  The statement
-- column: text     text    Its text, the first 2,000 characters
select
    s.queryid,
    min(left(s.query, 2000)) as text
from pg_stat_statements s
where s.queryid = any(:queryids) and s.query ~* '^(/\*.*?\*/|\s)*(select|insert|update|delete|merge|with|values)\M'
group by s.queryid
