-- Where pages of so many sources with an embedding end, by id
--
-- min-version: 15
-- param: size = 500
-- column: last   bigint  The last id of a page
-- column: rows   bigint  How many it has
select
    max(id) as last,
    count(*) as rows
from (select id, (row_number() over (order by id) - 1) / :size as page from sources where embedding is not null) s
group by page
order by page
