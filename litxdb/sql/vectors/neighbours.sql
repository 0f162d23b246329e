-- Sources that mean nearly the same as those of a page, by the HNSW index
--
-- The threshold stands outside the search: inside, one that finds too few goes on and on. An embedding of zeros has no
-- direction and no neighbours.
--
-- min-version: 15
-- needs: extension vector 0.5
-- param: first = 0
-- param: last = 0
-- param: nearest = 20
-- param: distance = 0.15
-- column: id          bigint  A source of the page: from first, which is not in it, to last
-- column: neighbour   bigint  Another source
-- column: similarity  float   Their cosine similarity
with
page as materialized (
    select id, embedding from sources where id > :first and id <= :last and embedding is not null
)
select
    p.id,
    n.id as neighbour,
    1 - n.distance as similarity
from page p
cross join lateral (
    select o.id, o.embedding <=> p.embedding as distance
    from sources o
    order by o.embedding <=> p.embedding
    limit :nearest::int + 1
) n
where n.id <> p.id and n.distance <= :distance::float8
